// Rows of marts that sum the ledger: rule by rule and charge by charge, down to bill lines, usage, and what weighed.
import type { Warehouse } from '../warehouse/warehouse.js';
import { KEYS } from './capture.js';
import { linesOf, usageOf } from './lines.js';
import { growShares } from './shares.js';
import { grow } from './tree.js';

/** The ledger of the month, with the columns by which marts tell rows apart: where theirs are empty text, so are these. */
export async function openTold(warehouse: Warehouse): Promise<void> {
  await warehouse.run(`
    CREATE TABLE explain.cost AS
      SELECT row_number() OVER () AS cost_no, c.* FROM (
        SELECT a.no, a.billing_month AS original_month, 'cost' AS entry, ${COLUMNS.map((name) => `a.${name}`).join(', ')}
        FROM explain.allocated AS a
        LEFT JOIN allocation.pool_rule AS passed ON passed.feature_id = a.feature_id
        WHERE passed.feature_id IS NULL AND a.billing_month IN (SELECT billing_month FROM explain.month)
        UNION ALL
        SELECT b.no, a.original_month, a.entry, ${COLUMNS.map((name) => `a.${name}`).join(', ')}
        FROM allocation.adjustment AS a
        LEFT JOIN allocation.restated_month AS s ON s.billing_month = a.original_month AND s.same_rules AND a.entry = 're-entry'
        LEFT JOIN explain.allocated AS b ON b.billing_month = s.billing_month AND ${SAME}
        WHERE a.billing_month IN (SELECT billing_month FROM explain.month)
      ) AS c;
    CREATE VIEW explain.told AS
      SELECT c.cost_no, month_text(c.billing_month) AS billing_month, month_text(c.original_month) AS original_month, c.entry, c.usage_date,
             c.feature_id, c.customer_id, coalesce(f.team, c.feature_id) AS team, coalesce(f.cost_center, '(unallocated)') AS cost_center,
             coalesce(c.provider, '') AS provider, coalesce(c.account_id, '') AS account_id, coalesce(c.invoice_id, '') AS invoice_id,
             coalesce(c.service, '') AS service, coalesce(c.sku, '') AS sku, coalesce(c.meter, '') AS meter, c.category, c.currency, c.basis, c.finality,
             c.method_id, coalesce(c.reason, '') AS reason, coalesce(c.feature_tag, '') AS feature_tag, c.amount
      FROM explain.cost AS c LEFT JOIN run.feature AS f ON f.feature_id = c.feature_id;
    CREATE VIEW explain.told_unallocated AS SELECT * FROM explain.told WHERE feature_id = '(unallocated)';
    CREATE VIEW explain.told_adjusted AS SELECT * FROM explain.told WHERE entry <> 'cost';
    CREATE VIEW explain.told_by_role AS
      SELECT t.*, r.role, coalesce(o.owner, '(nobody)') AS owner
      FROM explain.told AS t
      CROSS JOIN (VALUES ('feature'), ('platform'), ('business')) AS r(role)
      LEFT JOIN run.feature_owner AS o ON o.feature_id = t.feature_id AND o.role = r.role
        AND (o.valid_from IS NULL OR o.valid_from <= t.usage_date) AND (o.valid_to IS NULL OR o.valid_to > t.usage_date)`);
}

const COLUMNS = [
  'billing_month',
  'usage_date',
  'rule_no',
  ...KEYS,
  'method_id',
  'feature_id',
  'customer_id',
  'reason',
  'feature_tag',
  'amount',
];

/** A re-entry by the rules of today is a row of what is known now. */
const SAME = COLUMNS.filter((name) => name !== 'billing_month')
  .map((name) => `b.${name} IS NOT DISTINCT FROM a.${name}`)
  .join(' AND ');

/** What the ledger is asked by: columns that tell rows of a mart apart. */
const TOLD = [
  'billing_month',
  'original_month',
  'entry',
  'usage_date',
  'feature_id',
  'customer_id',
  'team',
  'cost_center',
  'provider',
  'account_id',
  'invoice_id',
  'service',
  'sku',
  'meter',
  'category',
  'currency',
  'basis',
  'finality',
  'method_id',
  'reason',
  'feature_tag',
  'role',
  'owner',
];

export type View = 'told' | 'told_unallocated' | 'told_adjusted' | 'told_by_role';

/** Below each row of the mart. `grain`: what tells its rows apart. */
export async function growLedger(warehouse: Warehouse, view: View, grain: readonly string[], most: number): Promise<void> {
  const unknown = grain.filter((name) => !TOLD.includes(name));
  if (unknown.length > 0) throw new Error(`the ledger does not tell ${unknown.join(', ')}`);
  const same = grain.map((name) => `c."${name}" IS NOT DISTINCT FROM r."${name}"`).join(' AND ');
  await warehouse.run(`
    CREATE OR REPLACE TABLE explain.of_row AS
      SELECT r.id AS node, k.* FROM explain.row AS r JOIN explain.${view} AS c ON ${same} JOIN explain.cost AS k ON k.cost_no = c.cost_no`);
  await growAdjustments(warehouse, most);
  await growCharges(warehouse, "SELECT node, no FROM explain.of_row WHERE entry = 'cost'", most);
}

const CHARGE_FACTS = [...KEYS, 'method_id', 'pool', 'place_of_rule'];

/** What a close posted is explained by the closed month; what came since, by what is known now, where the rules are still those of the close. */
async function growAdjustments(warehouse: Warehouse, most: number): Promise<void> {
  const group = ['entry', 'original_month', 'rule_no', ...KEYS, 'method_id'];
  await grow(warehouse, {
    kind: 'adjustment',
    select: `
      SELECT c.node AS parent, ${keyOf(group)} AS key, CAST(sum(c.amount) AS DECIMAL(38,12)) AS amount, CAST(NULL AS DECIMAL(38,12)) AS quantity,
             ${[...KEYS, 'method_id', 'entry'].map((name) => `any_value(c.${name}) AS ${name}`).join(', ')}, any_value(month_text(c.original_month)) AS original_month,
             any_value(r.pool_id) AS pool, any_value(r.place) AS place_of_rule
      FROM explain.of_row AS c LEFT JOIN run.rule AS r ON r.rule_no = c.rule_no
      WHERE c.entry <> 'cost' GROUP BY c.node, ${keyOf(group)}`,
    facts: [...CHARGE_FACTS, 'entry', 'original_month'],
    most,
  });
  await warehouse.run(`
    CREATE OR REPLACE TABLE explain.frontier AS
      SELECT f.id AS node, c.no FROM explain.figure AS f JOIN explain.of_row AS c ON c.node = f.parent
      WHERE f.kind = 'adjustment' AND f.key = ${keyOf(group)} AND c.no IS NOT NULL`);
  await growAllocated(warehouse, most);
}

/** `of`: selects nodes and the allocated rows (`no`) that each consists of. */
export async function growCharges(warehouse: Warehouse, of: string, most: number): Promise<void> {
  const key = keyOf(['rule_no', ...KEYS, 'method_id']);
  await grow(warehouse, {
    kind: 'charge',
    select: `
      SELECT o.node AS parent, ${key} AS key, CAST(sum(c.amount) AS DECIMAL(38,12)) AS amount, CAST(NULL AS DECIMAL(38,12)) AS quantity,
             ${[...KEYS, 'method_id'].map((name) => `any_value(c.${name}) AS ${name}`).join(', ')}, any_value(r.pool_id) AS pool, any_value(r.place) AS place_of_rule
      FROM (${of}) AS o JOIN explain.allocated AS c ON c.no = o.no LEFT JOIN run.rule AS r ON r.rule_no = c.rule_no
      GROUP BY o.node, ${key}`,
    facts: CHARGE_FACTS,
    most,
  });
  await warehouse.run(`
    CREATE OR REPLACE TABLE explain.frontier AS
      SELECT f.id AS node, c.no
      FROM explain.figure AS f JOIN (${of}) AS o ON o.node = f.parent JOIN explain.allocated AS c ON c.no = o.no
      WHERE f.kind = 'charge' AND f.key = ${key}`);
  await growAllocated(warehouse, most);
}

function keyOf(names: readonly string[]): string {
  return `CAST([${names.map((name) => `CAST(c.${name} AS VARCHAR)`).join(', ')}] AS VARCHAR)`;
}

/**
 * Below nodes that consist of allocated rows (`explain.frontier`): what names its feature or no rule takes lies there by line, estimates by
 * usage, and the rest by shares. What a shared service received leads to earlier levels, until nothing is received any more.
 */
async function growAllocated(warehouse: Warehouse, most: number): Promise<void> {
  for (;;) {
    const [left] = await warehouse.rows('SELECT count(*) AS n FROM explain.frontier');
    if (left?.['n'] === '0') return;
    await usageOf(warehouse, most);
    await warehouse.run(`
      CREATE OR REPLACE TABLE explain.lying AS
        SELECT f.node, c.line_key, c.received_no, c.amount
        FROM explain.frontier AS f
        JOIN explain.allocated AS a ON a.no = f.no
        LEFT JOIN run.rule AS r ON r.rule_no = a.rule_no
        JOIN explain.component AS c ON c.rule_no = a.rule_no AND c.keys = a.keys AND c.usage_date = a.usage_date AND c.to_feature = a.feature_id
          AND c.why IS NOT DISTINCT FROM a.reason AND c.tag IS NOT DISTINCT FROM a.feature_tag
        WHERE a.level > 0 AND (a.rule_no = 0 OR r.method = 'direct')`);
    await growShares(warehouse, most);
    await linesOf(warehouse, most);
    await growReceived(warehouse, most);
  }
}

/** What other pools passed on; it is the next frontier. */
async function growReceived(warehouse: Warehouse, most: number): Promise<void> {
  const key = "'received' || a.rule_no || '|' || a.feature_id || '|' || a.method_id";
  await grow(warehouse, {
    kind: 'received',
    select: `
      SELECT l.node AS parent, ${key} AS key, CAST(sum(l.amount) AS DECIMAL(38,12)) AS amount, CAST(NULL AS DECIMAL(38,12)) AS quantity,
             any_value(a.feature_id) AS service, any_value(a.method_id) AS method_id, any_value(r.pool_id) AS pool, any_value(r.place) AS place_of_rule
      FROM explain.lying AS l JOIN explain.allocated AS a ON a.no = l.received_no LEFT JOIN run.rule AS r ON r.rule_no = a.rule_no
      GROUP BY l.node, ${key}`,
    facts: ['service', 'method_id', 'pool', 'place_of_rule'],
    most,
  });
  await warehouse.run(`
    CREATE OR REPLACE TABLE explain.frontier AS
      SELECT f.id AS node, l.received_no AS no
      FROM explain.figure AS f JOIN explain.lying AS l ON l.node = f.parent JOIN explain.allocated AS a ON a.no = l.received_no
      WHERE f.kind = 'received' AND f.key = ${key}`);
}
