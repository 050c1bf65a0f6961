// What the bytes of an object hash to, by whoever tells it.
import { createHash } from 'node:crypto';
import { Failure } from '../kernel/failure.js';

/** Under which every object that we hash tells its hash: parts have checksums of their own, and not all servers keep them. */
export const HASH_KEY = 'sha256';

export interface Hashes {
  /** As S3 tells it: in base64; of parts, with their number behind it, it is a hash of hashes. */
  readonly ChecksumSHA256?: string | undefined;
  readonly ChecksumType?: string | undefined;
  readonly Metadata?: Readonly<Record<string, string>> | undefined;
}

export function toldSha256({ ChecksumSHA256, ChecksumType, Metadata }: Hashes): string | null {
  if (ChecksumSHA256 !== undefined && ChecksumType !== 'COMPOSITE' && !ChecksumSHA256.includes('-')) {
    return Buffer.from(ChecksumSHA256, 'base64').toString('hex');
  }
  const noted = Metadata?.[HASH_KEY];
  return noted !== undefined && /^[0-9a-f]{64}$/.test(noted) ? noted : null;
}

export function base64Of(hex: string): string {
  return Buffer.from(hex, 'hex').toString('base64');
}

export function sha256Of(bytes: string | Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** `place` is where the bytes come from. */
export function checkSha256(found: string, expected: string | undefined, place: string): void {
  if (expected === undefined || found === expected) return;
  const message = `the bytes are not what they should be: sha256 ${found}, not ${expected}`;
  const remedy = 'make the run again (`showback run --force`), and let nothing else write its files';
  throw new Failure('check', [{ code: 's3/other-bytes', message, remedy, place: { file: place } }]);
}
