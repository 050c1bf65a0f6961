// What runs and backfills share: an engine with the models, the evidence as it landed, and the way from there to published months.
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Month } from '../kernel/period.js';
import { duckDbEngine } from '../model/engine.js';
import type { Manifest } from '../publish/directory.js';
import { openDuckDb } from '../warehouse/duckdb.js';
import type { RunRequest } from './api.js';
import { lastClosed } from './books.js';
import { carryMonths, leftMonths } from './carried.js';
import { tellOfChanges } from './changes.js';
import type { ConfigurationBytes } from './config-copy.js';
import { executeSteps } from './builds.js';
import { executeStep, type RunContext } from './execute.js';
import { fingerprintOf } from './fingerprint.js';
import { keptSumsOf } from './kept-sums.js';
import { refuseGoneEvidence } from './locked-sources.js';
import { MOST_LANES } from './side-by-side.js';
import { loadHere } from './load.js';
import { sweepLeftovers } from './leftovers.js';
import { restate } from './restate.js';
import { modelsOf, versionsOf } from './models.js';
import { delivered } from './on-engine.js';
import { evidenceSteps, type Step } from './plan.js';
import type { RunName } from './history.js';
import { compareWithPublished } from './movement.js';
import { martsOf, publishMarts } from './published.js';
import { freshFolder, removeFolder } from './state.js';
import { warnOfPublishedVariance } from './variance-notes.js';

type SessionRequest = Pick<RunRequest, 'threads' | 'listener' | 'signal' | 'force' | 'now' | 'env'>;

interface Session extends Pick<RunContext, 'pipeline' | 'period' | 'ledger' | 'books' | 'unchanged'> {
  readonly configuration: ConfigurationBytes;
}

/** Works with an engine of its own; the caller holds the lock. */
export async function inSession<T>(
  { threads = availableParallelism(), listener, signal, force, now, env = {} }: SessionRequest,
  run: Session,
  work: (context: RunContext) => Promise<T>,
): Promise<T> {
  await sweepLeftovers(run.pipeline);
  const tempDirectory = await freshFolder(join(run.pipeline.stateDir, 'tmp'));
  try {
    await using warehouse = await openDuckDb({ threads, tempDirectory, unordered: true, signal });
    const catalog = await modelsOf(warehouse, run.pipeline.stateDir);
    const kept = keptSumsOf({ ...run, catalog, versions: await versionsOf(warehouse), force });
    const engine = duckDbEngine(warehouse, Math.min(threads, MOST_LANES));
    return await work({
      ...run,
      catalog,
      warehouse,
      engine,
      load: loadHere,
      threads,
      listener,
      outside: { now, env },
      signal,
      files: [],
      controls: [],
      kept,
    });
  } catch (error) {
    // Behind the engine, which holds its files until it is closed. What cannot be removed now is swept by the next run.
    await sweepLeftovers(run.pipeline).catch(() => undefined);
    throw error;
  } finally {
    await removeFolder(tempDirectory);
  }
}

/** Lands every source, and gives the fingerprint of all that months are made of. */
export async function landEvidence(context: RunContext): Promise<string> {
  for (const step of evidenceSteps(context.pipeline, context.catalog)) if (step.kind === 'land') await executeStep(context, step);
  refuseGoneEvidence(context.books, context.pipeline.sources, context.files);
  return fingerprintOf({ ...context, asOf: context.period.asOf, versions: await versionsOf(context.warehouse) });
}

/** Loads what landed and builds every model before the gate. */
export async function buildEvidence(context: RunContext): Promise<void> {
  await context.engine.prepare(context.catalog);
  const { pipeline, catalog, books, unchanged } = context;
  const steps = evidenceSteps(pipeline, catalog, books, unchanged !== null).filter((step) => step.kind !== 'land');
  await executeSteps(context, steps, async (step) => evidenceStep(context, step));
}

/** One step before the gate. */
export async function evidenceStep(context: RunContext, step: Step): Promise<void> {
  const work = step.kind === 'restate' ? async () => restate(context) : undefined;
  await executeStep(context, step, work);
}

/** Executes the steps from the gate on. Of the months of `watched`, which stay as published, it tells those that no longer hold. */
export async function publishPeriod(
  context: RunContext,
  published: Manifest | null,
  name: RunName,
  { steps, watched }: { readonly steps: readonly Step[]; readonly watched: readonly Month[] },
): Promise<void> {
  const carry = async (): Promise<null> => {
    await carryMonths(context, published, martsOf(context));
    await warnOfPublishedVariance(context.warehouse, leftMonths(context), context.listener);
    await tellOfChanges(
      context,
      published,
      watched.filter((month) => month > (lastClosed(context.books) ?? '')),
    );
    return null;
  };
  await executeSteps(context, steps, async (step) => {
    if (step.kind === 'carry') await executeStep(context, step, carry);
    else if (step.kind === 'compare') await executeStep(context, step, async () => compareWithPublished(context, name));
    else if (step.kind === 'publish')
      await executeStep(context, step, async () => noRows(publishMarts(context, published, name)));
    else if (step.kind === 'deliver')
      await executeStep(context, step, async () => delivered(context, name.runId, await martRows(context)));
    else await executeStep(context, step);
  });
}

async function martRows(context: RunContext): Promise<ReadonlyMap<string, number>> {
  const rows = new Map<string, number>();
  for (const { name, table } of martsOf(context)) {
    const [count] = await context.warehouse.rows(`SELECT count(*) AS n FROM ${name}`);
    rows.set(table, Number(count?.['n'] ?? 0));
  }
  return rows;
}

async function noRows(work: Promise<void>): Promise<null> {
  await work;
  return null;
}
