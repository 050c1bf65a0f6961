// A run that does not get to its end: stopped by a signal, failed by the disk, or as it was thrown.
import { diskFailure } from '../kernel/disk-failure.js';
import { Stopped } from '../kernel/failure.js';

export interface Ending {
  readonly outcome: 'failed' | 'stopped';
  /** What is thrown on. */
  readonly error: unknown;
}

/** After a stop every error is its consequence: an interrupted query, a refused step. */
export function endingOf(error: unknown, signal: AbortSignal | undefined, stateDir: string): Ending {
  if (signal?.aborted === true && signal.reason instanceof Stopped) return { outcome: 'stopped', error: signal.reason };
  return { outcome: 'failed', error: diskFailure(error, { doing: 'go on', place: stateDir }) ?? error };
}

/** What a ledger keeps of it; a stop needs no reason. */
export function reasonOf({ outcome, error }: Ending): string | null {
  if (outcome === 'stopped') return null;
  return error instanceof Error ? error.message : String(error);
}
