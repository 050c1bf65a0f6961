// What a ZIP holds, within bounds: entries are looked at before any is unpacked, and an archive with anything odd in it is refused whole.
import type { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import { type Entry, openPromise, validateFileName, type ZipFile } from 'yauzl';
import { BOMB, isBomb } from './integrity.js';

export interface ZipEntry {
  readonly name: string;
  /** Unpacked. */
  readonly bytes: number;
  /** Its chunks, held to its length and its checksum. */
  readonly read: () => AsyncIterable<Buffer>;
}

/** The archive is not whole, or not what anybody would pack. */
export class ZipProblem extends Error {
  readonly isBomb: boolean;

  constructor(message: string, options: { readonly cause?: unknown; readonly isBomb?: boolean } = {}) {
    super(message, { cause: options.cause });
    this.name = 'ZipProblem';
    this.isBomb = options.isBomb ?? false;
  }
}

/** A year of costs has fewer parts by far. */
const MOST_ENTRIES = 1000;
const STORED = 0;
const DEFLATED = 8;

/** Throws `ZipProblem`; whatever `work` throws goes up as it is. */
export async function inZip<T>(file: string, work: (entries: readonly ZipEntry[]) => Promise<T>): Promise<T> {
  const zip = await openPromise(file, { autoClose: false, strictFileNames: true }).catch(refused);
  try {
    return await work(await entriesOf(zip));
  } finally {
    zip.close();
  }
}

async function entriesOf(zip: ZipFile): Promise<readonly ZipEntry[]> {
  if (zip.entryCount > MOST_ENTRIES) throw new ZipProblem(`it holds ${zip.entryCount} files`);
  const entries: Entry[] = [];
  const names = new Set<string>();
  try {
    for await (const entry of zip.eachEntry()) {
      const wrong = names.has(entry.fileName) ? 'is there twice' : flawOf(entry);
      if (wrong !== null) throw new ZipProblem(`\`${printable(entry.fileName)}\` in it ${wrong}`);
      names.add(entry.fileName);
      entries.push(entry);
    }
  } catch (error) {
    refused(error);
  }
  // What the directory says is held to when it is unpacked, so that nothing need be unpacked to know.
  const unpacked = entries.reduce((sum, entry) => sum + entry.uncompressedSize, 0);
  if (isBomb(zip.fileSize, unpacked)) throw new ZipProblem(BOMB, { isBomb: true });
  return entries.map((entry) => ({ name: entry.fileName, bytes: entry.uncompressedSize, read: () => chunksOf(zip, entry) }));
}

function flawOf(entry: Entry): string | null {
  const isLink = ((entry.externalFileAttributes >>> 16) & 0o170000) === 0o120000;
  if (validateFileName(entry.fileName) !== null) return 'has a name that leads elsewhere';
  if (entry.isEncrypted()) return 'is encrypted';
  if (entry.fileName.endsWith('/') || isLink) return 'is no file';
  return [STORED, DEFLATED].includes(entry.compressionMethod)
    ? null
    : `is packed in a way (${entry.compressionMethod}) unknown here`;
}

async function* chunksOf(zip: ZipFile, entry: Entry): AsyncIterable<Buffer> {
  const stream: Readable = await zip.openReadStreamPromise(entry).catch(refused);
  let sum = 0;
  const chunks = (stream as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await chunks.next().catch(refused);
      if (next.done === true) break;
      sum = crc32(next.value, sum);
      yield next.value;
    }
  } finally {
    stream.destroy();
  }
  if (sum !== entry.crc32) throw new ZipProblem(`\`${printable(entry.fileName)}\` in it is damaged: its checksum is another`);
}

function refused(error: unknown): never {
  if (error instanceof ZipProblem) throw error;
  throw new ZipProblem(error instanceof Error ? printable(error.message) : String(error), { cause: error });
}

function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, '?').slice(0, 200);
}
