// Usage logs: keys and columns → a map, and what the reader of logs makes of the first records under it.
import { LOGGED_COLUMNS } from '../kernel/usage-event.js';
import type { UsageSource } from '../pipeline/pipeline.js';
import { isObject, type Json, type JsonObject, parseJson, textOf } from '../source/json-text.js';
import { firstRecords } from '../warehouse/first-records.js';
import { literal } from '../warehouse/sql-quote.js';
import type { Warehouse } from '../warehouse/warehouse.js';
import type { Columns } from './focus.js';
import { type Finding, unknown, unlike, type UsageFacts, type UsageShape } from './finding.js';
import type { GivenFile } from './given.js';
import { asLanded } from './landed.js';
import { presetOf, presetShape } from './usage-presets.js';
import { type Key, missingIn, placeOf, shapeOf } from './usage-map.js';

/** Stands where a log names no provider, until the models say whose they are. */
export const UNNAMED = 'unknown';
const GLIMPSE = 200;
const DEEPEST = 4;
const LONGEST_VALUE = 200;
const LEAST_DISTINCT = 0.95;

export async function prepareSample(engine: Warehouse): Promise<void> {
  await engine.run(
    `CREATE OR REPLACE TABLE usage_sample (${LOGGED_COLUMNS.map(([name, type]) => `"${name}" ${type}`).join(', ')})`,
  );
}

/** Keys of the first records, structures opened. */
export function keysOf(records: readonly JsonObject[]): readonly Key[] {
  const values = new Map<string, { readonly depth: number; readonly seen: Set<string> }>();
  const visit = (object: JsonObject, above: readonly string[]): void => {
    for (const [name, value] of Object.entries(object)) {
      const path = [...above, name];
      if (isObject(value) && path.length < DEEPEST) visit(value, path);
      else note(path, value);
    }
  };
  const note = (path: readonly string[], value: Json | undefined): void => {
    // A dot within a key that lies deeper cannot be told from a step into it.
    if (path.length > 1 && path.some((name) => name.includes('.'))) return;
    const key = values.get(path.join('.')) ?? { depth: path.length, seen: new Set<string>() };
    const text = Array.isArray(value) ? '[…]' : isObject(value) ? '{…}' : textOf(value);
    if (text !== null) key.seen.add(text.slice(0, LONGEST_VALUE));
    values.set(path.join('.'), key);
  };
  for (const record of records) visit(record, []);
  return [...values].map(([path, { depth, seen }]) => ({ path, depth, values: [...seen] }));
}

/** The first records of a table as objects. */
export async function rowsAsObjects(engine: Warehouse, { names, values, from }: Columns): Promise<readonly JsonObject[]> {
  const cells = values.map((value, at) => `${value} AS v${at}`).join(', ');
  const rows = await engine.rows(`SELECT ${cells} FROM ${from} LIMIT ${GLIMPSE}`);
  return rows.map((row) => Object.fromEntries(names.map((name, at) => [name, opened(row[`v${at}`] ?? null)])));
}

/** A structure of a table comes as JSON text. */
function opened(text: string | null): Json {
  if (text === null || !/^\s*[{[]/.test(text)) return text;
  try {
    return parseJson(text);
  } catch {
    return text;
  }
}

export interface LogOptions {
  /** Records that are read of each file. */
  readonly records: number;
  readonly keys: readonly Key[];
}

export async function lookAtUsage(engine: Warehouse, file: GivenFile, { records, keys }: LogOptions): Promise<Finding> {
  const preset = presetOf(keys.map(({ path }) => path.split('.')[0] ?? ''));
  if (preset !== null) return lookAtPreset(engine, file, presetShape(preset, UNNAMED), records);
  const drafted = shapeOf(keys);
  const missing = missingIn(drafted, keys);
  if (missing !== null) {
    const named = keys.slice(0, 8).map(({ path }) => path);
    return unlike(
      `is no usage log: ${missing}; it has ${named.join(', ')}${keys.length > named.length ? ', …' : ''}`,
      'rename what it holds as in docs/usage-events.md, or write a usage source with a `map` of its own',
    );
  }
  const constants = placeOf('provider', drafted, keys) === null ? { provider: UNNAMED } : {};
  const shape = await readAs(engine, file, { ...drafted, constants }, records);
  const facts = await factsOf(engine, file, records);
  if (facts.records > facts.rejected) return { kind: 'usage', shape, facts };
  await forget(engine, file);
  return unknown(`none of its records can be read: ${facts.reasons}`, 'see what is refused in docs/usage-events.md');
}

async function lookAtPreset(engine: Warehouse, file: GivenFile, shape: UsageShape, records: number): Promise<Finding> {
  await take(engine, file, shape, records);
  const facts = await factsOf(engine, file, records);
  if (facts.records > facts.rejected) return { kind: 'usage', shape, facts };
  await forget(engine, file);
  const what = `is of the format ${shape.format}`;
  if (facts.records === 0)
    return unknown(`${what}, and none of the records looked at is usage`, 'see what is usage in docs/usage-from-traces.md');
  return unknown(`${what}, and none of its records can be read: ${facts.reasons}`, 'see what is refused in docs/usage-events.md');
}

/** Reads under the shape, and corrects it by what came out. */
async function readAs(engine: Warehouse, file: GivenFile, shape: UsageShape, records: number): Promise<UsageShape> {
  await take(engine, file, shape, records);
  const [row] = await engine.rows(
    `SELECT count(*) FILTER (reject = 'cached_exceeds_input') AS exceeding, count(event_id) AS ids, count(DISTINCT event_id) AS distinct_ids
     FROM usage_sample WHERE file = ${literal(file.name)}`,
  );
  const { event_id: eventId, ...others } = shape.map;
  const isShared = Number(row?.['ids']) >= 20 && Number(row?.['distinct_ids']) < LEAST_DISTINCT * Number(row?.['ids']);
  // An id that several attempts share is that of the call: as the id of an event it would make duplicates of them.
  const map =
    isShared && eventId !== undefined ? { ...others, ...(others.call_id === undefined ? { call_id: eventId } : {}) } : shape.map;
  if (row?.['exceeding'] === '0') return { ...shape, map };
  await forget(engine, file);
  await take(engine, file, { ...shape, map, tokens: 'exclusive' }, records);
  return { ...shape, map, tokens: 'exclusive' };
}

async function take(engine: Warehouse, file: GivenFile, shape: UsageShape, records: number): Promise<void> {
  const config: UsageSource = {
    kind: 'usage',
    id: 'init',
    place: { file: file.name },
    s3: { region: null, endpoint: null, pathStyle: false },
    files: [],
    format: shape.format ?? 'by-extension',
    map: shape.map,
    constants: shape.constants,
    tokens: shape.tokens,
    statedCost: 'ignore',
  };
  await engine.run(`INSERT INTO usage_sample BY NAME ${await firstRecords(engine, asLanded(file), config, records)}`);
}

async function forget(engine: Warehouse, file: GivenFile): Promise<void> {
  await engine.run(`DELETE FROM usage_sample WHERE file = ${literal(file.name)}`);
}

async function factsOf(engine: Warehouse, file: GivenFile, records: number): Promise<UsageFacts & { readonly reasons: string }> {
  const [row = {}] = await engine.rows(
    `SELECT count(*) AS n, count(reject) AS rejected, string_agg(DISTINCT reject, ', ') AS reasons,
            CAST(CAST(min(event_time) FILTER (reject IS NULL) AS DATE) AS VARCHAR) AS first_day,
            CAST(CAST(max(event_time) FILTER (reject IS NULL) AS DATE) AS VARCHAR) AS last_day
     FROM usage_sample WHERE file = ${literal(file.name)}`,
  );
  const count = Number(row['n'] ?? 0);
  return {
    records: count,
    isPart: count >= records,
    rejected: Number(row['rejected'] ?? 0),
    reasons: row['reasons'] ?? '',
    firstDay: row['first_day'] ?? null,
    lastDay: row['last_day'] ?? null,
  };
}
