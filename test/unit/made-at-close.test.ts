// What closing makes is held to the statement by its contracts: whatever is planted, the close stops at it. And no run reads it.
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Failure } from '../../src/kernel/failure.js';
import { buildModel, prepareWarehouse } from '../../src/model/build.js';
import { type Catalog, type Model, readCatalog } from '../../src/model/catalog.js';
import { giveTable } from '../../src/model/examples.js';
import { closingSteps } from '../../src/run/plan.js';
import { openDuckDb } from '../../src/warehouse/duckdb.js';
import type { Warehouse } from '../../src/warehouse/warehouse.js';

const AUGUST = { billing_month: '2026-08-01', original_month: '2026-08-01', entry: 'cost', currency: 'USD' };
const REST = { provider: 'openai', category: 'Usage', basis: 'billed', method_id: 'm', finality: 'final' };
const GIVEN = {
  'run.period': [{ as_of: '2026-08-31', first_month: '2026-08-01', last_month: '2026-08-01', start_month: '2026-07-01' }],
  'run.currency': [{ currency: 'USD', minor_exponent: '2' }],
  'run.feature': [
    { feature_id: 'chat', kind: 'feature', name: 'Chat', team: 'assist', cost_center: 'CC-1', category: 'product', place: 'f:1' },
    { feature_id: 'search', kind: 'feature', name: 'Search', team: 'lab', cost_center: 'CC-2', category: 'x', place: 'f:2' },
  ],
  'run.chargeback': [
    { pipeline: 'nightly', line_of: 'feature', expense_account: '6420', clearing_account: '2150', cost_center: 'CC-0' },
  ],
  'allocation.cost': [
    { ...AUGUST, ...REST, usage_date: '2026-08-01', feature_id: 'chat', customer_id: 'acme', amount: '10.004' },
    { ...AUGUST, ...REST, usage_date: '2026-08-01', feature_id: 'chat', customer_id: 'bolt', amount: '5.003' },
    { ...AUGUST, ...REST, usage_date: '2026-08-01', feature_id: 'search', customer_id: 'acme', amount: '-3.007' },
  ],
};
const BUILT = ['allocation.feature_day', 'allocation.statement_item', 'allocation.statement', 'marts.showback_feature_month'];
const CLOSING = ['allocation.customer_statement', 'marts.customer_statement', 'marts.gl_journal'];

let catalog: Catalog;
let engine: Warehouse;

beforeAll(async () => {
  engine = await openDuckDb({ threads: 1 });
  catalog = await readCatalog('sql', engine);
  await prepareWarehouse(engine, catalog);
  const example = { it: '', given: GIVEN, expect: [] };
  const made = catalog.models.filter(({ name }) => BUILT.includes(name));
  const inputs = new Set([...made, ...named(CLOSING)].flatMap(({ reads }) => reads).filter((name) => !isBuilt(name)));
  for (const model of catalog.models) if (inputs.has(model.name)) await giveTable(engine, model, example);
  for (const model of made) await buildModel(engine, model);
});

afterAll(async () => engine[Symbol.asyncDispose]());

const isBuilt = (name: string): boolean => BUILT.includes(name) || CLOSING.includes(name);

function named(names: readonly string[]): readonly Model[] {
  return catalog.models.filter(({ name }) => names.includes(name));
}

/** Builds all that closing makes, with a plant in one of the models; gives what its contract says of it. */
async function planted(name: string, from: string, to: string): Promise<string> {
  const changed = named(CLOSING).map((model) => {
    if (model.name !== name) return model;
    expect(model.sql).toContain(from);
    return { ...model, sql: (model.sql ?? '').replace(from, to) };
  });
  try {
    for (const model of changed) await buildModel(engine, model);
  } catch (error) {
    if (error instanceof Failure) return error.problems.map(({ message }) => message).join('; ');
    throw error;
  }
  return 'nothing';
}

describe('what closing makes', () => {
  it('is whole where nothing is planted', async () => {
    expect(await planted('marts.gl_journal', 'CROSS JOIN', 'CROSS JOIN')).toBe('nothing');
    const lines = await engine.rows('SELECT account, debit, credit FROM marts.gl_journal ORDER BY reference');
    expect(lines).toEqual([
      { account: '2150', debit: '0.0000', credit: '12.0000' },
      { account: '6420', debit: '15.0100', credit: '0.0000' },
      { account: '6420', debit: '0.0000', credit: '3.0100' },
    ]);
  });

  it.each([
    ['marts.gl_journal', 'a cent that nobody clears', '-money_sum(amount)', '0.01 - money_sum(amount)', 'debits are credits'],
    [
      'marts.gl_journal',
      'a feature left out',
      'WHERE s.billing',
      "WHERE s.feature_id <> 'chat' AND s.billing",
      'expense lines are the statement',
    ],
    [
      'marts.gl_journal',
      'a feature twice',
      'CROSS JOIN run.chargeback AS g',
      'CROSS JOIN run.chargeback AS g CROSS JOIN (VALUES (1), (2)) AS twice (n)',
      'expense lines are the statement',
    ],
    [
      'marts.gl_journal',
      'a line on both sides',
      'CASE WHEN amount < 0 THEN -amount ELSE 0 END',
      'abs(amount)',
      'a line is a debit or a credit',
    ],
    ['marts.gl_journal', 'two lines of one name', "|| '/' || line_key", "|| '/line'", 'several rows of one grain'],
    ['allocation.customer_statement', 'a cent lost', 'THEN unit ELSE 0', 'THEN 0 ELSE 0', 'customers sum to the row'],
    [
      'allocation.customer_statement',
      'a cent moved',
      'from_pico(units +',
      "from_pico(units + CASE feature_id || customer_id WHEN 'chatacme' THEN unit WHEN 'chatbolt' THEN -unit ELSE 0 END +",
      'rounding moves no row',
    ],
    [
      'marts.customer_statement',
      'a customer left out',
      'WHERE c.',
      "WHERE c.customer_id <> 'bolt' AND c.",
      'sums to the statement of each feature',
    ],
  ] as const)('%s stops at %s', async (name, _, from, to, says) => {
    expect(await planted(name, from, to)).toContain(says);
  });

  it('is no step of a run, and has no journal where no account is named', async () => {
    const chargeback = { by: 'team', expenseAccount: '1', expenseAccounts: [], clearingAccount: '2', costCenter: '3' } as const;
    const models = closingSteps({ chargeback }, catalog).map((step) => (step.kind === 'build' ? step.model : ''));
    expect(models.toSorted()).toEqual(CLOSING);
    expect(closingSteps({ chargeback: null }, catalog)).toHaveLength(CLOSING.length - 1);
  });

  it('is read by nothing that a run makes', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'showback-made-'));
    try {
      await cp('sql', folder, { recursive: true });
      await writeFile(join(folder, 'marts/late.sql'), 'SELECT reference FROM marts.gl_journal');
      await writeFile(
        join(folder, 'marts/late.yaml'),
        'about: Late.\ngrain: [reference]\ncolumns: { reference: VARCHAR Line }\n',
      );
      const problems = await readCatalog(folder, engine).catch((error: unknown) => (error as Failure).problems);
      expect(problems).toMatchObject([{ code: 'model/made', place: { file: 'sql/marts/late.sql' } }]);
      await writeFile(
        join(folder, 'marts/late.yaml'),
        'about: L.\ngrain: [reference]\nmade: close\ncolumns: { reference: VARCHAR L }\n',
      );
      expect((await readCatalog(folder, engine)).models.length).toBe(catalog.models.length + 1);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
