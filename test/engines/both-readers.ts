// The same logs through DuckDB into the lake, and through Trino from lines of text: each record as one text, to be compared.
import { expect } from 'vitest';
import { USAGE_COLUMNS } from '../../src/kernel/usage-event.js';
import type { UsageSource } from '../../src/pipeline/pipeline.js';
import { trinoUsageSelect } from '../../src/warehouse/trino-usage.js';
import { Company, usage } from '../contract/company.js';
import type { TrinoAnswer } from './trino-client.js';

export type Files = Readonly<Record<string, string | Uint8Array>>;

/** A Trino, and where it finds files. */
export interface TextTables {
  readonly trino: (sql: string) => Promise<TrinoAnswer>;
  /** Puts the files below a new place, `…/`, and makes an external table `line` over it. */
  readonly table: (files: Files) => Promise<{ readonly name: string; readonly location: string }>;
}

export interface Reading {
  /** A record a text: every column but `row` and the two keys. The infinite time of a refused record is none. */
  readonly records: readonly string[];
  readonly rejects: Readonly<Record<string, number>>;
}

/** Keys are hashes of one engine each, and Trino numbers no lines. */
const OWN = new Set(['row', 'event_key', 'record_key']);
const COMPARED = USAGE_COLUMNS.filter(([name]) => !OWN.has(name));

export async function duckReading(files: Files, more: Partial<UsageSource> = {}): Promise<Reading> {
  await using company = await Company.make(
    Object.fromEntries(Object.entries(files).map(([name, body]) => [`logs/${name}`, body])),
  );
  const columns = COMPARED.map(([name, type]) => {
    const text =
      type === 'TIMESTAMP'
        ? `CASE WHEN isfinite(${name}) THEN strftime(${name}, '%Y-%m-%d %H:%M:%S.%f') END`
        : `CAST(${name} AS VARCHAR)`;
    return `${text} AS ${name}`;
  });
  const rows = await company.ask([usageOf(more)], `SELECT ${columns.join(', ')} FROM raw.usage_event`);
  return readingOf(rows.map((row) => COMPARED.map(([name]) => row[name] ?? null)));
}

/** All that differs: nothing, where both read alike. */
export async function partings(files: Files, tables: TextTables, more: Partial<UsageSource> = {}): Promise<Parting> {
  const [duck, trino] = [await duckReading(files, more), await trinoReading(files, tables, more)];
  return {
    records: duck.records.length,
    rejects: duck.rejects,
    duck: missing(duck, trino),
    trino: missing(trino, duck),
    trinoRejects: trino.rejects,
  };
}

export interface Parting {
  readonly records: number;
  readonly rejects: Reading['rejects'];
  readonly trinoRejects: Reading['rejects'];
  readonly duck: readonly string[];
  readonly trino: readonly string[];
}

export async function trinoReading(files: Files, tables: TextTables, more: Partial<UsageSource> = {}): Promise<Reading> {
  const { name, location } = await tables.table(files);
  const select = trinoUsageSelect({ config: usageOf(more), textTable: name, fileOf: { kind: 'below', location } });
  const columns = [...COMPARED.map(([column]) => `CAST(${column} AS VARCHAR)`), 'CAST("row" AS VARCHAR)'];
  const { rows } = await tables.trino(`SELECT ${columns.join(', ')} FROM (${select})`);
  const places = rows.map((row) => `${row[1]} ${row.at(-1)}`);
  expect(new Set(places).size).toBe(rows.length);
  return readingOf(
    rows.map((row) => row.slice(0, -1)).map(([source, file, ...rest]) => [source ?? null, `logs/${file}`, ...rest]),
  );
}

function usageOf(more: Partial<UsageSource>): UsageSource {
  return usage({ files: ['logs/**/*'], ...more });
}

function readingOf(rows: readonly (readonly (string | null)[])[]): Reading {
  const reject = COMPARED.findIndex(([name]) => name === 'reject');
  const rejects: Record<string, number> = {};
  for (const row of rows) {
    const why = row[reject] ?? 'counts';
    rejects[why] = (rejects[why] ?? 0) + 1;
  }
  const named = (row: readonly (string | null)[]) =>
    row.flatMap((value, at) => (value === null ? [] : [`${COMPARED[at]?.[0]}=${JSON.stringify(value)}`])).join(' ');
  return { records: rows.map((row) => named(row)).sort(), rejects };
}

/** What the one has and the other has not, as often as that. */
function missing(from: Reading, other: Reading): readonly string[] {
  const left = new Map<string, number>();
  for (const record of other.records) left.set(record, (left.get(record) ?? 0) + 1);
  return from.records.filter((record) => {
    const count = left.get(record) ?? 0;
    left.set(record, count - 1);
    return count <= 0;
  });
}
