// The demo company, run whole: every published total equals what the generator's own arithmetic says, to the last unit.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunResult, RunScope } from '../../src/run/api.js';
import { runPipeline } from '../../src/run/run.js';
import { openDuckDb } from '../../src/warehouse/duckdb.js';
import type { Warehouse } from '../../src/warehouse/warehouse.js';

const ROOT = join(import.meta.dirname, '../..');
const company = mkdtempSync(join(tmpdir(), 'demo-run-'));
const inputs = join(company, 'fixtures/demo/inputs');

type ByMonth = Readonly<Record<string, Readonly<Record<string, string>>>>;
interface Counts {
  readonly read: number;
  readonly loaded: number;
  readonly duplicates: number;
  readonly rejected: Readonly<Record<string, number>>;
}
interface Expected {
  readonly usage_sources: Readonly<Record<string, Counts>>;
  readonly statement: ByMonth;
  readonly features: ByMonth;
  readonly customers: ByMonth;
  readonly basis_finality: ByMonth;
  readonly providers: ByMonth;
  readonly unallocated: ByMonth;
  readonly amortization: ByMonth;
  readonly bridge: ByMonth;
  readonly bridge_skus: ByMonth;
  readonly unpriced: ByMonth;
}

function run(scope: RunScope, force = false): Promise<RunResult> {
  const request = { pipelineFile: join(company, 'pipelines/demo.yaml'), scope, force, threads: 2, listener: () => undefined };
  return runPipeline({ ...request, now: () => new Date('2026-10-05T03:00:00Z') });
}

function published(): Readonly<Record<string, string>> {
  const text = readFileSync(join(company, 'out/current.json'), 'utf8');
  const { files } = JSON.parse(text) as { readonly files: readonly { readonly path: string; readonly sha256: string }[] };
  return Object.fromEntries(files.map((file) => [file.path, file.sha256]));
}

let expected: Expected;
let first: RunResult;
let warehouse: Warehouse;

beforeAll(async () => {
  mkdirSync(join(company, 'fixtures/demo'), { recursive: true });
  cpSync(join(ROOT, 'pipelines'), join(company, 'pipelines'), { recursive: true });
  cpSync(join(ROOT, 'fixtures/demo/registry'), join(company, 'fixtures/demo/registry'), { recursive: true });
  const tsx = join(ROOT, 'node_modules/tsx/dist/cli.mjs');
  execFileSync(process.execPath, [tsx, join(ROOT, 'fixtures/demo/generate/main.ts'), '--out', inputs, '--expected'], {
    stdio: 'pipe',
  });
  expected = JSON.parse(readFileSync(join(inputs, 'expected.json'), 'utf8')) as Expected;
  first = await run({});
  warehouse = await openDuckDb({ path: first.warehousePath, readOnly: true });
}, 600_000);

afterAll(async () => {
  await warehouse[Symbol.asyncDispose]();
  rmSync(company, { recursive: true, force: true });
});

/** month → name → value; zeros are left out on both sides. */
async function totals(select: string): Promise<ByMonth> {
  const found: Record<string, Record<string, string>> = {};
  for (const row of await warehouse.rows(select)) (found[row['month'] ?? ''] ??= {})[row['name'] ?? ''] = row['total'] ?? '';
  return found;
}

function withoutZeros(totalsOf: ByMonth): ByMonth {
  const months = Object.entries(totalsOf).map(([month, names]) => [
    month,
    Object.entries(names)
      .filter(([, value]) => !/^-?0[.]0+$/.test(value))
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  ]);
  return Object.fromEntries(months.map(([month, names]) => [month, Object.fromEntries(names as [string, string][])])) as ByMonth;
}

const COMPARED: readonly (readonly [keyof Expected, string])[] = [
  [
    'statement',
    'SELECT billing_month AS month, currency AS name, sum(amount) AS total FROM marts.showback_feature_month GROUP BY ALL',
  ],
  [
    'features',
    'SELECT billing_month AS month, feature_id AS name, sum(amount) AS total FROM marts.showback_feature_month GROUP BY ALL',
  ],
  [
    'customers',
    'SELECT billing_month AS month, customer_id AS name, sum(amount) AS total FROM marts.showback_customer_month GROUP BY ALL',
  ],
  [
    'basis_finality',
    "SELECT billing_month AS month, basis || ' ' || finality AS name, sum(amount) AS total FROM marts.showback_team_month GROUP BY ALL",
  ],
  [
    'providers',
    'SELECT billing_month AS month, provider AS name, sum(amount) AS total FROM marts.showback_feature_day GROUP BY ALL',
  ],
  [
    'unallocated',
    'SELECT billing_month AS month, reason AS name, sum(amount) AS total FROM marts.unallocated_month GROUP BY ALL',
  ],
  [
    'amortization',
    'SELECT billing_month AS month, entry_id AS name, sum(amount) AS total FROM marts.amortization_schedule GROUP BY ALL',
  ],
  [
    'bridge',
    "SELECT billing_month AS month, provider || ' ' || cause AS name, sum(amount) AS total FROM marts.variance_bridge_month GROUP BY ALL",
  ],
  [
    'bridge_skus',
    "SELECT billing_month AS month, provider || ' ' || sku || ' ' || cause AS name, sum(amount) AS total FROM marts.variance_bridge_month GROUP BY ALL",
  ],
  [
    'unpriced',
    "SELECT billing_month AS month, provider || ' ' || model || ' ' || meter AS name, sum(quantity) AS total FROM marts.unpriced_usage GROUP BY ALL",
  ],
];

/** What is planted, where the bridge must show it, and as which month, sku, cause, amount, first and last day: nothing else. */
const PLANTED: readonly (readonly [string, string, readonly string[]])[] = [
  [
    'a model that no call-site logs',
    "sku = 'o4-mini'",
    [
      '2026-07 o4-mini unlogged 103.9855388 2026-07-01 2026-07-31',
      '2026-08 o4-mini unlogged 101.148036 2026-08-01 2026-08-31',
      '2026-09 o4-mini unlogged 98.410796 2026-09-01 2026-09-27',
    ],
  ],
  [
    'a price that the bill follows two days late',
    "cause = 'price_version'",
    ['2026-08 gpt-5 price_version 1.2058870125 2026-08-16 2026-08-17'],
  ],
  [
    'two credits',
    "provider = 'openai' AND cause = 'credit'",
    [
      '2026-07 credits | promotional credit -25. 2026-07-31 2026-07-31',
      '2026-08 credits | promotional credit -25. 2026-08-12 2026-08-12',
    ],
  ],
  [
    '60 searches that nobody logged',
    "provider = 'websearch' AND cause = 'unlogged'",
    ['2026-07 search-pro unlogged 0.3 2026-07-01 2026-07-01'],
  ],
  [
    'what is missing to a minimum',
    "cause = 'minimum_commitment'",
    [
      '2026-07 Minimum usage commitment minimum_commitment 37.55 2026-07-15 2026-07-15',
      '2026-08 Minimum usage commitment minimum_commitment 37.32 2026-08-15 2026-08-15',
    ],
  ],
  [
    'a day whose log was lost',
    "sku = 'text-embedding-3-small' AND cause = 'unlogged'",
    ['2026-08 text-embedding-3-small unlogged 0.01350584 2026-08-09 2026-08-09'],
  ],
  [
    'queries that the log rounds up',
    "meter = 'vector_read_units' AND cause = 'over_logged'",
    [
      '2026-07 serverless over_logged -0.09144 2026-07-15 2026-07-15',
      '2026-08 serverless over_logged -0.0887616 2026-08-15 2026-08-15',
    ],
  ],
  ['a refund', "cause = 'correction'", ['2026-08 data-transfer-out correction -3.69 2026-07-20 2026-07-20']],
  [
    'what a register entry bears, and a commitment paid upfront',
    "provider = 'aws' AND amount > 10000",
    [
      '2026-07 Outposts GPU rack, 8 x H100, one-time purchase capitalised 144000. 2026-07-15 2026-07-15',
      '2026-07 Savings plan, all upfront, 1 year prepaid 36500. 2026-07-01 2026-07-01',
    ],
  ],
];

describe('the demo company', () => {
  it('is published for its three months', () => {
    expect(first).toMatchObject({ outcome: 'published', asOf: '2026-09-30', months: ['2026-07', '2026-08', '2026-09'] });
  });

  it('has the totals that are committed', () => {
    expect(JSON.parse(readFileSync(join(ROOT, 'fixtures/demo/expected.json'), 'utf8'))).toEqual(expected);
  });

  it.each(COMPARED)('equals the independent computation: %s', async (name, select) => {
    expect(withoutZeros(await totals(select))).toEqual(withoutZeros(expected[name] as ByMonth));
  });

  it('counts what it read: loaded, told again, rejected with the reason', async () => {
    const rejected = await warehouse.rows(
      'SELECT source_id, reason, CAST(count(*) AS VARCHAR) AS n FROM marts.rejected_record GROUP BY ALL ORDER BY ALL',
    );
    for (const [source, counts] of Object.entries(expected.usage_sources)) {
      const found = rejected.filter((row) => row['source_id'] === source).map((row) => [row['reason'], Number(row['n'])]);
      expect(Object.fromEntries(found)).toEqual(counts.rejected);
    }
    const [read] = await warehouse.rows("SELECT sum(actual) AS n FROM marts.reconciliation_month WHERE control = 'usage_read'");
    expect(Number(read?.['n'])).toBe(Object.values(expected.usage_sources).reduce((sum, counts) => sum + counts.read, 0));
  });

  it('passes every control, statement_identity exactly', async () => {
    const failed = await warehouse.rows('SELECT * FROM marts.reconciliation_month WHERE NOT passed');
    expect(failed).toEqual([]);
    const identity = await warehouse.rows(
      "SELECT difference FROM marts.reconciliation_month WHERE control = 'statement_identity'",
    );
    expect(identity).toEqual(Array(3).fill({ difference: '0.000000000000' }));
  });

  it.each(PLANTED)('knows in the bridge: %s', async (_, where, rows) => {
    const found = await warehouse.rows(
      `SELECT billing_month, sku, cause, sum(amount) AS amount, min(first_day) AS first_day, max(last_day) AS last_day
       FROM marts.variance_bridge_month WHERE amount <> 0 AND ${where} GROUP BY ALL ORDER BY ALL`,
    );
    expect(
      found.map(({ billing_month, sku, cause, amount, first_day, last_day }) =>
        [billing_month, sku, cause, amount?.replace(/0+$/, ''), first_day, last_day].join(' '),
      ),
    ).toEqual(rows);
  });

  it('finds the whole bill of a model that nobody logs unlogged, and no cause that is not planted', async () => {
    const research = await warehouse.rows(
      "SELECT DISTINCT cause, amount = billed_amount AND rated_amount = 0 AS is_whole FROM marts.variance_bridge_month WHERE sku = 'o4-mini'",
    );
    expect(research).toEqual([{ cause: 'unlogged', is_whole: 'true' }]);
    const searches = await warehouse.rows(
      "SELECT billed_quantity - logged_quantity AS unlogged FROM marts.variance_bridge_month WHERE provider = 'websearch' AND cause = 'unlogged'",
    );
    expect(searches).toEqual([{ unlogged: '60.000000' }]);
    const strange = await warehouse.rows(
      "SELECT * FROM marts.variance_bridge_month WHERE cause IN ('unexplained', 'rating', 'tier', 'discount')",
    );
    expect(strange).toEqual([]);
  });

  it('neutralises formulas in CSV and leaves numbers alone', () => {
    const csv = readFileSync(join(company, 'out/csv/2026-09/showback_customer_month.csv'), 'utf8');
    expect(csv).toContain("'=SUM(A1:A9)*cust-200");
    expect(csv).not.toMatch(/(^|,)"?=SUM/m);
    const july = readFileSync(join(company, 'out/csv/2026-07/showback_feature_day.csv'), 'utf8');
    expect(july).toMatch(/,-\d+[.]\d{12}\r$/m);
  });

  it('says that nothing changed when nothing did', async () => {
    const again = await run({});
    expect(again).toMatchObject({ outcome: 'unchanged', runId: first.runId });
  });
});

it('hashes what it published', () => {
  const [path, sha256] = Object.entries(published())[0] ?? ['', ''];
  expect(
    createHash('sha256')
      .update(readFileSync(join(company, 'out/current', path)))
      .digest('hex'),
  ).toBe(sha256);
});
