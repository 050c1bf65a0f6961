// Months rated again at other prices, over the evidence of the published run: once with the books of the pipeline, once with the others. All
// of it in scratch: nothing lands, nothing is published, and no lock is taken.
import { join } from 'node:path';
import { Failure } from '../kernel/failure.js';
import { monthsThrough } from '../kernel/period.js';
import { neededFor } from '../model/catalog.js';
import { pricesWith } from '../pipeline/price-book.js';
import { type Manifest, readPublished } from '../publish/directory.js';
import { countedIn } from '../source/deliveries.js';
import { landedFile, landingsOf } from '../source/landing.js';
import type { LandedFile } from '../source/source.js';
import type { Rerated, RerateRequest } from './api.js';
import { executeSteps } from './builds.js';
import { modelOf, type RunContext } from './execute.js';
import { storedRuns } from './manifest.js';
import { overLanded, refuseCollected } from './over-landed.js';
import { parameterTables } from './parameters.js';
import { evidenceSteps, type Step } from './plan.js';
import { pricesThatServe, reratedBetween, takeFigures } from './rerate-figures.js';
import { type Prepared, preparePipeline } from './run.js';
import { removeFolder, scratchFolder } from './state.js';

const PRICES = 'run.price';
const FIGURES = ['rating.rated_usage', 'allocation.incurred_cost'];

/** Throws `Failure`: `user` where the months or the book cannot be used. Usage that the other prices leave unpriced is told, with null amounts. */
export async function reratePipeline(request: RerateRequest): Promise<Rerated> {
  const prepared = await preparePipeline({ ...request, scope: {}, force: false });
  const published = publishedOf(await readPublished(prepared.pipeline.outDir), request);
  const period = { asOf: published.asOf, firstMonth: request.from, lastMonth: request.to };
  const files = await evidenceOf(prepared, published.runId);
  const scratch = await scratchFolder();
  try {
    const of = { ...prepared, period, files, scratch };
    const figures = await overLanded(request, of, async (context) => bothWays(context, prepared, request));
    return { runId: published.runId, asOf: published.asOf, ...figures };
  } finally {
    await removeFolder(scratch);
  }
}

function publishedOf(published: Manifest | null, { from, to }: RerateRequest): Manifest {
  const months = published?.months ?? [];
  if (from > to) throw refused('rerate/months', `--from ${from} is after --to ${to}`, 'name the earlier month first');
  const missing = monthsThrough(from, to).filter((month) => !months.includes(month));
  if (published !== null && missing.length === 0) return published;
  const message = `nothing is published of ${missing.join(', ')}`;
  const remedy = months.length === 0 ? 'run the pipeline first: showback run' : `use some of ${months.join(', ')}`;
  throw refused('rerate/months', message, remedy);
}

/** What the published run was made of, as it landed. */
async function evidenceOf({ pipeline }: Prepared, runId: string): Promise<readonly LandedFile[]> {
  const landing = join(pipeline.stateDir, 'landing');
  const remedy = 'make the run again: showback run --force';
  const made = (await storedRuns(pipeline.stateDir)).find(({ id }) => id === runId)?.manifest ?? null;
  if (made === null) throw refused('rerate/collected', `the state has nothing of the published run ${runId}`, remedy);
  const landed = new Set(made.landed);
  const files: LandedFile[] = [];
  for (const { id } of pipeline.sources) {
    const entries = countedIn(await landingsOf(landing, id), landed);
    files.push(...entries.map((entry) => landedFile(landing, entry)));
  }
  await refuseCollected(files, { code: 'rerate/collected', whose: `run ${runId}`, remedy });
  return files;
}

async function bothWays(
  context: RunContext,
  { pipeline, catalog }: Prepared,
  request: RerateRequest,
): Promise<Omit<Rerated, 'runId' | 'asOf'>> {
  const needed = neededFor(FIGURES, catalog);
  const steps = evidenceSteps(pipeline, catalog).filter((step) => isNeeded(step, needed));
  await executeSteps(context, steps);
  await takeFigures(context.warehouse, 'was');
  const again = { ...context, pipeline: { ...context.pipeline, prices: pricesWith(pipeline.prices, request.prices) } };
  const price = modelOf(again, PRICES);
  await again.engine.createEmpty(price);
  await again.engine.fill(price, parameterTables(again.pipeline, again.period)[PRICES] ?? []);
  const isStale = (step: Step): boolean =>
    step.kind === 'level' || (step.kind === 'build' && neededFor([step.model], catalog).has(PRICES));
  await executeSteps(again, steps.filter(isStale));
  await refuseIdle(again, request);
  await takeFigures(again.warehouse, 'is');
  return reratedBetween(again.warehouse, request.from, request.to);
}

function isNeeded(step: Step, needed: ReadonlySet<string>): boolean {
  switch (step.kind) {
    case 'load':
    case 'fill':
    case 'level':
      return true;
    case 'build':
      return needed.has(step.model);
    default:
      return false;
  }
}

/** A book of which nothing serves would tell that nothing changes, when it was only misspelt. */
async function refuseIdle({ warehouse, pipeline }: RunContext, { prices, bookName, from, to }: RerateRequest): Promise<void> {
  if (prices.book === null) return;
  const rows = new Set(prices.book.rows);
  const numbers = pipeline.prices.flatMap((row, at) => (rows.has(row) ? [at + 1] : []));
  if (await pricesThatServe(warehouse, numbers, from, to)) return;
  const message = `no row of ${bookName ?? 'the book'} prices anything that was used ${from === to ? `in ${from}` : `from ${from} through ${to}`}`;
  const remedy = 'compare provider, sku, meter, tier and valid_from with `showback rates show --model …`';
  throw refused('rerate/idle-book', message, remedy);
}

function refused(code: string, message: string, remedy: string): Failure {
  return new Failure('user', [{ code, message, remedy }]);
}
