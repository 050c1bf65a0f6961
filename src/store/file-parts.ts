// A file on its way to a store, a part at a time: memory stays the same however large it is.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { diskFailure } from '../kernel/disk-failure.js';
import { Failure } from '../kernel/failure.js';

/** Files up to this size go in one request, all others in parts of at least it. */
export const PART_BYTES = 8 * 1024 * 1024;

/** S3 takes no more of them. */
const MOST_PARTS = 10_000;

export interface Parts {
  readonly send: (number: number, bytes: Uint8Array) => Promise<void>;
  /** Parts on their way at the same time. */
  readonly atOnce: number;
}

export interface FileRead {
  readonly bytes: number;
  readonly sha256: string;
}

export async function fileBytes(path: string): Promise<number> {
  return told(path, async () => {
    await using handle = await open(path, 'r');
    return (await handle.stat()).size;
  });
}

/** A small file as it is. */
export async function wholeFile(path: string): Promise<Uint8Array> {
  return told(path, async () => {
    await using handle = await open(path, 'r');
    return handle.readFile();
  });
}

export async function fileSha256(path: string): Promise<string> {
  return told(path, async () => {
    const hash = createHash('sha256');
    await pipeline(createReadStream(path), hash);
    return hash.digest('hex');
  });
}

/** Sends every part and tells what was read. The first part that fails ends it, once none is on its way any more. */
export async function sendParts(path: string, bytes: number, { send, atOnce }: Parts): Promise<FileRead> {
  const partBytes = partBytesOf(bytes);
  await using handle = await told(path, async () => open(path, 'r'));
  const hash = createHash('sha256');
  const flying = new Set<Promise<void>>();
  const failed: unknown[] = [];
  let position = 0;
  for (let number = 1; failed.length === 0; number += 1) {
    const part = await told(path, async () => readPart(handle, position, partBytes));
    if (part.byteLength === 0) break;
    hash.update(part);
    position += part.byteLength;
    const sent = send(number, part)
      .catch((error: unknown) => void failed.push(error))
      .finally(() => flying.delete(sent));
    flying.add(sent);
    if (flying.size >= atOnce) await Promise.race(flying);
  }
  await Promise.all(flying);
  if (failed.length > 0) throw failed[0];
  return { bytes: position, sha256: hash.digest('hex') };
}

export function partBytesOf(bytes: number): number {
  return Math.max(PART_BYTES, Math.ceil(bytes / MOST_PARTS));
}

async function readPart(handle: FileHandle, position: number, bytes: number): Promise<Uint8Array> {
  const part = Buffer.allocUnsafe(bytes);
  let filled = 0;
  while (filled < bytes) {
    const { bytesRead } = await handle.read(part, filled, bytes - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return part.subarray(0, filled);
}

async function told<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw missing(error, path) ?? diskFailure(error, { doing: 'read', place: path }) ?? error;
  }
}

function missing(error: unknown, path: string): Failure | null {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') return null;
  const remedy = 'run again, and let nothing else remove files below the output and state folders';
  return new Failure('check', [{ code: 's3/file-gone', message: 'the file to upload is gone', remedy, place: { file: path } }], {
    cause: error,
  });
}
