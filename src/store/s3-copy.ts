// An object that is copied from bucket to bucket: what its request says, and the parts of a large one.
import type { ObjectVersion } from './store.js';

/** Up to this size an object is copied by one request, which S3 answers within seconds (it takes no more than 5 GiB in one). */
export const WHOLE_BYTES = 256 * 1024 * 1024;

/** S3 takes no more of them. */
const MOST_PARTS = 10_000;

const AT_ONCE = 8;

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

/** In the order of `all`. The first that fails ends it, once none is on its way any more. */
export async function sideBySide<T, R>(all: readonly T[], work: (one: T) => Promise<R>): Promise<R[]> {
  const done: R[] = [];
  for (let at = 0; at < all.length; at += AT_ONCE) {
    const some = await Promise.allSettled(all.slice(at, at + AT_ONCE).map(work));
    for (const each of some) {
      if (each.status === 'rejected') throw each.reason as Error;
      done.push(each.value);
    }
  }
  return done;
}
