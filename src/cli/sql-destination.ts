// Where an answer goes: standard output, or a file that stands under its name only when all of it is written.
import { rmSync } from 'node:fs';
import { type FileHandle, open, realpath, rename, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { diskFailure } from '../kernel/disk-failure.js';
import { Failure } from '../kernel/failure.js';
import type { Io } from './io.js';
import type { Places } from './published-run.js';
import { tooLarge } from './sql-refusal.js';

export interface Destination extends AsyncDisposable {
  readonly write: (data: string | Uint8Array) => Promise<void>;
  readonly finish: () => Promise<void>;
}

export async function openDestination(file: string | undefined, places: Places, io: Io): Promise<Destination> {
  if (file === undefined) {
    return { write: io.stdout.send, finish: async () => undefined, [Symbol.asyncDispose]: async () => undefined };
  }
  const path = await outputPath(resolve(io.cwd, file), file, places);
  const found = await stat(path).catch(() => null);
  if (found?.isDirectory() === true) throw unfit(file, 'this is a folder', 'name a file');
  try {
    // A pipe or a device is written as it is; it must never be replaced by a file.
    return found !== null && !found.isFile() ? await openInPlace(path) : await openAside(path);
  } catch (error) {
    throw diskFailure(error, { doing: 'write the answer', place: path }) ?? error;
  }
}

/** Counts what is written: names and padding too, which no limit of cells knows. */
export function bounded(destination: Destination, bytes: number): Destination {
  let left = bytes;
  return {
    write: async (data) => {
      left -= Buffer.byteLength(data);
      if (left < 0) throw tooLarge(bytes);
      await destination.write(data);
    },
    finish: destination.finish,
    [Symbol.asyncDispose]: async () => destination[Symbol.asyncDispose](),
  };
}

/** The path behind links. What is published, and the state of runs, no answer may replace. */
async function outputPath(path: string, told: string, { outDir, stateDir }: Places): Promise<string> {
  const folder = await realpath(dirname(path)).catch(() => null);
  if (folder === null) throw unfit(told, `there is no folder ${dirname(path)}`, 'make it, or name a file elsewhere');
  const real = await realpath(path).catch(() => join(folder, basename(path)));
  for (const kept of [outDir, stateDir]) {
    const root = await realpath(kept).catch(() => kept);
    if (real.startsWith(root + sep)) throw unfit(told, `this lies in ${kept}, which belongs to runs`, 'name a file elsewhere');
  }
  return real;
}

async function openAside(path: string): Promise<Destination> {
  const aside = join(dirname(path), `.${basename(path)}.${process.pid}`);
  const file = await open(aside, 'w');
  const remove = (): void => rmSync(aside, { force: true });
  process.once('exit', remove);
  return {
    write: writing(file, path),
    finish: async () => {
      await file.close();
      await rename(aside, path);
    },
    [Symbol.asyncDispose]: async () => {
      process.removeListener('exit', remove);
      await file.close();
      remove();
    },
  };
}

async function openInPlace(path: string): Promise<Destination> {
  const file = await open(path, 'w');
  const close = async (): Promise<void> => file.close();
  return { write: writing(file, path), finish: close, [Symbol.asyncDispose]: close };
}

function writing(file: FileHandle, path: string): Destination['write'] {
  return async (data) => {
    try {
      await file.writeFile(data);
    } catch (error) {
      throw diskFailure(error, { doing: 'write the answer', place: path }) ?? error;
    }
  };
}

function unfit(file: string, message: string, remedy: string): Failure {
  return new Failure('user', [{ code: 'sql/output', message, remedy, place: { file } }]);
}
