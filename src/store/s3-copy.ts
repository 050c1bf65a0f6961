// An object that is copied from bucket to bucket: what its request says, and the parts of a large one.
import type { ObjectVersion } from './store.js';

/** Up to this size an object is copied by one request, which S3 answers within seconds (it takes no more than 5 GiB in one). */
export const WHOLE_BYTES = 256 * 1024 * 1024;

/** S3 takes no more of them. */
const MOST_PARTS = 10_000;

/** S3 does the work: a part takes no memory here. */
export const COPIES_AT_ONCE = 8;

export interface CopyRange {
  readonly number: number;
  /** As `CopySourceRange` has it, both ends among them. */
  readonly range: string;
}

/** `bucket/key` as a header: what is no plain sign of an address is escaped, segment by segment. */
export function copySource({ bucket, key }: Pick<ObjectVersion, 'bucket' | 'key'>): string {
  return [bucket, ...key.split('/')].map(encodeURIComponent).join('/');
}

/** Every byte in one range. */
export function rangesOf(bytes: number): readonly CopyRange[] {
  const size = Math.max(WHOLE_BYTES, Math.ceil(bytes / MOST_PARTS));
  return Array.from({ length: Math.ceil(bytes / size) }, (_, at) => {
    return { number: at + 1, range: `bytes=${at * size}-${Math.min((at + 1) * size, bytes) - 1}` };
  });
}
