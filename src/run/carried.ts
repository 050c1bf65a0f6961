// Months that a run leaves as they were published: what they are, and how they come along.
import { join } from 'node:path';
import { Failure, type Problem } from '../kernel/failure.js';
import { type Month, monthsThrough } from '../kernel/period.js';
import type { Model } from '../model/catalog.js';
import { rowBreaches } from '../model/verify.js';
import type { MadeMonth, Manifest, PublishedFile, StagedFile } from '../publish/directory.js';
import { damagedFiles, keepFiles } from '../publish/kept.js';
import type { RunContext } from './execute.js';
import { plainColumns } from './export.js';
import type { Period } from './parameters.js';

export interface Carried {
  readonly months: readonly Month[];
  readonly made: readonly MadeMonth[];
  readonly files: readonly PublishedFile[];
  /** Hashes of their files and what they were made of: part of what the run is a function of. */
  readonly hashes: readonly string[];
}

export function carriedMonths(published: Manifest | null, period: Period): Carried {
  const own = new Set(ownMonths(period));
  const months = (published?.months ?? []).filter((month) => !own.has(month));
  const made = (published?.made ?? []).filter(({ month }) => months.includes(month));
  const files = (published?.files ?? []).filter(({ month }) => months.includes(month ?? ''));
  const hashes = [...files.map(({ path, sha256 }) => `${path} ${sha256}`), ...made.map((each) => JSON.stringify(each))];
  return { months, made, files, hashes: hashes.sort() };
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
  const { months, files } = carriedMonths(published, context.period);
  if (published === null || months.length === 0) return;
  const damaged = await damagedFiles(runDirOf(context, published), files);
  if (damaged.length > 0) throw new Failure('check', damaged.map(damageProblem));
  for (const mart of marts) {
    const list = plainColumns(mart);
    const from = publishedRows(context, published, mart.table, months);
    await checkShape(context, mart, from);
    await context.warehouse.run(`INSERT INTO ${mart.name} (${list}) SELECT ${list} FROM ${from}`);
    const breaches = await rowBreaches(context.warehouse, mart);
    if (breaches.length > 0) throw new Failure('check', breaches);
  }
}

/** A month of an earlier version may have other columns; one table cannot hold both. */
async function checkShape({ warehouse }: RunContext, mart: Model, from: string): Promise<void> {
  const told = mart.contract.columns.map(({ name, type }) => `${name} ${type}`);
  const there = await warehouse.describe(`SELECT * FROM ${from}`);
  if (there.map(({ name, type }) => `${name} ${type}`).join() === told.join()) return;
  const message = `${mart.table} of the months that stay as published has other columns than this version gives it`;
  throw new Failure('user', [
    { code: 'run/carried-columns', message, remedy: 'publish all months again: run once without look_back' },
  ]);
}

function damageProblem({ path, month }: PublishedFile): Problem {
  const message = `${path} of ${month ?? ''}, which stays as published, is gone or not what was published`;
  const remedy = `put it back, or publish the month again: showback backfill --from ${month ?? ''} --to ${month ?? ''} --force`;
  return { code: 'run/carried-damaged', message, remedy };
}

function runDirOf({ pipeline }: RunContext, published: Manifest): string {
  return join(pipeline.outDir, 'runs', published.runId);
}

/** Brings the files of the carried months to `dir` as they are. */
export async function keepCarried(context: RunContext, published: Manifest | null, dir: string): Promise<readonly StagedFile[]> {
  const { files } = carriedMonths(published, context.period);
  return published === null ? [] : keepFiles(runDirOf(context, published), dir, files);
}

/** The published rows of a mart, as SQL reads them. */
export function publishedRows(context: RunContext, published: Manifest, mart: string, months: readonly Month[]): string {
  const current = runDirOf(context, published);
  const paths = months.map(
    (month) => `'${join(current, 'parquet', mart, `billing_month=${month}`, 'data.parquet').replaceAll("'", "''")}'`,
  );
  return `read_parquet([${paths.join(', ')}], hive_partitioning = false)`;
}
