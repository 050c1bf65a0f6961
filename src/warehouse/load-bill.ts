// Bills and billed usage → lines of text in the lake, one Parquet a landed file. FOCUS and CUR go through the engine, the others come as text already.
import type { Listener } from '../kernel/event.js';
import { BILL_COLUMNS, type BillTable, billColumnType, FOCUS_COLUMNS, snakeCase } from '../kernel/bill-lines.js';
import type { LineSource, FocusSource } from '../pipeline/pipeline.js';
import type { LandedFile, Tabulate, TextRow } from '../source/source.js';
import { cellValue, copyBill, type PickColumns } from './bill-table.js';
import { curColumns } from './cur-columns.js';
import { refuseOrigins } from './focus-origin.js';
import { focusVersion, plain } from './focus-version.js';
import { literal } from './sql-quote.js';
import type { Cell, Warehouse } from './warehouse.js';

const TABLE_OF: Readonly<Record<LineSource['kind'], BillTable>> = {
  focus: 'focus_line',
  'aws-cur': 'cur_line',
  'openai-costs': 'openai_cost',
  'anthropic-costs': 'anthropic_cost',
  'openai-usage': 'openai_usage',
  'anthropic-usage': 'anthropic_usage',
  'invoice-csv': 'invoice_line',
  'json-costs': 'invoice_line',
};

export function billTableOf(kind: LineSource['kind']): BillTable {
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
  config: LineSource,
  readers: BillReaders,
  target: string,
): Promise<void> {
  if (config.kind === 'focus') {
    await copyBill(engine, file, 'focus_line', focusColumns(file, config, readers.listener), target);
    return refuseOrigins(engine, file, target);
  }
  if (config.kind === 'aws-cur') return copyBill(engine, file, 'cur_line', curColumns(file), target);
  const { rows } = await readers.tabulate(file, config);
  const columns = BILL_COLUMNS[TABLE_OF[config.kind]];
  await engine.run(`CREATE OR REPLACE TABLE bill_line (${columns.map((name) => `${name} ${billColumnType(name)}`).join(', ')})`);
  await engine.insert('bill_line', columns, cellsOf(rows, columns, { source_id: file.sourceId, file: file.name }));
  await engine.run(
    `COPY (SELECT * FROM bill_line ORDER BY row) TO ${literal(target)} (FORMAT parquet, PARQUET_VERSION v2); DROP TABLE bill_line`,
  );
}

/** One line at a time: all of them would be the lines a second time. */
function* cellsOf(
  rows: Iterable<TextRow>,
  columns: readonly string[],
  place: TextRow,
): Generator<readonly Cell[], void, undefined> {
  for (const row of rows) yield columns.map((name) => place[name] ?? row[name] ?? null);
}

/** For each FOCUS column its value in the file, or null where the file has no such column; in front of them the version. */
function focusColumns(file: LandedFile, config: FocusSource, listener: Listener): PickColumns {
  return (columns) => {
    const version = focusVersion(
      columns.map(({ name }) => name),
      file,
      config,
      listener,
    );
    const places = new Map(columns.map(({ name, text }) => [plain(name), text] as const).reverse());
    const values = FOCUS_COLUMNS.map((name) => `CAST(${cellValue(places.get(plain(name)))} AS VARCHAR) AS ${snakeCase(name)}`);
    return { columns: [`${literal(version)} AS version`, ...values] };
  };
}
