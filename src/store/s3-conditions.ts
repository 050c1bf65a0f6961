// Conditions of a request, and what they end with.
import { hasStatus, isNamed, wordsOf } from './s3-failure.js';
import { PreconditionFailed, type PutOptions } from './store.js';

export function conditions({ ifMatch, ifNoneMatch }: PutOptions) {
  return {
    ...(ifMatch === undefined ? {} : { IfMatch: ifMatch }),
    ...(ifNoneMatch === undefined ? {} : { IfNoneMatch: ifNoneMatch }),
  };
}

/** What a condition ends with: it does not hold (412), two writers at once (409), or nothing to match any more (404). */
export function refuted(error: unknown, url: string, { ifMatch, ifNoneMatch }: PutOptions): never {
  const isConditional = ifMatch !== undefined || ifNoneMatch !== undefined;
  const isGone = ifMatch !== undefined && isNamed(error, 'NoSuchKey', 'NotFound');
  if (isConditional && (hasStatus(error, 409, 412) || isGone)) throw new PreconditionFailed(url, wordsOf(error));
  throw error;
}
