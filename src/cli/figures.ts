// The figures of a run's summary, from its warehouse file. Sums are the engine's; everything arrives as text.
import { openDuckDb } from '../warehouse/duckdb.js';
import type { Row, Warehouse } from '../warehouse/warehouse.js';

export interface StatementRow {
  readonly feature: string;
  readonly team: string;
  readonly amount: string;
  /** Percent, one decimal; empty where the month's total gives none. */
  readonly share: string;
  /** Empty where the feature has no row the month before. Rows that are no feature, such as `(idle)`, come last. */
  readonly previous: string;
}

export interface Statement {
  readonly month: string;
  readonly currency: string;
  readonly rows: readonly StatementRow[];
  readonly total: string;
  readonly previousTotal: string;
}

export interface ControlRow {
  readonly month: string;
  readonly control: string;
  readonly scope: string;
  readonly currency: string;
  readonly expected: string;
  readonly actual: string;
  readonly difference: string;
  readonly passed: boolean;
}

export interface Figures {
  /** `statement_identity` of every month and currency, oldest first. */
  readonly identity: readonly ControlRow[];
  /** The last month, one a currency. */
  readonly statements: readonly Statement[];
  readonly failed: readonly ControlRow[];
  readonly controls: number;
  /** Quantities of the last month that a provider tells of, and that no log holds in full; null: none. */
  readonly unlogged: { readonly month: string; readonly quantities: number } | null;
}

export async function readFigures(warehousePath: string): Promise<Figures> {
  await using warehouse = await openDuckDb({ path: warehousePath, readOnly: true, threads: 1 });
  const controls = (await warehouse.rows(CONTROLS)).map(controlRow);
  return {
    identity: controls.filter((row) => row.control === 'statement_identity'),
    statements: await statementsOf(warehouse),
    failed: controls.filter((row) => !row.passed),
    controls: controls.length,
    unlogged: await unloggedIn(warehouse),
  };
}

/** Runs that were published by an earlier version have no such mart. */
async function unloggedIn(warehouse: Warehouse): Promise<Figures['unlogged']> {
  const marts = await warehouse.rows("SELECT table_name FROM information_schema.tables WHERE table_schema = 'marts'");
  if (!marts.some((row) => row['table_name'] === 'billed_usage_month')) return null;
  const [row] = await warehouse.rows(`SELECT billing_month AS month, count(*) AS quantities FROM marts.billed_usage_month
    WHERE finding = 'unlogged' AND billing_month = (SELECT max(billing_month) FROM marts.billed_usage_month) GROUP BY billing_month`);
  return row === undefined ? null : { month: text(row, 'month'), quantities: Number(text(row, 'quantities')) };
}

/** Every control of the published months, oldest first. */
export async function readControls(warehousePath: string): Promise<readonly ControlRow[]> {
  await using warehouse = await openDuckDb({ path: warehousePath, readOnly: true, threads: 1 });
  return (await warehouse.rows(CONTROLS)).map(controlRow);
}

const CONTROLS = `
  SELECT billing_month, control, scope, currency, expected, actual, difference, passed
  FROM marts.reconciliation_month ORDER BY billing_month, control, scope, currency`;

// A run of one month may have the month before only as `previous_month_amount`.
const STATEMENT = `
  WITH last AS (SELECT max(billing_month) AS month FROM marts.showback_feature_month),
  before AS (SELECT strftime(CAST(month || '-01' AS DATE) - INTERVAL 1 MONTH, '%Y-%m') AS month FROM last),
  feature AS (
    SELECT currency, feature_id, max(feature_name) AS name, CASE WHEN starts_with(feature_id, '(') THEN '' ELSE max(team) END AS team,
           sum(statement_amount) FILTER (WHERE billing_month = last.month) AS amount,
           coalesce(sum(statement_amount) FILTER (WHERE billing_month = before.month),
                    CAST(sum(previous_month_amount) FILTER (WHERE billing_month = last.month) AS DECIMAL(38,2))) AS previous,
           sum(share) FILTER (WHERE billing_month = last.month) AS share
    FROM marts.showback_feature_month CROSS JOIN last CROSS JOIN before
    WHERE billing_month IN (last.month, before.month)
    GROUP BY currency, feature_id
  )
  SELECT last.month, currency, name, team, CAST(coalesce(amount, 0) AS DECIMAL(38,4)) AS amount, previous,
         CAST(share * 100 AS DECIMAL(18,1)) AS share,
         CAST(sum(coalesce(amount, 0)) OVER (PARTITION BY currency) AS DECIMAL(38,4)) AS total,
         CAST(sum(previous) OVER (PARTITION BY currency) AS DECIMAL(38,4)) AS previous_total
  FROM feature CROSS JOIN last
  ORDER BY currency, starts_with(feature_id, '('), feature.amount DESC NULLS LAST, feature_id`;

async function statementsOf(warehouse: Warehouse): Promise<readonly Statement[]> {
  const rows = await warehouse.rows(STATEMENT);
  const currencies = [...new Set(rows.map((row) => text(row, 'currency')))];
  return currencies.map((currency) =>
    statementOf(
      currency,
      rows.filter((row) => text(row, 'currency') === currency),
    ),
  );
}

function statementOf(currency: string, rows: readonly Row[]): Statement {
  const [first] = rows;
  return {
    month: first === undefined ? '' : text(first, 'month'),
    currency,
    total: first === undefined ? '0' : text(first, 'total'),
    previousTotal: first === undefined ? '' : text(first, 'previous_total'),
    rows: rows.map((row) => ({
      feature: text(row, 'name'),
      team: text(row, 'team'),
      amount: text(row, 'amount'),
      share: text(row, 'share'),
      previous: text(row, 'previous'),
    })),
  };
}

function controlRow(row: Row): ControlRow {
  return {
    month: text(row, 'billing_month'),
    control: text(row, 'control'),
    scope: text(row, 'scope'),
    currency: text(row, 'currency'),
    expected: text(row, 'expected'),
    actual: text(row, 'actual'),
    difference: text(row, 'difference'),
    passed: row['passed'] === 'true',
  };
}

function text(row: Row, name: string): string {
  return row[name] ?? '';
}
