// The raw tables over the lake, as SQL. Where no file has a column it is a typed null; where there is no file at all, an empty table.
import { BILL_COLUMNS, type BillTable, billColumnType } from '../kernel/bill-lines.js';
import { USAGE_COLUMNS } from '../kernel/usage-event.js';
import type { Day } from '../kernel/period.js';
import type { Lake, UsageUnit } from './lake.js';
import type { LakeTable } from './lake-units.js';
import { literal } from './sql-quote.js';

export interface RawView {
  /** Without its layer: `usage_event`. */
  readonly table: LakeTable;
  /** One SELECT. */
  readonly select: string;
}

/** The days whose events are read; of other days the sums are kept. Rejects are read whatever their day. */
export interface FreshDays {
  readonly days: ReadonlySet<Day>;
  readonly asOf: Day;
}

export function rawViews(lake: Lake, fresh: FreshDays | null = null): readonly RawView[] {
  const bills = (Object.keys(BILL_COLUMNS) as BillTable[]).map((table) => {
    const columns = BILL_COLUMNS[table].map((name) => [name, billColumnType(name)] as const);
    return { table, select: selectOf(lake, table, columns) };
  });
  const usage = fresh === null ? selectOf(lake, 'usage_event', USAGE_COLUMNS) : freshSelect(lake.usage, fresh);
  return [{ table: 'usage_event', select: usage }, ...bills];
}

function freshSelect(units: readonly UsageUnit[], fresh: FreshDays): string {
  const read = units.filter((unit) => unit.rejected > 0 || holdsAny(unit, fresh));
  const columns = [...new Set(read.flatMap((unit) => unit.columns))];
  const all = selectFrom(
    read.map((unit) => unit.path),
    columns,
    USAGE_COLUMNS,
  );
  if (!columns.includes('event_time')) return all;
  const days = [...fresh.days].sort().map((day) => `DATE '${day}'`);
  const isFresh = days.length === 0 ? 'false' : `CAST(event_time AS DATE) IN (${days.join(', ')})`;
  return `${all} WHERE reject IS NOT NULL OR CAST(event_time AS DATE) > DATE '${fresh.asOf}' OR ${isFresh}`;
}

function holdsAny({ days }: UsageUnit, fresh: FreshDays): boolean {
  if (days === null) return true;
  const [first, last] = days;
  return last > fresh.asOf || [...fresh.days].some((day) => first <= day && day <= last);
}

/** Statements that make them all, in schema `raw`. */
export function createRawViews(lake: Lake, fresh: FreshDays | null = null): string {
  const views = rawViews(lake, fresh).map(({ table, select }) => `CREATE OR REPLACE VIEW raw.${table} AS ${select};`);
  return ['CREATE SCHEMA IF NOT EXISTS raw;', ...views].join('\n');
}

function selectOf(lake: Lake, table: LakeTable, columns: readonly (readonly [name: string, type: string])[]): string {
  const paths = [...new Set(lake.files.filter((file) => file.table === table).map((file) => file.lakePath))];
  return selectFrom(paths, lake.columns[table], columns);
}

function selectFrom(
  paths: readonly string[],
  there: readonly string[],
  columns: readonly (readonly [name: string, type: string])[],
): string {
  const has = new Set(there);
  const values = columns.map(([name, type]) => (paths.length > 0 && has.has(name) ? name : `CAST(NULL AS ${type}) AS ${name}`));
  const from =
    paths.length === 0
      ? 'WHERE false'
      : `FROM read_parquet([${paths.map((path) => literal(path)).join(', ')}], union_by_name = true)`;
  return `SELECT ${values.join(', ')} ${from}`;
}
