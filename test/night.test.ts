// A night computes the months of which something is new, and leaves the others as they are published: byte for byte what a run would
// publish that computes every month. What else is news is in left-months.test.ts, which takes longer.
import { describe, expect, it, vi } from 'vitest';
import { BOTH, inSeptember, late, night, nightWith } from './golden/nights.js';

vi.mock('../src/model/catalog.js', async (original) => (await import('./golden/one-catalog.js')).oneCatalog(original));

const SLOW = 120_000;

describe('a night in September', () => {
  const { company, next } = inSeptember();

  it('leaves months of which nothing is new', { timeout: SLOW }, async () => {
    expect(await nightWith(company(), next(), late('new', '2026-09-11'))).toEqual(BOTH);
  });

  it('computes a month from its late event on, and leaves it again', { timeout: SLOW }, async () => {
    expect(await nightWith(company(), next(), late('late', '2026-08-09'))).toEqual(['2026-07']);
    expect(await night(company(), next())).toEqual(BOTH);
  });
});
