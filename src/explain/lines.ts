// Where money comes from: lines of bills, entries of the register, and rated usage that no bill covers.
import type { Warehouse } from '../warehouse/warehouse.js';
import { grow } from './tree.js';

/** Below each node of `explain.lying`: the lines that it consists of, each with what of it lies there. */
export async function linesOf(warehouse: Warehouse, most: number): Promise<void> {
  await grow(warehouse, {
    kind: 'bill_line',
    select: `
      SELECT l.node AS parent, c.line_key AS key, CAST(sum(l.amount) AS DECIMAL(38,12)) AS amount, CAST(NULL AS DECIMAL(38,12)) AS quantity, ${BILL_LINE}
      FROM explain.lying AS l JOIN allocation.charge_line AS c ON c.line_key = l.line_key
      GROUP BY l.node, c.line_key`,
    facts: LINE_FACTS,
    most,
  });
  await grow(warehouse, { ...REGISTER, most });
}

export const LINE_FACTS = [
  'source_id',
  'file',
  'row',
  'provider',
  'invoice_id',
  'item',
  'description',
  'charge_start',
  'charge_end',
  'line_amount',
  'original_currency',
  'original_amount',
  'exchange_rate',
  'line_quantity',
  'finality',
];

/** Of `allocation.charge_line` as `c`, grouped by it. */
export const BILL_LINE = `any_value(c.source_id) AS source_id, any_value(c.file) AS file, any_value(c."row") AS row, any_value(c.provider) AS provider,
  any_value(c.invoice_id) AS invoice_id, any_value(c.item) AS item, any_value(c.description) AS description, any_value(c.charge_start) AS charge_start,
  any_value(c.charge_end) AS charge_end, any_value(c.amount) AS line_amount, any_value(c.original_currency) AS original_currency,
  any_value(c.original_amount) AS original_amount, any_value(c.exchange_rate) AS exchange_rate, any_value(c.quantity) AS line_quantity, any_value(c.finality) AS finality`;

const REGISTER = {
  kind: 'register',
  facts: [
    'entry_id',
    'description',
    'kind',
    'place_of_entry',
    'cost',
    'monthly_amount',
    'in_service_on',
    'horizon_months',
    'month_amount',
  ],
  select: `
    SELECT l.node AS parent, c.line_key AS key, CAST(sum(l.amount) AS DECIMAL(38,12)) AS amount, CAST(NULL AS DECIMAL(38,12)) AS quantity,
           any_value(c.entry_id) AS entry_id, any_value(e.description) AS description, any_value(e.kind) AS kind, any_value(e.cost) AS cost,
           any_value(e.monthly_amount) AS monthly_amount, any_value(e.in_service_on) AS in_service_on, any_value(e.horizon_months) AS horizon_months,
           any_value(c.amount) AS month_amount, any_value(p.place) AS place_of_entry
    FROM explain.lying AS l
    JOIN allocation.cost_line AS c ON c.line_key = l.line_key AND c.kind <> 'charge'
    JOIN run.fixed_cost AS e ON e.entry_id = c.entry_id
    LEFT JOIN explain.entry_place AS p ON p.entry_id = c.entry_id
    GROUP BY l.node, c.line_key`,
} as const;

/** Rated usage below the nodes of the frontier that are estimates. */
export async function usageOf(warehouse: Warehouse, most: number): Promise<void> {
  const key = 'CAST([u.source_id, u.model, u.service_tier, CAST(u.price_no AS VARCHAR), u.price_state] AS VARCHAR)';
  await grow(warehouse, {
    kind: 'usage',
    select: `
      SELECT f.node AS parent, ${key} AS key, CAST(sum(u.rated_amount) AS DECIMAL(38,12)) AS amount, CAST(sum(u.quantity) AS DECIMAL(38,12)) AS quantity, ${USAGE_COLUMNS}
      FROM explain.frontier AS f
      JOIN explain.allocated AS a ON a.no = f.no AND a.level = 0
      JOIN rating.rated_usage AS u ON u.usage_date = a.usage_date AND u.provider = a.provider AND u.account_id IS NOT DISTINCT FROM a.account_id
        AND u.sku IS NOT DISTINCT FROM a.sku AND u.meter = a.meter AND u.currency = a.currency AND u.feature_id = a.feature_id AND u.customer_id = a.customer_id
        AND u.feature_tag IS NOT DISTINCT FROM a.feature_tag
        AND CASE WHEN u.attribution IN ('unregistered_feature', 'untagged') THEN u.attribution END IS NOT DISTINCT FROM a.reason
      LEFT JOIN allocation.covered_usage AS c ON c.provider = u.provider AND c.account_id IS NOT DISTINCT FROM u.account_id
        AND c.service_tier = u.service_tier AND c.usage_date = u.usage_date
      LEFT JOIN run.price AS p ON p.price_no = u.price_no
      WHERE c.provider IS NULL AND u.rated_amount <> 0
      GROUP BY f.node, ${key}`,
    facts: USAGE_FACTS,
    most,
  });
}

export const USAGE_FACTS = [
  'source_id',
  'provider',
  'model',
  'sku',
  'meter',
  'service_tier',
  'first_day',
  'last_day',
  'price_state',
  'unit_price',
  'price_currency',
  'place_of_price',
  'exchange_rate',
];

/** Of `rating.rated_usage` as `u` and `run.price` as `p`, grouped by price. */
export const USAGE_COLUMNS = `any_value(u.source_id) AS source_id, any_value(u.provider) AS provider, any_value(u.model) AS model, any_value(u.sku) AS sku,
  any_value(u.meter) AS meter, any_value(u.service_tier) AS service_tier, min(u.usage_date) AS first_day, max(u.usage_date) AS last_day,
  any_value(u.price_state) AS price_state, any_value(u.unit_price) AS unit_price, any_value(u.original_currency) AS price_currency,
  any_value(p.place) AS place_of_price, any_value(u.exchange_rate) AS exchange_rate`;
