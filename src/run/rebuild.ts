// One month built again from what landed: its marts as files, and its rows of the ledger. Closing and verifying compare them.
import { join } from 'node:path';
import type { Month } from '../kernel/period.js';
import { literal } from '../warehouse/sql-quote.js';
import { LEDGER } from './books.js';
import { executeSteps } from './builds.js';
import { executeStep, modelOf, type RunContext } from './execute.js';
import { type ExportedFile, exportMarts, plainColumns } from './export.js';
import { closingSteps, publishSteps } from './plan.js';
import { martsMadeBy } from './published.js';

/** Of a mart that remembers: what was published before it is gone, so its bytes are kept, and never made again. */
export function isOfHistory({ catalog }: Pick<RunContext, 'catalog'>, { mart }: { readonly mart: string }): boolean {
  return catalog.models.some(({ layer, table, contract }) => layer === 'marts' && table === mart && contract.made === 'history');
}

/** Checks the controls of the month, builds its marts but those that remember, and writes them below `dir`, as a run publishes them. */
export async function exportMonth(context: RunContext, month: Month, dir: string): Promise<readonly ExportedFile[]> {
  const { pipeline, catalog, warehouse, engine } = context;
  const steps = publishSteps(pipeline, catalog, []).filter(({ kind }) => kind === 'gate' || kind === 'build');
  await executeSteps(context, steps, async (step) => executeStep(context, step));
  return exportMarts(warehouse, martsMadeBy(context, 'run'), [month], { dir, lanes: engine.lanes });
}

/** Builds what is made when a month closes, and writes its marts below `dir`. The month's own marts are built. */
export async function exportAtClose(context: RunContext, month: Month, dir: string): Promise<readonly ExportedFile[]> {
  const steps = closingSteps(context.pipeline, context.catalog);
  await executeSteps(context, steps, async (step) => executeStep(context, step));
  const built = new Set(steps.flatMap((step) => (step.kind === 'build' ? [step.model] : [])));
  const marts = martsMadeBy(context, 'close').filter(({ name }) => built.has(name));
  return exportMarts(context.warehouse, marts, [month], { dir, lanes: context.engine.lanes });
}

/** Writes what the ledger holds of the month below `dir`; gives the number of rows. */
export async function exportLedger(context: RunContext, month: Month, dir: string): Promise<number> {
  const model = modelOf(context, 'run.posted_cost');
  const where = `WHERE month_text(billing_month) = ${literal(month)}`;
  const order = model.contract.grain.map((name) => `"${name}"`).join(', ');
  const select = `SELECT ${plainColumns(model)} FROM allocation.cost ${where} ORDER BY ${order}`;
  await context.warehouse.run(`COPY (${select}) TO ${literal(join(dir, LEDGER))} (FORMAT parquet, COMPRESSION zstd)`);
  const [count] = await context.warehouse.rows(`SELECT count(*) AS n FROM allocation.cost ${where}`);
  return Number(count?.['n'] ?? 0);
}
