import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Failure } from '../../src/kernel/failure.js';
import { readTrinoMacros } from '../../src/model/trino-macros.js';
import { castedSelect, MOST_QUERY_BYTES, renderTrino } from '../../src/model/trino-render.js';
import { hiveType, trinoType } from '../../src/model/trino-types.js';
import { openDuckDb } from '../../src/warehouse/duckdb.js';
import type { Warehouse } from '../../src/warehouse/warehouse.js';

const MACROS = readTrinoMacros(`
  -- a comment with a ; in it
  CREATE MACRO money_sum(x) AS sum(x) + 0;
  CREATE MACRO half(x) AS CAST(x / 2 AS DECIMAL(38,0));
  CREATE MACRO quarter(x) AS half(half(x));
  CREATE MACRO outer_half(y) AS half(y);
  CREATE MACRO size(x) AS abs(x) * sign(x);
  CREATE MACRO twice(a, b) AS a + a * b;
  CREATE MACRO month(month) AS month(month);
  CREATE MACRO shared(items, weights) AS TABLE SELECT i.k, 1 AS n FROM query_table(items) AS i JOIN query_table(weights) AS w ON w.k = i.k;
`);

let warehouse: Warehouse;
beforeAll(async () => {
  warehouse = await openDuckDb({ threads: 1 });
});
afterAll(async () => warehouse[Symbol.asyncDispose]());

async function render(sql: string, macros = MACROS): Promise<string> {
  const parsed = await warehouse.parse(sql);
  if (parsed.kind === 'error') throw new Error(parsed.message);
  return renderTrino({
    file: 'sql/marts/x.sql',
    sql,
    tree: parsed.tree,
    macros,
    tableName: (layer, table) => `"db"."r1_${layer}_${table}"`,
  });
}

async function refusal(sql: string): Promise<string> {
  const error: unknown = await render(sql).catch((caught: unknown) => caught);
  if (!(error instanceof Failure)) throw new Error(`not refused: ${String(error)}`);
  return error.message;
}

describe('tables', () => {
  it.each([
    [
      'are renamed where they stand, and keep their alias',
      'select t.a from marts.t as t',
      'select t.a from "db"."r1_marts_t" as t',
    ],
    ['get their name as an alias where they have none', 'select t.a from marts.t', 'select t.a from "db"."r1_marts_t" AS "t"'],
    [
      'are found by bytes, whatever stands before',
      "select 'é😀' as s, a.x from marts.a join marts.b as b on a.x = b.x",
      `select 'é😀' as s, a.x from "db"."r1_marts_a" AS "a" join "db"."r1_marts_b" as b on a.x = b.x`,
    ],
    ['may be quoted', 'select u.a from "marts"."t" u', 'select u.a from "db"."r1_marts_t" u'],
    [
      'are no CTEs, and no names in strings, comments or quotes',
      `with t as (select a from marts.t /* marts.t */) select "marts.t" from (select 'marts.t' as "marts.t" from t) as q -- marts.t`,
      `with t as (select a from "db"."r1_marts_t" AS "t" /* marts.t */) select "marts.t" from (select 'marts.t' as "marts.t" from t) as q`,
    ],
    [
      'in subqueries too',
      'select a from marts.t where a in (select b from marts.u)',
      'select a from "db"."r1_marts_t" AS "t" where a in (select b from "db"."r1_marts_u" AS "u")',
    ],
  ])('%s', async (_what, sql, expected) => {
    expect(await render(sql)).toBe(expected);
  });

  it('are refused where a column is qualified by the full name', async () => {
    expect(await refusal('select 1,\n  marts.t.a from marts.t')).toMatch(
      /^sql\/marts\/x\.sql:2:3: marts\.t: .*\[model\/trino-table\]/,
    );
  });

  it('are refused without a layer', async () => {
    expect(await refusal('select a from t')).toContain('x.sql:1:15: t: a table name that cannot be replaced');
  });
});

describe('macros', () => {
  it.each([
    [
      'stand in parentheses where they need them',
      'select -money_sum(a) as s from marts.t as t',
      'select -(sum(a) + 0) as s from "db"."r1_marts_t" as t',
    ],
    [
      'and without where they are one call',
      'select half(a) as s from marts.t as t',
      'select CAST(a / 2 AS DECIMAL(38,0)) as s from "db"."r1_marts_t" as t',
    ],
    [
      'take an argument of several words in parentheses',
      'select half(a - b) from marts.t as t',
      'select CAST((a - b) / 2 AS DECIMAL(38,0)) from "db"."r1_marts_t" as t',
    ],
    [
      'take a sign as several words',
      'select half(-a) from marts.t as t',
      'select CAST((-a) / 2 AS DECIMAL(38,0)) from "db"."r1_marts_t" as t',
    ],
    [
      'take qualified names, calls and parentheses as they are',
      'select half(t.a), half(abs(a)), half((a)) from marts.t as t',
      'select CAST(t.a / 2 AS DECIMAL(38,0)), CAST(abs(a) / 2 AS DECIMAL(38,0)), CAST((a) / 2 AS DECIMAL(38,0)) from "db"."r1_marts_t" as t',
    ],
    [
      'nest, in bodies and in arguments',
      'select quarter(half(a)) from marts.t as t',
      'select CAST(CAST(CAST(a / 2 AS DECIMAL(38,0)) / 2 AS DECIMAL(38,0)) / 2 AS DECIMAL(38,0)) from "db"."r1_marts_t" as t',
    ],
    [
      'part arguments at their own commas only',
      'select twice(coalesce(a, 1), ARRAY[1, 2]) from marts.t as t',
      'select (coalesce(a, 1) + coalesce(a, 1) * (ARRAY[1, 2])) from "db"."r1_marts_t" as t',
    ],
    [
      'leave parentheses out between commas and parentheses',
      'select coalesce(size(a), size(-b), half(size(a - b) + 1)) from marts.t as t',
      'select coalesce(abs(a) * sign(a), abs(-b) * sign(-b), CAST(((abs(a - b) * sign(a - b)) + 1) / 2 AS DECIMAL(38,0))) from "db"."r1_marts_t" as t',
    ],
    [
      'keep them around an argument that is handed on, and around a macro that is an argument',
      'select outer_half(a - b), half(size(a)) from marts.t as t',
      'select CAST((a - b) / 2 AS DECIMAL(38,0)), CAST((abs(a) * sign(a)) / 2 AS DECIMAL(38,0)) from "db"."r1_marts_t" as t',
    ],
    [
      'know their names in any case',
      'select HALF ( a ) from marts.t as t',
      'select CAST(a / 2 AS DECIMAL(38,0)) from "db"."r1_marts_t" as t',
    ],
    [
      'drop a comment behind an argument, which would end the line',
      'select half(a -- the whole\n) from marts.t as t',
      'select CAST(a / 2 AS DECIMAL(38,0)) from "db"."r1_marts_t" as t',
    ],
    [
      'take the parameter for no part of a name',
      "select twice(t.b, 'a') from marts.t as t",
      `select (t.b + t.b * 'a') from "db"."r1_marts_t" as t`,
    ],
    [
      'of relations name tables in texts, and CTEs as they are',
      "with w as (select k from marts.t) select n from shared('marts.i', 'w') as s",
      'with w as (select k from "db"."r1_marts_t" AS "t") select n from (SELECT i.k, 1 AS n FROM "db"."r1_marts_i" AS i JOIN "w" AS w ON w.k = i.k) as s',
    ],
  ])('%s', async (_what, sql, expected) => {
    expect(await render(sql)).toBe(expected);
  });

  it.each([
    [
      'a wrong number of arguments',
      'select 1 as b,\n half(a, 1) from marts.t as t',
      'sql/marts/x.sql:2:2: half is called otherwise than half(x) [model/trino-macro]',
    ],
    [
      'a relation of something else than a text',
      'select n from shared(marts.i, 1) as s',
      'shared is called otherwise than shared(items, weights)',
    ],
    ['a macro that calls itself', 'select month(d) from marts.t as t', 'sql/macros/trino.sql:9:32: month calls itself'],
  ])('refuse %s', async (_what, sql, message) => {
    expect(await refusal(sql)).toContain(message);
  });
});

describe('what only DuckDB has', () => {
  it.each([
    [
      'a type',
      'select 1 as b,\n  cast(a as HUGEINT) as a from marts.t as t',
      'sql/marts/x.sql:2:13: HUGEINT: Trino has no such type [model/trino-construct]',
    ],
    ['an unsigned type', 'select cast(a as ubigint) as a from marts.t as t', 'x.sql:1:18: UBIGINT'],
    ['an operator', 'select a // b as c from marts.t as t', 'x.sql:1:10: `//`: Trino has it not'],
    ['a cast by colons', 'select a::bigint as c from marts.t as t', 'x.sql:1:9: `::`'],
    [
      'a timestamp without its precision',
      'select cast(a as timestamp) as a from marts.t as t',
      'x.sql:1:18: TIMESTAMP without its precision',
    ],
    [
      'a macro that Trino has not',
      'select a,\n epoch_of(a) as e from marts.t as t',
      'sql/marts/x.sql:2:2: epoch_of: neither a function of both engines nor a macro of sql/macros/trino.sql [model/trino-macro]',
    ],
    ['a string with a prefix', "select e'x' as e from marts.t as t", 'x.sql:1:8: e…: a string that Trino reads otherwise'],
  ])('%s is refused at its place', async (_what, sql, message) => {
    expect(await refusal(sql)).toContain(message);
  });

  it('is told all at once', async () => {
    expect((await refusal('select cast(a as hugeint) // nope(b) as c from marts.t as t')).match(/\[model\//g)).toHaveLength(3);
  });

  it('is fine in quotes, strings and comments, and literals have their precision in them', async () => {
    const sql = `select "hugeint", 'a // b' as s, timestamp '2026-01-01 00:00:00' as d /* HUGEINT */ from (values (1)) as v("hugeint")`;
    expect(await render(sql)).toBe(sql);
  });
});

describe('size', () => {
  const contract = { columns: [{ name: 'a', type: 'VARCHAR', nullable: true, about: '' }] };

  it('grows with what is repeated, and is refused above what Athena takes', async () => {
    const doubled = readTrinoMacros('CREATE MACRO d(x) AS x || x;');
    const nested = `select ${'d('.repeat(17)}'ab'${')'.repeat(17)} as a`;
    const error = await render(nested, doubled).catch((caught: unknown) => String(caught));
    expect(error).toMatch(
      /sql\/marts\/x\.sql: \d{7} bytes once its macros are written out: Athena takes 262144 \[model\/trino-too-long\]/,
    );
  });

  it('leaves room for what is written around a select', () => {
    const longest = `SELECT '${'x'.repeat(MOST_QUERY_BYTES - 100)}' AS a`;
    expect(() => castedSelect({ file: 'sql/marts/x.sql', contract }, longest)).toThrow('model/trino-too-long');
  });

  it('is counted in bytes', () => {
    const text = `SELECT '${'é'.repeat(MOST_QUERY_BYTES / 2)}' AS a`;
    expect(text.length).toBeLessThan(MOST_QUERY_BYTES);
    expect(() => castedSelect({ file: 'sql/marts/x.sql', contract }, text)).toThrow('model/trino-too-long');
  });
});

describe('types', () => {
  it('casts the columns of the contract, in its order', () => {
    const columns = ['id VARCHAR', 'n UBIGINT', 'at TIMESTAMP', 'amount DECIMAL(38,12)'].map((told) => {
      const [name = '', type = ''] = told.split(' ');
      return { name, type, nullable: false, about: '' };
    });
    expect(castedSelect({ file: 'sql/marts/x.sql', contract: { columns } }, 'SELECT 1')).toBe(
      'SELECT CAST("id" AS VARCHAR) AS "id", CAST("n" AS DECIMAL(20,0)) AS "n", CAST("at" AS TIMESTAMP(6)) AS "at", ' +
        'CAST("amount" AS DECIMAL(38,12)) AS "amount" FROM (\nSELECT 1\n) AS built',
    );
  });

  it.each([
    ['VARCHAR', 'VARCHAR', 'string'],
    ['BIGINT', 'BIGINT', 'bigint'],
    ['INTEGER', 'INTEGER', 'int'],
    ['BOOLEAN', 'BOOLEAN', 'boolean'],
    ['DATE', 'DATE', 'date'],
    ['TIMESTAMP', 'TIMESTAMP(6)', 'timestamp'],
    ['DECIMAL(26,6)', 'DECIMAL(26,6)', 'decimal(26,6)'],
    ['decimal(9, 6)', 'DECIMAL(9,6)', 'decimal(9,6)'],
    ['UBIGINT', 'DECIMAL(20,0)', 'decimal(20,0)'],
    ['HUGEINT', 'DECIMAL(38,0)', 'decimal(38,0)'],
  ])('%s is %s in a query and %s in a table', (type, trino, hive) => {
    expect([trinoType(type), hiveType(type)]).toEqual([trino, hive]);
  });

  it.each(['DOUBLE', 'TIMESTAMPTZ', 'VARCHAR(3)', 'DECIMAL'])('%s is refused', (type) => {
    expect(() => trinoType(type)).toThrow(`${type}: Athena has no such type`);
    expect(() => hiveType(type)).toThrow('model/trino-type');
  });
});
