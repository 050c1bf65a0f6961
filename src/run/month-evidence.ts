// What the figures of a month depend on, as short texts that differ where it does: read behind what is staged of the evidence.
import { firstDay, type Month, monthOf } from '../kernel/period.js';
import { sha256Of } from './books.js';
import type { RunContext } from './execute.js';
import { modelsHash, rulesHash } from './fingerprint.js';
import { versionsOf } from './models.js';
import { parameterTables } from './parameters.js';

/** Evidence of the same first and last month that it says something of. */
export interface Span {
  readonly first: Month;
  readonly last: Month;
  readonly digest: string;
}

/**
 * What the figures of every month depend on. A date of the configuration counts by whether the as-of day is past it; which accounts bills name,
 * in whatever month, says whose usage they bill; and usage before the books weighs on charges of such days.
 */
export async function identityOf({ pipeline, catalog, period, warehouse, engine }: RunContext): Promise<string> {
  // Capacities have a row for every month until now; that they say the same is in the hash of the rules.
  const { 'run.period': _period, 'run.rule_capacity': _capacity, ...parameters } = parameterTables(pipeline, period);
  const text = JSON.stringify(parameters);
  const dates = [...new Set(text.match(/\d{4}-\d{2}-\d{2}/g))].sort();
  const passed = dates.map((date) => `${date} ${Math.sign(Date.parse(period.asOf) - Date.parse(date))}`);
  const accounts = await engine.rows(ACCOUNTS, [pipeline.start, monthOf(period.asOf)]);
  const before = await engine.rows(USAGE_BEFORE, [firstDay(pipeline.start)]);
  const parts = [await versionsOf(warehouse), rulesHash(pipeline), modelsHash(catalog), text, passed, accounts, before];
  return sha256Of(JSON.stringify(parts));
}

const USAGE_BEFORE =
  "SELECT count(*) || ' ' || sum(hash(s)) AS digest FROM rating.kept_sum AS s WHERE s.usage_date < CAST($1 AS DATE)";

const ACCOUNTS = `
  WITH named AS (
    SELECT DISTINCT 'line' AS kind, source_id AS said_by, account_id, sub_account_id FROM staging.bill_line WHERE fate = 'loaded'
    UNION ALL
    SELECT DISTINCT 'figure', source_id, NULL, sub_account_id FROM staging.billed_figure WHERE fate = 'loaded'
    UNION ALL
    SELECT DISTINCT 'charge', provider, account_id, NULL FROM staging.charge
    WHERE role = 'money' AND month_text(billing_month) BETWEEN $1 AND $2
  )
  SELECT * FROM named ORDER BY kind, said_by, account_id NULLS FIRST, sub_account_id NULLS FIRST`;

/**
 * All rows of evidence beside the sums of usage. What carries the number of one invoice belongs together: taxes and credits follow its charges.
 * What begins before the books counts for their first month.
 */
export async function spansOf({ engine, pipeline: { start } }: RunContext): Promise<readonly Span[]> {
  const rows = await engine.rows(SPANS);
  return rows.map(({ first, last, digest }) => ({
    first: first === null || first === undefined || first < start ? start : first,
    last: last ?? '',
    digest: digest ?? '',
  }));
}

const INSTANT = 'INTERVAL 1 MICROSECOND';

const SPANS = `
  WITH charge AS (
    SELECT least(billing_month, date_trunc('month', charge_start)) AS starts, invoice_id, hash(c) AS line,
           greatest(billing_month, date_trunc('month', charge_end - ${INSTANT}), date_trunc('month', billing_period_end - ${INSTANT})) AS ends
    FROM staging.charge AS c
  ), said AS (
    SELECT 'charge' AS kind, CASE WHEN invoice_id IS NULL THEN starts ELSE min(starts) OVER (PARTITION BY invoice_id) END AS starts,
           CASE WHEN invoice_id IS NULL THEN ends ELSE max(ends) OVER (PARTITION BY invoice_id) END AS ends, line
    FROM charge
    UNION ALL
    SELECT 'line', least(billing_period_start, charge_start), greatest(billing_period_end - ${INSTANT}, charge_end - ${INSTANT}), hash(l)
    FROM staging.bill_line AS l WHERE fate <> 'superseded'
    UNION ALL
    SELECT 'day', usage_date, usage_date, hash(d) FROM staging.billed_day AS d
    UNION ALL
    SELECT 'figure', usage_date, usage_date, hash(f) FROM staging.billed_figure AS f
    UNION ALL
    SELECT 'usage', usage_date, usage_date, hash(u) FROM staging.billed_usage AS u
    UNION ALL
    SELECT 'rejected', usage_date, usage_date, hash(r) FROM staging.rejected_record AS r
  )
  SELECT strftime(starts, '%Y-%m') AS first, strftime(greatest(starts, ends), '%Y-%m') AS last,
         kind || ' ' || count(*) || ' ' || sum(line) AS digest
  FROM said WHERE starts IS NOT NULL GROUP BY kind, first, last`;

/** Digests of the sums of usage of these months. */
export async function usageDigests({ engine }: RunContext, months: readonly Month[]): Promise<ReadonlyMap<Month, string>> {
  const rows = months.length === 0 ? [] : await engine.rows(usageSelect(months));
  const found = new Map(rows.map(({ month, digest }) => [month ?? '', digest ?? '']));
  return new Map(months.map((month) => [month, found.get(month) ?? 'none']));
}

function usageSelect(months: readonly Month[]): string {
  const list = months.map((month) => `DATE '${firstDay(month)}'`).join(', ');
  return `SELECT month_text(s.usage_date) AS month, count(*) || ' ' || sum(hash(s)) AS digest FROM rating.kept_sum AS s
    WHERE month_start(s.usage_date) IN (${list}) GROUP BY month_text(s.usage_date)`;
}
