// One writer at a time. A database file opened for writing is a lock that dies with its process: nothing stale is left behind.
import { join } from 'node:path';
import { Failure } from '../kernel/failure.js';
import { openDuckDb } from '../warehouse/duckdb.js';
import { EngineError } from '../warehouse/warehouse.js';

const held = new Set<string>();

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
  return new Failure('locked', [{ code: 'run/locked', message, remedy: 'wait for it to end; the lock goes with its process' }]);
}
