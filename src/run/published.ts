// The step that replaces what is published.
import { join } from 'node:path';
import { diskFailure } from '../kernel/disk-failure.js';
import type { Day, Month } from '../kernel/period.js';
import type { Model } from '../model/catalog.js';
import type { Made } from '../model/contract.js';
import type * as Arrow from '../publish/arrow.js';
import { type MadeMonth, type Manifest, publishRun } from '../publish/directory.js';
import { carriedMonths, computedMonths, keepCarried, ownMonths } from './carried.js';
import { keepConfiguration } from './config-copy.js';
import type { RunContext } from './execute.js';
import { ARROW_MARTS, type ExportedFile, exportMarts, orderedSelect, plainColumns, writeWarehouse } from './export.js';
import { modelsHash } from './fingerprint.js';
import type { RunName } from './history.js';
import { noteMadeOf, type Recipe, runFolder } from './manifest.js';
import { versionsOf } from './models.js';
import { writeAside, writeBytes } from './state.js';

/** Writes marts aside, checks nothing away, and flips the published folder to them. */
export async function publishMarts(context: RunContext, published: Manifest | null, name: RunName): Promise<void> {
  const { pipeline, period } = context;
  const carried = carriedMonths(context, published);
  const own = ownMonths(period);
  const months = [...own, ...carried.months].sort();
  const made = [...carried.made, ...own.map((month) => madeNow(month, period.asOf, name))].toSorted((a, b) =>
    a.month < b.month ? -1 : 1,
  );
  await noteMadeOf(pipeline.stateDir, name.runId, {
    ...{ pipeline: pipeline.name, outDir: pipeline.outDir, inputs: name.inputs },
    ...{ files: context.files, controls: context.controls },
    recipe: await recipeOf(context, name.runId, made),
  });
  await context.unchanged?.note(context, name.runId);
  // Loaded when it is used: a run without news does not wait for it, and this one lets the engine work meanwhile.
  const arrow = import('../publish/arrow.js');
  await publishRun({
    outDir: pipeline.outDir,
    runId: name.runId,
    keep: pipeline.retention.runs - 1,
    stage: async (dir) => stage(context, published, name, { dir, arrow }),
    manifest: {
      pipeline: pipeline.name,
      asOf: period.asOf,
      currency: pipeline.currency,
      months,
      made,
    },
  });
}

/** The published files below `dir`, and beside them the warehouse file of the run: they wait for the disk more than they work. */
async function stage(
  context: RunContext,
  published: Manifest | null,
  { runId }: RunName,
  { dir, arrow }: { readonly dir: string; readonly arrow: Promise<typeof Arrow> },
): Promise<readonly ExportedFile[]> {
  const marts = martsOf(context);
  const { lanes } = context.engine;
  const files = async (): Promise<readonly ExportedFile[]> => [
    ...(await exportMarts(context.warehouse, marts.filter(isOfRuns), computedMonths(context), { dir, lanes })),
    ...(await keepCarried(context, published, dir)),
  ];
  // None is left writing when another has failed. A warehouse file that cannot be committed takes the engine with it, and then all fail.
  const [written, exported, arrows] = await Promise.allSettled([
    writeRunWarehouse(context, marts, runId),
    files(),
    exportArrow(context, marts, dir, arrow),
  ]);
  for (const each of [written, exported, arrows]) if (each.status === 'rejected') throw each.reason;
  return [exported, arrows].flatMap((each) => (each.status === 'fulfilled' ? each.value : []));
}

function madeNow(month: Month, asOf: Day, { runId, inputs, after }: RunName): MadeMonth {
  const previous = after.get(month);
  return { month, asOf, inputs, run: runId, ...(previous === undefined ? {} : { after: previous }) };
}

/** Before anything is published: a run that people see can always be compared with what comes after it. */
async function recipeOf(
  { pipeline, period, catalog, warehouse, books, configuration }: RunContext,
  runId: string,
  made: readonly MadeMonth[],
): Promise<Recipe> {
  if (configuration === null) throw new Error('nobody knows what the pipeline was read from');
  return {
    ...(await keepConfiguration(pipeline, configuration, runFolder(pipeline.stateDir, runId))),
    ...{ asOf: period.asOf, models: modelsHash(catalog), versions: await versionsOf(warehouse) },
    closed: books.closed.map(({ month, lockSha256 }) => ({ month, lock: lockSha256 })),
    made,
  };
}

export function martsOf(context: RunContext): readonly Model[] {
  return context.catalog.models.filter((model) => model.layer === 'marts').toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** A run publishes those that remember too. */
function isOfRuns({ contract }: Model): boolean {
  return contract.made !== 'close';
}

/** Those that closing makes have files of closed months only. */
export function martsMadeBy(context: RunContext, made: Made): readonly Model[] {
  return martsOf(context).filter(({ contract }) => contract.made === made);
}

async function writeRunWarehouse(context: RunContext, marts: readonly Model[], runId: string): Promise<void> {
  const path = join(context.pipeline.stateDir, 'runs', runId, 'warehouse.duckdb');
  await using own = await context.warehouse.beside();
  try {
    await writeAside(path, (aside) => writeWarehouse(own, marts, aside));
  } catch (error) {
    // It lies in the state: who publishes would tell of `out`.
    throw diskFailure(error, { doing: 'write the warehouse file of the run', place: path }) ?? error;
  }
}

async function exportArrow(
  context: RunContext,
  marts: readonly Model[],
  dir: string,
  arrow: Promise<typeof Arrow>,
): Promise<readonly ExportedFile[]> {
  const { arrowBytes } = await arrow;
  await using own = await context.warehouse.beside();
  const files: ExportedFile[] = [];
  for (const mart of marts.filter((model) => ARROW_MARTS.has(model.table))) {
    const cells = await own.columns(orderedSelect(mart, null, plainColumns(mart)));
    const { columns } = mart.contract;
    const path = `arrow/${mart.table}.arrow`;
    await writeBytes(join(dir, path), await arrowBytes(columns, cells, { mart: mart.table, pipeline: context.pipeline.name }));
    files.push({ path, mart: mart.table, month: null, rows: cells[0]?.length ?? 0 });
  }
  return files;
}
