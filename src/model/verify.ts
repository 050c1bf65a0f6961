// Holds a built table to its contract: columns and types in order, no null where none may be, one row a grain, and its own checks.
import type { Problem } from '../kernel/failure.js';
import type { Row, Warehouse } from '../warehouse/warehouse.js';
import type { Model } from './catalog.js';

const SHOWN = 5;

/** Every way in which the table of `model` breaks its contract; none is a pass. `rows: false` looks at the columns only. */
export async function contractBreaches(warehouse: Warehouse, model: Model, rows: boolean): Promise<readonly Problem[]> {
  const columns = await columnBreaches(warehouse, model);
  if (columns.length > 0 || !rows) return columns;
  return [...(await rowBreaches(warehouse, model)), ...(await checkBreaches(warehouse, model))];
}

/** Without the contract's own checks: they hold a table to what this run built it of, and rows of another run are not of that. */
export async function rowBreaches(warehouse: Warehouse, model: Model): Promise<readonly Problem[]> {
  return [...(await nullBreaches(warehouse, model)), ...(await grainBreaches(warehouse, model))];
}

async function columnBreaches(warehouse: Warehouse, model: Model): Promise<readonly Problem[]> {
  const told = model.contract.columns.map((column) => `${column.name} ${column.type}`);
  const built = (await warehouse.describe(`SELECT * FROM ${model.name}`)).map((column) => `${column.name} ${column.type}`);
  if (told.join('\n') === built.join('\n')) return [];
  const missing = told.filter((column) => !built.includes(column));
  const extra = built.filter((column) => !told.includes(column));
  const message =
    missing.length + extra.length === 0
      ? `${model.name} has its columns in another order than its contract`
      : `${model.name} breaks its contract: missing ${missing.join(', ') || 'nothing'}; not promised ${extra.join(', ') || 'nothing'}`;
  return [problem(model, 'contract/columns', message, 'change the select or the contract so that both say the same', [])];
}

async function nullBreaches(warehouse: Warehouse, model: Model): Promise<readonly Problem[]> {
  const required = model.contract.columns.filter((column) => !column.nullable);
  if (required.length === 0) return [];
  const counts = required.map((column) => `count(*) - count("${column.name}") AS "${column.name}"`).join(', ');
  const [row = {}] = await warehouse.rows(`SELECT ${counts} FROM ${model.name}`);
  return required
    .filter((column) => row[column.name] !== '0')
    .map((column) => {
      const message = `${model.name}.${column.name} is null in ${row[column.name] ?? '?'} rows`;
      return problem(model, 'contract/null', message, 'find where the value is lost, or mark the column nullable', []);
    });
}

async function grainBreaches(warehouse: Warehouse, model: Model): Promise<readonly Problem[]> {
  const grain = model.contract.grain.map((name) => `"${name}"`).join(', ');
  if (grain === '' || (await hasDistinctHashes(warehouse, model, grain))) return [];
  const doubled = await warehouse.rows(
    `SELECT ${grain}, count(*) AS times FROM ${model.name} GROUP BY ${grain} HAVING count(*) > 1 ORDER BY ${grain} LIMIT ${SHOWN}`,
  );
  if (doubled.length === 0) return [];
  return [
    problem(
      model,
      'contract/grain',
      `${model.name} has several rows of one grain (${grain})`,
      'aggregate, or name the true grain',
      doubled,
    ),
  ];
}

/** Rows whose hashes all differ all differ: that is three times as fast to see as grouping wide rows. The opposite proves nothing. */
async function hasDistinctHashes(warehouse: Warehouse, model: Model, grain: string): Promise<boolean> {
  const [row] = await warehouse.rows(`SELECT count(*) = count(DISTINCT hash(${grain})) AS differ FROM ${model.name}`);
  return row?.['differ'] === 'true';
}

async function checkBreaches(warehouse: Warehouse, model: Model): Promise<readonly Problem[]> {
  const problems: Problem[] = [];
  for (const check of model.contract.checks) {
    const offending = await warehouse.rows(`SELECT * FROM (${check.select}) AS offending LIMIT ${SHOWN}`);
    if (offending.length > 0)
      problems.push(problem(model, 'contract/check', `${model.name}: ${check.name} does not hold`, check.remedy, offending));
  }
  return problems;
}

function problem(model: Model, code: string, message: string, remedy: string, rows: readonly Row[]): Problem {
  const place = { file: model.file.replace(/\.sql$/, '.yaml') };
  return rows.length === 0
    ? { code, message, remedy, place }
    : { code, message, remedy, place, excerpt: rows.map(rowText).join('\n') };
}

/** A row as people read it in an error. */
export function rowText(row: Row): string {
  return Object.entries(row)
    .map(([name, value]) => `${name}=${value ?? 'null'}`)
    .join('  ');
}
