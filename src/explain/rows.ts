// The rows that were asked for, as the first figures of the tree.
import type { Model } from '../model/catalog.js';
import type { Warehouse } from '../warehouse/warehouse.js';
import { grow } from './tree.js';

/** What of a row is its figure, where that is not `amount`. */
const MONEY: Readonly<Record<string, string | null>> = {
  variance_month: 'r.difference',
  coverage_month: 'r.covered_amount',
  gl_journal: 'r.debit - r.credit',
  estimate_movement: null,
};
const QUANTITY: Readonly<Record<string, string>> = { billed_usage_month: 'billed_quantity', unpriced_usage: 'quantity' };

/** Several rows of one currency stand below their sum. Rows that are not told one by one leave `explain.row`. */
export async function growRows(warehouse: Warehouse, { table, contract }: Model, most: number): Promise<void> {
  const names = contract.columns.map(({ name }) => name);
  const has = (name: string): boolean => names.includes(name);
  const own = has('amount') && QUANTITY[table] === undefined ? 'r.amount' : null;
  const money = MONEY[table] === undefined ? own : MONEY[table];
  const amount = money === null ? 'CAST(NULL AS DECIMAL(38,12))' : `CAST(${money} AS DECIMAL(38,12))`;
  const quantity =
    QUANTITY[table] === undefined ? 'CAST(NULL AS DECIMAL(38,12))' : `CAST(r."${QUANTITY[table]}" AS DECIMAL(38,12))`;
  const currency = money !== null && has('currency') ? 'r.currency' : "''";
  if (money !== null) {
    await grow(warehouse, {
      kind: 'total',
      select: `
        SELECT CAST(NULL AS BIGINT) AS parent, ${currency} AS key, CAST(sum(${amount}) AS DECIMAL(38,12)) AS amount, CAST(NULL AS DECIMAL(38,12)) AS quantity,
               ${currency} AS currency, count(*) AS rows
        FROM explain.row AS r GROUP BY ${currency} HAVING count(*) > 1`,
      facts: ['currency', 'rows'],
      most: MOST_CURRENCIES,
    });
  }
  await grow(warehouse, {
    kind: 'row',
    select: `
      SELECT t.id AS parent, CAST(r.id AS VARCHAR) AS key, ${amount} AS amount, ${quantity} AS quantity, ${names.map((name) => `r."${name}" AS "${factName(name)}"`).join(', ')}
      FROM explain.row AS r LEFT JOIN explain.figure AS t ON t.kind = 'total' AND t.key = ${currency}`,
    facts: names.map(factName),
    most,
  });
  await warehouse.run(`
    UPDATE explain.row SET id = -id;
    UPDATE explain.row SET id = f.id FROM explain.figure AS f WHERE f.kind = 'row' AND f.key = CAST(-explain.row.id AS VARCHAR);
    DELETE FROM explain.row WHERE id < 0`);
}

const MOST_CURRENCIES = 1000;

/** Names that a growth has for itself. */
function factName(name: string): string {
  return ['amount', 'quantity', 'key', 'parent', 'place'].includes(name) ? `of_${name}` : name;
}
