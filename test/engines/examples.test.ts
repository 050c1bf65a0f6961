// Every example, every check and every vector through a real Trino: the same rows as DuckDB gives, to the last digit.
import { afterAll, describe, expect, it } from 'vitest';
import { type Model, readCatalog } from '../../src/model/catalog.js';
import type { Example, ExampleRow } from '../../src/model/contract.js';
import { giveTable, rowsGiven, runExample } from '../../src/model/examples.js';
import { openDuckDb } from '../../src/warehouse/duckdb.js';
import type { Cell, Row } from '../../src/warehouse/warehouse.js';
import { vectorSuite } from '../contract/vectors.suite.js';
import { modelOf, modelSelect, rendered, rowsOf, rowsSelect, type Tables } from './inline.js';

const reader = await openDuckDb({ threads: 1 });
const catalog = await readCatalog('sql', reader);
const models = catalog.models.filter((model) => model.sql !== null);
const examples = models.flatMap((model) =>
  model.contract.examples.map((example) => [model.name, example.it, model, example] as const),
);

/** `ENGINES=some` holds models to their first example, and every third of them to its checks. */
const SOME = process.env['ENGINES'] === 'some';
const firstOfEach = examples.filter(([name], at) => examples.findIndex(([other]) => other === name) === at);

afterAll(async () => {
  await reader[Symbol.asyncDispose]();
});

/** A query over a few rows takes a second; on a machine that does much beside, many. */
const MINUTES = 180_000;

const alike = { examples: 0, rows: 0, checks: 0 };
afterAll(() => {
  process.stdout.write(
    `alike on DuckDB and Trino: ${alike.examples} of ${examples.length} examples (${alike.rows} rows), ${alike.checks} checks on them\n`,
  );
});

/** In an order of its own: neither engine promises one. */
function sorted(rows: readonly Row[]): readonly string[] {
  return rows.map((row) => JSON.stringify(row)).sort();
}

function given(names: readonly string[], example: Example): Map<string, string> {
  return new Map(names.map((name) => [name, rowsSelect(modelOf(catalog, name), rowsGiven(name, example))]));
}

/** What the example expects, and what the model gives of the same columns. One query: a column says which. */
async function sides(
  tables: Tables,
  model: Model,
  expected: readonly ExampleRow[],
  signal: AbortSignal,
): Promise<readonly [expected: readonly Row[], actual: readonly Row[]]> {
  const rows = await rowsOf(
    tables,
    `SELECT true AS "(expected)", * FROM (${rowsSelect(model, expected)}) AS told
     UNION ALL SELECT false, * FROM (${await modelSelect(reader, model)}) AS given`,
    signal,
  );
  const side = (flag: Cell): readonly Row[] =>
    rows.filter((row) => row['(expected)'] === flag).map(({ '(expected)': _side, ...row }) => row);
  return [side('true'), side('false')];
}

describe('examples', { timeout: MINUTES }, () => {
  it.for(SOME ? firstOfEach : examples)('%s %s', async ([_name, _it, model, example], { signal }) => {
    const [expected, actual] = await sides(given(model.reads, example), model, example.expect, signal);
    const columns = [...new Set(example.expect.flatMap((row) => Object.keys(row)))];
    const named = (rows: readonly Row[]) =>
      sorted(rows.map((row) => Object.fromEntries(columns.map((name) => [name, row[name] ?? null]))));
    expect(named(actual)).toEqual(named(expected));
    expect(sorted(actual)).toEqual(sorted(await onDuckDb(model, example)));
    alike.examples += 1;
    alike.rows += actual.length;
  });
});

/** Checks of a contract on what the model made of the example: both engines find the same rows, and none where the check reads nothing else. */
describe('checks', { timeout: MINUTES }, () => {
  const checked = (SOME ? firstOfEach.filter((_, at) => at % 3 === 0) : examples).flatMap(([name, it, model, example]) =>
    model.contract.checks.map((check) => [name, check.name, it, model, example, check] as const),
  );
  it.for(checked)('%s: %s, where it %s', async ([_name, _check, _it, model, example, check], { signal }) => {
    const reads = [...new Set([...model.reads, ...model.checkReads])].filter((name) => name !== model.name);
    const tables = given(reads, example).set(model.name, await modelSelect(reader, model));
    const onTrino = await rowsOf(tables, await rendered(reader, model.file, check.select), signal);
    expect(sorted(onTrino)).toEqual(sorted(await onDuckDb(model, example, reads, check.select)));
    alike.checks += 1;
  });
});

describe('vectors', { timeout: MINUTES }, () => {
  const made = new Map<string, string>();
  vectorSuite(() => ({
    catalog,
    async given(model, rows) {
      made.set(model.name, rowsSelect(model, rows));
    },
    async build(model) {
      made.set(model.name, rowsSelect(model, await rowsOf(tablesOf(model.reads), await modelSelect(reader, model))));
    },
    rows: async (sql) => rowsOf(made, await rendered(reader, 'test/contract/vectors.suite.ts', sql)),
  }));
  function tablesOf(names: readonly string[]): Tables {
    return new Map(names.map((name) => [name, made.get(name) ?? rowsSelect(modelOf(catalog, name), [])]));
  }
});

/** All columns of what the model gives, or what a check finds in it. The example must hold there too. */
async function onDuckDb(model: Model, example: Example, reads: readonly string[] = [], check?: string): Promise<readonly Row[]> {
  const own = await openDuckDb({ threads: 1 });
  try {
    expect(await runExample(own, catalog, model, example)).toEqual({ missing: [], unexpected: [] });
    if (check === undefined) return await own.rows(`SELECT * FROM (${model.sql}) AS built`);
    for (const name of reads) if (!model.reads.includes(name)) await giveTable(own, modelOf(catalog, name), example);
    await own.run(`CREATE OR REPLACE TABLE ${model.name} AS ${model.sql}`);
    return await own.rows(check);
  } finally {
    await own[Symbol.asyncDispose]();
  }
}
