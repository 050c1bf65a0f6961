// Marts → files, by the engine: one COPY a file under a total order, so that equal content has equal bytes.
import { dirname, join } from 'node:path';
import type { Month } from '../kernel/period.js';
import type { Model } from '../model/catalog.js';
import { sideBySide } from '../store/lanes.js';
import type { Column, Warehouse } from '../warehouse/warehouse.js';
import { MOST_LANES } from './side-by-side.js';
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

/** What is written by one statement. */
interface Copy {
  readonly file: ExportedFile;
  readonly select: string;
  readonly options: string;
}

/**
 * Parquet and CSV of every mart and published month, below `dir`, as many at once as there are lanes: most are small, and each waits for
 * the disk. Months without rows get a file too: absent is not empty.
 */
export async function exportMarts(
  warehouse: Warehouse,
  marts: readonly Model[],
  months: readonly Month[],
  { dir, lanes }: { readonly dir: string; readonly lanes: number },
): Promise<readonly ExportedFile[]> {
  const counts = await rowCounts(warehouse, marts);
  const copies = marts.flatMap((mart) =>
    months.flatMap((month) => copiesOf(mart, month, counts.get(`${mart.table} ${month}`) ?? 0)),
  );
  const own: Warehouse[] = [];
  const most = Math.min(lanes, MOST_LANES);
  try {
    while (own.length + 1 < most) own.push(await warehouse.beside());
    const free = [warehouse, ...own];
    await sideBySide(copies, most, async (each) => {
      const lane = free.pop();
      if (lane === undefined) throw new Error('more copies at once than lanes');
      await copy(lane, each, dir).finally(() => free.push(lane));
    });
  } finally {
    for (const lane of own) await lane[Symbol.asyncDispose]();
  }
  return copies.map(({ file }) => file);
}

function copiesOf(mart: Model, month: Month, rows: number): readonly Copy[] {
  const file = { mart: mart.table, month, rows };
  return [
    {
      file: { ...file, path: `parquet/${mart.table}/billing_month=${month}/data.parquet` },
      select: orderedSelect(mart, month, plainColumns(mart)),
      options: 'FORMAT parquet, COMPRESSION zstd',
    },
    {
      file: { ...file, path: `csv/${month}/${mart.table}.csv` },
      select: orderedSelect(mart, month, safeColumns(mart.contract.columns)),
      options: CSV_OPTIONS,
    },
  ];
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

async function copy(warehouse: Warehouse, { file, select, options }: Copy, dir: string): Promise<void> {
  const path = join(dir, file.path);
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
