// The tables of a level, kept before the next level takes their place; and what of them the ledger holds.
import { firstDay, type Month } from '../kernel/period.js';
import { literal } from '../warehouse/sql-quote.js';
import type { Warehouse } from '../warehouse/warehouse.js';

/** What tells charges apart in the ledger; in this order wherever a list of them is a key. */
export const KEYS = [
  'provider',
  'account_id',
  'invoice_id',
  'service',
  'sku',
  'meter',
  'category',
  'basis',
  'finality',
  'currency',
];

/** With the month, as one value: unlike names side by side, lists are equal where both lack the same. */
export function keysOf(table: string): string {
  return `[${KEYS.map((name) => `${table}.${name}`).join(', ')}, month_text(${table}.billing_month)]`;
}

/** Places in such a list. */
export const CURRENCY_KEY = KEYS.indexOf('currency') + 1;
export const MONTH_KEY = KEYS.length + 1;

/** `explain.month` says what is explained, `explain.captured` also the closed months that it adjusts; the others fill level by level. */
export async function openCapture(warehouse: Warehouse, month: Month): Promise<void> {
  await warehouse.run(`
    CREATE SCHEMA explain;
    CREATE TABLE explain.month AS SELECT CAST(${literal(firstDay(month))} AS DATE) AS billing_month;
    CREATE TABLE explain.captured AS SELECT billing_month FROM explain.month;
    CREATE TABLE explain.entry_place (entry_id VARCHAR, place VARCHAR);
    CREATE TABLE explain.item (level INTEGER, item_key VARCHAR, rule_no INTEGER, billing_month DATE, usage_date DATE, by_month BOOLEAN, keys VARCHAR[], amount DECIMAL(38,12),
                               grain VARCHAR, rank INTEGER, grain_key VARCHAR, method_id VARCHAR);
    CREATE TABLE explain.weight (level INTEGER, item_key VARCHAR, target VARCHAR, feature_id VARCHAR, customer_id VARCHAR, reason VARCHAR, feature_tag VARCHAR,
                                 weight DECIMAL(38,12));
    CREATE TABLE explain.part (level INTEGER, item_key VARCHAR, target VARCHAR, usage_date DATE, amount DECIMAL(38,12))`);
}

/** Closed months that are adjusted by what is known now: before the first level. */
export async function captureRestated(warehouse: Warehouse): Promise<void> {
  await warehouse.run('INSERT INTO explain.captured SELECT billing_month FROM allocation.restated_month WHERE same_rules');
}

const CAPTURED = 'SELECT billing_month FROM explain.captured';

export async function captureLevel(warehouse: Warehouse, level: number): Promise<void> {
  const isOfMonth = `i.billing_month IN (${CAPTURED})`;
  await warehouse.run(`
    INSERT INTO explain.item
      SELECT ${level}, i.item_key, i.rule_no, i.billing_month, i.usage_date, i.by_month, ${keysOf('i')}, i.amount, g.grain, g.rank, g.grain_key,
             r.pool_id || '/' || r.method_name || coalesce('@' || g.grain, '')
      FROM allocation.pool_item AS i JOIN run.rule AS r ON r.rule_no = i.rule_no LEFT JOIN allocation.pool_grain AS g ON g.item_key = i.item_key
      WHERE ${isOfMonth};
    INSERT INTO explain.weight
      SELECT ${level}, w.item_key, w.target, w.feature_id, w.customer_id, w.reason, w.feature_tag, w.weight
      FROM allocation.pool_weight AS w JOIN allocation.pool_item AS i ON i.item_key = w.item_key WHERE ${isOfMonth};
    INSERT INTO explain.part
      SELECT ${level}, s.item_key, s.target, i.usage_date, s.amount
      FROM allocation.pool_share AS s JOIN allocation.pool_item AS i ON i.item_key = s.item_key WHERE NOT i.by_month AND ${isOfMonth}
      UNION ALL
      SELECT ${level}, p.pool_item_key, p.target, s.usage_date, s.amount
      FROM allocation.month_part_share AS s
      JOIN allocation.month_part_item AS p ON p.item_key = s.item_key
      JOIN allocation.pool_item AS i ON i.item_key = p.pool_item_key
      WHERE ${isOfMonth}`);
}

/**
 * `explain.allocated`: rows of the ledger before shared services passed their cost on, numbered. `explain.borne`: of which part of which item
 * each consists. `explain.component`: what lies in the pools by day: bill lines, register entries, and what other pools passed on.
 */
export async function openLedger(warehouse: Warehouse): Promise<void> {
  await warehouse.run(`
    CREATE TABLE explain.allocated AS
      SELECT row_number() OVER () AS no, ${keysOf('a')} AS keys, a.* FROM allocation.allocated_cost AS a WHERE a.billing_month IN (${CAPTURED});
    CREATE TABLE explain.target AS
      SELECT w.*, CASE WHEN u.feature_id IS NULL THEN w.feature_id ELSE '(unallocated)' END AS to_feature,
             CASE WHEN u.feature_id IS NULL THEN w.customer_id ELSE '(unallocated)' END AS to_customer,
             CASE WHEN u.feature_id IS NULL THEN nullif(w.reason, '') ELSE 'undeclared_feed' END AS why, coalesce(u.feature_id, nullif(w.feature_tag, '')) AS tag
      FROM explain.weight AS w
      JOIN explain.item AS i ON i.level = w.level AND i.item_key = w.item_key
      LEFT JOIN run.rule_feed AS f ON f.rule_no = i.rule_no AND f.feature_id = w.feature_id
      LEFT JOIN allocation.pool_rule AS u ON u.feature_id = w.feature_id AND f.rule_no IS NULL;
    CREATE TABLE explain.borne AS
      SELECT a.no, p.level, p.item_key, p.target, p.amount
      FROM explain.part AS p
      JOIN explain.item AS i ON i.level = p.level AND i.item_key = p.item_key
      LEFT JOIN explain.target AS t ON t.level = p.level AND t.item_key = p.item_key AND t.target = p.target
      JOIN explain.allocated AS a ON a.level = p.level AND a.rule_no = i.rule_no AND a.usage_date = p.usage_date AND a.keys = i.keys AND a.method_id = i.method_id
        AND a.feature_id = coalesce(t.to_feature, '(unallocated)') AND a.customer_id = coalesce(t.to_customer, '(unallocated)')
        AND a.reason IS NOT DISTINCT FROM CASE WHEN t.target IS NULL THEN 'no_driver' ELSE t.why END AND a.feature_tag IS NOT DISTINCT FROM t.tag`);
  await warehouse.run(COMPONENTS);
}

/** Of a line that names its feature, or that no rule takes, also whom it falls to. */
const COMPONENTS = `
    CREATE TABLE explain.component AS
    WITH lying AS (
      SELECT coalesce(m.rule_no, 0) AS rule_no, ${keysOf('l')} AS keys, d.usage_date, l.line_key, CAST(NULL AS BIGINT) AS received_no, d.amount,
             l.account_id, l.sub_account_id, l.resource, l.feature_tag, l.commitment_status
      FROM allocation.cost_day AS d
      JOIN allocation.cost_line AS l ON l.line_key = d.line_key
      JOIN allocation.line_rule AS m ON m.line_key = d.line_key
      WHERE l.billing_month IN (${CAPTURED})
      UNION ALL
      SELECT p.rule_no, a.keys, a.usage_date, NULL, a.no, a.amount, a.account_id, NULL, NULL, NULL, NULL
      FROM explain.allocated AS a JOIN allocation.pool_rule AS p ON p.feature_id = a.feature_id
    ), named AS (
      SELECT l.*, r.method,
        CASE WHEN r.via_tag AND l.feature_tag IS NOT NULL THEN t.feature_id
             WHEN r.via_account AND coalesce(s.feature_id, a.feature_id) IS NOT NULL THEN coalesce(s.feature_id, a.feature_id)
             WHEN r.via_principal THEN p.feature_id END AS named_feature,
        CASE WHEN r.via_tag AND l.feature_tag IS NOT NULL AND t.feature_id IS NULL THEN 'unregistered_feature' ELSE 'untagged' END AS missing
      FROM lying AS l
      LEFT JOIN run.rule AS r ON r.rule_no = l.rule_no
      LEFT JOIN run.feature AS t ON t.feature_id = l.feature_tag
      LEFT JOIN run.feature_mapping AS s ON s.kind = 'account' AND s.value = l.sub_account_id
      LEFT JOIN run.feature_mapping AS a ON a.kind = 'account' AND a.value = l.account_id
      LEFT JOIN run.feature_mapping AS p ON p.kind = 'principal' AND p.value = l.resource
    ), direct AS (
      SELECT n.rule_no, n.keys, n.usage_date, n.line_key, n.received_no, n.amount, n.feature_tag, n.method,
        CASE n.method WHEN 'direct' THEN coalesce(n.named_feature, '(unallocated)') END AS names,
        CASE WHEN n.method = 'direct' AND n.named_feature IS NULL THEN n.missing END AS lacks,
        coalesce(n.commitment_status, '') = 'Unused' AS is_unused
      FROM named AS n
    )
    SELECT d.rule_no, d.keys, d.usage_date, d.line_key, d.received_no, d.amount,
      CASE WHEN d.rule_no = 0 THEN CASE WHEN d.is_unused THEN '(idle)' ELSE '(unallocated)' END WHEN u.feature_id IS NOT NULL AND f.rule_no IS NULL THEN '(unallocated)' ELSE d.names END AS to_feature,
      CASE WHEN d.rule_no = 0 THEN CASE WHEN NOT d.is_unused THEN 'no_rule' END WHEN u.feature_id IS NOT NULL AND f.rule_no IS NULL THEN 'undeclared_feed' ELSE d.lacks END AS why,
      CASE WHEN u.feature_id IS NOT NULL AND f.rule_no IS NULL THEN u.feature_id WHEN d.lacks IS NOT NULL THEN d.feature_tag END AS tag
    FROM direct AS d
    LEFT JOIN allocation.pool_rule AS u ON u.feature_id = d.names AND d.rule_no > 0
    LEFT JOIN run.rule_feed AS f ON f.rule_no = d.rule_no AND f.feature_id = d.names`;
