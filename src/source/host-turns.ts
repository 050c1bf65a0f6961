// Whose turn it is to ask a host: few requests at once, no more of them a minute than a source says, and none while the host asks to wait.
// All sources of a run that ask the same host share its turns.
import type { Env } from './proxy.js';

export interface TurnOptions {
  /** Requests a minute that a source allows; the least that any of them told of a host counts for all. */
  readonly perMinute?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** As many as one source asks at once where it has the host for itself. */
const AT_ONCE = 4;
const MINUTE = 60_000;

/** Of one environment, which is that of a run. */
const hosts = new WeakMap<Env, Map<string, HostTurns>>();

export function turnsOf(env: Env, { host }: URL): HostTurns {
  const known = hosts.get(env) ?? new Map<string, HostTurns>();
  hosts.set(env, known);
  const turns = known.get(host) ?? new HostTurns();
  known.set(host, turns);
  return turns;
}

/** First come, first served. Moments are those of a clock that nobody sets. */
export class HostTurns {
  #asking = 0;
  /** Milliseconds from the begin of one request to that of the next. */
  #apart = 0;
  #last = -Infinity;
  #heldUntil = -Infinity;
  #timer: NodeJS.Timeout | undefined;
  readonly #queue: (() => void)[] = [];

  /** Waits for a turn; throws the reason of the signal where it aborts first. What is returned gives the turn back. */
  async take({ perMinute, signal }: TurnOptions = {}): Promise<Disposable> {
    signal?.throwIfAborted();
    if (perMinute !== undefined) this.#apart = Math.max(this.#apart, MINUTE / perMinute);
    await this.#wait(signal);
    return {
      [Symbol.dispose]: () => {
        this.#asking -= 1;
        this.#go();
      },
    };
  }

  /** The host asks for so many milliseconds without requests, whoever sends them. */
  hold(milliseconds: number): void {
    this.#heldUntil = Math.max(this.#heldUntil, performance.now() + milliseconds);
  }

  #wait(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const come = (): void => {
        signal?.removeEventListener('abort', leave);
        resolve();
      };
      const leave = (): void => {
        this.#queue.splice(this.#queue.indexOf(come), 1);
        reject(signal?.reason as Error);
        this.#go();
      };
      this.#queue.push(come);
      signal?.addEventListener('abort', leave, { once: true });
      this.#go();
    });
  }

  /** Lets in whose turn it is, and comes back when it will be the next one's. */
  #go(): void {
    clearTimeout(this.#timer);
    while (this.#queue.length > 0 && this.#asking < AT_ONCE) {
      const now = performance.now();
      const early = Math.max(this.#heldUntil, this.#last + this.#apart) - now;
      if (early > 0) {
        this.#timer = setTimeout(() => this.#go(), Math.ceil(early));
        return;
      }
      this.#asking += 1;
      this.#last = now;
      this.#queue.shift()?.();
    }
  }
}
