// The books of pools: what came in, by line, usage or the pool before, and what went out, by whose share of what.
import type { Model } from '../model/catalog.js';
import type { Warehouse } from '../warehouse/warehouse.js';
import { CURRENCY_KEY, MONTH_KEY } from './capture.js';
import { growCharges } from './ledger.js';
import { linesOf } from './lines.js';
import { grow } from './tree.js';

export async function growPoolMonth(warehouse: Warehouse, _mart: Model, most: number): Promise<void> {
  await growLines(warehouse, most);
  await growPassed(warehouse);
  await growCharges(warehouse, `${RECEIVED} UNION ALL ${PASSED}`, most);
}

/** The rule of each row; 0 for what no rule takes. */
const BOOK = `
  SELECT r.*, coalesce(u.rule_no, 0) AS rule_no FROM explain.row AS r LEFT JOIN run.rule AS u ON u.pool_id = r.pool AND u.level = r.level AND r.pool <> '(no pool)'`;

async function growLines(warehouse: Warehouse, most: number): Promise<void> {
  await warehouse.run(`
    CREATE OR REPLACE TABLE explain.lying AS
      SELECT b.id AS node, c.line_key, c.received_no, c.amount
      FROM (${BOOK}) AS b
      JOIN explain.component AS c ON c.rule_no = b.rule_no AND c.line_key IS NOT NULL AND c.keys[${CURRENCY_KEY}] = b.currency AND c.keys[${MONTH_KEY}] = b.billing_month
      JOIN allocation.cost_line AS l ON l.line_key = c.line_key AND (l.kind = 'charge') = (b.counterparty = '(bill)')
        AND b.method_id = CASE WHEN l.kind = 'charge' THEN 'bill/' ELSE 'register/' END || l.basis
      WHERE b.entry = 'received' AND b.counterparty IN ('(bill)', '(register)')`);
  await linesOf(warehouse, most);
}

/** Usage that no bill covers, and what the pool before passed to a service of this one. */
const RECEIVED = `
  SELECT b.id AS node, a.no
  FROM (${BOOK}) AS b
  JOIN explain.allocated AS a ON month_text(a.billing_month) = b.billing_month AND a.currency = b.currency AND a.method_id = b.method_id
  LEFT JOIN allocation.pool_rule AS p ON p.feature_id = a.feature_id
  WHERE b.entry = 'received' AND b.counterparty NOT IN ('(bill)', '(register)')
    AND CASE WHEN b.service = '' THEN a.level = 0 ELSE a.feature_id = b.service AND p.rule_no = b.rule_no END`;

/** What leaves a pool is negative in its books; it is explained as its taker bears it. */
async function growPassed(warehouse: Warehouse): Promise<void> {
  await grow(warehouse, {
    kind: 'pool',
    relation: 'of',
    select: `
      SELECT r.id AS parent, 'passed' AS key, -r.amount AS amount, CAST(NULL AS DECIMAL(38,12)) AS quantity, r.pool, r.counterparty
      FROM explain.row AS r WHERE r.entry <> 'received'`,
    facts: ['pool', 'counterparty'],
    most: 1,
  });
}

const PASSED = `
  SELECT f.id AS node, a.no
  FROM (${BOOK}) AS b
  JOIN explain.figure AS f ON f.parent = b.id AND f.kind = 'pool'
  JOIN explain.allocated AS a ON month_text(a.billing_month) = b.billing_month AND a.rule_no = b.rule_no AND a.currency = b.currency AND a.method_id = b.method_id AND a.feature_id = b.counterparty
    AND (a.customer_id = '(idle)') = (b.entry = 'idle') AND (b.rule_no <> 0 OR a.level = b.level)`;
