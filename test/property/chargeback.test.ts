// Random companies whose months close: the journal is balanced and is the statement, customers part the statement, and both to the minor
// unit, whatever the unit is. Everything is added up once more here, in whole units of 10^-12.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Catalog, readCatalog } from '../../src/model/catalog.js';
import { duckDbEngine } from '../../src/model/engine.js';
import { openDuckDb } from '../../src/warehouse/duckdb.js';
import type { Row, Warehouse } from '../../src/warehouse/warehouse.js';
import { buildCompany } from '../engines/random-build.js';
import { randomCompany, type Tables } from './random-company.js';
import { Dice } from './random-dice.js';

let catalog: Catalog;
let engine: Warehouse;

beforeAll(async () => {
  engine = await openDuckDb({ threads: 1 });
  catalog = await readCatalog('sql', engine);
});
afterAll(async () => engine[Symbol.asyncDispose]());

/** July is closed with rows of this kind; what the company's evidence makes of it now is adjusted in August. */
function closedJuly(dice: Dice): Tables {
  const row = {
    ...{ billing_month: '2026-07-01', original_month: '2026-07-01', entry: 'cost', usage_date: '2026-07-09', rule_no: '1' },
    ...{ provider: 'aws', category: 'Usage', currency: 'USD', basis: 'billed', finality: 'final', method_id: 'old/direct' },
  };
  const amount = (): string => `${dice.flip() ? '' : '-'}${dice.below(1000)}.${String(dice.below(1_000_000)).padStart(6, '0')}`;
  const posted = ['chat', 'search', 'agent'].flatMap((feature_id) =>
    ['acme', 'bolt', '(unallocated)'].map((customer_id) => ({ ...row, feature_id, customer_id, amount: amount() })),
  );
  return {
    'run.closed_month': [{ billing_month: '2026-07-01', evidence: 'another', same_rules: 'true' }],
    'run.posted_cost': posted,
    'run.watched_month': [{ billing_month: '2026-07-01' }],
  };
}

function companyOf(seed: number) {
  const dice = new Dice(seed * 3 + 1);
  const company = randomCompany(seed);
  const [chargeback = {}] = company.tables['run.chargeback'] ?? [];
  const currency = company.tables['run.currency'] ?? [];
  return {
    ...company,
    tables: {
      ...company.tables,
      ...(dice.flip() ? closedJuly(dice) : {}),
      'run.chargeback': [{ ...chargeback, line_of: dice.of(['feature', 'team']) }],
      'run.chargeback_account': dice.flip() ? [{ category: 'x', account: '6430' }] : [],
      'run.currency': currency.map((row) =>
        row['currency'] === 'USD' ? { ...row, minor_exponent: dice.of(['0', '2', '3', '4']) } : row,
      ),
    },
  };
}

/** Of text with a point: whole units of 10^-12. */
function units(text: string | null | undefined): bigint {
  const [whole = '0', fraction = ''] = (text ?? '0').replace('-', '').split('.');
  const size = BigInt(whole + fraction.padEnd(12, '0'));
  return (text ?? '').startsWith('-') ? -size : size;
}

function sums(rows: readonly Row[], keys: readonly string[], amount: (row: Row) => bigint): Readonly<Record<string, bigint>> {
  const found: Record<string, bigint> = {};
  for (const row of rows) {
    const key = keys.map((name) => row[name] ?? '').join('|');
    found[key] = (found[key] ?? 0n) + amount(row);
  }
  return Object.fromEntries(Object.entries(found).filter(([, sum]) => sum !== 0n));
}

const ROW = ['billing_month', 'feature_id', 'category', 'currency', 'basis', 'method_id', 'finality', 'original_month', 'entry'];
const all = async (table: string): Promise<readonly Row[]> => engine.rows(`SELECT * FROM ${table}`);

async function holds(seed: number): Promise<{ readonly adjusted: number; readonly moved: number }> {
  await buildCompany(duckDbEngine(engine, 1), catalog, companyOf(seed));
  const [journal, statement, customers] = [
    await all('marts.gl_journal'),
    await all('marts.showback_feature_month'),
    await all('marts.customer_statement'),
  ];
  const net = (row: Row): bigint => units(row['debit']) - units(row['credit']);
  const minor = (row: Row): bigint => units(row['statement_amount']);
  expect(sums(journal, ['billing_month', 'currency'], net)).toEqual({});
  const expense = journal.filter((row) => row['posting'] === 'expense');
  const cut = ['billing_month', 'currency', 'team', 'cost_center', 'original_month', 'entry'];
  const withCenter = statement.map((row) =>
    row['cost_center'] === '(unallocated)' && (row['feature_id'] ?? '').startsWith('(') ? { ...row, cost_center: 'CC-0' } : row,
  );
  expect(sums(expense, cut, net)).toEqual(sums(withCenter, cut, minor));
  expect(new Set(journal.map((row) => row['reference'])).size).toBe(journal.length);
  for (const row of journal) expect(units(row['debit']) === 0n).toBe(units(row['credit']) !== 0n);
  for (const row of journal) expect(row['memo']).toContain(row['original_month'] ?? 'no month');
  expect(sums(customers, ROW, minor)).toEqual(sums(statement, ROW, minor));
  const cost = await engine.rows(
    'SELECT * REPLACE (month_text(billing_month) AS billing_month, month_text(original_month) AS original_month) FROM allocation.cost, run.period AS p WHERE billing_month BETWEEN p.first_month AND p.last_month',
  );
  const exact = (row: Row): bigint => units(row['amount']);
  expect(sums(customers, [...ROW, 'customer_id'], exact)).toEqual(sums(cost, [...ROW, 'customer_id'], exact));
  const moved = customers.filter((row) => exact(row) !== minor(row)).length;
  return { adjusted: journal.filter((row) => row['original_month'] !== row['billing_month']).length, moved };
}

describe('what closing makes of a random company', () => {
  it('sums to its ledger, to the minor unit', { timeout: 600_000 }, async () => {
    const seen = { adjusted: 0, moved: 0 };
    const check = async (seed: number): Promise<void> => {
      const { adjusted, moved } = await holds(seed);
      seen.adjusted += adjusted;
      seen.moved += moved;
    };
    await fc.assert(fc.asyncProperty(fc.integer({ min: 1, max: 1_000_000 }), check), {
      numRuns: 4,
      seed: 20_261_128,
      endOnFailure: true,
    });
    expect(seen.adjusted).toBeGreaterThan(5);
    expect(seen.moved).toBeGreaterThan(50);
  });
});
