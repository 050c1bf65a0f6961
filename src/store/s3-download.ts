// Objects on their way into a file: in one stream, or in ranges side by side that a later call goes on with.
import type { Readable } from 'node:stream';
import { unavailable } from './asking.js';
import { downloadTo, type Opened } from './file-download.js';
import { fetchTo, type Range } from './file-fetch.js';
import type { Downloaded, Fetched, Wanted } from './store.js';

/** One object as it has one ETag. */
export interface Readings {
  readonly url: string;
  readonly signal: AbortSignal;
  /** `range` as HTTP has it; null: the whole, whose checksum the client looks after. */
  readonly open: (range: string | null) => Promise<Answer>;
}

export interface Answer {
  readonly body: Readable;
  readonly length: number;
  /** In hex, of the whole object; null where nobody told it. */
  readonly sha256: string | null;
}

export async function download(file: string, from: Readings): Promise<Downloaded> {
  const open = async (start: number): Promise<Opened> => {
    const { body, length } = await from.open(start === 0 ? null : `bytes=${start}-`);
    return { body, bytes: start + length };
  };
  return downloadTo(file, { open, cut: (words) => unavailable(from.url, words), signal: from.signal });
}

export async function fetch(file: string, wanted: Wanted, from: Readings): Promise<Fetched> {
  const { etag, bytes, onBytes = () => undefined } = wanted;
  const cut = (words: string): Error => unavailable(from.url, words);
  let sha256: string | null = null;
  const open = async ({ from: start, end }: Range): Promise<Readable> => {
    const isWhole = start === 0 && end === bytes;
    const answer = await from.open(isWhole ? null : `bytes=${start}-${end - 1}`);
    sha256 ??= answer.sha256;
    if (answer.length !== end - start) throw cut(`${answer.length} bytes came where ${end - start} were asked for`);
    return answer.body;
  };
  await fetchTo(file, { etag, bytes }, { open, cut, onBytes, signal: from.signal });
  return { sha256 };
}
