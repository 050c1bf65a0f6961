// The raw tables over the lake, as SQL. Where no file has a column it is a typed null; where there is no file at all, an empty table.
import { BILL_COLUMNS, type BillTable, billColumnType } from '../kernel/bill-lines.js';
import { USAGE_COLUMNS } from '../kernel/usage-event.js';
import type { Lake } from './lake.js';
import type { LakeTable } from './lake-units.js';
import { literal } from './sql-quote.js';

export interface RawView {
  /** Without its layer: `usage_event`. */
  readonly table: LakeTable;
  /** One SELECT. */
  readonly select: string;
}

export function rawViews(lake: Lake): readonly RawView[] {
  const bills = (Object.keys(BILL_COLUMNS) as BillTable[]).map((table) => {
    const columns = BILL_COLUMNS[table].map((name) => [name, billColumnType(name)] as const);
    return { table, select: selectOf(lake, table, columns) };
  });
  return [{ table: 'usage_event', select: selectOf(lake, 'usage_event', USAGE_COLUMNS) }, ...bills];
}

/** Statements that make them all, in schema `raw`. */
export function createRawViews(lake: Lake): string {
  const views = rawViews(lake).map(({ table, select }) => `CREATE OR REPLACE VIEW raw.${table} AS ${select};`);
  return ['CREATE SCHEMA IF NOT EXISTS raw;', ...views].join('\n');
}

function selectOf(lake: Lake, table: LakeTable, columns: readonly (readonly [name: string, type: string])[]): string {
  const paths = [...new Set(lake.files.filter((file) => file.table === table).map((file) => file.lakePath))];
  const has = new Set(lake.columns[table]);
  const values = columns.map(([name, type]) => (paths.length > 0 && has.has(name) ? name : `CAST(NULL AS ${type}) AS ${name}`));
  const from =
    paths.length === 0
      ? 'WHERE false'
      : `FROM read_parquet([${paths.map((path) => literal(path)).join(', ')}], union_by_name = true)`;
  return `SELECT ${values.join(', ')} ${from}`;
}
