// Where a store lies and how it is reached.
import { Failure, type Problem } from '../kernel/failure.js';
import { flawOf } from './key.js';

export interface StoreOptions {
  readonly bucket: string;
  /** Folder of all keys: empty, or `a/b/`. */
  readonly prefix?: string;
  /** From the environment or the profile when absent. */
  readonly region?: string;
  /** Of a server that is not AWS. */
  readonly endpoint?: string;
  /** The bucket in the path, not in the name of the host. */
  readonly pathStyle?: boolean;
  /** From the chain of the SDK when absent. */
  readonly credentials?: Credentials;
  /** Milliseconds for one request with all its tries. */
  readonly deadline?: number;
  /** Milliseconds that a connection may be silent. */
  readonly patience?: number;
  readonly attempts?: number;
  readonly signal?: AbortSignal;
}

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface Address {
  readonly bucket: string;
  /** Empty, or ends with a slash. */
  readonly prefix: string;
}

/** Fails with every part that no request could be made of. */
export function checkedAddress({ bucket, prefix = '', endpoint }: StoreOptions): Address {
  const folder = prefix.replace(/\/$/, '');
  const problems = [
    ...bucketProblems(bucket),
    ...(folder === ''
      ? []
      : flaws(folder).map((flaw) => bad(bucket, `the prefix ${flaw}: ${JSON.stringify(prefix)}`, 'write it as `a/b`'))),
    ...endpointProblems(bucket, endpoint),
  ];
  if (problems.length > 0) throw new Failure('user', problems);
  return { bucket, prefix: folder === '' ? '' : `${folder}/` };
}

function flaws(folder: string): readonly string[] {
  const flaw = flawOf(folder);
  return flaw === null ? [] : [flaw];
}

function bucketProblems(bucket: string): readonly Problem[] {
  if (/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket) && !bucket.includes('..')) return [];
  const remedy = 'name it alone, without `s3://`: 3 to 63 lower-case letters, digits, hyphens and dots';
  return [bad(bucket, `no bucket can have this name: ${JSON.stringify(bucket)}`, remedy)];
}

function endpointProblems(bucket: string, endpoint: string | undefined): readonly Problem[] {
  if (endpoint === undefined) return [];
  const url = parsed(endpoint);
  if (url === null || !/^https?:$/.test(url.protocol))
    return [bad(bucket, 'the endpoint is no URL', 'write it as https://host:port')];
  // Not shown: what stands there may be a secret.
  if (url.username === '' && url.password === '') return [];
  return [
    bad(bucket, 'the endpoint has a user or a password in it', 'give credentials the way of the AWS SDK, never in an address'),
  ];
}

function parsed(text: string): URL | null {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}

function bad(bucket: string, message: string, remedy: string): Problem {
  return { code: 's3/bad-address', message, remedy, place: { file: `s3://${bucket}` } };
}
