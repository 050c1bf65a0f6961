// A run on Athena: what it works with, and what is left of it.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { AthenaEngine } from '../model/athena-engine.js';
import { dropTable, runPrefix, RunTables } from '../model/athena-tables.js';
import type { AthenaEngineConfig, S3Folder } from '../pipeline/pipeline.js';
import { openStore } from '../store/s3.js';
import type { ObjectStore } from '../store/store.js';
import { openAthena } from '../warehouse/athena-queries.js';
import type { AthenaQueries } from '../warehouse/athena-statement.js';
import { loadOnAthena } from './athena-load.js';
import type { RunContext } from './execute.js';
import { trinoMacros } from './models.js';
import { freshFolder, isThere, removeFolder } from './state.js';

/** `inputs`: the fingerprint of all that months are made of. */
export async function onAthena<T>(
  context: RunContext,
  config: AthenaEngineConfig,
  inputs: string,
  work: (context: RunContext) => Promise<T>,
): Promise<T> {
  const { stateDir } = context.pipeline;
  const run = runKey(context, inputs);
  const tokenDir = join(stateDir, 'athena', run);
  const isNew = !(await isThere(tokenDir));
  const scratchDir = await freshFolder(join(stateDir, 'tmp', 'athena'));
  const store = storeAt(config.output, context.signal);
  // What a run left whose notes are gone would stand in the way of the files of this one. Before there are notes of this one.
  if (isNew) await removeObjects(store, runPrefix(run));
  await using queries = await openAthena({ ...queryOptions(config, context), tokenDir, runId: run });
  await queries.preflight();
  const { catalog, warehouse } = context;
  const macros = await trinoMacros();
  const { database, concurrency } = config;
  const engine = new AthenaEngine({
    queries,
    store,
    local: warehouse,
    catalog,
    macros,
    database,
    run,
    scratchDir,
    lanes: concurrency,
  });
  const load = async (built: RunContext) => loadOnAthena(built, { tables: engine, store, database, run });
  const result = await work({ ...context, engine, load, kept: null });
  const lines = logTables(context, database, run);
  await tidy(run, queries, store, [...engine.drops, ...lines]).catch((error: unknown) => tellLeft(context, error));
  await removeFolder(tokenDir);
  store.close();
  return result;
}

/** The months are part of it: a table of them is another one where others are published. */
function runKey({ period }: RunContext, inputs: string): string {
  return createHash('sha256')
    .update(JSON.stringify([inputs, period]))
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

export function urlOf({ bucket, prefix }: S3Folder): string {
  return `s3://${[bucket, prefix].filter((part) => part !== '').join('/')}/`;
}

export function storeAt(folder: S3Folder, signal: AbortSignal | undefined): ObjectStore {
  const { bucket, prefix, region, endpoint, pathStyle } = folder;
  return openStore({
    bucket,
    prefix,
    pathStyle,
    ...(region === null ? {} : { region }),
    ...(endpoint === null ? {} : { endpoint }),
    ...(signal === undefined ? {} : { signal }),
  });
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
  await removeObjects(store, runPrefix(run));
}

async function removeObjects(store: ObjectStore, prefix: string): Promise<void> {
  for await (const page of store.list(prefix)) await store.remove(page.map(({ key }) => key));
}

/** The run is published; what it left costs little, and the next run of the same inputs removes it. */
function tellLeft({ listener }: RunContext, error: unknown): void {
  const message = `tables of this run stay on Athena: ${error instanceof Error ? error.message : String(error)}`;
  listener({ kind: 'note', level: 'warning', message });
}
