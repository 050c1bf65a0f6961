// Every scalar macro on both engines: the same answer to the same call, or a refusal by both.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCatalog } from '../../src/model/catalog.js';
import { openDuckDb } from '../../src/warehouse/duckdb.js';
import type { Cell, Row, Warehouse } from '../../src/warehouse/warehouse.js';
import { macros, rendered, rowsOf, unnested } from './inline.js';

let duckDb: Warehouse;
beforeAll(async () => {
  duckDb = await openDuckDb({ threads: 1 });
  await duckDb.run('CREATE SCHEMA given');
  await duckDb.run((await readCatalog('sql', duckDb)).macros);
});
afterAll(async () => duckDb[Symbol.asyncDispose]());

/** One row a call, so that a difference shows its arguments. Parameters are a, b, c: texts, which the call casts. */
function selectOf(call: string, table: string, rows: readonly (readonly Cell[])[]): string {
  return `SELECT ${namesOf(rows).join(', ')}, ${call} AS answer FROM ${table}`;
}

function namesOf(rows: readonly (readonly Cell[])[]): readonly string[] {
  return ['a', 'b', 'c'].slice(0, rows[0]?.length ?? 0);
}

const sorted = (rows: readonly Row[]): readonly string[] => rows.map((row) => JSON.stringify(row)).sort();

async function onTrino(sql: string, table = '', rows: readonly (readonly Cell[])[] = []): Promise<readonly Row[]> {
  const tables = new Map(table === '' ? [] : [[table, unnested(namesOf(rows), rows)]]);
  return rowsOf(tables, await rendered(duckDb, 'test/engines/macros.test.ts', sql));
}

async function onDuckDb(sql: string, table: string, rows: readonly (readonly Cell[])[]): Promise<readonly Row[]> {
  const names = namesOf(rows);
  await using own = await duckDb.beside();
  await own.run(`CREATE OR REPLACE TABLE ${table} (${names.map((name) => `${name} VARCHAR`).join(', ')})`);
  await own.insert(table, names, rows);
  // Awaited here: the connection ends with this function.
  return await own.rows(sql);
}

const PICO = (name: string) => `CAST(${name} AS DECIMAL(38,12))`;
const FINE = (name: string) => `CAST(${name} AS DECIMAL(38,24))`;
const INT = (name: string) => `CAST(${name} AS INTEGER)`;
const DAY = (name: string) => `CAST(${name} AS DATE)`;
const MOMENT = (name: string) => `CAST(${name} AS TIMESTAMP(6))`;

const one = (cells: readonly Cell[]) => cells.map((cell) => [cell]);
const pairs = (left: readonly Cell[], right: readonly Cell[]) => left.flatMap((a) => right.map((b) => [a, b]));
const some = <T>(arbitrary: fc.Arbitrary<T>, count: number): readonly T[] => fc.sample(arbitrary, { seed: 6, numRuns: count });

/** Amounts of up to 13 whole digits and 12 decimals, halves among them. */
const amount = fc
  .tuple(
    fc.constantFrom('', '-'),
    fc.bigInt(0n, 10n ** 13n - 1n),
    fc.bigInt(0n, 10n ** 12n - 1n),
    fc.integer({ min: 0, max: 25 }),
  )
  .map(
    ([sign, whole, fraction, shift]) =>
      `${sign}${whole % 10n ** BigInt(Math.max(1, 13 - shift))}.${String(fraction).padStart(12, '0')}`,
  );
const AMOUNTS = [
  '0',
  '1',
  '-1',
  '0.000000000001',
  '-0.000000000001',
  '0.5',
  '9999999999999.999999999999',
  '-9999999999999.999999999999',
  '999999',
  '-999999.000000000001',
  '999999.999999999999',
  '-1000000',
  '2.5',
  '7',
  null,
];
const POSITIVE = some(amount, 60)
  .map((text) => text.replace('-', ''))
  .filter((text) => /[1-9]/.test(text));

const MONEY_TEXTS = [
  '',
  ' ',
  '1',
  ' 1',
  '1 ',
  '+1',
  '-1',
  '--1',
  '1.',
  '.5',
  '.',
  '-.5',
  '+.5e1',
  '1e3',
  '1E-3',
  '1e+3',
  '1e',
  'e1',
  '1.50',
  '1,50',
  '0',
  '-0',
  '0.0',
  '0e99999',
  '000.000',
  '1e99999',
  '1e-99999',
  '1e100000',
  '0.000000000000000000000001',
  '0.0000000000000000000000001',
  '0.1000000000000000000000000000',
  '1_000',
  '9999999999999.999999999999999999999999',
  '10000000000000',
  '1e13',
  '9.9e12',
  '-1e13',
  '1e-24',
  '1e-25',
  '12e-25',
  '120e-25',
  'NaN',
  'inf',
  '0x10',
  '1\n',
  '\n1',
  '1.5\n',
  '٣',
  '1.5e-3',
  '123456789012345678901234567890',
  '0.5000000000000000000000005',
  null,
];
const number = fc
  .tuple(
    fc.constantFrom('', '-', '+'),
    fc.stringMatching(/^[0-9]{0,14}$/),
    fc.constantFrom('', '.'),
    fc.stringMatching(/^[0-9]{0,26}$/),
    fc.constantFrom('', 'e5', 'E-7', 'e+2', 'e-20', 'e12'),
  )
  .map((parts) => parts.join(''));

const TIMES = [
  '2026-07-01',
  '2026-7-1',
  '2026-07-01T00:00:00Z',
  '2026-07-01 00:00:00',
  '2026-07-01T00:00',
  '2026-07-01T1:2:3Z',
  '2026-07-01T00:00:00+02:00',
  '2026-07-01T00:00:00-0730',
  '2026-07-01T00:00:00+02',
  '2026-07-01 00:00:00 UTC',
  '2026-07-01 00:00:00 GMT',
  '2026-07-01 00:00:00 Europe/Berlin',
  '2026-07-01T00:00:00.1234567Z',
  '2026-07-01T00:00:00.9999999Z',
  '2026-07-01T00:00:00.5',
  '2026-07-01T00:00:00.Z',
  '2026-07-01T24:00:00Z',
  '2026-07-01T24:00',
  '2026-12-31 24:00:00.000+00:00',
  '2026-07-01T24:00:01Z',
  '2026-07-01T23:59:60Z',
  '2026-07-01T25:00:00Z',
  '2026-07-01T00:60:00Z',
  '2026-02-29',
  '2028-02-29',
  '2026-02-30',
  '2026-13-01',
  '20260701',
  '2026/07/01',
  '2026-07-01Z',
  '2026-07-01+02:00',
  '2026-07-01T00:00:00z',
  '2026-07-01t00:00:00Z',
  '2026-07-01T00:00:00 +02:00',
  '2026-07-01T00Z',
  '2026-07-01T',
  ' 2026-07-01',
  '2026-07-01 ',
  '2026-07-01\n',
  '0001-01-01',
  '1969-12-31T23:59:59.999999Z',
  '9999-12-31T23:59:59.999999Z',
  'x',
  '',
  '1782864000',
  '2026',
  null,
];

const JSON_TEXTS = [
  '{"a":"x"}',
  '{"a":""}',
  '{"a":"x","a":"y"}',
  '{"a":1}',
  '{"a":1.50}',
  '{"a":1.0}',
  '{"a":-0.25}',
  '{"a":true}',
  '{"a":null}',
  '{"a":{"b":1, "a":2}}',
  '{"a":[1, 2]}',
  '{"A":"x"}',
  '{"b":{"a":"x"}}',
  '{"a":"x", bad',
  '{"a":"x"} t',
  '{"a":"x",}',
  '',
  'null',
  '[1]',
  '"a"',
  '5',
  ' {"a":"x"} ',
  '{"a":"é\\n\\u00e9\\"q\\""}',
  '{"a":12345678901234567890123}',
  '{"a.b":"1"}',
  '{"a\\"b":"1"}',
  '{"a\\\\b":"1"}',
  '{"a b":"1","a:b":"2"}',
  '{}',
  '{"a":"null"}',
  '{"a":"[1, 2]"}',
  null,
];

const DAYS = ['2026-01-31', '2028-02-29', '2026-12-31', '2027-03-01', '1970-01-01', '1969-12-31', '2000-02-28', null];
const MOMENTS = [
  '2026-01-31 23:59:59.999999',
  '2026-02-01 00:00:00',
  '2026-01-31 00:00:00.5',
  '1969-12-31 23:59:59.4',
  '1970-01-01 00:00:00',
  '2028-02-29 12:34:56',
  null,
];

/** What is called, and the rows of arguments. */
const CALLS: readonly (readonly [call: string, rows: readonly (readonly Cell[])[]])[] = [
  [
    `from_pico(floor_div(pico(${PICO('a')}), pico(${PICO('b')})))`,
    pairs([...AMOUNTS, ...some(amount, 40)], ['0.000000000002', '0.000000000003', '1', ...POSITIVE.slice(0, 6)]),
  ],
  [
    `from_pico(half_even_div(pico(abs(${PICO('a')})) * 10, pico(${PICO('b')})))`,
    pairs(
      [...AMOUNTS, '0.000000000005', '0.000000000015', ...some(amount, 40)],
      ['0.0000000001', '0.000000000002', '4', ...POSITIVE.slice(0, 6)],
    ),
  ],
  [
    `from_pico(pico(${PICO('a')}))`,
    one([...AMOUNTS, ...some(amount, 100), '99999999999999.999999999999', '-99999999999999.999999999999']),
  ],
  [`from_pico(pico(${FINE('a')}))`, one(['0.0000000000005', '0.0000000000004999', '-0.0000000000005', '0.0000000000015'])],
  [
    `from_micro(micro(CAST(a AS DECIMAL(26,6))))`,
    one(['0', '0.000001', '-0.000001', '99999999999999999999.999999', '-99999999999999999999.999999']),
  ],
  [
    `divide_by_rate(CAST(a AS DECIMAL(26,6)), CAST(b AS DECIMAL(9,6)))`,
    pairs(
      ['0', '1', '0.000001', '0.000003', '1000000', '7', '99999999999', null],
      ['1', '0.5', '0.3', '0.333333', '0.000001', '0.000007'],
    ),
  ],
  [
    `ratio(${PICO('a')}, ${PICO('b')})`,
    [...pairs(AMOUNTS, AMOUNTS), ...pairs(some(amount, 12), POSITIVE.slice(0, 12))].filter(
      ([a, b]) => Number(b) === 0 || Math.abs(Number(a) / Number(b)) < 1e19,
    ),
  ],
  [
    `half_even_12(${FINE('a')})`,
    one([
      '0',
      '0.0000000000005',
      '0.0000000000015',
      '0.0000000000025',
      '-0.0000000000005',
      '-0.0000000000015',
      '0.000000000000500000000001',
      '0.000000000000499999999999',
      '-0.000000000002500000000001',
      '12345678901.0000000000045',
      null,
    ]),
  ],
  [
    `half_even_from(${FINE('a')}, CAST(${FINE('a')} AS DECIMAL(38,12)))`,
    one(['0.0000000000035', '-0.0000000000035', '0.0000000000045']),
  ],
  [
    'quantity_value(a)',
    one([
      '1',
      ' 1.5 ',
      '1_000',
      '1_0_0',
      '_1',
      '1e3',
      '1e-7',
      '0.0000005',
      '-0.0000015',
      '+5',
      '.5',
      '5.',
      '',
      'x',
      '99999999999999999999.999999',
      '100000000000000000000',
      null,
    ]),
  ],
  ['money_problem(a, 24)', one([...MONEY_TEXTS, ...some(number, 250)])],
  ['money_problem(a, 2)', one([...MONEY_TEXTS, ...some(number, 100)])],
  ['CASE WHEN money_problem(a, 24) IS NULL THEN money_value(a) END', one([...MONEY_TEXTS, ...some(number, 250)])],
  [
    `equal_part(${PICO('a')}, ${INT('b')}, ${INT('c')})`,
    pairs([...AMOUNTS, ...some(amount, 12)], ['1', '3', '7', '31', '36']).flatMap(([a, b]) =>
      ['1', '2', '3'].map((c) => [a ?? null, b ?? null, c]),
    ),
  ],
  [
    'matches(a, b)',
    pairs(
      ['gpt-4o', 'gpt-4o-2024-08-06', 'GPT', '', 'é', 'a b', 'a.b', null],
      [
        '^gpt',
        'gpt-4o$',
        '-20\\d{2}-[01]\\d-[0-3]\\d$',
        '^[^-]*(?:-(?:t?t?|[^-t][^-]*|t[^-t][^-]*|tt[^-s][^-]*|tts[^-]+))*$',
        '(?i)gpt',
        '\\w',
        '\\s',
        '.',
        '^$',
        'a\\.b',
      ],
    ),
  ],
  [`cancelled(${PICO('a')}, ${PICO('b')})`, [...pairs(AMOUNTS, AMOUNTS), ...pairs(some(amount, 12), some(amount, 24).slice(12))]],
  [
    `priced(CAST(a AS DECIMAL(26,6)), CAST(b AS DECIMAL(20,14)))`,
    [
      ...pairs(
        ['0', '1', '0.5', '-1.5', '2.499999', '123456789.123457', null],
        ['0', '0.00001936700005', '0.00000000000001', '0.1', null],
      ),
      ...pairs(['999999999999999999', '-999999999999999998.5', '1000000000000.000001'], ['0.00001936700005', '0.00000000000001']),
    ],
  ],
  [`decimals_of(${PICO('a')})`, one([...AMOUNTS, '10', '0.10', '-1.250000000000', ...some(amount, 40)])],
  [`half_unit(${INT('a')})`, one(['0', '1', '2', '6', '11', '12', null])],
  [`text_part(a, ', ', ${INT('b')})`, pairs(['gpt, input', 'gpt', '', ', ', 'a, b, c', 'a,b', null], ['1', '2', '3', '9'])],
  ['json_text(a, b)', pairs(JSON_TEXTS, ['a', 'b', 'a.b', 'a"b', 'a\\b', 'a b', 'a:b', 'é', 'zz'])],
  ['utc_timestamp(a)', one(TIMES)],
  [
    'utc_from_seconds(a)',
    one([
      '0',
      '1782864000',
      '-1',
      '2.5',
      '-2.5',
      ' 7 ',
      '1e3',
      '+5',
      '1.',
      '12abc',
      '',
      '99999999999',
      '100000000000',
      '1782864000000000',
      '1782864000000000000',
      '1e30',
      null,
    ]),
  ],
  [`day_of(${MOMENT('a')})`, one(MOMENTS)],
  [`minute_of_day(${MOMENT('a')})`, one(MOMENTS)],
  [`month_start(${MOMENT('a')})`, one(MOMENTS)],
  [`month_start(${DAY('a')})`, one(DAYS)],
  [`add_months(${DAY('a')}, ${INT('b')})`, pairs(DAYS, ['0', '1', '-1', '13', '36', null])],
  [`add_days(${DAY('a')}, ${INT('b')})`, pairs(DAYS, ['0', '1', '-1', '366', null])],
  [`days_between(${DAY('a')}, ${DAY('b')})`, pairs(DAYS, DAYS)],
  [`seconds_between(${MOMENT('a')}, ${MOMENT('b')})`, pairs(MOMENTS, MOMENTS)],
  [`month_text(${DAY('a')})`, one(DAYS)],
  [`month_text(${MOMENT('a')})`, one(MOMENTS)],
  [`served_month(a, ${DAY('b')})`, pairs(['month', 'previous_month', 'previous_month+sku', 'day', ''], DAYS)],
  [
    `grain_key(a, ${DAY('b')}, ${DAY('c')}, 'p', 'acc', NULL, '', 's', 'm')`,
    pairs(
      ['day+sku+meter', 'month+sku', 'provider+account+invoice+service', '', 'month+provider+account+invoice+service+sku+meter'],
      DAYS,
    ).map(([a, b]) => [a ?? null, b ?? null, '2026-07-01']),
  ],
  [
    `converted(${PICO('a')}, CAST(b AS DECIMAL(20,12)))`,
    [
      ...pairs(AMOUNTS, ['1', '1.1701', '0.000000000001', null]),
      ...pairs(
        ['0.000000000001', '-0.000000000003', '2.5', '-12345678.123456789012', '0.333333333333'],
        ['0.5', '1.5', '16210.25', '0.0061'],
      ),
    ],
  ],
];

describe('macros answer alike', { timeout: 180_000 }, () => {
  it.each(CALLS.map(([call, rows], at) => [call, rows, `given.t${at}`] as const))('%s', async (call, rows, table) => {
    const sql = selectOf(call, table, rows);
    expect(sorted(await onTrino(sql, table, rows))).toEqual(sorted(await onDuckDb(sql, table, rows)));
  });

  const FROM =
    "FROM (VALUES ('1', '99999999999999999999999999.999999999999'), ('1', '-0.000000000001'), ('2', '0.5')) AS given(k, a)";
  it.each([
    `SELECT k, money_sum(${PICO('a')}) AS answer ${FROM} GROUP BY k`,
    `SELECT k, left_over(array_agg(CAST(a AS DECIMAL(26,6))) OVER (ORDER BY k ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)) AS answer
     FROM (VALUES ('1', '3'), ('2', '-5.5'), ('3', '1'), ('4', '1'), ('5', '0'), ('6', '-7'), ('7', '7'), ('8', '2')) AS given(k, a)`,
    `SELECT k, money_sum_24(CAST('0.5' AS DECIMAL(38,24))) AS answer ${FROM} GROUP BY k`,
    `SELECT k, quantity_sum(CAST('0.5' AS DECIMAL(18,6))) AS answer ${FROM} GROUP BY k`,
    `SELECT k, count_sum(CAST(k AS BIGINT)) AS answer ${FROM} GROUP BY k`,
    `SELECT k, CAST(u.d AS DATE) AS d FROM (VALUES ('2026-02-27', '2026-03-02'), ('2026-02-27', '2026-02-27'), ('2026-02-27', '2026-02-26'), ('2026-02-27', CAST(NULL AS VARCHAR))) AS given(k, a)
     CROSS JOIN UNNEST(day_series(${DAY('k')}, ${DAY('a')})) AS u(d)`,
    `SELECT k, u.n FROM (VALUES ('1', '3'), ('1', '1'), ('1', '0'), ('1', CAST(NULL AS VARCHAR))) AS given(k, a) CROSS JOIN UNNEST(number_series(${INT('k')}, ${INT('a')})) AS u(n)`,
  ])('%s', async (sql) => {
    expect(sorted(await onTrino(sql))).toEqual(sorted(await duckDb.rows(sql)));
  });

  it.each([
    [
      'a 39th digit of a sum',
      "SELECT money_sum(CAST(a AS DECIMAL(38,12))) AS s FROM (VALUES ('99999999999999999999999999.999999999999'), ('0.000000000001')) AS given(a)",
    ],
    [
      'a 39th digit of a fine sum',
      "SELECT money_sum_24(CAST(a AS DECIMAL(38,24))) AS s FROM (VALUES ('99999999999999.999999999999999999999999'), ('0.000000000000000000000001')) AS given(a)",
    ],
    ['10^14 as units', "SELECT pico(CAST('100000000000000' AS DECIMAL(38,12))) AS s"],
    ['units beyond 26 digits', "SELECT from_pico(CAST('100000000000000000000000000' AS DECIMAL(38,0))) AS s"],
    [
      'a quantity beyond 20 whole digits',
      "SELECT quantity_sum(CAST(a AS DECIMAL(26,6))) AS s FROM (VALUES ('99999999999999999999.999999'), ('0.000001')) AS given(a)",
    ],
    [
      'a count beyond 64 bits',
      "SELECT count_sum(CAST(a AS BIGINT)) AS s FROM (VALUES ('9223372036854775807'), ('1')) AS given(a)",
    ],
  ])('both refuse %s', async (_what, sql) => {
    await using own = await duckDb.beside();
    await expect(own.rows(sql)).rejects.toThrow(/overflow|could not cast|out of range|too many digits|conversion/i);
    await expect(onTrino(sql)).rejects.toThrow(/overflow|Cannot cast|out of range/i);
  });
});

it('digest_of tells the same lines in any order, and no others', async () => {
  const digest = async (...lines: readonly string[]): Promise<readonly Row[]> =>
    onTrino('SELECT digest_of(a) AS answer FROM given.g', 'given.g', one(lines));
  const [known] = await digest('x', 'y', 'y');
  expect(known?.['answer']).toMatch(/^3-/);
  expect(await digest('y', 'x', 'y')).toEqual([known]);
  expect(await digest('x', 'x', 'y')).not.toEqual([known]);
});

it('none is left out; those of relations are in the vectors', () => {
  const source =
    CALLS.map(([call]) => call).join(' ') +
    'money_sum( money_sum_24( quantity_sum( count_sum( left_over( digest_of( day_series( number_series(';
  const untried = [...macros.names.scalars].filter((name) => !source.includes(`${name}(`));
  expect(untried).toEqual([]);
});
