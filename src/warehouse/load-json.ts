// JSONL through the engine: only what the paths name is ever taken out of a record, so prompts and answers stay behind.
import type { LandedFile } from '../source/source.js';
import { compressionOf } from './load-csv.js';
import { constant, identifier, literal } from './sql-quote.js';
import { type FieldPath, keysByContainer, type Places, pointer, type TextName } from './usage-paths.js';
import type { Row, Warehouse } from './warehouse.js';

/** Records that are looked at to see which fields a log has; of small logs that are read together some have their share of them. */
const SAMPLE = 1000;
const SAMPLED_FILES = 8;
/** The engine takes a buffer of twice this for each file that it reads: larger ones cost time on every record. */
const SMALL_RECORD = 1024 * 1024;
const USUAL_RECORD = 16 * 1024 * 1024;
const LARGEST_RECORD = 64 * 1024 * 1024;
const LATE = 'showback: a field appears late';

/** The places that hold something in the first records. */
export async function placesInSample(engine: Warehouse, files: readonly LandedFile[], places: Places): Promise<Places> {
  const all = [...places].flatMap(([field, paths]) => paths.map((path) => ({ field, path })));
  const pointers = all.map(({ path }) => literal(pointer(path))).join(', ');
  const tests = all.map((_, at) => `bool_or(text[${at + 1}] IS NOT NULL) AS c${at}`).join(', ');
  const looked = spread(files, SAMPLED_FILES);
  const share = Math.ceil(SAMPLE / looked.length);
  const look = async (largest: number): Promise<readonly Row[]> => {
    const records = looked.map((file) => `(SELECT json FROM ${objects([file], largest)} LIMIT ${share})`).join(' UNION ALL ');
    return engine.rows(`SELECT ${tests} FROM (SELECT json_extract_string(json, [${pointers}]) AS text FROM (${records}))`);
  };
  // A small buffer is filled in no time, and few logs need a larger one.
  const row = await withLarger([SMALL_RECORD, USUAL_RECORD, LARGEST_RECORD], async (largest) => (await look(largest))[0]);
  const found = new Map<TextName, FieldPath[]>();
  for (const [at, { field, path }] of all.entries()) {
    if (row?.[`c${at}`] === 'true') found.set(field, [...(found.get(field) ?? []), path]);
  }
  return found;
}

/** As many as `most` of them, from the first to the last. */
function spread<T>(all: readonly T[], most: number): readonly T[] {
  const step = Math.max(1, Math.ceil(all.length / most));
  return all.filter((_, at) => at % step === 0);
}

/** With the first of these sizes of a record that holds them. */
async function withLarger<T>(
  [size = LARGEST_RECORD, ...larger]: readonly number[],
  look: (size: number) => Promise<T>,
): Promise<T> {
  try {
    return await look(size);
  } catch (error) {
    if (larger.length === 0 || !isTooLarge(error)) throw error;
    return withLarger(larger, look);
  }
}

/**
 * Strict: a line that is not JSON throws, and so does a field outside `present` that turns up after all. Those are read as
 * BOOLEAN, the type whose nulls cost least: any value throws, as one that is there or as one that is no boolean. Null where paths clash.
 */
export function strictRecords(files: readonly LandedFile[], all: Places, present: Places, largest = USUAL_RECORD): string | null {
  const isLate = (field: TextName, path: FieldPath): boolean => present.get(field)?.includes(path) !== true;
  const late = [...all].flatMap(([field, paths]) => paths.filter((path) => isLate(field, path)));
  const typeOf = (field: TextName, path: FieldPath): string => {
    if (isLate(field, path)) return 'BOOLEAN';
    return field === 'stated_cost' ? 'JSON' : 'VARCHAR';
  };
  const shape = shapeOf([...all].flatMap(([field, paths]) => paths.map((path) => ({ path, type: typeOf(field, path) }))));
  if (shape === null) return null;
  const values = [...present].map(
    ([field, paths]) =>
      `${fieldValue(
        field,
        paths.map((path) => path.map(identifier).join('.')),
      )} AS ${field}`,
  );
  const guard = late.length === 0 ? 'false' : lateGuard(late);
  const columns = [...shape].map(([name, type]) => `${identifier(name)}: ${literal(type)}`).join(', ');
  const reader = `read_json(${paths(files)}, format='newline_delimited', records=true, columns={${columns}}, ${limits(files, largest)})`;
  return numbered(files, [`${guard} AS broken`, ...values], reader);
}

function lateGuard(late: readonly FieldPath[]): string {
  const any = late.map((path) => `${path.map(identifier).join('.')} IS NOT NULL`).join(' OR ');
  return `CAST(CASE WHEN ${any} THEN error(${literal(LATE)}) END AS BOOLEAN)`;
}

/** Whose keys make a record malformed where it gives one twice. */
export interface Once {
  /** In every record. */
  readonly read: readonly FieldPath[];
  /** Where its id is. A record without one is told from others by all that it says. */
  readonly ids: readonly FieldPath[];
}

/**
 * Every record, whatever it is; `broken` where it is no object, or gives a key twice that is to be there once. All paths are taken in one
 * call, which parses a record once.
 */
export function everyRecord(files: readonly LandedFile[], places: Places, once: Once): string {
  const all = [...places.values()].flat();
  const pointers = [...new Set([...all, ...once.ids].map((path) => pointer(path)))];
  const textAt = (path: FieldPath) => `text[${pointers.indexOf(pointer(path)) + 1}]`;
  const values = [...places].map(([field, candidates]) => {
    const at = field === 'stated_cost' ? jsonAt : textAt;
    return `${fieldValue(
      field,
      candidates.map((path) => at(path)),
    )} AS ${field}`;
  });
  const text = `json_extract_string(json, [${pointers.map((path) => literal(path)).join(', ')}]) AS text`;
  const hasId = once.ids.map((path) => `coalesce(${textAt(path)}, '') <> ''`).join(' OR ') || 'false';
  const twice = `CASE WHEN ${hasId} THEN ${givenTwice(once.read)} ELSE ${givenTwice(all)} END`;
  const broken = `json IS NULL OR json_type(json) <> 'OBJECT' OR ${twice}`;
  return numbered(files, [`(${broken}) AS broken`, ...values], `(SELECT *, ${text} FROM ${objects(files)})`);
}

/** Few records give any key twice, and only those are looked at closely: CASE goes on with the rows that are left, AND does not. */
function givenTwice(paths: readonly FieldPath[]): string {
  const twice = [...keysByContainer(paths)].map(([container, names]) => {
    const keys = `json_keys(${container === '' ? 'json' : `(json -> ${literal(container)})`})`;
    const used = `list_filter(${keys}, lambda key: list_contains([${names.map((name) => literal(name)).join(', ')}], key))`;
    return `CASE WHEN len(${keys}) <> list_unique(${keys}) THEN len(${used}) <> list_unique(${used}) ELSE false END`;
  });
  return `coalesce(${twice.join(' OR ') || 'false'}, false)`;
}

/**
 * Records with the name of their file and their number in it. The reader goes through the files one after the other in one
 * thread, so a record's number is its place among all, less that of the first of its file.
 */
function numbered(files: readonly LandedFile[], values: readonly string[], reader: string): string {
  const [only] = files;
  if (files.length === 1 && only !== undefined) {
    return `SELECT ${[`${constant(only.name)} AS file`, 'row_number() OVER () AS row', ...values].join(', ')} FROM ${reader}`;
  }
  const names = files.map((file) => `${literal(file.path)}: ${literal(file.name)}`).join(', ');
  const placed = `SELECT ${['filename', 'row_number() OVER () AS place', ...values].join(', ')} FROM ${reader}`;
  const row = 'place - min(place) OVER (PARTITION BY filename) + 1 AS row';
  return `SELECT MAP {${names}}[filename] AS file, ${row}, * EXCLUDE (filename, place) FROM (${placed}) ORDER BY place`;
}

/** A field that turned up after all, or a record that is larger than usual: read again in full, it may be plain. */
export function isToReadInFull(error: unknown): boolean {
  return isLate(error) || isTooLarge(error);
}

function isTooLarge(error: unknown): boolean {
  return error instanceof Error && error.message.includes('maximum_object_size');
}

/** Every field, and records as large as any may be. */
export function strictRecordsInFull(files: readonly LandedFile[], all: Places): string | null {
  return strictRecords(files, all, all, LARGEST_RECORD);
}

/** Only fields that may be late are read as anything but text, so a value that is no boolean is one of theirs. */
function isLate(error: unknown): boolean {
  return error instanceof Error && (error.message.includes(LATE) || error.message.includes('Failed to cast value to numerical'));
}

function fieldValue(field: TextName, candidates: readonly string[]): string {
  const value = candidates.length === 1 ? String(candidates[0]) : `coalesce(${candidates.join(', ')})`;
  return field === 'stated_cost' ? statedCostText(value) : value;
}

/** A number of more than 15 digits has been through a double somewhere; as text it may have as many as it needs. */
function statedCostText(json: string): string {
  const digits = `regexp_replace(regexp_replace(CAST(${json} AS VARCHAR), '[eE].*$|[-+.]', '', 'g'), '^0+|0+$', '', 'g')`;
  return `CASE json_type(${json}) WHEN 'VARCHAR' THEN ${json} ->> '$' WHEN 'NULL' THEN NULL ELSE CASE WHEN length(${digits}) <= 15 THEN CAST(${json} AS VARCHAR) WHEN ${json} IS NOT NULL THEN 'inexact' END END`;
}

/** Paths → column types of the reader, structures where paths go deeper. */
function shapeOf(leaves: readonly { readonly path: FieldPath; readonly type: string }[]): ReadonlyMap<string, string> | null {
  const byHead = groupByHead(leaves);
  const shape = new Map<string, string>();
  for (const [head, group] of byHead) {
    const deeper = group.filter(({ path }) => path.length > 1);
    const types = new Set(group.filter(({ path }) => path.length === 1).map(({ type }) => type));
    if (types.size > 1 || (types.size === 1 && deeper.length > 0)) return null;
    const inner = deeper.length === 0 ? null : shapeOf(deeper.map(({ path, type }) => ({ path: path.slice(1), type })));
    if (deeper.length > 0 && inner === null) return null;
    const nested =
      inner === null ? [...types][0] : `STRUCT(${[...inner].map(([name, type]) => `${identifier(name)} ${type}`).join(', ')})`;
    shape.set(head, nested ?? 'VARCHAR');
  }
  return shape;
}

function groupByHead<T extends { readonly path: FieldPath }>(leaves: readonly T[]): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const leaf of leaves) groups.set(leaf.path[0] ?? '', [...(groups.get(leaf.path[0] ?? '') ?? []), leaf]);
  return groups;
}

/** One row a line; what is no JSON is null. */
export function objects(files: readonly LandedFile[], largest = LARGEST_RECORD): string {
  return `read_ndjson_objects(${paths(files)}, ignore_errors=true, ${limits(files, largest)})`;
}

function paths(files: readonly LandedFile[]): string {
  return `[${files.map((file) => literal(file.path)).join(', ')}]`;
}

/** All files of a batch are packed alike. */
function limits(files: readonly LandedFile[], largest: number): string {
  const names = files.length > 1 ? ', filename=true' : '';
  return `compression=${literal(compressionOf(files[0]?.name ?? '').replace('none', 'uncompressed'))}, maximum_object_size=${largest}${names}`;
}

function jsonAt(path: FieldPath): string {
  return `(json -> ${literal(pointer(path))})`;
}
