import { appendFile, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cachedCatalog, shipCatalog } from '../../src/model/catalog-cache.js';
import { LAYERS, readCatalog } from '../../src/model/catalog.js';
import { openDuckDb } from '../../src/warehouse/duckdb.js';
import type { Warehouse } from '../../src/warehouse/warehouse.js';

let dir: string;
let sql: string;
let engine: Warehouse;
let parsed = 0;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'showback-catalog-'));
  sql = join(dir, 'sql');
  // Two layers are enough; the others are there, and empty.
  for (const layer of LAYERS) await mkdir(join(sql, layer), { recursive: true });
  for (const layer of ['run', 'raw', 'staging', 'macros']) await cp(join('sql', layer), join(sql, layer), { recursive: true });
  const real = await openDuckDb({ threads: 1 });
  engine = Object.assign(Object.create(real) as Warehouse, {
    rows: async (text: string) => real.rows(text),
    parse: async (text: string) => {
      parsed++;
      return real.parse(text);
    },
    [Symbol.asyncDispose]: async () => real[Symbol.asyncDispose](),
  });
});

afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  await rm(dir, { recursive: true });
});

describe('the kept models', () => {
  const cache = (): string => join(dir, 'cache');
  const shipped = (): string => join(dir, 'shipped');
  const places = () => ({ sqlDir: sql, shippedDir: shipped(), cacheDir: cache() });
  const read = async (program = '1'): Promise<number> => {
    const before = parsed;
    expect(await cachedCatalog(places(), engine, program)).toEqual(await freshly());
    return parsed - before;
  };
  const freshly = async (): Promise<unknown> => {
    await using other = await openDuckDb({ threads: 1 });
    return await readCatalog(sql, other);
  };

  it('are what reading them again would give, without parsing', async () => {
    expect(await read()).toBeGreaterThan(10);
    expect(await read()).toBe(0);
  });

  it('are read again when a byte of a model, or the program, is another, and one copy stays', async () => {
    await appendFile(join(sql, 'staging', 'used_model.sql'), '-- another word\n');
    expect(await read()).toBeGreaterThan(10);
    expect(await read('2')).toBeGreaterThan(10);
    expect(await readdir(cache())).toHaveLength(1);
  });

  it('are read again when the copy is cut', async () => {
    const [name = ''] = await readdir(cache());
    const text = await readFile(join(cache(), name), 'utf8');
    await writeFile(join(cache(), name), text.slice(0, 1000));
    expect(await read('2')).toBeGreaterThan(10);
    expect(await read('2')).toBe(0);
  });

  it('are read from the shipped copy first, which is made anew with the models', async () => {
    await rm(cache(), { recursive: true });
    await shipCatalog(places(), engine, '3');
    expect(await read('3')).toBe(0);
    await appendFile(join(sql, 'staging', 'used_model.sql'), '-- and another\n');
    expect(await read('3')).toBeGreaterThan(10);
    await shipCatalog(places(), engine, '3');
    expect(await readdir(shipped())).toHaveLength(1);
  });

  it('are not kept where nothing may be written', async () => {
    await rm(cache(), { recursive: true, force: true });
    await cachedCatalog({ ...places(), cacheDir: null }, engine, '4');
    expect(await readdir(dir)).not.toContain('cache');
  });
});
