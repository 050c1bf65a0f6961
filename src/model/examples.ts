// Runs the examples of contracts: the rows given, the model's own select, the rows expected. The engine does the casting and the comparing of types.
import type { Warehouse } from '../warehouse/warehouse.js';
import { createEmpty } from './build.js';
import { type Catalog, LAYERS, type Model } from './catalog.js';
import type { Example, ExampleRow } from './contract.js';

/** Expected rows that are not there, and rows that were not expected, as text. Both empty: the example holds. */
export interface ExampleOutcome {
  readonly missing: readonly string[];
  readonly unexpected: readonly string[];
}

/** What the `run` tables hold where an example gives none. */
const DEFAULTS: Readonly<Record<string, ExampleRow>> = {
  'run.period': {
    as_of: '2026-09-30',
    first_month: '2026-07-01',
    last_month: '2026-09-01',
    start_month: '2026-07-01',
    currency: 'USD',
    keeps_customer: 'true',
  },
  'run.level': { level: '1' },
  'run.currency': { currency: 'USD', minor_exponent: '2' },
};

/** Makes every table that `model` reads, fills what is given, runs the select and compares. Needs a warehouse of its own. */
export async function runExample(
  warehouse: Warehouse,
  catalog: Catalog,
  model: Model,
  example: Example,
): Promise<ExampleOutcome> {
  for (const layer of LAYERS) await warehouse.run(`CREATE SCHEMA IF NOT EXISTS ${layer}`);
  await warehouse.run(catalog.macros);
  for (const name of model.reads) await giveTable(warehouse, tableOf(catalog, name), example);
  refuseUnread(model, example);
  const columns = [...new Set(example.expect.flatMap((row) => Object.keys(row)))];
  const actual = await warehouse.rows(`SELECT * FROM (${model.sql ?? ''}) AS built`);
  const expected = await typed(warehouse, model, example.expect, columns);
  return difference(
    expected,
    actual.map((row) => textOf(row, columns)),
  );
}

/** Makes one table as the contract says it is, with what the example gives of it. */
export async function giveTable(warehouse: Warehouse, model: Model, example: Example): Promise<void> {
  await createEmpty(warehouse, model);
  await fill(warehouse, model, rowsGiven(model.name, example));
}

/** The rows of one table that an example runs on. */
export function rowsGiven(table: string, example: Example): readonly ExampleRow[] {
  const standard = DEFAULTS[table];
  return example.given[table] ?? (standard === undefined ? [] : [standard]);
}

async function fill(warehouse: Warehouse, model: Model, rows: readonly ExampleRow[]): Promise<void> {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const known = new Set(model.contract.columns.map((column) => column.name));
  const unknown = names.filter((name) => !known.has(name));
  if (unknown.length > 0) throw new Error(`${model.name} has no column ${unknown.join(', ')}`);
  if (rows.length > 0)
    await warehouse.insert(
      model.name,
      names,
      rows.map((row) => names.map((name) => row[name] ?? null)),
    );
}

/** Expected cells through the contract's types, so that `5` and `5.000000000000` are the same amount. */
async function typed(
  warehouse: Warehouse,
  model: Model,
  rows: readonly ExampleRow[],
  columns: readonly string[],
): Promise<readonly string[]> {
  const expected: Model = { ...model, name: `${model.layer}.expected_${model.table}` };
  await createEmpty(warehouse, expected);
  await fill(warehouse, expected, rows);
  return (await warehouse.rows(`SELECT * FROM ${expected.name}`)).map((row) => textOf(row, columns));
}

function textOf(row: Readonly<Record<string, string | null>>, columns: readonly string[]): string {
  return columns.map((name) => `${name}=${row[name] ?? 'null'}`).join('  ');
}

function difference(expected: readonly string[], actual: readonly string[]): ExampleOutcome {
  const left = [...actual];
  const missing = expected.filter((row) => {
    const at = left.indexOf(row);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
  return { missing, unexpected: left };
}

function tableOf(catalog: Catalog, name: string): Model {
  const model = catalog.models.find((candidate) => candidate.name === name);
  if (model === undefined) throw new Error(`no model ${name}`);
  return model;
}

/** Rows given to a table that the model does not read would prove nothing. */
function refuseUnread(model: Model, example: Example): void {
  const unread = Object.keys(example.given).filter((name) => !model.reads.includes(name));
  if (unread.length > 0) throw new Error(`${model.name} does not read ${unread.join(', ')}`);
}
