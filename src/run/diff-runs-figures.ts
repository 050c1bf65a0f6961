// The figures of two runs and of what was built between them, beside each other. Sums and differences are the engine's.
import { join } from 'node:path';
import type { Month } from '../kernel/period.js';
import { literal } from '../warehouse/sql-quote.js';
import type { Row, Warehouse } from '../warehouse/warehouse.js';
import type { Contribution, FigureMove } from './diff-runs-api.js';
import type { KeptRun } from './diff-runs-find.js';

/** What each feature costs in a month: `month`, `currency`, `feature_id`, `amount`. */
export type Figures = readonly Row[];

const FIGURE = ['month', 'currency', 'feature_id', 'amount'] as const;

/** Of a chain, the figures from the one run to the other, with all that was built in between. */
export interface Points {
  readonly months: readonly Month[];
  readonly points: readonly Figures[];
}

/** What a run published. */
export async function figuresOf(warehouse: Warehouse, { figures }: KeptRun): Promise<Figures> {
  const select = (from: string): string =>
    `SELECT billing_month AS month, currency, feature_id, sum(amount) AS amount FROM ${from} GROUP BY ALL ORDER BY ALL`;
  if (figures.kind === 'published')
    return warehouse.rows(select(`read_parquet(${literal(join(figures.path, '*', 'data.parquet'))}, hive_partitioning = false)`));
  await warehouse.run(`ATTACH ${literal(figures.path)} AS kept (READ_ONLY)`);
  try {
    return await warehouse.rows(select('kept.marts.showback_feature_month'));
  } finally {
    await warehouse.run('DETACH kept');
  }
}

/** Months in which any figure is not what it was, and how many figures are as they were. */
export async function movedMonths(
  warehouse: Warehouse,
  before: Figures,
  after: Figures,
): Promise<{ readonly months: readonly Month[]; readonly unmoved: number }> {
  await fill(warehouse, [{ months: null, points: [before, after] }]);
  await warehouse.run(DIFFERENCES);
  const rows = await warehouse.rows('SELECT DISTINCT month FROM difference WHERE amount <> 0 ORDER BY month');
  const [same] = await warehouse.rows('SELECT count(*) AS n FROM difference WHERE amount = 0');
  return { months: rows.map(({ month }) => month ?? ''), unmoved: Number(same?.['n'] ?? 0) };
}

/** Every figure of the months of the chains, with what each step moved. Throws where the steps do not sum to the movement. */
export async function movesOf(warehouse: Warehouse, chains: readonly Points[]): Promise<readonly FigureMove[]> {
  await fill(warehouse, chains);
  await warehouse.run(`${DIFFERENCES}; ${CONTRIBUTIONS}`);
  await refuseOpenSums(warehouse);
  const parts = new Map<string, Contribution[]>();
  for (const row of await warehouse.rows(TOLD_CONTRIBUTIONS)) {
    const key = keyOf(row);
    const { cause, amount } = row;
    parts.set(key, [...(parts.get(key) ?? []), { cause: Number(cause), amount: amount ?? '' }]);
  }
  const rows = await warehouse.rows(TOLD_DIFFERENCES);
  return rows.map((row) => ({
    ...{ month: row['month'] ?? '', currency: row['currency'] ?? '', featureId: row['feature_id'] ?? null },
    ...{ before: row['before'] ?? '', after: row['after'] ?? '', difference: row['amount'] ?? '' },
    ...{ chain: Number(row['chain']), contributions: parts.get(keyOf(row)) ?? [] },
  }));
}

function keyOf({ chain, month, currency, feature_id: feature }: Row): string {
  return JSON.stringify([chain, month, currency, feature]);
}

interface Filled {
  /** Null: all. */
  readonly months: readonly Month[] | null;
  readonly points: readonly Figures[];
}

async function fill(warehouse: Warehouse, chains: readonly Filled[]): Promise<void> {
  await warehouse.run(`
    CREATE OR REPLACE TABLE point (chain INTEGER, point INTEGER, last INTEGER);
    CREATE OR REPLACE TABLE figure (chain INTEGER, point INTEGER, month VARCHAR, currency VARCHAR, feature_id VARCHAR, amount DECIMAL(38,12))`);
  for (const [chain, { months, points }] of chains.entries()) {
    for (const [point, figures] of points.entries()) {
      const place = [String(chain), String(point)];
      await warehouse.insert('point', ['chain', 'point', 'last'], [[...place, String(points.length - 1)]]);
      const own = figures.filter(({ month }) => months?.includes(month ?? '') !== false);
      const cells = own.map((row) => [...place, ...FIGURE.map((name) => row[name] ?? null)]);
      await warehouse.insert('figure', ['chain', 'point', ...FIGURE], cells);
    }
  }
}

/** What has no row cost nothing. */
const AMOUNT = 'CAST(coalesce(f.amount, 0) AS DECIMAL(38,12))';

/** One row a figure, whether or not it moved. */
const DIFFERENCES = `
  CREATE OR REPLACE TABLE placed AS
    SELECT k.chain, k.month, k.currency, k.feature_id, p.point, p.last, ${AMOUNT} AS amount
    FROM (SELECT DISTINCT chain, month, currency, feature_id FROM figure) AS k
    JOIN point AS p ON p.chain = k.chain
    LEFT JOIN figure AS f ON f.chain = k.chain AND f.point = p.point AND f.month = k.month AND f.currency = k.currency AND f.feature_id = k.feature_id;
  CREATE OR REPLACE TABLE difference AS
    SELECT b.chain, b.month, b.currency, b.feature_id, b.amount AS before, a.amount AS "after", CAST(a.amount - b.amount AS DECIMAL(38,12)) AS amount
    FROM placed AS b
    JOIN placed AS a ON a.chain = b.chain AND a.month = b.month AND a.currency = b.currency AND a.feature_id = b.feature_id AND a.point = a.last
    WHERE b.point = 0`;

/** What the step from one point to the next moved; causes count from 0. */
const CONTRIBUTIONS = `
  CREATE OR REPLACE TABLE contribution AS
    SELECT b.chain, b.month, b.currency, b.feature_id, b.point AS cause, CAST(a.amount - b.amount AS DECIMAL(38,12)) AS amount
    FROM placed AS b
    JOIN placed AS a ON a.chain = b.chain AND a.month = b.month AND a.currency = b.currency AND a.feature_id = b.feature_id AND a.point = b.point + 1`;

/** The one thing that this whole comparison promises. */
export async function refuseOpenSums(warehouse: Warehouse): Promise<void> {
  const open = await warehouse.rows(`
    WITH summed AS (
      SELECT chain, month, currency, feature_id, CAST(sum(amount) AS DECIMAL(38,12)) AS amount FROM contribution GROUP BY ALL
    )
    SELECT month, currency, feature_id, d.amount AS moved, s.amount AS told
    FROM difference AS d FULL JOIN summed AS s USING (chain, month, currency, feature_id)
    WHERE d.amount IS DISTINCT FROM s.amount ORDER BY ALL LIMIT 3`);
  if (open.length > 0) throw new Error(`what moved a figure does not sum to its movement: ${JSON.stringify(open)}`);
}

const TOLD_CONTRIBUTIONS = `
  SELECT chain, month, currency, feature_id, cause, CAST(sum(amount) AS DECIMAL(38,12)) AS amount FROM contribution
  GROUP BY GROUPING SETS ((chain, month, currency, feature_id, cause), (chain, month, currency, cause))
  HAVING sum(amount) <> 0 ORDER BY chain, cause`;

/** Moved features, those among them of which what moved them cancels out; and every month as a whole. */
const TOLD_DIFFERENCES = `
  WITH told AS (
    SELECT d.* FROM difference AS d
    WHERE EXISTS (SELECT 1 FROM contribution AS c
      WHERE c.chain = d.chain AND c.month = d.month AND c.currency = d.currency AND c.feature_id = d.feature_id AND c.amount <> 0)
  ), rows AS (
    SELECT chain, month, currency, feature_id, before, "after", amount FROM told
    UNION ALL
    SELECT chain, month, currency, NULL, CAST(sum(before) AS DECIMAL(38,12)), CAST(sum("after") AS DECIMAL(38,12)), CAST(sum(amount) AS DECIMAL(38,12))
    FROM difference GROUP BY chain, month, currency
  )
  SELECT * FROM rows ORDER BY month, currency, feature_id IS NULL, abs(amount) DESC, feature_id`;
