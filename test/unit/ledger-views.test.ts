// Views of tables that were held to their contracts: what would make two of their rows one is seen at those, or by their own checks.
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { Failure } from '../../src/kernel/failure.js';
import { buildModel, prepareWarehouse } from '../../src/model/build.js';
import { readCatalog } from '../../src/model/catalog.js';
import { giveTable } from '../../src/model/examples.js';
import { contractBreaches } from '../../src/model/verify.js';
import { openDuckDb } from '../../src/warehouse/duckdb.js';

const engine = await openDuckDb({ threads: 1 });
const catalog = await readCatalog('sql', engine);
const INPUTS = [
  'allocation.allocated_cost',
  'allocation.pool_rule',
  'allocation.adjustment',
  'run.posted_cost',
  'run.closed_month',
];

const modelOf = (name: string) => {
  const model = catalog.models.find((candidate) => candidate.name === name);
  if (model === undefined) throw new Error(name);
  return model;
};

type Given = Readonly<Record<string, readonly Readonly<Record<string, string | null>>[]>>;

/** What the contracts of the ledger say where its inputs are these. */
async function said(given: Given): Promise<string> {
  for (const name of INPUTS) await giveTable(engine, modelOf(name), { it: '', given, expect: [] });
  return problemsOf('allocation.incurred_cost', 'allocation.cost');
}

async function problemsOf(...names: readonly string[]): Promise<string> {
  try {
    for (const name of names) await buildModel(engine, modelOf(name));
  } catch (error) {
    if (error instanceof Failure) return error.problems.map(({ message }) => message).join('; ');
    throw error;
  }
  return 'nothing';
}

const JULY = '2026-07-01';
const ROW = {
  rule_no: '1',
  usage_date: JULY,
  provider: 'aws',
  currency: 'USD',
  feature_id: '(idle)',
  method_id: 'm',
  amount: '1',
};
const DOUBT =
  'allocation.cost: a month is open or posted, and what adjusts a closed one is entered in an open one, as no cost does not hold';
const closed = { billing_month: JULY, evidence: 'e', same_rules: 'true' };
const posted = { ...ROW, billing_month: JULY, original_month: JULY, entry: 'cost' };
const adjusted = { ...ROW, billing_month: '2026-08-01', original_month: JULY, entry: 'reversal' };

beforeEach(async () => prepareWarehouse(engine, catalog));
afterAll(async () => engine[Symbol.asyncDispose]());

describe('the ledger', () => {
  it('is whole where its parts are', async () => {
    expect(await said({ 'run.closed_month': [closed], 'run.posted_cost': [posted], 'allocation.adjustment': [adjusted] })).toBe(
      'nothing',
    );
  });

  it.each<[string, Given]>([
    ['what is posted of an open month', { 'run.posted_cost': [posted] }],
    [
      'an adjustment in a closed month',
      { 'run.closed_month': [closed], 'allocation.adjustment': [{ ...adjusted, billing_month: JULY }] },
    ],
    [
      'an adjustment that calls itself cost',
      { 'run.closed_month': [closed], 'allocation.adjustment': [{ ...adjusted, entry: 'cost' }] },
    ],
  ])('refuses %s', async (_what, given) => {
    expect(await said(given)).toBe(DOUBT);
  });

  it('has no target with the same words at two levels', async () => {
    const row = { ...ROW, billing_month: JULY, category: 'Usage', basis: 'billed', finality: 'final', customer_id: '(idle)' };
    const given = { 'allocation.allocated_cost': [1, 2].map((level) => ({ ...row, level: String(level) })) };
    await giveTable(engine, modelOf('allocation.allocated_cost'), { it: '', given, expect: [] });
    const breaches = await contractBreaches(engine, modelOf('allocation.allocated_cost'), true);
    expect(breaches.map(({ code }) => code)).toEqual(['contract/grain']);
  });
});

describe('the sums of days', () => {
  const words = { source_id: 'app', account_id: null, cache_hit: 'false', sample_rate: '1', own_cost: 'none', events: '1' };
  const band = { provider: 'p', model: 'm', service_tier: 'standard', region: '', minute_from: '0', prompt_from: '0' };

  it.each([
    ['2026-07-02', 'nothing'],
    [JULY, 'rating.day_sum: no day is both read and kept does not hold'],
  ])('of %s, read, beside those of 2026-07-01, kept: %s', async (day, told) => {
    const given: Given = {
      'rating.usage_sum': [{ ...words, usage_date: day, rate_key: '1' }],
      'rating.rate_key': [{ ...band, rate_key: '1', valid_from: JULY }],
      'run.kept_sum': [{ ...words, ...band, usage_date: JULY, valid_from: JULY }],
    };
    for (const name of Object.keys(given)) await giveTable(engine, modelOf(name), { it: '', given, expect: [] });
    expect(await problemsOf('rating.day_sum')).toBe(told);
  });
});
