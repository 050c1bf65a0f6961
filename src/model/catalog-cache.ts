// The models as they were parsed once: reading them again is a second, and most of what a run without news would do. The build makes a
// copy beside the program; whoever edits a model gets one beside the state. A copy is named after every byte that it was made of, so an
// edited model, or code that reads models otherwise, never meets an old one.
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Warehouse } from '../warehouse/warehouse.js';
import { type Catalog, readCatalog } from './catalog.js';

export interface CatalogPlaces {
  readonly sqlDir: string;
  /** Beside the program: read, never written. */
  readonly shippedDir: string;
  /** Beside the state; null where nothing may be written. */
  readonly cacheDir: string | null;
}

/** What `readCatalog` gives, from a copy where there is one. `program` is part of its name: another engine may parse otherwise. */
export async function cachedCatalog(places: CatalogPlaces, warehouse: Warehouse, program: string): Promise<Catalog> {
  const name = await copyName(places.sqlDir, program);
  for (const dir of [places.shippedDir, places.cacheDir]) {
    const kept = dir === null ? null : await readKept(join(dir, name));
    if (kept !== null) return kept;
  }
  const catalog = await readCatalog(places.sqlDir, warehouse);
  // That it cannot be written is no reason to stop: the disk will say so where it matters.
  if (places.cacheDir !== null) await keep(catalog, places.cacheDir, name).catch(() => undefined);
  return catalog;
}

/** Writes the copy that is shipped, in place of older ones. */
export async function shipCatalog(
  { sqlDir, shippedDir }: Omit<CatalogPlaces, 'cacheDir'>,
  warehouse: Warehouse,
  program: string,
): Promise<void> {
  await keep(await readCatalog(sqlDir, warehouse), shippedDir, await copyName(sqlDir, program));
}

async function copyName(sqlDir: string, program: string): Promise<string> {
  return `models-${await hashOf(program, [sqlDir, import.meta.dirname])}.json`;
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

/** One copy is enough. */
async function keep(catalog: Catalog, dir: string, name: string): Promise<void> {
  const aside = join(dir, `${name}.new`);
  try {
    await mkdir(dir, { recursive: true });
    for (const old of await readdir(dir)) if (old.startsWith('models-')) await rm(join(dir, old), { force: true });
    await writeFile(aside, JSON.stringify(catalog));
    await rename(aside, join(dir, name));
  } catch (error) {
    await rm(aside, { force: true }).catch(() => undefined);
    throw error;
  }
}
