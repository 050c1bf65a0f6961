// A landed file as text, for the small files that are read here: unpacked within bounds, decoded without replacing anything.
import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { Failure } from '../kernel/failure.js';
import type { LandedFile } from './source.js';

const LARGEST = 256 * 1024 * 1024;

/** What every text that is not Latin-1 may begin with, and no text that is. */
const MARKS = [Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from([0xff, 0xfe]), Buffer.from([0xfe, 0xff])];

export type Encoding = 'utf8' | 'utf16le' | 'latin1';

export async function readLanded(file: LandedFile, encoding: Encoding = 'utf8'): Promise<string> {
  if (/\.zst(d)?$/i.test(file.name))
    throw unusable('user', file, 'is zstd, which only usage logs and FOCUS files may be', 'deliver it plain or as .gz');
  const bytes = await readFile(file.path);
  const unpacked = /\.gz$/i.test(file.name) ? unpack(bytes, file) : bytes;
  if (unpacked.length > LARGEST) throw unusable('user', file, 'is larger than 256 MiB', 'deliver it in several files');
  return decode(unpacked, encoding, file);
}

function unpack(bytes: Buffer, file: LandedFile): Buffer {
  try {
    return gunzipSync(bytes, { maxOutputLength: LARGEST });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw unusable(
      'unavailable',
      file,
      `cannot be unpacked: ${reason}`,
      'deliver the whole file again, in pieces of at most 256 MiB',
    );
  }
}

function decode(bytes: Buffer, encoding: Encoding, file: LandedFile): string {
  if (encoding === 'latin1') {
    if (!MARKS.some((mark) => bytes.subarray(0, mark.length).equals(mark))) return bytes.toString('latin1');
    throw unusable('user', file, 'begins with the mark of UTF-8 or UTF-16, and is not latin1', 'correct `csv.encoding`');
  }
  try {
    return new TextDecoder(encoding === 'utf8' ? 'utf-8' : 'utf-16le', { fatal: true }).decode(bytes);
  } catch {
    throw unusable(
      'user',
      file,
      `is not ${encoding}`,
      /\.csv(\.gz)?$/i.test(file.name)
        ? 'set `csv.encoding` to utf8, utf16le or latin1, or write the file as UTF-8'
        : 'write the file as UTF-8',
    );
  }
}

export function unusable(kind: 'user' | 'unavailable', file: LandedFile, what: string, remedy: string, line?: number): Failure {
  const place = line === undefined ? { file: file.name } : { file: file.name, line };
  return new Failure(kind, [{ code: 'source/unusable-file', message: `\`${file.name}\` ${what}`, remedy, place }]);
}
