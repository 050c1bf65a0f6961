// One poller for all queries that are waited for: a look costs one call, however many there are.
import { ApiError, type AthenaApi, isTerminal, type QueryStatus } from './athena-api.js';
import { jittered, type Timing } from './athena-timing.js';

/** The most that one call tells of. */
const BATCH = 50;
const GROWTH = 1.5;

interface Waiting {
  readonly settle: (status: QueryStatus) => void;
  readonly fail: (error: Error) => void;
}

export class Poller {
  readonly #api: AthenaApi;
  readonly #timing: Timing;
  /** Of every look, at queries that run too. */
  readonly #seen: (status: QueryStatus) => void;
  readonly #waiting = new Map<string, Waiting>();
  #wait: number;
  #nap: AbortController | null = null;
  #looking = false;
  #canBatch = true;

  constructor(api: AthenaApi, timing: Timing, seen: (status: QueryStatus) => void) {
    this.#api = api;
    this.#timing = timing;
    this.#seen = seen;
    this.#wait = timing.timers.poll;
  }

  /** The status with which a query ended. Lost looks are borne; when the signal aborts, its reason is thrown. `isOld`: looks at once. */
  ended(queryId: string, signal: AbortSignal, isOld: boolean): Promise<QueryStatus> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason as Error);
        return;
      }
      const leave = (): void => {
        this.#waiting.delete(queryId);
        this.#nap?.abort();
        reject(signal.reason as Error);
      };
      const over = (): void => {
        this.#waiting.delete(queryId);
        signal.removeEventListener('abort', leave);
      };
      signal.addEventListener('abort', leave, { once: true });
      this.#waiting.set(queryId, {
        settle: (status) => (over(), resolve(status)),
        fail: (error) => (over(), reject(error)),
      });
      this.#wait = isOld ? 0 : Math.min(this.#wait === 0 ? Infinity : this.#wait, this.#timing.timers.poll);
      // A nap that was meant for queries that run for long is slept anew.
      this.#nap?.abort();
      if (!this.#looking) void this.#look();
    });
  }

  async #look(): Promise<void> {
    this.#looking = true;
    while (this.#waiting.size > 0) {
      this.#nap = new AbortController();
      const { signal } = this.#nap;
      await this.#timing.clock.sleep(jittered(this.#wait, this.#timing.random), signal);
      this.#nap = null;
      if (signal.aborted) continue;
      this.#wait = this.#grown(this.#wait);
      await this.#round([...this.#waiting.keys()]);
    }
    this.#looking = false;
  }

  #grown(wait: number): number {
    const { poll, pollMost } = this.#timing.timers;
    return Math.min(pollMost, Math.max(poll, wait * GROWTH));
  }

  async #round(queryIds: readonly string[]): Promise<void> {
    for (let at = 0; at < queryIds.length; at += BATCH) await this.#ask(queryIds.slice(at, at + BATCH));
  }

  async #ask(queryIds: readonly string[]): Promise<void> {
    const told = queryIds.length > 1 && this.#canBatch ? await this.#batch(queryIds) : [];
    // What lost its answer together is asked again together, a nap later.
    if (told === null) return;
    const known = new Set(told.map((status) => status.queryId));
    for (const status of told) this.#tell(status);
    for (const queryId of queryIds) {
      if (!known.has(queryId)) await this.#single(queryId);
    }
  }

  async #batch(queryIds: readonly string[]): Promise<readonly QueryStatus[] | null> {
    try {
      return await this.#api.statuses(queryIds);
    } catch (error) {
      if (error instanceof ApiError && error.passes) return null;
      // Not everybody who may look at a query may look at many: one by one tells what is wrong with which.
      this.#canBatch = false;
      return [];
    }
  }

  async #single(queryId: string): Promise<void> {
    if (!this.#waiting.has(queryId)) return;
    try {
      this.#tell(await this.#api.status(queryId));
    } catch (error) {
      if (error instanceof ApiError && error.passes) return;
      this.#waiting.get(queryId)?.fail(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #tell(status: QueryStatus): void {
    // First: what is seen may end all that still waits.
    if (isTerminal(status.state)) this.#waiting.get(status.queryId)?.settle(status);
    this.#seen(status);
  }
}
