// Usage logs on S3 → raw.usage_event on Trino and Athena: one scan of an external table with a line a row. Each record becomes the row
// that the slow lane of DuckDB (slowSelect over everyRecord) makes of it, but for `row`, `event_key` and `record_key`.
import { LAKE_FIELDS, LARGEST_COUNT, SQL_TYPE, USAGE_EVENT } from '../kernel/usage-event.js';
import type { UsageField } from '../kernel/usage-fields.js';
import type { UsageSource } from '../pipeline/pipeline.js';
import { literal } from './sql-quote.js';
import { type LandedNames, landedName, landedWhere } from './trino-usage-files.js';
import { type JsonTexts, jsonTexts } from './trino-usage-json.js';
import { trinoReject, trinoRowReject } from './trino-usage-rejects.js';
import { trinoDecimal, trinoFine, trinoMoney, trinoNumber, trinoTime } from './trino-usage-values.js';
import { constantFields, type FieldPath, fieldPaths } from './usage-paths.js';
import { NUMERIC } from './usage-rejects.js';
import { inOrder } from './usage-sql.js';
import { idPaths, readPaths } from './usage-texts.js';

export interface TrinoUsage {
  readonly config: UsageSource;
  /** As it stands in the query: `"db"."logs"`. Its one column is `line`; see athena DDL of text tables. */
  readonly textTable: string;
  readonly fileOf: LandedNames;
}

/** What a field's value is made of: `t_<field>` its text, `n_<field>` its number. */
export const textOf = (field: UsageField): string => `t_${field}`;
export const numberOf = (field: UsageField): string => `n_${field}`;

const CACHED: readonly UsageField[] = ['cache_read_tokens', 'cache_write_tokens', 'cache_write_1h_tokens'];
const KEPT = ['path', 'line'];
const TEXTUAL: readonly string[] = ['text', 'lower', 'choice'];

/** One SELECT with the columns of raw.usage_event, in the order of its contract. */
export function trinoUsageSelect({ config, textTable, fileOf }: TrinoUsage): string {
  const places = fieldPaths(config);
  const fields = inOrder(new Set([...places.keys(), ...constantFields(config)]));
  const lines = `SELECT "$path" AS path, line FROM ${textTable} WHERE ${isRecord('line')}${landedWhere(fileOf)}`;
  const textual = fields.filter((field) => TEXTUAL.includes(USAGE_EVENT[field].kind));
  const json = jsonTexts(lines, {
    all: [...places.values()].flat(),
    read: readPaths(config),
    ids: idPaths(config),
    texts: textual.flatMap((field) => places.get(field) ?? []),
  });
  const texts = selectTexts(json, places, config, fields);
  return numbered(lakeRow(withUncached(typed(texts, fields), fields, config), fields), config, fileOf);
}

/** How many records each file has, counted apart from all that reads them: `object` and `records`. */
export function trinoRecordCounts({ textTable, fileOf }: Omit<TrinoUsage, 'config'>): string {
  const lines = `SELECT "$path" AS path FROM ${textTable} WHERE ${isRecord('line')}${landedWhere(fileOf)}`;
  return `SELECT ${landedName(fileOf)} AS object, CAST(count(*) AS VARCHAR) AS records FROM (${lines}) GROUP BY ${landedName(fileOf)}`;
}

/** Lines of nothing but white space are no records. `\N` alone is null to a text table, and a record that is no JSON. */
function isRecord(line: string): string {
  return String.raw`(${line} IS NULL OR regexp_like(${line}, '[^ \t\r\n\x0B\f]'))`;
}

function selectTexts(
  json: JsonTexts,
  places: ReadonlyMap<UsageField, readonly FieldPath[]>,
  config: UsageSource,
  fields: readonly UsageField[],
): string {
  const texts = fields.map((field) => {
    const paths = places.get(field) ?? [];
    const found = field === 'stated_cost' ? statedCost(json, paths) : firstOf(paths.map((path) => json.textAt(path)));
    const constant = config.constants[field];
    return `${constant === undefined ? found : `coalesce(nullif(${found}, ''), ${literal(constant)})`} AS ${textOf(field)}`;
  });
  return `SELECT ${[...KEPT, 'broken', ...texts].join(', ')} FROM (${json.sql})`;
}

function firstOf(values: readonly string[]): string {
  if (values.length > 1) return `coalesce(${values.join(', ')})`;
  return values[0] ?? 'CAST(NULL AS VARCHAR)';
}

/** Of a number of more than 15 digits the last ones are no longer those that were meant; text may have as many as it needs. */
function statedCost(json: JsonTexts, paths: readonly FieldPath[]): string {
  if (paths.length === 0) return firstOf([]);
  // The first place that is there counts, even if it holds null.
  const value = firstOf(paths.map((path) => json.jsonAt(path)));
  const text = `CASE ${paths.map((path) => `WHEN ${json.jsonAt(path)} IS NOT NULL THEN ${json.textAt(path)}`).join(' ')} END`;
  const digits = String.raw`regexp_replace(regexp_replace(${text}, '[eE].*\z|[-+.]', ''), '^0+|0+\z', '')`;
  const isExact = `substr(json_format(${value}), 1, 1) = '"' OR length(${digits}) <= 15`;
  return `CASE WHEN ${isExact} THEN ${text} WHEN ${text} IS NOT NULL THEN 'inexact' END`;
}

/** Numbers and times by one expression each, over an array: the text of a query is limited, and so is what one expression may be. */
function typed(texts: string, fields: readonly UsageField[]): string {
  const numeric = fields.filter((field) => NUMERIC.includes(USAGE_EVENT[field].kind));
  const times = fields.filter((field) => USAGE_EVENT[field].kind === 'time');
  const each = (of: readonly UsageField[], value: string, type: string) =>
    of.length === 0
      ? `CAST(ARRAY[] AS ARRAY(${type}))`
      : `transform(ARRAY[${of.map((field) => textOf(field)).join(', ')}], x -> ${value})`;
  const number = each(numeric, trinoNumber('x'), 'DOUBLE');
  const time = each(times, trinoTime('x'), 'TIMESTAMP(6)');
  const fine = fields.includes('stated_cost') ? trinoFine(textOf('stated_cost')) : 'NULL';
  const parsed = `SELECT *, ${number} AS number, ${time} AS moment, ${fine} AS fine FROM (${texts})`;
  const names = [
    ...numeric.map((field, at) => `number[${at + 1}] AS ${numberOf(field)}`),
    ...times.map((field, at) => `moment[${at + 1}] AS ${field}`),
  ];
  const named = `SELECT ${[...KEPT, 'broken', 'fine', ...fields.map((field) => textOf(field)), ...names].join(', ')} FROM (${parsed})`;
  const values = fields.filter((field) => !times.includes(field)).map((field) => `${valueOf(field)} AS ${field}`);
  const all = `SELECT ${['*', ...values].join(', ')} FROM (${named})`;
  return `SELECT ${[...KEPT, ...fields, `${trinoReject(fields)} AS reject`].join(', ')} FROM (${all})`;
}

function valueOf(field: UsageField): string {
  const text = textOf(field);
  const number = numberOf(field);
  const isCount = `${number} BETWEEN 0 AND ${LARGEST_COUNT}`;
  switch (USAGE_EVENT[field].kind) {
    case 'text':
      return `nullif(${text}, '')`;
    case 'lower':
    case 'choice':
      return `lower(nullif(${text}, ''))`;
    case 'flag':
      return `CASE lower(${text}) WHEN 'true' THEN true WHEN 'false' THEN false END`;
    case 'money':
      return trinoMoney('fine');
    case 'quantity':
      return `CASE WHEN ${number} IS NOT NULL THEN ${trinoDecimal(text, SQL_TYPE.quantity)} END`;
    case 'rate':
      return `CASE WHEN ${number} IS NOT NULL THEN ${trinoDecimal(text, SQL_TYPE.rate)} END`;
    case 'milliseconds':
      return `CASE WHEN ${isCount} THEN CAST(round(${number}) AS BIGINT) END`;
    case 'count':
    case 'ordinal':
      return `CASE WHEN ${number} = floor(${number}) AND ${isCount} THEN CAST(${number} AS BIGINT) END`;
    case 'time':
      return field;
  }
}

/** `inclusive` input holds the cached tokens too: what remains without them is the uncached class. */
function withUncached(sql: string, fields: readonly UsageField[], { tokens }: UsageSource): string {
  const cached = CACHED.filter((field) => fields.includes(field));
  if (tokens === 'exclusive' || !fields.includes('input_tokens') || cached.length === 0) return sql;
  const rest = cached.map((field) => ` - coalesce(${field}, 0)`).join('');
  const columns = fields.map((field) => (field === 'input_tokens' ? `input_tokens${rest} AS input_tokens` : field));
  return `SELECT ${[...KEPT, 'reject', ...columns].join(', ')} FROM (${sql})`;
}

/** The columns of the lake, keys computed from the typed values, and what the lines of a file are told apart by. */
function lakeRow(sql: string, fields: readonly UsageField[]): string {
  const others = fields.filter((field) => field !== 'event_id');
  const parts = others.map((field) => `CAST(${field} AS VARCHAR)`);
  const id = fields.includes('event_id') ? 'event_id' : 'CAST(NULL AS VARCHAR)';
  const columns = LAKE_FIELDS.map((field) => {
    const type = SQL_TYPE[USAGE_EVENT[field].kind].replace('TIMESTAMP', 'TIMESTAMP(6)');
    return `CAST(${fields.includes(field) ? field : 'NULL'} AS ${type}) AS ${field}`;
  });
  return `SELECT ${[
    'path',
    `from_big_endian_64(xxhash64(${bytesOf('line')})) AS line_hash`,
    `md5(${bytesOf('line')}) AS line_key`,
    `${trinoRowReject(fields)} AS reject`,
    `CASE WHEN ${id} IS NOT NULL THEN CAST(from_big_endian_64(xxhash64(to_utf8(${id}))) AS DECIMAL(20,0)) + DECIMAL '9223372036854775808' END AS event_key`,
    `CASE WHEN ${id} IS NULL THEN lower(to_hex(md5(to_utf8(array_join(ARRAY[${parts.join(', ')}], chr(31), chr(30)))))) END AS record_key`,
    ...columns,
  ].join(', ')} FROM (${sql})`;
}

function bytesOf(line: string): string {
  return String.raw`to_utf8(coalesce(${line}, '\N'))`;
}

/**
 * A text table has no line numbers. `row` says of which text a line is: 31 bits of its hash, then a number among the lines of its file
 * with those bits, equal lines one after the other. It depends on the file alone, no two records of a file share one, and a file is
 * sorted in many small parts.
 */
function numbered(sql: string, config: UsageSource, fileOf: LandedNames): string {
  const bits = 'bitwise_right_shift(line_hash, 33)';
  const place = `row_number() OVER (PARTITION BY path, ${bits} ORDER BY line_hash, line_key)`;
  return `SELECT ${[
    `${literal(config.id)} AS source_id`,
    `${landedName(fileOf)} AS file`,
    `bitwise_left_shift(${bits}, 32) + ${place} AS "row"`,
    'reject',
    'CAST(event_key AS DECIMAL(20,0)) AS event_key',
    'record_key',
    ...LAKE_FIELDS,
  ].join(', ')} FROM (${sql})`;
}

/** Which line of a text table a `row` is: a condition on `line` that holds for it, and for few others. */
export function trinoLineOf(row: string): string {
  return `bitwise_right_shift(from_big_endian_64(xxhash64(${bytesOf('line')})), 33) = bitwise_right_shift(CAST(${literal(row)} AS BIGINT), 32)`;
}
