// A backfill: months published one after the other, each as a run of that month would have it. What is the same for all of them —
// landing, the lake, every model before the marts — is done once. It may be killed anywhere: a month that is published stays, and
// the next backfill leaves out what is made of the same inputs.
import { Failure } from '../kernel/failure.js';
import type { Month } from '../kernel/period.js';
import { type Manifest, readPublished } from '../publish/directory.js';
import type { BackfillRequest, BackfillResult, RunResult } from './api.js';
import { booksOf, refuseLostBooks } from './books-held.js';
import { carriedMonths, isMadeOf, ownMonths } from './carried.js';
import { type ReadConfiguration, readWithBytes } from './config-copy.js';
import type { RunContext } from './execute.js';
import { endingOf, type Ending, reasonOf } from './ending.js';
import { nameRun } from './history.js';
import { openLedger } from './ledger.js';
import { waitForLock } from './lock.js';
import type { Period } from './parameters.js';
import { onEngine } from './on-engine.js';
import { describeStep, evidenceSteps, publishSteps, type Step } from './plan.js';
import { resultOf } from './run.js';
import { backfillPeriod, refuseClosed, refuseHalfReopened } from './scope.js';
import { buildEvidence, inSession, landEvidence, publishPeriod } from './session.js';
import { makeState } from './state.js';

/** What is done of a backfill, told while it goes on. */
interface Progress {
  readonly published: Month[];
  readonly unchanged: Month[];
  runId: string;
}

/** Publishes the months of the range, or says of each that nothing changed. Throws `Failure`; anything else is a bug. */
export async function runBackfill(request: BackfillRequest): Promise<BackfillResult> {
  const read = await readWithBytes(request.pipelineFile);
  const { pipeline } = read;
  const period = backfillPeriod(pipeline, request);
  try {
    return await backfillLocked(request, read, period);
  } catch (error) {
    throw endingOf(error, request.signal, pipeline.stateDir).error;
  }
}

/** One lock, and one engine, from the first month to the last. */
async function backfillLocked(
  request: BackfillRequest,
  { pipeline, configuration }: ReadConfiguration,
  period: Period,
): Promise<BackfillResult> {
  await makeState(pipeline.stateDir);
  await using _lock = await waitForLock(pipeline.stateDir, request);
  const books = await booksOf(pipeline);
  const published = await readPublished(pipeline.outDir);
  await refuseLostBooks(pipeline, books, published?.made ?? []);
  refuseClosed(pipeline, books, period.firstMonth);
  refuseHalfReopened(pipeline, { published, books }, null);
  const ledger = openLedger(pipeline.stateDir, request.now);
  await ledger.started(period.asOf, ownMonths(period));
  const progress: Progress = { published: [], unchanged: [], runId: '' };
  const began = performance.now();
  const told = (outcome: RunResult['outcome'] | Ending['outcome']): void => {
    const { published, unchanged } = progress;
    const left = ownMonths(period).filter((month) => !published.includes(month) && !unchanged.includes(month));
    const seconds = (performance.now() - began) / 1000;
    request.listener({ kind: 'backfill-finished', outcome, seconds, published, unchanged, left });
  };
  try {
    const session = { pipeline, configuration, period, ledger, books, unchanged: null };
    const result = await inSession(request, session, async (context) => allMonths(request, context, progress));
    await ledger.finished(progress.runId, result.last.outcome, null);
    told(result.last.outcome);
    return result;
  } catch (error) {
    const ending = endingOf(error, request.signal, pipeline.stateDir);
    told(ending.outcome);
    await ledger.finished(progress.runId, ending.outcome, reasonOf(ending)).catch(() => undefined);
    throw ending.error;
  }
}

async function allMonths(request: BackfillRequest, context: RunContext, progress: Progress): Promise<BackfillResult> {
  const { pipeline, catalog, period, listener } = context;
  const evidence = evidenceSteps(pipeline, catalog, context.books);
  listener({ kind: 'run-started', pipeline: pipeline.name, asOf: period.asOf, steps: evidence.map(describeStep) });
  const inputs = await landEvidence(context);
  const before = await readPublished(pipeline.outDir);
  const months = ownMonths(period);
  const due = months.filter((month) => request.force || !isMadeOf(before, [month], inputs));
  const each = async (built: RunContext): Promise<void> => {
    for (const [at, month] of months.entries()) {
      const told = { kind: 'month', month, number: at + 1, total: months.length } as const;
      if (due.includes(month)) {
        if (month === due[0]) await buildEvidence(built);
        const backfill: Backfill = { ...told, inputs, isLast: month === due.at(-1), range: months };
        progress.runId = await oneMonth(request, built, backfill);
        progress.published.push(month);
      } else {
        listener({ ...told, state: 'unchanged' });
        progress.unchanged.push(month);
      }
    }
  };
  await (due.length === 0 ? each(context) : onEngine(context, inputs, each));
  return resultOfAll(context, progress, await readPublished(pipeline.outDir));
}

/** A month's place in the whole. */
interface Backfill {
  readonly kind: 'month';
  readonly month: Month;
  readonly number: number;
  readonly total: number;
  readonly inputs: string;
  readonly isLast: boolean;
  readonly range: readonly Month[];
}

/** Publishes one month beside what is published, with a line of its own in the ledger. Gives the name of the run. */
async function oneMonth(
  request: BackfillRequest,
  shared: RunContext,
  { inputs, isLast, range, ...told }: Backfill,
): Promise<string> {
  const { month } = told;
  const { pipeline, catalog, listener } = shared;
  const published = await readPublished(pipeline.outDir);
  const period = { asOf: shared.period.asOf, firstMonth: month, lastMonth: month };
  const carried = carriedMonths({ ...shared, period }, published);
  const name = await nameRun({ ...shared, period }, published, { inputs, force: request.force });
  const { runId } = name;
  const steps: readonly Step[] = [{ kind: 'turn', month }, ...publishSteps(pipeline, catalog, carried.months)];
  listener({ ...told, state: 'started', steps: steps.map(describeStep) });
  const ledger = openLedger(pipeline.stateDir, request.now);
  await ledger.started(period.asOf, [month]);
  // Months that are still to come would only say that they are: what stays as published is looked at once, in the end.
  const watched = isLast ? carried.months.filter((each) => !range.includes(each)) : [];
  try {
    await publishPeriod({ ...shared, period, ledger }, published, name, { steps, watched });
  } catch (error) {
    const ending = endingOf(error, request.signal, pipeline.stateDir);
    listener({ ...told, state: ending.outcome });
    await ledger.finished(runId, ending.outcome, reasonOf(ending)).catch(() => undefined);
    throw ending.error instanceof Failure ? ofMonth(ending.error, month) : ending.error;
  }
  listener({ ...told, state: 'published' });
  await ledger.finished(runId, 'published', null);
  return runId;
}

function ofMonth(failure: Failure, month: Month): Failure {
  return new Failure(failure.kind, failure.problems, { cause: failure, part: month });
}

function resultOfAll(context: RunContext, progress: Progress, published: Manifest | null): BackfillResult {
  if (published === null) throw new Error('a backfill has months, and none is published');
  progress.runId = published.runId;
  const outcome = progress.published.length === 0 ? 'unchanged' : 'published';
  const { published: done, unchanged } = progress;
  return { published: done, unchanged, last: resultOf(context, outcome, published.runId, published) };
}
