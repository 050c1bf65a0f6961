// Waiting: how long, with what jitter, and until when.
import { randomInt } from 'node:crypto';
import { ApiError } from './athena-api.js';

export interface Clock {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Ends early, without an error, when the signal aborts. */
  readonly sleep: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
}

/** In milliseconds. */
export interface AthenaTimers {
  /** Between two looks at what runs: at first, and at the most. */
  readonly poll: number;
  readonly pollMost: number;
  /** Before a refused or lost call is made again: at first, and at the most. */
  readonly backoff: number;
  readonly backoffMost: number;
  /** One call without an answer. */
  readonly request: number;
  /** Calls that get no answer at all, one after the other. */
  readonly patience: number;
  /** For queries to end that were told to stop: by a deadline, and by a signal, after which the process has little time. */
  readonly stop: number;
  readonly grace: number;
}

export const TIMERS: AthenaTimers = {
  poll: 250,
  pollMost: 5000,
  backoff: 500,
  backoffMost: 20_000,
  request: 30_000,
  patience: 120_000,
  stop: 15_000,
  grace: 1500,
};

/** How waiting is done: replaced in tests. */
export interface Timing {
  readonly clock: Clock;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly timers: AthenaTimers;
}

export const SYSTEM_CLOCK: Clock = {
  now: () => Date.now(),
  sleep: (milliseconds, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted === true) {
        resolve();
        return;
      }
      const over = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', over);
        resolve();
      };
      const timer = setTimeout(over, milliseconds);
      signal?.addEventListener('abort', over);
    }),
};

/** Jitter of waits alone: what is computed never depends on it. */
export function systemRandom(): number {
  return randomInt(0, 2 ** 32) / 2 ** 32;
}

/** Between half of the wait and all of it, so that many who wait do not come back together. */
export function jittered(milliseconds: number, random: () => number): number {
  return milliseconds * (0.5 + random() / 2);
}

/** Makes a call until it is answered. Throttled ones wait for as long as the signal lets them; lost ones for `patience`. */
export async function answered<T>(call: () => Promise<T>, { clock, random, timers }: Timing, signal: AbortSignal): Promise<T> {
  let lostSince: number | null = null;
  for (let tries = 0; ; tries += 1) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof ApiError) || !error.passes || signal.aborted) throw error;
      lostSince = error.fault === 'lost' ? (lostSince ?? clock.now()) : null;
      if (lostSince !== null && clock.now() - lostSince >= timers.patience) throw error;
      const wait = Math.min(timers.backoffMost, timers.backoff * 2 ** Math.min(tries, 16));
      await clock.sleep(jittered(wait, random), signal);
      if (signal.aborted) throw error;
    }
  }
}

/** A signal that aborts after a time, unless it is cleared. */
export function deadline(milliseconds: number, reason: () => Error, clock: Clock): { signal: AbortSignal; clear: () => void } {
  const passed = new AbortController();
  const cleared = new AbortController();
  void clock.sleep(milliseconds, cleared.signal).then(() => {
    if (!cleared.signal.aborted) passed.abort(reason());
  });
  return { signal: passed.signal, clear: () => cleared.abort() };
}
