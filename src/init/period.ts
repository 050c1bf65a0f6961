// The books: from the first month that the evidence tells of, through yesterday, or through its own end where that is long ago.
import { type Day, lastDay, type Month, monthOf, plusDays, plusMonths } from '../kernel/period.js';
import type { SourceDraft } from './draft.js';

export interface Books {
  readonly start: Month;
  /** Null: yesterday, as time goes on. */
  readonly asOf: Day | null;
  /** The last day that the evidence tells of, as far as was looked. */
  readonly last: Day;
  /** Evidence begins earlier than the books. */
  readonly isCut: boolean;
}

const MOST_MONTHS = 36;

export function booksOf(sources: readonly SourceDraft[], now: Date): Books {
  const yesterday = plusDays(now.toISOString().slice(0, 10), -1);
  const months = sources
    .flatMap(({ months: own, firstDay }) => [...own, ...(firstDay === null ? [] : [monthOf(firstDay)])])
    .sort();
  const last =
    sources
      .flatMap(({ lastDay: day }) => day ?? [])
      .sort()
      .at(-1) ?? yesterday;
  const first = months[0] ?? monthOf(yesterday);
  const earliest = plusMonths(monthOf(last), 1 - MOST_MONTHS);
  const start = first < earliest ? earliest : first;
  // Of a log that was read in part nobody knows the end.
  const isKnown = !sources.some(({ kind, isPart }) => kind === 'usage' && isPart);
  const isOver = isKnown && monthOf(last) < monthOf(yesterday);
  return { start, asOf: isOver || start > monthOf(yesterday) ? lastDay(monthOf(last)) : null, last, isCut: start !== first };
}
