// A large object on its way to a file in ranges, several side by side. Which ranges are on disk stands beside the file, so that after a
// break only the others are asked for. Memory is that of the chunks on their way, however large the object is.
import { appendFile, type FileHandle, open, readFile, rm, writeFile } from 'node:fs/promises';
import { addAbortSignal, type Readable } from 'node:stream';
import { diskFailure } from '../kernel/disk-failure.js';
import { sideBySide } from './lanes.js';
import { pour } from './file-download.js';

/** Bytes from `from` up to, and not with, `end`. */
export interface Range {
  readonly from: number;
  readonly end: number;
}

export interface FetchFrom {
  readonly open: (range: Range) => Promise<Readable>;
  /** A body ended early as often as may be. */
  readonly cut: (words: string) => Error;
  /** Called with the number of bytes that came, or that were there already. */
  readonly onBytes: (bytes: number) => void;
  readonly signal: AbortSignal;
}

interface Whole {
  readonly etag: string;
  readonly bytes: number;
}

export const RANGE_BYTES = 16 * 1024 * 1024;
const RANGES_AT_ONCE = 4;
/** Tries in a row that bring no byte. */
const TRIES = 4;

/** `file` is whole once this returns. Where it throws, what came stays, for a next call with the same object. */
export async function fetchTo(file: string, whole: Whole, from: FetchFrom): Promise<void> {
  try {
    const done = await rangesOnDisk(file, whole);
    await using handle = await open(file, done.size > 0 ? 'r+' : 'w');
    const ranges = rangesOf(whole.bytes);
    for (const at of done) from.onBytes(lengthOf(ranges[at]));
    const missing = ranges.flatMap((range, at) => (done.has(at) ? [] : [{ range, at }]));
    await sideBySide(missing, RANGES_AT_ONCE, async ({ range, at }) => {
      await fill(handle, range, from);
      // The bytes before the line that says they are there.
      await handle.datasync();
      if (ranges.length > 1) await appendFile(notesOf(file), `${at}\n`);
    });
    await handle.sync();
    await rm(notesOf(file), { force: true });
  } catch (error) {
    from.signal.throwIfAborted();
    throw diskFailure(error, { doing: 'write', place: file }) ?? error;
  }
}

/** Where `file` is being fetched, the ranges of it that are on disk. */
export function notesOf(file: string): string {
  return `${file}.ranges`;
}

/** Of other bytes than these, or of none, nothing is there. */
async function rangesOnDisk(file: string, whole: Whole): Promise<ReadonlySet<number>> {
  const head = JSON.stringify([whole.etag, whole.bytes, RANGE_BYTES]);
  const notes = await readFile(notesOf(file), 'utf8').catch(() => '');
  const isThere = await open(file, 'r').then(
    async (handle) => handle.close().then(() => true),
    () => false,
  );
  // A last line without its end was cut.
  const [first, ...lines] = notes.split('\n').slice(0, -1);
  if (isThere && first === head) return new Set(lines.map(Number));
  await rm(notesOf(file), { force: true });
  if (whole.bytes > RANGE_BYTES) await writeFile(notesOf(file), `${head}\n`);
  return new Set();
}

/** One at least: an empty object is asked for too. */
function rangesOf(bytes: number): readonly Range[] {
  const count = Math.max(1, Math.ceil(bytes / RANGE_BYTES));
  return Array.from({ length: count }, (_, at) => ({ from: at * RANGE_BYTES, end: Math.min(bytes, (at + 1) * RANGE_BYTES) }));
}

function lengthOf(range: Range | undefined): number {
  return range === undefined ? 0 : range.end - range.from;
}

async function fill(handle: FileHandle, { from, end }: Range, { open: ask, cut, onBytes, signal }: FetchFrom): Promise<void> {
  let at = from;
  for (let tries = 1; ; tries += 1) {
    const before = at;
    const words = await pour(addAbortSignal(signal, await ask({ from: at, end })), cut, async (chunk) => {
      await writeWhole(handle, chunk, at);
      at += chunk.byteLength;
      onBytes(chunk.byteLength);
    });
    if (at === end) return;
    if (at > before) tries = 0;
    if (at > end || tries >= TRIES) throw cut(words ?? `${at - from} bytes of ${end - from} came`);
  }
}

async function writeWhole(handle: FileHandle, chunk: Uint8Array, position: number): Promise<void> {
  for (let written = 0; written < chunk.byteLength; ) {
    const { bytesWritten } = await handle.write(chunk, written, chunk.byteLength - written, position + written);
    written += bytesWritten;
  }
}
