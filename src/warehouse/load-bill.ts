// Bills → lines of text in the lake, one Parquet a landed file. FOCUS goes through the engine, the others come as text already.
import type { Listener } from '../kernel/event.js';
import { BILL_COLUMNS, type BillTable, billColumnType, FOCUS_COLUMNS, snakeCase } from '../kernel/bill-lines.js';
import type { BillSource, FocusSource } from '../pipeline/pipeline.js';
import type { LandedFile, Tabulate } from '../source/source.js';
import { refuseOrigins } from './focus-origin.js';
import { focusVersion, plain } from './focus-version.js';
import { openCsv, strictLines, tolerantLines } from './load-csv.js';
import { isBeyondRecords } from './load-usage.js';
import { identifier, literal } from './sql-quote.js';
import { EngineError, type Warehouse } from './warehouse.js';

const TABLE_OF: Readonly<Record<BillSource['kind'], BillTable>> = {
  focus: 'focus_line',
  'openai-costs': 'openai_cost',
  'anthropic-costs': 'anthropic_cost',
  'invoice-csv': 'invoice_line',
  'json-costs': 'invoice_line',
};

export function billTableOf(kind: BillSource['kind']): BillTable {
  return TABLE_OF[kind];
}

/** What loading a bill needs beside the engine. */
export interface BillReaders {
  readonly tabulate: Tabulate;
  readonly listener: Listener;
}

export async function writeBill(
  engine: Warehouse,
  file: LandedFile,
  config: BillSource,
  readers: BillReaders,
  target: string,
): Promise<void> {
  if (config.kind === 'focus') {
    await writeFocus(engine, file, config, readers.listener, target);
    return refuseOrigins(engine, file, target);
  }
  const { rows } = await readers.tabulate(file, config);
  const columns = BILL_COLUMNS[TABLE_OF[config.kind]];
  await engine.run(`CREATE OR REPLACE TABLE bill_line (${columns.map((name) => `${name} ${billColumnType(name)}`).join(', ')})`);
  const cells = rows.map((row) =>
    columns.map((name) => (name === 'source_id' ? file.sourceId : name === 'file' ? file.name : (row[name] ?? null))),
  );
  await engine.insert('bill_line', columns, cells);
  await engine.run(
    `COPY (SELECT * FROM bill_line ORDER BY row) TO ${literal(target)} (FORMAT parquet, PARQUET_VERSION v2); DROP TABLE bill_line`,
  );
}

async function writeFocus(
  engine: Warehouse,
  file: LandedFile,
  config: FocusSource,
  listener: Listener,
  target: string,
): Promise<void> {
  if (/\.(parquet|pq)$/i.test(file.name)) return writeFocusParquet(engine, file, config, listener, target);
  const csv = await openCsv(engine, file.path, file.name);
  if (csv === null) return copyLines(engine, `SELECT ${emptyLine()} WHERE false`, target);
  const version = focusVersion(csv.header, file, config, listener);
  const values = valuesOf(csv.header, (at) => `c${at}`);
  const select = (lines: string) => lineOf(file, version, `CASE WHEN broken THEN 'malformed' END`, values, lines);
  try {
    await copyLines(engine, select(strictLines(csv)), target);
  } catch (error) {
    if (!(error instanceof EngineError) || isBeyondRecords(error)) throw error;
    await copyLines(engine, `${select(await tolerantLines(engine, csv))} ORDER BY row`, target);
  }
}

async function writeFocusParquet(
  engine: Warehouse,
  file: LandedFile,
  config: FocusSource,
  listener: Listener,
  target: string,
): Promise<void> {
  const source = `read_parquet(${literal(file.path)}, file_row_number=true)`;
  const columns = (await engine.describe(`SELECT * FROM ${source}`)).filter((column) => column.name !== 'file_row_number');
  const version = focusVersion(
    columns.map((column) => column.name),
    file,
    config,
    listener,
  );
  const values = valuesOf(
    columns.map((column) => column.name),
    (at) => textOf(columns[at]?.name ?? '', columns[at]?.type ?? ''),
  );
  await copyLines(engine, lineOf(file, version, 'NULL', values, `SELECT file_row_number + 1 AS row, * FROM ${source}`), target);
}

/** A map or a structure as JSON; a DOUBLE by the shortest text that reads back as the same, never through a decimal. */
function textOf(name: string, type: string): string {
  const column = identifier(name);
  return /^(MAP|STRUCT)|\[\]$/.test(type) ? `CAST(to_json(${column}) AS VARCHAR)` : `CAST(${column} AS VARCHAR)`;
}

/** For each FOCUS column its value in the file, or null where the file has no such column. */
function valuesOf(header: readonly string[], columnAt: (at: number) => string): readonly string[] {
  const places = new Map(header.map((name, at) => [plain(name), at] as const).reverse());
  return FOCUS_COLUMNS.map((name) => {
    const at = places.get(plain(name));
    const value = at === undefined ? 'NULL' : `nullif(nullif(${columnAt(at)}, ''), 'NULL')`;
    return `CAST(${value} AS VARCHAR) AS ${snakeCase(name)}`;
  });
}

function lineOf(file: LandedFile, version: string, reject: string, values: readonly string[], lines: string): string {
  const place = [
    `${literal(file.sourceId)} AS source_id`,
    `${literal(file.name)} AS file`,
    'row',
    `CAST(${reject} AS VARCHAR) AS reject`,
    `${literal(version)} AS version`,
  ];
  return `SELECT ${[...place, ...values].join(', ')} FROM (${lines})`;
}

function emptyLine(): string {
  return BILL_COLUMNS.focus_line.map((name) => `CAST(NULL AS ${billColumnType(name)}) AS ${name}`).join(', ');
}

async function copyLines(engine: Warehouse, select: string, target: string): Promise<void> {
  await engine.run(`COPY (${select}) TO ${literal(target)} (FORMAT parquet, PARQUET_VERSION v2)`);
}
