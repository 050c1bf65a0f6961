// Tables as common table expressions: an example is one query, and Trino keeps nothing of it.
import { readFileSync } from 'node:fs';
import type { Catalog, Model } from '../../src/model/catalog.js';
import { readTrinoMacros } from '../../src/model/trino-macros.js';
import { castedSelect, renderTrino } from '../../src/model/trino-render.js';
import { trinoType } from '../../src/model/trino-types.js';
import type { Cell, Row, Warehouse } from '../../src/warehouse/warehouse.js';
import { trino } from './started.js';

export const macros = readTrinoMacros(readFileSync('sql/macros/trino.sql', 'utf8'));

/** Name of a table → the select that stands for it. */
export type Tables = ReadonlyMap<string, string>;

const tableName = (layer: string, table: string): string => `"${layer}.${table}"`;

export function modelOf(catalog: Catalog, name: string): Model {
  const model = catalog.models.find((candidate) => candidate.name === name);
  if (model === undefined) throw new Error(`no model ${name}`);
  return model;
}

/** Rows of text as a table with the columns of the contract. Columns that a row leaves out are null. */
export function rowsSelect(model: Model, rows: readonly Readonly<Record<string, Cell>>[]): string {
  const { columns } = model.contract;
  const unknown = rows.flatMap((row) => Object.keys(row)).filter((name) => !columns.some((column) => column.name === name));
  if (unknown.length > 0) throw new Error(`${model.name} has no column ${unknown.join(', ')}`);
  const casts = columns.map(({ name, type }) => `CAST("${name}" AS ${trinoType(type)}) AS "${name}"`).join(', ');
  const names = columns.map(({ name }) => name);
  const texts = unnested(
    names,
    (rows.length === 0 ? [{}] : rows).map((row: Readonly<Record<string, Cell>>) => names.map((name) => row[name] ?? null)),
  );
  return `SELECT ${casts} FROM (${texts}) AS texts${rows.length === 0 ? ' WHERE false' : ''}`;
}

/** Rows of text. Of VALUES the planner would compute every expression above, row by row and many times as slow. */
export function unnested(names: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const types = names.map((name) => `"${name}" VARCHAR`).join(', ');
  const columns = names.map((name) => `"${name}"`).join(', ');
  const json = `'${JSON.stringify(rows).replaceAll("'", "''")}'`;
  return `SELECT ${columns} FROM UNNEST(CAST(json_parse(${json}) AS ARRAY(ROW(${types})))) AS given(${columns})`;
}

/** Any select in the dialect of models, rendered for Trino. */
export async function rendered(parser: Warehouse, file: string, sql: string): Promise<string> {
  const parsed = await parser.parse(sql);
  if (parsed.kind === 'error') throw new Error(`${file}: ${parsed.message}`);
  return renderTrino({ file, sql, tree: parsed.tree, macros, tableName });
}

export async function modelSelect(parser: Warehouse, model: Model): Promise<string> {
  return castedSelect(model, await rendered(parser, model.file, model.sql ?? ''));
}

/** Planning is most of the time of a query over a few rows: nothing is to be estimated. */
const SESSION = {
  join_reordering_strategy: 'NONE',
  join_distribution_type: 'BROADCAST',
  enable_stats_calculator: 'false',
  task_concurrency: '1',
};

/** All rows as DuckDB writes them: Trino writes six decimals of a second, DuckDB those that are there. */
export async function rowsOf(tables: Tables, select: string, signal?: AbortSignal): Promise<readonly Row[]> {
  const ctes = [...tables].map(([name, sql]) => `"${name}" AS (${sql})`);
  const sql = ctes.length === 0 ? select : `WITH ${ctes.join(',\n')}\n${select}`;
  const { columns, rows } = await trino(sql, { session: SESSION, ...(signal === undefined ? {} : { signal }) });
  return rows.map((row) =>
    Object.fromEntries(row.map((cell, at) => [columns[at]?.name ?? '', shown(cell, columns[at]?.type ?? '')])),
  );
}

function shown(cell: Cell, type: string): Cell {
  return cell !== null && type.startsWith('timestamp') ? cell.replace(/(\.\d*?)0*$/, '$1').replace(/\.$/, '') : cell;
}
