// Names of log files: `<name>.<hour>.<host>.<pid>.<id>.<number>.jsonl`, with `.open` behind it as long as somebody writes.
import type { OwnProcess } from './own-process.js';

export const OPEN = '.open';

export interface Writer {
  readonly host: string;
  readonly pid: number;
  /** Of one writer in one process: a process id comes back, in a container at every start. */
  readonly id: string;
}

export function fileName(name: string, hour: string, { host, pid }: OwnProcess, id: string, number: number): string {
  return `${name}.${hour}.${host}.${pid}.${id}.${String(number).padStart(4, '0')}.jsonl`;
}

/** Who writes, or wrote, a file that is open; null for files that are none of ours. */
export function writerOf(fileName: string): Writer | null {
  const pattern = /^[\w-]+[.]\d{4}-\d\d-\d\dT\d\d[.]([A-Za-z0-9-]+)[.](\d{1,10})[.]([0-9a-f]{12})[.]\d{4,}[.]jsonl[.]open$/;
  const [, host, pid, id] = pattern.exec(fileName) ?? [];
  return host === undefined || pid === undefined || id === undefined ? null : { host, pid: Number(pid), id };
}

export function hourOf(time: Date): string {
  return time.toISOString().slice(0, 13);
}
