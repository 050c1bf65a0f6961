// The arithmetic of money against published vectors, through the SQL that a run executes: macros and models as they stand, on any engine.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { type Catalog, type Model } from '../../src/model/catalog.js';
import type { Cell, Row } from '../../src/warehouse/warehouse.js';

export interface VectorEngine {
  readonly catalog: Catalog;
  /** Fills an input of a model, which has the columns that its contract promises. Those that a row leaves out are null. */
  given(model: Model, rows: readonly Readonly<Record<string, Cell>>[]): Promise<void>;
  /** Makes the table of a model. */
  build(model: Model): Promise<void>;
  /** Any select over tables and macros. */
  rows(sql: string): Promise<readonly Row[]>;
}

type Amounts = Readonly<Record<string, string>>;

function vectors<T>(name: string): readonly T[] {
  const read: { readonly cases: readonly T[] } = JSON.parse(
    readFileSync(new URL(`../vectors/${name}.json`, import.meta.url), 'utf8'),
  );
  expect(read.cases.length).toBeGreaterThan(3);
  return read.cases;
}

function nonZero(amounts: Amounts): Amounts {
  return Object.fromEntries(Object.entries(amounts).filter(([, amount]) => /[1-9]/.test(amount)));
}

/** `engine` is asked for once its tests run. */
export function vectorSuite(engine: () => VectorEngine): void {
  const modelOf = (name: string): Model => {
    const model = engine().catalog.models.find((candidate) => candidate.name === name);
    if (model === undefined) throw new Error(`no model ${name}`);
    return model;
  };
  const given = async (name: string, rows: readonly Readonly<Record<string, Cell>>[]): Promise<void> =>
    engine().given(modelOf(name), rows);
  const build = async (name: string): Promise<void> => engine().build(modelOf(name));
  /** Result rows as one object a case: key → amount. Parts of zero have no row. */
  const byCase = async (sql: string, cases: number): Promise<readonly Amounts[]> => {
    const found: Record<string, string>[] = Array.from({ length: cases }, () => ({}));
    for (const row of await engine().rows(sql)) found[Number(row['at'])]![row['key'] ?? '(unallocated)'] = row['amount'] ?? '';
    return found;
  };

  it('apportion: allocation.pool_share gives exactly the parts', async () => {
    const cases = vectors<{ amount: string; weights: Amounts; parts: Amounts; unallocated: string }>('apportion');
    await given(
      'allocation.pool_item',
      cases.map(({ amount }, at) => ({ item_key: String(at), amount })),
    );
    await given(
      'allocation.pool_weight',
      cases.flatMap(({ weights }, at) =>
        Object.entries(weights).map(([target, weight]) => ({ item_key: String(at), target, weight })),
      ),
    );
    await build('allocation.pool_share');
    const parts = await byCase('SELECT item_key AS at, target AS key, amount FROM allocation.pool_share', cases.length);
    expect(parts).toEqual(cases.map((one) => nonZero({ ...one.parts, '(unallocated)': one.unallocated })));
  });

  it('spread: charges on their days by seconds', async () => {
    const cases = vectors<{ cost: string; start: string; end: string; by_day: Amounts }>('spread');
    const wide = { billing_period_start: '2026-10-01', billing_period_end: '2026-12-01' };
    const moment = (text: string): string => text.replace('T', ' ').replace('Z', '');
    await given(
      'allocation.charge_line',
      cases.map(({ start, end }, at) => ({
        line_key: String(at),
        charge_start: moment(start),
        charge_end: moment(end),
        ...wide,
      })),
    );
    await given(
      'allocation.cost_line',
      cases.map(({ cost }, at) => ({ line_key: String(at), kind: 'charge', amount: cost })),
    );
    await given('allocation.fixed_day', []);
    await given('run.period', [{ as_of: '2026-12-31', start_month: '2026-10-01' }]);
    for (const model of ['spread_item', 'spread_weight', 'cost_day']) await build(`allocation.${model}`);
    const days = await byCase('SELECT line_key AS at, usage_date AS key, amount FROM allocation.cost_day', cases.length);
    expect(days).toEqual(cases.map((one) => one.by_day));
  });

  it('amortization: schedules by month and day', async () => {
    interface Case {
      readonly cost: string;
      readonly in_service_on: string;
      readonly horizon_months: number;
      readonly first_day: string;
      readonly last_day: readonly [day: string, amount: string];
      readonly days: number;
      readonly by_month: Amounts;
    }
    const cases = vectors<Case>('amortization');
    await given(
      'run.fixed_cost',
      cases.map(({ cost, in_service_on, horizon_months }, at) => ({
        entry_id: String(at),
        kind: at % 2 === 0 ? 'owned' : 'prepaid',
        currency: 'USD',
        cost,
        in_service_on,
        horizon_months: String(horizon_months),
      })),
    );
    await given('run.period', [{ as_of: '2026-12-31', start_month: '2024-01-01' }]);
    for (const model of ['schedule_month', 'fixed_day']) await build(`allocation.${model}`);
    const months = await byCase(
      `SELECT entry_id AS at, month_text(usage_date) AS key, money_sum(amount) AS amount FROM allocation.fixed_day
       GROUP BY entry_id, month_text(usage_date)`,
      cases.length,
    );
    expect(months).toEqual(cases.map((one) => one.by_month));
    const ends = await engine().rows(
      `SELECT entry_id, count(*) AS days, min_by(amount, usage_date) AS first_day, max(usage_date) AS last_day,
              max_by(amount, usage_date) AS last_amount, min(usage_date) AS in_service_on, money_sum(amount) AS cost
       FROM allocation.fixed_day GROUP BY entry_id ORDER BY entry_id`,
    );
    expect(ends).toEqual(
      cases.map((one, at) => ({
        entry_id: String(at),
        days: String(one.days),
        first_day: one.first_day,
        last_day: one.last_day[0],
        last_amount: one.last_day[1],
        in_service_on: one.in_service_on,
        cost: `${one.cost}${'0'.repeat(10)}`,
      })),
    );
  });

  it('bridge: three effects that sum to billed − rated', async () => {
    interface Case {
      readonly billed: string;
      readonly billed_quantity: number;
      readonly rated: string;
      readonly logged_quantity: number;
      readonly book_price_per_million: string;
      readonly quantity_effect: string;
      readonly rating_effect: string;
      readonly price_effect: string;
      readonly total: string;
    }
    const cases = vectors<Case>('bridge');
    const key = (at: number) => ({ provider: 'openai', sku: String(at), meter: 'input_tokens', currency: 'USD' });
    const compared = { billing_month: '2026-07-01', compare_day: '2026-07-01', service_tier: 'standard' };
    await given(
      'reconciliation.bridge_key',
      cases.map((one, at) => ({
        ...key(at),
        ...compared,
        billed_amount: one.billed,
        billed_quantity: String(one.billed_quantity),
        rated_amount: one.rated,
        logged_quantity: String(one.logged_quantity),
      })),
    );
    await given(
      'reconciliation.bridge_price',
      cases.map((one, at) => ({
        ...key(at),
        ...compared,
        unit_price: perMillion(one.book_price_per_million),
        exchange_rate: '1',
      })),
    );
    const rows = await engine().rows(
      `SELECT quantity_effect, rating_effect, price_effect, CAST(quantity_effect + rating_effect + price_effect AS DECIMAL(38,12)) AS total
       FROM (${modelOf('reconciliation.bridge_effect').sql}) AS v ORDER BY CAST(sku AS INTEGER)`,
    );
    expect(rows).toEqual(
      cases.map(({ quantity_effect, rating_effect, price_effect, total }) => ({
        quantity_effect,
        rating_effect,
        price_effect,
        total,
      })),
    );
  });

  it('statement: rows rounded to cents that sum to the rounded total', async () => {
    const cases = vectors<{ rows: Amounts; cents: Readonly<Record<string, number>>; total: number }>('statement');
    await given(
      'allocation.statement_item',
      cases.flatMap(({ rows }, at) =>
        Object.entries(rows).map(([row_key, amount]) => ({ statement_key: String(at), row_key, amount, minor_exponent: '2' })),
      ),
    );
    const cents = await byCase(
      `SELECT statement_key AS at, row_key AS key, CAST(statement_amount * 100 AS DECIMAL(38,0)) AS amount
       FROM (${modelOf('allocation.statement').sql}) AS s`,
      cases.length,
    );
    expect(cents).toEqual(
      cases.map((one) => Object.fromEntries(Object.entries(one.cents).map(([row, amount]) => [row, String(amount)]))),
    );
    for (const one of cases) expect(Object.values(one.cents).reduce((sum, amount) => sum + amount, 0)).toBe(one.total);
  });
}

/** `19.367000000000` a million is `0.000019367` a unit. */
function perMillion(price: string): string {
  const [whole = '0', fraction = ''] = price.split('.');
  return `0.${whole.padStart(6, '0')}${fraction.slice(0, 8)}`;
}
