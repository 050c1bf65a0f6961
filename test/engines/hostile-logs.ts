// The logs of fixtures/errors/readers/usage-jsonl that DuckDB reads in whole or in part.
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { parseDocument } from 'yaml';
import { Failure } from '../../src/kernel/failure.js';
import { casesOf, ROOT } from '../hostile/cases.js';
import { bake, type Recipe } from '../hostile/recipe.js';
import { duckReading, type Files } from './both-readers.js';

/** Told apart elsewhere in this folder: a CR alone, and nesting that no log has. */
const PARTED = new Set(['mixed-line-ends', 'deep-nesting']);

export async function hostileFiles(): Promise<Files> {
  const all: Record<string, Uint8Array> = {};
  for (const name of await casesOf('usage-jsonl')) {
    if (PARTED.has(name)) continue;
    const files = Object.fromEntries([...(await filesOf(name))].map(([file, body]) => [`${name}/${path.basename(file)}`, body]));
    const isRead = await duckReading(files).then(
      () => true,
      (error: unknown) => {
        if (error instanceof Failure) return false;
        throw error;
      },
    );
    if (isRead) Object.assign(all, files);
  }
  return all;
}

async function filesOf(name: string): Promise<ReadonlyMap<string, Uint8Array>> {
  const folder = path.join(ROOT, 'usage-jsonl', name);
  const given = parseDocument(await readFile(path.join(folder, 'case.yaml'), 'utf8')).toJS() as { make?: Record<string, Recipe> };
  const files = new Map<string, Uint8Array>();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath, entry.name);
    if (entry.isFile() && entry.name !== 'case.yaml') files.set(path.relative(folder, file), await readFile(file));
  }
  for (const [file, recipe] of Object.entries(given.make ?? {})) files.set(file, await bake(recipe));
  return files;
}
