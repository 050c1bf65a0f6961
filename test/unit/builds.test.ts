// Models side by side: what reads another waits for it, an error stops what has not begun, and the first error of the plan goes up.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunEvent } from '../../src/kernel/event.js';
import type { Model } from '../../src/model/catalog.js';
import { duckDbEngine } from '../../src/model/engine.js';
import { executeSteps } from '../../src/run/builds.js';
import type { RunContext } from '../../src/run/execute.js';
import type { Step } from '../../src/run/plan.js';
import { openDuckDb } from '../../src/warehouse/duckdb.js';
import type { Warehouse } from '../../src/warehouse/warehouse.js';

let engine: Warehouse;

beforeEach(async () => {
  engine = await openDuckDb({ threads: 2 });
  await engine.run('CREATE SCHEMA staging');
});

afterEach(async () => engine[Symbol.asyncDispose]());

const SLOW = 'SELECT CAST(count(*) AS BIGINT) AS n FROM range(20000) AS a(x), range(10000) AS b(y) WHERE x < y';
const QUICK = 'SELECT CAST(1 AS BIGINT) AS n';
const BROKEN = "SELECT CAST(error('planted') AS BIGINT) AS n";

function model(table: string, sql: string, more: Partial<Pick<Model, 'reads' | 'checkReads'>> = {}): Model {
  const contract = {
    about: table,
    grain: [],
    build: 'table' as const,
    made: 'run' as const,
    held: 'rows' as const,
    columns: [{ name: 'n', type: 'BIGINT', nullable: true, about: 'n' }],
    checks: [],
    examples: [],
  };
  const file = `sql/staging/${table}.sql`;
  return { name: `staging.${table}`, layer: 'staging', table, file, sql, contract, ...EMPTY, ...more };
}

const EMPTY = { reads: [], checkReads: [], emptyWhen: { kind: 'never' }, checksEmptyWhen: [], tree: '' } as const;

/** What began and ended, in order. */
async function told(
  models: readonly Model[],
  threads = 2,
): Promise<{ readonly events: readonly string[]; readonly error: unknown }> {
  const events: string[] = [];
  const listener = (event: RunEvent): void => {
    if (event.kind === 'step') events.push(`${event.step.replace('build staging.', '')} ${event.state}`);
  };
  const ledger = { step: async () => undefined };
  const context = {
    catalog: { models, macros: '' },
    engine: duckDbEngine(engine, threads),
    listener,
    ledger,
  } as unknown as RunContext;
  const steps = models.map((each): Step => ({ kind: 'build', model: each.name }));
  const error: unknown = await executeSteps(context, steps).then(
    () => null,
    (reason: unknown) => reason,
  );
  return { events, error };
}

describe('models side by side', () => {
  it('wait for what they or their checks read, and for nothing else', async () => {
    const { events, error } = await told([
      model('slow', SLOW),
      model('after', 'SELECT n FROM staging.slow', { reads: ['staging.slow'] }),
      model('checked', QUICK, { checkReads: ['staging.slow'] }),
      model('alone', QUICK),
    ]);
    expect(error).toBeNull();
    expect(events.slice(0, 3)).toEqual(['slow started', 'alone started', 'alone done']);
    expect(events.indexOf('after started')).toBeGreaterThan(events.indexOf('slow done'));
    expect(events.indexOf('checked started')).toBeGreaterThan(events.indexOf('slow done'));
    expect(events).toHaveLength(8);
  });

  it('stop where one fails, once those that began have ended, with the first error of the plan', async () => {
    const { events, error } = await told([
      model('late', `${BROKEN} FROM (${SLOW}) WHERE n > 0`),
      model('early', BROKEN),
      model('never', QUICK),
    ]);
    expect(events).toEqual(['late started', 'early started', 'early failed', 'late failed']);
    expect(String(error)).toContain('sql/staging/late.sql');
    expect(String(error)).toContain('planted');
  });

  it('a view is held to its contract as a table is, but for a view of events', async () => {
    const doubled = model('doubled', 'SELECT CAST(1 AS BIGINT) AS n FROM range(2)');
    const view: Model = { ...doubled, contract: { ...doubled.contract, grain: ['n'], build: 'view' } };
    expect(String((await told([view])).error)).toContain('staging.doubled has several rows of one grain');
    const ofEvents: Model = { ...view, contract: { ...view.contract, held: 'columns' } };
    expect((await told([ofEvents])).error).toBeNull();
  });

  it('a view of rows that were held is held to its checks, and to no rows', async () => {
    const doubled = model('doubled', 'SELECT CAST(1 AS BIGINT) AS n FROM range(2)');
    const twice = { name: 'nothing is told twice', select: 'SELECT n FROM staging.doubled GROUP BY n HAVING count(*) > 1' };
    const held = (name: string, select: string): Model => ({
      ...doubled,
      contract: {
        ...doubled.contract,
        grain: ['n'],
        build: 'view',
        held: 'checks',
        checks: [{ name, select, remedy: 'mend it' }],
      },
    });
    expect((await told([held('no n is negative', 'SELECT n FROM staging.doubled WHERE n < 0')])).error).toBeNull();
    expect(String((await told([held(twice.name, twice.select)])).error)).toContain('nothing is told twice does not hold');
  });

  it('come one after the other with one thread', async () => {
    const { events } = await told([model('a', SLOW), model('b', QUICK)], 1);
    expect(events).toEqual(['a started', 'a done', 'b started', 'b done']);
  });
});
