// Random companies whose months are closed, restated, reopened and told of late, in any order: everything billed stands in the books once,
// closed months do not change by a byte, and what is adjusted of a month is its restatement. Their journals are balanced and are the statement;
// a customer's file holds rows of nobody else.
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { type ClosedMonth, firstOpenMonth, lastClosed, readBooks } from '../../src/run/books.js';
import { readPipeline } from '../../src/pipeline/read.js';
import { openDuckDb } from '../../src/warehouse/duckdb.js';
import { doStep } from '../golden/books-steps.js';
import { bytesBelow, type Company, companyOf, run } from '../golden/company.js';

vi.mock('../../src/model/catalog.js', async (original) => (await import('../golden/one-catalog.js')).oneCatalog(original));

const CASE = join(import.meta.dirname, '../../fixtures/cases/closed-month-restated');
const MONTHS = ['2026-07', '2026-08', '2026-09'] as const;
const PEOPLE = { approver: 'mira', reason: 'r' } as const;

type Action =
  | { readonly kind: 'bill'; readonly month: number; readonly cents: number }
  | {
      readonly kind: 'use';
      readonly month: number;
      readonly feature: string;
      readonly tokens: number;
      readonly customer?: string | undefined;
    }
  | { readonly kind: 'rules'; readonly even: boolean }
  | { readonly kind: 'close' }
  | { readonly kind: 'reopen' };

const month = fc.integer({ min: 0, max: MONTHS.length - 1 });
const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('bill' as const), month, cents: fc.integer({ min: -5_000, max: 100_000 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('use' as const),
      month,
      feature: fc.constantFrom('chat', 'search', 'nobody'),
      customer: fc.constantFrom('acme', 'Acme', '=1+1', undefined),
      tokens: fc.integer({ min: 1, max: 5_000_000 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('rules' as const), even: fc.boolean() }) },
  { weight: 4, arbitrary: fc.constant({ kind: 'close' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'reopen' as const }) },
);

interface World {
  readonly company: Company;
  /** Cents of the newest invoice, by month. */
  readonly billed: Map<string, number>;
  events: number;
}

const RULE = 'pool: models, match: { provider: models }';

async function writeBill(world: World, at: number, cents: number): Promise<void> {
  const day = MONTHS[at] ?? '';
  const sign = cents < 0 ? '-' : '';
  const amount = `${sign}${Math.trunc(Math.abs(cents) / 100)}.${String(Math.abs(cents) % 100).padStart(2, '0')}`;
  const last = day === '2026-09' ? 30 : 31;
  const line = `I-${at},${day}-01,${day}-${last},${day}-03,${day}-20,Tokens,${amount}`;
  await writeFile(join(world.company.folder, `bills/${day}.csv`), `invoice,from,to,first_day,last_day,item,amount\n${line}\n`);
  world.billed.set(day, cents);
}

async function doAction(world: World, told: Action): Promise<void> {
  const { company } = world;
  const pipeline = await readPipeline(company.pipelineFile);
  const books = await readBooks(pipeline);
  switch (told.kind) {
    case 'bill':
      return writeBill(world, told.month, told.cents);
    case 'use': {
      const id = `e${(world.events += 1)}`;
      const at = `${MONTHS[told.month] ?? ''}-${String(1 + (world.events % 28)).padStart(2, '0')}T12:00:00Z`;
      const event = {
        event_id: id,
        event_time: at,
        provider: 'models',
        model: 'gpt-six',
        feature_id: told.feature,
        customer_id: told.customer,
        input_tokens: told.tokens,
      };
      return writeFile(join(company.folder, `usage/${id}.jsonl`), `${JSON.stringify(event)}\n`);
    }
    case 'rules': {
      const how = told.even
        ? 'method: even, features: [chat, search]'
        : 'method: by, driver: rated_cost, within: [[day, provider], [month, provider]]';
      return writeFile(join(company.folder, 'rules.yaml'), `rules:\n  - { ${RULE}, ${how} }\n`);
    }
    case 'close': {
      await run(company);
      const open = firstOpenMonth(pipeline, books);
      // September is as far as the evidence goes.
      if (open <= '2026-09') await doStep(company, '', { close: open, ...PEOPLE });
      return;
    }
    case 'reopen': {
      const last = lastClosed(books);
      if (last !== null) await doStep(company, '', { reopen: last, ...PEOPLE });
      return;
    }
    default:
      return told satisfies never;
  }
}

async function published(company: Company, select: string): Promise<Readonly<Record<string, string>>> {
  await using engine = await openDuckDb({ threads: 1 });
  const marts = join(company.folder, 'out/parquet');
  const rows = await engine.rows(
    select.replace(
      /marts\.(\w+)/g,
      (_, mart: string) => `read_parquet('${marts}/${mart}/*/data.parquet', hive_partitioning = false)`,
    ),
  );
  return Object.fromEntries(rows.map(({ key, amount }) => [key ?? '', amount ?? '']));
}

const cents = (text = '0'): number => Math.round(Number(text) * 100);

/** Text of `amount` in cents; amounts of these companies have no more digits. */
async function holds(world: World, closed: Map<string, Readonly<Record<string, string>>>): Promise<void> {
  const { company, billed } = world;
  const byOrigin = await published(
    company,
    'SELECT original_month AS key, CAST(sum(amount) AS DECIMAL(38,2)) AS amount FROM marts.showback_feature_month GROUP BY 1',
  );
  for (const day of MONTHS) expect(cents(byOrigin[day]), `all of ${day}`).toBe(billed.get(day) ?? 0);
  const exact = await published(
    company,
    "SELECT 'all' AS key, CAST(sum(amount) AS DECIMAL(38,12)) AS amount FROM marts.showback_feature_month",
  );
  expect(cents(exact['all'])).toBe([...billed.values()].reduce((sum, each) => sum + each, 0));
  const adjusted = await published(
    company,
    'SELECT original_month AS key, CAST(sum(amount) AS DECIMAL(38,2)) AS amount FROM marts.adjustment_month GROUP BY 1',
  );
  const stood = await published(
    company,
    "SELECT billing_month AS key, CAST(sum(amount) AS DECIMAL(38,2)) AS amount FROM marts.showback_feature_month WHERE entry = 'cost' GROUP BY 1",
  );
  const books = await readBooks(await readPipeline(company.pipelineFile));
  for (const each of books.closed) await chargedBack(company, each);
  for (const { month: day } of books.closed) {
    expect(cents(stood[day]) + cents(adjusted[day]), `${day} as closed and adjusted`).toBe(billed.get(day) ?? 0);
    const now = await bytesBelow(join(company.folder, `out/current/csv/${day}`));
    expect(now).toEqual(closed.get(day) ?? now);
    closed.set(day, now);
  }
  for (const day of closed.keys()) if (!(await isClosed(company, day))) closed.delete(day);
}

/** Its journal and its statements, against what it was closed with. */
async function chargedBack(company: Company, { month: day, lock }: ClosedMonth): Promise<void> {
  const statement = lock.totals.reduce((sum, total) => sum + cents(total.statement), 0);
  const journal = await published(
    company,
    `SELECT posting AS key, CAST(sum(debit) - sum(credit) AS DECIMAL(38,2)) AS amount FROM marts.gl_journal WHERE billing_month = '${day}' GROUP BY 1`,
  );
  expect([cents(journal['expense']), cents(journal['clearing'])], `the journal of ${day}`).toEqual([statement, 0 - statement]);
  const dir = join(company.folder, 'statements');
  await doStep(company, '', { statements: day });
  let stated = 0;
  for (const name of await readdir(join(dir, day))) {
    if (name === '_index.csv') continue;
    const rows = await cellsOf(join(dir, day, name));
    expect(new Set(rows.map((row) => row['customer_id'])).size, `customers in ${name}`).toBe(1);
    stated += rows.reduce((sum, row) => sum + cents(row['statement_amount']), 0);
  }
  const index = await cellsOf(join(dir, day, '_index.csv'));
  const of = (line: string): number =>
    index.filter((row) => row['line'] === line).reduce((sum, row) => sum + cents(row['statement_amount']), 0);
  expect([of('statement'), of('statement') + of('no customer'), of('total')], `statements of ${day}`).toEqual([
    stated,
    statement,
    statement,
  ]);
  await rm(dir, { recursive: true });
}

async function cellsOf(path: string): Promise<readonly Readonly<Record<string, string>>[]> {
  return parse(await readFile(path, 'utf8'), { columns: true });
}

async function isClosed(company: Company, day: string): Promise<boolean> {
  return (await readBooks(await readPipeline(company.pipelineFile))).closed.some((each) => each.month === day);
}

async function check(actions: readonly Action[]): Promise<void> {
  await using company = await companyOf(CASE);
  const world: World = { company, billed: new Map(), events: 0 };
  const yaml = (await readFile(company.pipelineFile, 'utf8')).replace('as_of: 2026-08-31', 'as_of: 2026-10-15');
  const accounts = 'by: team, expense_account: "6420", clearing_account: "2150", cost_center: CC-0';
  await writeFile(company.pipelineFile, `${yaml}chargeback: { ${accounts} }\n`);
  for (const at of MONTHS.keys()) await writeBill(world, at, 1_000 * (at + 1));
  const closed = new Map<string, Readonly<Record<string, string>>>();
  for (const told of actions) {
    await doAction(world, told);
    if (told.kind === 'close' || told.kind === 'reopen') {
      await run(company);
      await holds(world, closed);
    }
  }
  await run(company);
  await holds(world, closed);
  const last = lastClosed(await readBooks(await readPipeline(company.pipelineFile)));
  if (last !== null) await doStep(company, '', { verify: last });
}

describe('months that close', () => {
  it('keep everything that was billed once, whatever comes in whatever order', { timeout: 900_000 }, async () => {
    const actions = fc.array(action, { minLength: 6, maxLength: 14 });
    await fc.assert(fc.asyncProperty(actions, check), { numRuns: 4, endOnFailure: true });
  });

  it('do so where each is restated after the next is closed', { timeout: 300_000 }, async () => {
    await check([
      { kind: 'use', month: 0, feature: 'chat', tokens: 3_000_000, customer: 'acme' },
      { kind: 'use', month: 0, feature: 'search', tokens: 1_000_000, customer: 'Acme' },
      { kind: 'close' },
      { kind: 'bill', month: 0, cents: 1_234 },
      { kind: 'rules', even: true },
      { kind: 'close' },
      { kind: 'use', month: 0, feature: 'nobody', tokens: 500_000 },
      { kind: 'bill', month: 1, cents: -77 },
      { kind: 'bill', month: 0, cents: 999 },
      { kind: 'close' },
    ]);
  });
});
