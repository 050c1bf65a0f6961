// Months that a run leaves as they were published: what they are, and how they come along.
import { join } from 'node:path';
import { Failure } from '../kernel/failure.js';
import { type Month, monthsThrough } from '../kernel/period.js';
import type { Model } from '../model/catalog.js';
import { rowBreaches } from '../model/verify.js';
import type { MadeMonth, Manifest } from '../publish/directory.js';
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

/** The published rows of a mart, as SQL reads them. */
export function publishedRows({ pipeline }: RunContext, published: Manifest, mart: string, months: readonly Month[]): string {
  const current = join(pipeline.outDir, 'runs', published.runId);
  const paths = months.map(
    (month) => `'${join(current, 'parquet', mart, `billing_month=${month}`, 'data.parquet').replaceAll("'", "''")}'`,
  );
  return `read_parquet([${paths.join(', ')}], hive_partitioning = false)`;
}
