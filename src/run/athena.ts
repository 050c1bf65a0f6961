// A run on Athena: what it works with, and what is left of it.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { AthenaEngine } from '../model/athena-engine.js';
import { dropTable, isOfRun, RunTables } from '../model/athena-tables.js';
import type { AthenaEngineConfig } from '../pipeline/pipeline.js';
import type { ObjectStore } from '../store/store.js';
import { refuseForeign } from '../warehouse/athena-marks.js';
import { openAthena } from '../warehouse/athena-queries.js';
import type { AthenaQueries } from '../warehouse/athena-statement.js';
import { claimFolder, notesOf, removeRunFolder } from './athena-folder.js';
import { loadOnAthena } from './athena-load.js';
import type { RunContext } from './execute.js';
import { trinoMacros } from './models.js';
import { estimateScans, refuseOverBudget } from './scan-estimate.js';
import { measuresOf, noteMeasures } from './scan-measures.js';
import { freshFolder, removeFolder } from './state.js';
import { storeAt, urlOf } from './store-at.js';

/** `inputs`: the fingerprint of all that months are made of. */
export async function onAthena<T>(
  context: RunContext,
  config: AthenaEngineConfig,
  inputs: string,
  work: (context: RunContext) => Promise<T>,
): Promise<T> {
  const { stateDir, name: pipeline } = context.pipeline;
  await refuseCostly(context, config);
  const run = runKey(context, inputs);
  const notes = notesOf(stateDir, run);
  const store = storeAt(config.output, context.signal);
  await claimFolder({ store, run, pipeline, notes });
  await using queries = await openAthena({ ...queryOptions(config, context), tokenDir: notes, runId: run });
  await queries.preflight();
  const { database } = config;
  await refuseForeign(queries, await queries.tables(), { database, pipeline, wanted: (table) => isOfRun(table, run) });
  const engine = await engineOf(context, config, { queries, store, run });
  const load = async (built: RunContext) => loadOnAthena(built, { tables: engine, store, database, run });
  const result = await work({ ...context, engine, load, kept: null });
  await noteMeasures(stateDir, pipeline, measuresOf(queries.scanned().byName, context.catalog.models));
  const lines = logTables(context, database, run);
  await tidy(run, queries, store, [...engine.drops, ...lines]).catch((error: unknown) => tellLeft(context, error));
  await removeFolder(notes);
  store.close();
  return result;
}

/** What landed by now is what the run will read. */
async function refuseCostly({ pipeline, catalog }: RunContext, config: AthenaEngineConfig): Promise<void> {
  const estimate = await estimateScans(pipeline, catalog);
  if (estimate !== null) refuseOverBudget(estimate, config);
}

async function engineOf(
  { pipeline, catalog, warehouse }: RunContext,
  { database, concurrency }: AthenaEngineConfig,
  parts: { readonly queries: AthenaQueries; readonly store: ObjectStore; readonly run: string },
): Promise<AthenaEngine> {
  const scratchDir = await freshFolder(join(pipeline.stateDir, 'tmp', 'athena'));
  const macros = await trinoMacros();
  const whose = { database, pipeline: pipeline.name };
  return new AthenaEngine({ ...parts, ...whose, local: warehouse, catalog, macros, scratchDir, lanes: concurrency });
}

/** The months are part of it: a table of them is another one where others are published. So is the pipeline: its tables bear its mark. */
function runKey({ pipeline, period }: RunContext, inputs: string): string {
  return createHash('sha256')
    .update(JSON.stringify([pipeline.name, inputs, period]))
    .digest('hex')
    .slice(0, 16);
}

function queryOptions(config: AthenaEngineConfig, { signal }: RunContext) {
  const { workgroup, database, region, endpoint, output, scanBudget, concurrency, deadlineSeconds } = config;
  return {
    workgroup,
    database,
    region: region ?? undefined,
    endpoint: endpoint ?? undefined,
    output: urlOf(output),
    budgetBytes: scanBudget === null ? null : BigInt(scanBudget),
    concurrency,
    deadlineSeconds,
    signal,
  };
}

/** Over the logs as they were delivered; at most one a source. */
function logTables({ pipeline }: RunContext, database: string, run: string): readonly string[] {
  const logs = new RunTables(database, run);
  for (const _source of pipeline.sources) logs.next('raw', 'line');
  return logs.names.map((name) => dropTable(database, name));
}

/** Tables of a run that is published are asked for by nobody any more: marts have files and tables of their own. */
async function tidy(run: string, queries: AthenaQueries, store: ObjectStore, drops: readonly string[]): Promise<void> {
  await Promise.all(drops.map(async (sql) => queries.execute({ name: 'tidy', sql })));
  await removeRunFolder(store, run);
}

/** The run is published; what it left costs little, and the next run of the same inputs removes it. */
function tellLeft({ listener }: RunContext, error: unknown): void {
  const message = `tables of this run stay on Athena: ${error instanceof Error ? error.message : String(error)}`;
  listener({ kind: 'note', level: 'warning', message });
}
