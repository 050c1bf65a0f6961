// JSON lines → the texts at the paths that are read, on Trino and Athena: the same texts as everyRecord makes of them on DuckDB. A line
// is parsed into a map once; only what the paths name goes on from there.
import { identifier, literal } from './sql-quote.js';
import { isObject, withJson } from './trino-usage-line.js';
import { withNumbers } from './trino-usage-number.js';
import { type FieldPath, keysByContainer, pointer } from './usage-paths.js';

/** A key that counts the elements of an array. */
const PLACE = /^(0|[1-9][0-9]{0,5})$/;

export interface JsonTexts {
  /** SELECT of `path`, `line`, `broken`, `text` (an array), `value` (JSON, likewise). */
  readonly sql: string;
  /** Text at a path; null where there is none. */
  readonly textAt: (path: FieldPath) => string;
  readonly jsonAt: (path: FieldPath) => string;
}

export interface JsonPaths {
  readonly all: readonly FieldPath[];
  /** Those whose keys make any record malformed where it gives one twice. */
  readonly read: readonly FieldPath[];
  /** Where the id of a record is: without one all keys are to be there once. */
  readonly ids: readonly FieldPath[];
  /** Those whose value is kept as the text that it is. */
  readonly texts: readonly FieldPath[];
}

/** `lines`: a SELECT of `path` and `line`. */
export function jsonTexts(lines: string, paths: JsonPaths): JsonTexts {
  const all = unique(paths.all);
  const { texts } = paths;
  const place = (path: FieldPath) => all.findIndex((other) => keyOf(other) === keyOf(path)) + 1;
  const read = withTexts(withValues(lines, { ...paths, all }));
  const kept = texts.map((path) => place(path));
  return {
    sql: kept.length === 0 ? read : withoutOthers(read, kept),
    textAt: (path) => `text[${place(path)}]`,
    jsonAt: (path) => `value[${place(path)}]`,
  };
}

function withValues(lines: string, { all, read, ids }: JsonPaths): string {
  const places = [...unique(all.flatMap((path) => path.map((_, at) => path.slice(0, at))))].sort((a, b) => a.length - b.length);
  const objects = places.reduce((sql, path) => withObject(sql, path, places, read), withJson(lines));
  const twice = places.map((_, at) => `(${isObject(`j${at}`)} AND o${at} IS NULL)`).join(' OR ');
  // Where the map is there, no key was given twice.
  const loose = places.map(
    (path, at) => `(${isObject(`j${at}`)} AND m${at} IS NULL AND ${rowOf(`j${at}`, keysIn(path, all))} IS NULL)`,
  );
  const told = `SELECT *, (${twice}) AS twice, (${loose.join(' OR ')}) AS loose FROM (${objects})`;
  const mapped = `SELECT *, ARRAY[${all.map((path) => valueAt(path, places)).join(', ')}] AS mapped FROM (${told})`;
  const first = all.map((path) => rawAt(path, places));
  // Inside a value of the map one of equal keys is left, the last; where such a value is read as it stands, it is taken from the line.
  const isInner = `any_match(mapped, v -> substr(json_format(v), 1, 1) IN ('{', '['))`;
  const value = `CASE WHEN twice OR coalesce(${isInner}, false) THEN ARRAY[${first.join(', ')}] ELSE mapped END`;
  const idAt = ids.map((path) => `mapped[${indexOf(path, all) + 1}]`);
  const hasId = idAt.map((id) => `coalesce(json_format(${id}) NOT IN ('null', '""'), false)`).join(' OR ') || 'false';
  return `SELECT path, line, (j0 IS NULL OR twice OR (loose AND NOT (${hasId}))) AS broken, ${value} AS value FROM (${mapped})`;
}

/** Adds `m<n>`, the object at `path` as a map, `o<n>`, the same where keys that are not read are given twice, and `j<n>`, what is there. */
function withObject(sql: string, path: FieldPath, places: readonly FieldPath[], read: readonly FieldPath[]): string {
  const at = indexOf(path, places);
  const placed = path.length === 0 ? sql : `SELECT *, ${rawAt(path, places)} AS j${at} FROM (${sql})`;
  const map = `SELECT *, CASE WHEN ${isObject(`j${at}`)} THEN ${mapOf(`j${at}`)} END AS m${at} FROM (${placed})`;
  return `SELECT *, ${objectOf(`j${at}`, `m${at}`, keysIn(path, read))} AS o${at} FROM (${map})`;
}

function keysIn(path: FieldPath, paths: readonly FieldPath[]): readonly string[] {
  return keysByContainer(paths).get(pointer(path)) ?? [];
}

/** The cast to a map refuses any key given twice, that to a row only those that are read: the others are let by, as on DuckDB. */
function objectOf(json: string, map: string, names: readonly string[]): string {
  // json_parse keeps the last of equal keys, but not where the planner sees a cast right behind it.
  const others = `element_at(transform(ARRAY[json_parse(json_format(${json}))], last -> ${mapOf('last')}), 1)`;
  return `CASE WHEN ${isObject(json)} THEN coalesce(${map}, CASE WHEN ${rowOf(json, names)} IS NOT NULL THEN ${others} END) END`;
}

function mapOf(json: string): string {
  return `try(CAST(${json} AS MAP(VARCHAR, JSON)))`;
}

/** Null where one of these keys is given twice. */
function rowOf(json: string, names: readonly string[]): string {
  // Names of a row are told apart without their case, and none is empty.
  const known = [...new Map(names.filter((name) => name !== '').map((name) => [name.toLowerCase(), name])).values()];
  if (known.length === 0) return json;
  return `try(CAST(${json} AS ROW(${known.map((name) => `${identifier(name)} JSON`).join(', ')})))`;
}

/** In an array a key that is a number counts its elements, as in a JSON pointer. */
function valueAt(path: FieldPath, places: readonly FieldPath[]): string {
  const key = path.at(-1) ?? '';
  const at = indexOf(path.slice(0, -1), places);
  const value = `element_at(o${at}, ${literal(key)})`;
  if (at === 0 || !PLACE.test(key)) return value;
  return `CASE WHEN substr(json_format(j${at}), 1, 1) = '[' THEN json_extract(j${at}, '$[${key}]') ELSE ${value} END`;
}

/** The value with all that is inside it, keys given twice too; of such a key the first. */
function rawAt(path: FieldPath, places: readonly FieldPath[]): string {
  return path.some((key) => PLACE.test(key)) ? valueAt(path, places) : `json_extract(j0, ${jsonPath(path)})`;
}

function jsonPath(path: FieldPath): string {
  const keys = path.map((key) => `["${key.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"]`);
  return literal(`$${keys.join('')}`);
}

function withTexts(sql: string): string {
  const text = 'json_format(v)';
  const string = String.raw`CASE WHEN strpos(${text}, '\') = 0 THEN substr(${text}, 2, length(${text}) - 2) ELSE json_extract_scalar(v, '$') END`;
  const any = `CASE substr(${text}, 1, 1) WHEN '"' THEN ${string} WHEN 'n' THEN NULL ELSE ${text} END`;
  const texts = `zip_with(value, number, (v, n) -> CASE WHEN n IS NOT NULL THEN n ELSE ${any} END)`;
  return `SELECT path, line, broken, value, ${texts} AS text FROM (${withNumbers(sql)})`;
}

/**
 * Where a text is kept, three values are not what DuckDB sees and are refused: a number beyond any double (here the text `Infinity`,
 * there its digits), one so near to zero that its digits differ, and one inside an object or a list that Java spells in its own way.
 */
function withoutOthers(sql: string, texts: readonly number[]): string {
  const kept = `ARRAY[${texts.map((at) => `json_format(value[${at}])`).join(', ')}]`;
  const huge = String.raw`regexp_like(line, '[0-9][eE][+]?[0-9]{3}|[0-9]{308}')`;
  const bare = String.raw`regexp_replace(replace(replace(t, '\\', ''), '\"', ''), '"[^"]*"', '')`;
  const isInner = String.raw`strpos(t, '\uD') > 0 OR regexp_like(${bare}, '[0-9]E|[0-9.]{17}')`;
  const isOther = [
    `CASE WHEN strpos(t, 'Infinity') > 0 THEN huge WHEN substr(t, 1, 1) = '"' THEN false`,
    String.raw`WHEN substr(t, 1, 1) IN ('{', '[') THEN ${isInner} ELSE regexp_like(t, 'E-3[0-9]{2}\z') END`,
  ].join(' ');
  return `SELECT path, line, broken OR coalesce(any_match(${kept}, t -> ${isOther}), false) AS broken, value, text FROM (SELECT *, ${huge} AS huge FROM (${sql}))`;
}

function unique(paths: readonly FieldPath[]): readonly FieldPath[] {
  return [...new Map(paths.map((path) => [keyOf(path), path])).values()];
}

function indexOf(path: FieldPath, places: readonly FieldPath[]): number {
  return places.findIndex((other) => keyOf(other) === keyOf(path));
}

function keyOf(path: FieldPath): string {
  return JSON.stringify(path);
}
