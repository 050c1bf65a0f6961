// What models are built on. Every text is the portable SQL of sql/, every name `layer.table`; an engine spells them its own way.
import type { Cell, Row, Warehouse } from '../warehouse/warehouse.js';
import { buildUnlessEmpty, createEmpty, fillInput, prepareWarehouse, setLevel } from './build.js';
import type { Problem } from '../kernel/failure.js';
import type { Catalog, Model } from './catalog.js';
import { EmptyTables, emptyOnes } from './empty-tables.js';
import { contractBreaches } from './verify.js';

export interface ModelEngine {
  readonly kind: 'duckdb' | 'athena';
  /** Models that may be built at once. */
  readonly lanes: number;
  /** Macros, and the empty inputs that contracts describe. */
  prepare(catalog: Catalog): Promise<void>;
  createEmpty(model: Model): Promise<void>;
  /** Adds rows of text to an input. Columns that a row leaves out are null. */
  fill(model: Model, rows: readonly Readonly<Record<string, Cell>>[]): Promise<void>;
  /** Sets the level that the next pass of the level group allocates. */
  setLevel(model: Model, level: number): Promise<void>;
  /** Builds one model and holds it to its contract. Gives the number of rows, or null where nobody looked at them. */
  build(model: Model): Promise<number | null>;
  /** Of these inputs, the ones that have rows. */
  filled(models: readonly Model[]): Promise<readonly Model[]>;
  /** Every way in which the table of `model` breaks its contract. `rows: false` looks at the columns only. */
  breaches(model: Model, rows: boolean): Promise<readonly Problem[]>;
  /** All rows of one query, as text. Parameters are bound by position (`$1`). */
  rows(select: string, parameters?: readonly Cell[]): Promise<readonly Row[]>;
  /** The same tables for models that are built at the same time. To be disposed of before this one is. */
  beside(): Promise<ModelEngine & AsyncDisposable>;
}

/** The embedded engine; whoever opened `warehouse` closes it. */
export function duckDbEngine(warehouse: Warehouse, lanes: number): ModelEngine {
  return connectedEngine(warehouse, lanes, new EmptyTables());
}

function connectedEngine(warehouse: Warehouse, lanes: number, empty: EmptyTables): ModelEngine {
  return {
    kind: 'duckdb',
    lanes,
    prepare: async (catalog) => prepareWarehouse(warehouse, catalog),
    createEmpty: async (model) => createEmpty(warehouse, model),
    fill: async (model, rows) => fillInput(warehouse, model, rows),
    setLevel: async (_model, level) => setLevel(warehouse, level),
    build: async (model) => buildUnlessEmpty(warehouse, model, empty),
    filled: async (models) => {
      const filled = await empty.filledOf(
        models.map(({ name }) => name),
        async (tables) => emptyOnes(warehouse, tables),
      );
      return models.filter(({ name }) => filled.has(name));
    },
    breaches: async (model, rows) => contractBreaches(warehouse, model, rows),
    rows: async (select, parameters) => warehouse.rows(select, parameters),
    beside: async () => {
      const connection = await warehouse.beside();
      return { ...connectedEngine(connection, 1, empty), [Symbol.asyncDispose]: async () => connection[Symbol.asyncDispose]() };
    },
  };
}
