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
  const counts = await rowCounts(warehouse, marts);
  for (const mart of marts) {
    for (const month of months) {
      const rows = counts.get(`${mart.table} ${month}`) ?? 0;
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

/** By mart and month. */
async function rowCounts(warehouse: Warehouse, marts: readonly Model[]): Promise<ReadonlyMap<string, number>> {
  const selects = marts.map(
    ({ name, table }) => `SELECT '${table} ' || billing_month AS file, count(*) AS n FROM ${name} GROUP BY billing_month`,
  );
  const rows = selects.length === 0 ? [] : await warehouse.rows(selects.join(' UNION ALL '));
  return new Map(rows.map(({ file, n }) => [file ?? '', Number(n)]));
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
    const columns = mart.contract.columns.map(({ name, about }) => `COMMENT ON COLUMN ${table}."${name}" IS ${literal(about)}`);
    await warehouse.run([`COMMENT ON TABLE ${table} IS ${literal(mart.contract.about)}`, ...columns].join('; '));
  }
  await warehouse.run('COMMIT; CHECKPOINT published; DETACH published');
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
