import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { plusDays } from '../../../src/kernel/period.js';
import { ONE, textOf, unitsOf } from '../../../src/pipeline/decimal.js';
import type { Share } from '../../../src/pipeline/pipeline.js';
import { checkShares } from '../../../src/pipeline/shares.js';

const SPOT = { place: { file: 'rules.yaml' } };

function check(
  ...rows: readonly (readonly [feature: string, share: string, from: string, to: string | null])[]
): readonly string[] {
  const shares = rows.map(([featureId, share, validFrom, validTo]): Share => ({ featureId, share, validFrom, validTo }));
  return checkShares(shares, [], SPOT).map(({ code, message }) => `${code.slice('config/'.length)}: ${message}`);
}

describe('shares', () => {
  test('that sum to 1 on every day are fine, whatever their digits and changes', () => {
    expect(check(['a', '1', '2026-07-01', null])).toEqual([]);
    expect(check(['a', '0.333333333333', '2026-07-01', null], ['b', '0.666666666667', '2026-07-01', null])).toEqual([]);
    expect(check(['a', '0.1', '2026-07-01', null], ['b', '0.2', '2026-07-01', null], ['c', '0.7', '2026-07-01', null])).toEqual(
      [],
    );
    expect(
      check(['a', '1.0', '2026-07-01', '2026-08-15'], ['a', '0.25', '2026-08-15', null], ['b', '0.75', '2026-08-15', null]),
    ).toEqual([]);
  });

  test('that overlap are named with the days', () => {
    expect(check(['a', '1', '2026-07-01', '2026-08-02'], ['a', '1', '2026-08-01', null])).toEqual([
      'overlapping-shares: `a` has two shares in force on 2026-08-01',
    ]);
    expect(check(['a', '1', '2026-07-01', null], ['b', '0.5', '2026-08-01', '2026-08-08'])).toEqual([
      'share-sum: the shares in force from 2026-08-01 through 2026-08-07 sum to 1.5, not 1',
    ]);
  });

  test('that leave days out are named with the days', () => {
    expect(check(['a', '1', '2026-07-01', '2026-07-31'], ['a', '1', '2026-08-01', null])).toEqual([
      'share-gap: no share is in force on 2026-07-31',
    ]);
  });

  test('that end before they begin are no shares', () => {
    expect(check(['a', '1', '2026-07-01', '2026-07-01'])).toEqual(['date-order: `to` 2026-07-01 is not after `from` 2026-07-01']);
  });

  test('cut anywhere in time stay fine, and lose that by one missing day or one unit of 10^-12', () => {
    const cuts = fc.uniqueArray(fc.integer({ min: 1, max: 400 }), { maxLength: 4 });
    const part = fc.integer({ min: 1, max: 999_999_999_999 });
    fc.assert(
      fc.property(cuts, part, fc.boolean(), (days, units, ends) => {
        const edges = [0, ...days.toSorted((a, b) => a - b), 401].map((day) => plusDays('2026-07-01', day));
        const rows = edges.slice(0, -1).flatMap((from, index) => {
          const to = index === edges.length - 2 && !ends ? null : (edges[index + 1] ?? null);
          const share = textOf(BigInt(units));
          return [['a', share, from, to] as const, ['b', textOf(ONE - BigInt(units)), from, to] as const];
        });
        expect(check(...rows)).toEqual([]);
        const [[feature, share, from, to] = ['', '', '', null], ...others] = rows;
        expect(check([feature, textOf(unitsOf(share) - 1n), from, to], ...others)).toHaveLength(1);
        expect(check([feature, share, plusDays(from, 1), to], ...others).length).toBeGreaterThan(0);
      }),
    );
  });
});
