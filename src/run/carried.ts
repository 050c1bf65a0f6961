// Months that a run leaves as they were published: what they are, and how they come along.
import { join } from 'node:path';
import { Failure, type Problem } from '../kernel/failure.js';
import { type Month, monthsThrough } from '../kernel/period.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import { createEmpty } from '../model/build.js';
import type { Model } from '../model/catalog.js';
import { rowBreaches } from '../model/verify.js';
import type { MadeMonth, Manifest, StagedFile } from '../publish/directory.js';
import { damagedFiles, type KeptFile, keepFiles } from '../publish/kept.js';
import { literal } from '../warehouse/sql-quote.js';
import { type Books, type ClosedMonth, damaged, FILES, filesOf } from './books.js';
import type { RunContext } from './execute.js';
import { plainColumns } from './export.js';
import type { Period } from './parameters.js';
import { computedPeriod } from './scope.js';

export interface Carried {
  readonly months: readonly Month[];
  readonly made: readonly MadeMonth[];
  readonly files: readonly KeptFile[];
  /** Hashes of their files and what they were made of: part of what the run is a function of. */
  readonly hashes: readonly string[];
}

/** What a run finds: where it publishes, which months are closed, which are its own. */
export type Carrying = Pick<RunContext, 'pipeline' | 'books' | 'period'>;

/** Closed months come from where they were closed, whatever became of the published copy; the others as they are published. */
export function carriedMonths({ pipeline, books, period }: Carrying, published: Manifest | null): Carried {
  const taken = new Set([...ownMonths(period), ...books.closed.map(({ month }) => month)]);
  const open = (published?.months ?? []).filter((month) => !taken.has(month));
  const made = [
    ...(published?.made ?? []).filter(({ month }) => open.includes(month)),
    ...books.closed.map((closed) => madeClosed(closed, published)),
  ];
  const files = [
    ...publishedFiles(pipeline, published, open),
    ...books.closed.flatMap(({ dir, lock }) => filesOf(lock).map((file) => ({ ...file, root: join(dir, FILES), apart: true }))),
  ];
  const hashes = [...files.map(({ path, sha256 }) => `${path} ${sha256}`), ...made.map((each) => JSON.stringify(each))];
  const months = [...open, ...books.closed.map(({ month }) => month)].sort();
  return { months, made, files, hashes: hashes.sort() };
}

/** What made it is told for as long as it is published as it was made: the movement of a month that is reopened goes on from there. */
function madeClosed({ month, lock, lockSha256 }: ClosedMonth, published: Manifest | null): MadeMonth {
  const was = published?.made.find((made) => made.month === month && made.inputs === lock.inputs);
  return {
    ...{ month, asOf: lock.asOf, inputs: lock.inputs, closed: true, lock: lockSha256 },
    ...(was?.run === undefined ? {} : { run: was.run }),
    ...(was?.after === undefined ? {} : { after: was.after }),
  };
}

/** Of the own months of a run, those that it leaves as they are published. */
export function leftMonths({ period, unchanged }: Pick<RunContext, 'period' | 'unchanged'>): readonly Month[] {
  return ownMonths(period).filter((month) => unchanged?.months.includes(month));
}

/** Of the own months of a run, those that it computes. */
export function computedMonths({ period, unchanged }: Pick<RunContext, 'period' | 'unchanged'>): readonly Month[] {
  return ownMonths(computedPeriod(period, unchanged?.months ?? []));
}

/** Files of these months as they are published. */
export function publishedFiles({ outDir }: Pipeline, published: Manifest | null, months: readonly Month[]): readonly KeptFile[] {
  const root = join(outDir, 'runs', published?.runId ?? '');
  return (published?.files ?? []).filter(({ month }) => months.includes(month ?? '')).map((file) => ({ ...file, root }));
}

/** Files that the run publishes as they are: of months that it carries, and of its own that it leaves. */
function filesAsPublished(context: RunContext, published: Manifest | null): readonly KeptFile[] {
  const left = publishedFiles(context.pipeline, published, leftMonths(context));
  return [...carriedMonths(context, published).files, ...left];
}

export function ownMonths(period: Period): readonly Month[] {
  return monthsThrough(period.firstMonth, period.lastMonth);
}

/** Is each of these months published, and made of the same inputs? Whichever run made it, it would come out the same. */
export function isMadeOf(published: Manifest | null, months: readonly Month[], inputs: string): boolean {
  return months.every((month) => published?.made.some((made) => made.month === month && made.inputs === inputs) === true);
}

/** Adds the rows of months that stay as published to the marts, from the files that are. */
export async function carryMonths(context: RunContext, published: Manifest | null, marts: readonly Model[]): Promise<void> {
  const files = filesAsPublished(context, published);
  const damaged = await damagedFiles(files);
  if (damaged.length > 0)
    throw new Failure(
      'check',
      damaged.map((file) => damageProblem(file, context.books)),
    );
  for (const mart of marts) {
    // A backfill comes here once a month, and what no run builds still has the rows of the month before.
    if (mart.contract.made === 'close') await createEmpty(context.warehouse, mart);
    const own = files.filter(({ mart: name, path }) => name === mart.table && path.startsWith('parquet/'));
    // A month that was closed before there was this mart has no file of it, and an open one none of what closing makes.
    if (own.length === 0) continue;
    const list = plainColumns(mart);
    const from = rowsOf(own);
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

function damageProblem({ path, month, root }: KeptFile, { closed }: Books): Problem {
  if (closed.some((each) => each.month === month)) return damaged(month ?? '', join(root, path));
  const message = `${path} of ${month ?? ''}, which stays as published, is gone or not what was published`;
  const remedy = `put it back, or publish the month again: showback backfill --from ${month ?? ''} --to ${month ?? ''} --force`;
  return { code: 'run/carried-damaged', message, remedy };
}

/** Brings the files of months that stay as published to `dir` as they are. */
export async function keepCarried(context: RunContext, published: Manifest | null, dir: string): Promise<readonly StagedFile[]> {
  return keepFiles(dir, filesAsPublished(context, published));
}

/** The published rows of a mart in months that are open, as SQL reads them. */
export function publishedRows({ pipeline }: RunContext, published: Manifest, mart: string, months: readonly Month[]): string {
  const root = join(pipeline.outDir, 'runs', published.runId);
  return rowsOf(months.map((month) => ({ root, path: `parquet/${mart}/billing_month=${month}/data.parquet` })));
}

function rowsOf(files: readonly Pick<KeptFile, 'root' | 'path'>[]): string {
  const paths = files.map(({ root, path }) => literal(join(root, path)));
  return `read_parquet([${paths.join(', ')}], hive_partitioning = false)`;
}
