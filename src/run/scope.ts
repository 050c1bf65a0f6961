// Which months a run publishes, and through which day its evidence counts.
import { Failure } from '../kernel/failure.js';
import { type Day, isDay, isMonth, lastDay, type Month, monthOf, monthsThrough, plusDays, plusMonths } from '../kernel/period.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import type { Manifest } from '../publish/directory.js';
import type { BackfillRequest, RunScope } from './api.js';
import { type Books, firstOpenMonth } from './books.js';
import type { Period } from './parameters.js';

/** What the command line asks for, before anybody looks at what is published. */
export interface Asked {
  readonly asOf: Day;
  readonly lastMonth: Month;
  /** That month and no other. */
  readonly alone: boolean;
}

/** What stands already: the published months, and which are closed. */
export interface Before {
  readonly published: Manifest | null;
  readonly books: Books;
}

/** The months of a backfill, all by the evidence of one day: a month comes out as a run of all months would have it. */
export function backfillPeriod(
  pipeline: Pipeline,
  { from, to, asOf, now }: Omit<BackfillRequest, 'pipelineFile' | 'force' | 'listener'>,
): Period {
  for (const [flag, month] of [['--from', from] as const, ['--to', to] as const]) {
    if (month !== undefined && !isMonth(month)) throw outside(`${flag} ${month} is no month`, 'write it as 2026-09');
  }
  const asked = askedOf(pipeline, asOf === undefined ? {} : { asOf }, now);
  const lastMonth = to ?? asked.lastMonth;
  if (from > lastMonth) throw outside(`--from ${from} is after --to ${lastMonth}`, 'name the earlier month first');
  if (from < pipeline.start)
    throw outside(`the books start in ${pipeline.start}, after ${from}`, 'name a later month, or an earlier start');
  if (lastMonth > asked.lastMonth)
    throw outside(`the as-of day ${asked.asOf} is before ${lastMonth} begins`, 'name an earlier --to, or a later --as-of');
  return { asOf: asked.asOf, firstMonth: from, lastMonth };
}

/** The clock is asked only where neither the command line nor the pipeline names a day. */
export function askedOf(pipeline: Pipeline, scope: RunScope, now: () => Date): Asked {
  refuseBadText(scope);
  const asOf = asOfDay(pipeline, scope, now);
  const lastMonth = scope.month ?? monthOf(asOf);
  if (lastMonth < pipeline.start)
    throw outside(`the books start in ${pipeline.start}, after ${lastMonth}`, 'name a later month, or an earlier start');
  if (monthOf(asOf) < lastMonth)
    throw outside(`--as-of ${asOf} is before ${lastMonth} begins`, 'name a day in that month or later');
  return { asOf, lastMonth, alone: scope.month !== undefined || scope.date !== undefined };
}

/** The period of a run: one month, or every open one. */
export function periodOf(pipeline: Pipeline, { asOf, lastMonth, alone }: Asked, { published, books }: Before): Period {
  const [firstOpen = lastMonth] = openMonths(pipeline, asOf, { published, books });
  const period = { asOf, firstMonth: alone ? lastMonth : firstOpen, lastMonth };
  refuseHalfReopened(pipeline, { published, books }, period);
  return period;
}

/** Without the months that are left as they are published. The last one never is. */
export function computedPeriod(period: Period, left: readonly Month[]): Period {
  const months = monthsThrough(period.firstMonth, period.lastMonth);
  return { ...period, firstMonth: months.find((month) => !left.includes(month)) ?? period.lastMonth };
}

/**
 * Months that a run of `asOf` recomputes and publishes, oldest first and without a gap: those of the look-back window, and all
 * from the first one that was never published through its last day. Without a window every month of the books is open.
 */
export function openMonths(pipeline: Pipeline, asOf: Day, { published, books }: Before): readonly Month[] {
  const months = monthsThrough(firstOpenMonth(pipeline, books), monthOf(asOf));
  if (pipeline.lookBack === null) return months;
  const window = plusMonths(monthOf(asOf), -pipeline.lookBack);
  const missing = months.find((month) => !isPublishedWhole(published, month) || isReopened(published, month)) ?? window;
  return months.filter((month) => month >= window || month >= missing);
}

/** Throws where the month is closed: nothing recomputes it but `reopen` and a run after that. */
export function refuseClosed(pipeline: Pipeline, books: Books, month: Month): void {
  if (month >= firstOpenMonth(pipeline, books)) return;
  const remedy = `leave it out; or, where it must change, showback reopen ${month}`;
  throw new Failure('user', [{ code: 'run/closed', message: `${month} is closed`, remedy }]);
}

/** Published as closed, and open now: its adjustments stand in months after it until all of them are made anew. */
function isReopened(published: Manifest | null, month: Month): boolean {
  return published?.made.some((made) => made.month === month && made.closed === true) === true;
}

/** Throws where months were reopened, and not every published month from the first of them on is made anew at once. A backfill makes one at a time. */
export function refuseHalfReopened(
  pipeline: Pipeline,
  { published, books }: Before,
  period: Pick<Period, 'firstMonth' | 'lastMonth'> | null,
): void {
  const open = firstOpenMonth(pipeline, books);
  const first = published?.months.find((month) => month >= open && isReopened(published, month));
  if (first === undefined) return;
  const last = published?.months.at(-1) ?? first;
  if (period !== null && period.firstMonth <= first && period.lastMonth >= last) return;
  const message = `${first} was reopened, and what was adjusted of it stands in months after it: they are made anew together`;
  throw new Failure('user', [{ code: 'run/reopened', message, remedy: 'run without a month first: showback run' }]);
}

/** A month that was published while it ran is not whole: what came after that day is in no statement yet. */
function isPublishedWhole(published: Manifest | null, month: Month): boolean {
  if (published === null || !published.months.includes(month)) return false;
  const asOf = published.made.find((made) => made.month === month)?.asOf ?? published.asOf;
  return asOf >= lastDay(month);
}

function asOfDay(pipeline: Pipeline, scope: RunScope, now: () => Date): Day {
  const latest = scope.asOf ?? scope.date ?? pipeline.asOf ?? plusDays(now().toISOString().slice(0, 10), -1);
  if (scope.month === undefined || scope.asOf !== undefined) return latest;
  return latest < lastDay(scope.month) && monthOf(latest) === scope.month ? latest : lastDay(scope.month);
}

function refuseBadText(scope: RunScope): void {
  if (scope.month !== undefined && !isMonth(scope.month))
    throw outside(`--month ${scope.month} is no month`, 'write it as 2026-09');
  for (const [flag, day] of [['--date', scope.date] as const, ['--as-of', scope.asOf] as const]) {
    if (day !== undefined && !isDay(day)) throw outside(`${flag} ${day} is no day`, 'write it as 2026-09-30');
  }
  if (scope.month !== undefined && scope.date !== undefined)
    throw outside('--month and --date name two scopes', 'give one of them');
}

export function outside(message: string, remedy: string): Failure {
  return new Failure('user', [{ code: 'run/scope', message, remedy }]);
}
