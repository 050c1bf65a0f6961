// Keys of objects. Servers differ in what they make of `..` and `//`, so that no key has them, and none can leave its prefix.
import { Failure } from '../kernel/failure.js';

/** Of a key with its prefix, in bytes. */
const LONGEST = 1024;

/** What is wrong with a key, or null. */
export function flawOf(key: string): string | null {
  if (key === '') return 'is empty';
  if (key.startsWith('/')) return 'begins with a slash';
  if (key.includes('\\')) return 'has a backslash';
  if (/\p{Cc}|\p{Cs}/u.test(key)) return 'has a control character or half of a character';
  const segments = key.split('/');
  if (segments.includes('')) return 'has an empty segment';
  if (segments.includes('.') || segments.includes('..')) return 'has a segment `.` or `..`';
  return Buffer.byteLength(key) > LONGEST ? `is longer than ${LONGEST} bytes` : null;
}

/** The key below `prefix`, or a failure. */
export function keyBelow(bucket: string, prefix: string, key: string): string {
  const flaw = flawOf(key) ?? flawOf(`${prefix}${key}`);
  if (flaw === null) return `${prefix}${key}`;
  throw new Failure('user', [
    {
      code: 's3/bad-key',
      message: `a key ${flaw}: ${JSON.stringify(key)}`,
      remedy: 'give the object a plain name: segments of visible characters between single slashes',
      place: { file: `s3://${bucket}/${prefix}` },
    },
  ]);
}

/** Of a folder: empty, or segments that each end with a slash. */
export function folderBelow(bucket: string, prefix: string, folder: string): string {
  return folder === '' ? prefix : `${keyBelow(bucket, prefix, folder.replace(/\/$/, ''))}/`;
}
