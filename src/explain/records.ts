// Marts of other things than the ledger: schedules, currencies, coverage, and usage by itself.
import type { Model } from '../model/catalog.js';
import type { Warehouse } from '../warehouse/warehouse.js';
import { BILL_LINE, LINE_FACTS, USAGE_COLUMNS, USAGE_FACTS } from './lines.js';
import { grow } from './tree.js';

const NO_QUANTITY = 'CAST(NULL AS DECIMAL(38,12)) AS quantity';
const NO_AMOUNT = 'CAST(NULL AS DECIMAL(38,12)) AS amount';

/** The service months that the days of the row lie in; a recurring entry and a disposal have none. */
export async function growSchedule(warehouse: Warehouse, _mart: Model, most: number): Promise<void> {
  await grow(warehouse, {
    kind: 'service_month',
    select: `
      SELECT r.id AS parent, CAST(coalesce(m.month_no, 0) AS VARCHAR) AS key, CAST(sum(d.amount) AS DECIMAL(38,12)) AS amount, ${NO_QUANTITY},
             m.month_no, any_value(f.horizon_months) AS horizon_months, any_value(m.starts_on) AS starts_on, any_value(m.ends_on) AS ends_on,
             any_value(m.amount) AS month_amount, any_value(f.cost) AS cost, any_value(f.monthly_amount) AS monthly_amount, count(*) AS days,
             any_value(d.exchange_rate) AS exchange_rate, any_value(p.place) AS place_of_entry
      FROM explain.row AS r
      JOIN explain.month AS b ON true
      JOIN allocation.fixed_day AS d ON d.entry_id = r.entry_id AND d.kind = r.kind AND month_start(d.usage_date) = b.billing_month
      JOIN run.fixed_cost AS f ON f.entry_id = r.entry_id
      LEFT JOIN allocation.schedule_month AS m ON d.kind = 'schedule' AND m.entry_id = d.entry_id AND m.starts_on <= d.usage_date AND m.ends_on > d.usage_date
      LEFT JOIN explain.entry_place AS p ON p.entry_id = r.entry_id
      GROUP BY r.id, m.month_no`,
    facts: [
      'month_no',
      'horizon_months',
      'starts_on',
      'ends_on',
      'month_amount',
      'cost',
      'monthly_amount',
      'days',
      'exchange_rate',
      'place_of_entry',
    ],
    most,
  });
}

/** Lines of bills, entries of the register, and usage, by the currency that they arose in. */
export async function growCurrency(warehouse: Warehouse, _mart: Model, most: number): Promise<void> {
  const ofRow = (table: string): string =>
    `r.provider IS NOT DISTINCT FROM ${table}.provider AND r.original_currency = ${table}.original_currency`;
  const line = (part: string, from: string, amount: string): string => `
    SELECT r.id AS parent, c.line_key AS key, ${amount} AS amount, ${NO_QUANTITY}, ${BILL_LINE}
    FROM explain.row AS r JOIN explain.month AS b ON true JOIN ${from} ON ${ofRow('c')} AND c.billing_month = b.billing_month
    WHERE r.part = '${part}' GROUP BY r.id, c.line_key`;
  const own = 'allocation.charge_line AS c';
  const capitalised = `(SELECT l.* FROM allocation.charge_line AS l JOIN allocation.capitalised_charge AS k ON k.line_key = l.line_key) AS c`;
  const select = [
    line('billed', own, 'any_value(c.billed_amount)'),
    line('prepaid movement', own, 'any_value(c.amount - c.billed_amount)'),
    line('capitalised', capitalised, 'any_value(-c.amount)'),
  ];
  await grow(warehouse, {
    kind: 'bill_line',
    select: `SELECT * FROM (${select.join(' UNION ALL ')}) WHERE amount <> 0`,
    facts: LINE_FACTS,
    most,
  });
  await grow(warehouse, { ...CONVERTED_ENTRIES, most });
  await grow(warehouse, {
    kind: 'usage',
    select: `
      SELECT r.id AS parent, CAST([u.source_id, u.model, u.meter, u.service_tier, CAST(u.price_no AS VARCHAR)] AS VARCHAR) AS key,
             CAST(sum(u.rated_amount) AS DECIMAL(38,12)) AS amount, CAST(sum(u.quantity) AS DECIMAL(38,12)) AS quantity, ${USAGE_COLUMNS}
      FROM explain.row AS r
      JOIN explain.month AS b ON true
      JOIN rating.rated_usage AS u ON ${ofRow('u')} AND month_start(u.usage_date) = b.billing_month AND u.rated_amount <> 0
      LEFT JOIN allocation.covered_usage AS c ON c.provider = u.provider AND c.account_id IS NOT DISTINCT FROM u.account_id
        AND c.service_tier = u.service_tier AND c.usage_date = u.usage_date
      LEFT JOIN run.price AS p ON p.price_no = u.price_no
      WHERE r.part = 'rated, not billed' AND c.provider IS NULL
      GROUP BY r.id, CAST([u.source_id, u.model, u.meter, u.service_tier, CAST(u.price_no AS VARCHAR)] AS VARCHAR)`,
    facts: USAGE_FACTS,
    most,
  });
}

/** Entries of the register, as `reconciliation.conversion` has them: what a disposal brought stands apart. */
const CONVERTED_ENTRIES = {
  kind: 'register',
  facts: ['entry_id', 'description', 'kind', 'place_of_entry'],
  select: `
    WITH term AS (
      SELECT CASE d.kind WHEN 'recurring' THEN 'recurring register' ELSE 'schedules' END AS part, d.entry_id, d.original_currency, d.rate_month,
             d.amount + CASE WHEN c.proceeds IS NULL THEN CAST(0 AS DECIMAL(38,12)) WHEN x.rate IS NULL THEN c.proceeds ELSE converted(c.proceeds, x.rate) END AS amount
      FROM allocation.fixed_day AS d
      JOIN explain.month AS b ON month_start(d.usage_date) = b.billing_month
      CROSS JOIN run.period AS p
      JOIN run.fixed_cost AS f ON f.entry_id = d.entry_id
      LEFT JOIN run.fixed_cost_change AS c ON d.kind = 'disposal' AND c.kind = 'disposal' AND c.entry_id = d.entry_id
      LEFT JOIN run.fx AS x ON x.month = month_start(c.changed_on) AND x.from_currency = f.currency AND x.to_currency = p.currency
      WHERE d.usage_date <= p.as_of
      UNION ALL
      SELECT 'proceeds', c.entry_id, f.currency, month_start(c.changed_on), CASE WHEN x.rate IS NULL THEN -c.proceeds ELSE -converted(c.proceeds, x.rate) END
      FROM run.fixed_cost_change AS c
      JOIN explain.month AS b ON month_start(c.changed_on) = b.billing_month
      CROSS JOIN run.period AS p
      JOIN run.fixed_cost AS f ON f.entry_id = c.entry_id
      JOIN allocation.fixed_day AS d ON d.entry_id = c.entry_id AND d.kind = 'disposal'
      LEFT JOIN run.fx AS x ON x.month = month_start(c.changed_on) AND x.from_currency = f.currency AND x.to_currency = p.currency
      WHERE c.kind = 'disposal' AND c.changed_on <= p.as_of
    )
    SELECT r.id AS parent, t.entry_id AS key, CAST(sum(t.amount) AS DECIMAL(38,12)) AS amount, ${NO_QUANTITY}, t.entry_id,
           any_value(f.description) AS description, any_value(f.kind) AS kind, any_value(p.place) AS place_of_entry
    FROM explain.row AS r
    JOIN explain.month AS b ON true
    JOIN term AS t ON t.part = r.part AND t.original_currency = r.original_currency
      AND r.rate_month = month_text(CASE WHEN t.original_currency = r.currency THEN b.billing_month ELSE t.rate_month END)
    JOIN run.fixed_cost AS f ON f.entry_id = t.entry_id AND f.provider IS NOT DISTINCT FROM r.provider
    LEFT JOIN explain.entry_place AS p ON p.entry_id = t.entry_id
    GROUP BY r.id, t.entry_id`,
} as const;

/** What is covered of each sku and meter, less what no log has. */
export async function growCoverage(warehouse: Warehouse, _mart: Model, most: number): Promise<void> {
  await grow(warehouse, {
    kind: 'told',
    select: `
      SELECT r.id AS parent, CAST([c.provider, c.sku, c.meter] AS VARCHAR) AS key, ${NO_QUANTITY}, c.provider, c.sku, c.meter, c.total_amount,
             coalesce(u.amount, 0) AS unlogged_amount, c.covered_amount - least(coalesce(u.amount, 0), c.covered_amount) AS amount
      FROM explain.row AS r
      JOIN explain.month AS b ON true
      JOIN allocation.covered_cost AS c ON c.billing_month = b.billing_month AND c.currency = r.currency
      LEFT JOIN reconciliation.bridge_month AS u ON u.cause = 'unlogged' AND u.billing_month = c.billing_month AND u.currency = c.currency
        AND u.provider = c.provider AND u.sku = c.sku AND u.meter = c.meter`,
    facts: ['provider', 'sku', 'meter', 'total_amount', 'unlogged_amount'],
    most,
  });
}

/** What the provider's usage API says, by day and tier. */
export async function growBilledUsage(warehouse: Warehouse, _mart: Model, most: number): Promise<void> {
  const key = 'CAST([u.source_id, CAST(u.usage_date AS VARCHAR), u.service_tier] AS VARCHAR)';
  await grow(warehouse, {
    kind: 'usage',
    select: `
      SELECT r.id AS parent, ${key} AS key, ${NO_AMOUNT}, CAST(sum(u.quantity) AS DECIMAL(38,12)) AS quantity, any_value(u.source_id) AS source_id,
             any_value(u.provider) AS provider, any_value(u.model) AS model, any_value(r.sku) AS sku, any_value(u.meter) AS meter,
             any_value(u.service_tier) AS service_tier, min(u.usage_date) AS first_day, max(u.usage_date) AS last_day
      FROM explain.row AS r
      JOIN explain.month AS b ON true
      CROSS JOIN run.period AS p
      JOIN staging.billed_usage AS u ON u.provider = r.provider AND u.meter = r.meter AND month_start(u.usage_date) = b.billing_month AND u.usage_date <= p.as_of
      LEFT JOIN rating.sku_name AS n ON n.provider = u.provider AND n.name = u.model
      WHERE coalesce(n.sku, u.model) = r.sku
      GROUP BY r.id, ${key}`,
    facts: ['source_id', 'provider', 'model', 'sku', 'meter', 'service_tier', 'first_day', 'last_day'],
    most,
  });
}

/** Who used it, and when. */
export async function growUnpriced(warehouse: Warehouse, _mart: Model, most: number): Promise<void> {
  const key = 'CAST([u.source_id, u.feature_id, CAST(u.usage_date AS VARCHAR)] AS VARCHAR)';
  await grow(warehouse, {
    kind: 'usage',
    select: `
      SELECT r.id AS parent, ${key} AS key, ${NO_AMOUNT}, CAST(sum(u.quantity) AS DECIMAL(38,12)) AS quantity, ${USAGE_COLUMNS}, any_value(u.feature_id) AS feature_id
      FROM explain.row AS r
      JOIN explain.month AS b ON true
      JOIN rating.rated_usage AS u ON u.provider = r.provider AND u.model = r.model AND u.service_tier = r.service_tier AND u.region = r.region
        AND u.meter = r.meter AND u.price_state = 'unpriced' AND month_start(u.usage_date) = b.billing_month
      LEFT JOIN run.price AS p ON p.price_no = u.price_no
      GROUP BY r.id, ${key}`,
    facts: [...USAGE_FACTS, 'feature_id'],
    most,
  });
}

/** Rows of the statement that a line of the journal charges, in minor units; the clearing line has all of them, the other way round. */
export async function growJournal(warehouse: Warehouse, _mart: Model, most: number): Promise<void> {
  await grow(warehouse, {
    kind: 'statement_row',
    select: `
      SELECT r.id AS parent, s.row_key AS key, ${NO_QUANTITY},
             CAST(CASE WHEN r.posting = 'clearing' THEN -s.statement_amount ELSE s.statement_amount END AS DECIMAL(38,12)) AS amount,
             s.feature_id, s.category, s.basis, s.method_id, s.finality, s.amount AS exact_amount
      FROM explain.row AS r
      CROSS JOIN run.chargeback AS g
      JOIN allocation.statement AS s ON month_text(s.billing_month) = r.billing_month AND month_text(s.original_month) = r.original_month AND s.currency = r.currency
      LEFT JOIN run.feature AS f ON f.feature_id = s.feature_id
      LEFT JOIN run.chargeback_account AS a ON a.category = f.category
      WHERE r.posting = 'clearing'
        OR s.entry = r.entry AND coalesce(f.team, s.feature_id) = r.team AND coalesce(a.account, g.expense_account) = r.account
           AND coalesce(f.cost_center, g.cost_center) = r.cost_center AND CASE WHEN g.line_of = 'feature' THEN s.feature_id ELSE '' END = r.feature_id`,
    facts: ['feature_id', 'category', 'basis', 'method_id', 'finality', 'exact_amount'],
    most,
  });
}
