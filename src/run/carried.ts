// Months that a run leaves as they were published: what they are, how they come along, and whether they would still be the same.
import { join } from 'node:path';
import { Failure } from '../kernel/failure.js';
import { lastDay, type Month, monthsThrough } from '../kernel/period.js';
import type { Model } from '../model/catalog.js';
import { rowBreaches } from '../model/verify.js';
import type { MadeMonth, Manifest } from '../publish/directory.js';
import type { Row } from '../warehouse/warehouse.js';
import type { RunContext } from './execute.js';
import { plainColumns } from './export.js';
import type { Period } from './parameters.js';

export interface Carried {
  readonly months: readonly Month[];
  readonly made: readonly MadeMonth[];
  /** Hashes of their files and what they were made of: part of what the run is a function of. */
  readonly hashes: readonly string[];
}

export function carriedMonths(published: Manifest | null, period: Period): Carried {
  const own = new Set(ownMonths(period));
  const months = (published?.months ?? []).filter((month) => !own.has(month));
  const made = (published?.made ?? []).filter(({ month }) => months.includes(month));
  const files = (published?.files ?? []).filter(({ month, path }) => months.includes(month ?? '') && path.endsWith('.parquet'));
  const hashes = [...files.map(({ path, sha256 }) => `${path} ${sha256}`), ...made.map((each) => JSON.stringify(each))];
  return { months, made, hashes: hashes.sort() };
}

export function ownMonths(period: Period): readonly Month[] {
  return monthsThrough(period.firstMonth, period.lastMonth);
}

/** Is each of these months published, and made of the same inputs? Whichever run made it, it would come out the same. */
export function isMadeOf(published: Manifest | null, months: readonly Month[], inputs: string): boolean {
  return months.every((month) => published?.made.some((made) => made.month === month && made.inputs === inputs) === true);
}

/** Adds the rows of the carried months to the marts, from the files that are published. */
export async function carryMonths(context: RunContext, published: Manifest | null, marts: readonly Model[]): Promise<void> {
  const { months } = carriedMonths(published, context.period);
  if (published === null || months.length === 0) return;
  for (const mart of marts) {
    const list = plainColumns(mart);
    const from = publishedRows(context, published, mart.table, months);
    await context.warehouse.run(`INSERT INTO ${mart.name} (${list}) SELECT ${list} FROM ${from}`);
    const breaches = await rowBreaches(context.warehouse, mart);
    if (breaches.length > 0) throw new Failure('check', breaches);
  }
}

function publishedRows({ pipeline }: RunContext, published: Manifest, mart: string, months: readonly Month[]): string {
  const current = join(pipeline.outDir, 'runs', published.runId);
  const paths = months.map(
    (month) => `'${join(current, 'parquet', mart, `billing_month=${month}`, 'data.parquet').replaceAll("'", "''")}'`,
  );
  return `read_parquet([${paths.join(', ')}], hive_partitioning = false)`;
}

/**
 * Tells of months that stay as published although the models, which know all months, now say otherwise: a late event, a bill
 * delivered again. Only whole months are compared: of the others the run has not seen all.
 */
export async function tellOfChanges(context: RunContext, published: Manifest | null, months: readonly Month[]): Promise<void> {
  const { asOf } = context.period;
  const whole = months.filter((month) => month >= context.pipeline.start && lastDay(month) <= asOf);
  if (published === null || whole.length === 0) return;
  for (const row of await context.warehouse.rows(changesSelect(publishedRows(context, published, STATEMENT, whole)), [
    `${whole[0] ?? ''}-01`,
    `${whole.at(-1) ?? ''}-01`,
  ]))
    if (whole.includes(row['month'] ?? '')) context.listener({ kind: 'note', level: 'warning', message: changeText(row) });
}

const STATEMENT = 'showback_feature_month';

/** One row a month and currency whose features cost something else than what is published. */
function changesSelect(published: string): string {
  return `
    WITH before AS (
      SELECT billing_month AS month, currency, feature_id, money_sum(amount) AS amount FROM ${published} GROUP BY ALL
    ), today AS (
      SELECT month_text(billing_month) AS month, currency, feature_id, money_sum(amount) AS amount FROM allocation.statement
      WHERE billing_month BETWEEN CAST($1 AS DATE) AND CAST($2 AS DATE) GROUP BY ALL
    ), moved AS (
      SELECT month, currency, feature_id, coalesce(b.amount, 0) AS published, coalesce(t.amount, 0) AS known,
             coalesce(t.amount, 0) - coalesce(b.amount, 0) AS difference
      FROM before AS b FULL JOIN today AS t USING (month, currency, feature_id)
    )
    SELECT month, currency, ${amountText('sum(published)')} AS published, ${amountText('sum(known)')} AS known,
           ${signedText('sum(difference)')} AS difference,
           first(feature_id ORDER BY abs(difference) DESC, feature_id) AS feature,
           ${signedText('first(difference ORDER BY abs(difference) DESC, feature_id)')} AS of_feature
    FROM moved GROUP BY month, currency HAVING max(abs(difference)) > 0 ORDER BY month, currency`;
}

/** Every digit that counts, and at least two. */
function amountText(amount: string): string {
  return `regexp_replace(CAST(CAST(${amount} AS DECIMAL(38,12)) AS VARCHAR), '(\\.\\d\\d\\d*?)0*$', '\\1')`;
}

function signedText(amount: string): string {
  return `CASE WHEN ${amount} >= 0 THEN '+' ELSE '' END || ${amountText(amount)}`;
}

function changeText(row: Row): string {
  const { month, currency, published, known, difference, feature, of_feature: ofFeature } = row;
  return (
    `${month ?? ''} stays as it was published, ${published ?? ''} ${currency ?? ''}; what is known now makes it ${known ?? ''} ` +
    `(${difference ?? ''}; most of all ${feature ?? ''} ${ofFeature ?? ''}) → showback backfill --from ${month ?? ''} --to ${month ?? ''}`
  );
}
