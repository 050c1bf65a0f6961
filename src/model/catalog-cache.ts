// The models as they were parsed last time, kept beside the state: reading them again is most of what a run without news would do.
// A copy is named after every byte that it was made of, so an edited model, or code that reads models otherwise, never meets an old one.
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Warehouse } from '../warehouse/warehouse.js';
import { type Catalog, readCatalog } from './catalog.js';

/** What `readCatalog` gives, from `cacheDir` where it is there. `program` is part of the name: another engine may parse otherwise. */
export async function cachedCatalog(sqlDir: string, warehouse: Warehouse, cacheDir: string, program: string): Promise<Catalog> {
  const name = `models-${await hashOf(program, [sqlDir, import.meta.dirname])}.json`;
  const kept = await readKept(join(cacheDir, name));
  if (kept !== null) return kept;
  const catalog = await readCatalog(sqlDir, warehouse);
  await keep(catalog, cacheDir, name);
  return catalog;
}

async function hashOf(program: string, folders: readonly string[]): Promise<string> {
  const hash = createHash('sha256').update(program);
  for (const folder of folders) hash.update(JSON.stringify(await textsIn(folder)));
  return hash.digest('hex').slice(0, 16);
}

async function textsIn(folder: string): Promise<readonly (readonly string[])[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Promise.all(files.sort().map(async (file) => [file.slice(folder.length), await readFile(file, 'utf8')]));
}

/** A copy that was cut is none: the renaming below makes that unlikely, and this makes it harmless. */
async function readKept(file: string): Promise<Catalog | null> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Catalog;
  } catch {
    return null;
  }
}

/** One copy is enough. That it cannot be written is no reason to stop: the disk will say so where it matters. */
async function keep(catalog: Catalog, cacheDir: string, name: string): Promise<void> {
  const aside = join(cacheDir, `${name}.new`);
  try {
    await mkdir(cacheDir, { recursive: true });
    for (const old of await readdir(cacheDir)) if (old.startsWith('models-')) await rm(join(cacheDir, old), { force: true });
    await writeFile(aside, JSON.stringify(catalog));
    await rename(aside, join(cacheDir, name));
  } catch {
    await rm(aside, { force: true }).catch(() => undefined);
  }
}
