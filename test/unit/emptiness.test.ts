// When a query has no rows for sure, by its text; and what is built of that.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildUnlessEmpty, createEmpty } from '../../src/model/build.js';
import type { Model } from '../../src/model/catalog.js';
import { EmptyTables } from '../../src/model/empty-tables.js';
import { type Emptiness, emptinessOf, type Functions, NEVER } from '../../src/model/emptiness.js';
import { functionsOf } from '../../src/model/functions.js';
import { openDuckDb } from '../../src/warehouse/duckdb.js';
import type { Warehouse } from '../../src/warehouse/warehouse.js';

const MACROS = `
CREATE OR REPLACE MACRO summed(x) AS sum(x) + 0;
CREATE OR REPLACE MACRO twice_summed(x) AS summed(x) * 2;
CREATE OR REPLACE MACRO doubled(x) AS x * 2;
CREATE OR REPLACE MACRO beside(items, weights) AS TABLE
WITH item AS (SELECT a FROM query_table(items)) SELECT a FROM item LEFT JOIN query_table(weights) AS w USING (a);
`;

let engine: Warehouse;
let functions: Functions;

beforeAll(async () => {
  engine = await openDuckDb({ threads: 1 });
  await engine.run(MACROS);
  functions = await functionsOf(MACROS, engine);
});

afterAll(async () => {
  await engine[Symbol.asyncDispose]();
});

function shown(emptiness: Emptiness): string {
  switch (emptiness.kind) {
    case 'never':
      return 'never';
    case 'table':
      return emptiness.name;
    case 'any':
    case 'all':
      return `${emptiness.kind}(${emptiness.of.map(shown).join(', ')})`;
    default:
      return emptiness satisfies never;
  }
}

async function when(select: string): Promise<string> {
  const parsed = await engine.parse(select);
  return parsed.kind === 'tree' ? shown(emptinessOf(parsed.tree, functions)) : parsed.message;
}

describe('a query has no rows', () => {
  it.each([
    ['SELECT a FROM s.t WHERE a > 1 ORDER BY a LIMIT 3', 's.t'],
    ['SELECT * FROM s.t, s.u', 'any(s.t, s.u)'],
    ['SELECT * FROM s.t JOIN s.u USING (a) LEFT JOIN s.v USING (a)', 'any(s.t, s.u)'],
    ['SELECT * FROM s.t RIGHT JOIN s.u USING (a)', 's.u'],
    ['SELECT * FROM s.t FULL OUTER JOIN s.u USING (a)', 'all(s.t, s.u)'],
    ['SELECT * FROM s.t SEMI JOIN s.u USING (a)', 'any(s.t, s.u)'],
    ['SELECT * FROM s.t ANTI JOIN s.u USING (a)', 's.t'],
    ['SELECT * FROM s.t ASOF JOIN s.u USING (a)', 'any(s.t, s.u)'],
    ['SELECT * FROM s.t, UNNEST([1, 2]) AS x(n)', 's.t'],
    ['SELECT a FROM s.t UNION ALL SELECT a FROM s.u UNION SELECT a FROM s.t', 'all(s.t, s.u)'],
    ['SELECT a FROM s.t INTERSECT SELECT a FROM s.u', 'any(s.t, s.u)'],
    ['SELECT a FROM s.t EXCEPT SELECT a FROM s.u', 's.t'],
    ['WITH c AS (SELECT * FROM s.t), d AS (SELECT * FROM c JOIN s.u USING (a)) SELECT * FROM d', 'any(s.t, s.u)'],
    ['SELECT * FROM (SELECT * FROM s.t) AS x', 's.t'],
    ['SELECT a, sum(b) FROM s.t GROUP BY a', 's.t'],
    ['SELECT a, sum(b) OVER (PARTITION BY a) FROM s.t QUALIFY row_number() OVER () = 1', 's.t'],
    ['SELECT doubled(a), nullif(a, 1) FROM s.t', 's.t'],
    ['SELECT a, (SELECT b FROM s.u LIMIT 1) FROM s.t', 's.t'],
    ["SELECT * FROM beside('s.t', 's.u')", 's.t'],
  ])('%s: %s', async (select, emptiness) => {
    expect(await when(select)).toBe(emptiness);
  });

  it.each([
    ['of nothing', 'SELECT 1'],
    ['of values', 'SELECT * FROM (VALUES (1)) AS x(a)'],
    ['that aggregates all', 'SELECT sum(a) FROM s.t'],
    ['that counts', 'SELECT 1 + count(*) FROM s.t'],
    ['that aggregates in its order', 'SELECT 1 FROM s.t ORDER BY count(*)'],
    ['that has a HAVING alone', 'SELECT 1 FROM s.t HAVING true'],
    ['that groups by nothing too', 'SELECT a, count(*) FROM s.t GROUP BY ROLLUP (a)'],
    ['that groups by all', 'SELECT current_date AS d, count(*) FROM s.t GROUP BY ALL'],
    ['whose macro aggregates', 'SELECT summed(a) FROM s.t'],
    ['whose macro is written of one that does', 'SELECT twice_summed(a) FROM s.t'],
    ['that aggregates what is around a subquery', 'SELECT (SELECT sum(t.a)) FROM s.t AS t'],
    ['that may aggregate what is around a subquery', 'SELECT (SELECT max(b) FROM s.u) FROM s.t AS t'],
    ['that orders by such a one', 'SELECT 1 FROM s.t AS t ORDER BY (SELECT max(t.a) FROM s.u)'],
    ['of a macro whose tables stand in another order', "SELECT * FROM beside(weights := 's.t', items := 's.u')"],
    ['over an aggregate of all', 'SELECT * FROM (SELECT sum(a) FROM s.t) AS x'],
    ['of one side that has some', 'SELECT a FROM s.t UNION ALL SELECT 1'],
    ['that reads itself', 'WITH RECURSIVE r AS (SELECT a FROM s.t UNION ALL SELECT a FROM r) SELECT * FROM r'],
    ['of two sides by position', 'SELECT * FROM s.t POSITIONAL JOIN s.u'],
    ['of a table without a layer', 'SELECT * FROM t'],
    ['of a function', 'SELECT * FROM range(3)'],
    ['of a macro over a part of itself', "WITH c AS (SELECT 1 AS a) SELECT * FROM beside('c', 's.u')"],
  ])('never for sure: %s', async (_, select) => {
    expect(await when(select)).toBe('never');
  });
});

/** A model `main.made` over `main.given`. */
const MADE: Model = {
  name: 'main.made',
  layer: 'staging',
  table: 'made',
  file: 'sql/staging/made.sql',
  sql: 'SELECT a FROM main.given',
  reads: ['main.given'],
  checkReads: ['main.given', 'main.made', 'main.ledger'],
  emptyWhen: { kind: 'table', name: 'main.given' },
  checksEmptyWhen: [{ kind: 'table', name: 'main.made' }, NEVER],
  tree: '',
  contract: {
    about: 'Made.',
    grain: ['a'],
    build: 'table',
    made: 'run',
    held: 'rows',
    columns: [{ name: 'a', type: 'BIGINT', nullable: false, about: '' }],
    checks: [
      { name: 'nothing is negative', select: 'SELECT * FROM main.made WHERE a < 0', remedy: 'mend it' },
      {
        name: 'sums to the ledger',
        select:
          'SELECT * FROM (SELECT sum(a) AS s FROM main.made), (SELECT sum(a) AS l FROM main.ledger) WHERE coalesce(s, 0) <> coalesce(l, 0)',
        remedy: 'mend it',
      },
    ],
    examples: [],
  },
};

describe('a model', () => {
  let asked: string[];
  const watched = (): Warehouse =>
    Object.assign(Object.create(engine) as Warehouse, {
      run: async (sql: string) => engine.run((asked.push(sql), sql)),
      rows: async (sql: string) => engine.rows((asked.push(sql), sql)),
      describe: async (sql: string) => engine.describe(sql),
    });
  const given = async (given: string, ledger: string): Promise<void> => {
    asked = [];
    await engine.run(`CREATE OR REPLACE TABLE main.given AS FROM (VALUES ${given}) AS t(a) WHERE a IS NOT NULL`);
    await engine.run(`CREATE OR REPLACE TABLE main.ledger AS FROM (VALUES ${ledger}) AS t(a) WHERE a IS NOT NULL`);
  };
  const select = (): boolean => asked.some((sql) => sql.includes('AS SELECT a FROM main.given'));

  it('of nothing is not asked for: it has the columns of its contract, and no rows', async () => {
    await given('(NULL::BIGINT)', '(NULL::BIGINT)');
    expect([await buildUnlessEmpty(watched(), MADE, new EmptyTables()), select()]).toEqual([0, false]);
    expect(await engine.describe('SELECT * FROM main.made')).toEqual([{ name: 'a', type: 'BIGINT' }]);
  });

  it('of nothing is held to the checks that can find something, and to no other', async () => {
    await given('(NULL::BIGINT)', '(3::BIGINT)');
    await expect(buildUnlessEmpty(watched(), MADE, new EmptyTables())).rejects.toThrow(
      'main.made: sums to the ledger does not hold',
    );
    expect(asked.filter((sql) => sql.includes('a < 0'))).toEqual([]);
  });

  it('of rows is asked for', async () => {
    await given('(3::BIGINT)', '(3::BIGINT)');
    expect([await buildUnlessEmpty(watched(), MADE, new EmptyTables()), select()]).toEqual([1, true]);
  });

  it('is asked for where its input was filled by somebody else since it was empty', async () => {
    const empty = new EmptyTables();
    await given('(NULL::BIGINT)', '(NULL::BIGINT)');
    await buildUnlessEmpty(watched(), MADE, empty);
    await engine.run('INSERT INTO main.given VALUES (7)');
    await engine.run('INSERT INTO main.ledger VALUES (7)');
    expect([await buildUnlessEmpty(watched(), MADE, empty), select()]).toEqual([1, true]);
  });

  it('that grows is left as it is by nothing', async () => {
    await given('(NULL::BIGINT)', '(NULL::BIGINT)');
    const growing: Model = { ...MADE, contract: { ...MADE.contract, build: 'append' } };
    await createEmpty(engine, growing);
    await engine.run('INSERT INTO main.made VALUES (1), (2)');
    expect(await buildUnlessEmpty(watched(), growing, new EmptyTables())).toBe(2);
  });
});

describe('what is known of tables', () => {
  const one: Emptiness = {
    kind: 'any',
    of: [
      { kind: 'table', name: 'a' },
      { kind: 'table', name: 'b' },
    ],
  };

  it('is asked no more where there were rows, and again where there were none', async () => {
    const empty = new EmptyTables();
    const asked: string[][] = [];
    const ask = async (tables: readonly string[]): Promise<readonly boolean[]> => {
      asked.push([...tables]);
      return Promise.resolve(tables.map((table) => table === 'b'));
    };
    expect([await empty.decide(one, ask), await empty.decide(one, ask)]).toEqual([true, true]);
    expect(asked).toEqual([['a', 'b'], ['b']]);
  });

  it('is not asked of no table', async () => {
    const empty = new EmptyTables();
    const ask = async (): Promise<never> => Promise.reject(new Error('asked'));
    empty.note('a', false);
    expect([...(await empty.filledOf(['a'], ask)), ...(await empty.filledOf([], ask))]).toEqual(['a']);
  });

  it('decides alone where it can, and has rows where nobody is asked', async () => {
    const empty = new EmptyTables();
    const ask = async (): Promise<never> => Promise.reject(new Error('asked'));
    expect(await empty.decide(one)).toBe(false);
    empty.note('b', true);
    expect(await empty.decide(one, ask)).toBe(true);
    empty.note('b', false);
    empty.note('a', false);
    expect(await empty.decide(one, ask)).toBe(false);
  });
});
