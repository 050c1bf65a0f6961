// A whole run: plan, land, and — unless nothing changed — load, build, check and publish.
import { join } from 'node:path';
import type { Catalog } from '../model/catalog.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import { readPipeline } from '../pipeline/read.js';
import { type Manifest, readPublished } from '../publish/directory.js';
import { openDuckDb } from '../warehouse/duckdb.js';
import type { Planned, RunRequest, RunResult } from './api.js';
import { type Books, firstOpenMonth } from './books.js';
import { booksOf, refuseLostBooks } from './books-held.js';
import { carriedMonths, isMadeOf, ownMonths } from './carried.js';
import { type ReadConfiguration, readWithBytes } from './config-copy.js';
import { type Ending, endingOf, reasonOf } from './ending.js';
import { executeStep, type RunContext } from './execute.js';
import { nameRun } from './history.js';
import { openLedger } from './ledger.js';
import { waitForLock } from './lock.js';
import { modelsOf } from './models.js';
import type { Period } from './parameters.js';
import { delivered, onEngine } from './on-engine.js';
import { describeStep, planSteps, publishSteps, type Step } from './plan.js';
import { askedOf, periodOf, refuseClosed } from './scope.js';
import { estimateScans } from './scan-estimate.js';
import { buildEvidence, inSession, landEvidence, publishPeriod } from './session.js';
import { makeState } from './state.js';
import { mayLeave, UnchangedMonths } from './unchanged.js';

export interface Prepared {
  readonly pipeline: Pipeline;
  readonly catalog: Catalog;
  readonly period: Period;
  readonly books: Books;
  readonly steps: readonly Step[];
}

/** Runs the pipeline and publishes, or says that nothing changed. Throws `Failure`; anything else is a bug. */
export async function runPipeline(request: RunRequest): Promise<RunResult> {
  const read = await readWithBytes(request.pipelineFile);
  const { pipeline } = read;
  const asked = askedOf(pipeline, request.scope, request.now);
  try {
    return await runLocked(request, read, asked);
  } catch (error) {
    throw endingOf(error, request.signal, pipeline.stateDir).error;
  }
}

async function runLocked(
  request: RunRequest,
  { pipeline, configuration }: ReadConfiguration,
  asked: ReturnType<typeof askedOf>,
): Promise<RunResult> {
  await makeState(pipeline.stateDir);
  await using _lock = await waitForLock(pipeline.stateDir, request);
  const books = await booksOf(pipeline);
  const published = await readPublished(pipeline.outDir);
  await refuseLostBooks(pipeline, books, published?.made ?? []);
  if (published !== null && !asked.alone && asked.lastMonth < firstOpenMonth(pipeline, books))
    return nothingOpen(request, pipeline, asked, published);
  refuseClosed(pipeline, books, asked.lastMonth);
  const period = periodOf(pipeline, asked, { published, books });
  const ledger = openLedger(pipeline.stateDir, request.now);
  await ledger.started(period.asOf, ownMonths(period));
  let runId = '';
  const began = performance.now();
  const told = (outcome: RunResult['outcome'] | Ending['outcome'], out: string | null): void =>
    request.listener({ kind: 'run-finished', outcome, runId, seconds: (performance.now() - began) / 1000, out });
  try {
    const leaves = mayLeave(pipeline, { alone: asked.alone, closed: books.closed.length });
    const unchanged = leaves ? new UnchangedMonths(published, request.force) : null;
    const session = { pipeline, configuration, period, ledger, books, unchanged };
    const result = await inSession(request, session, async (context) =>
      runInside(context, published, request.force, (id) => (runId = id)),
    );
    await ledger.finished(result.runId, result.outcome, null);
    told(result.outcome, result.outDir);
    return result;
  } catch (error) {
    const ending = endingOf(error, request.signal, pipeline.stateDir);
    told(ending.outcome, null);
    // A full disk takes no line of the ledger either; the reason goes up all the same.
    await ledger.finished(runId, ending.outcome, reasonOf(ending)).catch(() => undefined);
    throw ending.error;
  }
}

/** A run on the last day of a month that was closed that day, or of an as-of day of the past. */
function nothingOpen(
  { listener }: RunRequest,
  pipeline: Pipeline,
  { asOf, lastMonth }: ReturnType<typeof askedOf>,
  { runId, months }: Manifest,
): RunResult {
  listener({ kind: 'note', level: 'info', message: `every month through ${lastMonth} is closed` });
  listener({ kind: 'run-finished', outcome: 'unchanged', runId, seconds: 0, out: pipeline.outDir });
  return { ...placesOf(pipeline, runId), outcome: 'unchanged', runId, asOf, months };
}

async function runInside(
  context: RunContext,
  published: Manifest | null,
  force: boolean,
  named: (runId: string) => void,
): Promise<RunResult> {
  const { pipeline, catalog, period, books } = context;
  const carried = carriedMonths(context, published);
  const leaves = context.unchanged !== null;
  const steps = planSteps(pipeline, catalog, { carried: carried.months, books, leaves });
  context.listener({ kind: 'run-started', pipeline: pipeline.name, asOf: period.asOf, steps: steps.map(describeStep) });
  const inputs = await landEvidence(context);
  if (!force && published !== null && isMadeOf(published, ownMonths(period), inputs)) {
    named(published.runId);
    // What was published here may not have come to S3.
    if (pipeline.publish !== null)
      await executeStep(context, { kind: 'deliver' }, async () => delivered(context, published.runId, rowsOf(published)));
    return resultOf(context, 'unchanged', published.runId, published);
  }
  const name = await nameRun(context, published, { inputs, force });
  const { runId } = name;
  named(runId);
  await onEngine(context, inputs, async (built) => {
    await buildEvidence(built);
    const how = { steps: publishSteps(pipeline, catalog, carried.months, leaves), watched: carried.months };
    await publishPeriod(built, published, name, how);
  });
  return resultOf(context, 'published', runId, published);
}

/** Of each mart, in all its months. */
function rowsOf({ files }: Manifest): ReadonlyMap<string, number> {
  const rows = new Map<string, number>();
  for (const { mart, rows: count } of files.filter((file) => file.path.startsWith('parquet/')))
    rows.set(mart, (rows.get(mart) ?? 0) + count);
  return rows;
}

export function resultOf(
  context: RunContext,
  outcome: RunResult['outcome'],
  runId: string,
  published: Manifest | null,
): RunResult {
  const { pipeline, period } = context;
  return {
    ...placesOf(pipeline, runId),
    outcome,
    runId,
    asOf: period.asOf,
    months: [...ownMonths(period), ...carriedMonths(context, published).months].sort(),
  };
}

function placesOf({ name, currency, outDir, stateDir }: Pipeline, runId: string) {
  return { pipeline: name, currency, outDir, warehousePath: join(stateDir, 'runs', runId, 'warehouse.duckdb') };
}

/** The steps that `runPipeline` would execute, and what they would scan on Athena. Nothing is written. */
export async function planPipeline(request: RunRequest): Promise<Planned> {
  const { pipeline, catalog, steps, books, period } = await preparePipeline(request);
  refuseClosed(pipeline, books, period.lastMonth);
  return { steps, scan: await estimateScans(pipeline, catalog) };
}

/** Closed months may be asked about too: whoever publishes refuses them. */
export async function preparePipeline(request: RunRequest): Promise<Prepared> {
  const pipeline = await readPipeline(request.pipelineFile);
  const books = await booksOf(pipeline);
  const published = await readPublished(pipeline.outDir);
  const asked = askedOf(pipeline, request.scope, request.now);
  const period = periodOf(pipeline, asked, { published, books });
  const leaves = mayLeave(pipeline, { alone: asked.alone, closed: books.closed.length });
  await using warehouse = await openDuckDb({ threads: 1 });
  const catalog = await modelsOf(warehouse, null);
  const carried = carriedMonths({ pipeline, books, period }, published).months;
  return { pipeline, catalog, period, books, steps: planSteps(pipeline, catalog, { carried, books, leaves }) };
}
