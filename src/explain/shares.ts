// Parts of what was shared in one piece: the piece, and the quantities by which it was shared.
import type { Warehouse } from '../warehouse/warehouse.js';
import { USAGE_COLUMNS, USAGE_FACTS } from './lines.js';
import { grow } from './tree.js';

/** Below each node of the frontier: its part of each item, of which whole, by what. What lies in those pools is added to `explain.lying`. */
export async function growShares(warehouse: Warehouse, most: number): Promise<void> {
  const key = "'item' || b.level || '|' || b.item_key";
  await grow(warehouse, {
    kind: 'share',
    select: `
      WITH part AS (
        SELECT f.node, b.level, b.item_key, b.target, CAST(sum(b.amount) AS DECIMAL(38,12)) AS amount
        FROM explain.frontier AS f JOIN explain.borne AS b ON b.no = f.no GROUP BY f.node, b.level, b.item_key, b.target
      ), whole AS (
        SELECT level, item_key, target, CAST(sum(amount) AS DECIMAL(38,12)) AS amount FROM explain.part GROUP BY level, item_key, target
      )
      SELECT b.node AS parent, ${key} AS key, CAST(sum(b.amount) AS DECIMAL(38,12)) AS amount, CAST(NULL AS DECIMAL(38,12)) AS quantity,
             any_value(i.usage_date) AS usage_date, any_value(i.grain) AS grain, any_value(r.method_name) AS method,
             CASE WHEN any_value(i.by_month) AND sum(w.amount) <> sum(b.amount) THEN CAST(sum(w.amount) AS DECIMAL(38,12)) END AS month_part
      FROM part AS b
      JOIN whole AS w ON w.level = b.level AND w.item_key = b.item_key AND w.target IS NOT DISTINCT FROM b.target
      JOIN explain.item AS i ON i.level = b.level AND i.item_key = b.item_key
      JOIN run.rule AS r ON r.rule_no = i.rule_no
      GROUP BY b.node, ${key}`,
    facts: ['usage_date', 'month_part', 'method', 'grain'],
    most,
  });
  await warehouse.run(`
    CREATE OR REPLACE TABLE explain.shared AS
      SELECT DISTINCT g.id AS node, b.level, b.item_key, b.target
      FROM explain.frontier AS f JOIN explain.borne AS b ON b.no = f.no JOIN explain.figure AS g ON g.parent = f.node AND g.kind = 'share' AND g.key = ${key}`);
  await growPools(warehouse);
  await growDrivers(warehouse, most);
}

async function growPools(warehouse: Warehouse): Promise<void> {
  await grow(warehouse, {
    kind: 'pool',
    relation: 'of',
    select: `
      SELECT DISTINCT s.node AS parent, 'pool' AS key, i.amount, CAST(NULL AS DECIMAL(38,12)) AS quantity, r.pool_id AS pool, r.place AS place_of_rule, i.usage_date
      FROM explain.shared AS s JOIN explain.item AS i ON i.level = s.level AND i.item_key = s.item_key JOIN run.rule AS r ON r.rule_no = i.rule_no`,
    facts: ['pool', 'usage_date', 'place_of_rule'],
    most: 1,
  });
  await warehouse.run(`
    INSERT INTO explain.lying
      SELECT p.id, c.line_key, c.received_no, c.amount
      FROM (SELECT DISTINCT node, level, item_key FROM explain.shared) AS s
      JOIN explain.figure AS p ON p.parent = s.node AND p.kind = 'pool'
      JOIN explain.item AS i ON i.level = s.level AND i.item_key = s.item_key
      JOIN explain.component AS c ON c.rule_no = i.rule_no AND c.keys = i.keys AND (i.by_month OR c.usage_date = i.usage_date)`);
}

/** Of items that something weighed. A pool with a capacity counts by the days of the month, so that nothing had to be divided. */
async function growDrivers(warehouse: Warehouse, most: number): Promise<void> {
  await warehouse.run(`
    CREATE OR REPLACE TABLE explain.weighed AS
      SELECT s.node, s.level, s.item_key, s.target, t.weight, i.rule_no, i.grain, i.rank, i.grain_key, i.by_month, i.usage_date, i.billing_month AS first_day,
             CAST(CASE WHEN i.by_month THEN days_between(i.billing_month, add_months(i.billing_month, 1)) ELSE 1 END AS DECIMAL(3,0)) AS times
      FROM explain.shared AS s
      JOIN explain.weight AS t ON t.level = s.level AND t.item_key = s.item_key AND t.target = s.target AND t.weight > 0
      JOIN explain.item AS i ON i.level = s.level AND i.item_key = s.item_key`);
  await grow(warehouse, {
    kind: 'driver',
    relation: 'by',
    select: `
      WITH whole AS (
        SELECT level, item_key, CAST(sum(weight) AS DECIMAL(38,12)) AS weight FROM explain.weight WHERE weight > 0 GROUP BY level, item_key
      )
      SELECT w.node AS parent, 'driver' AS key, CAST(NULL AS DECIMAL(38,12)) AS amount, CAST(sum(w.weight) AS DECIMAL(38,12)) AS quantity,
             any_value(h.weight) AS of_quantity, any_value(r.method) AS method, any_value(r.driver) AS driver, any_value(w.grain) AS grain,
             any_value(CASE WHEN w.times > 1 THEN w.times END) AS days
      FROM explain.weighed AS w JOIN whole AS h ON h.level = w.level AND h.item_key = w.item_key JOIN run.rule AS r ON r.rule_no = w.rule_no
      GROUP BY w.node`,
    facts: ['of_quantity', 'method', 'driver', 'grain', 'days'],
    most: 1,
  });
  await warehouse.run(`
    CREATE OR REPLACE TABLE explain.by_target AS
      SELECT f.id AS driver_node, w.*, r.method, r.driver, r.usage_provider, r.usage_sku, r.level AS rule_level, r.idle_feature
      FROM explain.weighed AS w JOIN explain.figure AS f ON f.parent = w.node AND f.kind = 'driver' JOIN run.rule AS r ON r.rule_no = w.rule_no`);
  for (const part of [USAGE, DECLARED, COST, IDLE]) await grow(warehouse, { ...part, most });
}

const TARGET =
  "u.feature_id || '|' || u.customer_id || '|' || CASE WHEN u.attribution IN ('unregistered_feature', 'untagged') THEN u.attribution ELSE '' END || '|' || coalesce(u.feature_tag, '')";
const WEIGHT = "CASE WHEN t.driver = 'rated_cost' THEN u.weight_amount ELSE CAST(u.weight_quantity AS DECIMAL(38,12)) END";

/** Usage that weighed, as `allocation.driver` counts it. */
const USAGE = {
  kind: 'usage',
  facts: [...USAGE_FACTS, 'logged_quantity'],
  select: `
    SELECT t.driver_node AS parent, CAST([u.source_id, u.provider, u.model, u.sku, u.meter, u.service_tier, CAST(u.price_no AS VARCHAR)] AS VARCHAR) AS key,
           CAST(NULL AS DECIMAL(38,12)) AS amount, CAST(sum(${WEIGHT} * t.times) AS DECIMAL(38,12)) AS quantity,
           ${USAGE_COLUMNS},
           CASE WHEN any_value(t.driver) = 'rated_cost' THEN sum(u.weight_quantity) END AS logged_quantity
    FROM explain.by_target AS t
    JOIN rating.rated_usage AS u ON t.method = 'driver' AND (t.driver = 'rated_cost' OR t.driver = u.meter)
      AND (t.usage_provider IS NULL OR u.provider LIKE t.usage_provider ESCAPE '\\') AND (t.usage_sku IS NULL OR u.sku LIKE t.usage_sku ESCAPE '\\')
      AND grain_key(t.grain, u.usage_date, served_month(t.grain, month_start(u.usage_date)), u.provider, u.account_id, NULL, NULL, u.sku, u.meter) = t.grain_key
      AND ${TARGET} = t.target
    CROSS JOIN run.period AS b
    LEFT JOIN allocation.pool_rule AS own ON own.rule_no = t.rule_no AND own.feature_id = u.feature_id
    LEFT JOIN run.price AS p ON p.price_no = u.price_no
    WHERE own.rule_no IS NULL AND ${WEIGHT} > 0 AND (u.usage_date >= b.start_month OR strpos(t.grain, 'previous_month') = 0)
    GROUP BY t.driver_node, CAST([u.source_id, u.provider, u.model, u.sku, u.meter, u.service_tier, CAST(u.price_no AS VARCHAR)] AS VARCHAR)`,
} as const;

/** Shares of the rule file, and revenue of the book. */
const DECLARED = {
  kind: 'declared',
  facts: ['feature_id', 'valid_from', 'valid_through', 'source', 'place_of_rule'],
  select: `
    SELECT t.driver_node AS parent, s.feature_id || '|' || s.valid_from AS key, CAST(NULL AS DECIMAL(38,12)) AS amount, s.share AS quantity,
           s.feature_id, s.valid_from, s.valid_through, CAST(NULL AS VARCHAR) AS source, r.place AS place_of_rule
    FROM explain.by_target AS t
    JOIN run.rule AS r ON r.rule_no = t.rule_no AND t.method = 'shares'
    JOIN run.rule_share AS s ON s.rule_no = t.rule_no AND s.valid_from <= t.usage_date AND (s.valid_through IS NULL OR s.valid_through >= t.usage_date)
      AND t.target = s.feature_id || '|' || CASE WHEN s.feature_id = '(idle)' THEN '(idle)' ELSE '(unallocated)' END || '||'
    UNION ALL
    SELECT t.driver_node, e.feature_id || '|' || e.month, NULL, e.amount, e.feature_id, e.month, NULL, e.source, r.place
    FROM explain.by_target AS t
    JOIN run.rule AS r ON r.rule_no = t.rule_no AND t.method = 'revenue'
    JOIN run.revenue AS e ON t.target = e.feature_id || '|(unallocated)||'
      AND grain_key(t.grain, NULL, served_month(t.grain, e.month), NULL, NULL, NULL, NULL, NULL, NULL) = t.grain_key`,
} as const;

/** Cost of earlier levels that weighed, as `allocation.driver` counts it. */
const COST = {
  kind: 'weighing_cost',
  facts: ['method_id', 'category', 'basis', 'first_day', 'last_day'],
  select: `
    SELECT t.driver_node AS parent, a.method_id || '|' || a.category || '|' || a.basis AS key, CAST(NULL AS DECIMAL(38,12)) AS amount,
           CAST(sum(a.amount * t.times) AS DECIMAL(38,12)) AS quantity, any_value(a.method_id) AS method_id, any_value(a.category) AS category,
           any_value(a.basis) AS basis, min(a.usage_date) AS first_day, max(a.usage_date) AS last_day
    FROM explain.by_target AS t
    JOIN allocation.allocated_cost AS a ON t.method IN ('proportional', 'follow') AND a.level < t.rule_level AND a.amount > 0
      AND t.target = a.feature_id || '|' || a.customer_id || '|' || coalesce(a.reason, '') || '|' || coalesce(a.feature_tag, '')
      AND coalesce(a.currency || ':', '') || grain_key(t.grain, a.usage_date, served_month(t.grain, a.billing_month), a.provider, a.account_id, a.invoice_id, a.service, a.sku, a.meter) = t.grain_key
    LEFT JOIN allocation.pool_rule AS passed ON passed.feature_id = a.feature_id
    LEFT JOIN (SELECT rule_no, count(*) AS providers FROM run.rule_provider GROUP BY rule_no) AS n ON n.rule_no = t.rule_no
    LEFT JOIN run.rule_provider AS o ON o.rule_no = t.rule_no AND o.provider = a.provider
    WHERE passed.feature_id IS NULL AND (n.rule_no IS NULL OR o.rule_no IS NOT NULL) AND (t.method = 'proportional' OR a.basis IN ('billed', 'effective'))
    GROUP BY t.driver_node, a.method_id || '|' || a.category || '|' || a.basis`,
} as const;

const IDLE = {
  kind: 'idle_capacity',
  facts: ['capacity'],
  select: `
    SELECT t.driver_node AS parent, 'idle' AS key, CAST(NULL AS DECIMAL(38,12)) AS amount, t.weight AS quantity, c.capacity
    FROM explain.by_target AS t
    JOIN run.rule_capacity AS c ON c.rule_no = t.rule_no AND c.month = t.first_day
    WHERE t.by_month AND t.target = t.idle_feature || '|(idle)||'`,
} as const;
