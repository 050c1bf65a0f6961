// Price books for tests: the shipped list as rows, and usage priced by the rating models on the real engine.
import { readFileSync } from 'node:fs';
import { parse as parseYaml } from 'yaml';
import { Failure, type Problem } from '../../src/kernel/failure.js';
import { readAliases } from '../../src/pipeline/books.js';
import type { AliasRow, PriceRow } from '../../src/pipeline/pipeline.js';
import { readPrices } from '../../src/pipeline/prices.js';
import { openDuckDb } from '../../src/warehouse/duckdb.js';
import type { Cell, Row, Warehouse } from '../../src/warehouse/warehouse.js';

const root = new URL('../../', import.meta.url);
const text = (path: string): string => readFileSync(new URL(path, root), 'utf8');

/** A price book as the pipeline reads it. */
export function bookRows(path: string, layer: PriceRow['layer'] = 'list'): readonly PriceRow[] {
  return readPrices(path, text(path), layer, new Map(), refuse);
}

export function aliasRows(path: string): readonly AliasRow[] {
  return readAliases(path, text(path), new Map(), refuse);
}

function refuse(problem: Problem): never {
  throw new Failure('user', [problem]);
}

function minutes(clock: string): number {
  const [hour, minute] = clock.split(':');
  return Number(hour) * 60 + Number(minute);
}

/** One logged event. Quantities by meter. */
export interface PricedEvent {
  readonly provider: string;
  readonly model: string;
  /** `YYYY-MM-DDTHH:MM:SS`, UTC. */
  readonly at: string;
  readonly serviceTier?: string;
  readonly region?: string;
  readonly quantities: Readonly<Record<string, number>>;
}

/** What rating made of one meter of one event (by its place in the list). */
export interface PricedMeter {
  readonly event: number;
  readonly meter: string;
  readonly sku: string;
  /** Place of the price row in the list of prices, or null: unpriced. */
  readonly priceNo: number | null;
  /** Quantity × unit price before the ledger's rounding, and after. */
  readonly exact: string | null;
  readonly amount: string | null;
}

const RATING = [
  'sku_name',
  'rate_key',
  'price_in_force',
  'banded_event',
  'usage_sum',
  'day_sum',
  'usage_day',
  'usage_meter',
  'priced_meter',
];
const PROMPT = ['input_tokens', 'cache_read_tokens', 'cache_write_tokens', 'cache_write_1h_tokens'];
const COUNTS = [
  ...PROMPT,
  ...['output_tokens', 'embedding_tokens', 'embeddings', 'requests', 'vector_queries', 'vector_read_units', 'vector_write_units'],
  ...['tool_calls', 'search_queries', 'rerank_queries', 'images'],
];
const DECIMALS = ['storage_gb_months', 'egress_gb', 'gpu_hours', 'review_minutes'];

/** The rating models over given books. `price` runs them on a batch of events. */
export class RatingBench implements AsyncDisposable {
  readonly #engine: Warehouse;

  private constructor(engine: Warehouse) {
    this.#engine = engine;
  }

  static async open(prices: readonly PriceRow[], aliases: readonly AliasRow[]): Promise<RatingBench> {
    const engine = await openDuckDb({ threads: 2 });
    await engine.run(text('sql/macros/duckdb.sql'));
    await engine.run('CREATE SCHEMA run; CREATE SCHEMA staging; CREATE SCHEMA rating');
    for (const table of ['period', 'price', 'alias', 'sku', 'source', 'feature', 'feature_mapping', 'kept_sum', 'fx'])
      await engine.run(tableOf(table));
    await engine.run(`CREATE TABLE staging.charge (provider VARCHAR, model_hint VARCHAR); ${EVENT_TABLE}`);
    await engine.run('CREATE TABLE staging.billed_usage (provider VARCHAR, model VARCHAR)');
    await engine.run('INSERT INTO run.period BY NAME SELECT true AS keeps_customer');
    await engine.run("INSERT INTO run.source BY NAME SELECT 'usage' AS source_id, false AS stated_cost");
    await engine.insert('run.price', PRICE_COLUMNS, prices.map(priceCells));
    await engine.insert('run.alias', ALIAS_COLUMNS, aliasCells(aliases));
    return new RatingBench(engine);
  }

  async price(events: readonly PricedEvent[]): Promise<readonly PricedMeter[]> {
    await this.#engine.run('DELETE FROM staging.usage_event');
    await this.#engine.insert('staging.usage_event', EVENT_COLUMNS, events.map(eventCells));
    await this.#engine.run(`CREATE OR REPLACE TABLE staging.used_model AS ${text('sql/staging/used_model.sql')}`);
    for (const model of RATING)
      await this.#engine.run(`CREATE OR REPLACE TABLE rating.${model} AS ${text(`sql/rating/${model}.sql`)}`);
    const rows = await this.#engine.rows(
      `SELECT u.feature_tag AS event, m.meter, u.sku, m.price_no, m.quantity * m.unit_price AS exact, m.computed_amount AS amount
       FROM rating.priced_meter AS m JOIN rating.usage_day AS u ON u.usage_no = m.usage_no`,
    );
    return rows.map(pricedMeter);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#engine[Symbol.asyncDispose]();
  }
}

function pricedMeter(row: Row): PricedMeter {
  return {
    event: Number(row['event']),
    meter: row['meter'] ?? '',
    sku: row['sku'] ?? '',
    priceNo: row['price_no'] === null ? null : Number(row['price_no']),
    exact: row['exact'] ?? null,
    amount: row['amount'] ?? null,
  };
}

/** The table that a contract describes. */
function tableOf(name: string): string {
  const contract: { readonly columns: Readonly<Record<string, string>> } = parseYaml(text(`sql/run/${name}.yaml`));
  const columns = Object.entries(contract.columns).map(
    ([column, words]) => `"${column}" ${(words.split(' ')[0] ?? '').replace('?', '')}`,
  );
  return `CREATE TABLE run.${name} (${columns.join(', ')})`;
}

// The event's number is its unregistered feature, which keeps events apart in the day aggregate.
const EVENT_COLUMNS = [
  'source_id',
  'event_time',
  'usage_date',
  'usage_minute',
  'provider',
  'model',
  'region',
  'service_tier',
  'cache_hit',
  'sample_rate',
].concat(['feature_id', 'prompt_tokens'], COUNTS);
const EVENT_TABLE = `CREATE TABLE staging.usage_event (source_id VARCHAR, event_time TIMESTAMP, usage_date DATE, usage_minute BIGINT, provider VARCHAR,
  account_id VARCHAR, model VARCHAR, region VARCHAR, service_tier VARCHAR, cache_hit BOOLEAN, sample_rate DECIMAL(9,6), feature_id VARCHAR,
  customer_id VARCHAR, principal_id VARCHAR, environment VARCHAR, workflow_id VARCHAR, stated_cost DECIMAL(38,12), prompt_tokens BIGINT,
  ${COUNTS.map((meter) => `${meter} BIGINT`).join(', ')}, ${DECIMALS.map((meter) => `${meter} DECIMAL(18,6)`).join(', ')})`;

function eventCells(event: PricedEvent, index: number): readonly Cell[] {
  const prompt = PROMPT.reduce((sum, meter) => sum + (event.quantities[meter] ?? 0), 0);
  const at = event.at.replace('T', ' ');
  const head = ['usage', at, at.slice(0, 10), String(minutes(at.slice(11, 16))), event.provider, event.model, event.region ?? ''];
  const tail = COUNTS.map((meter) => (event.quantities[meter] === undefined ? null : String(event.quantities[meter])));
  return [...head, event.serviceTier ?? 'standard', 'false', '1', String(index), String(prompt), ...tail];
}

const PRICE_COLUMNS = [
  'price_no',
  'layer',
  'provider',
  'sku',
  'meter',
  'service_tier',
  'region',
  'prompt_over',
  'minute_from',
  'minute_to',
].concat(['valid_from', 'unit_price', 'currency', 'source']);

function priceCells(row: PriceRow, index: number): readonly Cell[] {
  const bands = [row.promptOver, row.minuteFrom, row.minuteTo].map(String);
  const head = [String(index), row.layer, row.provider, row.sku, row.meter, row.serviceTier, row.region, ...bands];
  return [...head, row.validFrom, row.price === null ? null : unitPrice(row.price, row.unitExponent), row.currency, row.source];
}

/** Decimal text divided by a power of ten, by moving the point. */
export function unitPrice(price: string, exponent: number): string {
  const [whole = '', fraction = ''] = price.split('.');
  const digits = whole.padStart(exponent + 1, '0');
  return `${digits.slice(0, digits.length - exponent)}.${digits.slice(digits.length - exponent)}${fraction}`;
}

const ALIAS_COLUMNS = ['provider', 'sku', 'alternative', 'condition_count', 'kind', 'pattern', 'rank'];

function aliasCells(aliases: readonly AliasRow[]): readonly (readonly Cell[])[] {
  const counts = new Map<string, number>();
  const key = (row: AliasRow): string => [row.provider, row.sku, row.alternative].join('\t');
  for (const row of aliases) counts.set(key(row), (counts.get(key(row)) ?? 0) + 1);
  return aliases.map((row) => [
    row.provider,
    row.sku,
    String(row.alternative),
    String(counts.get(key(row))),
    row.kind,
    row.pattern,
    String(row.rank),
  ]);
}
