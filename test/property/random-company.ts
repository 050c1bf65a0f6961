// A company from a seed: rules, register, prices, bills and logs with everything that can be odd about them, as rows of the input tables.
import type { Cell } from '../../src/warehouse/warehouse.js';
import { type Purchase, randomBills } from './random-bills.js';
import { Dice } from './random-dice.js';
import { randomOwners } from './random-owners.js';
import { randomRules } from './random-rules.js';

export type TableRow = Readonly<Record<string, Cell>>;
export type Tables = Readonly<Record<string, readonly TableRow[]>>;

export interface RandomCompany {
  readonly tables: Tables;
  readonly levels: number;
}

export const FEATURES = ['chat', 'search', 'agent'] as const;
export const POOLS = ['cluster', 'embedder', 'gateway'] as const;

export function randomCompany(seed: number): RandomCompany {
  const dice = new Dice(seed);
  const { tables: rules, levels } = randomRules(dice);
  const register = randomRegister(dice);
  const bills = randomBills(dice, register.purchase);
  const events = randomEvents(dice);
  const sources = Object.keys(SOURCES).map((source_id) => ({ source_id, ...SOURCES[source_id] }));
  const landed = sources.map(({ source_id }) => {
    const rows = [events, ...Object.values(bills)].flat().filter((row) => row['source_id'] === source_id);
    return { source_id, file: 'f', sha256: 's', bytes: '1', records: String(rows.length), unit: 'f', delivery: '1' };
  });
  return {
    levels,
    tables: {
      ...STATIC,
      // Dice of their own: what else a seed holds stays what it was.
      'run.feature_owner': randomOwners(new Dice(seed + 7), [...FEATURES, ...POOLS]),
      ...rules,
      'run.fx': randomRates(dice),
      ...register.tables,
      'run.condition': [...(rules['run.condition'] ?? []), ...(register.tables['run.condition'] ?? [])],
      'run.source': sources,
      'run.landed_file': landed,
      'run.control_total': landed.map(({ source_id, file, records }) => ({
        source_id,
        control: 'row_count',
        scope: file,
        expected: records,
      })),
      ...bills,
      'raw.usage_event': events,
    },
  };
}

const bill = { role: 'money', covers_usage: 'true', stated_cost: 'false' };
const SOURCES: Readonly<Record<string, TableRow>> = {
  logs: { kind: 'usage', covers_usage: 'false', stated_cost: 'false' },
  aws: { ...bill, kind: 'focus', provider: 'aws', basis: 'effective', feature_tag: 'feature' },
  openai: { ...bill, kind: 'openai-costs', provider: 'openai', basis: 'billed', account: 'org-1' },
  anthropic: { ...bill, kind: 'anthropic-costs', provider: 'anthropic', basis: 'billed' },
  invoices: { ...bill, kind: 'invoice-csv', provider: 'pinecone', basis: 'billed' },
};

function price(row: TableRow, at: number): TableRow {
  const wide = { layer: 'list', service_tier: 'standard', region: '', prompt_over: '0', minute_from: '0', minute_to: '1440' };
  return { price_no: String(at + 1), ...wide, valid_from: '2026-01-01', source: 'test', place: 'p:1', ...row };
}

const STATIC: Tables = {
  'run.chargeback': [
    { pipeline: 'random', line_of: 'feature', expense_account: '6420', clearing_account: '2150', cost_center: 'CC-0' },
  ],
  'run.period': [
    {
      as_of: '2026-08-20',
      first_month: '2026-07-01',
      last_month: '2026-08-01',
      start_month: '2026-07-01',
      currency: 'USD',
    },
  ],
  'run.currency': [
    { currency: 'USD', minor_exponent: '2' },
    { currency: 'EUR', minor_exponent: '2' },
    { currency: 'JPY', minor_exponent: '0' },
    { currency: 'KWD', minor_exponent: '3' },
  ],
  'run.feature': [
    ...FEATURES.map((feature_id) => ({ feature_id, kind: 'feature' })),
    ...POOLS.map((feature_id) => ({ feature_id, kind: 'pool' })),
  ].map((row) => ({ ...row, name: row.feature_id, team: 't', cost_center: 'c', category: 'x', place: 'features.yaml:1' })),
  'run.feature_mapping': [
    { kind: 'account', value: 'proj-1', feature_id: 'chat' },
    { kind: 'principal', value: 'key-1', feature_id: 'search' },
  ],
  'run.price': [
    { provider: 'openai', sku: 'gpt', meter: 'input_tokens', unit_price: '0.00000250', currency: 'USD' },
    { provider: 'openai', sku: 'gpt', meter: 'output_tokens', unit_price: '0.00001033', currency: 'USD' },
    { provider: 'openai', sku: 'gpt', meter: 'output_tokens', unit_price: '0.00001', currency: 'USD', valid_from: '2026-07-20' },
    { provider: 'anthropic', sku: 'claude', meter: 'input_tokens', unit_price: '0.000003', currency: 'USD' },
    { provider: 'anthropic', sku: 'claude', meter: 'output_tokens', unit_price: '0.000015', currency: 'USD' },
    { provider: 'pinecone', sku: 'index', meter: 'vector_queries', unit_price: '0.00000177', currency: 'EUR' },
    { provider: 'self', sku: 'e5', meter: 'gpu_hours', unit_price: '2.5', currency: 'USD' },
    { provider: 'mistral', sku: 'large', meter: 'input_tokens', unit_price: '0.000002', currency: 'KWD' },
    { provider: 'mistral', sku: 'large', meter: 'output_tokens', unit_price: '0.000006', currency: 'KWD' },
  ].map(price),
  // August of nobody but the agent, and September of nobody yet.
  'run.revenue': [
    { month: '2026-07-01', feature_id: 'chat', amount: '1234.56' },
    { month: '2026-07-01', feature_id: 'search', amount: '0' },
    { month: '2026-07-01', feature_id: 'agent', amount: '99999999999.999999999999' },
    { month: '2026-08-01', feature_id: 'agent', amount: '0.01' },
  ],
  'run.sku': [{ provider: 'self', sku: 'e5', charged_by: 'pool' }],
  'run.sku_map': [
    { provider: 'aws', item: 'GPU%', exact: 'false', sku: 'gpu', factor: '1' },
    { provider: 'pinecone', item: 'Reads', exact: 'true', sku: 'index', meter: 'vector_queries', factor: '1000' },
  ],
};

/** What the reporting currency is not, as bills, prices and register entries have it, with a rate of its own in every month that needs one. */
const FOREIGN = ['EUR', 'JPY', 'KWD'] as const;

function randomRates(dice: Dice): readonly TableRow[] {
  const rate = (): string =>
    dice.of([
      `${1 + dice.below(9)}.${dice.below(1_000_000)}`,
      `0.00${1 + dice.below(99)}`,
      `0.${'0'.repeat(11)}1`,
      `${1 + dice.below(200)}`,
    ]);
  return FOREIGN.flatMap((from_currency) =>
    ['2026-06-01', '2026-07-01', '2026-08-01'].map((month) => ({
      month,
      from_currency,
      to_currency: 'USD',
      rate: rate(),
      source: 'test',
    })),
  );
}

interface Register {
  readonly tables: Tables;
  /** A bill line that pays for the owned entry, or null. */
  readonly purchase: Purchase | null;
}

function randomRegister(dice: Dice): Register {
  const cost = `${dice.below(90_000) + 10_000}.${dice.below(90) + 10}`;
  const horizon = 12 + dice.below(25);
  const billed = dice.flip();
  const changes = [
    ...(dice.flip()
      ? [{ entry_id: 'rack', changed_on: '2026-08-05', kind: 'disposal', proceeds: String(dice.below(200_000)) }]
      : []),
    ...(dice.flip()
      ? [{ entry_id: 'rack', changed_on: '2026-07-25', kind: 'horizon', horizon_months: String(12 + dice.below(25)) }]
      : []),
  ];
  const entry = { description: 'x', currency: dice.of(['USD', ...FOREIGN]), has_bill: 'false' };
  const rack = { ...entry, kind: 'owned', provider: 'aws', cost, in_service_on: `2026-07-${10 + dice.below(15)}` };
  const rent = {
    ...entry,
    entry_id: 'rent',
    kind: 'recurring',
    provider: 'colo',
    monthly_amount: '10000',
    valid_from: '2026-07-09',
  };
  return {
    purchase: billed ? { amount: cost, currency: entry.currency } : null,
    tables: {
      'run.fixed_cost': [{ ...rack, entry_id: 'rack', horizon_months: String(horizon), has_bill: String(billed) }, rent],
      'run.fixed_cost_change': changes,
      'run.condition': billed
        ? [
            {
              owner_kind: 'entry',
              owner_key: 'rack',
              condition_no: '1',
              condition_count: '1',
              field: 'description',
              pattern: 'Rack%',
            },
          ]
        : [],
    },
  };
}

const MODELS = [
  { provider: 'openai', model: 'gpt', account_id: 'org-1' },
  { provider: 'openai', model: 'gpt', account_id: 'org-2' },
  { provider: 'anthropic', model: 'claude', account_id: null },
  { provider: 'mistral', model: 'large', account_id: null },
];

/** Events with and without tags, sampled, cached, told twice, rejected, and after the as-of day. */
function randomEvents(dice: Dice): readonly TableRow[] {
  const events: TableRow[] = [];
  const count = 50 + dice.below(60);
  for (let at = 0; at < count; at += 1) {
    const again = events.length > 3 && dice.below(12) === 0 ? dice.of(events) : null;
    events.push({ ...(again ?? randomEvent(dice, at)), row: String(at + 1) });
  }
  return events;
}

function randomEvent(dice: Dice, at: number): TableRow {
  const base = { source_id: 'logs', file: 'f', event_id: `e${at}`, event_key: String(at) };
  if (dice.below(25) === 0) return { ...base, reject: 'malformed' };
  const feature = dice.of([...FEATURES, ...FEATURES, 'cluster', 'serach', null]);
  return {
    ...(dice.below(6) === 0 ? { source_id: 'logs', file: 'f', record_key: `r${at}` } : base),
    event_time: `2026-0${dice.of(['7', '7', '8'])}-${10 + dice.below(20)} 1${dice.below(10)}:30:00`,
    feature_id: feature,
    customer_id: dice.of(['acme', 'bolt', null]),
    principal_id: dice.of(['key-1', null]),
    sample_rate: dice.of([null, null, '0.1', '0.333333']),
    cache: dice.of([null, 'miss', 'hit']),
    ...randomMeters(dice),
  };
}

function randomMeters(dice: Dice): TableRow {
  const kind = dice.below(6);
  if (kind === 0) return { provider: 'pinecone', model: 'index', vector_queries: String(dice.below(900_000)) };
  if (kind === 1) return { provider: 'self', model: 'e5', gpu_hours: `${dice.below(90)}.${100_000 + dice.below(900_000)}` };
  return { ...dice.of(MODELS), input_tokens: String(dice.below(3_000_000)), output_tokens: String(dice.below(90_000)) };
}
