// What the pipeline tolerates of unexplained cost and does not stop for is told each night.
import type { Listener } from '../kernel/event.js';
import type { Month } from '../kernel/period.js';
import type { ModelEngine } from '../model/engine.js';
import type { Row, Warehouse } from '../warehouse/warehouse.js';
import type { Period } from './parameters.js';

const COLUMNS = 'provider, currency, open_amount, tolerance';
const ABOVE = "on_breach = 'warn' AND open_amount > tolerance";
const ORDER = 'billing_month, provider, currency';

/** Of the months that the run computed. */
export async function warnOfVariance(engine: ModelEngine, period: Period, listener: Listener): Promise<void> {
  const rows = await engine.rows(
    `SELECT month_text(billing_month) AS month, ${COLUMNS} FROM reconciliation.variance
     WHERE ${ABOVE} AND billing_month BETWEEN CAST($1 AS DATE) AND CAST($2 AS DATE) ORDER BY ${ORDER}`,
    [`${period.firstMonth}-01`, `${period.lastMonth}-01`],
  );
  tell(rows, listener);
}

/** Of months that it left as published: their rows are in the mart by now. */
export async function warnOfPublishedVariance(warehouse: Warehouse, months: readonly Month[], listener: Listener): Promise<void> {
  if (months.length === 0) return;
  const list = months.map((month) => `'${month}'`).join(', ');
  const rows = await warehouse.rows(
    `SELECT billing_month AS month, ${COLUMNS} FROM marts.variance_month
     WHERE ${ABOVE} AND billing_month IN (${list}) ORDER BY ${ORDER}`,
  );
  tell(rows, listener);
}

function tell(rows: readonly Row[], listener: Listener): void {
  for (const { month, provider, currency, open_amount: open, tolerance } of rows) {
    const bill = `the bill of ${provider ?? ''} for ${month ?? ''}`;
    const amounts = `${plainAmount(open)} ${currency ?? ''} of ${bill} stay unexplained, more than the tolerated ${plainAmount(tolerance)}`;
    listener({ kind: 'note', level: 'warning', message: `${amounts} → showback reconcile --month ${month ?? ''}` });
  }
}

/** Every digit that counts, and at least two. */
function plainAmount(amount: string | null | undefined): string {
  return (amount ?? '').replace(/(\.\d\d\d*?)0*$/, '$1');
}
