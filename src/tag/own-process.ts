// Which process this is, for names of files, and whether another one is alive: a library has nobody who would hand it that.
import { hostname } from 'node:os';

export interface OwnProcess {
  readonly host: string;
  readonly pid: number;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly isAlive: (pid: number) => boolean;
}

export function ownProcess(): OwnProcess {
  const host = hostname()
    .replaceAll(/[^A-Za-z0-9-]/g, '-')
    .slice(0, 63);
  return { host: host || 'host', pid: process.pid, startedAt: Date.now() - process.uptime() * 1000, isAlive };
}

/** A process of another user is alive, although it takes no signal of ours. */
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
