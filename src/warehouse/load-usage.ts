// Usage logs → typed Parquet in the lake: one COPY a file (a batch of small ones), the fast lane first.
import { Failure } from '../kernel/failure.js';
import { nearest } from '../kernel/nearest.js';
import type { UsageField } from '../kernel/usage-fields.js';
import type { UsageSource } from '../pipeline/pipeline.js';
import type { LandedFile } from '../source/source.js';
import { openCsv, strictLines, tolerantLines } from './load-csv.js';
import { everyRecord, isToReadInFull, type Places, placesInSample, strictRecords, strictRecordsInFull } from './load-json.js';
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
  const writer = new LogWriter(engine, config, target);
  const format = formatOf(files[0].name, config);
  if (format === 'jsonl') return writer.json(files);
  return format === 'csv' ? writer.csv(files[0]) : writer.parquet(files[0]);
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

/** One lake file in the making. Texts are SELECTs of `file`, `row`, `broken` and the fields of `places` as text. */
class LogWriter {
  readonly #engine: Warehouse;
  readonly #config: UsageSource;
  readonly #target: string;

  constructor(engine: Warehouse, config: UsageSource, target: string) {
    this.#engine = engine;
    this.#config = config;
    this.#target = target;
  }

  /** Small logs of a batch differ in what they carry: there all fields are looked for at once. */
  async json(files: Batch): Promise<readonly UsageField[]> {
    const all = fieldPaths(this.#config);
    const present = files.length > 1 ? all : await placesInSample(this.#engine, files[0], all);
    const quick = await this.#fast(present, strictRecords(files, all, present));
    if (quick.fields !== null) return quick.fields;
    const full = isToReadInFull(quick.error) ? await this.#fast(all, strictRecordsInFull(files, all)) : quick;
    return full.fields ?? this.#write(all, everyRecord(files, all), slowSelect);
  }

  async csv(file: LandedFile): Promise<readonly UsageField[]> {
    const csv = await openCsv(this.#engine, file.path, file.name);
    if (csv === null) return this.#write(new Map(), textsOf(file, NOTHING, []), slowSelect);
    const places = columnsIn(csv.header, file, this.#config);
    const values = [...places].map(([field, [path]]) => `c${csv.header.indexOf(path?.[0] ?? '')} AS ${field}`);
    const quick = await this.#fast(places, textsOf(file, strictLines(csv), values));
    return quick.fields ?? this.#write(places, textsOf(file, await tolerantLines(this.#engine, csv), values), slowSelect);
  }

  async parquet(file: LandedFile): Promise<readonly UsageField[]> {
    const source = `read_parquet(${literal(file.path)}, file_row_number=true)`;
    const described = await this.#engine.describe(`SELECT * FROM ${source}`);
    const columns = described.map((column) => column.name).filter((name) => name !== 'file_row_number');
    const places = await pathsIn(this.#engine, source, columns, file, this.#config);
    const values = [...places].map(([field, [path]]) => `CAST(${(path ?? []).map(identifier).join('.')} AS VARCHAR) AS ${field}`);
    const text = textsOf(file, `SELECT file_row_number + 1 AS row, false AS broken, * FROM ${source}`, values);
    const quick = await this.#fast(places, text);
    return quick.fields ?? this.#write(places, text, slowSelect);
  }

  /** The fields written, or what stopped the fast lane; what is beyond a record to decide is thrown. */
  async #fast(
    places: Places,
    text: string | null,
  ): Promise<{ readonly fields: readonly UsageField[] | null; readonly error: unknown }> {
    if (text === null) return { fields: null, error: null };
    try {
      return { fields: await this.#write(places, text, fastSelect), error: null };
    } catch (error) {
      if (!(error instanceof EngineError) || isBeyondRecords(error)) throw error;
      return { fields: null, error };
    }
  }

  async #write(places: Places, text: string, lane: Lane): Promise<readonly UsageField[]> {
    const fields = inOrder(new Set([...places.keys(), ...constantFields(this.#config)]));
    const sql = withConstants(text, places, this.#config);
    const select = lane({ sourceId: this.#config.id, sql, fields, tokens: this.#config.tokens });
    await this.#engine.run(
      `COPY (${select}) TO ${literal(this.#target)} (FORMAT parquet, PARQUET_VERSION v2, COMPRESSION lz4_raw, ROW_GROUP_SIZE 61440)`,
    );
    return fields;
  }
}

export const NOTHING = 'SELECT CAST(NULL AS BIGINT) AS row, false AS broken WHERE false';

export function textsOf(file: LandedFile, records: string, values: readonly string[]): string {
  return `SELECT ${[`${literal(file.name)} AS file`, 'row', 'broken', ...values].join(', ')} FROM (${records})`;
}

/** A constant stands in wherever a record has nothing. */
export function withConstants(sql: string, places: Places, config: UsageSource): string {
  const constants = constantFields(config);
  if (constants.length === 0) return sql;
  const kept = [...places.keys()].filter((field) => !constants.includes(field));
  const filled = constants.map((field) => {
    const value = literal(config.constants[field] ?? '');
    return `${places.has(field) ? `coalesce(nullif(${field}, ''), ${value})` : value} AS ${field}`;
  });
  return `SELECT ${['file', 'row', 'broken', ...kept, ...filled].join(', ')} FROM (${sql})`;
}

/** Field → the column that holds it. A log without a time is a map that is wrong, and is said so at once. */
export function columnsIn(header: readonly string[], file: LandedFile, config: UsageSource): Places {
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

export async function pathsIn(
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
