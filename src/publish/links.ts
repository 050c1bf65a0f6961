// The links below the output folder. `current` is the only one that ever moves; the others lead through it and never change.
import { lstat, readlink, rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { takenFailure } from './directory-failure.js';

const CURRENT = 'current';

/** What people open. Folders that every run has, so that a link never leads nowhere. */
export const FOLDERS = ['csv', 'parquet', 'arrow'] as const;

const FIXED = [...FOLDERS, 'current.json'] as const;

/** Fails with every name that is taken by something else than a link. Asked before anything is written. */
export async function checkLinks(outDir: string): Promise<void> {
  const taken: string[] = [];
  for (const name of [CURRENT, ...FIXED]) {
    const found = await lstat(join(outDir, name)).catch(absent);
    if (found !== null && !found.isSymbolicLink()) taken.push(join(outDir, name));
  }
  if (taken.length > 0) throw takenFailure(taken);
}

/** The run that readers see now, by the name of its folder; null before the first. */
export async function currentRun(outDir: string): Promise<string | null> {
  const target = await readlink(join(outDir, CURRENT)).catch(absent);
  return target?.split('/').at(-1) ?? null;
}

/** The flip: readers see the old run or the new one, never a part of either. */
export async function flipCurrent(outDir: string, runId: string): Promise<void> {
  await link(outDir, CURRENT, `runs/${runId}`);
}

export async function ensureFixedLinks(outDir: string): Promise<void> {
  for (const name of FIXED) await link(outDir, name, `${CURRENT}/${name}`);
}

/** A link cannot be changed in place: it is made aside and renamed over the old one. */
async function link(outDir: string, name: string, target: string): Promise<void> {
  const path = join(outDir, name);
  if ((await readlink(path).catch(absent)) === target) return;
  const aside = join(outDir, `.${name}.partial`);
  await rm(aside, { force: true });
  await symlink(target, aside);
  await rename(aside, path);
}

function absent(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT' || error.code === 'EINVAL') return null;
  throw error;
}
