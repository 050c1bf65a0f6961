// Files that a killed process left open: cut to whole lines and given the name of a complete file, so that the next nightly run reads them.
import { constants, type Stats } from 'node:fs';
import { type FileHandle, open, opendir, rename, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { OPEN, type Writer, writerOf } from './file-name.js';
import type { OwnProcess } from './own-process.js';

/** So that a folder of whatever size holds no start up. The next start, or the next hour, goes on. */
const MOST_LOOKED_AT = 20_000;
const MOST_ADOPTED = 200;
/** Who writes closes a file when its hour is over, so nobody writes what has not changed for longer. */
const SURELY_LEFT_MS = 2 * 60 * 60 * 1000;
/** Longer than any line of ours. */
const TAIL_BYTES = 64 * 1024;

/** `id` is the writer that asks. */
export async function adoptLeftOpen(folder: string, own: OwnProcess, id: string): Promise<void> {
  let lookedAt = 0;
  let adopted = 0;
  for await (const entry of await opendir(folder)) {
    lookedAt += 1;
    if (lookedAt > MOST_LOOKED_AT || adopted >= MOST_ADOPTED) return;
    const writer = entry.isFile() ? writerOf(entry.name) : null;
    if (writer === null || writer.id === id) continue;
    // Another process that starts now may be quicker: then the file is gone, and that is as well.
    adopted += (await adopt(join(folder, entry.name), writer, own).catch(() => false)) ? 1 : 0;
  }
}

async function adopt(path: string, writer: Writer, own: OwnProcess): Promise<boolean> {
  if (!isLeft(await stat(path), writer, own)) return false;
  const handle = await open(path, constants.O_RDWR | constants.O_NOFOLLOW);
  try {
    const whole = await wholeLines(handle);
    if (whole === null) return false;
    if (whole < (await handle.stat()).size) await handle.truncate(whole);
    await (whole === 0 ? unlink(path) : rename(path, path.slice(0, -OPEN.length)));
    return true;
  } finally {
    await handle.close();
  }
}

/** A process of this machine is asked for; one elsewhere, or an id that somebody else has now, is told by age. */
function isLeft(stats: Stats, writer: Writer, own: OwnProcess): boolean {
  if (Date.now() - stats.mtimeMs > SURELY_LEFT_MS) return true;
  if (writer.host !== own.host) return false;
  // The id of this very process: a file from before it started is of one that had the id then. Others are of threads.
  if (writer.pid === own.pid) return stats.mtimeMs < own.startedAt;
  return !own.isAlive(writer.pid);
}

/** Bytes through the last line end; null where none is near the end, as in no file of ours. */
async function wholeLines(handle: FileHandle): Promise<number | null> {
  const { size } = await handle.stat();
  const from = Math.max(0, size - TAIL_BYTES);
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(size - from), 0, size - from, from);
  const end = buffer.subarray(0, bytesRead).lastIndexOf(0x0a);
  if (end !== -1) return from + end + 1;
  return from === 0 ? 0 : null;
}
