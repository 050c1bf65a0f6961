// Stretches of days, half-open as everywhere: `to` is the first day that is not included.
import type { Problem } from '../kernel/failure.js';
import { type Day, plusDays } from '../kernel/period.js';
import { problem, type Spot } from './text.js';

export interface Stretch {
  /** Null: since ever. */
  readonly validFrom: Day | null;
  /** Null: for ever. */
  readonly validTo: Day | null;
}

export const FOREVER = '9999-12-31';
/** Before any day, as text. */
const EVER = '';

export function startOf({ validFrom }: Stretch): Day {
  return validFrom ?? EVER;
}

export function endOf({ validTo }: Stretch): Day {
  return validTo ?? FOREVER;
}

/** The problem of a stretch that ends before it begins; none elsewhere. */
export function backwards({ validFrom, validTo }: Stretch, spot: Spot): readonly Problem[] {
  if (validFrom === null || validTo === null || validTo > validFrom) return [];
  const remedy = '`to` is the first day that is not included: give a later day';
  return [problem('date-order', spot, `\`to\` ${validTo} is not after \`from\` ${validFrom}`, remedy)];
}

/** The days on which both are in force, in words; null where there are none. */
export function commonDays(left: Stretch, right: Stretch): string | null {
  const from = startOf(left) > startOf(right) ? startOf(left) : startOf(right);
  const to = endOf(left) < endOf(right) ? endOf(left) : endOf(right);
  return from < to ? daysText(from, to) : null;
}

/** The days of a half-open stretch in words. */
export function daysText(from: Day, to: Day): string {
  if (to === FOREVER) return from === EVER ? 'on every day' : `from ${from} on`;
  const last = plusDays(to, -1);
  if (from === EVER) return `through ${last}`;
  return last === from ? `on ${from}` : `from ${from} through ${last}`;
}
