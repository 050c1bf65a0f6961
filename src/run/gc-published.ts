// Old runs on S3 beyond the retention, and what the catalogue still has of runs that are gone: partitions, and tables without any.
import { hostname } from 'node:os';
import { dropPartition, dropTable } from '../model/athena-tables.js';
import type { Pipeline, S3Publish } from '../pipeline/pipeline.js';
import { type Collected, type CollectRequest, collectS3 } from '../publish/s3.js';
import type { ObjectStore } from '../store/store.js';
import { ownerOf } from '../warehouse/athena-marks.js';
import type { AthenaQueries } from '../warehouse/athena-statement.js';
import type { Waste } from './api.js';
import { storeAt, urlOf } from './store-at.js';
import { catalogQueries, CLOCK } from './deliver.js';
import type { Elsewhere, GcNeeds } from './gc-part.js';
import { patiently } from './lock.js';

interface Catalogued {
  readonly queries: AthenaQueries;
  readonly database: string;
  readonly pipeline: string;
}

export async function planPublished(pipeline: Pipeline, publish: S3Publish, needs: GcNeeds): Promise<Elsewhere> {
  const store = storeAt(publish.folder, undefined);
  const opened = publish.catalog === null ? null : await catalogQueries(publish.catalog, urlOf(publish.folder));
  const to: Catalogued | null =
    opened === null || publish.catalog === null
      ? null
      : { queries: opened.queries, database: publish.catalog.database, pipeline: pipeline.name };
  const close = async (): Promise<void> => {
    await opened?.[Symbol.asyncDispose]();
    store.close();
  };
  const request: CollectRequest = {
    store,
    fence: { holder: `${hostname()} gc of ${pipeline.name}`, clock: { ...CLOCK, now: () => needs.now } },
    keepRuns: pipeline.retention.runs - 1,
    keepDays: publish.keepDays,
  };
  try {
    await opened?.queries.preflight();
    const gone = await collectS3({ ...request, dryRun: true });
    const entries = to === null ? [] : await oldEntries(to, gone.staying);
    return {
      kinds: to === null ? ['s3-run'] : ['athena-partition', 'athena-table', 's3-run'],
      waste: [...entries.map((entry) => wasteOf(entry, publish.catalog?.database ?? '')), ...runsOf(store, gone)],
      notes: gone.strange.map((url) => `${url} is of no run: it stays`),
      carryOut: async () => {
        await patiently(async () => collectS3({ ...request, before: async (staying) => dropOld(to, staying) }), needs.waiting);
      },
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function runsOf(store: ObjectStore, { gone }: Collected): readonly Waste[] {
  return gone.map(({ runId, objects, bytes }) => ({ kind: 's3-run', path: store.url(`runs/${runId}/`), files: objects, bytes }));
}

/** Of the catalogue: a partition, or a table that has no other ones. */
type Entry =
  | { readonly kind: 'partition'; readonly table: string; readonly run: string }
  | { readonly kind: 'table'; readonly table: string };

function wasteOf(entry: Entry, database: string): Waste {
  switch (entry.kind) {
    case 'partition':
      return { kind: 'athena-partition', path: `${database}.${entry.table}/run=${entry.run}`, files: 1, bytes: 0 };
    case 'table':
      return { kind: 'athena-table', path: `${database}.${entry.table}`, files: 1, bytes: 0 };
    default:
      return entry satisfies never;
  }
}

/** `staying`: null where nobody can tell which runs readers see. */
async function oldEntries(to: Catalogued, staying: readonly string[] | null): Promise<readonly Entry[]> {
  if (staying === null) return [];
  const kept = new Set(staying);
  const entries: Entry[] = [];
  for (const table of await to.queries.tables()) {
    if (table.isView || /^r[0-9a-f]{16}_/.test(table.name) || (await ownerOf(to.queries, table)) !== to.pipeline) continue;
    const runs = await partitionsOf(to, table.name);
    const old = runs.filter((run) => !kept.has(run));
    entries.push(...old.map((run): Entry => ({ kind: 'partition', table: table.name, run })));
    if (old.length === runs.length) entries.push({ kind: 'table', table: table.name });
  }
  return entries;
}

async function partitionsOf({ queries, database }: Catalogued, table: string): Promise<readonly string[]> {
  const sql = `SHOW PARTITIONS \`${database}\`.\`${table}\``;
  const rows = await queries.rows({ name: `partitions of ${table}`, sql, anew: true });
  return rows.flatMap((row) => Object.values(row)).flatMap((text) => /^run=(.+)$/.exec(text ?? '')?.[1] ?? []);
}

/** Under the lease, before the files go: a partition without files would answer that there are no rows. */
async function dropOld(to: Catalogued | null, staying: readonly string[] | null): Promise<void> {
  if (to === null) return;
  for (const entry of await oldEntries(to, staying)) {
    const sql =
      entry.kind === 'table' ? dropTable(to.database, entry.table) : dropPartition(to.database, entry.table, { run: entry.run });
    await to.queries.execute({ name: `collect ${entry.table}`, sql, anew: true });
  }
}
