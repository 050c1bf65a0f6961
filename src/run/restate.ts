// What closed months would cost now by the rules of their close, where evidence came since.
import { join } from 'node:path';
import { lastDay } from '../kernel/period.js';
import { neededFor } from '../model/catalog.js';
import { literal } from '../warehouse/sql-quote.js';
import { booksDir, type ClosedMonth, LOCK, sha256Of } from './books.js';
import { executeSteps } from './builds.js';
import { readLockedPipeline } from './config-copy.js';
import { type Amounts, modelOf, type RunContext } from './execute.js';
import { plainColumns } from './export.js';
import { modelsHash } from './fingerprint.js';
import { sourcesAsClosed } from './locked-sources.js';
import { evidenceSteps, type Step } from './plan.js';
import { addRows } from './posted.js';
import { inScratch } from './scratch.js';
import { isThere, namesIn, removeFolder, writeAside } from './state.js';

const INCURRED = 'allocation.incurred_cost';

/**
 * Months whose evidence changed since they were closed, and whose rules are not those of today, are computed by theirs: beside the run,
 * from what it landed. The result is kept until evidence changes again.
 */
export async function restate(context: RunContext): Promise<Amounts> {
  const changed = await context.engine.rows(
    'SELECT month_text(billing_month) AS month, evidence FROM allocation.restated_month WHERE NOT same_rules ORDER BY billing_month',
  );
  const kept: string[] = [];
  let rows = 0;
  for (const { month, evidence } of changed) {
    const closed = context.books.closed.find((each) => each.month === month);
    if (closed === undefined) throw new Error(`${month ?? ''} is not closed`);
    const path = await restatedLedger(context, closed, evidence ?? '');
    rows += await addRows(context.warehouse, modelOf(context, 'run.restated_cost'), [path]);
    kept.push(path);
  }
  await sweep(context, kept);
  return { rows };
}

function restatedDir({ pipeline }: RunContext): string {
  return join(booksDir(pipeline), 'restated');
}

async function sweep(context: RunContext, kept: readonly string[]): Promise<void> {
  const dir = restatedDir(context);
  const paths = (await namesIn(dir)).map((name) => join(dir, name));
  for (const path of paths) if (!kept.includes(path)) await removeFolder(path);
}

/** What the month costs by the rules, prices and registry of its close, from all evidence that landed. */
async function restatedLedger(context: RunContext, closed: ClosedMonth, evidence: string): Promise<string> {
  const { pipeline, catalog, period } = context;
  const sources = JSON.stringify(pipeline.sources, (key, value: unknown) => (key === 'place' ? undefined : value));
  const key = sha256Of([closed.lockSha256, evidence, modelsHash(catalog), sources].join('\n')).slice(0, 16);
  const path = join(restatedDir(context), `${closed.month}-${key}.parquet`);
  if (await isThere(path)) return path;
  const locked = await readLockedPipeline(closed, pipeline);
  const restated = {
    ...{ ...locked, sources: sourcesAsClosed(pipeline.sources, locked.sources) },
    // The lake is this one's; what it holds for this work is noted under the name of the lock.
    ...{ stateDir: pipeline.stateDir, file: join(closed.dir, LOCK) },
  };
  const months = { firstMonth: closed.month, lastMonth: closed.month };
  const asOf = period.asOf > lastDay(closed.month) ? period.asOf : lastDay(closed.month);
  const work = {
    ...{ pipeline: restated, catalog, period: { ...months, asOf }, files: context.files },
    tempDirectory: join(pipeline.stateDir, 'tmp', 'restate'),
  };
  const needed = neededFor([INCURRED], catalog);
  await inScratch({ ...context, listener: () => undefined, ...context.outside }, work, async (scratch) => {
    await executeSteps(
      scratch,
      evidenceSteps(restated, catalog).filter((step) => isNeeded(step, needed)),
    );
    const model = modelOf(scratch, INCURRED);
    const order = model.contract.grain.map((name) => `"${name}"`).join(', ');
    const select = `SELECT ${plainColumns(model)} FROM ${INCURRED} WHERE month_text(billing_month) = ${literal(closed.month)} ORDER BY ${order}`;
    await writeAside(path, async (aside) => scratch.warehouse.run(`COPY (${select}) TO ${literal(aside)} (FORMAT parquet)`));
  });
  return path;
}

export function isNeeded(step: Step, needed: ReadonlySet<string>): boolean {
  return (
    step.kind === 'load' || step.kind === 'fill' || step.kind === 'level' || (step.kind === 'build' && needed.has(step.model))
  );
}
