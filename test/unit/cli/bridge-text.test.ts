// The variance bridge on a screen: signs, bars, verdicts, details.
import { describe, expect, it } from 'vitest';
import type { Bridge, CauseRow } from '../../../src/cli/bridge.js';
import { bridgeLines } from '../../../src/cli/bridge-text.js';
import { displayWidth } from '../../../src/cli/width.js';

const paint = (_: unknown, text: string): string => text;

const ROW: CauseRow = {
  ...{ cause: 'unlogged', sku: 'gpt-5', meter: 'input_tokens', amount: '100.000000000000' },
  ...{ billedQuantity: '110000000.000000', loggedQuantity: '100000000.000000', unitPrice: '0.00001', usedPrice: null },
  ...{ pricePlace: 'rates/list.csv:12', firstDay: '2026-08-03', lastDay: '2026-08-09', lines: '7' },
  ...{ firstLine: 'openai|bills/openai/2026-08.json|3', lastLine: 'openai|bills/openai/2026-08.json|9', explanation: 'x' },
};

const BRIDGE: Bridge = {
  ...{ provider: 'openai', currency: 'USD', rated: '920.000000000000', billed: '1010.000000000000' },
  causes: [
    { cause: 'unlogged', amount: '100.000000000000', bar: 3 },
    { cause: 'credit', amount: '-10.500000000000', bar: 1 },
    { cause: 'unexplained', amount: '0.500000000000', bar: 1 },
  ],
  ...{ open: '0.500000000000', tolerance: '5.000000000000', finding: 'within' },
  rows: [
    ROW,
    { ...ROW, cause: 'credit', sku: '', meter: '', amount: '-10.500000000000', pricePlace: null, lastDay: '2026-08-03' },
  ],
};

function lines(changes: Partial<Bridge>, width = 100, details = false, most = 20): readonly string[] {
  const month = { month: '2026-08', months: ['2026-08'], providers: ['openai'] };
  const told = bridgeLines({ ...month, bridges: [{ ...BRIDGE, ...changes }] }, details, most, { width, paint });
  return told.flatMap((line) => line.split('\n'));
}

describe('the waterfall', () => {
  it('goes from rated to billed, the sign before each cause and amounts below each other', () => {
    expect(lines({})).toEqual([
      'openai 2026-08, USD',
      '  rated                         920.00',
      '  + unlogged                    100.00  billed, and no log has it: find the call-site',
      '  − credits                      10.50  credits on the bill',
      '  + unexplained                   0.50  no price of the books gives what was billed',
      '  ────────────────────────────────────',
      '  billed                      1,010.00',
      '  ✔ 0.50 USD that nobody explains, within the tolerated 5.00',
    ]);
  });

  it('has bars where they have room, and cuts the meaning where it has none', () => {
    expect(lines({}, 140)[2]).toBe(
      `  + unlogged                    100.00  ▇▇▇${' '.repeat(21)}  billed, and no log has it: find the call-site`,
    );
    expect(lines({}, 80)[2]).toBe('  + unlogged                    100.00  billed, and no log has it: find the cal…');
    expect(lines({}, 50)[2]).toBe('  + unlogged                    100.00');
  });

  it('keeps minus signs of bills below zero, every digit that counts, and columns that fit the longest', () => {
    const long = { cause: 'credit', amount: '-99999999999999.000000000001', bar: 24 };
    const told = lines({ rated: '0.000000000000', billed: '-99999999999999.000000000001', causes: [long] }, 140);
    expect(told[2]).toMatch(/^ {2}− credits +99,999,999,999,999\.000000000001 {2}▇{24} {2}credits on the bill$/);
    expect(told[4]).toMatch(/^ {2}billed +-99,999,999,999,999\.000000000001$/);
    const ends = [told[2]?.indexOf('000001  '), (told[4]?.length ?? 0) - 6];
    expect(ends[0]).toBe(ends[1]);
    expect(told[3]?.length).toBe(told[4]?.length);
  });

  it('rounds nothing, in a currency without minor units too', () => {
    expect(lines({ currency: 'JPY', rated: '920.000000000000' })[1]).toMatch(/rated +920$/);
  });

  it.each([
    ['within', '5.000000000000', '  ✔ 0.50 USD that nobody explains, within the tolerated 5.00'],
    ['above', '0.250000000000', '  ✖ 0.50 USD that nobody explains, more than the tolerated 0.25'],
    ['no_tolerance', null, '  0.50 USD that nobody explains; the pipeline tolerates any amount (`variance` sets a limit)'],
  ])('says of a bill that is %s what is tolerated', (finding, tolerance, text) => {
    expect(lines({ finding, tolerance }).at(-1)).toBe(text);
  });

  it('leaves out bridges from zero to zero, and says so where nothing else is there', () => {
    const nothing = { rated: '0.000000000000', billed: '0.000000000000', causes: [] };
    expect(lines(nothing)).toEqual(['2026-08: nothing was billed, and nothing was rated']);
    expect(lines({ ...nothing, causes: [{ cause: 'credit', amount: '-1', bar: 24 }] })[0]).toBe('openai 2026-08, USD');
    expect(lines({ rated: '1', billed: '1', causes: [] })).toHaveLength(5);
  });

  it('spells out what would move the cursor', () => {
    expect(lines({ provider: 'a\u001b[2Jb' })[0]).toBe('a\\u001b[2Jb 2026-08, USD');
  });
});

describe('details', () => {
  it('tell skus and days first, and places where there is room', () => {
    expect(lines({}, 100, true).slice(8)).toEqual([
      '',
      '  cause     sku    meter         amount       billed       logged  days',
      '  ────────  ─────  ────────────  ──────  ───────────  ───────────  ───────────',
      '  unlogged  gpt-5  input_tokens  100.00  110,000,000  100,000,000  08-03…08-09',
      '  credits                        -10.50  110,000,000  100,000,000  08-03',
    ]);
    const wide = lines({}, 140, true).slice(8);
    expect(wide[1]).toMatch(/ days {9}price of {11}first line$/);
    expect(wide[3]).toMatch(/08-03…08-09 {2}rates\/list\.csv:12 {2}openai\|bills\/openai\/2026-08\.json\|3$/);
  });

  it('are as many as was asked for, and say what is left', () => {
    expect(lines({}, 100, true, 1).at(-1)).toBe('  … and 1 row more (--lines 2 tells them)');
    expect(lines({ rows: [] }, 100, true)).toEqual(lines({ rows: [] }));
  });

  it.each([80, 100, 140])('keep every line within %i columns', (width) => {
    const row = { ...ROW, sku: 'a-provider/a-model-with-a-long-name-2026-08-01-preview', firstLine: 'x'.repeat(90) };
    const narrow = { ...row, billedQuantity: '5.000000', loggedQuantity: '4.000000' };
    for (const line of lines({ rows: [narrow, ROW].slice(0, 1), finding: 'no_tolerance', tolerance: null }, width, true))
      expect(displayWidth(line), line).toBeLessThanOrEqual(width);
  });

  it('cut a place before a sku', () => {
    const row = { ...ROW, sku: 'a-model-with-a-long-name-2026', firstLine: 'x'.repeat(90) };
    expect(lines({ rows: [row] }, 140, true)[11]).toContain(' a-model-with-a-long-name-2026 ');
  });
});
