// OTLP/JSON, one export request a line → the spans that are usage. Spans are flattened here and nowhere else; then they go through the lanes
// as the records of any log. Only what is named in otlp-names.ts is taken out of a span: content and events stay behind.
import type { UsageField } from '../kernel/usage-fields.js';
import type { UsageSource } from '../pipeline/pipeline.js';
import type { LandedFile } from '../source/source.js';
import { objects } from './load-json.js';
import { attributeList, attributeTexts, type Attributes, attributesOf, inherited, ownText, spanFields } from './otlp-fields.js';
import { AROUND, EMBEDDING, INFERENCE, INHERITED, TOKENS, TOOL } from './otlp-names.js';
import { literal } from './sql-quote.js';
import { eitherOf } from './usage-preset-values.js';
import { type FieldTexts, withConstants } from './usage-texts.js';
import type { Warehouse } from './warehouse.js';

/** A span may be above itself; nobody nests this deep. */
const DEEPEST = 100;

/** Reads the spans of a file (or of its first lines) into tables of their own, and gives the SELECT of those that are usage. */
export async function spanTexts(
  engine: Warehouse,
  file: LandedFile,
  config: UsageSource,
  lines: number | null = null,
): Promise<FieldTexts> {
  const attributes = attributesOf(config);
  await engine.run(`CREATE OR REPLACE TEMP TABLE otlp_span AS ${classified(flattened(file, attributes, lines), attributes)}`);
  await engine.run(`CREATE OR REPLACE TEMP TABLE otlp_node AS ${nodes(attributes)}`);
  await engine.run(`CREATE OR REPLACE TEMP TABLE otlp_above AS ${above()}`);
  await engine.run(`CREATE OR REPLACE TEMP TABLE otlp_told AS ${told(attributes)}`);
  await engine.run(`CREATE OR REPLACE TEMP TABLE otlp_usage AS ${usage(spanFields(config, attributes))}`);
  const fields = await filledFields(engine, [...attributes.keys()]);
  const columns = [`${literal(file.name)} AS file`, 'row', 'broken', ...fields];
  const why = `SELECT ${literal(file.name)} AS file, why, count(*) AS records FROM otlp_told WHERE why IS NOT NULL GROUP BY why`;
  return withConstants({ sql: `SELECT ${columns.join(', ')} FROM otlp_usage`, fields, leftOut: why }, config);
}

/** Every field that is not there is time on every record. */
async function filledFields(engine: Warehouse, fields: readonly UsageField[]): Promise<readonly UsageField[]> {
  const [row = {}] = await engine.rows(
    `SELECT ${fields.map((field) => `count(${field}) > 0 AS ${field}`).join(', ')} FROM otlp_usage`,
  );
  return fields.filter((field) => row[field] === 'true');
}

export async function forgetSpans(engine: Warehouse): Promise<void> {
  for (const table of ['usage', 'told', 'above', 'node', 'span']) await engine.run(`DROP TABLE IF EXISTS otlp_${table}`);
}

/**
 * One row a span, in the order of the file, which one thread keeps. What is not as it should be, at any level, is one broken row, so that nothing
 * vanishes.
 */
function flattened(file: LandedFile, attributes: Attributes, lines: number | null): string {
  const limit = lines === null ? '' : ` LIMIT ${lines}`;
  const ids = ['traceId', 'spanId', 'parentSpanId', 'startTimeUnixNano', 'endTimeUnixNano', 'status/code'];
  const id = `json_extract_string(json, [${ids.map((name) => literal(`/${name}`)).join(', ')}]) AS id`;
  const lists = `${attributeList('json', attributes)} AS own_list`;
  return `WITH resources AS (SELECT unnest(${requestsIn('json')}) AS json FROM (SELECT json FROM ${objects([file])}${limit})),
    listed AS (SELECT json, ${attributeList("json_extract(json, '/resource')", attributes)} AS resource_list FROM resources),
    scopes AS (SELECT ${attributeTexts('resource_list')} AS resource, resource_list IS NULL AS lost, unnest(${childrenOf('json', 'scopeSpans')}) AS json FROM listed),
    spans AS (SELECT resource, lost, unnest(${childrenOf('json', 'spans')}) AS json FROM scopes),
    texts AS (SELECT resource, ${isBroken('json')} AS broken, lost, ${lists}, ${id} FROM spans),
    opened AS (SELECT *, ${attributeTexts('own_list')} AS own FROM texts)
    SELECT row_number() OVER () AS row,
      coalesce(broken OR lost OR own_list IS NULL OR len(own.k) <> list_unique(own.k), true) AS broken,
      own, resource, ${idOf('id[1]')} AS trace, ${idOf('id[2]')} AS span, ${idOf('id[3]')} AS parent,
      nullif(id[4], '0') AS started, nullif(id[5], '0') AS ended, id[6] AS code FROM opened`;
}

function isBroken(json: string): string {
  return `(json_type(${json}) IS DISTINCT FROM 'OBJECT' OR len(json_keys(${json})) <> list_unique(json_keys(${json})))`;
}

/** A list of one null is passed down as one broken span. */
function childrenOf(json: string, key: string): string {
  const type = `coalesce(json_type(${json}, ${literal(`/${key}`)}), 'NULL')`;
  return `CASE WHEN ${isBroken(json)} THEN [CAST(NULL AS JSON)] WHEN ${type} = 'ARRAY' THEN json_extract(${json}, '$.${key}[*]') WHEN ${type} = 'NULL' THEN [] ELSE [NULL] END`;
}

/** The exporter writes logs and metrics alike: those are no spans, and other objects nothing that we know. */
function requestsIn(json: string): string {
  const known = "['resourceSpans', 'resourceLogs', 'resourceMetrics', 'resourceProfiles']";
  const isOther = `json_type(${json}) = 'OBJECT' AND len(json_keys(${json})) > 0 AND NOT list_has_any(json_keys(${json}), ${known})`;
  return `CASE WHEN ${isOther} THEN [CAST(NULL AS JSON)] ELSE ${childrenOf(json, 'resourceSpans')} END`;
}

/** Hexadecimal in either case. */
function idOf(text: string): string {
  return `nullif(CASE WHEN regexp_full_match(${text}, '[0-9A-Fa-f]+') THEN lower(${text}) ELSE ${text} END, '')`;
}

/** What each span is. An operation that is not known counts as inference where it has tokens, which then are nobody else's. */
function classified(spans: string, attributes: Attributes): string {
  const tokens = TOKENS.map((field) => ownText(attributes.get(field) ?? []));
  const hasTokens = tokens.map((text) => `coalesce(${text} <> '0', false)`).join(' OR ');
  const operation = ownText(attributes.get('operation') ?? []);
  const kinds = Object.entries({ around: AROUND, tool: TOOL, embedding: EMBEDDING, inference: INFERENCE });
  const whens = kinds.map(([kind, words]) => `WHEN ${eitherOf('operation', words)} THEN ${literal(kind)}`);
  return `SELECT *, CASE ${whens.join(' ')} WHEN has_tokens THEN 'inference' ELSE 'other' END AS kind
    FROM (SELECT *, ${operation} AS operation, (${hasTokens}) AS has_tokens FROM (${spans}))`;
}

/** Spans by their ids: one that is delivered again in the same file is one. */
function nodes(attributes: Attributes): string {
  const tags = INHERITED.map((field) => `arg_min(${ownText(attributes.get(field) ?? [])}, row) AS t_${field}`);
  return `SELECT trace, span, max(parent) AS parent, arg_min(kind, row) AS kind, bool_or(has_tokens) AS has_tokens, ${tags.join(', ')}
    FROM otlp_span WHERE NOT broken AND trace IS NOT NULL AND span IS NOT NULL GROUP BY trace, span`;
}

/** Each span that may be usage with all that are above it, wherever in the file they stand. */
function above(): string {
  return `WITH RECURSIVE up AS (
      SELECT c.trace, c.span, 1 AS depth, n.span AS above, n.parent FROM otlp_node AS c
      JOIN otlp_node AS n ON n.trace = c.trace AND n.span = c.parent WHERE c.kind IN ('inference', 'embedding', 'tool')
      UNION ALL
      SELECT u.trace, u.span, u.depth + 1, n.span, n.parent FROM up AS u
      JOIN otlp_node AS n ON n.trace = u.trace AND n.span = u.parent WHERE u.depth < ${DEEPEST})
    SELECT trace, span, above, min(depth) AS depth FROM up GROUP BY trace, span, above`;
}

/**
 * `why` a span is left out. Of calls of one kind within each other the innermost that has tokens counts: an outer one tells the same tokens
 * again. Where two are above each other, neither is.
 */
function told(attributes: Attributes): string {
  const repeats = `SELECT DISTINCT a.trace, a.above AS span FROM otlp_above AS a
    JOIN otlp_node AS inner_one ON inner_one.trace = a.trace AND inner_one.span = a.span
    JOIN otlp_node AS outer_one ON outer_one.trace = a.trace AND outer_one.span = a.above AND outer_one.kind = inner_one.kind
    LEFT JOIN otlp_above AS back ON back.trace = a.trace AND back.span = a.above AND back.above = a.span
    WHERE inner_one.kind <> 'tool' AND (inner_one.has_tokens OR NOT outer_one.has_tokens) AND back.span IS NULL`;
  const reasons = [
    ["s.kind = 'other'", 'other spans'],
    ["s.kind = 'around'", 'spans of agents and workflows'],
    [`s.kind = 'tool' AND ${ownText(attributes.get('provider') ?? [])} IS NULL`, 'spans of tools that name no provider'],
    ['c.span IS NOT NULL', 'spans whose calls are told below them'],
  ].map(([when, why]) => `WHEN ${when} THEN ${literal(why ?? '')}`);
  return `SELECT s.*, t.* EXCLUDE (trace, span), CASE WHEN s.broken THEN NULL ${reasons.join(' ')} END AS why FROM otlp_span AS s
    LEFT JOIN (${repeats}) AS c ON c.trace = s.trace AND c.span = s.span
    LEFT JOIN (${inherited()}) AS t ON t.trace = s.trace AND t.span = s.span`;
}

function usage(values: ReadonlyMap<UsageField, string>): string {
  const texts = [...values].map(([field, sql]) => `${sql} AS ${field}`);
  return `SELECT ${['row', 'broken', ...texts].join(', ')} FROM otlp_told WHERE why IS NULL ORDER BY row`;
}
