// Objects of buckets on their way to landing: fetched in ranges, gone on with after a break, and only when they are other than last time.
import { createHash } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import picomatch from 'picomatch';
import { Failure } from '../kernel/failure.js';
import type { S3Server } from '../pipeline/pipeline.js';
import { openStore } from '../store/s3.js';
import { type ObjectStore, PreconditionFailed } from '../store/store.js';
import { type Arrival, type BringOptions, type Brought, RESUMED } from './arrival.js';
import { goneMeanwhile, REPLACED_TIMES } from './replaced.js';
import { folderOf, s3Name, s3Pattern } from './s3-address.js';
import { readWhole, undelivered } from './whole-file.js';

/** What a listing tells of an object. */
interface Facts {
  readonly bytes: number;
  readonly etag: string;
}

/** Buckets of one server. */
export class S3Objects {
  readonly #server: S3Server;
  readonly #signal: AbortSignal | undefined;
  readonly #stores = new Map<string, ObjectStore>();

  constructor(server: S3Server, signal: AbortSignal | undefined) {
    this.#server = server;
    this.#signal = signal;
  }

  /** Objects under a pattern; keys that end in a slash are how consoles draw folders, and hold nothing. */
  async list(pattern: string): Promise<readonly Arrival[]> {
    const { bucket, key } = addressOf(pattern);
    const folder = folderOf(key);
    if (folder === null) {
      const found = await this.find(pattern);
      return found === null ? [] : [found];
    }
    const matches = picomatch(key);
    const store = this.#storeOf(bucket);
    const found: Arrival[] = [];
    for await (const page of store.list(folder)) {
      for (const { key: there, bytes, etag } of page) {
        if (!there.endsWith('/') && matches(there)) found.push(arrivalOf(store, bucket, there, { bytes, etag }));
      }
    }
    return found;
  }

  /** The object of this name, or null. */
  async find(name: string): Promise<Arrival | null> {
    const { bucket, key } = addressOf(name);
    const store = this.#storeOf(bucket);
    const found = await store.head(key);
    return found === null ? null : arrivalOf(store, bucket, key, found);
  }

  close(): void {
    for (const store of this.#stores.values()) store.close();
  }

  #storeOf(bucket: string): ObjectStore {
    const { region, endpoint, pathStyle } = this.#server;
    const store =
      this.#stores.get(bucket) ??
      openStore({
        bucket,
        pathStyle,
        ...(region === null ? {} : { region }),
        ...(endpoint === null ? {} : { endpoint }),
        ...(this.#signal === undefined ? {} : { signal: this.#signal }),
      });
    this.#stores.set(bucket, store);
    return store;
  }
}

function addressOf(pattern: string): { readonly bucket: string; readonly key: string } {
  const address = s3Pattern(pattern);
  if (address === null) throw new Error(`${pattern} is no address of S3`);
  return address;
}

function arrivalOf(store: ObjectStore, bucket: string, key: string, facts: Facts): Arrival {
  const name = s3Name(bucket, key);
  return {
    name,
    resume: `${RESUMED}${createHash('sha256').update(name).digest('hex')}`,
    state: async () => stateOf(facts),
    touch: async () => store.touch(key),
    object: {
      version: { bucket, key, ...versionOf(facts) },
      now: async () => {
        const found = await store.head(key);
        return found === null ? null : { bucket, key, ...versionOf(found) };
      },
    },
    bring: async (aside, options) => bring({ store, key, name, aside, options }, facts),
  };
}

function versionOf({ bytes, etag }: Facts): Facts {
  return { bytes, etag };
}

function stateOf({ bytes, etag }: Facts): string {
  return `${bytes} ${etag}`;
}

interface Bringing {
  readonly store: ObjectStore;
  readonly key: string;
  readonly name: string;
  readonly aside: string;
  readonly options: BringOptions;
}

/** The object as it is now: one that is replaced under our hands is fetched as what replaced it. */
async function bring(bringing: Bringing, facts: Facts, times = 1): Promise<Brought> {
  const { store, key, name, aside, options } = bringing;
  const { onBytes } = options;
  try {
    const told = await store.fetch(key, aside, { ...facts, ...(onBytes === undefined ? {} : { onBytes }) });
    return { ...(await held(bringing, told.sha256)), state: stateOf(facts) };
  } catch (error) {
    if (!(error instanceof PreconditionFailed) || times >= REPLACED_TIMES) throw error;
    const now = await store.head(key);
    if (now === null) throw goneMeanwhile(name);
    return bring(bringing, now, times + 1);
  }
}

/** Holds what came to what was told of it. Bytes that are wrong do not stay to be gone on with. */
async function held({ name, aside, options }: Bringing, sha256: string | null): Promise<Omit<Brought, 'state'>> {
  try {
    await using handle = await open(aside, 'r');
    const whole = await readWhole(name, handle, null, { signal: options.signal });
    if (sha256 !== null && whole.sha256 !== sha256) throw other(name, `sha256 ${whole.sha256}, and S3 says ${sha256}`);
    return whole;
  } catch (error) {
    if (error instanceof Failure) await rm(aside, { force: true });
    throw error;
  }
}

function other(name: string, what: string): Failure {
  return undelivered(
    'source/truncated',
    name,
    `\`${name}\` came with ${what}`,
    'run again; where it stays so, deliver the object again',
  );
}
