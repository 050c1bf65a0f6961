// What months cost at two sets of prices, side by side. Sums are the engine's; where usage has no price there is no sum.
import type { Month } from '../kernel/period.js';
import type { Row, Warehouse } from '../warehouse/warehouse.js';
import type { FeatureRerating, Rerated, Rerating, SkuRerating, Track, Unpriced } from './api.js';

export type Side = 'was' | 'is';

/** Keeps what the models have now, before they are built anew. */
export async function takeFigures(warehouse: Warehouse, side: Side): Promise<void> {
  await warehouse.run(`
    CREATE TABLE run.usage_${side} AS
      SELECT month_text(u.usage_date) AS month, u.feature_id, u.provider, u.model, u.service_tier, u.meter, u.currency, max(u.sku) AS sku,
             a.sku IS NOT NULL AS accepted, bool_or(u.rated_amount IS NULL) AS unpriced, sum(u.quantity) AS quantity, sum(u.rated_amount) AS amount
      FROM rating.rated_usage AS u
      CROSS JOIN run.period AS p
      LEFT JOIN run.accept_unpriced AS a ON a.provider = u.provider AND a.sku = u.model AND a.expires_on >= p.as_of
      GROUP BY ALL;
    CREATE TABLE run.cost_${side} AS
      SELECT month_text(billing_month) AS month, feature_id, currency, sum(amount) AS amount FROM allocation.incurred_cost GROUP BY ALL`);
}

/** Does any of these rows of the books price usage of the months? */
export async function pricesThatServe(warehouse: Warehouse, rows: readonly number[], from: Month, to: Month): Promise<boolean> {
  const select = `SELECT count(*) AS n FROM rating.rated_usage
    WHERE list_contains(CAST($1 AS INTEGER[]), price_no) AND month_text(usage_date) BETWEEN $2 AND $3`;
  const [row] = await warehouse.rows(select, [`[${rows.join()}]`, from, to]);
  return row?.['n'] !== '0';
}

export async function reratedBetween(warehouse: Warehouse, from: Month, to: Month): Promise<Omit<Rerated, 'runId' | 'asOf'>> {
  await warehouse.run(USAGE);
  const rows = async (select: string): Promise<readonly Row[]> => warehouse.rows(select, [from, to]);
  const features = [...(await rows(featuresOf('rated'))), ...(await rows(featuresOf('borne')))].map(featureRow);
  const skus = (await rows(SKUS)).map(skuRow);
  return { features: features.toSorted(byMonth), skus, unpriced: (await rows(UNPRICED)).map(usageRow) };
}

/** Month by month and currency by currency; the order within is that of the selects. */
function byMonth(a: FeatureRerating, b: FeatureRerating): number {
  const [left, right] = [`${a.month} ${a.currency}`, `${b.month} ${b.currency}`];
  return left < right ? -1 : left > right ? 1 : 0;
}

/** What has a price on one side alone is in the currency of that price on both. */
const USAGE = `
  CREATE TABLE run.usage_told AS
    WITH told AS (SELECT 'was' AS side, * FROM run.usage_was UNION ALL SELECT 'is' AS side, * FROM run.usage_is)
    SELECT * REPLACE (CASE WHEN unpriced THEN coalesce(min(currency) FILTER (WHERE amount IS NOT NULL)
      OVER (PARTITION BY month, feature_id, provider, model, service_tier, meter), currency) ELSE currency END AS currency) FROM told`;

const FIGURES: Readonly<Record<Track, string>> = {
  rated: 'SELECT side, month, currency, feature_id, amount FROM run.usage_told',
  borne: "SELECT 'was' AS side, * FROM run.cost_was UNION ALL SELECT 'is' AS side, * FROM run.cost_is",
};

/** What is borne of a month depends on every weight: one that is missing leaves nothing of it certain. */
const CONCERNED: Readonly<Record<Track, string>> = {
  rated: 'g.month = s.month AND (s.feature_id IS NULL OR g.feature_id = s.feature_id) AND NOT g.accepted',
  borne: 'g.month = s.month AND NOT g.accepted',
};

/** Both sides of each feature and of the whole month (`feature_id` null). */
function featuresOf(track: Track): string {
  return `
    WITH told AS (${FIGURES[track]}), summed AS (
      SELECT month, currency, feature_id, ${SUMS} FROM told
      WHERE month BETWEEN $1 AND $2 GROUP BY GROUPING SETS ((month, currency, feature_id), (month, currency))
    ), known AS (SELECT month, currency, feature_id, ${knownWhere(CONCERNED[track])} FROM summed AS s)
    SELECT '${track}' AS track, month, currency, feature_id, ${SHOWN} FROM known WHERE feature_id IS NULL OR ${TELLS}
    ORDER BY month, currency, feature_id IS NULL, abs(coalesce(is_amount, was_amount)) DESC, feature_id`;
}

/** A side without a row had no such cost; whether it only lacks a price is asked after. */
const SUMS = ['was', 'is']
  .map((side) => `CAST(coalesce(sum(amount) FILTER (WHERE side = '${side}'), 0) AS DECIMAL(38,12)) AS ${side}_sum`)
  .join(', ');

/** No sum where usage (`g`) that concerns the row (`s`) has no price on that side: it would be too small, or nothing at all. */
function knownWhere(concerns: string): string {
  const gap = (side: string): string =>
    `EXISTS (SELECT 1 FROM run.usage_told AS g WHERE g.side = '${side}' AND g.unpriced AND ${concerns})`;
  return ['was', 'is'].map((side) => `CASE WHEN NOT ${gap(side)} THEN s.${side}_sum END AS ${side}_amount`).join(', ');
}

const SHOWN = 'was_amount AS was, is_amount AS "is", CAST(is_amount - was_amount AS DECIMAL(38,12)) AS difference';
const TELLS = '(was_amount IS NULL OR is_amount IS NULL OR was_amount <> 0 OR is_amount <> 0)';

/** By what the log calls it: which sku that means may depend on the books. */
const SKU_KEY = 'month, currency, provider, model, service_tier, meter';
const SKUS = `
  WITH summed AS (
    SELECT ${SKU_KEY}, ${SUMS}, coalesce(max(sku) FILTER (WHERE side = 'is'), max(sku)) AS sku,
           coalesce(sum(quantity) FILTER (WHERE side = 'is'), sum(quantity)) AS quantity
    FROM run.usage_told WHERE month BETWEEN $1 AND $2 GROUP BY ${SKU_KEY}
  ), known AS (
    SELECT ${SKU_KEY}, sku, quantity, ${knownWhere(
      'g.month = s.month AND g.provider = s.provider AND g.model = s.model AND g.service_tier = s.service_tier AND g.meter = s.meter',
    )} FROM summed AS s
  )
  SELECT ${SKU_KEY}, sku, quantity, ${SHOWN} FROM known WHERE ${TELLS}
  ORDER BY month, currency, abs(is_amount - was_amount) DESC NULLS FIRST, provider, model, service_tier, meter`;

const UNPRICED = `
  SELECT month, provider, model, meter, service_tier, sum(quantity) AS quantity FROM run.usage_told
  WHERE side = 'is' AND unpriced AND NOT accepted AND month BETWEEN $1 AND $2
  GROUP BY month, provider, model, meter, service_tier ORDER BY month, provider, model, meter, service_tier`;

function sides(row: Row): Rerating {
  return { was: row['was'] ?? null, is: row['is'] ?? null, difference: row['difference'] ?? null };
}

function featureRow(row: Row): FeatureRerating {
  const track = row['track'] === 'rated' ? 'rated' : 'borne';
  return {
    month: text(row, 'month'),
    currency: text(row, 'currency'),
    track,
    featureId: row['feature_id'] ?? null,
    ...sides(row),
  };
}

function skuRow(row: Row): SkuRerating {
  return { ...usageRow(row), currency: text(row, 'currency'), sku: text(row, 'sku'), ...sides(row) };
}

function usageRow(row: Row): Unpriced {
  return {
    month: text(row, 'month'),
    provider: text(row, 'provider'),
    model: text(row, 'model'),
    serviceTier: text(row, 'service_tier'),
    meter: text(row, 'meter'),
    quantity: text(row, 'quantity'),
  };
}

function text(row: Row, name: string): string {
  return row[name] ?? '';
}
