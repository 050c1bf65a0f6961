// Random companies through every model, on DuckDB and through the client of Athena: the marts are the same, byte for byte.
// `ENGINES=every` has more of them; ENGINES_SEED has others.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AthenaEngine } from '../../src/model/athena-engine.js';
import { type Catalog, readCatalog } from '../../src/model/catalog.js';
import { duckDbEngine } from '../../src/model/engine.js';
import { openStore } from '../../src/store/s3.js';
import { openAthena } from '../../src/warehouse/athena-queries.js';
import { openDuckDb } from '../../src/warehouse/duckdb.js';
import { type RandomCompany, randomCompany } from '../property/random-company.js';
import { type Front, startAthenaFront } from './athena-front.js';
import { macros } from './inline.js';
import { buildCompany, filesOf } from './random-build.js';
import { database, engines } from './started.js';

const COMPANIES = process.env['ENGINES'] === 'every' ? 5 : 1;
const SEED = Number(process.env['ENGINES_SEED'] ?? 20_261_127);
const SLOW = 1_200_000;

const seeds = fc.sample(fc.integer({ min: 1, max: 1_000_000 }), { numRuns: COMPANIES, seed: SEED });
const alike = { companies: 0, files: 0, of: 0 };

let front: Front;
let folder: string;

beforeAll(async () => {
  front = await startAthenaFront(engines());
  folder = await mkdtemp(join(tmpdir(), 'showback-random-'));
});
afterAll(async () => {
  await front.stop();
  await rm(folder, { recursive: true, force: true });
  const { companies, files, of } = alike;
  process.stdout.write(`random companies on DuckDB and Athena: ${companies} of ${seeds.length}, ${files} of ${of} files alike\n`);
});

type Files = ReadonlyMap<string, string>;

async function scratch(name: string): Promise<string> {
  const made = join(folder, name);
  await mkdir(made, { recursive: true });
  return made;
}

async function onDuckDb(company: RandomCompany, name: string): Promise<Files> {
  await using warehouse = await openDuckDb({ threads: 1 });
  const catalog = await readCatalog('sql', warehouse);
  await buildCompany(duckDbEngine(warehouse, 1), catalog, company);
  return await filesOf(warehouse, catalog, await scratch(`${name}_here`));
}

async function onAthena(company: RandomCompany, name: string): Promise<Files> {
  const { bucket, s3Endpoint, accessKey, secretKey, region } = engines();
  const own = await database(name);
  const credentials = { accessKeyId: accessKey, secretAccessKey: secretKey };
  const store = openStore({ bucket, prefix: name, region, endpoint: s3Endpoint, pathStyle: true, credentials });
  await using local = await openDuckDb({ threads: 1 });
  const catalog: Catalog = await readCatalog('sql', local);
  await using queries = await openAthena({
    ...{ workgroup: 'showback', database: name, region, endpoint: front.url, credentials, output: own.location },
    ...{ tokenDir: await scratch(`${name}_tokens`), runId: name, budgetBytes: null, deadlineSeconds: 600, concurrency: 4 },
  });
  await queries.preflight();
  const place = { database: name, pipeline: 'random', run: '0123456789abcdef', scratchDir: await scratch(`${name}_files`) };
  const engine = new AthenaEngine({ queries, store, local, catalog, macros, lanes: 4, ...place });
  await buildCompany(engine, catalog, company);
  store.close();
  return await filesOf(local, catalog, await scratch(`${name}_there`));
}

describe('a random company', () => {
  it.each(seeds)('of seed %i has the same marts on both engines', { timeout: SLOW }, async (seed) => {
    const company = randomCompany(seed);
    const expected = await onDuckDb(company, `random_${seed}`);
    const found = await onAthena(company, `random_${seed}`);
    const other = [...expected].filter(([name, text]) => found.get(name) !== text).map(([name]) => name);
    alike.of += expected.size;
    alike.files += expected.size - other.length;
    expect([...found.keys()]).toEqual([...expected.keys()]);
    expect(other).toEqual([]);
    expect([...expected.values()].some((text) => text.split('\n').length > 20)).toBe(true);
    alike.companies += 1;
  });
});
