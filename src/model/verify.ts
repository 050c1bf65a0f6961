// Holds a built table to its contract: columns and types in order, no null where none may be, one row a grain, and its own checks.
import type { Problem } from '../kernel/failure.js';
import type { Row, Warehouse } from '../warehouse/warehouse.js';
import type { Model } from './catalog.js';
import type { ContractCheck, Held } from './contract.js';

const SHOWN = 5;

/** What is asked of an engine. One that has no hash of rows groups them at once. */
export interface Verified extends Pick<Warehouse, 'rows' | 'describe'> {
  readonly withoutHash?: boolean;
}

/** What is wrong with a table, and its rows where they were looked at. */
export interface Verdict {
  /** Every way in which the table breaks its contract; none is a pass. */
  readonly breaches: readonly Problem[];
  readonly rows: number | null;
}

/** Holds the table of `model` to its contract, or to a part of it. */
export async function verdictOn(warehouse: Verified, model: Model, held: Held): Promise<Verdict> {
  const columns = await columnBreaches(warehouse, model);
  if (columns.length > 0 || held === 'columns') return { breaches: columns, rows: null };
  if (held === 'checks') return { breaches: await brokenChecks(warehouse, model, model.contract.checks), rows: null };
  const facts = await factsOf(warehouse, model);
  const breaches = [
    ...(await factBreaches(warehouse, model, facts)),
    ...(await brokenChecks(warehouse, model, model.contract.checks)),
  ];
  return { breaches, rows: Number(facts['rows']) };
}

/** `rows: false` looks at the columns only. */
export async function contractBreaches(warehouse: Verified, model: Model, rows: boolean): Promise<readonly Problem[]> {
  return (await verdictOn(warehouse, model, rows ? 'rows' : 'columns')).breaches;
}

/** Without the contract's own checks: they hold a table to what this run built it of, and rows of another run are not of that. */
export async function rowBreaches(warehouse: Verified, model: Model): Promise<readonly Problem[]> {
  return factBreaches(warehouse, model, await factsOf(warehouse, model));
}

async function columnBreaches(warehouse: Verified, model: Model): Promise<readonly Problem[]> {
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

/**
 * In one pass: how many rows, how many of them have a null where none may be, and whether all grains differ by their hashes. Hashes that
 * all differ prove it, in a third of the time that grouping wide rows takes; two that agree prove nothing.
 */
async function factsOf(warehouse: Verified, model: Model): Promise<Row> {
  const grain = model.contract.grain.map((name) => `"${name}"`).join(', ');
  const missing = requiredOf(model).map(({ name }) => `"${name}" IS NULL`);
  const nulls = missing.length === 0 ? '0' : `count(*) FILTER (WHERE ${missing.join(' OR ')})`;
  const hashed = warehouse.withoutHash === true ? 'false' : `count(*) = count(DISTINCT hash(${grain}))`;
  const differ = grain === '' ? 'true' : hashed;
  const [facts = {}] = await warehouse.rows(
    `SELECT count(*) AS "rows", ${differ} AS differ, ${nulls} AS nulls FROM ${model.name}`,
  );
  return facts;
}

function requiredOf(model: Model): readonly { readonly name: string }[] {
  return model.contract.columns.filter((column) => !column.nullable);
}

async function factBreaches(warehouse: Verified, model: Model, facts: Row): Promise<readonly Problem[]> {
  const nulls = facts['nulls'] === '0' ? [] : await nullBreaches(warehouse, model);
  return facts['differ'] === 'true' ? nulls : [...nulls, ...(await grainBreaches(warehouse, model))];
}

async function nullBreaches(warehouse: Verified, model: Model): Promise<readonly Problem[]> {
  const required = requiredOf(model);
  const counts = required.map(({ name }, at) => `count(*) - count("${name}") AS null_${at}`);
  const [row = {}] = await warehouse.rows(`SELECT ${counts.join(', ')} FROM ${model.name}`);
  return required.flatMap(({ name }, at) => {
    const count = row[`null_${at}`];
    if (count === '0') return [];
    const message = `${model.name}.${name} is null in ${count ?? '?'} rows`;
    return [problem(model, 'contract/null', message, 'find where the value is lost, or mark the column nullable', [])];
  });
}

async function grainBreaches(warehouse: Verified, model: Model): Promise<readonly Problem[]> {
  const grain = model.contract.grain.map((name) => `"${name}"`).join(', ');
  const doubled = await warehouse.rows(
    `SELECT ${grain}, count(*) AS times FROM ${model.name} GROUP BY ${grain} HAVING count(*) > 1 ORDER BY ${grain} LIMIT ${SHOWN}`,
  );
  if (doubled.length === 0) return [];
  const message = `${model.name} has several rows of one grain (${grain})`;
  return [problem(model, 'contract/grain', message, 'aggregate, or name the true grain', doubled)];
}

/** Checks of the contract that find something. */
export async function brokenChecks(
  warehouse: Pick<Verified, 'rows'>,
  model: Model,
  checks: readonly ContractCheck[],
): Promise<readonly Problem[]> {
  const problems: Problem[] = [];
  for (const check of checks) {
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
