import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { trinoGrammar } from '../../.ci/trino-grammar.mjs';
import { describeProblem } from '../../src/kernel/failure.js';
import { readCatalog } from '../../src/model/catalog.js';
import { macroDifferences, readTrinoMacros } from '../../src/model/trino-macros.js';
import { castedSelect, MOST_QUERY_BYTES, renderTrino } from '../../src/model/trino-render.js';
import { openDuckDb } from '../../src/warehouse/duckdb.js';

const duckDb = readFileSync('sql/macros/duckdb.sql', 'utf8');
const trino = readFileSync('sql/macros/trino.sql', 'utf8');
const differences = (changed: string) => macroDifferences(duckDb, readTrinoMacros(changed)).map((one) => describeProblem(one));

describe('the two files of macros', () => {
  it('define the same names with the same parameters', () => {
    expect(readTrinoMacros(trino).byName.size).toBeGreaterThan(30);
    expect(differences(trino)).toEqual([]);
  });

  it.each([
    [
      'a macro that one lacks',
      (text: string) => text.replace(/CREATE MACRO day_of.*\n/, ''),
      'sql/macros/trino.sql:1:1: day_of(ts) is missing here',
    ],
    [
      'a macro that one has alone',
      (text: string) => `${text}CREATE MACRO mine(a) AS a;`,
      'sql/macros/duckdb.sql:1:1: mine(a) is missing here',
    ],
    [
      'another number of parameters',
      (text: string) => text.replace('day_of(ts)', 'day_of(ts, zone)'),
      'day_of(ts, zone) is day_of(ts) in sql/macros/duckdb.sql',
    ],
    [
      'another name of a parameter',
      (text: string) => text.replace('day_of(ts)', 'day_of(moment)'),
      'day_of(moment) is day_of(ts)',
    ],
    [
      'a relation that is none',
      (text: string) => text.replace('apportion(items, weights) AS TABLE', 'apportion(items, weights) AS'),
      'apportion(items, weights) is apportion(items, weights) AS TABLE',
    ],
  ])('are held to each other: %s', (_what, plant, message) => {
    expect(plant(trino)).not.toBe(trino);
    expect(differences(plant(trino)).join('\n')).toContain(message);
  });

  it.each([
    ['what defines nothing', 'CREATE MACRO a(x) AS x;\nSELECT 1;', 'sql/macros/trino.sql:2:1: is no CREATE MACRO'],
    ['an empty body', 'CREATE MACRO a(x) AS ;', 'is no CREATE MACRO'],
    ['a name defined twice', 'CREATE MACRO a(x) AS x; CREATE MACRO A(y) AS y;', 'sql/macros/trino.sql:1:25: a is defined twice'],
  ])('refuses %s', (_what, text, message) => {
    expect(() => readTrinoMacros(text)).toThrow(message);
  });
});

describe('the models', () => {
  it('are rendered, checks too, and none is near what Athena takes', async () => {
    await using warehouse = await openDuckDb({ threads: 1 });
    const { models } = await readCatalog('sql', warehouse);
    const macros = readTrinoMacros(trino);
    const render = async (file: string, sql: string): Promise<string> => {
      const parsed = await warehouse.parse(sql);
      if (parsed.kind === 'error') throw new Error(`${file}: ${parsed.message}`);
      return renderTrino({
        file,
        sql,
        tree: parsed.tree,
        macros,
        tableName: (layer, table) => `"showback"."r1_${layer}_${table}"`,
      });
    };
    const sizes: number[] = [];
    for (const model of models) {
      if (model.sql !== null) sizes.push(castedSelect(model, await render(model.file, model.sql)).length);
      for (const { select } of model.contract.checks) sizes.push((await render(model.file, select)).length);
    }
    expect(sizes.length).toBeGreaterThan(90);
    expect(Math.max(...sizes)).toBeLessThan(MOST_QUERY_BYTES / 10);
  });
});

// `make sql` asks it of every model and check.
describe('the grammar of Trino', () => {
  it('tells the place of what it refuses, and nothing of what it reads', { timeout: 60_000 }, async () => {
    const mistakes = await trinoGrammar();
    const refused = ['a // b', 'a::bigint', 'a ILIKE b', 'CAST(a AS'].map(
      (planted) => mistakes(`SELECT 1,\n  ${planted} FROM t`)[0],
    );
    expect(refused.map((mistake) => mistake?.line)).toEqual([2, 2, 2, 2]);
    const read = 'SELECT sum(a) OVER (ORDER BY b) FROM (WITH x AS (SELECT 1 AS a, 2 AS b) SELECT a, b FROM x) AS y';
    expect(mistakes(read)).toEqual([]);
  });
});
