// One question to a store: within its time, until somebody says stop, and with an answer in words that people can act on.
import { Failure } from '../kernel/failure.js';
import type { Address } from './address.js';
import { type Action, storeFailure } from './s3-failure.js';

export interface Asker extends Address {
  readonly secrets: readonly string[];
  /** Milliseconds. */
  readonly deadline: number;
  readonly signal: AbortSignal;
}

/** `key` with its prefix. */
export async function ask<T>(
  asker: Asker,
  action: Action,
  key: string,
  work: (options: { readonly abortSignal: AbortSignal }) => Promise<T>,
): Promise<T> {
  const { signal, bucket, secrets } = asker;
  signal.throwIfAborted();
  const overdue = AbortSignal.timeout(asker.deadline);
  const either = AbortSignal.any([signal, overdue]);
  try {
    return await Promise.race([work({ abortSignal: either }), aborted(either)]);
  } catch (error) {
    signal.throwIfAborted();
    if (overdue.aborted) throw late(asker, key);
    throw storeFailure(error, { action, bucket, key, secrets });
  }
}

/** The client waits between its tries without an eye on the signal. */
async function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}

function late({ bucket, deadline }: Asker, key: string): Failure {
  return unavailable(`s3://${bucket}/${key}`, `S3 did not answer within ${Math.ceil(deadline / 1000)} s`);
}

/** A connection that is cut again and again, an answer that makes no sense. */
export function unavailable(url: string, message: string): Failure {
  const remedy = 'check the network and the endpoint, then run again';
  return new Failure('unavailable', [{ code: 's3/unavailable', message, remedy, place: { file: url } }]);
}
