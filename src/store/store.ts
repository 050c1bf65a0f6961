// What can be asked of objects below one prefix of a bucket. Keys are relative to that prefix and cannot leave it.
import { Failure, type Problem } from '../kernel/failure.js';

export type Body = string | Uint8Array | { readonly file: string };

export interface PutOptions {
  /** Only over the object that has this ETag. */
  readonly ifMatch?: string;
  /** Only where there is no object yet. */
  readonly ifNoneMatch?: '*';
  readonly contentType?: string;
  /** What the bytes must hash to, in hex: other bytes are not stored. Told again by `head`. */
  readonly sha256?: string;
}

export interface ObjectFacts {
  readonly bytes: number;
  readonly etag: string;
  /** In hex; null where neither the server nor who wrote the object told it. */
  readonly sha256: string | null;
  readonly modified: Date;
}

export interface Listed {
  readonly key: string;
  readonly bytes: number;
  readonly etag: string;
  readonly modified: Date;
}

/** One state of an object, with its key as it is in the bucket. */
export interface ObjectVersion {
  readonly bucket: string;
  readonly key: string;
  readonly etag: string;
  readonly bytes: number;
}

/** A multipart upload that was begun and is not over: its parts cost money and no listing of objects has them. */
export interface OpenUpload {
  readonly key: string;
  readonly id: string;
  readonly started: Date;
}

export interface ObjectStore {
  /** `s3://bucket/prefix/key`, as people and Athena write it. */
  readonly url: (key: string) => string;
  /** Throws `PreconditionFailed` where the object is not as the condition says, or somebody else writes it right now. */
  readonly put: (key: string, body: Body, options?: PutOptions) => Promise<{ readonly etag: string }>;
  /**
   * A file that may be there already: the same bytes are not written anew, since who reads an object that is written over loses it. An object that
   * tells no hash is.
   */
  readonly putOnce: (key: string, file: string) => Promise<void>;
  /**
   * An object of any bucket of the same server, as it has this ETag: its bytes go from bucket to bucket. `PreconditionFailed` where it
   * changed or went.
   */
  readonly copy: (key: string, from: ObjectVersion) => Promise<void>;
  readonly get: (key: string) => Promise<{ readonly text: string; readonly etag: string } | null>;
  readonly head: (key: string) => Promise<ObjectFacts | null>;
  /** The object as it has this ETag, whole or not at all. `PreconditionFailed` where it changed or went. */
  readonly download: (key: string, file: string, options: { readonly etag: string }) => Promise<Downloaded>;
  /**
   * The object as it has this ETag into `file`, in ranges side by side. What an earlier call brought of these very bytes is not asked
   * for again. Until it returns the file is there in part. `PreconditionFailed` where the object changed or went.
   */
  readonly fetch: (key: string, file: string, wanted: Wanted) => Promise<Fetched>;
  /** Reads the first byte of an object. */
  readonly touch: (key: string) => Promise<void>;
  /** Pages of what lies below, in the order of keys. */
  readonly list: (prefix: string) => AsyncIterable<readonly Listed[]>;
  /** Objects that are gone already are no error. Fails with one problem for each key that stayed, after all were tried. */
  readonly remove: (keys: readonly string[]) => Promise<void>;
  readonly uploads: (prefix: string) => AsyncIterable<readonly OpenUpload[]>;
  readonly abort: (upload: OpenUpload) => Promise<void>;
  /** What ends every question. */
  readonly signal: AbortSignal;
  /** The same store, whose questions another signal ends. */
  readonly withSignal: (signal: AbortSignal) => ObjectStore;
  readonly close: () => void;
}

/** An object as a listing told of it. */
export interface Wanted {
  readonly etag: string;
  readonly bytes: number;
  /** Called with the number of bytes that came, or that were there already. */
  readonly onBytes?: (bytes: number) => void;
}

export interface Fetched {
  /** In hex, of the whole object; null where neither the server nor who wrote the object told it. Nobody has held the bytes to it. */
  readonly sha256: string | null;
}

export interface Downloaded {
  readonly bytes: number;
  /** Of the bytes that were written, in hex. */
  readonly sha256: string;
}

/** An object is not as a condition said: somebody else wrote it (412), or was writing it at the same time (409). */
export class PreconditionFailed extends Failure {
  constructor(url: string, words: string) {
    const problem: Problem = {
      code: 's3/changed',
      message: `the object is not as it was when it was read: ${words}`,
      remedy: 'another program writes here too: let it end, then run again',
      place: { file: url },
    };
    super('unavailable', [problem]);
  }
}
