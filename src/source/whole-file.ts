// Bytes of a whole file: their hash, and whether what is packed is whole.
import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { Failure, type Problem } from '../kernel/failure.js';
import type { BringOptions } from './arrival.js';
import { BOMB, integrityOf } from './integrity.js';

const CHUNK = 1 << 22;

export interface WholeFile {
  readonly sha256: string;
  readonly bytes: number;
}

/** Reads `source` to its end, copies it where `target` is given, and fails where a packed file is cut, damaged or a bomb. */
export async function readWhole(
  name: string,
  source: FileHandle,
  target: FileHandle | null,
  { signal, onBytes }: BringOptions,
): Promise<WholeFile> {
  const buffer = Buffer.allocUnsafe(CHUNK);
  const integrity = integrityOf(name);
  const hash = createHash('sha256');
  let bytes = 0;
  for (;;) {
    signal?.throwIfAborted();
    const { bytesRead } = await source.read(buffer, 0, CHUNK, null);
    if (bytesRead === 0) break;
    const chunk = buffer.subarray(0, bytesRead);
    const written = target?.write(chunk);
    hash.update(chunk);
    await Promise.all([written, integrity.take(chunk)]);
    bytes += bytesRead;
    onBytes?.(bytesRead);
  }
  const problem = await integrity.finish();
  if (problem !== null) throw broken(name, problem);
  return { sha256: hash.digest('hex'), bytes };
}

function broken(name: string, reason: string): Failure {
  if (reason === BOMB)
    return undelivered(
      'source/bomb',
      name,
      `\`${name}\` is refused: ${reason}`,
      'find out who packed it; a true file of that kind is delivered unpacked, or in smaller files',
    );
  const message = `\`${name}\` is cut or damaged: ${reason}`;
  return undelivered(
    'source/truncated',
    name,
    message,
    'deliver the whole file again; a part of it is not used, so that no month is part of a month',
  );
}

export function undelivered(code: string, file: string, message: string, remedy: string): Failure {
  const problem: Problem = { code, message, remedy, place: { file } };
  return new Failure('unavailable', [problem]);
}
