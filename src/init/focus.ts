// FOCUS files as they are: which version, whose, of which months, with which tags, and whether every line can be booked.
import { type FOCUS_COLUMNS, FOCUS_MANDATORY } from '../kernel/bill-lines.js';
import { Failure } from '../kernel/failure.js';
import type { FocusSource } from '../pipeline/pipeline.js';
import { focusVersion, plain } from '../warehouse/focus-version.js';
import { openCsv, strictLines } from '../warehouse/load-csv.js';
import { identifier, literal } from '../warehouse/sql-quote.js';
import type { Row, Warehouse } from '../warehouse/warehouse.js';
import { type Finding, type FocusFacts, type TagCounts, unknown } from './finding.js';
import type { GivenFile } from './given.js';
import { asLanded } from './landed.js';

/** Lines that are looked at of one file. */
const MOST_LINES = 500_000;
const MOST_TAGS = 5000;
/** What is looked at of a line. */
const LOOKED_AT = [
  'BilledCost',
  'EffectiveCost',
  'BillingPeriodStart',
  'BillingPeriodEnd',
  'ChargePeriodStart',
  'ChargePeriodEnd',
  'BillingCurrency',
  'ChargeCategory',
  'BillingAccountId',
  'ProviderName',
  'ServiceProviderName',
  'ServiceName',
  'Tags',
  'AllocatedTags',
] as const satisfies readonly (typeof FOCUS_COLUMNS)[number][];

/** A table as columns: their names, the expression of each as text, and what to select from. */
export interface Columns {
  readonly names: readonly string[];
  readonly values: readonly string[];
  readonly from: string;
}

/** Null where the file is empty. */
export async function csvColumns(engine: Warehouse, file: GivenFile): Promise<Columns | null> {
  const csv = await openCsv(engine, file.path, file.name);
  if (csv === null) return null;
  return { names: csv.header, values: csv.header.map((_, at) => `c${at}`), from: `(${strictLines(csv)})` };
}

export async function parquetColumns(engine: Warehouse, file: GivenFile): Promise<Columns> {
  const from = `(SELECT file_row_number + 1 AS row, * FROM read_parquet(${literal(file.path)}, file_row_number=true))`;
  const columns = (await engine.describe(`SELECT * FROM ${from}`)).filter(
    ({ name }) => !['row', 'file_row_number'].includes(name),
  );
  const text = ({ name, type }: { readonly name: string; readonly type: string }) =>
    /^(MAP|STRUCT)|\[\]$/.test(type) ? `CAST(to_json(${identifier(name)}) AS VARCHAR)` : `CAST(${identifier(name)} AS VARCHAR)`;
  return { names: columns.map(({ name }) => name), values: columns.map(text), from };
}

/** How many of the mandatory columns of the first version are there, from 0 to 1; of those, the last one lacks two. */
export function focusLikeness(names: readonly string[]): number {
  const known = new Set(names.map(plain));
  return FOCUS_MANDATORY.filter((name) => known.has(plain(name))).length / FOCUS_MANDATORY.length;
}

export async function lookAtFocus(engine: Warehouse, file: GivenFile, columns: Columns): Promise<Finding> {
  const refused = versionProblem(columns.names, file);
  if (refused !== null) return unknown(withoutName(refused.problems[0]?.message ?? '', file), refused.problems[0]?.remedy ?? '');
  return lookAtLines(engine, 'focus', selectOf(columns));
}

/** Lines under the names of FOCUS that are looked at; `named` is what a column is called in the file. */
export async function lookAtLines(
  engine: Warehouse,
  kind: 'focus' | 'aws-cur',
  select: string,
  named: (words: string) => string = (words) => words,
): Promise<Finding> {
  await engine.run(`CREATE OR REPLACE TEMP TABLE focus_line AS ${select} LIMIT ${MOST_LINES}`);
  const bad = await unbookable(engine);
  if (bad !== null)
    return unknown(named(bad), 'correct or export it again: a bill of which one line cannot be read stops every run');
  return { kind, facts: await factsOf(engine) };
}

/** Why a source of it would be refused that leaves its version to be told. */
function versionProblem(names: readonly string[], file: GivenFile): Failure | null {
  const config = { version: 'detect', id: 'init' } as FocusSource;
  try {
    focusVersion(names, asLanded(file), config, () => undefined);
    return null;
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
}

function withoutName(message: string, file: GivenFile): string {
  return message.replace(`\`${file.name}\` `, '');
}

function selectOf({ names, values, from }: Columns): string {
  const places = new Map(names.map((name, at) => [plain(name), at] as const).reverse());
  const texts = LOOKED_AT.map((name) => {
    const at = places.get(plain(name));
    return `CAST(${at === undefined ? 'NULL' : `nullif(nullif(${values[at]}, ''), 'NULL')`} AS VARCHAR) AS ${identifier(name)}`;
  });
  return `SELECT row, ${texts.join(', ')} FROM ${from}`;
}

/** The first line that a run would refuse, in words. */
async function unbookable(engine: Warehouse): Promise<string | null> {
  const noTime = (column: string) => [`TRY_CAST("${column}" AS TIMESTAMPTZ) IS NULL`, `${column} is no time`, column] as const;
  const noAmount = (column: string) =>
    [`TRY_CAST("${column}" AS DECIMAL(38,12)) IS NULL`, `${column} is no amount`, column] as const;
  const missing = (column: string) => [`"${column}" IS NULL`, `${column} is empty`, column] as const;
  const tests = [
    ...['BilledCost', 'EffectiveCost'].map(noAmount),
    ...['BillingPeriodStart', 'BillingPeriodEnd', 'ChargePeriodStart', 'ChargePeriodEnd'].map(noTime),
    [
      `year(TRY_CAST("BillingPeriodStart" AS TIMESTAMPTZ)) NOT BETWEEN 2000 AND 2099`,
      'BillingPeriodStart is in no likely year',
      'BillingPeriodStart',
    ],
    [
      `TRY_CAST("BillingPeriodEnd" AS TIMESTAMPTZ) <= TRY_CAST("BillingPeriodStart" AS TIMESTAMPTZ)`,
      'BillingPeriodEnd is not after its start',
      'BillingPeriodEnd',
    ],
    [
      `TRY_CAST("ChargePeriodEnd" AS TIMESTAMPTZ) < TRY_CAST("ChargePeriodStart" AS TIMESTAMPTZ)`,
      'ChargePeriodEnd is before its start',
      'ChargePeriodEnd',
    ],
    ...['BillingCurrency', 'ChargeCategory'].map(missing),
  ] as const;
  const whens = tests.map(([test, words, column]) => `WHEN ${test} THEN ${literal(words)} || coalesce(': ' || "${column}", '')`);
  const [row] = await engine.rows(
    `SELECT count(*) AS n, min(row) AS row, arg_min(why, row) AS why FROM (SELECT row, CASE ${whens.join(' ')} END AS why FROM focus_line) WHERE why IS NOT NULL`,
  );
  if (row?.['n'] === '0' || row === undefined) return null;
  return `has lines that cannot be booked (${row['n']}); the first is line ${row['row']} below the header: ${row['why']}`;
}

async function factsOf(engine: Warehouse): Promise<FocusFacts> {
  const list = (expression: string) => `CAST(to_json(list_sort(list_distinct(list(${expression})))) AS VARCHAR)`;
  const time = (column: string) => `CAST(TRY_CAST("${column}" AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS DATE)`;
  const [row = {}] = await engine.rows(`SELECT count(*) AS lines, ${list('upper("BillingCurrency")')} AS currencies,
    ${list('"BillingAccountId"')} AS accounts, ${list(`strftime(${time('BillingPeriodStart')}, '%Y-%m')`)} AS months,
    ${list('coalesce("ServiceProviderName", "ProviderName")')} AS vendors, ${list('"ServiceName"')} AS services,
    CAST(max(least(${time('ChargePeriodStart')}, ${time('BillingPeriodEnd')} - 1)) AS VARCHAR) AS last_day FROM focus_line`);
  const lines = Number(row['lines'] ?? 0);
  return {
    lines,
    isPart: lines === MOST_LINES,
    currencies: listOf(row, 'currencies'),
    accounts: listOf(row, 'accounts'),
    months: listOf(row, 'months'),
    vendors: listOf(row, 'vendors'),
    services: listOf(row, 'services'),
    lastDay: row['last_day'] ?? null,
    tags: await tagsOf(engine),
  };
}

function listOf(row: Row, name: string): readonly string[] {
  const items: unknown = JSON.parse(row[name] ?? '[]');
  return Array.isArray(items) ? items.filter((item) => typeof item === 'string') : [];
}

/** Of a line the tags that a run reads: those of whom its cost is allocated to first, then those of the origin. */
async function tagsOf(engine: Warehouse): Promise<TagCounts> {
  const object = (column: string) =>
    `CASE WHEN json_type(CASE WHEN json_valid("${column}") THEN "${column}" END) = 'OBJECT' THEN "${column}" ELSE '{}' END`;
  const rows = await engine.rows(`SELECT key, value, count(*) AS lines FROM (
      SELECT key, json_extract_string(tags, '$."' || replace(key, '"', '\\"') || '"') AS value FROM (
        SELECT tags, unnest(json_keys(tags)) AS key FROM (
          SELECT json_merge_patch(${object('Tags')}, ${object('AllocatedTags')}) AS tags FROM focus_line)))
    WHERE value <> '' GROUP BY key, value ORDER BY lines DESC, key, value LIMIT ${MOST_TAGS}`);
  const tags = new Map<string, Map<string, number>>();
  for (const row of rows) {
    const values = tags.get(row['key'] ?? '') ?? new Map<string, number>();
    tags.set(row['key'] ?? '', values.set(row['value'] ?? '', Number(row['lines'])));
  }
  return tags;
}
