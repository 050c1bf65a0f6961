// Which months a run publishes, and through which day its evidence counts.
import { Failure } from '../kernel/failure.js';
import { type Day, isDay, isMonth, lastDay, monthOf, plusDays } from '../kernel/period.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import type { RunScope } from './api.js';
import type { Period } from './parameters.js';

/** The period of a run; the clock is asked only where neither the command line nor the pipeline names a day. */
export function periodOf(pipeline: Pipeline, scope: RunScope, now: () => Date): Period {
  refuseBadText(scope);
  const asOf = asOfDay(pipeline, scope, now);
  const lastMonth = scope.month ?? monthOf(asOf);
  const firstMonth = scope.month ?? (scope.date === undefined ? pipeline.start : lastMonth);
  if (lastMonth < pipeline.start)
    throw outside(`the books start in ${pipeline.start}, after ${lastMonth}`, 'name a later month, or an earlier start');
  if (monthOf(asOf) < lastMonth)
    throw outside(`--as-of ${asOf} is before ${lastMonth} begins`, 'name a day in that month or later');
  return { asOf, firstMonth, lastMonth };
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

function outside(message: string, remedy: string): Failure {
  return new Failure('user', [{ code: 'run/scope', message, remedy }]);
}
