// Marts → files, by the engine: one COPY a file under a total order, so that equal content has equal bytes.
import { dirname, join } from 'node:path';
import type { Month } from '../kernel/period.js';
import type { Model } from '../model/catalog.js';
import type { Column, Warehouse } from '../warehouse/warehouse.js';
import { makeFolder } from './state.js';

export interface ExportedFile {
  /** Path below the run's folder. */
  readonly path: string;
  readonly mart: string;
  /** Null: the file holds every published month. */
  readonly month: Month | null;
  readonly rows: number;
}

/** Marts that notebooks read as Arrow. */
export const ARROW_MARTS: ReadonlySet<string> = new Set([
  'showback_feature_day',
  'showback_feature_month',
  'showback_customer_month',
]);

/** Parquet and CSV of every mart and published month, below `dir`. Months without rows get a file too: absent is not empty. */
export async function exportMarts(
  warehouse: Warehouse,
  marts: readonly Model[],
  months: readonly Month[],
  dir: string,
): Promise<readonly ExportedFile[]> {
  const files: ExportedFile[] = [];
  for (const mart of marts) {
    for (const month of months) {
      const rows = await rowsOf(warehouse, mart, month);
      const parquet = `parquet/${mart.table}/billing_month=${month}/data.parquet`;
      const csv = `csv/${month}/${mart.table}.csv`;
      await copy(
        warehouse,
        orderedSelect(mart, month, plainColumns(mart)),
        join(dir, parquet),
        'FORMAT parquet, COMPRESSION zstd',
      );
      await copy(warehouse, orderedSelect(mart, month, safeColumns(mart.contract.columns)), join(dir, csv), CSV_OPTIONS);
      files.push({ path: parquet, mart: mart.table, month, rows }, { path: csv, mart: mart.table, month, rows });
    }
  }
  return files;
}

/** The select of a mart's rows in their total order: its grain, which its contract proves unique. */
export function orderedSelect(mart: Model, month: Month | null, columns: string): string {
  const where = month === null ? '' : ` WHERE billing_month = '${month}'`;
  const order = mart.contract.grain.map((name) => `"${name}"`).join(', ');
  return `SELECT ${columns} FROM ${mart.name}${where} ORDER BY ${order}`;
}

export function plainColumns(mart: Model): string {
  return mart.contract.columns.map((column) => `"${column.name}"`).join(', ');
}

/** How a CSV is written. */
export const CSV_OPTIONS = "FORMAT csv, HEADER true, NEW_LINE '\\r\\n'";

/** Text that a spreadsheet would run as a formula gets a leading apostrophe; numbers stay numbers, a leading minus too. */
export function safeColumns(columns: readonly Column[]): string {
  return columns
    .map(({ name, type }) =>
      type === 'VARCHAR'
        ? `CASE WHEN regexp_matches("${name}", '^[=+@\\t\\r\\n-]') THEN '''' || "${name}" ELSE "${name}" END AS "${name}"`
        : `"${name}"`,
    )
    .join(', ');
}

async function rowsOf(warehouse: Warehouse, mart: Model, month: Month): Promise<number> {
  const [row] = await warehouse.rows(`SELECT count(*) AS n FROM ${mart.name} WHERE billing_month = $1`, [month]);
  return Number(row?.['n'] ?? 0);
}

async function copy(warehouse: Warehouse, select: string, path: string, options: string): Promise<void> {
  await makeFolder(dirname(path));
  await warehouse.run(`COPY (${select}) TO '${path.replaceAll("'", "''")}' (${options})`);
}

/** Writes the marts as tables, with the meaning of every table and column, to a database file of its own. */
export async function writeWarehouse(warehouse: Warehouse, marts: readonly Model[], path: string): Promise<void> {
  await warehouse.run(`ATTACH '${path.replaceAll("'", "''")}' AS published`);
  // One transaction: each statement of its own would wait for the disk.
  await warehouse.run('BEGIN; CREATE SCHEMA published.marts');
  for (const mart of marts) {
    const table = `published.marts."${mart.table}"`;
    await warehouse.run(`CREATE TABLE ${table} AS ${orderedSelect(mart, null, plainColumns(mart))}`);
    await warehouse.run(`COMMENT ON TABLE ${table} IS ${literal(mart.contract.about)}`);
    for (const column of mart.contract.columns) {
      await warehouse.run(`COMMENT ON COLUMN ${table}."${column.name}" IS ${literal(column.about)}`);
    }
  }
  await warehouse.run('COMMIT; CHECKPOINT published; DETACH published');
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
