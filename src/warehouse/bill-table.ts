// Bills that the engine reads itself: CSV or Parquet → lines of text in the lake. Which columns are read is the business of each kind.
import { BILL_COLUMNS, type BillTable, billColumnType } from '../kernel/bill-lines.js';
import type { LandedFile } from '../source/source.js';
import { openCsv, strictLines, tolerantLines } from './load-csv.js';
import { isBeyondRecords } from './load-usage.js';
import { identifier, literal } from './sql-quote.js';
import { EngineError, type Warehouse } from './warehouse.js';

/** A column of the file, and the expression of its value as text. */
export interface FileColumn {
  readonly name: string;
  readonly text: string;
  /** The text is a JSON object, as the engine writes a map. */
  readonly isMap: boolean;
}

export interface Picked {
  /** One expression with its name a column of the table, those of the place left out. */
  readonly columns: readonly string[];
  /** Expressions that those name, so that each is worked out once a line. */
  readonly first?: readonly string[];
}

/** What is read of a file with these columns. */
export type PickColumns = (columns: readonly FileColumn[]) => Picked;

export async function copyBill(
  engine: Warehouse,
  file: LandedFile,
  table: BillTable,
  pick: PickColumns,
  target: string,
): Promise<void> {
  if (/\.(parquet|pq)$/i.test(file.name)) return copyParquet(engine, file, pick, target);
  const csv = await openCsv(engine, file.path, file.name);
  if (csv === null) return copyLines(engine, `SELECT ${emptyLine(table)} WHERE false`, target);
  const columns = csv.header.map((name, at) => ({ name, text: `c${at}`, isMap: false }));
  const picked = pick(columns);
  const select = (lines: string) => lineOf(file, `CASE WHEN broken THEN 'malformed' END`, picked, lines);
  try {
    await copyLines(engine, select(strictLines(csv)), target);
  } catch (error) {
    if (!(error instanceof EngineError) || isBeyondRecords(error)) throw error;
    await copyLines(engine, `${select(await tolerantLines(engine, csv))} ORDER BY row`, target);
  }
}

async function copyParquet(engine: Warehouse, file: LandedFile, pick: PickColumns, target: string): Promise<void> {
  const source = `read_parquet(${literal(file.path)}, file_row_number=true)`;
  const columns = (await engine.describe(`SELECT * FROM ${source}`)).filter((column) => column.name !== 'file_row_number');
  const picked = pick(columns.map(({ name, type }) => ({ name, text: textOf(name, type), isMap: type.startsWith('MAP') })));
  await copyLines(engine, lineOf(file, 'NULL', picked, `SELECT file_row_number + 1 AS row, * FROM ${source}`), target);
}

/**
 * A map or a structure as JSON; a DOUBLE by the shortest text that reads back as the same. Of one next to zero that text has more decimals than
 * the 24 of a bill, which nobody billed: what is left of it there is rounded, in the text.
 */
function textOf(name: string, type: string): string {
  const column = identifier(name);
  if (type === 'DOUBLE' || type === 'FLOAT') {
    const text = `CAST(${column} AS VARCHAR)`;
    return `CASE WHEN ${column} <> 0 AND abs(${column}) < 1e-7 THEN CAST(CAST(${text} AS DECIMAL(38,24)) AS VARCHAR) ELSE ${text} END`;
  }
  return /^(MAP|STRUCT)|\[\]$/.test(type) ? `CAST(to_json(${column}) AS VARCHAR)` : `CAST(${column} AS VARCHAR)`;
}

/** The value of a cell, null where it is empty or says so. */
export function cellValue(text: string | undefined): string {
  return text === undefined ? 'NULL' : `nullif(nullif(${text}, ''), 'NULL')`;
}

function lineOf(file: LandedFile, reject: string, { columns, first = [] }: Picked, lines: string): string {
  const place = [
    `${literal(file.sourceId)} AS source_id`,
    `${literal(file.name)} AS file`,
    'row',
    `CAST(${reject} AS VARCHAR) AS reject`,
  ];
  const from = first.length === 0 ? lines : `SELECT *, ${first.join(', ')} FROM (${lines})`;
  return `SELECT ${[...place, ...columns].join(', ')} FROM (${from})`;
}

function emptyLine(table: BillTable): string {
  return BILL_COLUMNS[table].map((name) => `CAST(NULL AS ${billColumnType(name)}) AS ${name}`).join(', ');
}

async function copyLines(engine: Warehouse, select: string, target: string): Promise<void> {
  await engine.run(`COPY (${select}) TO ${literal(target)} (FORMAT parquet, PARQUET_VERSION v2)`);
}
