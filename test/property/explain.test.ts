// Random companies, explained: whatever bills, pools, shares, currencies and registers there are, every row of every mart has parts that sum to it,
// down to evidence. And every golden company, as it was published.
import { cp, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { captureLevel, openCapture, openLedger } from '../../src/explain/capture.js';
import { explainFigures } from '../../src/explain/explain.js';
import { openTold } from '../../src/explain/ledger.js';
import { ENDS, explanationOf } from '../../src/explain/marts.js';
import { plant, readTrees, refuseGaps, refuseLooseEnds } from '../../src/explain/tree.js';
import { buildModel, createEmpty, fillInput, levelGroup, prepareWarehouse, setLevel } from '../../src/model/build.js';
import { type Catalog, type Model, readCatalog } from '../../src/model/catalog.js';
import type { Pipeline } from '../../src/pipeline/pipeline.js';
import { readPublished } from '../../src/publish/directory.js';
import { NOTHING_BEFORE } from '../../src/run/books.js';
import { planSteps } from '../../src/run/plan.js';
import { openDuckDb } from '../../src/warehouse/duckdb.js';
import type { Warehouse } from '../../src/warehouse/warehouse.js';
import { type BookStep, doStep } from '../golden/books-steps.js';
import { companyOf, type Packed, packFiles, run } from '../golden/company.js';
import { type RandomCompany, randomCompany } from './random-company.js';

vi.mock('../../src/model/catalog.js', async (original) => (await import('../golden/one-catalog.js')).oneCatalog(original));

function modelOf(catalog: Catalog, name: string): Model {
  const model = catalog.models.find((candidate) => candidate.name === name);
  if (model === undefined) throw new Error(`no model ${name}`);
  return model;
}

/** As a run builds it, with the levels captured. */
async function build(engine: Warehouse, catalog: Catalog, { tables, levels }: RandomCompany, month: string): Promise<void> {
  await prepareWarehouse(engine, catalog);
  for (const model of catalog.models) if (model.layer === 'raw') await createEmpty(engine, model);
  for (const [name, rows] of Object.entries(tables)) await fillInput(engine, modelOf(catalog, name), rows);
  await openCapture(engine, month);
  const pipeline: Partial<Pipeline> = { sources: [], start: '2026-07', rules: [] };
  for (const step of planSteps(pipeline as Pipeline, catalog, NOTHING_BEFORE)) {
    if (step.kind === 'build') await buildModel(engine, modelOf(catalog, step.model));
    if (step.kind !== 'level' || step.level > 0) continue;
    for (let level = 0; level <= levels; level += 1) {
      await setLevel(engine, level);
      for (const model of levelGroup(catalog)) await buildModel(engine, model);
      await captureLevel(engine, level);
    }
  }
  await openLedger(engine);
  await openTold(engine);
}

/** Gives how many figures the trees of all marts have that a run makes by itself: others need what was published before. */
async function explainAll(engine: Warehouse, catalog: Catalog, month: string, most: number): Promise<number> {
  let figures = 0;
  for (const mart of catalog.models.filter(({ layer, contract }) => layer === 'marts' && contract.made === 'run')) {
    await plant(engine);
    await engine.run(
      `CREATE OR REPLACE TABLE explain.row AS SELECT row_number() OVER () AS id, * FROM ${mart.name} WHERE billing_month = '${month}'`,
    );
    await explanationOf(mart).grow(engine, mart, most);
    await refuseGaps(engine);
    await refuseLooseEnds(engine, ENDS);
    await readTrees(engine);
    const [count] = await engine.rows('SELECT count(*) AS n FROM explain.figure');
    figures += Number(count?.['n'] ?? 0);
  }
  return figures;
}

describe('explained', { timeout: 1_800_000 }, () => {
  it('are random companies', async () => {
    let figures = 0;
    await using reader = await openDuckDb({ threads: 1 });
    const catalog = await readCatalog('sql', reader);
    const company = fc.record({ seed: fc.integer({ min: 0, max: 2 ** 31 - 1 }), most: fc.integer({ min: 1, max: 50 }) });
    await fc.assert(
      fc.asyncProperty(company, async ({ seed, most }) => {
        await using engine = await openDuckDb({ threads: 1 });
        await build(engine, catalog, randomCompany(seed), '2026-07');
        figures += await explainAll(engine, catalog, '2026-07', most);
      }),
      { numRuns: Number(process.env['EXPLAIN_RUNS'] ?? 8) },
    );
    expect(figures).toBeGreaterThan(1000);
  });
});

interface Told extends Packed {
  readonly runs: Readonly<
    Record<string, { readonly steps?: readonly BookStep[]; readonly add?: string; readonly asOf?: string }>
  >;
}

const CASES = join(import.meta.dirname, '../../fixtures/cases');

const NAMES = (await readdir(CASES)).sort();

describe('explained as published', () => {
  it.each(NAMES)('is %s', { timeout: 600_000 }, async (name) => {
    const source = join(CASES, name);
    const told = parse(await readFile(join(source, 'case.yaml'), 'utf8')) as Told;
    await using company = await companyOf(source);
    await packFiles(company, told);
    for (const { steps = [], add, ...scope } of Object.values(told.runs)) {
      for (const step of steps) await doStep(company, join(source, 'then'), step);
      if (add !== undefined) await cp(join(source, 'then', add), company.folder, { recursive: true });
      await run(company, scope.asOf === undefined ? {} : { asOf: scope.asOf });
    }
    const manifest = await readPublished(join(company.folder, 'out'));
    for (const month of (manifest?.months ?? []).slice(-2)) {
      const marts = [...new Set(manifest?.files.filter((file) => file.rows > 0 && file.month === month).map(({ mart }) => mart))];
      const request = {
        pipelineFile: company.pipelineFile,
        month,
        threads: 1,
        listener: () => undefined,
        now: () => new Date(0),
        env: {},
      };
      const explained = await explainFigures(
        request,
        marts.map((mart) => ({ mart, where: [], most: 3 })),
      );
      expect(explained.map(({ mart }) => mart)).toEqual(marts);
    }
  });
});
