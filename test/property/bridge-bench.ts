// The models of the variance bridge over given rows, on the real engine, and what tests need to count in whole numbers.
import fc from 'fast-check';
import { buildModel, createEmpty, fillInput, prepareWarehouse } from '../../src/model/build.js';
import { type Catalog, type Model, readCatalog } from '../../src/model/catalog.js';
import { openDuckDb } from '../../src/warehouse/duckdb.js';
import type { Cell, Row, Warehouse } from '../../src/warehouse/warehouse.js';

export type Rows = readonly Readonly<Record<string, Cell>>[];
export type Given = Readonly<Record<string, Rows>>;

/** In the order of a run. */
const BRIDGE = ['charge', 'key', 'price', 'effect', 'timing', 'match', 'part', 'month'].map(
  (name) => `reconciliation.bridge_${name}`,
);
const INPUTS = [
  'allocation.charge_line',
  'allocation.capitalised_charge',
  'reconciliation.bridge_usage',
  'reconciliation.bridge_quantity',
];

export class BridgeBench implements AsyncDisposable {
  readonly #engine: Warehouse;
  readonly #catalog: Catalog;

  private constructor(engine: Warehouse, catalog: Catalog) {
    this.#engine = engine;
    this.#catalog = catalog;
  }

  static async open(threads: number): Promise<BridgeBench> {
    const engine = await openDuckDb({ threads });
    return new BridgeBench(engine, await readCatalog('sql', engine));
  }

  /** Builds the bridge anew on what is given, each model held to its contract. */
  async build(given: Given): Promise<void> {
    await prepareWarehouse(this.#engine, this.#catalog);
    for (const name of INPUTS) await createEmpty(this.#engine, this.#modelOf(name));
    for (const [name, rows] of Object.entries(given)) await fillInput(this.#engine, this.#modelOf(name), rows);
    for (const name of BRIDGE) await buildModel(this.#engine, this.#modelOf(name));
  }

  /** One model alone, on a table that it reads. */
  async buildOn(name: string, read: string, rows: Rows): Promise<void> {
    await prepareWarehouse(this.#engine, this.#catalog);
    await createEmpty(this.#engine, this.#modelOf(read));
    await fillInput(this.#engine, this.#modelOf(read), rows);
    await buildModel(this.#engine, this.#modelOf(name));
  }

  async rows(sql: string): Promise<readonly Row[]> {
    return this.#engine.rows(sql);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#engine[Symbol.asyncDispose]();
  }

  #modelOf(name: string): Model {
    const model = this.#catalog.models.find((candidate) => candidate.name === name);
    if (model === undefined) throw new Error(`no model ${name}`);
    return model;
  }
}

export const absolute = (value: bigint): bigint => (value < 0n ? -value : value);

/** Decimal text of a number of units of 10^-`scale`. */
export function decimal(units: bigint, scale: number): string {
  const digits = absolute(units)
    .toString()
    .padStart(scale + 1, '0');
  return `${units < 0n ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

/** Of decimal text as an engine writes it, all digits of its scale. */
export const unitsOf = (text: Cell | undefined): bigint => BigInt((text ?? '').replace('.', ''));

/** Rounds n ÷ d half-even; d > 0. */
export function halfEven(n: bigint, d: bigint): bigint {
  const size = absolute(n);
  const [whole, twice] = [size / d, 2n * (size % d)];
  const rounded = whole + (twice > d || (twice === d && whole % 2n === 1n) ? 1n : 0n);
  return n < 0n ? -rounded : rounded;
}

// Uneven, so that some keys have many days with charges and usage.
const PROVIDERS = ['openai', 'openai', 'openai', 'aws'] as const;
const SKUS = ['gpt', 'gpt', 'gpt', 'nano'] as const;
const METERS = ['input_tokens', 'input_tokens', 'input_tokens', 'requests'] as const;
const TIERS = ['standard', 'standard', 'standard', 'standard', 'standard', 'batch', 'priority'] as const;
const CURRENCIES = ['USD', 'USD', 'USD', 'USD', 'USD', 'EUR'] as const;
const MONTHS = ['2026-07-01', '2026-08-01'] as const;

const money = fc
  .oneof(
    fc.bigInt({ min: -(10n ** 24n), max: 10n ** 24n }),
    fc.bigInt({ min: -5n, max: 5n }),
    fc.integer({ min: -900, max: 90_000 }).map((cents) => BigInt(cents) * 10n ** 10n),
    fc.constant(0n),
  )
  .map((units) => decimal(units, 12));
const quantity = fc
  .oneof(
    fc.integer({ min: -3, max: 12 }).map((units) => BigInt(units) * 10n ** 6n),
    fc.bigInt({ min: 0n, max: 10n ** 16n }),
    fc.constant(0n),
  )
  .map((units) => decimal(units, 6));
export const unitPrice = fc
  .oneof(fc.bigInt({ min: 0n, max: 10n ** 14n }), fc.constantFrom(0n, 1n, 125n * 10n ** 6n, 110n * 10n ** 6n, 10n ** 13n))
  .map((units) => decimal(units, 14));
/** Few, so that days are neighbours, and the first and last of a month among them. */
const dayOfMonth = fc.constantFrom('01', '01', '02', '02', '03', '03', '04', '15', '31');

const key = {
  provider: fc.constantFrom(...PROVIDERS),
  sku: fc.constantFrom(...SKUS),
  meter: fc.constantFrom(...METERS),
  service_tier: fc.constantFrom(...TIERS),
  currency: fc.constantFrom(...CURRENCIES),
};

const SPANS = {
  day: (day: string) => [`${day} 00:00:00`, nextDay(day)],
  moment: (day: string) => [`${day} 05:06:07`, `${day} 05:06:07`],
  night: (day: string) => [`${day} 22:00:00`, nextDay(day).replace('00:00:00', '02:00:00')],
  month: (day: string) => [`${day.slice(0, 7)}-01 00:00:00`, `${nextDay(`${day.slice(0, 7)}-31`).slice(0, 10)} 00:00:00`],
} as const;

function nextDay(day: string): string {
  return `${new Date(Date.parse(`${day}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10)} 00:00:00`;
}

const charge = fc
  .record({
    ...key,
    sku: fc.option(key.sku, { freq: 9 }),
    meter: fc.option(key.meter, { freq: 5 }),
    billing_month: fc.constantFrom(...MONTHS),
    day: dayOfMonth,
    span: fc.oneof(
      { weight: 50, arbitrary: fc.constant('day' as const) },
      fc.constantFrom<(keyof typeof SPANS)[]>('moment', 'night', 'month'),
    ),
    category: fc.constantFrom('Usage', 'Usage', 'Usage', 'Usage', 'Usage', 'Tax', 'Credit', 'Adjustment', 'Purchase'),
    charge_class: fc.constantFrom(null, null, null, null, 'Correction'),
    commitment_status: fc.constantFrom(null, null, null, 'Used', 'Unused'),
    mapped_by: fc.constantFrom('map', 'hint', 'unmapped'),
    declared_cause: fc.constantFrom(null, null, null, null, null, null, 'tax', 'credit', 'minimum_commitment', 'correction'),
    amount: money,
    paid: fc.option(money, { freq: 3 }),
    quantity: fc.option(quantity, { freq: 8 }),
    isCapitalised: fc.constantFrom(true, ...Array.from({ length: 11 }, () => false)),
  })
  .map(({ day, span, paid, ...row }) => {
    const [charge_start = '', charge_end = ''] = SPANS[span](row.billing_month.replace(/01$/, day));
    return { ...row, charge_start, charge_end, billed_amount: paid ?? row.amount };
  });

const usage = fc.record({
  ...key,
  billing_month: fc.constantFrom(...MONTHS),
  day: dayOfMonth,
  is_covered: fc.constantFrom('true', 'true', 'true', 'false'),
  rated_amount: money,
  logged_quantity: quantity,
});

const price = fc.record({
  ...key,
  layer: fc.constantFrom('list', 'list', 'negotiated'),
  region: fc.constantFrom('', '', '', 'eu'),
  prompt_over: fc.constantFrom('0', '0', '0', '200000'),
  minutes: fc.constantFrom('0 1440', '0 1440', '0 1440', '60 240', '0 480', '990 30'),
  valid_from: fc.constantFrom('2026-01-01', '2026-07-01', '2026-07-03', '2026-07-03 12:00:00', '2026-08-02', '2026-09-01'),
  unit_price: fc.option(unitPrice, { freq: 7 }),
});

const told = fc.record({
  ...key,
  usage_date: dayOfMonth,
  service_tier: fc.constantFrom('standard', 'batch', '(not told)'),
  quantity,
});

const by = (...names: readonly string[]) => ({
  selector: (row: object) => names.map((name) => String(Object.entries(row).find(([each]) => each === name)?.[1])).join(' '),
});
const GRAIN = ['provider', 'sku', 'meter', 'service_tier'] as const;

/** What a bridge can be made of: charges, usage, what a usage API told, and books. */
export const world: fc.Arbitrary<Given> = fc
  .record({
    charges: fc.array(charge, { minLength: 70, maxLength: 120 }),
    used: fc.uniqueArray(usage, {
      ...by('billing_month', 'day', ...GRAIN, 'currency', 'is_covered'),
      minLength: 60,
      maxLength: 120,
    }),
    prices: fc.uniqueArray(price, {
      ...by(...GRAIN, 'layer', 'region', 'prompt_over', 'minutes', 'valid_from'),
      minLength: 5,
      maxLength: 60,
    }),
    tells: fc.uniqueArray(told, { ...by('usage_date', ...GRAIN), maxLength: 12 }),
  })
  .map(({ charges, used, prices, tells }) => {
    const keyed = charges.map(({ isCapitalised, ...row }, at) => ({ line_key: `bill f ${at}`, isCapitalised, row }));
    return {
      'run.currency': ['USD', 'EUR'].map((currency) => ({ currency, minor_exponent: '2' })),
      // Prices in euros meet bills in dollars; those in dollars meet no bill in euros.
      'run.fx': MONTHS.map((month, at) => ({
        month,
        from_currency: 'EUR',
        to_currency: 'USD',
        rate: `1.1${at}7`,
        source: 'test',
      })),
      'run.price': prices.map(({ minutes, ...row }, at) => ({ ...row, ...bookPlace(at), ...band(minutes) })),
      'allocation.charge_line': keyed.map(({ line_key, row }) => ({
        line_key,
        ...row,
        original_currency: row.currency,
        original_amount: row.amount,
      })),
      'allocation.capitalised_charge': keyed.filter(({ isCapitalised }) => isCapitalised).map(({ line_key }) => ({ line_key })),
      'reconciliation.bridge_usage': used.map(({ day, ...row }) => ({
        ...row,
        usage_date: row.billing_month.replace(/01$/, day),
      })),
      'reconciliation.bridge_quantity': toldRows(tells),
    };
  });

export function bookPlace(at: number): Readonly<Record<string, string>> {
  return { price_no: String(at + 1), source: 'test', place: `list.csv:${at + 2}` };
}

function band(minutes: string): Readonly<Record<string, string>> {
  const [minute_from = '', minute_to = ''] = minutes.split(' ');
  return { minute_from, minute_to };
}

interface Told {
  readonly provider: string;
  readonly meter: string;
  readonly usage_date: string;
}

/** A day that an API tells of has a row for all of it. */
function toldRows(tells: readonly (Told & Readonly<Record<string, string>>)[]): Rows {
  const rows = tells.map(({ provider, sku = '', meter, service_tier = '', usage_date, quantity: used = '' }) => ({
    ...{ provider, sku, meter, service_tier, quantity: used },
    usage_date: `2026-07-${usage_date}`,
  }));
  const days = new Map(rows.map((row) => [`${row.provider} ${row.meter} ${row.usage_date}`, row]));
  return [...rows, ...[...days.values()].map((row) => ({ ...row, sku: '(all)', service_tier: '(all)', quantity: '0' }))];
}
