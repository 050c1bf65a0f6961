// Old runs go, but never one that a reader may still be in: the current one, the one before it, and at least one more stay.
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MANIFEST_NAME } from './manifest.js';

export const OLD_RUNS_KEPT = 2;

const PARTIAL = '.partial';
const ORDER = '.order';

export function partialPath(runsDir: string, runId: string): string {
  return join(runsDir, `${runId}${PARTIAL}`);
}

/** What a killed run left: folders that never got their name. */
export async function removePartials(runsDir: string): Promise<void> {
  for (const name of await readdir(runsDir)) {
    if (name.endsWith(PARTIAL)) await rm(join(runsDir, name), { recursive: true, force: true });
  }
}

/** Notes that `runId` is about to become current. The order is kept as a list: clocks go back, and copies lose times. */
export async function noteCurrent(runsDir: string, runId: string): Promise<void> {
  const order = [runId, ...(await orderOf(runsDir)).filter((id) => id !== runId)];
  const present = new Set(await readdir(runsDir));
  const aside = join(runsDir, `${ORDER}${PARTIAL}`);
  await writeFile(
    aside,
    order
      .filter((id) => present.has(id))
      .map((id) => `${id}\n`)
      .join(''),
    { flush: true },
  );
  await rename(aside, join(runsDir, ORDER));
}

/** What a killed run left half-way below the output folder: runs that never got their name, links that were not renamed yet. */
export async function publishLeftovers(outDir: string): Promise<readonly string[]> {
  const runs = (await namesIn(join(outDir, 'runs'))).filter((name) => name.endsWith(PARTIAL));
  const links = (await namesIn(outDir)).filter((name) => name.startsWith('.') && name.endsWith(PARTIAL));
  return [...runs.map((name) => join(outDir, 'runs', name)), ...links.map((name) => join(outDir, name))];
}

/** Removes runs that are neither current nor among the last ones. */
export async function removeOldRuns(runsDir: string, current: string, kept = OLD_RUNS_KEPT): Promise<readonly string[]> {
  const removed = await oldRuns(runsDir, current, kept);
  for (const id of removed) await removeRun(runsDir, id);
  return removed;
}

/** Runs beside the current one that are not among the last ones, the newest first. A folder without a manifest is not ours and stays. */
export async function oldRuns(runsDir: string, current: string | null, kept: number): Promise<readonly string[]> {
  const order = await orderOf(runsDir);
  const age = (id: string): number => (order.includes(id) ? order.indexOf(id) : order.length);
  const old = (await runsIn(runsDir)).filter((id) => id !== current).sort((a, b) => age(a) - age(b) || (a < b ? -1 : 1));
  return old.slice(Math.max(kept, OLD_RUNS_KEPT));
}

/** Renamed first: a run that is half removed never looks complete. */
export async function removeRun(runsDir: string, runId: string): Promise<void> {
  const aside = partialPath(runsDir, `${runId}.old`);
  await rename(join(runsDir, runId), aside);
  await rm(aside, { recursive: true, force: true });
}

/** Runs that are whole, in no order. */
export async function runsIn(runsDir: string): Promise<readonly string[]> {
  const entries = await readdir(runsDir, { withFileTypes: true }).catch(nothingThere);
  const folders = entries.filter((entry) => entry.isDirectory());
  const named = folders.map((entry) => entry.name).filter((name) => !name.endsWith(PARTIAL));
  const ours = await Promise.all(named.map(async (name) => (await readdir(join(runsDir, name))).includes(MANIFEST_NAME)));
  return named.filter((_, at) => ours[at] === true);
}

async function orderOf(runsDir: string): Promise<readonly string[]> {
  const text = await readFile(join(runsDir, ORDER), 'utf8').catch(() => '');
  return text.split('\n').filter((id) => id !== '');
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch(nothingThere);
}

function nothingThere(error: NodeJS.ErrnoException): [] {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return [];
  throw error;
}
