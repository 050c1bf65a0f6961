// Bytes that no editor keeps and no reviewer can see, written down so that both can: what a case's `make:` says, file by file.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { openDuckDb } from '../../src/warehouse/duckdb.js';

/** One stretch of a file; text is UTF-8 where nothing else is said. */
export type Piece =
  | string
  | { readonly hex: string }
  | { readonly utf16le: string }
  | { readonly utf16be: string }
  | { readonly latin1: string }
  | { readonly times: number; readonly of: Recipe }
  | { readonly gzip: Recipe }
  /** Without its last bytes. */
  | { readonly cut: number; readonly of: Recipe }
  /** Bytes written over others; a place below zero counts from the end. */
  | { readonly at: number; readonly write: string; readonly of: Recipe }
  /** The file that the engine writes of a SELECT. */
  | { readonly parquet: string };

export type Recipe = Piece | readonly Piece[];

export async function bake(recipe: Recipe): Promise<Buffer> {
  if (!isList(recipe)) return piece(recipe);
  return Buffer.concat(await Promise.all(recipe.map(async (part) => piece(part))));
}

function isList(recipe: Recipe): recipe is readonly Piece[] {
  return Array.isArray(recipe);
}

async function piece(given: Piece): Promise<Buffer> {
  if (typeof given === 'string') return Buffer.from(given);
  if ('hex' in given) return Buffer.from(given.hex.replace(/\s/g, ''), 'hex');
  if ('utf16le' in given) return Buffer.from(given.utf16le, 'utf16le');
  if ('utf16be' in given) return Buffer.from(given.utf16be, 'utf16le').swap16();
  if ('latin1' in given) return Buffer.from(given.latin1, 'latin1');
  if ('gzip' in given) return gzipSync(await bake(given.gzip));
  if ('parquet' in given) return parquet(given.parquet);
  const inner = await bake(given.of);
  if ('times' in given) return repeated(inner, given.times);
  if ('cut' in given) return inner.subarray(0, inner.length - given.cut);
  const over = Buffer.from(given.write, 'hex');
  over.copy(inner, given.at < 0 ? inner.length + given.at : given.at);
  return inner;
}

function repeated(inner: Buffer, times: number): Buffer {
  const all = Buffer.allocUnsafe(inner.length * times);
  for (let at = 0; at < times; at += 1) inner.copy(all, at * inner.length);
  return all;
}

async function parquet(select: string): Promise<Buffer> {
  const folder = await mkdtemp(path.join(tmpdir(), 'showback-recipe-'));
  try {
    await using engine = await openDuckDb({ threads: 1 });
    const file = path.join(folder, 'made.parquet');
    await engine.run(`COPY (${select}) TO '${file}' (FORMAT parquet)`);
    return await readFile(file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
