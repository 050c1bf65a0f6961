// JSON lines → the texts at the paths that are read, on Trino and Athena: the same texts as everyRecord makes of them on DuckDB. A line
// is parsed into a map once; only what the paths name goes on from there.
import { identifier, literal } from './sql-quote.js';
import { duckNumber } from './trino-json-number.js';
import { letIn } from './trino-usage-values.js';
import type { FieldPath } from './usage-paths.js';

/** The engine's casts of JSON call themselves for each level, and a stack that is full ends the query, not the record. */
const DEEPEST = 500;
const END = 'showback: end of the line';

export interface JsonTexts {
  /** SELECT of `path`, `line`, `broken`, `text` (an array), `value` (JSON, likewise). */
  readonly sql: string;
  /** Text at a path; null where there is none. */
  readonly textAt: (path: FieldPath) => string;
  readonly jsonAt: (path: FieldPath) => string;
}

/** `lines`: a SELECT of `path` and `line`. `texts`: the paths whose value is kept as the text that it is. */
export function jsonTexts(lines: string, paths: readonly FieldPath[], texts: readonly FieldPath[]): JsonTexts {
  const all = unique(paths);
  const place = (path: FieldPath) => all.findIndex((other) => keyOf(other) === keyOf(path)) + 1;
  const places = [...unique(all.flatMap((path) => path.map((_, at) => path.slice(0, at))))].sort((a, b) => a.length - b.length);
  const names = [...new Set(paths.flat())];
  const objects = places.reduce((sql, path) => withObject(sql, path, places, names), withJson(lines));
  const broken = places.map((_, at) => (at === 0 ? 'o0 IS NULL' : `(${isObject(`j${at}`)} AND o${at} IS NULL)`));
  const values = `ARRAY[${all.map((path) => valueAt(path, places)).join(', ')}]`;
  const found = `SELECT path, line, coalesce(${broken.join(' OR ')}, true) AS broken, ${values} AS value FROM (${objects})`;
  const read = `SELECT *, transform(value, v -> ${textOf('v')}) AS text FROM (${found})`;
  const kept = texts.map((path) => `text[${place(path)}]`);
  return {
    sql: kept.length === 0 ? read : withoutInfinite(read, kept),
    textAt: (path) => `text[${place(path)}]`,
    jsonAt: (path) => `value[${place(path)}]`,
  };
}

/** `j0`: the object of the line, or null for what is none, or what one engine would read otherwise than the other. */
function withJson(lines: string): string {
  const lax = String.raw`regexp_like(line, '(?i)nan|inf|,[ \t\r\n]*[}\]]') AND NOT regexp_like(line, '[{\[,][ \t\r\n]*,[ \t\r\n]*[}\]]')`;
  const strict = `SELECT *, ${parsed('line')} AS strict FROM (${lines})`;
  const again = letIn(plainJson('line'), 'plain', parsed('plain'));
  const any = `SELECT path, line, CASE WHEN strict IS NOT NULL THEN strict WHEN ${lax} THEN ${again} END AS json FROM (${strict})`;
  const text = 'json_format(json)';
  return `SELECT path, line, CASE WHEN ${isObject('json')} THEN CASE WHEN ${isOdd(text)} THEN NULL ELSE json END END AS j0 FROM (${any})`;
}

/** JSON and nothing after it. Neither function calls itself, whatever the depth; json_parse does. */
function parsed(text: string): string {
  const isWhole = `json_extract_scalar(concat('[', ${text}, ',"${END}"]'), '$[1]') = '${END}'`;
  return `CASE WHEN ${isWhole} THEN try(json_extract(${text}, '$')) END`;
}

/** What DuckDB takes for JSON too: NaN and infinities, as Python writes them, and a comma after the last value. */
function plainJson(line: string): string {
  const pattern = String.raw`("[^"\\]*(?:\\.[^"\\]*)*")|,([ \t\r\n]*[}\]])|(-?)(?:([nN][aA][nN])|([iI][nN][fF](?:[iI][nN][iI][tT][yY])?))([ \t]*:)?`;
  const number = `CASE WHEN p[6] IS NOT NULL THEN '?' WHEN p[4] IS NOT NULL THEN concat('"', p[3], 'NaN"') ELSE concat('"', p[3], 'Infinity"') END`;
  return `regexp_replace(${line}, '${pattern}', p -> coalesce(p[1], p[2], ${number}))`;
}

function isObject(json: string): string {
  return `coalesce(substr(json_format(${json}), 1, 1) = '{', false)`;
}

/** Bytes that are no UTF-8 (Trino reads U+FFFD), half a surrogate pair (it reads `?`), or nesting that no cast survives. */
function isOdd(text: string): string {
  const noUtf8 = `CASE WHEN strpos(${text}, chr(65533)) > 0 THEN line <> from_utf8(to_utf8(line)) ELSE false END`;
  const withoutPairs = String.raw`regexp_replace(${text}, '\\\\|\\u[dD][89abAB]..\\u[dD][c-fC-F]..', '')`;
  const half = String.raw`CASE WHEN strpos(${text}, '\uD') > 0 THEN regexp_like(${withoutPairs}, '\\u[dD][89a-fA-F]') ELSE false END`;
  const isDeep = `CASE WHEN ${openings(text)} > ${DEEPEST} THEN ${letIn(bare(text), 'bare', depthOf('bare'))} > ${DEEPEST} ELSE false END`;
  return `CASE WHEN ${noUtf8} THEN true WHEN ${half} THEN true ELSE ${isDeep} END`;
}

function openings(text: string): string {
  return `length(${text}) - length(replace(replace(${text}, '[', ''), '{', ''))`;
}

/** Without its strings. */
function bare(text: string): string {
  return String.raw`regexp_replace(replace(replace(${text}, '\\', ''), '\"', ''), '"[^"]*"', '')`;
}

function depthOf(text: string): string {
  const step = `CASE WHEN sign IN ('[', '{') THEN 1 ELSE -1 END`;
  const next = `CAST(ROW(seen[1] + ${step}, greatest(seen[2], seen[1] + ${step})) AS ROW(INTEGER, INTEGER))`;
  const start = 'CAST(ROW(0, 0) AS ROW(INTEGER, INTEGER))';
  return `reduce(regexp_extract_all(${text}, '[\\[{}\\]]'), ${start}, (seen, sign) -> ${next}, seen -> seen[2])`;
}

/** Adds `o<n>`, the object at `path` as a map, and `j<n>`, what is there. */
function withObject(sql: string, path: FieldPath, places: readonly FieldPath[], names: readonly string[]): string {
  const at = places.findIndex((other) => keyOf(other) === keyOf(path));
  const placed = path.length === 0 ? sql : `SELECT *, ${valueAt(path, places)} AS j${at} FROM (${sql})`;
  return `SELECT *, ${objectOf(`j${at}`, names)} AS o${at} FROM (${placed})`;
}

/** The cast to a map refuses any key given twice, that to a row only those that are read: the others are let by, as on DuckDB. */
function objectOf(json: string, names: readonly string[]): string {
  const map = (value: string) => `try(CAST(${value} AS MAP(VARCHAR, JSON)))`;
  // Names of a row are told apart without their case.
  const known = [...new Map(names.filter((name) => name !== '').map((name) => [name.toLowerCase(), name])).values()];
  const row = `try(CAST(${json} AS ROW(${known.map((name) => `${identifier(name)} JSON`).join(', ')})))`;
  const others = `CASE WHEN ${row} IS NOT NULL THEN ${map(`json_parse(json_format(${json}))`)} END`;
  return `CASE WHEN ${isObject(json)} THEN coalesce(${map(json)}, ${others}) END`;
}

/** In an array a key that is a number counts its elements, as in a JSON pointer. */
function valueAt(path: FieldPath, places: readonly FieldPath[]): string {
  const key = path.at(-1) ?? '';
  const at = places.findIndex((other) => keyOf(other) === keyOf(path.slice(0, -1)));
  const value = `element_at(o${at}, ${literal(key)})`;
  if (at === 0 || !/^(0|[1-9][0-9]{0,5})$/.test(key)) return value;
  return `CASE WHEN substr(json_format(j${at}), 1, 1) = '[' THEN json_extract(j${at}, '$[${key}]') ELSE ${value} END`;
}

function textOf(json: string): string {
  const text = `json_format(${json})`;
  const string = String.raw`CASE WHEN strpos(${text}, '\') = 0 THEN substr(${text}, 2, length(${text}) - 2) ELSE json_extract_scalar(${json}, '$') END`;
  return [
    `CASE substr(${text}, 1, 1) WHEN '"' THEN ${string} WHEN 'n' THEN NULL`,
    `WHEN '{' THEN ${nestedText(text)} WHEN '[' THEN ${nestedText(text)} ELSE ${duckNumber(text)} END`,
  ].join(' ');
}

function nestedText(text: string): string {
  const pattern = String.raw`("[^"\\]*(?:\\.[^"\\]*)*")|(-?[0-9]+[.][0-9]+(?:E-?[0-9]+)?)`;
  return `regexp_replace(${text}, '${pattern}', p -> coalesce(p[1], ${duckNumber('p[2]')}))`;
}

/** A number beyond any double comes as the text `Infinity` here; DuckDB keeps its digits. */
function withoutInfinite(sql: string, texts: readonly string[]): string {
  const huge = `regexp_like(line, '[0-9][eE][+]?[0-9]{3}|[0-9]{308}')`;
  const isIn = texts.map((text) => `coalesce(strpos(${text}, 'Infinity') > 0, false)`).join(' OR ');
  const isLost = `CASE WHEN strpos(line, 'Infinity') > 0 OR ${huge} THEN ${huge} AND (${isIn}) ELSE false END`;
  return `SELECT path, line, broken OR ${isLost} AS broken, value, text FROM (${sql})`;
}

function unique(paths: readonly FieldPath[]): readonly FieldPath[] {
  return [...new Map(paths.map((path) => [keyOf(path), path])).values()];
}

function keyOf(path: FieldPath): string {
  return JSON.stringify(path);
}
