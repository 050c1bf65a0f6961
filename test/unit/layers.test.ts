import { afterAll, beforeAll, expect, it } from 'vitest';
import { checkArrows, type LayeredModel } from '../../src/model/layers.js';
import { macrosOf } from '../../src/model/lint.js';
import { tablesRead } from '../../src/model/tables.js';
import { openDuckDb } from '../../src/warehouse/duckdb.js';
import type { Warehouse } from '../../src/warehouse/warehouse.js';

const MACROS = macrosOf('CREATE MACRO apportion(items, weights) AS TABLE SELECT 1');

let warehouse: Warehouse;
beforeAll(async () => {
  warehouse = await openDuckDb({ threads: 1 });
});
afterAll(async () => warehouse[Symbol.asyncDispose]());

async function model(table: string, text: string): Promise<LayeredModel> {
  const [layer = '', name = ''] = table.split('.');
  return { file: `sql/${layer}/${name}.sql`, layer, name, text, parsed: await warehouse.parse(text) };
}

async function reads(text: string): Promise<readonly string[]> {
  const { parsed } = await model('marts.x', text);
  if (parsed.kind === 'error') throw new Error(parsed.message);
  return tablesRead(parsed.tree, MACROS).map(({ schema, table, at }) => `${schema}.${table}@${at}`);
}

it.each([
  ['a later layer', 'staging.a', 'select b from rating.b', 'sql/layer', '1:15'],
  ['a mart below the marts', 'reconciliation.a', 'select b from marts.b', 'sql/layer', '1:15'],
  ['raw from rating', 'rating.a', 'select b from raw.b', 'sql/layer', '1:15'],
  ['a later layer in a CTE', 'staging.a', 'with c as (select b\nfrom marts.b) select b from c', 'sql/layer', '2:6'],
  [
    'a later layer in a subquery',
    'rating.a',
    'select b from staging.b where b in (select c from allocation.c)',
    'sql/layer',
    '1:51',
  ],
  [
    'a later layer in a macro',
    'rating.a',
    "select 'é' as t, part from apportion('allocation.item', 'marts.w')",
    'sql/layer',
    '1:38',
  ],
  ['a layer that is none', 'rating.a', 'select b from temp.b', 'sql/layer', '1:15'],
  ['a table without a layer', 'rating.a', 'select b from b', 'sql/unknown-table', '1:15'],
  ['itself', 'rating.a', 'select b from rating.a', 'sql/self-read', '1:15'],
])('catches a model that reads %s', async (_what, table, text, code, place) => {
  const problems = checkArrows([await model(table, text)], MACROS);
  expect(problems[0]).toMatchObject({ code, place: { file: `sql/${table.replace('.', '/')}.sql` } });
  expect(`${problems[0]?.place?.line}:${problems[0]?.place?.column}`).toBe(place);
});

it('catches a folder that is no layer', async () => {
  expect(checkArrows([await model('intermediate.a', 'select 1 as a')], MACROS).map(({ code }) => code)).toEqual([
    'sql/unknown-layer',
  ]);
});

it('reports all breaches of all models at once', async () => {
  const models = [await model('staging.a', 'select a from marts.x, rating.y'), await model('rating.b', 'select b from raw.z')];
  expect(checkArrows(models, MACROS)).toHaveLength(3);
});

it.each([
  ['staging.a', 'select a from raw.b cross join run.period cross join staging.c'],
  ['rating.a', 'select a from staging.b cross join rating.c cross join run.price'],
  ['allocation.a', "select part from apportion('allocation.item', 'rating.weight')"],
  ['reconciliation.a', 'select a from raw.b union all select a from allocation.c'],
  ['marts.a', 'select a from raw.b cross join reconciliation.c cross join marts.d'],
  ['raw.a', 'select a from raw.lake'],
])('lets %s read what the arrows allow: %s', async (table, text) => {
  expect(checkArrows([await model(table, text)], MACROS)).toEqual([]);
});

it('scopes the names of CTEs', async () => {
  expect(await reads('with b as (select 1 as x) select x from b')).toEqual([]);
  expect(await reads('with b as (select x from b) select x from b')).toEqual(['.b@25']);
  expect(await reads('with recursive b as (select 1 as x union all select x from b) select x from b')).toEqual([]);
  expect(await reads('with b as (select x from c), c as (select x from b) select x from c')).toEqual(['.c@25']);
  expect(await reads('select x from (with b as (select 1 as x) select x from b) union all select x from b')).toEqual(['.b@82']);
  expect(await reads('with b as (select 1 as x) select x from a.b')).toEqual(['a.b@40']);
  expect(await reads('with B as (select 1 as x) select x from b')).toEqual([]);
});

it('counts what a relation macro is told to read, CTEs aside', async () => {
  expect(await reads("with w as (select 1 as x) select x from apportion('a.item', 'w')")).toEqual(['a.item@50']);
  expect(await reads("select x from unnest(array['a.b']) as u(x)")).toEqual([]);
});
