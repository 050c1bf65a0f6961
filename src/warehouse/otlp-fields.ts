// The attributes of a span → the texts of the canonical fields, as SQL. `own` and `resource` hold keys and texts as lists, `t_<field>` what the
// nearest span above has.
import { METERS } from '../kernel/meters.js';
import { USAGE_EVENT } from '../kernel/usage-event.js';
import { USAGE_FIELDS, type UsageField } from '../kernel/usage-fields.js';
import type { UsageSource } from '../pipeline/pipeline.js';
import { INHERITED, SPAN_ATTRIBUTES, TOKENS } from './otlp-names.js';
import { literal } from './sql-quote.js';
import { providerOf } from './usage-preset-values.js';

/** Field → the attributes that it may be in, first found first. What a map names is looked for alone. */
export type Attributes = ReadonlyMap<UsageField, readonly string[]>;

const FAILED = 'error.type';

export function attributesOf({ map, statedCost }: UsageSource): Attributes {
  const wanted = USAGE_FIELDS.filter((field) => field !== 'stated_cost' || statedCost === 'provider');
  return new Map(
    wanted.map((field) => {
      const mapped = map[field];
      return [field, mapped === undefined ? [`showback.${field}`, ...(SPAN_ATTRIBUTES[field] ?? [])] : [mapped]];
    }),
  );
}

/** The attributes of a span or a resource that are read, as a list; null where they are no list. */
export function attributeList(json: string, attributes: Attributes): string {
  const names = [...new Set([FAILED, ...[...attributes.values()].flat()])].map((name) => literal(name)).join(', ');
  const type = `coalesce(json_type(${json}, '/attributes'), 'NULL')`;
  const all = `json_transform(json_extract(${json}, '/attributes'), '[{"key": "VARCHAR", "value": "JSON"}]')`;
  const isOther = `coalesce(json_type(${json}), 'OBJECT') <> 'OBJECT' OR ${type} NOT IN ('ARRAY', 'NULL')`;
  return `CASE WHEN ${isOther} THEN NULL WHEN ${type} = 'NULL' THEN [] ELSE list_filter(${all}, lambda a: a.key IN (${names})) END`;
}

/**
 * `{k, v}`: keys and texts of such a list. A value that is a list or an object keeps its JSON, which is no number and no time.
 */
export function attributeTexts(list: string): string {
  const scalars = "['/stringValue', '/intValue', '/doubleValue', '/boolValue']";
  const scalar = `list_filter(json_extract_string(a.value, ${scalars}), lambda text: text IS NOT NULL)[1]`;
  const text = `coalesce(${scalar}, nullif(CAST(a.value AS VARCHAR), '{}'))`;
  return `{'k': list_transform(${list}, lambda a: a.key), 'v': list_transform(${list}, lambda a: ${text})}`;
}

/** The first of these attributes that a span itself has. */
export function ownText(names: readonly string[]): string {
  return textIn('own', names);
}

function textIn(holder: 'own' | 'resource', names: readonly string[]): string {
  const values = names.map((name) => `nullif(${holder}.v[list_position(${holder}.k, ${literal(name)})], '')`);
  return values.length === 0 ? 'CAST(NULL AS VARCHAR)' : `coalesce(${values.join(', ')})`;
}

/** Of each span what the nearest one above it has that has it. */
export function inherited(): string {
  const tags = INHERITED.map((field) => `arg_min(n.t_${field}, a.depth) AS t_${field}`);
  return `SELECT a.trace, a.span, ${tags.join(', ')} FROM otlp_above AS a JOIN otlp_node AS n ON n.trace = a.trace AND n.span = a.above GROUP BY a.trace, a.span`;
}

/** Field → its text. */
export function spanFields(config: UsageSource, attributes: Attributes): ReadonlyMap<UsageField, string> {
  const isMapped = (field: UsageField): boolean => config.map[field] !== undefined;
  const found = new Map([...attributes].map(([field, names]) => [field, textOf(field, names)]));
  const values = [...found].map(([field, text]): [UsageField, string] => {
    const value = isMapped(field) ? text : (BUILT[field]?.(text, found) ?? text);
    return [field, TOKENS.includes(field) ? `CASE WHEN kind = 'inference' THEN ${value} END` : value];
  });
  return new Map(values);
}

/** A span's own, for tags that of the nearest above, then for texts the resource's. */
function textOf(field: UsageField, names: readonly string[]): string {
  const above = INHERITED.includes(field) ? [`t_${field}`] : [];
  const ofAll = ['text', 'lower', 'choice', 'flag', 'rate'].includes(USAGE_EVENT[field].kind) ? [textIn('resource', names)] : [];
  return `coalesce(${[ownText(names), ...above, ...ofAll].join(', ')})`;
}

type Found = ReadonlyMap<UsageField, string>;

/** What a span tells otherwise than by an attribute. */
const BUILT: Readonly<Partial<Record<UsageField, (text: string, found: Found) => string>>> = {
  event_id: (text) => `coalesce(${text}, trace || '-' || span)`,
  event_time: (text) => `coalesce(${text}, ${nanoseconds('coalesce(ended, started)')})`,
  run_id: (text) => `coalesce(${text}, trace)`,
  operation: () => "CASE kind WHEN 'inference' THEN 'chat' WHEN 'embedding' THEN 'embedding' WHEN 'tool' THEN 'tool_call' END",
  provider: providerOf,
  model: (text, found) => `coalesce(${text}, CASE WHEN kind = 'tool' THEN ${found.get('tool_name')} END)`,
  status: (text) =>
    `coalesce(${text}, CASE WHEN code IN ('2', 'STATUS_CODE_ERROR') OR ${ownText([FAILED])} IS NOT NULL THEN 'error' ELSE 'ok' END)`,
  run_ms: (text) => `coalesce(${text}, ${duration()})`,
  embedding_tokens: (text, found) => `coalesce(${text}, CASE WHEN kind = 'embedding' THEN ${found.get('input_tokens')} END)`,
  tool_calls: (text, found) =>
    `coalesce(${text}, CASE WHEN kind = 'tool' AND coalesce(${otherMeters(found)}) IS NULL THEN '1' END)`,
  stated_cost: exact,
};

/** A tool that is charged for by another quantity is not charged for by the call too. */
function otherMeters(found: Found): string {
  const others = METERS.filter((meter) => meter !== 'tool_calls' && !TOKENS.includes(meter));
  return others.flatMap((meter) => found.get(meter) ?? []).join(', ');
}

/** Nanoseconds as text → a time. Fewer digits are another unit, and no time. */
function nanoseconds(text: string): string {
  const time = `CAST(make_timestamp(TRY_CAST(${text} AS BIGINT) // 1000) AS VARCHAR) || 'Z'`;
  return `coalesce(CASE WHEN regexp_full_match(${text}, '[0-9]{18,19}') THEN ${time} END, 'no time: ' || ${text})`;
}

function duration(): string {
  const [start, end] = ['TRY_CAST(started AS HUGEINT)', 'TRY_CAST(ended AS HUGEINT)'];
  return `CASE WHEN ${end} >= ${start} THEN CAST((${end} - ${start} + 500000) // 1000000 AS VARCHAR) END`;
}

/** A number of more than 15 digits has been through a double somewhere. */
function exact(text: string): string {
  const digits = `regexp_replace(regexp_replace(${text}, '[eE].*$|[-+.]', '', 'g'), '^0+|0+$', '', 'g')`;
  return `CASE WHEN length(${digits}) > 15 THEN 'inexact' ELSE ${text} END`;
}
