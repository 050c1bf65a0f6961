// Whether months that stay as published would still come out the same. The models know them, and of those that are left it is known from
// the run that looked.
import { lastDay, type Month } from '../kernel/period.js';
import type { Manifest } from '../publish/directory.js';
import type { Row, Warehouse } from '../warehouse/warehouse.js';
import { publishedRows } from './carried.js';
import type { RunContext } from './execute.js';

/**
 * Tells of months that stay as published although what is known now says otherwise: a late event, a bill delivered again, another
 * price. Only whole months are compared: of the others the run has not seen all.
 */
export async function tellOfChanges(context: RunContext, published: Manifest | null, months: readonly Month[]): Promise<void> {
  const known = months.filter((month) => context.unchanged?.months.includes(month));
  const whole = months.filter(
    (month) => month >= context.pipeline.start && lastDay(month) <= context.period.asOf && !known.includes(month),
  );
  const warn = (message: string): void => context.listener({ kind: 'note', level: 'warning', message });
  for (const month of known) context.unchanged?.warningsOf(month).forEach(warn);
  if (published === null || whole.length === 0) return;
  const { engine, warehouse } = context;
  const list = whole.map((month) => `'${month}'`).join(', ');
  await fillKnown(warehouse, await engine.rows(knownSelect(list)));
  const moved = await warehouse.rows(movedSelect(publishedRows(context, published, FINEST, whole)));
  const failing = await engine.rows(failingSelect(list));
  const told = (text: (row: Row) => string) => (row: Row) => ({ month: row['month'] ?? '', message: text(row) });
  for (const { month, message } of [...moved.map(told(movedText)), ...failing.map(told(failingText))]) {
    context.unchanged?.tell(month, message);
    warn(message);
  }
}

/** The published cost of every feature and customer. */
const FINEST = 'showback_customer_month';

/** What every feature and customer costs by what is known now. */
function knownSelect(months: string): string {
  return `
    SELECT month_text(billing_month) AS month, currency, feature_id, customer_id, money_sum(amount) AS amount
    FROM allocation.cost
    WHERE month_text(billing_month) IN (${months})
    GROUP BY month_text(billing_month), currency, feature_id, customer_id`;
}

/** Published files are read here, whatever engine knows the rest. */
async function fillKnown(warehouse: Warehouse, rows: readonly Row[]): Promise<void> {
  const names = ['month', 'currency', 'feature_id', 'customer_id', 'amount'];
  await warehouse.run(
    `CREATE OR REPLACE TABLE ${KNOWN} (month VARCHAR, currency VARCHAR, feature_id VARCHAR, customer_id VARCHAR, amount DECIMAL(38,12))`,
  );
  await warehouse.insert(
    KNOWN,
    names,
    rows.map((row) => names.map((name) => row[name] ?? null)),
  );
}

const KNOWN = 'run.known_cost';

/** One row a month and currency in which a feature or a customer costs something else than what is published. */
function movedSelect(published: string): string {
  return `
    WITH before AS (
      SELECT billing_month AS month, currency, feature_id, customer_id, money_sum(amount) AS amount FROM ${published} GROUP BY ALL
    ), today AS (
      FROM ${KNOWN}
    ), moved AS (
      SELECT month, currency, feature_id, customer_id, coalesce(b.amount, 0) AS published, coalesce(t.amount, 0) AS known,
             coalesce(t.amount, 0) - coalesce(b.amount, 0) AS difference
      FROM before AS b FULL JOIN today AS t USING (month, currency, feature_id, customer_id)
    ), most AS (
      SELECT month, currency, feature_id, sum(difference) AS difference, max(abs(difference)) AS largest FROM moved GROUP BY ALL
    )
    SELECT month, currency, ${amountText('any_value(s.published)')} AS published, ${amountText('any_value(s.known)')} AS known,
           string_agg(feature_id || ' ' || ${signedText('difference')}, ', ' ORDER BY largest DESC, feature_id) AS features
    FROM most JOIN (SELECT month, currency, sum(published) AS published, sum(known) AS known FROM moved GROUP BY ALL) AS s USING (month, currency)
    WHERE largest > 0 GROUP BY month, currency ORDER BY month, currency`;
}

/** Every digit that counts, and at least two. */
function amountText(amount: string): string {
  return `regexp_replace(CAST(CAST(${amount} AS DECIMAL(38,12)) AS VARCHAR), '(\\.\\d\\d\\d*?)0*$', '\\1')`;
}

function signedText(amount: string): string {
  return `CASE WHEN ${amount} >= 0 THEN '+' ELSE '' END || ${amountText(amount)}`;
}

function movedText({ month, currency, published, known, features }: Row): string {
  const [was, is] = [`${published ?? ''} ${currency ?? ''}`, `${known ?? ''} ${currency ?? ''}`];
  const total = was === is ? `in all still ${is}` : `${was} published, ${is} by what is known now`;
  return `${stays(month)}, but it changed since: ${total} (${features ?? ''}) → ${remedy(month)}`;
}

function failingSelect(months: string): string {
  return `
    SELECT month_text(billing_month) AS month, control, count(*) AS times, min(scope) AS scope FROM reconciliation.control
    WHERE NOT passed AND NOT is_of_all_months AND month_text(billing_month) IN (${months})
    GROUP BY month_text(billing_month), control ORDER BY month_text(billing_month), control`;
}

function failingText({ month, control, times, scope }: Row): string {
  const more = times === '1' ? '' : ` and ${Number(times) - 1} more`;
  return `${stays(month)}, but now control ${control ?? ''} would fail for ${scope ?? ''}${more} → mend it, then ${remedy(month)}`;
}

function stays(month: string | null | undefined): string {
  return `${month ?? ''} stays as it was published`;
}

function remedy(month: string | null | undefined): string {
  return `showback backfill --from ${month ?? ''} --to ${month ?? ''}`;
}
