// What the pinned engine answers where the arithmetic relies on it, or must keep away from it. When an upgrade changes
// a line here, what builds on that line is to be looked at again before the line is.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDuckDb } from '../src/warehouse/duckdb.js';
import { EngineError, type Warehouse } from '../src/warehouse/warehouse.js';

let warehouse: Warehouse;
beforeAll(async () => {
  warehouse = await openDuckDb({ threads: 2 });
});
afterAll(async () => warehouse[Symbol.asyncDispose]());

async function answer(expression: string): Promise<string> {
  const select = /^\s*(select|from|with)\b/i.test(expression) ? expression : `SELECT ${expression} AS x`;
  const [row] = await warehouse.rows(`SELECT CAST(x AS VARCHAR) || ' ' || typeof(x) AS x FROM (${select}) AS t(x)`);
  return row?.['x'] ?? 'null';
}

async function refusal(sql: string): Promise<string> {
  const error: unknown = await warehouse.rows(sql).catch((caught: unknown) => caught);
  return error instanceof EngineError ? error.exceptionType : `no error: ${JSON.stringify(error)}`;
}

it('is the engine that the facts are of', async () => {
  expect(await warehouse.rows('SELECT version() AS version')).toEqual([{ version: 'v1.5.6' }]);
});

describe('division leaves exact numbers', () => {
  it.each([
    ["CAST('10' AS DECIMAL(38,12)) / CAST('3' AS DECIMAL(38,12))", '3.3333333333333335 DOUBLE'],
    ["CAST('7.5' AS DECIMAL(3,1)) // CAST('2.0' AS DECIMAL(3,1))", '3.75 DOUBLE'],
    ['7 / 2', '3.5 DOUBLE'],
    ['7 // 2', '3 INTEGER'],
    ['-7 // 2', '-3 INTEGER'],
    ['-7 % 2', '-1 INTEGER'],
    [
      'CAST(170141183460469231731687303715884105727 AS HUGEINT) // CAST(3 AS HUGEINT)',
      '56713727820156410577229101238628035242 HUGEINT',
    ],
    ["CAST('10' AS DECIMAL(38,0)) % CAST('4' AS DECIMAL(38,0))", '2 DECIMAL(38,0)'],
    ['SELECT avg(x) FROM (VALUES (CAST(1 AS DECIMAL(38,12))), (CAST(2 AS DECIMAL(38,12)))) AS t(x)', '1.5 DOUBLE'],
    ["round_even(CAST('2.5' AS DECIMAL(38,12)), 0)", '2.0 DOUBLE'],
  ])('%s', async (expression, expected) => {
    expect(await answer(expression)).toBe(expected);
  });

  it('by zero is null, not infinity', async () => {
    expect(await answer('1 / 0')).toBe('null');
    expect(await answer('1 // 0')).toBe('null');
  });
});

describe('decimals', () => {
  it.each([
    ["CAST('1.5' AS DECIMAL(38,12)) * CAST('2.5' AS DECIMAL(38,12))", '3.750000000000000000000000 DECIMAL(38,24)'],
    ["CAST('1.25' AS DECIMAL(26,6)) * CAST('2' AS DECIMAL(12,0))", '2.500000 DECIMAL(38,6)'],
    ["CAST('1.5' AS DECIMAL(38,12)) + CAST('1.25' AS DECIMAL(38,6))", '2.750000000000 DECIMAL(38,12)'],
    ["CAST('1.0000000000005' AS DECIMAL(38,12))", '1.000000000001 DECIMAL(38,12)'],
    ["CAST('-1.0000000000005' AS DECIMAL(38,12))", '-1.000000000001 DECIMAL(38,12)'],
    ["CAST(CAST('2.5' AS DECIMAL(10,1)) AS BIGINT)", '3 BIGINT'],
    ['CAST(2.5e0 AS BIGINT)', '2 BIGINT'],
    ["round(CAST('2.345' AS DECIMAL(38,12)), 2)", '2.35 DECIMAL(38,2)'],
    ["floor(CAST('-2.7' AS DECIMAL(38,12)))", '-3 DECIMAL(38,0)'],
    ['1.5', '1.5 DECIMAL(2,1)'],
    ["CAST('1.5' AS DECIMAL)", '1.500 DECIMAL(18,3)'],
    ["TRY_CAST('1e3' AS DECIMAL(38,12))", '1000.000000000000 DECIMAL(38,12)'],
    ["TRY_CAST(' 12.5 ' AS DECIMAL(38,12))", '12.500000000000 DECIMAL(38,12)'],
    ["TRY_CAST('7.6' AS BIGINT)", '8 BIGINT'],
  ])('%s', async (expression, expected) => {
    expect(await answer(expression)).toBe(expected);
  });

  it.each([
    [
      'a product beyond 38 digits',
      "SELECT CAST('1000000000' AS DECIMAL(38,12)) * CAST('1000000000' AS DECIMAL(38,12)) AS x",
      'Out of Range',
    ],
    [
      'an addition beyond 38 digits',
      "SELECT CAST('99999999999999999999999999.999999999999' AS DECIMAL(38,12)) + CAST('0.000000000001' AS DECIMAL(38,12)) AS x",
      'Out of Range',
    ],
    ['a scale beyond 38', "SELECT CAST('1' AS DECIMAL(38,24)) * CAST('1' AS DECIMAL(38,24)) AS x", 'Out of Range'],
    ['text that is no number', "SELECT CAST('abc' AS DECIMAL(38,12)) AS x", 'Conversion'],
  ])('refuses %s', async (_what, sql, kind) => {
    expect(await refusal(sql)).toBe(kind);
  });
});

describe('sums', () => {
  const LARGEST = "CAST('99999999999999999999999999.999999999999' AS DECIMAL(38,12))";
  const SUM = `sum(x) FROM (VALUES (${LARGEST}), (CAST('0.000000000001' AS DECIMAL(38,12)))) AS t(x)`;

  it('have types of their own', async () => {
    expect(await answer('SELECT sum(x) FROM (VALUES (CAST(1 AS INTEGER))) AS t(x)')).toBe('1 HUGEINT');
    expect(await answer('SELECT sum(x) FROM (VALUES (CAST(1 AS BIGINT))) AS t(x)')).toBe('1 HUGEINT');
    expect(await answer("SELECT sum(x) FROM (VALUES (CAST('1' AS DECIMAL(18,6)))) AS t(x)")).toBe('1.000000 DECIMAL(38,6)');
    expect(await answer('SELECT sum(x) FROM (VALUES (1)) AS t(x) WHERE x > 5')).toBe('null');
  });

  it('let a 39th digit pass, unless zero is added', async () => {
    expect(await answer(`SELECT ${SUM}`)).toBe('100000000000000000000000000.000000000000 DECIMAL(38,12)');
    expect(await refusal(`SELECT ${SUM.replace('sum(x)', 'sum(x) + CAST(0 AS DECIMAL(38,12)) AS x')}`)).toBe('Out of Range');
  });
});

describe('time', () => {
  it.each([
    ["date_trunc('month', DATE '2024-02-29')", '2024-02-01 00:00:00 TIMESTAMP'],
    ["DATE '2024-01-31' + INTERVAL 1 MONTH", '2024-02-29 00:00:00 TIMESTAMP'],
    ["DATE '2024-02-28' + 3", '2024-03-02 DATE'],
    ["DATE '2024-03-01' - DATE '2024-02-28'", '2 BIGINT'],
    ["date_diff('month', DATE '2024-01-31', DATE '2024-02-01')", '1 BIGINT'],
    ["CAST('2026-01-01 00:30:00+02:00' AS TIMESTAMPTZ) AT TIME ZONE 'UTC'", '2025-12-31 22:30:00 TIMESTAMP'],
    ["CAST(TIMESTAMP '2024-02-29 23:59:59.999999' AS DATE)", '2024-02-29 DATE'],
    ["TRY_CAST('2024-02-30' AS DATE)", 'null'],
    ["current_setting('TimeZone')", 'UTC VARCHAR'],
  ])('%s', async (expression, expected) => {
    expect(await answer(expression)).toBe(expected);
  });
});

describe('text, order and nulls', () => {
  it.each([
    ["split_part('a,b', ',', 9)", ' VARCHAR'],
    ["regexp_extract('zz', '[0-9]+')", ' VARCHAR'],
    ["concat('a', NULL)", 'a VARCHAR'],
    ['greatest(1, NULL)', '1 INTEGER'],
    ["CAST('abc' AS VARCHAR(2))", 'abc VARCHAR'],
    ["lower('ÀB')", 'àb VARCHAR'],
    ["SELECT string_agg(x, ',' ORDER BY x) FROM (VALUES ('a'), ('B'), ('é'), ('_')) AS t(x)", 'B,_,a,é VARCHAR'],
    ['SELECT list(x ORDER BY x DESC) FROM (VALUES (1), (NULL), (2)) AS t(x)', '[2, 1, NULL] INTEGER[]'],
    ["hash('a')", '12561829011207016135 UBIGINT'],
    ["md5('a')", '0cc175b9c0f1b6a831c399e269772661 VARCHAR'],
  ])('%s', async (expression, expected) => {
    expect(await answer(expression)).toBe(expected);
  });
});

describe('files', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'showback-facts-'));
  });
  afterAll(async () => rm(folder, { recursive: true }));

  it('JSON numbers pass through DOUBLE, whatever type is asked for; JSON text is exact', async () => {
    const file = join(folder, 'a.jsonl');
    await writeFile(
      file,
      '{"n": 12345678901234567.89, "t": "12345678901234567.89"}\n{"n": 123456789012.345, "t": "123456789012.345"}\n',
    );
    const read = async (type: string) =>
      warehouse.rows(
        `SELECT CAST(n AS VARCHAR) AS n, CAST(t AS VARCHAR) AS t
         FROM read_json('${file}', format = 'newline_delimited', columns = {n: '${type}', t: '${type}'})`,
      );
    expect(await read('DECIMAL(38,12)')).toEqual([
      { n: '12345678901234568.227576610816', t: '12345678901234567.890000000000' },
      { n: '123456789012.344997937152', t: '123456789012.345000000000' },
    ]);
    // 15 significant digits survive as the shortest text of the DOUBLE; 17 do not.
    expect(await read('VARCHAR')).toEqual([
      { n: '1.2345678901234568e+16', t: '12345678901234567.89' },
      { n: '123456789012.345', t: '123456789012.345' },
    ]);
  });

  it('read_json(ignore_errors) makes rows of nulls of malformed lines', async () => {
    const file = join(folder, 'b.jsonl');
    await writeFile(file, '{"a": 1}\nnot json\n{"a": 3}\n');
    const read = `SELECT a FROM read_json('${file}', format = 'newline_delimited', columns = {a: 'BIGINT'}, ignore_errors = true)`;
    expect(await warehouse.rows(read)).toEqual([{ a: '1' }, { a: null }, { a: '3' }]);
  });

  it('Parquet keeps HUGEINT as DOUBLE: sums are cast before they are written', async () => {
    const file = join(folder, 'c.parquet');
    await warehouse.run(`COPY (SELECT sum(x) AS x FROM (VALUES (9007199254740993)) AS t(x)) TO '${file}' (FORMAT parquet)`);
    expect(await warehouse.rows(`SELECT typeof(x) AS type FROM '${file}'`)).toEqual([{ type: 'DOUBLE' }]);
  });

  it('COPY with a total order writes the same bytes whatever the number of threads', async () => {
    const copies: string[] = [];
    for (const threads of [1, 2, 4]) {
      await using engine = await openDuckDb({ threads });
      const file = join(folder, `d${threads}.parquet`);
      await engine.run(
        `COPY (SELECT i, hash(i) % 1000 AS h, CAST(i AS DECIMAL(38,12)) AS m FROM range(200000) AS t(i) ORDER BY h, i)
         TO '${file}' (FORMAT parquet)`,
      );
      copies.push((await readFile(file)).toString('base64'));
    }
    expect(new Set(copies).size).toBe(1);
  });

  it('a Parquet file numbers its own rows', async () => {
    const file = join(folder, 'e.parquet');
    await warehouse.run(`COPY (SELECT * FROM (VALUES ('a'), ('b')) AS t(x)) TO '${file}' (FORMAT parquet)`);
    const rows = await warehouse.rows(
      `SELECT x, file_row_number FROM read_parquet('${file}', file_row_number = true) ORDER BY 2`,
    );
    expect(rows).toEqual([
      { x: 'a', file_row_number: '0' },
      { x: 'b', file_row_number: '1' },
    ]);
  });
});

describe('the parse tree', () => {
  it('counts places in bytes, syntax errors in characters', async () => {
    const tree = await warehouse.parse("select 'é' || a from t");
    expect(JSON.stringify(tree)).toContain('"function_name":"||"');
    expect(JSON.stringify(tree)).toMatch(/"query_location":12\b/);
    expect(await warehouse.parse("select 'é' frm t x y")).toMatchObject({ kind: 'error', position: 15 });
  });

  it('hides tables in the arguments of table functions, and refuses what is no SELECT', async () => {
    const tree = await warehouse.parse("select a from query_table('layer.hidden')");
    expect(JSON.stringify(tree)).not.toContain('"table_name":"hidden"');
    expect(await warehouse.parse('insert into t values (1)')).toMatchObject({ kind: 'error' });
  });
});
