// Fixed shares by date. On every day from the first to the last, what is in force must sum to exactly 1.
import type { Problem } from '../kernel/failure.js';
import type { Day } from '../kernel/period.js';
import { ONE, textOf, unitsOf } from './decimal.js';
import type { Share } from './pipeline.js';
import { backwards, commonDays, daysText, endOf, FOREVER } from './stretch.js';
import { problem, quoted, type Spot } from './text.js';

/** `spots` are those of the shares, by index; `whole` is that of the list. */
export function checkShares(shares: readonly Share[], spots: readonly Spot[], whole: Spot): readonly Problem[] {
  const spotAt = (index: number) => spots[index] ?? whole;
  const misdated = shares.flatMap((share, index) => backwards(share, spotAt(index)));
  if (misdated.length > 0) return misdated;
  const twice = shares.flatMap((share, index) => {
    const others = shares.slice(0, index).filter((other) => other.featureId === share.featureId);
    const days = others.map((other) => commonDays(other, share)).find((common) => common !== null);
    if (days === undefined) return [];
    return [
      problem(
        'overlapping-shares',
        spotAt(index),
        `${quoted(share.featureId)} has two shares in force ${days}`,
        'end the one before the other begins: `to` is the first day that is not included',
      ),
    ];
  });
  return twice.length > 0 ? twice : periods(shares).flatMap(([from, to]) => checkPeriod(shares, from, to, whole));
}

function checkPeriod(shares: readonly Share[], from: Day, to: Day, whole: Spot): readonly Problem[] {
  const inForce = shares.filter((share) => share.validFrom <= from && endOf(share) > from);
  const sum = inForce.reduce((total, { share }) => total + unitsOf(share), 0n);
  if (sum === ONE) return [];
  if (inForce.length === 0) {
    return [
      problem(
        'share-gap',
        whole,
        `no share is in force ${daysText(from, to)}`,
        'let the next share begin where the one before ends: `to` is the first day that is not included',
      ),
    ];
  }
  const difference = sum > ONE ? `${textOf(sum - ONE)} too much` : `${textOf(ONE - sum)} missing`;
  const hint = shares.some(({ validTo }) => validTo === from) ? '; `to` is the first day that is not included' : '';
  const message = `the shares in force ${daysText(from, to)} sum to ${textOf(sum)}, not 1`;
  return [problem('share-sum', whole, message, `correct them: ${difference}${hint}`)];
}

/** Stretches of days over which the same shares are in force. */
function periods(shares: readonly Share[]): readonly (readonly [Day, Day])[] {
  const edges = [...new Set(shares.flatMap((share) => [share.validFrom, endOf(share)]))].sort();
  return edges.slice(0, -1).map((from, index) => [from, edges[index + 1] ?? FOREVER]);
}
