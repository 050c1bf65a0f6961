// JSONL through the engine: only what the paths name is ever taken out of a record, so prompts and answers stay behind.
import type { UsageField } from '../kernel/usage-fields.js';
import type { LandedFile } from '../source/source.js';
import { compressionOf } from './load-csv.js';
import { identifier, literal } from './sql-quote.js';
import type { FieldPath } from './usage-paths.js';
import type { Warehouse } from './warehouse.js';

export type Places = ReadonlyMap<UsageField, readonly FieldPath[]>;

/** Records that are looked at to see which fields a log has. */
const SAMPLE = 1000;
const LARGEST_RECORD = 64 * 1024 * 1024;
const LATE = 'showback: a field appears late';

/** The places that hold something in the first records. */
export async function placesInSample(engine: Warehouse, file: LandedFile, places: Places): Promise<Places> {
  const all = [...places].flatMap(([field, paths]) => paths.map((path) => ({ field, path })));
  const tests = all.map(({ path }, at) => `bool_or(${textAt(path)} IS NOT NULL) AS c${at}`);
  const [row] = await engine.rows(`SELECT ${tests.join(', ')} FROM (SELECT json FROM ${objects(file)} LIMIT ${SAMPLE})`);
  const found = new Map<UsageField, FieldPath[]>();
  for (const [at, { field, path }] of all.entries())
    if (row?.[`c${at}`] === 'true') found.set(field, [...(found.get(field) ?? []), path]);
  return found;
}

/** Strict: a line that is not JSON throws, and so does a field outside `present` that turns up after all. Null where paths clash. */
export function strictRecords(file: LandedFile, all: Places, present: Places): string | null {
  const late = [...all].flatMap(([field, paths]) => paths.filter((path) => present.get(field)?.includes(path) !== true));
  const shape = shapeOf(
    [...all].flatMap(([field, paths]) => paths.map((path) => ({ path, type: field === 'stated_cost' ? 'JSON' : 'VARCHAR' }))),
  );
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
  const reader = `read_json(${literal(file.path)}, format='newline_delimited', records=true, columns={${columns}}, ${limits(file)})`;
  return `SELECT ${['row_number() OVER () AS row', `${guard} AS broken`, ...values].join(', ')} FROM ${reader}`;
}

function lateGuard(late: readonly FieldPath[]): string {
  const any = late.map((path) => `CAST(${path.map(identifier).join('.')} AS VARCHAR)`).join(', ');
  return `CAST(CASE WHEN coalesce(${any}) IS NOT NULL THEN error(${literal(LATE)}) END AS BOOLEAN)`;
}

/** Every record of a file, whatever it is; `broken` where it is no object, or gives a key twice that is read. */
export function everyRecord(file: LandedFile, places: Places): string {
  const values = [...places].map(
    ([field, paths]) =>
      `${fieldValue(
        field,
        paths.map((path) => (field === 'stated_cost' ? jsonAt(path) : textAt(path))),
      )} AS ${field}`,
  );
  const containers = new Map([...places.values()].flat().map((path) => [pointer(path.slice(0, -1)), path.slice(0, -1)]));
  const names = new Set([...places.values()].flat().flat());
  const twice = [...containers.values()].map((path) => {
    const keys = `list_filter(json_keys(${path.length === 0 ? 'json' : jsonAt(path)}), lambda key: list_contains([${[...names].map(literal).join(', ')}], key))`;
    return `coalesce(len(${keys}) <> len(list_distinct(${keys})), false)`;
  });
  const broken = `json IS NULL OR json_type(json) <> 'OBJECT' OR ${twice.join(' OR ')}`;
  return `SELECT ${['row_number() OVER () AS row', `(${broken}) AS broken`, ...values].join(', ')} FROM ${objects(file)}`;
}

export function isLate(error: unknown): boolean {
  return error instanceof Error && error.message.includes(LATE);
}

function fieldValue(field: UsageField, candidates: readonly string[]): string {
  const value = candidates.length === 1 ? String(candidates[0]) : `coalesce(${candidates.join(', ')})`;
  return field === 'stated_cost' ? statedCostText(value) : value;
}

/** A number of more than 15 digits has been through a double somewhere; as text it may have as many as it needs. */
function statedCostText(json: string): string {
  const digits = `regexp_replace(regexp_replace(CAST(${json} AS VARCHAR), '[eE].*$|[-+.]', '', 'g'), '^0+|0+$', '', 'g')`;
  return `CASE json_type(${json}) WHEN 'VARCHAR' THEN ${json} ->> '$' WHEN 'NULL' THEN NULL ELSE CASE WHEN length(${digits}) <= 15 THEN CAST(${json} AS VARCHAR) ELSE 'inexact' END END`;
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

function objects(file: LandedFile): string {
  return `read_ndjson_objects(${literal(file.path)}, ignore_errors=true, ${limits(file)})`;
}

function limits(file: LandedFile): string {
  return `compression=${literal(compressionOf(file.name).replace('none', 'uncompressed'))}, maximum_object_size=${LARGEST_RECORD}`;
}

function textAt(path: FieldPath): string {
  return `(json ->> ${literal(pointer(path))})`;
}

function jsonAt(path: FieldPath): string {
  return `(json -> ${literal(pointer(path))})`;
}

function pointer(path: FieldPath): string {
  return path.map((key) => `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
