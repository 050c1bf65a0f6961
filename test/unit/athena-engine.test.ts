// What the engine on Athena asks for: a model that has no rows for sure is a table without a query.
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AthenaEngine } from '../../src/model/athena-engine.js';
import { prepareWarehouse } from '../../src/model/build.js';
import type { Catalog, Model } from '../../src/model/catalog.js';
import { NEVER } from '../../src/model/emptiness.js';
import { readTrinoMacros } from '../../src/model/trino-macros.js';
import type { ObjectStore } from '../../src/store/store.js';
import type { AthenaQueries } from '../../src/warehouse/athena-statement.js';
import { openDuckDb } from '../../src/warehouse/duckdb.js';
import type { Warehouse } from '../../src/warehouse/warehouse.js';

function model(name: string, more: Partial<Model> = {}): Model {
  const [layer = '', table = ''] = name.split('.');
  const column = { name: 'n', type: 'BIGINT', nullable: false, about: 'n' };
  const contract = {
    about: name,
    grain: ['n'],
    build: 'table' as const,
    made: 'run' as const,
    held: 'rows' as const,
    columns: [column],
    checks: [],
    examples: [],
  };
  const place = { name, layer: layer as Model['layer'], table, file: `sql/${layer}/${table}.sql` };
  return { ...place, sql: null, contract, reads: [], checkReads: [], emptyWhen: NEVER, checksEmptyWhen: [], tree: '', ...more };
}

const GIVEN = model('run.given', { contract: { ...model('run.given').contract, build: 'input' } });
const OTHER = model('run.other', { contract: { ...model('run.other').contract, build: 'input' } });
const LEDGER = { name: 'sums to the ledger', select: 'SELECT * FROM run.other', remedy: 'mend it' };
const MADE = model('staging.made', {
  sql: 'SELECT n FROM run.given',
  reads: ['run.given'],
  emptyWhen: { kind: 'table', name: 'run.given' },
  contract: { ...model('staging.made').contract, checks: [LEDGER] },
  checksEmptyWhen: [{ kind: 'table', name: 'run.other' }],
});
const NEXT = model('marts.next', {
  sql: 'SELECT n FROM staging.made',
  reads: ['staging.made'],
  emptyWhen: { kind: 'table', name: 'staging.made' },
});
const VIEW = model('staging.view', { sql: NEXT.sql, contract: { ...NEXT.contract, build: 'view' } });

let local: Warehouse;
let engine: AthenaEngine;
/** Statements in short: what each makes or asks. */
let asked: string[];
let verified: string[];

beforeEach(async () => {
  local = await openDuckDb({ threads: 1 });
  asked = [];
  verified = [];
  const catalog: Catalog = { models: [GIVEN, OTHER, MADE, NEXT, VIEW], macros: await readFile('sql/macros/duckdb.sql', 'utf8') };
  const queries = {
    execute: async ({ name, sql }: { readonly name: string; readonly sql: string }) => {
      asked.push(`${sql.startsWith('UNLOAD') ? 'unload' : 'table'} ${name.replace(/r0_| table/g, '')}`);
      return Promise.resolve({ queryId: 'q', scannedBytes: 0n, seconds: 0, attached: false });
    },
    rows: async ({ name, sql }: { readonly name: string; readonly sql: string }) => {
      asked.push(name);
      if (name.startsWith('verify')) verified.push(sql.replace(/\s+/g, ' '));
      return Promise.resolve([{ rows: '0', null_0: '0', doubled: '0', check_0: asked.includes('put run.other') ? '1' : '0' }]);
    },
  } as unknown as AthenaQueries;
  const store = {
    url: (key: string) => `s3://out/${key}`,
    putOnce: async (_key: string, file: string) => {
      asked.push(`put ${/(\w+\.\w+)\.parquet$/.exec(file)?.[1] ?? ''}`);
      return Promise.resolve();
    },
    async *list() {
      yield await Promise.resolve([]);
    },
  } as unknown as ObjectStore;
  const macros = readTrinoMacros(await readFile('sql/macros/trino.sql', 'utf8'));
  const whose = { database: 'd', pipeline: 'p', run: '0', scratchDir: tmpdir(), lanes: 1 };
  await prepareWarehouse(local, catalog);
  engine = new AthenaEngine({ queries, store, local, catalog, macros, ...whose });
  for (const input of [GIVEN, OTHER]) await engine.createEmpty(input);
  asked = [];
});

afterEach(async () => {
  await local[Symbol.asyncDispose]();
});

describe('on Athena', () => {
  it('what is made of nothing is a table, and no query; a mart of it is empty here too', async () => {
    expect([await engine.build(MADE), await engine.build(NEXT)]).toEqual([0, 0]);
    expect(asked).toEqual(['table staging_made', 'table marts_next']);
    expect(await local.rows('SELECT count(*) AS n FROM marts.next')).toEqual([{ n: '0' }]);
  });

  it('an empty table is held to a check that can find something', async () => {
    await engine.fill(OTHER, [{ n: '1' }]);
    await expect(engine.build(MADE)).rejects.toThrow('staging.made: sums to the ledger does not hold');
    expect(asked.slice(0, 3)).toEqual(['put run.other', 'table staging_made', 'verify staging.made']);
  });

  it('what has an input with rows is asked for, and what is made of its result is not, where that is none', async () => {
    await engine.fill(GIVEN, [{ n: '1' }]);
    expect([await engine.build(MADE), await engine.build(NEXT)]).toEqual([0, 0]);
    expect(asked).toEqual([
      'put run.given',
      'unload staging_made',
      'table staging_made',
      'verify staging.made',
      'table marts_next',
    ]);
  });

  it('what grows is counted anew by nothing but a part that came', async () => {
    const growing: Model = { ...MADE, contract: { ...MADE.contract, build: 'append', checks: [] }, checksEmptyWhen: [] };
    await engine.createEmpty(growing);
    await engine.build(growing);
    await engine.fill(GIVEN, [{ n: '1' }]);
    await engine.build(growing);
    await engine.createEmpty(GIVEN);
    await engine.build(growing);
    const counts = asked.filter((name) => name.startsWith('count'));
    expect(counts).toEqual([0, 1, 1].map((part) => `count  after part ${part}`));
  });

  it('the rows of a view are looked at, but for a view of events', async () => {
    await engine.build(MADE);
    asked = [];
    expect(await engine.build(VIEW)).toBe(0);
    expect(await engine.build({ ...VIEW, contract: { ...VIEW.contract, held: 'columns' } })).toBeNull();
    expect(asked).toEqual(['table staging_view view', 'verify staging.view', 'table staging_view_2 view']);
  });

  it('of a view that is held to its checks, they are asked for and its rows are not', async () => {
    const checks = [{ name: 'there are few', select: 'SELECT n FROM staging.view WHERE n > 9', remedy: 'mend it' }];
    const held: Model = { ...VIEW, contract: { ...VIEW.contract, held: 'checks', checks } };
    await engine.build(MADE);
    expect(await engine.build(held)).toBeNull();
    await engine.fill(OTHER, [{ n: '1' }]);
    await expect(engine.build(held)).rejects.toMatchObject({ problems: [{ code: 'contract/check' }] });
    expect(verified[0]).toBe(
      'SELECT (SELECT count(*) FROM (SELECT n FROM "d"."r0_staging_view" AS "view" WHERE n > 9) AS offending) AS check_0',
    );
  });

  it('inputs without rows are not looked at', async () => {
    await engine.fill(GIVEN, [{ n: '1' }]);
    expect((await engine.filled([GIVEN, OTHER])).map(({ name }) => name)).toEqual(['run.given']);
  });

  it('an input that has no rows here puts no file there', async () => {
    await engine.adopt(GIVEN);
    expect(asked).toEqual(['table run_given_2']);
    await local.run('INSERT INTO run.given VALUES (1)');
    await engine.adopt(GIVEN);
    expect(asked.slice(1)).toEqual(['table run_given_3', 'put run.given']);
  });
});
