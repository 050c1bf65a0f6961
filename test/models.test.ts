// Every model has a contract with at least one example, and every example holds.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEmpty } from '../src/model/build.js';
import { type Catalog, LAYERS, readCatalog } from '../src/model/catalog.js';
import { runExample } from '../src/model/examples.js';
import { openDuckDb } from '../src/warehouse/duckdb.js';
import type { Warehouse } from '../src/warehouse/warehouse.js';

const warehouse = await openDuckDb({ threads: 1 });
const catalog: Catalog = await readCatalog('sql', warehouse);
await warehouse[Symbol.asyncDispose]();

describe('models', () => {
  let engine: Warehouse;
  beforeAll(async () => {
    engine = await openDuckDb({ threads: 1 });
  });
  afterAll(async () => engine[Symbol.asyncDispose]());

  const models = catalog.models.filter((model) => model.sql !== null);
  it.each(models.map((model) => [model.name, model] as const))(
    '%s has an example and a meaning for every column',
    (_name, model) => {
      expect(model.contract.examples.length).toBeGreaterThan(0);
      expect(model.contract.columns.filter((column) => column.about === '').map((column) => column.name)).toEqual([]);
    },
  );

  it.each(models.map((model) => [model.name, model] as const))('%s gives the columns of its contract', async (_name, model) => {
    for (const layer of LAYERS) await engine.run(`CREATE SCHEMA IF NOT EXISTS ${layer}`);
    await engine.run(catalog.macros);
    for (const read of catalog.models) if (model.reads.includes(read.name)) await createEmpty(engine, read);
    const given = await engine.describe(model.sql ?? '');
    expect(given.map(({ name, type }) => `${name} ${type}`)).toEqual(
      model.contract.columns.map(({ name, type }) => `${name} ${type}`),
    );
  });

  const examples = models.flatMap((model) =>
    model.contract.examples.map((example) => [model.name, example.it, model, example] as const),
  );
  it.each(examples)('%s %s', async (_name, _it, model, example) => {
    const outcome = await runExample(engine, catalog, model, example);
    expect(outcome).toEqual({ missing: [], unexpected: [] });
  });

  // A backfill builds everything before the marts once for all its months.
  it('know of the published months in the marts alone', () => {
    const asking = models.filter(({ sql }) => /\b(first|last)_month\b/.test(sql ?? ''));
    expect(asking.length).toBeGreaterThan(0);
    expect(asking.filter(({ layer }) => layer !== 'marts').map(({ name }) => name)).toEqual([]);
  });
});
