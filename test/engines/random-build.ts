// A random company through every model of either engine, marts too, and what the marts hold as files.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { levelGroup } from '../../src/model/build.js';
import type { Catalog, Model } from '../../src/model/catalog.js';
import type { ModelEngine } from '../../src/model/engine.js';
import type { Pipeline } from '../../src/pipeline/pipeline.js';
import { NOTHING_BEFORE } from '../../src/run/books.js';
import { closingSteps, planSteps, type Step } from '../../src/run/plan.js';
import { sideBySide } from '../../src/run/side-by-side.js';
import { literal } from '../../src/warehouse/sql-quote.js';
import type { Warehouse } from '../../src/warehouse/warehouse.js';
import type { RandomCompany } from '../property/random-company.js';
import { modelOf } from './inline.js';

/** As the company's own tables have it. */
const CHARGEBACK: Pipeline['chargeback'] = {
  ...{ by: 'feature', expenseAccount: '6420', expenseAccounts: [], clearingAccount: '2150', costCenter: 'CC-0' },
};
const PIPELINE: Partial<Pipeline> = { sources: [], start: '2026-07', rules: [], publish: null };

/** Fills the inputs, then builds in the order of a run, and what closing makes; models that do not read each other at once. */
export async function buildCompany(engine: ModelEngine, catalog: Catalog, company: RandomCompany): Promise<void> {
  await engine.prepare(catalog);
  for (const model of catalog.models) if (model.layer === 'raw') await engine.createEmpty(model);
  for (const [name, rows] of Object.entries(company.tables)) await engine.fill(modelOf(catalog, name), rows);
  const steps = planSteps(PIPELINE as Pipeline, catalog, NOTHING_BEFORE);
  const first = steps.findIndex(({ kind }) => kind === 'level');
  await build(engine, builtBy(catalog, steps.slice(0, first)));
  for (let level = 0; level <= company.levels; level += 1) {
    await engine.setLevel(modelOf(catalog, 'run.level'), level);
    await build(engine, levelGroup(catalog));
  }
  await build(engine, builtBy(catalog, steps.slice(first)));
  await build(engine, builtBy(catalog, closingSteps({ chargeback: CHARGEBACK }, catalog)));
}

function builtBy(catalog: Catalog, steps: readonly Step[]): readonly Model[] {
  return steps.flatMap((step) => (step.kind === 'build' ? [modelOf(catalog, step.model)] : []));
}

async function build(engine: ModelEngine, models: readonly Model[]): Promise<void> {
  const pieces = models.map((model) => ({ model, work: async (lane: ModelEngine) => void (await lane.build(model)) }));
  await sideBySide(engine, pieces);
}

/** Each mart as Parquet and as CSV, in one order of rows. */
export async function filesOf(warehouse: Warehouse, catalog: Catalog, folder: string): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  for (const { name, layer, contract } of catalog.models) {
    // What remembers is built here whatever engine built the rest, and nothing is published before these.
    if (layer !== 'marts' || contract.made !== 'run') continue;
    for (const format of ['parquet', 'csv'] as const) {
      const file = join(folder, `${name}.${format}`);
      await warehouse.run(`COPY (SELECT * FROM ${name} ORDER BY ALL) TO ${literal(file)} (FORMAT ${format})`);
      files.set(`${name}.${format}`, (await readFile(file)).toString('latin1'));
    }
  }
  return files;
}
