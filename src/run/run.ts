// A whole run: plan, land, and — unless nothing changed — load, build, check and publish.
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { type Month, monthsThrough } from '../kernel/period.js';
import { prepareWarehouse } from '../model/build.js';
import { type Catalog, readCatalog } from '../model/catalog.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import { readPipeline } from '../pipeline/read.js';
import { readPublished } from '../publish/directory.js';
import { openDuckDb } from '../warehouse/duckdb.js';
import type { Warehouse } from '../warehouse/warehouse.js';
import type { RunRequest, RunResult } from './api.js';
import { executeStep, type RunContext } from './execute.js';
import { runIdOf } from './fingerprint.js';
import { openLedger } from './ledger.js';
import { takeLock } from './lock.js';
import type { Period } from './parameters.js';
import { periodOf } from './scope.js';
import { describeStep, planSteps, type Step } from './plan.js';
import { freshFolder, makeState, PACKAGE_DIR, packageVersion, removeFolder } from './state.js';
import { carriedMonths, carryMonths, type Published, publishMarts } from './published.js';

export interface Prepared {
  readonly pipeline: Pipeline;
  readonly catalog: Catalog;
  readonly period: Period;
  readonly steps: readonly Step[];
}

/** Runs the pipeline and publishes, or says that nothing changed. Throws `Failure`; anything else is a bug. */
export async function runPipeline(request: RunRequest): Promise<RunResult> {
  const pipeline = await readPipeline(request.pipelineFile);
  const period = periodOf(pipeline, request.scope, request.now);
  await makeState(pipeline.stateDir);
  await using _lock = await takeLock(pipeline.stateDir);
  const ledger = openLedger(pipeline.stateDir, request.now);
  await ledger.started(period.asOf, monthsThrough(period.firstMonth, period.lastMonth));
  let runId = '';
  const began = performance.now();
  const told = (outcome: 'published' | 'unchanged' | 'failed', out: string | null): void =>
    request.listener({ kind: 'run-finished', outcome, runId, seconds: (performance.now() - began) / 1000, out });
  try {
    const result = await runInside(request, pipeline, period, ledger, (id) => (runId = id));
    await ledger.finished(result.runId, result.outcome, null);
    told(result.outcome, result.outDir);
    return result;
  } catch (error) {
    told('failed', null);
    await ledger.finished(runId, 'failed', error instanceof Error ? error.message : String(error));
    throw error;
  }
}

async function runInside(
  request: RunRequest,
  pipeline: Pipeline,
  period: Period,
  ledger: ReturnType<typeof openLedger>,
  named: (runId: string) => void,
): Promise<RunResult> {
  const threads = request.threads ?? availableParallelism();
  const tempDirectory = await freshFolder(join(pipeline.stateDir, 'tmp'));
  await using warehouse = await openDuckDb({ threads, tempDirectory, unordered: true });
  const catalog = await readCatalog(join(PACKAGE_DIR, 'sql'), warehouse);
  const steps = planSteps(pipeline, catalog, period);
  request.listener({ kind: 'run-started', pipeline: pipeline.name, asOf: period.asOf, steps: steps.map(describeStep) });
  const context: RunContext = {
    pipeline,
    catalog,
    period,
    warehouse,
    threads,
    listener: request.listener,
    ledger,
    files: [],
    controls: [],
  };
  const published = await readPublished(pipeline.outDir);
  const landing = steps.filter((step) => step.kind === 'land');
  for (const step of landing) await executeStep(context, step);
  const runId = runIdOf({ ...context, carried: carriedMonths(published, period).hashes, versions: await versionsOf(warehouse) });
  named(runId);
  const unchanged = published?.runId === runId && !request.force;
  if (!unchanged) await finish(context, steps, published, runId);
  await removeFolder(tempDirectory);
  return resultOf(context, unchanged ? 'unchanged' : 'published', runId, published);
}

async function finish(context: RunContext, steps: readonly Step[], published: Published | null, runId: string): Promise<void> {
  await prepareWarehouse(context.warehouse, context.catalog);
  for (const step of steps) {
    if (step.kind === 'land') continue;
    if (step.kind === 'carry') await executeStep(context, step, async () => noRows(carryMonths(context, published)));
    else if (step.kind === 'publish')
      await executeStep(context, step, async () => noRows(publishMarts(context, published, runId)));
    else await executeStep(context, step);
  }
}

async function noRows(work: Promise<void>): Promise<null> {
  await work;
  return null;
}

function resultOf(context: RunContext, outcome: RunResult['outcome'], runId: string, published: Published | null): RunResult {
  const { pipeline, period } = context;
  return {
    outcome,
    runId,
    asOf: period.asOf,
    months: publishedMonths(period, published),
    outDir: pipeline.outDir,
    warehousePath: join(pipeline.stateDir, 'runs', runId, 'warehouse.duckdb'),
    pipeline: pipeline.name,
    currency: pipeline.currency,
  };
}

export function publishedMonths(period: Period, published: Published | null): readonly Month[] {
  const months = new Set([...monthsThrough(period.firstMonth, period.lastMonth), ...carriedMonths(published, period).months]);
  return [...months].sort();
}

/** The steps that `runPipeline` would execute. Nothing is written. */
export async function planPipeline(request: RunRequest): Promise<readonly Step[]> {
  return (await preparePipeline(request)).steps;
}

export async function preparePipeline(request: RunRequest): Promise<Prepared> {
  const pipeline = await readPipeline(request.pipelineFile);
  const period = periodOf(pipeline, request.scope, request.now);
  await using warehouse = await openDuckDb({ threads: 1 });
  const catalog = await readCatalog(join(PACKAGE_DIR, 'sql'), warehouse);
  return { pipeline, catalog, period, steps: planSteps(pipeline, catalog, period) };
}

async function versionsOf(warehouse: Warehouse): Promise<string> {
  const [engine] = await warehouse.rows('SELECT version() AS version');
  return `showback ${await packageVersion()}, DuckDB ${engine?.['version'] ?? ''}`;
}
