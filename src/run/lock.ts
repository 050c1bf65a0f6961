// One writer at a time. A database file opened for writing is a lock that dies with its process: nothing stale is left behind.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Listener } from '../kernel/event.js';
import { Failure } from '../kernel/failure.js';
import { openDuckDb } from '../warehouse/duckdb.js';
import { EngineError } from '../warehouse/warehouse.js';

const held = new Set<string>();

/** Milliseconds between two tries of who waits. */
const TRY_AGAIN = 250;

export interface Waiting {
  /** Seconds; none when absent. */
  readonly wait?: number;
  readonly listener: Listener;
  readonly signal?: AbortSignal | undefined;
}

/** Holds the state folder until disposed; where another one holds it, waits as long as is said, then fails with kind `locked`. */
export async function waitForLock(stateDir: string, waiting: Waiting): Promise<AsyncDisposable> {
  return patiently(async () => takeLock(stateDir), waiting);
}

/** Tries again as long as is said what fails with kind `locked`. */
export async function patiently<T>(take: () => Promise<T>, { wait = 0, listener, signal }: Waiting): Promise<T> {
  const until = performance.now() + wait * 1000;
  let isTold = false;
  for (;;) {
    try {
      return await take();
    } catch (error) {
      if (!(error instanceof Failure) || error.kind !== 'locked' || performance.now() >= until) throw error;
      const message = `${error.problems[0]?.message ?? ''}; waiting for up to ${wait} s`;
      if (!isTold) listener({ kind: 'note', level: 'warning', message });
      isTold = true;
    }
    await sleep(Math.max(0, Math.min(TRY_AGAIN, until - performance.now())), undefined, { signal });
  }
}

/** Holds the state folder until disposed, or fails with kind `locked`. */
export async function takeLock(stateDir: string): Promise<AsyncDisposable> {
  const path = join(stateDir, 'lock.duckdb');
  // The engine lets one process open a file twice, so a second run of this process is told apart here.
  if (held.has(path)) throw locked(stateDir, 'this process');
  held.add(path);
  try {
    const warehouse = await openDuckDb({ path, threads: 1 });
    return {
      [Symbol.asyncDispose]: async () => {
        await warehouse[Symbol.asyncDispose]();
        held.delete(path);
      },
    };
  } catch (error) {
    held.delete(path);
    if (!(error instanceof EngineError) || !/could not set lock/i.test(error.message)) throw error;
    throw locked(stateDir, /PID (\d+)/.exec(error.message)?.[0] ?? 'another process');
  }
}

function locked(stateDir: string, holder: string): Failure {
  const message = `another run holds ${stateDir} (${holder})`;
  const remedy = 'wait for it to end, or let `run` and `backfill` do so with --wait <seconds>; the lock goes with its process';
  return new Failure('locked', [{ code: 'run/locked', message, remedy }]);
}
