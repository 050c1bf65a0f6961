// Usage logs → typed Parquet in the lake: one COPY a file (a batch of small ones), the fast lane first.
import { Failure } from '../kernel/failure.js';
import type { UsageField } from '../kernel/usage-fields.js';
import { isPreset } from '../kernel/usage-formats.js';
import type { UsageSource } from '../pipeline/pipeline.js';
import type { LandedFile } from '../source/source.js';
import { openCsv, strictLines, tolerantLines } from './load-csv.js';
import { everyRecord, isToReadInFull, placesInSample, strictRecords, strictRecordsInFull } from './load-json.js';
import { forgetSpans, spanTexts } from './otlp.js';
import { literal } from './sql-quote.js';
import { type FieldPath, type Places, pointer } from './usage-paths.js';
import { identifiedSelect, isWithoutId, keptOf, keyedSelect, type Lane, slowSelect } from './usage-sql.js';
import { columnsIn, csvTexts, NOTHING, parquetTexts, textsOf } from './usage-tables.js';
import { type FieldTexts, fieldTexts, idPaths, readPaths, textPlaces } from './usage-texts.js';
import { EngineError, type Warehouse } from './warehouse.js';

/** Writes the records of `files` (only JSONL comes in batches) to `target`, in order. Returns the fields that were written. */
export async function writeUsage(engine: Warehouse, files: Batch, config: UsageSource, target: string): Promise<Written> {
  const writer = new LogWriter(engine, config, target);
  if (config.format === 'otlp') return writer.spans(files[0]);
  const format = formatOf(files[0].name, config);
  if (format === 'jsonl') return writer.json(files);
  return format === 'csv' ? writer.csv(files[0]) : writer.parquet(files[0]);
}

/** What a lake file holds. */
export interface Written {
  readonly fields: readonly UsageField[];
  /** Records that are no usage: they are neither loaded nor refused, and are told. */
  readonly leftOut: readonly LeftOut[];
}

export interface LeftOut {
  readonly file: string;
  readonly why: string;
  readonly records: number;
}

/** Landed files that share one lake file. */
export type Batch = readonly [LandedFile, ...LandedFile[]];

type Format = 'jsonl' | 'csv' | 'parquet';

export function formatOf(name: string, config: UsageSource): Format {
  const format = toldFormat(name, config);
  if (format !== null) return format;
  const message = `source \`${config.id}\`: \`${name}\` does not say by its extension what it is`;
  throw new Failure('user', [
    { code: 'source/format', message, remedy: REMEDY[isPreset(config.format) ? 'preset' : 'plain'], place: config.place },
  ]);
}

/** Null where neither the source nor the name tells it. */
export function toldFormat(name: string, config: Pick<UsageSource, 'format'>): Format | null {
  if (config.format !== 'by-extension' && !isPreset(config.format)) return config.format;
  const plain = name.replace(/\.(gz|zstd?)$/i, '');
  if (/\.(jsonl|ndjson|json|log)$/i.test(plain)) return 'jsonl';
  if (/\.(csv|tsv|txt)$/i.test(plain)) return 'csv';
  return /\.(parquet|pq)$/i.test(name) ? 'parquet' : null;
}

const REMEDY = {
  plain: 'set `format` to jsonl, csv or parquet',
  preset: 'name it .jsonl, .csv or .parquet',
} as const;

interface Tried {
  readonly written: Written | null;
  readonly error: unknown;
}

interface Quick extends Tried {
  /** No record was seen that has none. */
  readonly hasIds: boolean;
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

  /** What the first records have is read; what turns up later makes all of them be read again in full. */
  async json(files: Batch): Promise<Written> {
    const all = textPlaces(this.#config);
    const once = { read: readPaths(this.#config), ids: idPaths(this.#config) };
    const present = await placesInSample(this.#engine, files, all);
    const keyed = strictRecords(files, all, present);
    const quick = await this.#fast(present, keyed, strictRecords(files, waitedFor(all, present, once.read), present));
    if (quick.written !== null) return quick.written;
    const inFull = strictRecordsInFull(files, all);
    const full = isToReadInFull(quick.error) ? await this.#fast(all, inFull, quick.hasIds ? inFull : null) : quick;
    return full.written ?? this.#slow(all, everyRecord(files, all, once));
  }

  async csv(file: LandedFile): Promise<Written> {
    const csv = await openCsv(this.#engine, file.path, file.name);
    if (csv === null) return this.#slow(new Map(), textsOf(file, NOTHING, []));
    const places = columnsIn(csv.header, file, this.#config);
    const textOf = (records: string): string => csvTexts(file, csv.header, places, records);
    const quick = await this.#fast(places, textOf(strictLines(csv)));
    return quick.written ?? this.#slow(places, textOf(await tolerantLines(this.#engine, csv)));
  }

  async parquet(file: LandedFile): Promise<Written> {
    const { places, text } = await parquetTexts(this.#engine, file, this.#config);
    const quick = await this.#fast(places, text);
    return quick.written ?? this.#slow(places, text);
  }

  /**
   * What was written, or what stopped the fast lanes; what is beyond a record to decide is thrown. `identified`: the same records for the
   * lane that wants an id of each, where what it does not read could not be wrong: in JSON a record is parsed whole in any case.
   */
  async #fast(places: Places, keyed: string | null, identified: string | null = null): Promise<Quick> {
    const textsOf = (sql: string | null) => (sql === null ? null : fieldTexts(sql, places, this.#config));
    const withIds = textsOf(identified);
    const isTried = withIds?.fields.includes('event_id') === true;
    const quick = isTried ? await this.#tryLane(withIds, identifiedSelect) : null;
    const hasIds = quick !== null && !isWithoutId(quick.error);
    return { ...(hasIds ? quick : await this.#tryLane(textsOf(keyed), keyedSelect)), hasIds };
  }

  async #tryLane(texts: FieldTexts | null, lane: Lane): Promise<Tried> {
    if (texts === null) return { written: null, error: null };
    try {
      return { written: await this.#copy(texts, lane), error: null };
    } catch (error) {
      if (!(error instanceof EngineError) || isBeyondRecords(error)) throw error;
      return { written: null, error };
    }
  }

  /** Spans lie in tables of their own by then: reading them again costs little. */
  async spans(file: LandedFile): Promise<Written> {
    try {
      const texts = await spanTexts(this.#engine, file, this.#config);
      return (await this.#tryLane(texts, keyedSelect)).written ?? (await this.#copy(texts, slowSelect));
    } finally {
      await forgetSpans(this.#engine);
    }
  }

  async #slow(places: Places, text: string): Promise<Written> {
    return this.#copy(fieldTexts(text, places, this.#config), slowSelect);
  }

  async #copy({ sql, fields, leftOut }: FieldTexts, lane: Lane): Promise<Written> {
    const kept = keptOf(fields);
    const select = lane({ sourceId: this.#config.id, sql, fields, kept, tokens: this.#config.tokens });
    // Dictionaries and deltas pack all but ids, and nothing packs those: lz4 on top saved 2 % of the bytes for a twentieth of the work.
    await this.#engine.run(
      `COPY (${select}) TO ${literal(this.#target)} (FORMAT parquet, PARQUET_VERSION v2, COMPRESSION uncompressed, ROW_GROUP_SIZE 61440)`,
    );
    return { fields: kept, leftOut: await leftOutOf(this.#engine, leftOut) };
  }
}

/** Without what is not read and did not turn up: nobody would miss it later. */
function waitedFor(all: Places, present: Places, read: readonly FieldPath[]): Places {
  const isRead = (path: FieldPath) => read.some((each) => pointer(each) === pointer(path));
  return new Map([...all].filter(([field, paths]) => present.has(field) || paths.some((path) => isRead(path))));
}

async function leftOutOf(engine: Warehouse, sql: string | null): Promise<Written['leftOut']> {
  if (sql === null) return [];
  const rows = await engine.rows(`SELECT file, why, CAST(records AS VARCHAR) AS records FROM (${sql}) ORDER BY file, why`);
  return rows.map((row) => ({ file: row['file'] ?? '', why: row['why'] ?? '', records: Number(row['records']) }));
}

/** Memory, disk or an interrupt: reading again more slowly would not help. */
export function isBeyondRecords(error: EngineError): boolean {
  return (
    /out of memory|interrupt|fatal/i.test(error.exceptionType) ||
    /out of memory|no space left|could not write/i.test(error.message)
  );
}
