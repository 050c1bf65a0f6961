// `showback reconcile`: a published month from rated to billed, as a person reads it and as a machine does.
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openDuckDb } from '../src/warehouse/duckdb.js';
import { type Company, companyOf, run } from './golden/company.js';
import { cli } from './unit/cli/harness.js';

const CASE = join(import.meta.dirname, '../fixtures/cases/bill-explained-cause-by-cause');

interface Bridge {
  readonly provider: string;
  readonly rated: string;
  readonly billed: string;
  readonly open: string;
  readonly finding: string;
  readonly causes: readonly { readonly cause: string; readonly amount: string }[];
  readonly rows: readonly { readonly cause: string; readonly sku: string; readonly first_line: string | null }[];
}

let company: Company & AsyncDisposable;
let cwd = '';
let warehouse = '';
beforeAll(async () => {
  company = await companyOf(CASE);
  const result = await run(company);
  cwd = company.folder;
  warehouse = result.warehousePath;
}, 120_000);
afterAll(async () => company[Symbol.asyncDispose]());

const reconcile = async (...args: readonly string[]) => cli(['reconcile', 'pipeline.yaml', ...args], { cwd });

it('tells a bill from rated to billed, and what stays open', async () => {
  const { code, out } = await reconcile('--month', '2026-07', '--provider', 'openai');
  expect(code).toBe(0);
  for (const words of [
    'rated',
    '35.00',
    'price version',
    '-1.50',
    'not billed yet',
    '39.47',
    '6.77',
    'within the tolerated 7.894',
  ])
    expect(out).toContain(words);
  expect(out).not.toContain('anthropic');
});

it('tells it to machines whole, the last month where none is named', async () => {
  const { out } = await reconcile('--json');
  const { month, bridges } = JSON.parse(out) as { month: string; bridges: readonly Bridge[] };
  expect([month, bridges.map(({ provider }) => provider)]).toEqual(['2026-07', ['openai', 'anthropic']]);
  const [openai, anthropic] = bridges;
  expect(openai).toMatchObject({
    rated: '35.000000000000',
    billed: '39.470000000000',
    open: '6.770000000000',
    finding: 'within',
  });
  expect(openai?.causes.map(({ cause, amount }) => `${cause} ${Number(amount)}`)).toEqual([
    'unmapped 4',
    'unexplained 2.77',
    'credit -2',
    'over_logged -1.5',
    'unlogged 1.2',
    'not_billed -1',
    'price_version 1',
  ]);
  expect(openai?.rows.find(({ cause }) => cause === 'price_version')?.first_line).toBe('openai|bills/openai/july.json|4');
  expect(anthropic?.causes.map(({ cause, amount }) => `${cause} ${Number(amount)}`)).toEqual([
    'unlogged 0.3',
    'unquantified 0.1',
  ]);
});

it.each([
  [['--month', '2026-06'], 'cli/unknown-month', '2026-07'],
  [['--provider', 'opneai'], 'cli/unknown-provider', 'openai'],
])('refuses %j and says what there is', async (args, problem, remedy) => {
  const { code, err } = await reconcile(...args);
  expect([code, err.includes(problem), err.includes(remedy)]).toEqual([2, true, true]);
});

it('says of an older run that it has no bridge', async () => {
  {
    await using own = await openDuckDb({ path: warehouse, threads: 1 });
    await own.run('DROP TABLE marts.variance_month');
  }
  const { code, err } = await reconcile();
  expect([code, err.includes('cli/no-bridge'), err.includes('showback run --force')]).toEqual([2, true, true]);
});
