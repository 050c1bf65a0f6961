// Usage logs → typed Parquet in the lake: one COPY a file (a batch of small ones), the fast lane first.
import { Failure } from '../kernel/failure.js';
import { nearest } from '../kernel/nearest.js';
import type { UsageField } from '../kernel/usage-fields.js';
import type { UsageSource } from '../pipeline/pipeline.js';
import type { LandedFile } from '../source/source.js';
import { type CsvFile, openCsv, strictLines, tolerantLines } from './load-csv.js';
import { everyRecord, isLate, type Places, placesInSample, strictRecords } from './load-json.js';
import { identifier, literal } from './sql-quote.js';
import { constantFields, type FieldPath, fieldPaths } from './usage-paths.js';
import { fastSelect, inOrder, type Lane, slowSelect } from './usage-sql.js';
import { EngineError, type Warehouse } from './warehouse.js';

/** Writes the records of `files` (only JSONL comes in batches) to `target`, in order. Returns the fields that were written. */
export async function writeUsage(
  engine: Warehouse,
  files: Batch,
  config: UsageSource,
  target: string,
): Promise<readonly string[]> {
  const format = formatOf(files[0].name, config);
  if (format === 'jsonl') return writeJson(engine, files, config, target);
  return (format === 'csv' ? writeCsv : writeParquet)(engine, files[0], config, target);
}

/** Landed files that share one lake file. */
export type Batch = readonly [LandedFile, ...LandedFile[]];

export function formatOf(name: string, config: UsageSource): 'jsonl' | 'csv' | 'parquet' {
  if (config.format !== 'by-extension') return config.format;
  const plain = name.replace(/\.(gz|zstd?)$/i, '');
  if (/\.(jsonl|ndjson|json|log)$/i.test(plain)) return 'jsonl';
  if (/\.(csv|tsv|txt)$/i.test(plain)) return 'csv';
  if (/\.(parquet|pq)$/i.test(name)) return 'parquet';
  const message = `source \`${config.id}\`: \`${name}\` does not say by its extension what it is`;
  throw new Failure('user', [
    { code: 'source/format', message, remedy: 'set `format` to jsonl, csv or parquet', place: config.place },
  ]);
}

async function writeJson(engine: Warehouse, files: Batch, config: UsageSource, target: string): Promise<readonly UsageField[]> {
  const all = fieldPaths(config);
  const sample = await placesInSample(engine, files[0], all);
  const strict = (present: Places) => (file: LandedFile) => strictRecords(file, all, present);
  const quick = await copyFast(engine, files, sample, strict(sample), config, target);
  if (quick.fields !== null) return quick.fields;
  if (isLate(quick.error)) {
    const full = await copyFast(engine, files, all, strict(all), config, target);
    if (full.fields !== null) return full.fields;
  }
  return copy(engine, files, all, (file) => everyRecord(file, all), slowSelect, config, target);
}

async function writeCsv(
  engine: Warehouse,
  file: LandedFile,
  config: UsageSource,
  target: string,
): Promise<readonly UsageField[]> {
  const csv = await openCsv(engine, file.path, file.name);
  if (csv === null) return copy(engine, [file], new Map(), nothing, slowSelect, config, target);
  const places = columnsIn(csv.header, file, config);
  const quick = await copyFast(engine, [file], places, () => csvText(strictLines(csv), csv, places), config, target);
  if (quick.fields !== null) return quick.fields;
  const lines = await tolerantLines(engine, csv);
  return copy(engine, [file], places, () => csvText(lines, csv, places), slowSelect, config, target);
}

async function writeParquet(
  engine: Warehouse,
  file: LandedFile,
  config: UsageSource,
  target: string,
): Promise<readonly UsageField[]> {
  const source = `read_parquet(${literal(file.path)}, file_row_number=true)`;
  const columns = (await engine.describe(`SELECT * FROM ${source}`))
    .map((column) => column.name)
    .filter((name) => name !== 'file_row_number');
  const places = await pathsIn(engine, source, columns, file, config);
  const values = [...places].map(([field, [path]]) => `CAST(${(path ?? []).map(identifier).join('.')} AS VARCHAR) AS ${field}`);
  const text = () => `SELECT ${['file_row_number + 1 AS row', 'false AS broken', ...values].join(', ')} FROM ${source}`;
  const quick = await copyFast(engine, [file], places, text, config, target);
  return quick.fields ?? copy(engine, [file], places, text, slowSelect, config, target);
}

type Text = (file: LandedFile) => string | null;

/** The fields written, or what stopped the fast lane; what is beyond a record to decide is thrown. */
async function copyFast(
  engine: Warehouse,
  files: readonly LandedFile[],
  places: Places,
  text: Text,
  config: UsageSource,
  target: string,
) {
  if (files.some((file) => text(file) === null)) return { fields: null, error: null };
  try {
    return { fields: await copy(engine, files, places, text, fastSelect, config, target), error: null };
  } catch (error) {
    if (!(error instanceof EngineError) || isBeyondRecords(error)) throw error;
    return { fields: null, error };
  }
}

async function copy(
  engine: Warehouse,
  files: readonly LandedFile[],
  places: Places,
  text: Text,
  lane: Lane,
  config: UsageSource,
  target: string,
): Promise<readonly UsageField[]> {
  const fields = inOrder(new Set([...places.keys(), ...constantFields(config)]));
  // The files are put together as text, so that the lane's many expressions are planned once and not once a file.
  const texts = files.map((file) => `SELECT ${literal(file.name)} AS file, * FROM (${text(file) ?? ''})`);
  const sql = withConstants(texts.join('\nUNION ALL\n'), places, config);
  const select = lane({ sourceId: config.id, sql, fields, tokens: config.tokens });
  await engine.run(`COPY (${select}) TO ${literal(target)} (FORMAT parquet, PARQUET_VERSION v2, COMPRESSION lz4_raw)`);
  return fields;
}

/** A constant stands in wherever a record has nothing. */
function withConstants(sql: string, places: Places, config: UsageSource): string {
  const constants = constantFields(config);
  if (constants.length === 0) return sql;
  const kept = [...places.keys()].filter((field) => !constants.includes(field));
  const filled = constants.map((field) => {
    const value = literal(config.constants[field] ?? '');
    return `${places.has(field) ? `coalesce(nullif(${field}, ''), ${value})` : value} AS ${field}`;
  });
  return `SELECT ${['file', 'row', 'broken', ...kept, ...filled].join(', ')} FROM (${sql})`;
}

function nothing(): string {
  return 'SELECT CAST(NULL AS BIGINT) AS row, false AS broken WHERE false';
}

function csvText(lines: string, csv: CsvFile, places: Places): string {
  const values = [...places].map(([field, [path]]) => `c${csv.header.indexOf(path?.[0] ?? '')} AS ${field}`);
  return `SELECT ${['row', 'broken', ...values].join(', ')} FROM (${lines})`;
}

/** Field → the column that holds it. A log without a time is a map that is wrong, and is said so at once. */
function columnsIn(header: readonly string[], file: LandedFile, config: UsageSource): Places {
  const places = new Map<UsageField, readonly FieldPath[]>();
  for (const [field, [path]] of fieldPaths(config)) if (header.includes(path?.[0] ?? '')) places.set(field, [path ?? []]);
  const twice = header.find(
    (name, at) => header.indexOf(name) !== at && [...places.values()].some(([path]) => path?.[0] === name),
  );
  if (twice !== undefined)
    throw headerFailure(file, `has two columns \`${twice}\``, 'rename one of them, or map the field to another column');
  requireTime(places, header, file, config);
  return places;
}

async function pathsIn(
  engine: Warehouse,
  source: string,
  columns: readonly string[],
  file: LandedFile,
  config: UsageSource,
): Promise<Places> {
  const places = new Map<UsageField, readonly FieldPath[]>();
  for (const [field, candidates] of fieldPaths(config)) {
    for (const path of candidates) {
      if (places.has(field) || !columns.includes(path[0] ?? '')) continue;
      const found =
        path.length === 1 ||
        (await engine.describe(`SELECT ${path.map(identifier).join('.')} FROM ${source}`).then(
          () => true,
          () => false,
        ));
      if (found) places.set(field, [path]);
    }
  }
  requireTime(places, columns, file, config);
  return places;
}

function requireTime(places: Places, columns: readonly string[], file: LandedFile, config: UsageSource): void {
  if (places.has('event_time') || config.constants['event_time'] !== undefined) return;
  const wanted = config.map['event_time'] ?? 'event_time';
  const near = nearest(wanted, columns);
  throw headerFailure(
    file,
    `has no column \`${wanted}\``,
    near === null ? 'map `event_time` to the column that holds the time' : `did you mean \`${near}\`?`,
  );
}

function headerFailure(file: LandedFile, what: string, remedy: string): Failure {
  return new Failure('user', [
    { code: 'source/columns', message: `\`${file.name}\` ${what}`, remedy, place: { file: file.name, line: 1 } },
  ]);
}

/** Memory, disk or an interrupt: reading again more slowly would not help. */
export function isBeyondRecords(error: EngineError): boolean {
  return (
    /out of memory|interrupt|fatal/i.test(error.exceptionType) ||
    /out of memory|no space left|could not write/i.test(error.message)
  );
}
