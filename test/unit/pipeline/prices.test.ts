import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Problem } from '../../../src/kernel/failure.js';
import type { PriceRow } from '../../../src/pipeline/pipeline.js';
import { checkAppendOnly, PRICE_COLUMNS, type PriceKeys, readPrices } from '../../../src/pipeline/prices.js';
import { BASE_TIER, parseTier } from '../../../src/pipeline/tier.js';

const HEADER = `${PRICE_COLUMNS.join(',')}\n`;

function book(
  rows: string,
  seen: PriceKeys = new Map(),
  layer: PriceRow['layer'] = 'list',
): { rows: readonly PriceRow[]; problems: readonly Problem[] } {
  const problems: Problem[] = [];
  return { rows: readPrices('book.csv', HEADER + rows, layer, seen, (found) => problems.push(found)), problems };
}

function price(unit: string, text: string): boolean {
  return book(`openai,m,input_tokens,${unit},${text},USD,,2026-07-01,page,\n`).problems.length === 0;
}

describe('a price', () => {
  test('keeps its text, and an empty one ends the row before', () => {
    const { rows } = book(
      'openai,m,input_tokens,1M,2.50,USD,,2026-07-01,page,\nopenai,m,input_tokens,1M,,USD,,2026-08-01T12:30:00Z,page,ended\n',
    );
    expect(rows.map(({ price: text, validFrom, note }) => [text, validFrom, note])).toEqual([
      ['2.50', '2026-07-01 00:00:00', ''],
      [null, '2026-08-01 12:30:00', 'ended'],
    ]);
  });

  test('of one unit has at most 14 decimals and 6 digits before them', () => {
    expect(price('1M', '0.12345678')).toBe(true);
    expect(price('1M', '0.123456789')).toBe(false);
    expect(price('1M', '0.1234567800000')).toBe(true);
    expect(price('1K', '0.12345678901')).toBe(true);
    expect(price('1K', '0.123456789012')).toBe(false);
    expect(price('1', '0.12345678901234')).toBe(true);
    expect(price('1', '0.123456789012345')).toBe(false);
    expect(price('1', '999999')).toBe(true);
    expect(price('1', '1000000')).toBe(false);
    expect(price('1M', '999999999999')).toBe(true);
    expect(price('1M', '1000000000000')).toBe(false);
    for (const text of ['-1', '1e3', '+1', '.5', '1.', '"1,5"', '$1', 'free']) expect(price('1M', text), text).toBe(false);
  });

  test('is accepted exactly where DECIMAL(20,14) holds the price of one unit', () => {
    const digits = (max: number) => fc.string({ unit: fc.integer({ min: 0, max: 9 }).map(String), minLength: 1, maxLength: max });
    fc.assert(
      fc.property(
        fc.constantFrom(['1', 0] as const, ['1K', 3] as const, ['1M', 6] as const),
        digits(14),
        digits(16),
        ([unit, exponent], whole, decimals) => {
          // The price of one unit in 10^-30, and whether it is a whole number of 10^-14 below 10^20 of them.
          const units = BigInt(whole + decimals.padEnd(30, '0')) / 10n ** BigInt(exponent);
          expect(price(unit, `${whole}.${decimals}`)).toBe(units % 10n ** 16n === 0n && units < 10n ** 36n);
        },
      ),
    );
  });

  test('is one for a key: the same row again is dropped, another is a problem, in another file of the layer too', () => {
    const seen: PriceKeys = new Map();
    const row = 'openai,m,input_tokens,1M,2.50,USD,batch+region:eu,2026-07-01,page,\n';
    expect(book(row + row, seen).rows).toHaveLength(1);
    expect(book(row.replace('batch+region:eu', 'region:eu+batch'), seen)).toEqual({ rows: [], problems: [] });
    expect(book(row.replace('2.50', '2.40'), seen).problems.map(({ code }) => code)).toEqual(['config/duplicate-price']);
    expect(book(row.replace('2.50', '2.40'), seen, 'negotiated').rows).toHaveLength(1);
  });

  test('has its place, in a quoted cell and after one with line ends', () => {
    const { problems } = book(
      'openai,"m ""x""",input_tokens,1M,1,USD,,2026-07-01,"a\nb",\n\nopenai,"m,1",tokens,1M,1,USD,,2026-07-01,page,\n',
    );
    expect(problems.map(({ place, excerpt }) => [place, excerpt])).toEqual([
      [
        { file: 'book.csv', line: 5, column: 14 },
        ['5 | openai,"m,1",tokens,1M,1,USD,,2026-07-01,page,', '  |              ^^^^^^'].join('\n'),
      ],
    ]);
  });

  test('columns may come in any order', () => {
    const problems: Problem[] = [];
    const text =
      'note,source,valid_from,tier,currency,price,unit,meter,sku,provider\n,page,2026-07-01,,USD,2,1,requests,m,openai\n';
    expect(readPrices('book.csv', text, 'list', new Map(), (found) => problems.push(found))).toMatchObject([
      { provider: 'openai', price: '2', meter: 'requests' },
    ]);
    expect(problems).toEqual([]);
  });
});

describe('a tier', () => {
  test('is parts in any order', () => {
    expect(parseTier('')).toEqual(BASE_TIER);
    expect(parseTier('batch')).toEqual({ ...BASE_TIER, serviceTier: 'batch' });
    expect(parseTier('prompt>200000+region:us-east-1+priority')).toEqual({
      ...BASE_TIER,
      serviceTier: 'priority',
      promptOver: 200000,
      region: 'us-east-1',
    });
    expect(parseTier('hours:16:30-00:30')).toEqual({ ...BASE_TIER, minuteFrom: 990, minuteTo: 30 });
    expect(parseTier('hours:06:00-24:00')).toEqual({ ...BASE_TIER, minuteFrom: 360, minuteTo: 1440 });
  });

  test('is refused where it is anything else', () => {
    const wrong = [
      '+',
      'batch+',
      'Batch',
      'standard',
      'batch+batch',
      'batch+flex',
      'prompt>0',
      'prompt>1e6',
      'prompt>200k',
      'region:',
      'region:a b',
      'hours:1:00-2:00',
      'hours:24:00-01:00',
      'hours:10:00-10:00',
      'hours:10:60-11:00',
    ];
    for (const text of wrong) expect(parseTier(text), text).toHaveProperty('remedy');
  });
});

describe('a price book only grows', () => {
  const before = `${HEADER}a\nb\n`;

  test('at its end, whatever the line ends', () => {
    expect(checkAppendOnly('book.csv', before, `${before}c\n`)).toEqual([]);
    expect(checkAppendOnly('book.csv', before, `\ufeff${before.replaceAll('\n', '\r\n')}c\r\n`)).toEqual([]);
    expect(checkAppendOnly('book.csv', before.trimEnd(), before)).toEqual([]);
    expect(checkAppendOnly('book.csv', '', before)).toEqual([]);
  });

  test('and not by changing, removing, moving or inserting a row', () => {
    const lineOf = (after: string) => checkAppendOnly('book.csv', before, after).map(({ place }) => place?.line);
    expect(lineOf(`${HEADER}a\nB\n`)).toEqual([3]);
    expect(lineOf(`${HEADER}a\n`)).toEqual([3]);
    expect(lineOf(`${HEADER}b\na\n`)).toEqual([2]);
    expect(lineOf(`${HEADER}x\na\nb\n`)).toEqual([2]);
    expect(lineOf('')).toEqual([1]);
  });
});
