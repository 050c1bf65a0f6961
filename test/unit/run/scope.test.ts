// Which months are open, and what of the command line is refused.
import { describe, expect, it } from 'vitest';
import type { Pipeline } from '../../../src/pipeline/pipeline.js';
import type { Manifest } from '../../../src/publish/directory.js';
import { NO_BOOKS } from '../../../src/run/books.js';
import { backfillPeriod, openMonths } from '../../../src/run/scope.js';

function books(lookBack: number | null, asOf: string | null = null): Pipeline {
  const pipeline: Partial<Pipeline> = { start: '2026-01', lookBack, asOf };
  return pipeline as Pipeline;
}

/** Month → the day through which it was published. */
function published(made: Readonly<Record<string, string>>): Manifest {
  const months = Object.keys(made);
  return {
    runId: 'r',
    pipeline: 'shop',
    asOf: '2026-06-30',
    currency: 'USD',
    files: [],
    months,
    made: months.map((month) => ({ month, asOf: made[month] ?? '', inputs: 'x' })),
  };
}

const WHOLE = {
  '2026-01': '2026-01-31',
  '2026-02': '2026-05-31',
  '2026-03': '2026-05-31',
  '2026-04': '2026-05-31',
  '2026-05': '2026-05-31',
};

describe('open months', () => {
  it.each([
    ['all since the start, without a window', null, WHOLE, '2026-01'],
    ['those of the window', 2, WHOLE, '2026-04'],
    ['the month of the as-of day, with a window of 0', 0, WHOLE, '2026-06'],
    ['all since the start, where nothing is published', 0, {}, '2026-01'],
    ['all since a gap', 1, { ...WHOLE, '2026-03': undefined }, '2026-03'],
    ['all since a month that was published while it ran', 1, { ...WHOLE, '2026-02': '2026-02-27' }, '2026-02'],
    ['none before the start, with a window that reaches further', 30, WHOLE, '2026-01'],
  ] as const)('are %s', (_, lookBack, made, first) => {
    const known = Object.fromEntries(Object.entries(made).filter((entry): entry is [string, string] => entry[1] !== undefined));
    const open = openMonths(books(lookBack), '2026-06-20', { published: published(known), books: NO_BOOKS });
    expect([open[0], open.at(-1)]).toEqual([first, '2026-06']);
  });

  it('take the as-of day of the run for months of which a manifest does not say it', () => {
    const old = { ...published(WHOLE), made: [] };
    expect(openMonths(books(0), '2026-06-20', { published: old, books: NO_BOOKS })).toEqual(['2026-06']);
    expect(openMonths(books(0), '2026-06-20', { published: { ...old, asOf: '2026-05-20' }, books: NO_BOOKS })[0]).toBe('2026-05');
  });
});

describe('a backfill', () => {
  const now = (): Date => new Date('2026-07-01T00:30:00Z');

  it('reaches through the month of the as-of day, which is yesterday where nobody says', () => {
    const all = { asOf: '2026-06-30', firstMonth: '2026-02', lastMonth: '2026-06' };
    expect(backfillPeriod(books(null), { from: '2026-02', now })).toEqual(all);
    expect(backfillPeriod(books(null, '2026-05-20'), { from: '2026-02', now })).toMatchObject({
      asOf: '2026-05-20',
      lastMonth: '2026-05',
    });
    expect(backfillPeriod(books(null), { from: '2026-02', to: '2026-03', now })).toEqual({ ...all, lastMonth: '2026-03' });
  });

  it.each([
    [{ from: '2026-13' }, '--from 2026-13 is no month'],
    [{ from: '2026-02', to: 'June' }, '--to June is no month'],
    [{ from: '2025-12' }, 'the books start in 2026-01, after 2025-12'],
    [{ from: '2026-03', to: '2026-02' }, '--from 2026-03 is after --to 2026-02'],
    [{ from: '2026-03', to: '2026-07' }, 'the as-of day 2026-06-30 is before 2026-07 begins'],
  ] as const)('is refused for %o', (asked, words) => {
    expect(() => backfillPeriod(books(null), { ...asked, now })).toThrow(words);
  });
});
