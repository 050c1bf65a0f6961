// The variance bridge: causes by day and tier, and for each what was billed, line by line, beside what was rated.
import type { Model } from '../model/catalog.js';
import type { Warehouse } from '../warehouse/warehouse.js';
import { BILL_LINE, LINE_FACTS } from './lines.js';
import { grow } from './tree.js';

/** Below each row of `variance_bridge_month`. */
export async function growBridge(warehouse: Warehouse, _mart: Model, most: number): Promise<void> {
  await warehouse.run(`
    CREATE OR REPLACE TABLE explain.of_cause AS
      SELECT r.id AS node, b.* FROM explain.row AS r JOIN (${PARTS}) AS b ON b.provider = r.provider AND b.sku = r.sku AND b.meter = r.meter
        AND b.currency = r.currency AND b.cause = r.cause`);
  await growCompared(warehouse, most);
}

/** Below each row of `variance_month`: its causes first. */
export async function growVariance(warehouse: Warehouse, _mart: Model, most: number): Promise<void> {
  await grow(warehouse, {
    kind: 'cause',
    select: `
      SELECT r.id AS parent, b.cause AS key, CAST(sum(b.amount) AS DECIMAL(38,12)) AS amount, CAST(NULL AS DECIMAL(38,12)) AS quantity, b.cause
      FROM explain.row AS r JOIN (${PARTS}) AS b ON b.provider = r.provider AND b.currency = r.currency
      GROUP BY r.id, b.cause`,
    facts: ['cause'],
    most,
  });
  await warehouse.run(`
    CREATE OR REPLACE TABLE explain.of_cause AS
      SELECT f.id AS node, b.*
      FROM explain.row AS r
      JOIN explain.figure AS f ON f.parent = r.id AND f.kind = 'cause'
      JOIN (${PARTS}) AS b ON b.provider = r.provider AND b.currency = r.currency AND b.cause = f.key`);
  await growCompared(warehouse, most);
}

const PARTS = 'SELECT p.* FROM reconciliation.bridge_part AS p JOIN explain.month AS m ON m.billing_month = p.billing_month';

async function growCompared(warehouse: Warehouse, most: number): Promise<void> {
  const key = 'CAST([CAST(c.compare_day AS VARCHAR), c.sku, c.meter, c.service_tier] AS VARCHAR)';
  await grow(warehouse, {
    kind: 'compared',
    select: `
      SELECT c.node AS parent, ${key} AS key, c.amount, CAST(NULL AS DECIMAL(38,12)) AS quantity, c.compare_day, c.sku, c.meter, c.service_tier, c.cause,
             c.billed_quantity, c.quantity_from, c.logged_quantity, p.unit_price, p.place AS place_of_price, u.unit_price AS used_price, u.place AS place_of_used_price
      FROM explain.of_cause AS c LEFT JOIN run.price AS p ON p.price_no = c.price_no LEFT JOIN run.price AS u ON u.price_no = c.used_price_no`,
    facts: [
      'compare_day',
      'sku',
      'meter',
      'service_tier',
      'cause',
      'billed_quantity',
      'quantity_from',
      'logged_quantity',
      'unit_price',
      'place_of_price',
      'used_price',
      'place_of_used_price',
    ],
    most,
  });
  await warehouse.run(`
    CREATE OR REPLACE TABLE explain.compared AS
      SELECT f.id AS node, c.billing_month, c.compare_day, c.provider, c.sku, c.meter, c.service_tier, c.currency, c.cause, c.amount
      FROM explain.of_cause AS c JOIN explain.figure AS f ON f.parent = c.node AND f.kind = 'compared' AND f.key = ${key}`);
  await growOwnCauses(warehouse, most);
  await growSides(warehouse, most);
}

const SAME = (table: string, day: string): string =>
  `${table}.billing_month = c.billing_month AND ${table}.provider = c.provider AND ${table}.sku = c.sku AND ${table}.meter = c.meter
   AND ${table}.service_tier = c.service_tier AND ${table}.currency = c.currency AND ${table}.${day} = c.compare_day`;

/** Charges that usage cannot explain are their cause. */
async function growOwnCauses(warehouse: Warehouse, most: number): Promise<void> {
  await grow(warehouse, {
    kind: 'bill_line',
    select: `
      SELECT parent, key, amount, quantity, ${LINE_FACTS.map((name) => `"${name}"`).join(', ')} FROM (
        SELECT c.node AS parent, b.line_key AS key, CASE c.cause WHEN 'prepaid' THEN b.prepaid_amount ELSE b.amount END AS amount,
               CAST(NULL AS DECIMAL(38,12)) AS quantity, ${BILL_LINE.replaceAll('any_value(c.', 'any_value(l.')}
        FROM explain.compared AS c
        JOIN reconciliation.bridge_charge AS b ON ${SAME('b', 'first_day')} AND (b.cause = c.cause OR c.cause = 'prepaid' AND b.prepaid_amount <> 0)
        JOIN allocation.charge_line AS l ON l.line_key = b.line_key
        GROUP BY c.node, b.line_key, c.cause, b.prepaid_amount, b.amount)`,
    facts: LINE_FACTS,
    most,
  });
}

/** Both sides of what was compared: what usage and price make of it is between them. */
async function growSides(warehouse: Warehouse, most: number): Promise<void> {
  await warehouse.run(`
    CREATE OR REPLACE TABLE explain.side AS
      SELECT c.node, 'billed' AS side, b.line_key, CAST(NULL AS DATE) AS usage_date, b.amount, b.quantity, b.provider, b.sku, b.meter, b.service_tier
      FROM explain.compared AS c
      JOIN reconciliation.bridge_key AS k ON ${SAME('k', 'compare_day')}
      JOIN reconciliation.bridge_charge AS b ON ${SAME('b', 'first_day').replace('b.first_day = c.compare_day', '(k.is_by_month OR b.first_day = c.compare_day)')} AND b.cause IS NULL
      WHERE ${IS_COMPARED}
      UNION ALL
      SELECT c.node, 'rated', NULL, u.usage_date, u.rated_amount, u.logged_quantity, u.provider, u.sku, u.meter, u.service_tier
      FROM explain.compared AS c
      JOIN reconciliation.bridge_key AS k ON ${SAME('k', 'compare_day')}
      JOIN reconciliation.bridge_usage AS u ON ${SAME('u', 'usage_date').replace('u.usage_date = c.compare_day', '(k.is_by_month OR u.usage_date = c.compare_day)')} AND u.is_covered
      WHERE ${IS_COMPARED}
      UNION ALL
      SELECT c.node, 'rated', NULL, u.usage_date, u.rated_amount, u.logged_quantity, u.provider, u.sku, u.meter, u.service_tier
      FROM explain.compared AS c JOIN reconciliation.bridge_usage AS u ON ${SAME('u', 'usage_date')} AND NOT u.is_covered
      WHERE c.cause = 'not_billed'`);
  for (const side of ['billed', 'rated'] as const) {
    await grow(warehouse, {
      kind: side,
      relation: 'of',
      select: `
        SELECT s.node AS parent, '${side}' AS key, CAST(sum(s.amount) AS DECIMAL(38,12)) AS amount, CAST(sum(s.quantity) AS DECIMAL(38,12)) AS quantity, any_value(s.meter) AS meter
        FROM explain.side AS s WHERE s.side = '${side}' GROUP BY s.node`,
      facts: ['meter'],
      most: 1,
    });
  }
  await growEvidence(warehouse, most);
}

async function growEvidence(warehouse: Warehouse, most: number): Promise<void> {
  const below = "explain.side AS s JOIN explain.figure AS f ON f.parent = s.node AND f.kind = s.side AND f.relation = 'of'";
  await grow(warehouse, {
    kind: 'bill_line',
    select: `
      SELECT f.id AS parent, s.line_key AS key, any_value(s.amount) AS amount, CAST(NULL AS DECIMAL(38,12)) AS quantity, ${BILL_LINE}
      FROM ${below} JOIN allocation.charge_line AS c ON c.line_key = s.line_key GROUP BY f.id, s.line_key`,
    facts: LINE_FACTS,
    most,
  });
  await grow(warehouse, {
    kind: 'usage',
    select: `
      SELECT f.id AS parent, CAST(s.usage_date AS VARCHAR) || '|' || s.service_tier AS key, CAST(sum(s.amount) AS DECIMAL(38,12)) AS amount,
             CAST(sum(s.quantity) AS DECIMAL(38,12)) AS quantity, s.usage_date AS first_day, s.usage_date AS last_day, any_value(s.provider) AS provider,
             any_value(s.sku) AS sku, any_value(s.meter) AS meter, s.service_tier
      FROM ${below} WHERE s.side = 'rated' GROUP BY f.id, s.usage_date, s.service_tier`,
    facts: ['provider', 'sku', 'meter', 'service_tier', 'first_day', 'last_day'],
    most,
  });
}

/** Causes of the difference between usage and price; all others are charges of their own, or have no bill. */
const IS_COMPARED = `c.cause IN ('unlogged', 'over_logged', 'timing', 'rating', 'price_version', 'discount', 'tier', 'rounding', 'unquantified', 'unexplained')`;
