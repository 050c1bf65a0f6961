// The arithmetic of money against published vectors, on DuckDB.
import { afterAll, beforeAll, describe } from 'vitest';
import { createEmpty, prepareWarehouse } from '../src/model/build.js';
import { type Catalog, readCatalog } from '../src/model/catalog.js';
import { openDuckDb } from '../src/warehouse/duckdb.js';
import type { Warehouse } from '../src/warehouse/warehouse.js';
import { vectorSuite } from './contract/vectors.suite.js';

let engine: Warehouse;
let catalog: Catalog;

beforeAll(async () => {
  engine = await openDuckDb({ threads: 1 });
  catalog = await readCatalog('sql', engine);
  await prepareWarehouse(engine, catalog);
});
afterAll(async () => engine[Symbol.asyncDispose]());

describe('vectors', () => {
  vectorSuite(() => ({
    catalog,
    async given(model, rows) {
      await createEmpty(engine, model);
      if (rows.length === 0) return;
      const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
      await engine.insert(
        model.name,
        columns,
        rows.map((row) => columns.map((column) => row[column] ?? null)),
      );
    },
    build: async (model) => engine.run(`CREATE OR REPLACE TABLE ${model.name} AS ${model.sql}`),
    rows: async (sql) => engine.rows(sql),
  }));
});
