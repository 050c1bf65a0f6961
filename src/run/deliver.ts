// A run that is published here goes to S3 too, and its marts become tables and views of Athena there.
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AthenaCatalog, S3Publish } from '../pipeline/pipeline.js';
import { type Clock, publishToS3, type Registrar, type S3Published } from '../publish/s3.js';
import { openAthena } from '../warehouse/athena-queries.js';
import type { AthenaQueries } from '../warehouse/athena-statement.js';
import { storeAt, urlOf } from './store-at.js';
import type { Amounts, RunContext } from './execute.js';
import { martsOf } from './published.js';
import { registrarOf } from './register.js';
import { removeFolder, scratchFolder } from './state.js';

export const CLOCK: Clock = {
  now: () => new Date(),
  sleep: async (milliseconds, signal) => sleep(milliseconds, undefined, { signal }),
};

/** A query of the catalogue is small: one that takes longer hangs. */
const DEADLINE_SECONDS = 300;

export async function deliver(
  context: RunContext,
  publish: S3Publish,
  runId: string,
  rows: ReadonlyMap<string, number>,
): Promise<Amounts> {
  const { outDir, retention } = context.pipeline;
  const store = storeAt(publish.folder, context.signal);
  try {
    const done = await registered(context, publish, rows, async (registrar) =>
      publishToS3({
        store,
        runDir: join(outDir, 'runs', runId),
        runId,
        fence: { holder: `${hostname()} ${context.pipeline.name}`, clock: CLOCK },
        keep: { keepRuns: retention.runs - 1, keepDays: publish.keepDays },
        ...(registrar === null ? {} : { registrar }),
      }),
    );
    tell(context, done);
    return { files: done.uploaded, bytes: done.bytes };
  } finally {
    store.close();
  }
}

async function registered(
  context: RunContext,
  { catalog, folder }: S3Publish,
  rows: ReadonlyMap<string, number>,
  work: (registrar: Registrar | null) => Promise<S3Published>,
): Promise<S3Published> {
  if (catalog === null) return work(null);
  const tokenDir = join(context.pipeline.stateDir, 'athena', 'publish');
  await using queries = await openAthena({
    ...catalogOptions(catalog),
    output: urlOf(folder),
    tokenDir,
    runId: 'publish',
    signal: context.signal,
  });
  const columns = Object.fromEntries(
    martsOf(context).map(({ table, contract }) => [table, contract.columns.map(({ name, type }) => ({ name, type }))]),
  );
  const { name } = context.pipeline;
  const done = await work(registrarOf({ queries, database: catalog.database, pipeline: name, columns, rows }));
  await removeFolder(tokenDir);
  return done;
}

export interface OpenQueries extends AsyncDisposable {
  readonly queries: AthenaQueries;
}

/** For statements about tables alone, of no run. What they asked is noted aside, and goes with them. */
export async function catalogQueries(catalog: AthenaCatalog, output: string): Promise<OpenQueries> {
  const tokenDir = await scratchFolder();
  const queries = await openAthena({ ...catalogOptions(catalog), output, tokenDir, runId: randomUUID() });
  return {
    queries,
    [Symbol.asyncDispose]: async () => {
      await queries[Symbol.asyncDispose]();
      await removeFolder(tokenDir);
    },
  };
}

function catalogOptions({ workgroup, database, region, endpoint }: AthenaCatalog) {
  return {
    workgroup,
    database,
    region: region ?? undefined,
    endpoint: endpoint ?? undefined,
    budgetBytes: null,
    deadlineSeconds: DEADLINE_SECONDS,
  };
}

function tell({ listener }: RunContext, { outcome, location, later }: S3Published): void {
  const words = { published: 'published', repaired: 'published again, as files of it were gone', unchanged: 'unchanged' }[
    outcome
  ];
  listener({ kind: 'note', level: 'info', message: `${location}: ${words}` });
  for (const { problems } of later)
    for (const { message } of problems) listener({ kind: 'note', level: 'warning', message: `${location}: ${message}` });
}
