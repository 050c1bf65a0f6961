// The process that foreign SQL runs in, held by the system beside what the engine promises: no core dumps, no file that grows,
// bounded processor time and memory, an empty environment. And the copy of the marts that it is given.
import { type ChildProcess, spawn } from 'node:child_process';
import { constants, rmSync } from 'node:fs';
import { copyFile, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { diskFailure } from '../kernel/disk-failure.js';
import type { ChildProgram } from './io.js';
import { HEADROOM_MB } from './sql-protocol.js';

export interface Confinement {
  readonly memoryMb: number;
  readonly threads: number;
  readonly seconds: number;
}

/** With those that the parent keeps: they hold whatever the child does. */
export interface SqlLimits extends Confinement {
  readonly rows: number;
  /** Of the text of all cells. */
  readonly bytes: number;
}

/** The child's own heap. */
const HEAP_MB = 512;
/** Processor time beside the query's: to begin, and to be interrupted. */
const SPARE_SECONDS = 30;

// The last two may be stricter already, or unknown to the system: then the clock and the child's own watch hold alone.
const UNDER_LIMITS = [
  'ulimit -c 0 && ulimit -f 0 || exit 125',
  'ulimit -t "$1" 2>/dev/null || :',
  'ulimit -d "$2" 2>/dev/null || :',
  'shift 2',
  'exec "$@"',
].join('\n');

export function startConfined(program: ChildProgram, { memoryMb, threads, seconds }: Confinement): ChildProcess {
  const processor = seconds * threads + SPARE_SECONDS;
  const dataKb = Math.ceil(((memoryMb + HEADROOM_MB) * 1_000_000) / 1024);
  const node = [process.execPath, ...program.execArgv, `--max-old-space-size=${HEAP_MB}`, program.file];
  return spawn('/bin/sh', ['-c', UNDER_LIMITS, 'showback-sql', String(processor), String(dataKb), ...node], {
    cwd: '/',
    env: { TZ: 'UTC' },
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
}

/** A folder of this query alone, gone with it however it ends. */
export interface Scratch extends Disposable {
  readonly dir: string;
}

export async function openScratch(): Promise<Scratch> {
  const parent = tmpdir();
  const dir = await mkdtemp(join(parent, 'showback-sql-')).catch((error: unknown) => {
    throw diskFailure(error, { doing: 'make a folder for the query', place: parent }) ?? error;
  });
  const remove = (): void => rmSync(dir, { recursive: true, force: true });
  process.once('exit', remove);
  return {
    dir,
    [Symbol.dispose]: () => {
      process.removeListener('exit', remove);
      remove();
    },
  };
}

/** The child never hears where the published file lies, and its copy loses its name as soon as it is open. */
export async function copyMarts(warehousePath: string, { dir }: Scratch): Promise<string> {
  const copy = join(dir, 'marts.duckdb');
  try {
    await copyFile(warehousePath, copy, constants.COPYFILE_FICLONE);
  } catch (error) {
    throw diskFailure(error, { doing: 'copy the marts for the query', place: dir }) ?? error;
  }
  return copy;
}
