// What is published already of the months that a run publishes: their movement is told against it. So the run's name tells of it too,
// and the same name stands for the same bytes whatever was published between.
import { join } from 'node:path';
import { Failure, type Problem } from '../kernel/failure.js';
import type { Day, Month } from '../kernel/period.js';
import type { Manifest } from '../publish/directory.js';
import { damagedFiles, type KeptFile } from '../publish/kept.js';
import { literal } from '../warehouse/sql-quote.js';
import { carriedMonths, ownMonths } from './carried.js';
import { modelOf, type RunContext } from './execute.js';
import { runIdOf } from './fingerprint.js';

/** The days of the published statement, and the mart that remembers. */
const COST = 'showback_feature_day';
const MOVEMENT = 'estimate_movement';

/** A month as it is published until now. */
export interface PublishedMonth {
  readonly month: Month;
  /** The run that made it. */
  readonly runId: string;
  readonly asOf: Day;
  /** The run that its own movement was told against; null where it was the first. */
  readonly after: string | null;
  readonly cost: KeptFile;
  /** Null: it was made before there was such a mart. */
  readonly movement: KeptFile | null;
}

/** A run's name, and what it comes after. */
export interface RunName {
  readonly runId: string;
  /** Fingerprint of all that its months are made of. */
  readonly inputs: string;
  /** What its months are compared with. */
  readonly before: readonly PublishedMonth[];
  /** Of each month, the run that made what was published before; part of the name. */
  readonly after: ReadonlyMap<Month, string>;
}

/** The name of the run, before anything is built. `force`: months whose published files are damaged begin anew. */
export async function nameRun(
  context: RunContext,
  published: Manifest | null,
  { inputs, force }: { readonly inputs: string; readonly force: boolean },
): Promise<RunName> {
  const before = await publishedBefore(context, published, force);
  const { hashes } = carriedMonths(context, published);
  const named = (after: RunName['after']): string =>
    runIdOf(inputs, context.period, [...hashes, ...[...after].map(([month, run]) => `${month} after ${run}`)]);
  // What is published, published again, comes after what it came after: not after itself.
  const again = new Map(before.flatMap(({ month, after }) => (after === null ? [] : [[month, after] as const])));
  const after = named(again) === published?.runId ? again : new Map(before.map(({ month, runId }) => [month, runId]));
  return { runId: named(after), inputs, before, after };
}

async function publishedBefore(
  context: RunContext,
  published: Manifest | null,
  force: boolean,
): Promise<readonly PublishedMonth[]> {
  if (published === null) return [];
  const months = ownMonths(context.period).flatMap((month) => publishedMonth(context, published, month) ?? []);
  const damaged = await damagedFiles(months.flatMap(filesOf));
  if (damaged.length > 0 && !force) throw new Failure('check', damaged.map(damageProblem));
  const kept: PublishedMonth[] = [];
  for (const month of months) {
    if (filesOf(month).some((file) => damaged.includes(file))) tellAnew(context, month.month, 'is damaged');
    else kept.push(...(await readable(context, month)));
  }
  return kept;
}

function publishedMonth({ pipeline }: RunContext, published: Manifest, month: Month): PublishedMonth | null {
  const fileOf = (mart: string): KeptFile | null => {
    const file = published.files.find((each) => each.mart === mart && each.month === month && each.path.startsWith('parquet/'));
    return file === undefined ? null : { ...file, root: join(pipeline.outDir, 'runs', published.runId) };
  };
  const cost = fileOf(COST);
  if (cost === null) return null;
  const made = published.made.find((each) => each.month === month);
  const { run = published.runId, asOf = published.asOf, after = null } = made ?? {};
  return { month, runId: run, asOf, after, cost, movement: fileOf(MOVEMENT) };
}

function filesOf({ cost, movement }: PublishedMonth): readonly KeptFile[] {
  return movement === null ? [cost] : [cost, movement];
}

/** What another version published may have other columns: then the month goes on from what it cost, or begins anew. */
async function readable(context: RunContext, month: PublishedMonth): Promise<readonly PublishedMonth[]> {
  const wanted = (model: string): readonly string[] =>
    modelOf(context, model).contract.columns.map(({ name, type }) => `${name} ${type}`);
  if (!(await hasColumns(context, month.cost, wanted('run.published_cost')))) {
    tellAnew(context, month.month, 'has other columns than this version knows');
    return [];
  }
  if (month.movement === null || (await hasColumns(context, month.movement, wanted('run.published_movement')))) return [month];
  const message = `${MOVEMENT} of ${month.month} was published with other columns: it goes on from what the month cost, and earlier steps are no longer told`;
  context.listener({ kind: 'note', level: 'warning', message });
  return [{ ...month, movement: null }];
}

async function hasColumns({ warehouse }: RunContext, file: KeptFile, wanted: readonly string[]): Promise<boolean> {
  const there = (await warehouse.describe(`SELECT * FROM ${rowsIn([file])}`)).map(({ name, type }) => `${name} ${type}`);
  return wanted.every((column) => there.includes(column));
}

/** Rows of published files, as SQL reads them: months are columns of theirs, whatever their folders say. */
export function rowsIn(files: readonly KeptFile[]): string {
  return `read_parquet([${files.map(({ root, path }) => literal(join(root, path))).join(', ')}], hive_partitioning = false)`;
}

function tellAnew({ listener }: RunContext, month: Month, why: string): void {
  const message = `what is published of ${month} ${why}: its movement begins anew with this run`;
  listener({ kind: 'note', level: 'warning', message });
}

export function damageProblem({ path, month }: KeptFile): Problem {
  return {
    code: 'run/history-damaged',
    message: `${path} of ${month ?? ''} is gone or not what was published, and the movement of the month is told against it`,
    remedy: 'put it back from a copy; or run once with --force, and the movement of the month begins anew',
  };
}
