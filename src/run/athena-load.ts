// What landed becomes the raw tables on Athena. Logs of one record a line lie there as they were delivered and are read there; bills and
// other logs are read here, and go up as Parquet.
import { Failure } from '../kernel/failure.js';
import type { AthenaTables } from '../model/athena-engine.js';
import { RunTables, textTable } from '../model/athena-tables.js';
import { createEmpty, fillInput } from '../model/build.js';
import type { Model } from '../model/catalog.js';
import type { UsageSource } from '../pipeline/pipeline.js';
import type { LandedFile } from '../source/source.js';
import type { ObjectStore } from '../store/store.js';
import { createRawViews } from '../warehouse/lake-views.js';
import type { Row } from '../warehouse/warehouse.js';
import { type TrinoUsage, trinoRecordCounts, trinoUsageSelect } from '../warehouse/trino-usage.js';
import { type Amounts, modelOf, type RunContext } from './execute.js';
import { type Counted, lakeOf, told } from './load.js';
import { bringLogs, isTextLog, logFolder, logObject, sizesBelow } from './remote-landing.js';

export interface AthenaPlace {
  readonly tables: AthenaTables;
  readonly store: ObjectStore;
  readonly database: string;
  readonly run: string;
}

interface TextLog {
  readonly config: UsageSource;
  readonly files: readonly LandedFile[];
}

export async function loadOnAthena(context: RunContext, place: AthenaPlace): Promise<Amounts> {
  const logs = textLogsOf(context);
  const texts = new Set(logs.flatMap(({ files }) => files));
  const here = await lakeOf(
    context,
    context.files.filter((file) => !texts.has(file)),
  );
  await context.warehouse.run(createRawViews(here));
  for (const model of context.catalog.models.filter(({ layer }) => layer === 'raw')) await place.tables.adopt(model);
  const counted: Counted[] = [...here.files];
  const names = new RunTables(place.database, place.run);
  for (const log of logs) counted.push(...(await readLog(context, place, names, log)));
  return told(context, counted);
}

export function textLogsOf({ pipeline, files }: Pick<RunContext, 'pipeline' | 'files'>): readonly TextLog[] {
  return pipeline.sources.flatMap((config) => {
    if (config.kind !== 'usage') return [];
    const own = files.filter((file) => file.sourceId === config.id && isTextLog(config, file.name));
    return own.length === 0 ? [] : [{ config, files: own }];
  });
}

/** A log lies on S3 by the hash of its bytes, for all runs: it goes up once. Which objects are of this run, and how they are called, a table tells. */
async function readLog(
  context: RunContext,
  place: AthenaPlace,
  names: RunTables,
  { config, files }: TextLog,
): Promise<readonly Counted[]> {
  const { tables, store, database } = place;
  const folder = logFolder(config);
  await bringLogs(store, context.pipeline.name, config, files);
  const objects = files.map((file) => ({ object: logObject(file), file: file.name, bytes: file.bytes }));
  const { name } = names.next('raw', 'line');
  const over = { database, pipeline: context.pipeline.name, name, location: store.url(folder) };
  await tables.execute(`${name} table`, textTable(over));
  await nameObjects(context, place, objects);
  const fileOf = { kind: 'below', location: store.url(folder) } as const;
  const usage: TrinoUsage = { config, textTable: `"${database}"."${name}"`, fileOf };
  const event = modelOf(context, 'raw.usage_event');
  await tables.append(event, named(event, tables.nameOf(OBJECT), trinoUsageSelect(usage)));
  const rows = await tables.ask(`count of ${name}`, trinoRecordCounts(usage));
  const records = recordsByObject(rows, store.url(folder));
  await refuseGone(store, folder, objects);
  return files.map((landed, at) => ({ landed, records: records.get(objects[at]?.object ?? '') ?? 0 }));
}

/** The engine says nothing of a file that went while it read: its records would be missing without a word. */
export async function refuseGone(
  store: ObjectStore,
  folder: string,
  objects: readonly Pick<LandedObject, 'object' | 'bytes'>[],
): Promise<void> {
  const there = await sizesBelow(store, folder);
  const gone = objects.filter(({ object, bytes }) => there.get(object) !== bytes);
  if (gone.length === 0) return;
  const message = `${gone.length} logs went away or were replaced while they were read, ${gone[0]?.object ?? ''} the first`;
  const remedy = 'run again: they go up again; let nobody but showback remove what lies below its output folder';
  throw new Failure('unavailable', [{ code: 'athena/files-differ', message, remedy, place: { file: store.url(folder) } }]);
}

/** As `put` names them. */
const OBJECT_NAME = /^(copy-)?[0-9a-f]{64}\.jsonl(\.gz|\.zst)?$/;

/** The records of each object. A name that is none of ours would be joined to nothing, and its records would vanish without a word. */
export function recordsByObject(rows: readonly Row[], location: string): ReadonlyMap<string, number> {
  const strange = rows.find((row) => !OBJECT_NAME.test(row['object'] ?? ''));
  if (strange !== undefined) {
    const message = `a file below ${location} is \`${strange['object'] ?? ''}\` to Athena, which is no name of a log that went up`;
    const remedy =
      'remove what somebody else put there; if nobody did, please report how Athena writes the place of a file ("$path")';
    throw new Failure('unavailable', [{ code: 'athena/files-differ', message, remedy, place: { file: location } }]);
  }
  return new Map(rows.map((row) => [row['object'] ?? '', Number(row['records'])]));
}

interface LandedObject {
  readonly object: string;
  readonly file: string;
  readonly bytes: number;
}

/** The same bytes may have landed under several names: each counts. */
function named(event: Model, objects: string, select: string): string {
  const columns = event.contract.columns.map(({ name }) => (name === 'file' ? 'o."file"' : `u."${name}"`));
  return `SELECT ${columns.join(', ')} FROM (${select}) AS u JOIN ${objects} AS o ON o."object" = u."file"`;
}

/** Objects of one log at a time. */
const OBJECT: Model = {
  name: 'raw.landed_object',
  layer: 'raw',
  table: 'landed_object',
  file: 'sql/raw/usage_event.yaml',
  sql: null,
  contract: {
    about: 'Objects of a log, and the names that they landed under.',
    grain: ['file'],
    build: 'input',
    made: 'run',
    held: 'rows',
    columns: ['object', 'file'].map((name) => ({ name, type: 'VARCHAR', nullable: false, about: '' })),
    checks: [],
    examples: [],
  },
  reads: [],
  checkReads: [],
  emptyWhen: { kind: 'never' },
  checksEmptyWhen: [],
  tree: '',
};

async function nameObjects({ warehouse }: RunContext, { tables }: AthenaPlace, objects: readonly LandedObject[]): Promise<void> {
  await createEmpty(warehouse, OBJECT);
  await fillInput(
    warehouse,
    OBJECT,
    objects.map(({ object, file }) => ({ object, file })),
  );
  await tables.adopt(OBJECT);
}
