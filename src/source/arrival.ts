// A file where it was delivered, on its way to landing: in the company folder, or on S3.
import type { ObjectVersion } from '../store/store.js';

export interface Arrival {
  /** What people are shown: the path below the company folder, or `s3://bucket/key`. */
  readonly name: string;
  /** Another text as soon as the bytes may be others. */
  readonly state: () => Promise<string>;
  /** That of the thing itself, where what is brought is a receipt: bytes that came here before in that state are as good. */
  readonly ofBytes?: () => Promise<string>;
  /** Reads a byte of it, or throws what keeps us from that. */
  readonly touch: () => Promise<void>;
  /** Brings all of it to `aside`, or throws. */
  readonly bring: (aside: string, options: BringOptions) => Promise<Brought>;
  /** A file name for what has come in part, which the next try goes on with; null: each try begins anew. */
  readonly resume: string | null;
  /** Of an object of a bucket, as it was listed. */
  readonly object?: {
    readonly version: ObjectVersion;
    /** As it is now; null: it is gone. */
    readonly now: () => Promise<ObjectVersion | null>;
  };
}

/** How such names begin. */
export const RESUMED = 'object-';

export interface BringOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called with the number of bytes that came. */
  readonly onBytes?: ((bytes: number) => void) | undefined;
  /** Called when a page of an API came, after its bytes. */
  readonly onPage?: (() => void) | undefined;
}

export interface Brought {
  readonly sha256: string;
  readonly bytes: number;
  /** Bytes of the receipt, where that is what was brought, and `bytes` are those of the object. */
  readonly receipt?: number;
  /** Of the bytes that were brought; null where they may change again without another state. */
  readonly state: string | null;
}
