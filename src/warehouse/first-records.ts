// The first records of a log as a source would have them: for those who want to know what a map makes of it.
import type { UsageSource } from '../pipeline/pipeline.js';
import type { LandedFile } from '../source/source.js';
import { openCsv, strictLines } from './load-csv.js';
import { everyRecord, type Places } from './load-json.js';
import { columnsIn, formatOf, NOTHING, pathsIn, textsOf, withConstants } from './load-usage.js';
import { identifier, literal } from './sql-quote.js';
import { constantFields, fieldPaths } from './usage-paths.js';
import { inOrder, slowSelect } from './usage-sql.js';
import type { Warehouse } from './warehouse.js';

/** A SELECT of rows of the lake; a record that a load would refuse has its reason. No more is read than `count` records. */
export async function firstRecords(engine: Warehouse, file: LandedFile, config: UsageSource, count: number): Promise<string> {
  const { places, text } = await textsIn(engine, file, config);
  const fields = inOrder(new Set([...places.keys(), ...constantFields(config)]));
  const sql = withConstants(`SELECT * FROM (${text}) LIMIT ${count}`, places, config);
  return slowSelect({ sourceId: config.id, sql, fields, tokens: config.tokens });
}

interface Texts {
  readonly places: Places;
  /** A SELECT of `file`, `row`, `broken` and the fields of `places` as text. */
  readonly text: string;
}

async function textsIn(engine: Warehouse, file: LandedFile, config: UsageSource): Promise<Texts> {
  switch (formatOf(file.name, config)) {
    case 'jsonl':
      return { places: fieldPaths(config), text: everyRecord([file], fieldPaths(config)) };
    case 'csv':
      return csvTexts(engine, file, config);
    case 'parquet':
      return parquetTexts(engine, file, config);
  }
}

async function csvTexts(engine: Warehouse, file: LandedFile, config: UsageSource): Promise<Texts> {
  const csv = await openCsv(engine, file.path, file.name);
  if (csv === null) return { places: new Map(), text: textsOf(file, NOTHING, []) };
  const places = columnsIn(csv.header, file, config);
  const values = [...places].map(([field, [path]]) => `c${csv.header.indexOf(path?.[0] ?? '')} AS ${field}`);
  return { places, text: textsOf(file, strictLines(csv), values) };
}

async function parquetTexts(engine: Warehouse, file: LandedFile, config: UsageSource): Promise<Texts> {
  const source = `read_parquet(${literal(file.path)}, file_row_number=true)`;
  const described = await engine.describe(`SELECT * FROM ${source}`);
  const columns = described.map((column) => column.name).filter((name) => name !== 'file_row_number');
  const places = await pathsIn(engine, source, columns, file, config);
  const values = [...places].map(([field, [path]]) => `CAST(${(path ?? []).map(identifier).join('.')} AS VARCHAR) AS ${field}`);
  return { places, text: textsOf(file, `SELECT file_row_number + 1 AS row, false AS broken, * FROM ${source}`, values) };
}
