// A run on Athena: what it works with, and what is left of it.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { AthenaEngine } from '../model/athena-engine.js';
import { dropTable, dropView, runPrefix, RunTables, tableOfKey } from '../model/athena-tables.js';
import type { AthenaEngineConfig, S3Folder } from '../pipeline/pipeline.js';
import { openStore } from '../store/s3.js';
import type { ObjectStore } from '../store/store.js';
import { openAthena } from '../warehouse/athena-queries.js';
import type { AthenaQueries } from '../warehouse/athena-statement.js';
import { loadOnAthena } from './athena-load.js';
import type { RunContext } from './execute.js';
import { trinoMacros } from './models.js';
import { freshFolder, isThere, removeFolder } from './state.js';

/** Builds where the pipeline says. `inputs`: the fingerprint of all that months are made of. */
export async function onEngine<T>(context: RunContext, inputs: string, work: (context: RunContext) => Promise<T>): Promise<T> {
  const { engine } = context.pipeline;
  return engine.kind === 'duckdb' ? work(context) : onAthena(context, engine, inputs, work);
}

async function onAthena<T>(
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
  await using queries = await openAthena({ ...queryOptions(config, context), tokenDir, runId: run });
  await queries.preflight();
  // What a run left whose notes are gone would stand in the way of the files of this one.
  if (isNew) await removeObjects(store, runPrefix(run));
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
  await tidy(context, { queries, store, database, run }).catch((error: unknown) => tellLeft(context, error));
  await removeFolder(tokenDir);
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

interface RunOnAthena {
  readonly queries: AthenaQueries;
  readonly store: ObjectStore;
  readonly database: string;
  readonly run: string;
}

/** Tables of a run that is published are asked for by nobody any more: marts have files and tables of their own. */
async function tidy({ catalog, pipeline }: RunContext, { queries, store, database, run }: RunOnAthena): Promise<void> {
  const tables = await removeObjects(store, runPrefix(run));
  const views = catalog.models
    .filter(({ contract }) => contract.build === 'view')
    .map(({ layer, table }) => `r${run}_${layer}_${table}`);
  const logs = new RunTables(database, run);
  const lines = pipeline.sources.map(() => logs.next('raw', 'line').name);
  const statements = [
    ...[...tables, ...lines].sort().map((name) => dropTable(database, name)),
    ...views.map((name) => dropView(database, name)),
  ];
  await Promise.all(statements.map(async (sql) => queries.execute({ name: 'tidy', sql })));
}

/** Gives the tables that had files there. */
async function removeObjects(store: ObjectStore, prefix: string): Promise<ReadonlySet<string>> {
  const tables = new Set<string>();
  for await (const page of store.list(prefix)) {
    for (const { key } of page) tables.add(tableOfKey(key) ?? '');
    await store.remove(page.map(({ key }) => key));
  }
  tables.delete('');
  return tables;
}

/** The run is published; what it left costs little, and the next run of the same inputs removes it. */
function tellLeft({ listener }: RunContext, error: unknown): void {
  const message = `tables of this run stay on Athena: ${error instanceof Error ? error.message : String(error)}`;
  listener({ kind: 'note', level: 'warning', message });
}
