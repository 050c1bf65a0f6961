// An object on its way to a file: beside it first, so that a file by its name is whole. A body that is cut is read on from there.
import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { addAbortSignal, type Readable } from 'node:stream';
import { diskFailure } from '../kernel/disk-failure.js';
import { isNetwork } from './s3-failure.js';
import type { Downloaded } from './store.js';

export interface Opened {
  readonly body: Readable;
  /** Of the whole object. */
  readonly bytes: number;
}

export interface DownloadFrom {
  /** The object from this byte on. */
  readonly open: (from: number) => Promise<Opened>;
  /** The body ended early as often as may be. */
  readonly cut: (words: string) => Error;
  readonly signal: AbortSignal;
}

/** Tries in a row that bring no byte. */
const TRIES = 4;

export async function downloadTo(file: string, from: DownloadFrom): Promise<Downloaded> {
  const aside = `${file}.partial`;
  try {
    const downloaded = await copied(aside, from);
    await rename(aside, file);
    return downloaded;
  } catch (error) {
    await rm(aside, { force: true });
    from.signal.throwIfAborted();
    throw diskFailure(error, { doing: 'write', place: file }) ?? error;
  }
}

async function copied(aside: string, from: DownloadFrom): Promise<Downloaded> {
  await using handle = await open(aside, 'w');
  const target = { handle, hash: createHash('sha256'), have: 0 };
  for (let tries = 1; ; tries += 1) {
    const { body, bytes } = await from.open(target.have);
    const before = target.have;
    const words = await append(target, addAbortSignal(from.signal, body), from.cut);
    if (target.have === bytes) break;
    if (target.have > before) tries = 0;
    if (target.have > bytes || tries >= TRIES) throw from.cut(words ?? `${target.have} bytes of ${bytes} came`);
  }
  await handle.sync();
  return { bytes: target.have, sha256: target.hash.digest('hex') };
}

interface Target {
  readonly handle: FileHandle;
  readonly hash: Hash;
  /** Bytes that are in the file. */
  have: number;
}

async function append(target: Target, body: Readable, fail: DownloadFrom['cut']): Promise<string | null> {
  return pour(body, fail, async (chunk) => {
    await target.handle.writeFile(chunk);
    target.hash.update(chunk);
    target.have += chunk.byteLength;
  });
}

/** Takes every chunk in order. Returns what cut the body, or null where it came to its end. */
export async function pour(
  body: Readable,
  fail: DownloadFrom['cut'],
  take: (chunk: Uint8Array) => Promise<void>,
): Promise<string | null> {
  const chunks = (body as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
  for (;;) {
    const next = await chunks.next().catch(cutBy);
    // All of it came, but not what was stored: there is no telling which byte is wrong.
    if (next instanceof Error && isDamage(next)) throw fail(`the answer is damaged (${next.message})`);
    if (next instanceof Error) return `the answer was cut (${next.message})`;
    if (next.done === true) return null;
    await take(next.value);
  }
}

/** The body of an answer ended before its time, or is not what its checksum says. */
export function cutBy(error: unknown): Error {
  if (
    error instanceof Error &&
    (isDamage(error) || error.message === 'aborted' || isNetwork((error as NodeJS.ErrnoException).code))
  ) {
    return error;
  }
  throw error;
}

function isDamage(error: Error): boolean {
  return error.message.startsWith('Checksum mismatch');
}
