import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Model } from '../../src/model/catalog.js';
import { verdictOn } from '../../src/model/verify.js';
import { openDuckDb } from '../../src/warehouse/duckdb.js';
import type { Warehouse } from '../../src/warehouse/warehouse.js';

let engine: Warehouse;

beforeAll(async () => {
  engine = await openDuckDb({ threads: 1 });
});

afterAll(async () => {
  await engine[Symbol.asyncDispose]();
});

const MODEL: Model = {
  name: 'main.cost',
  layer: 'marts',
  table: 'cost',
  file: 'sql/marts/cost.sql',
  sql: '',
  reads: [],
  checkReads: [],
  emptyWhen: { kind: 'never' },
  checksEmptyWhen: [{ kind: 'table', name: 'main.cost' }],
  tree: '',
  contract: {
    about: 'Cost.',
    grain: ['day', 'feature'],
    build: 'table',
    made: 'run',
    held: 'rows',
    columns: [
      { name: 'day', type: 'DATE', nullable: false, about: '' },
      { name: 'feature', type: 'VARCHAR', nullable: true, about: '' },
      { name: 'amount', type: 'DECIMAL(38,12)', nullable: false, about: '' },
    ],
    checks: [{ name: 'no cost is negative', select: 'SELECT * FROM main.cost WHERE amount < 0', remedy: 'mend it' }],
    examples: [],
  },
};

async function codes(rows: string, columns = 'day DATE, feature VARCHAR, amount DECIMAL(38,12)'): Promise<unknown> {
  await engine.run(`CREATE OR REPLACE TABLE main.cost (${columns}); INSERT INTO main.cost VALUES ${rows}`);
  const { breaches, rows: count } = await verdictOn(engine, MODEL, 'rows');
  return [count, ...breaches.map(({ code, excerpt }) => (excerpt === undefined ? code : `${code}: ${excerpt}`))];
}

describe('a table is held to its contract', () => {
  it('passes with its rows counted, a null in the grain among them', async () => {
    expect(await codes("('2026-07-01', 'chat', 1), ('2026-07-01', NULL, 2), ('2026-07-02', 'chat', 3)")).toEqual([3]);
  });

  it.each([
    [
      'a grain twice',
      "('2026-07-01', 'chat', 1), ('2026-07-01', 'chat', 2)",
      'contract/grain: day=2026-07-01  feature=chat  times=2',
    ],
    [
      'a grain with a null twice',
      "('2026-07-01', NULL, 1), ('2026-07-01', NULL, 1)",
      'contract/grain: day=2026-07-01  feature=null  times=2',
    ],
    ['a null where none may be', "('2026-07-01', 'chat', NULL), ('2026-07-02', 'chat', 1)", 'contract/null'],
    [
      'a row that a check finds',
      "('2026-07-01', 'chat', -1), ('2026-07-02', 'chat', 1)",
      'contract/check: day=2026-07-01  feature=chat  amount=-1.000000000000',
    ],
  ])('fails for %s', async (_, rows, code) => {
    expect(await codes(rows)).toEqual([2, code]);
  });

  it('fails for another type before it looks at rows', async () => {
    expect(await codes("('2026-07-01', 'chat', 1)", 'day DATE, feature VARCHAR, amount DOUBLE')).toEqual([
      null,
      'contract/columns',
    ]);
  });

  it('fails for JSON where text is promised: it lies alike, and is another type to who reads it', async () => {
    expect(await codes("('2026-07-01', '{}', 1)", 'day DATE, feature JSON, amount DECIMAL(38,12)')).toEqual([
      null,
      'contract/columns',
    ]);
  });
});
