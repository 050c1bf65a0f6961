// Tables and figures as text.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesText, countText, listed, moneyText, monthsText, secondsText } from '../../../src/cli/figures-text.js';
import { fitsAcross, recordLines, type TableColumn, tableLines } from '../../../src/cli/table.js';
import { displayWidth, fitted, printable } from '../../../src/cli/width.js';

const plain = (_: unknown, text: string): string => text;
const COLUMNS: readonly TableColumn[] = [
  { title: 'feature', align: 'left', shrinks: true },
  { title: 'amount', align: 'right' },
];

describe('a table', () => {
  it('puts text left, money right, and a rule between', () => {
    const rows = [
      ['Assistant', '1,234.50'],
      ['検索', '0.07'],
      ['Café', '-12.00'],
    ];
    expect(tableLines(COLUMNS, rows, { width: 80, paint: plain, footer: [['total', '1,222.57']] })).toEqual([
      'feature      amount',
      '─────────  ────────',
      'Assistant  1,234.50',
      '検索           0.07',
      'Café         -12.00',
      '─────────  ────────',
      'total      1,222.57',
    ]);
  });

  it('cuts text, never figures, to fit the terminal', () => {
    const lines = tableLines(COLUMNS, [['a feature with a very long name', '123,456.78']], { width: 24, paint: plain });
    expect(lines[2]).toBe('a feature w…  123,456.78');
    expect(lines[2]?.length).toBe(24);
  });

  it('keeps every line within the width, whatever the cells hold', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.string({ unit: 'grapheme' }), fc.integer().map(String)), { maxLength: 8 }),
        fc.integer({ min: 30, max: 90 }),
        (rows, width) => {
          for (const line of tableLines(COLUMNS, rows, { width, paint: plain })) {
            expect(displayWidth(line)).toBeLessThanOrEqual(width);
            expect(line).not.toMatch(/[\u0000-\u001f\u007f\u202a-\u202e]/);
          }
        },
      ),
    );
  });
});

describe('a table that is wider than the terminal', () => {
  it('is told, and stands row below row', () => {
    expect(fitsAcross(COLUMNS, [['a feature with a very long name', '1.00']], 20)).toBe(true);
    expect(fitsAcross(COLUMNS, [['a feature with a very long name', '123456789.00']], 20)).toBe(false);
    expect(
      recordLines(
        COLUMNS,
        [
          ['a very long name', '1.00'],
          ['', '2.00'],
        ],
        { width: 18, paint: plain },
      ),
    ).toEqual(['── row 1 ───────', 'feature  a very l…', 'amount   1.00', '── row 2 ───────', 'feature', 'amount   2.00']);
  });
});

describe('width', () => {
  it.each([
    ['abc', 3],
    ['é', 1],
    ['e\u0301', 1],
    ['日本', 4],
    ['👩‍👩‍👧', 2],
    ['🇩🇪', 2],
    ['한글', 4],
    ['ｆｕｌｌ', 8],
    ['1', 1],
    ['©', 1],
    ['\u001b[31mred\u001b[39m', 3],
  ])('of %j is %i', (text, width) => expect(displayWidth(text)).toBe(width));

  it('is kept when text is cut, on whole characters', () => {
    expect(fitted('日本語', 5)).toBe('日本…');
    expect(fitted('日本語', 4)).toBe('日…');
    expect(fitted('👩‍👩‍👧 family', 4)).toBe('👩‍👩‍👧 …');
    expect(fitted('rates/list.csv:1234', 10, 'end')).toBe('….csv:1234');
    expect(fitted('日本語', 4, 'end')).toBe('…語');
    expect(fitted('abc', 3)).toBe('abc');
    expect(fitted('abc', 0)).toBe('');
  });

  it('spells out what would move the cursor or turn the text', () => {
    expect(printable('a\tb\nc\u001b[2J\u202e\u0000')).toBe('a\\tb\\nc\\u001b[2J\\u202e\\u0000');
    expect(printable('שלום =1+1 <b>')).toBe('שלום =1+1 <b>');
  });
});

describe('figures', () => {
  it.each([
    ['1234567.890000000000', 2, '1,234,567.89'],
    ['-1234.5000', 2, '-1,234.50'],
    ['0.000000000001', 2, '0.000000000001'],
    ['1000', 0, '1,000'],
    ['99999999999999999999999999.999999999999', 2, '99,999,999,999,999,999,999,999,999.999999999999'],
    ['1.2300', 3, '1.230'],
    ['', 2, ''],
  ])('%s with %i digits is %s, unrounded', (amount, digits, text) => expect(moneyText(amount, digits)).toBe(text));

  it('are short where they are not money', () => {
    expect([bytesText(0), bytesText(999), bytesText(1_500), bytesText(123_456_789)]).toEqual([
      '0 B',
      '999 B',
      '1.5 kB',
      '123 MB',
    ]);
    expect([secondsText(0.04), secondsText(12.4), secondsText(62), secondsText(3720)]).toEqual([
      '0.0 s',
      '12 s',
      '1 m 02 s',
      '1 h 02 m',
    ]);
    expect(countText(1_234_567)).toBe('1,234,567');
    expect([listed(['a']), listed(['a', 'b']), listed(['a', 'b', 'c'])]).toEqual(['a', 'a and b', 'a, b and c']);
  });

  it('name months as people do', () => {
    expect(monthsText(['2026-09'])).toBe('2026-09');
    expect(monthsText(['2026-09', '2026-08'])).toBe('2026-08 and 2026-09');
    expect(monthsText(['2025-12', '2026-01', '2026-02'])).toBe('2025-12 through 2026-02');
    expect(monthsText(['2026-01', '2026-02', '2026-09'])).toBe('2026-01, 2026-02 and 2026-09');
    expect(monthsText([])).toBe('no month');
  });
});
