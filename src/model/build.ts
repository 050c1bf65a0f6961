// Builds models in a warehouse: each once, and those of the level group once a level, in the order of the catalogue.
import { Failure } from '../kernel/failure.js';
import { type Cell, EngineError, type Warehouse } from '../warehouse/warehouse.js';
import { type Catalog, LAYERS, type Model } from './catalog.js';
import { NEVER } from './emptiness.js';
import { type EmptyTables, emptyOnes } from './empty-tables.js';
import { brokenChecks, verdictOn } from './verify.js';

/** Schemas, macros and the empty input tables that contracts describe; `raw` views replace theirs later. */
export async function prepareWarehouse(warehouse: Warehouse, catalog: Catalog): Promise<void> {
  for (const layer of LAYERS) await warehouse.run(`CREATE SCHEMA IF NOT EXISTS ${layer}`);
  await warehouse.run(catalog.macros);
  for (const model of catalog.models) {
    if (model.layer === 'run') await createEmpty(warehouse, model);
    if (model.contract.build === 'append') await createEmpty(warehouse, model);
    // Rows of it come with closed months, and there may be none.
    if (model.contract.made === 'close' && model.layer === 'marts') await createEmpty(warehouse, model);
  }
}

/** An empty table with the columns of the contract. */
export async function createEmpty(warehouse: Warehouse, model: Model): Promise<void> {
  const columns = model.contract.columns.map((column) => `"${column.name}" ${column.type}`).join(', ');
  await warehouse.run(`CREATE OR REPLACE TABLE ${model.name} (${columns})`);
}

/** Fills one `run` table. Columns that a row leaves out are null. */
export async function fillInput(
  warehouse: Warehouse,
  model: Model,
  rows: readonly Readonly<Record<string, Cell>>[],
): Promise<void> {
  const names = model.contract.columns.map((column) => column.name);
  if (rows.length === 0) return;
  await warehouse.insert(
    model.name,
    names,
    rows.map((row) => names.map((name) => row[name] ?? null)),
  );
}

/** Builds one model and holds it to its contract. Gives the number of rows, or null where nobody looked at them. */
export async function buildModel(warehouse: Warehouse, model: Model): Promise<number | null> {
  await execute(warehouse, model, statementOf(model));
  const isPart = model.contract.build === 'append';
  const { breaches, rows } = await verdictOn(warehouse, model, isPart ? 'columns' : model.contract.held).catch(
    (error: unknown) => {
      // A view is computed when it is read, and its contract reads it first.
      throw error instanceof EngineError ? modelFailure(model, null, error) : error;
    },
  );
  if (breaches.length > 0) throw new Failure('check', breaches);
  return isPart ? rowCount(warehouse, model) : rows;
}

/**
 * As `buildModel`, but what has no rows for sure is not asked for: its table is made of its contract, and it is held to those checks that
 * can find something. `empty`: what is known of tables; inputs and what grows are looked at as long as they had no rows.
 */
export async function buildUnlessEmpty(warehouse: Warehouse, model: Model, empty: EmptyTables): Promise<number | null> {
  const { build } = model.contract;
  const ask = async (tables: readonly string[]): Promise<readonly boolean[]> => emptyOnes(warehouse, tables);
  if (build === 'view' || !(await empty.decide(model.emptyWhen, ask))) {
    const rows = await buildModel(warehouse, model);
    if (isHere(model)) empty.note(model.name, rows === 0);
    return rows;
  }
  if (build === 'append') return rowCount(warehouse, model);
  await createEmpty(warehouse, model);
  if (isHere(model)) empty.note(model.name, true);
  const checks = [];
  for (const [at, check] of model.contract.checks.entries())
    if (!(await empty.decide(model.checksEmptyWhen[at] ?? NEVER, ask))) checks.push(check);
  const breaches = await brokenChecks(warehouse, model, checks);
  if (breaches.length > 0) throw new Failure('check', breaches);
  return 0;
}

/** Nobody but the builder writes it: months that stay as published are added to marts. */
function isHere({ layer, contract }: Model): boolean {
  return layer !== 'marts' && (contract.build === 'table' || contract.build === 'level');
}

/** The models that run once a level of pools, in order. */
export function levelGroup(catalog: Catalog): readonly Model[] {
  return catalog.models.filter((model) => model.contract.build === 'level' || model.contract.build === 'append');
}

/** Sets the level that the next pass of the group allocates. */
export async function setLevel(warehouse: Warehouse, level: number): Promise<void> {
  await warehouse.run(`DELETE FROM run.level; INSERT INTO run.level VALUES (${level})`);
}

async function rowCount(warehouse: Warehouse, model: Model): Promise<number> {
  const [row] = await warehouse.rows(`SELECT count(*) AS n FROM ${model.name}`);
  return Number(row?.['n'] ?? 0);
}

function statementOf(model: Model): string {
  const sql = model.sql ?? '';
  switch (model.contract.build) {
    case 'view':
      return `CREATE OR REPLACE VIEW ${model.name} AS ${sql}`;
    case 'append':
      return `INSERT INTO ${model.name} ${sql}`;
    case 'table':
    case 'level':
    case 'input':
      return `CREATE OR REPLACE TABLE ${model.name} AS ${sql}`;
    default:
      return model.contract.build satisfies never;
  }
}

async function execute(warehouse: Warehouse, model: Model, statement: string): Promise<void> {
  try {
    await warehouse.run(statement);
  } catch (error) {
    throw error instanceof EngineError ? modelFailure(model, statement, error) : error;
  }
}

/** Arithmetic that leaves 38 digits, or a value that does not convert, is data that breaks a rule; the rest is a bug of the model. */
function modelFailure(model: Model, statement: string | null, error: EngineError): Error {
  const isData = error.exceptionType === 'Out of Range' || error.exceptionType === 'Conversion';
  if (!isData) return new Error(`${model.file}: ${error.exceptionType} Error: ${error.message}`, { cause: error });
  const before = statement === null || error.position === null ? 0 : statement.slice(0, error.position).split('\n').length;
  return new Failure(
    'check',
    [
      {
        code: 'engine/arithmetic',
        message: `${model.name}: ${error.message}`,
        remedy: 'an amount or quantity is outside what 38 digits hold exactly: look for it in the inputs of this model',
        place: before === 0 ? { file: model.file } : { file: model.file, line: before },
      },
    ],
    { cause: error },
  );
}
