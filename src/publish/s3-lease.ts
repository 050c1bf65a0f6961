// Who may publish: one at a time, by a lease that ends by itself. Each taking of it has a higher number, its fence, so that somebody
// who was away while the lease went to another one cannot write any more. The object stays when nobody holds it: the number lives on.
import { randomUUID } from 'node:crypto';
import { Failure } from '../kernel/failure.js';
import { type ObjectStore, PreconditionFailed } from '../store/store.js';
import { fencedFailure, fencedText, notOurs, readPointer, swapPointer } from './s3-pointer.js';

export const LEASE_KEY = 'lease.json';

export interface Clock {
  readonly now: () => Date;
  /** Rejects when the signal says so. */
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<unknown>;
}

/** Who wants to publish. */
export interface Fence {
  /** Shown to whoever finds the lease held: host and process. */
  readonly holder: string;
  readonly clock: Clock;
  /** How long the lease holds without a word of its holder: what a killed one keeps others waiting. */
  readonly seconds?: number;
}

export interface Lease {
  readonly fence: number;
  /** Ends with the lease. */
  readonly store: ObjectStore;
  /** Fails where the lease is no longer ours; asked before each step that others see. */
  readonly check: () => Promise<void>;
}

const SECONDS = 120;

interface Written {
  readonly holder: string;
  readonly fence: number;
  /** ISO 8601, UTC. */
  readonly expires: string;
  readonly released: boolean;
  /** Tells two takers of one name apart; of no figure. */
  readonly nonce: string;
}

interface Found extends Written {
  readonly etag: string;
}

export interface Done<T> {
  readonly value: T;
  /** The lease was not given back: it ends by itself, and others wait until then. */
  readonly unreleased: Failure | null;
}

/** Works while holding the lease, or fails with kind `locked`. */
export async function underLease<T>(store: ObjectStore, fence: Fence, work: (lease: Lease) => Promise<T>): Promise<Done<T>> {
  const taken = await take(store, fence);
  const lost = new AbortController();
  const over = new AbortController();
  const held = store.withSignal(AbortSignal.any([store.signal, lost.signal]));
  const holding = holdingOf(store, fence, taken);
  const renewing = keepRenewed(holding, fence, over.signal, (reason) => lost.abort(reason));
  const check = async (): Promise<void> => {
    held.signal.throwIfAborted();
    await holding.renew();
  };
  // Until this is done the lease is not given back: the next one would not know that somebody of before may be at work.
  let isFenced = !taken.isTakenOver;
  const giveBack = async (): Promise<void> => {
    over.abort();
    await renewing;
    if (isFenced && !lost.signal.aborted) await holding.release();
  };
  try {
    if (!isFenced) await swapPointer(held, taken.fence, (there) => fencedText(there, taken.fence));
    isFenced = true;
    const value = await work({ fence: taken.fence, store: held, check });
    return { value, unreleased: await giveBack().then(() => null, asFailure) };
  } catch (error) {
    // What ended the work is told. A lease that is not given back besides ends by itself.
    await giveBack().catch(asFailure);
    throw error;
  }
}

function asFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  throw error;
}

interface Taken extends Found {
  /** Its holder of before may still be at work. */
  readonly isTakenOver: boolean;
}

async function take(store: ObjectStore, { holder, clock, seconds = SECONDS }: Fence): Promise<Taken> {
  const there = await readLease(store);
  const now = clock.now().getTime();
  if (there !== null && !there.released && Date.parse(there.expires) > now) throw heldFailure(store, there);
  // A lease that somebody removed does not begin again from 1.
  const pointer = await readPointer(store);
  const fence = Math.max(there?.fence ?? 0, pointer?.fence ?? 0) + 1;
  const wanted = { holder, fence, expires: new Date(now + seconds * 1000).toISOString(), released: false, nonce: randomUUID() };
  const isTakenOver = there === null ? pointer !== null : !there.released;
  const condition = there === null ? ({ ifNoneMatch: '*' } as const) : { ifMatch: there.etag };
  try {
    const { etag } = await store.put(LEASE_KEY, leaseText(wanted), { ...condition, contentType: 'application/json' });
    return { ...wanted, etag, isTakenOver };
  } catch (error) {
    if (!(error instanceof PreconditionFailed)) throw error;
    const winner = await readLease(store);
    // The answer to our own put was lost, and the client tried again.
    if (winner?.nonce === wanted.nonce) return { ...winner, isTakenOver };
    throw heldFailure(store, winner);
  }
}

interface Holding {
  readonly renew: () => Promise<void>;
  readonly release: () => Promise<void>;
  readonly expires: () => number;
}

/** A renewal that failed half-way may have been done: what it left is ours still. */
const TRIES = 3;

function holdingOf(store: ObjectStore, { clock, seconds = SECONDS }: Fence, taken: Taken): Holding {
  const free = store.withSignal(new AbortController().signal);
  const { holder, fence, nonce } = taken;
  let { etag, expires } = taken;
  let last: Promise<void> = Promise.resolve();
  const write = async (until: Date, released: boolean): Promise<void> => {
    const wanted = { holder, fence, expires: until.toISOString(), released, nonce };
    for (let tries = 1; ; tries += 1) {
      try {
        ({ etag } = await free.put(LEASE_KEY, leaseText(wanted), { ifMatch: etag, contentType: 'application/json' }));
        expires = wanted.expires;
        return;
      } catch (error) {
        if (!(error instanceof PreconditionFailed) || tries >= TRIES) throw error;
        const there = await readLease(free);
        if (there?.nonce !== nonce) throw fencedFailure(store, fence, there?.fence ?? null);
        ({ etag } = there);
      }
    }
  };
  const inTurn = async (work: () => Promise<void>): Promise<void> => {
    const turn = last.then(work, work);
    // Whoever asked is told; the next in turn only waits.
    last = turn.catch(() => undefined);
    return turn;
  };
  return {
    renew: async () => inTurn(async () => write(new Date(clock.now().getTime() + seconds * 1000), false)),
    release: async () => inTurn(async () => write(clock.now(), true)),
    expires: () => Date.parse(expires),
  };
}

/** Thrice within its time. A renewal that fails is tried again until the lease is over; then the work is. */
async function keepRenewed(
  { renew, expires }: Holding,
  { clock, seconds = SECONDS }: Fence,
  over: AbortSignal,
  lose: (reason: unknown) => void,
): Promise<void> {
  for (;;) {
    try {
      await clock.sleep((seconds * 1000) / 3, over);
      if (over.aborted) return;
      await renew();
    } catch (error) {
      if (over.aborted) return;
      const isUnreached = error instanceof Failure && error.kind !== 'locked';
      if (isUnreached && clock.now().getTime() < expires()) continue;
      lose(error);
      return;
    }
  }
}

function leaseText(lease: Written): string {
  return `${JSON.stringify(lease, null, 2)}\n`;
}

async function readLease(store: ObjectStore): Promise<Found | null> {
  const there = await store.get(LEASE_KEY);
  if (there === null) return null;
  const lease = writtenLease(there.text);
  if (lease === null) throw notOurs(store.url(LEASE_KEY));
  return { ...lease, etag: there.etag };
}

function writtenLease(text: string): Written | null {
  try {
    const { holder, fence, expires, released, nonce } = JSON.parse(text) as Partial<Record<keyof Written, unknown>>;
    const isOurs = typeof holder === 'string' && typeof expires === 'string' && !Number.isNaN(Date.parse(expires));
    if (!isOurs || typeof fence !== 'number' || !Number.isSafeInteger(fence)) return null;
    return { holder, fence, expires, released: released === true, nonce: String(nonce) };
  } catch {
    return null;
  }
}

function heldFailure(store: ObjectStore, lease: Written | null): Failure {
  const who = lease === null ? '' : ` (${lease.holder.replace(/\p{Cc}/gu, '?')}, until ${lease.expires})`;
  return new Failure('locked', [
    {
      code: 's3/locked',
      message: `another publisher holds the lease${who}`,
      remedy: 'wait for it to end, then run again; the lease of one that was killed ends at that time by itself',
      place: { file: store.url(LEASE_KEY) },
    },
  ]);
}
