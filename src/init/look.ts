// One look at one file: what it is by its content, with its name and its folder as hints only.
import { Failure } from '../kernel/failure.js';
import { isObject, type JsonObject, parseJson } from '../source/json-text.js';
import { compressionOf } from '../warehouse/load-csv.js';
import { literal } from '../warehouse/sql-quote.js';
import { EngineError, type Warehouse } from '../warehouse/warehouse.js';
import { isCur, lookAtCur } from './cur.js';
import { type Finding, noise, type Unknown, unknown } from './finding.js';
import { type Columns, csvColumns, focusLikeness, lookAtFocus, parquetColumns } from './focus.js';
import type { GivenFile } from './given.js';
import { lookAtInvoice } from './invoice.js';
import { lookAtDocument } from './json-documents.js';
import { knownTable, knownType } from './known.js';
import { keysOf, lookAtUsage, rowsAsObjects } from './usage.js';
import { brokenness } from './whole.js';

export interface LookOptions {
  /** Records that are read of each log. */
  readonly records: number;
  /** Where an invoice says none. */
  readonly currency: string;
}

/** Of the mandatory columns: from here on what lacks is worth telling. */
const ALMOST_FOCUS = 0.3;
const GLIMPSE = 200;

/** Never throws for what is in the file: what cannot be read is told. */
export async function lookAt(engine: Warehouse, file: GivenFile, options: LookOptions): Promise<Finding> {
  try {
    return (await brokenness(file)) ?? (await lookInside(engine, file, options));
  } catch (error) {
    return told(error, file);
  }
}

async function lookInside(engine: Warehouse, file: GivenFile, options: LookOptions): Promise<Finding> {
  const plainName = file.name.replace(/\.(gz|zstd?)$/i, '');
  if (/\.(parquet|pq)$/i.test(file.name)) return lookAtTable(engine, file, await parquetColumns(engine, file), options);
  if (/\.(csv|tsv|txt)$/i.test(plainName)) return lookAtCsv(engine, file, options);
  if (/\.(json|jsonl|ndjson|log)$/i.test(plainName)) return lookAtJson(engine, file, options);
  return knownType(file.name);
}

async function lookAtCsv(engine: Warehouse, file: GivenFile, options: LookOptions): Promise<Finding> {
  const columns = await csvColumns(engine, file).catch((error: unknown) => {
    // Invoices come in encodings and with lines above the header that the engine does not read.
    if (error instanceof Failure || error instanceof EngineError) return told(error, file);
    throw error;
  });
  if (columns === null) return noise('is empty', 'nothing to do, if nothing happened in its time');
  if ('names' in columns && focusLikeness(columns.names) >= ALMOST_FOCUS) return lookAtFocus(engine, file, columns);
  if ('names' in columns && isCur(columns.names)) return lookAtCur(engine, file, columns);
  const known = 'names' in columns ? knownTable(columns.names) : null;
  if (known !== null) return known;
  const asInvoice = async () => lookAtInvoice(file, options.currency).catch((error: unknown) => told(error, file));
  const asUsage = async () => ('names' in columns ? lookAtTable(engine, file, columns, options) : columns);
  const [first, second] = file.asked === 'usage' ? [asUsage, asInvoice] : [asInvoice, asUsage];
  const finding = await first();
  if (finding.kind !== 'unknown') return finding;
  const other = await second().catch((error: unknown) => told(error, file));
  // What is nearly one of the two has the better reason.
  return other.kind === 'unknown' && (finding.how === 'broken' || other.how !== 'broken') ? finding : other;
}

async function lookAtTable(engine: Warehouse, file: GivenFile, columns: Columns, { records }: LookOptions): Promise<Finding> {
  if (focusLikeness(columns.names) >= ALMOST_FOCUS) return lookAtFocus(engine, file, columns);
  if (isCur(columns.names)) return lookAtCur(engine, file, columns);
  const known = knownTable(columns.names);
  if (known !== null) return known;
  return lookAtUsage(engine, file, { records, keys: keysOf(await rowsAsObjects(engine, columns)) });
}

/** One record a line, or one document. */
async function lookAtJson(engine: Warehouse, file: GivenFile, { records }: LookOptions): Promise<Finding> {
  const { objects, lines } = await firstObjects(engine, file);
  const [first] = objects;
  if (first === undefined || objects.length < lines / 2 || isPage(first)) return lookAtDocument(file);
  if (lines === 1 && Object.values(first).every((value) => isObject(value))) return lookAtDocument(file);
  const hasSpans = objects.some((object) => 'resourceSpans' in object);
  if (!hasSpans && ('resourceLogs' in first || 'resourceMetrics' in first)) return lookAtDocument(file);
  return lookAtUsage(engine, file, { records, keys: keysOf(objects) });
}

function isPage(object: JsonObject): boolean {
  return Array.isArray(object['data']);
}

async function firstObjects(
  engine: Warehouse,
  file: GivenFile,
): Promise<{ readonly objects: readonly JsonObject[]; readonly lines: number }> {
  const compression = compressionOf(file.name).replace('none', 'uncompressed');
  const rows = await engine.rows(
    `SELECT CAST(json AS VARCHAR) AS json FROM read_ndjson_objects(${literal(file.path)}, ignore_errors=true, ` +
      `compression=${literal(compression)}, maximum_object_size=67108864) LIMIT ${GLIMPSE}`,
  );
  const objects = rows
    .map((row) => row['json'])
    .flatMap((text) => (text == null ? [] : [parseJson(text)]))
    .filter(isObject);
  return { objects, lines: rows.length };
}

function told(error: unknown, file: GivenFile): Unknown {
  if (error instanceof Failure) {
    const [problem] = error.problems;
    return unknown((problem?.message ?? '').replace(`\`${file.name}\` `, ''), problem?.remedy ?? '');
  }
  if (error instanceof EngineError) {
    const words = (error.message.split('\n')[0] ?? '').replaceAll(file.path, file.name).slice(0, 160);
    return unknown(`cannot be read: ${words}`, 'deliver the whole file again, as UTF-8');
  }
  if (error instanceof Error && 'code' in error && ['EACCES', 'EPERM', 'EIO'].includes(String(error.code)))
    return unknown(`may not be read (${String(error.code)})`, 'give this user the right to read it');
  throw error;
}
