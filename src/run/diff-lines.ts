// Lines of two deliveries side by side, as SQL. A line is what the bill says of it; how much it is, and where it stands, may change.
import type { Basis } from '../pipeline/pipeline.js';
import type { Month } from '../kernel/period.js';
import { identifier, literal } from '../warehouse/sql-quote.js';
import type { Row, Warehouse } from '../warehouse/warehouse.js';
import type { DeliveryDiff, LineChange } from './api.js';

/** Columns that may differ while the line is still the same one: an open month has no invoice yet. */
const MEASURES = ['source_id', 'file', 'row', 'quantity', 'billed_24', 'effective_24', 'is_final', 'invoice_id'];
const AMOUNT: Readonly<Record<Basis, string>> = { billed: 'billed_24', effective: 'effective_24' };

/** Lines of the month that count or were refused; a refused line that tells no day may be of any month. */
export async function copyLines(engine: Warehouse, columns: readonly string[], month: Month, target: string): Promise<void> {
  const first = `TIMESTAMP '${month}-01 00:00:00'`;
  const begins = 'coalesce(billing_period_start, charge_start)';
  const isOfMonth = `${begins} >= ${first} AND ${begins} < ${first} + INTERVAL 1 MONTH`;
  const told = `fate IN ('loaded', 'rejected') AND (${isOfMonth} OR (fate = 'rejected' AND ${begins} IS NULL))`;
  const line = columns.filter((name) => !MEASURES.includes(name)).map((name) => `${identifier(name)} := ${identifier(name)}`);
  const key = `md5(CAST(to_json(struct_pack(${line.join(', ')})) AS VARCHAR)) AS line_key`;
  const names = columns.map(identifier).join(', ');
  await engine.run(`COPY (SELECT ${key}, ${names} FROM staging.bill_line WHERE ${told}) TO ${target} (FORMAT parquet)`);
}

type Compared = Pick<DeliveryDiff, 'lines' | 'totals' | 'unchanged'>;

/** `before` null: every line is new. */
export async function comparedLines(engine: Warehouse, basis: Basis, before: string | null, now: string): Promise<Compared> {
  const side = (path: string, name: string): string => `SELECT '${name}' AS side, * FROM read_parquet(${literal(path)})`;
  const sides = before === null ? side(now, 'after') : `${side(before, 'before')} UNION ALL ${side(now, 'after')}`;
  await engine.run(`CREATE OR REPLACE TABLE told AS ${sides}`);
  await engine.run(`CREATE OR REPLACE TABLE compared AS ${compare(AMOUNT[basis])}`);
  const isSame =
    'lines_before = lines_after AND amount_before IS NOT DISTINCT FROM amount_after AND billed_before IS NOT DISTINCT FROM billed_after AND quantity_before IS NOT DISTINCT FROM quantity_after';
  const rows = await engine.rows(
    `SELECT ${SHOWN} FROM compared WHERE NOT (${isSame}) ORDER BY charge_start NULLS LAST, charge_end, change DESC, account, what, line_key`,
  );
  const totals = await engine.rows(
    `SELECT currency, ${text('sum(coalesce(amount_before, 0))')} AS before, ${text('sum(coalesce(amount_after, 0))')} AS after, ${text('sum(coalesce(amount_after, 0) - coalesce(amount_before, 0))')} AS difference FROM compared WHERE currency IS NOT NULL GROUP BY currency ORDER BY currency`,
  );
  const [same] = await engine.rows(`SELECT count(*) AS n FROM compared WHERE ${isSame}`);
  return {
    lines: rows.map(changeOf),
    totals: totals.map((row) => ({
      currency: row['currency'] ?? '',
      before: row['before'] ?? '0',
      after: row['after'] ?? '0',
      difference: row['difference'] ?? '0',
    })),
    unchanged: Number(same?.['n'] ?? 0),
  };
}

/** As the later delivery has it; `after` is before `before` in the alphabet. */
const LATEST = 'arg_min(?, side)';

/** Equal lines of one delivery are one here, with their number and sum. */
function compare(amount: string): string {
  const of = (name: string, value: string): readonly string[] =>
    ['before', 'after'].map((side) => `${value.replaceAll('?', `CASE WHEN side = '${side}' THEN`)} AS ${name}_${side}`);
  const measured = [
    ...of('lines', 'count(? 1 END)'),
    ...of('amount', `sum(? ${amount} END)`),
    ...of('billed', 'sum(? billed_24 END)'),
    ...of('quantity', 'sum(? quantity END)'),
    ...of('place', `min(? file || ':' || "row" END)`),
  ];
  const words = "coalesce(item, concat_ws(' ', model_hint, meter_hint), '')";
  const shown = [
    ['fate', LATEST.replace('?', 'fate')],
    ['reason', LATEST.replace('?', 'reject_reason')],
    ['charge_start', 'any_value(charge_start)'],
    ['charge_end', 'any_value(charge_end)'],
    ['category', 'any_value(category)'],
    ['currency', 'any_value(currency)'],
    ['account', "any_value(coalesce(sub_account_id, account_id, ''))"],
    ['invoice_id', LATEST.replace('?', 'invoice_id')],
    ['what', `any_value(CASE WHEN ${words} <> '' THEN ${words} ELSE coalesce(description, service, category, '') END)`],
  ].map(([name, value]) => `${value} AS ${name}`);
  return `SELECT line_key, ${[...shown, ...measured].join(', ')} FROM told GROUP BY line_key`;
}

/** Digits without the zeros that only fill a scale. */
function text(value: string): string {
  const digits = `CAST(${value} AS VARCHAR)`;
  return `CASE WHEN contains(${digits}, '.') THEN rtrim(rtrim(${digits}, '0'), '.') ELSE ${digits} END`;
}

const SHOWN = [
  "CASE WHEN lines_before = 0 THEN 'added' WHEN lines_after = 0 THEN 'removed' ELSE 'changed' END AS change",
  ...['fate', 'reason', 'category', 'currency', 'account', 'invoice_id', 'what', 'place_before', 'place_after'],
  ...['lines_before', 'lines_after'].map((name) => `CAST(${name} AS VARCHAR) AS ${name}`),
  ...['charge_start', 'charge_end'].map((name) => `strftime(${name}, '%Y-%m-%dT%H:%M:%SZ') AS ${name}`),
  ...['amount_before', 'amount_after', 'billed_before', 'billed_after', 'quantity_before', 'quantity_after'].map(
    (name) => `${text(name)} AS ${name}`,
  ),
  `${text('coalesce(amount_after, 0) - coalesce(amount_before, 0)')} AS difference`,
].join(', ');

function changeOf(row: Row): LineChange {
  const change = row['change'] === 'added' ? 'added' : row['change'] === 'removed' ? 'removed' : 'changed';
  const side = (name: 'before' | 'after'): LineChange['before'] => ({
    lines: Number(row[`lines_${name}`] ?? 0),
    amount: row[`amount_${name}`] ?? null,
    billed: row[`billed_${name}`] ?? null,
    quantity: row[`quantity_${name}`] ?? null,
    place: row[`place_${name}`] ?? null,
  });
  return {
    change,
    what: row['what'] ?? '',
    account: row['account'] ?? '',
    category: row['category'] ?? null,
    invoiceId: row['invoice_id'] ?? null,
    chargeStart: row['charge_start'] ?? null,
    chargeEnd: row['charge_end'] ?? null,
    rejected: row['fate'] === 'rejected' ? (row['reason'] ?? 'rejected') : null,
    currency: row['currency'] ?? null,
    before: side('before'),
    after: side('after'),
    difference: row['difference'] ?? '0',
  };
}
