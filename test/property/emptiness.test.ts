// Random companies that lack some of their inputs, built model by model: what the text of a model says to have no rows has none.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Failure } from '../../src/kernel/failure.js';
import { buildModel, createEmpty, fillInput, levelGroup, prepareWarehouse, setLevel } from '../../src/model/build.js';
import { type Catalog, type Model, readCatalog } from '../../src/model/catalog.js';
import { emptyOnes } from '../../src/model/empty-tables.js';
import { decidingTables, type Emptiness, holds } from '../../src/model/emptiness.js';
import type { Pipeline } from '../../src/pipeline/pipeline.js';
import { NOTHING_BEFORE } from '../../src/run/books.js';
import { planSteps } from '../../src/run/plan.js';
import { openDuckDb } from '../../src/warehouse/duckdb.js';
import type { Warehouse } from '../../src/warehouse/warehouse.js';
import { randomCompany } from './random-company.js';
import { Dice } from './random-dice.js';

let engine: Warehouse;
let catalog: Catalog;

beforeAll(async () => {
  engine = await openDuckDb({ threads: 1 });
  catalog = await readCatalog('sql', engine);
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
});

function modelOf(name: string): Model {
  const model = catalog.models.find((candidate) => candidate.name === name);
  if (model === undefined) throw new Error(`no model ${name}`);
  return model;
}

async function isVoid(emptiness: Emptiness): Promise<boolean> {
  const tables = decidingTables(emptiness);
  const answers = tables.length === 0 ? [] : await emptyOnes(engine, tables);
  return holds(emptiness, (table) => answers[tables.indexOf(table)] === true);
}

async function count(select: string): Promise<number> {
  const [row] = await engine.rows(`SELECT count(*) AS n FROM (${select}) AS q`);
  return Number(row?.['n']);
}

/** A company without a table that all have, such as its currencies, breaks contracts: what was built is looked at all the same. */
function contractFailure(error: unknown): void {
  const isContract = error instanceof Failure && error.problems.every(({ code }) => code.startsWith('contract/'));
  if (!isContract) throw error;
}

/** Promises that are broken, and how many of how many models and checks were said to be void. */
interface Held {
  readonly broken: readonly string[];
  readonly spared: number;
  readonly of: number;
}

async function buildHeld(model: Model): Promise<Held> {
  const before = model.contract.build === 'append' ? await count(`FROM ${model.name}`) : 0;
  const isEmpty = await isVoid(model.emptyWhen);
  await buildModel(engine, model).catch(contractFailure);
  const broken = isEmpty && (await count(`FROM ${model.name}`)) !== before ? [model.name] : [];
  let spared = isEmpty ? 1 : 0;
  for (const [at, { name, select }] of model.contract.checks.entries()) {
    if (!(await isVoid(model.checksEmptyWhen[at] ?? { kind: 'never' }))) continue;
    spared += 1;
    if ((await count(select)) > 0) broken.push(`${model.name}: ${name}`);
  }
  return { broken, spared, of: 1 + model.contract.checks.length };
}

/** Of a company that has only some of its bills, logs, prices, rules and registers. */
async function runWithout(seed: number, share: number): Promise<readonly Held[]> {
  const [company, dice] = [randomCompany(seed), new Dice(seed + 1)];
  await prepareWarehouse(engine, catalog);
  for (const model of catalog.models) if (model.layer === 'raw') await createEmpty(engine, model);
  for (const [name, rows] of Object.entries(company.tables))
    if (name === 'run.period' || dice.below(100) >= share) await fillInput(engine, modelOf(name), rows);
  const held = [];
  const pipeline: Partial<Pipeline> = { sources: [], start: '2026-07', rules: [] };
  for (const step of planSteps(pipeline as Pipeline, catalog, NOTHING_BEFORE)) {
    if (step.kind === 'build' && modelOf(step.model).contract.made === 'run') held.push(await buildHeld(modelOf(step.model)));
    if (step.kind !== 'level' || step.level > 0) continue;
    for (let level = 0; level <= company.levels; level += 1) {
      await setLevel(engine, level);
      for (const model of levelGroup(catalog)) held.push(await buildHeld(model));
    }
  }
  return held;
}

describe('random companies without some of their inputs', () => {
  it('have no rows where that is said of a model or a check', { timeout: 300_000 }, async () => {
    const company = fc.record({ seed: fc.integer({ min: 0, max: 2 ** 31 - 1 }), share: fc.constantFrom(0, 20, 50, 90) });
    let [spared, all] = [0, 0];
    await fc.assert(
      fc.asyncProperty(company, async ({ seed, share }) => {
        const held = await runWithout(seed, share);
        expect(held.flatMap(({ broken }) => broken)).toEqual([]);
        spared += held.reduce((sum, each) => sum + each.spared, 0);
        all += held.reduce((sum, { of }) => sum + of, 0);
      }),
      { numRuns: Number(process.env['EMPTY_RUNS'] ?? 4) },
    );
    // Neither nothing nor everything: both would say nothing of the promise.
    expect(spared).toBeGreaterThan(20);
    expect(spared).toBeLessThan(all);
  });

  it('are seen where a model would be spared that has rows', async () => {
    await runWithout(1, 0);
    const [charge, empty] = [modelOf('staging.charge'), 'run.closed_month'];
    expect(await count(`FROM ${empty}`)).toBe(0);
    const { broken, spared } = await buildHeld({ ...charge, emptyWhen: { kind: 'table', name: empty } });
    expect({ broken, spared }).toEqual({ broken: [charge.name], spared: 1 });
  });
});
