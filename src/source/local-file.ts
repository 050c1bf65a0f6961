// A file of the company folder on its way to landing. One that changes meanwhile is refused.
import { type FileHandle, open, stat } from 'node:fs/promises';
import type { Failure } from '../kernel/failure.js';
import type { Arrival, BringOptions, Brought } from './arrival.js';
import type { ListedFile } from './listing.js';
import { readWhole, undelivered, type WholeFile } from './whole-file.js';

/** Milliseconds. A file written within them may change again without its time changing: it is hashed again next time. */
const SETTLED = 2000;

export function localArrival(file: ListedFile): Arrival {
  return {
    name: file.name,
    resume: null,
    state: async () => (await seenOf(file)).state,
    touch: async () => (await opened(file)).close(),
    bring: async (aside, options) => bring(file, aside, options),
  };
}

async function bring(file: ListedFile, aside: string, options: BringOptions): Promise<Brought> {
  const { state, changedAt } = await seenOf(file);
  const startedAt = Date.now();
  const whole = await copyWhole(file, aside, options);
  if ((await seenOf(file)).state !== state) throw changed(file.name);
  return { ...whole, state: startedAt - changedAt > SETTLED ? state : null };
}

async function copyWhole(file: ListedFile, aside: string, options: BringOptions): Promise<WholeFile> {
  await using source = await opened(file);
  await using target = await open(aside, 'wx');
  const whole = await readWhole(file.name, source, target, options);
  await target.sync();
  return whole;
}

async function opened(file: ListedFile): Promise<FileHandle> {
  return open(file.path, 'r').catch((error: unknown) => {
    throw unreadable(file.name, error);
  });
}

/** What the file system says of it: while that stays so, it is not hashed again. */
async function seenOf(file: ListedFile): Promise<{ readonly state: string; readonly changedAt: number }> {
  const found = await stat(file.path, { bigint: true }).catch((error: unknown) => {
    throw unreadable(file.name, error);
  });
  return { state: [found.size, found.mtimeNs, found.ctimeNs, found.ino, found.dev].join(' '), changedAt: Number(found.ctimeMs) };
}

function unreadable(name: string, error: unknown): Failure {
  const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
  return undelivered(
    'source/unreadable',
    name,
    `\`${name}\` cannot be read (${reason})`,
    'check that the file is there and that you may read it, then run again',
  );
}

function changed(name: string): Failure {
  return undelivered(
    'source/changed',
    name,
    `\`${name}\` changed while it was being copied`,
    'run again once it is written; let writers write aside and rename',
  );
}
