// Lines of declared costs: times as days, amounts in whole units, paths outwards.
import { describe, expect, test } from 'vitest';
import type { AmountUnit, JsonLines } from '../../../src/pipeline/pipeline.js';
import { rowOf, scaled } from '../../../src/source/json-lines.js';
import { linesAt } from '../../../src/source/json-path.js';
import { type Json, parseJson } from '../../../src/source/json-text.js';
import type { TextRow } from '../../../src/source/source.js';

const LINES: JsonLines = {
  records: 'items',
  map: { charge_start: 'from', charge_end: 'to', period_start: 'first', period_end: 'last', amount: 'cost' },
  constants: { currency: 'USD' },
  dates: 'iso',
  ends: 'exclusive',
  amountUnit: 'units',
  amountIs: 'exact',
  total: { amount: null, count: null },
};

function rowsOf(lines: readonly object[], json: Partial<JsonLines> = {}): readonly TextRow[] {
  const page: Json = parseJson(JSON.stringify({ currency: 'EUR', items: lines }));
  return (linesAt(page, 'items') ?? []).map((line) => rowOf(line, { ...LINES, ...json }, null));
}

function daysOf(line: object, json: Partial<JsonLines> = {}): readonly (string | null | undefined)[] {
  const [row] = rowsOf([{ cost: 1, ...line }], json);
  return [row?.['charge_start'], row?.['charge_end'], row?.['reject']];
}

describe('times', () => {
  test.each([
    ['2026-07-03', '2026-07-03'],
    ['2026-07-03T23:30:00Z', '2026-07-03'],
    ['2026-07-03 23:30:00', '2026-07-03'],
    ['2026-07-03 23:30:00 UTC', '2026-07-03'],
    ['2026-07-03T23:30:00.123456-02:00', '2026-07-04'],
    ['2026-07-03T00:30+0200', '2026-07-02'],
  ])('%s is the day %s in UTC', (from, day) => {
    expect(daysOf({ from })).toEqual([day, day, null]);
  });

  test.each(['2026-02-30', '2026-7-3', '03.07.2026', 'today', '2026-07-03T25:00:00Z', '1782864000'])('%s is none', (from) => {
    expect(daysOf({ from })[2]).toBe('bad_date');
  });

  test('since 1970 are seconds or milliseconds as declared, and never taken for the other', () => {
    expect(daysOf({ from: 1_783_036_800, to: 1_783_123_200 }, { dates: 'seconds' })).toEqual(['2026-07-03', '2026-07-03', null]);
    expect(daysOf({ from: 1_783_036_800_000 }, { dates: 'milliseconds' })).toEqual(['2026-07-03', '2026-07-03', null]);
    expect(daysOf({ from: 1_783_036_800_000 }, { dates: 'seconds' })[2]).toBe('bad_date');
    expect(daysOf({ from: 1_783_036_800 }, { dates: 'milliseconds' })[2]).toBe('bad_date');
    expect(daysOf({ from: '03.07.2026' }, { dates: 'dd.MM.yyyy' })).toEqual(['2026-07-03', '2026-07-03', null]);
  });

  test('end the moment before, or with the last day, as declared', () => {
    const hour = { from: '2026-07-03T22:00:00Z', to: '2026-07-04T00:00:00Z' };
    expect(daysOf(hour)).toEqual(['2026-07-03', '2026-07-03', null]);
    expect(daysOf({ from: '2026-07-03', to: '2026-07-05' })).toEqual(['2026-07-03', '2026-07-04', null]);
    expect(daysOf({ from: '2026-07-03', to: '2026-07-05' }, { ends: 'inclusive' })).toEqual(['2026-07-03', '2026-07-05', null]);
    // A day that is its own end is inclusive: declared otherwise, it is told.
    expect(daysOf({ from: '2026-07-03', to: '2026-07-03' })[2]).toBe('bad_period');
  });

  test('of a billing period are its own, else those of the month', () => {
    const [own, none] = rowsOf([
      { cost: 1, from: '2026-07-20', first: '2026-07-15', last: '2026-08-15' },
      { cost: 1, from: '2026-07-20' },
    ]);
    expect(own).toMatchObject({ period_start: '2026-07-15', period_end: '2026-08-14', charge_start: '2026-07-20' });
    expect(none).toMatchObject({ period_start: '2026-07-01', period_end: '2026-07-31' });
    expect(rowsOf([{ cost: 1 }])[0]).toMatchObject({ reject: 'missing_period' });
  });
});

describe('amounts', () => {
  const CASES: readonly (readonly [string, AmountUnit, string])[] = [
    ['150', 'units', '150'],
    ['150', 'cents', '1.50'],
    ['5', 'cents', '0.05'],
    ['-5', 'cents', '-0.05'],
    ['+5', 'cents', '0.05'],
    ['123.78912', 'cents', '1.2378912'],
    ['.5', 'cents', '0.005'],
    ['1250000', 'micros', '1.250000'],
    ['7', 'micros', '0.000007'],
    ['1.5e3', 'cents', '1.5E1'],
    ['0E-6176', 'cents', '0E-6178'],
  ];

  test.each(CASES)('%s %s are %s', (amount, unit, whole) => {
    expect(scaled(amount, unit)).toBe(whole);
  });

  test('that are missing, no decimals or worn by a double are told', () => {
    const costs = [{}, { cost: null }, { cost: 'free' }, { cost: '$1' }, { cost: true }, { cost: 0.1 + 0.2 }];
    expect(rowsOf(costs.map((cost) => ({ from: '2026-07-03', ...cost }))).map((row) => row['reject'])).toEqual([
      'missing_amount',
      'missing_amount',
      'bad_amount',
      'bad_amount',
      'bad_amount',
      'inexact_amount',
    ]);
  });

  test('need a currency, which may stand around the list', () => {
    const line = { from: '2026-07-03', cost: 1 };
    expect(rowsOf([line], { constants: {} })[0]).toMatchObject({ reject: 'missing_currency', amount: null });
    expect(rowsOf([line], { constants: {}, map: { ...LINES.map, currency: '^.currency' } })[0]).toMatchObject({
      currency: 'EUR',
      reject: null,
    });
  });
});

describe('sums of doubles', () => {
  test.each([
    ['0.1', '0.1'],
    ['0.30000000000000004', '0.300000000000000'],
    ['-0.30000000000000004', '-0.300000000000000'],
    ['1234567890123456', '1234567890123460'],
    ['1.2345678901234567e-7', '1.23456789012346E-7'],
    ['999999999999999.9', '1000000000000000'],
    ['100000000000000.5', '100000000000000'],
    ['100000000000001.5', '100000000000002'],
  ])('%s counts as %s', (written, counted) => {
    const line = `{"items":[{"from":"2026-07-03","cost":${written}}]}`;
    const [row] = (linesAt(parseJson(line), 'items') ?? []).map((each) => rowOf(each, { ...LINES, amountIs: 'double' }, null));
    expect([Number(row?.['amount']), row?.['reject']]).toEqual([Number(counted), null]);
  });
});

describe('a list', () => {
  test('is found through lists, may be null, and must be there', () => {
    const linesOf = (text: string, path: string | null) => linesAt(parseJson(text), path)?.map(({ value }) => value) ?? null;
    expect(linesOf('{"a":[{"b":["x"]},{"b":["y","z"]}]}', 'a.b')).toEqual(['x', 'y', 'z']);
    expect(linesOf('["x"]', null)).toEqual(['x']);
    expect(linesOf('{"a":null}', 'a')).toEqual([]);
    expect(linesOf('{"a":[{"b":null},{}]}', 'a.b')).toEqual([null]);
    expect([linesOf('{}', 'a'), linesOf('{"a":{}}', 'a'), linesOf('{"a":1}', 'a.b'), linesOf('"x"', null)]).toEqual([
      null,
      null,
      null,
      null,
    ]);
  });
});
