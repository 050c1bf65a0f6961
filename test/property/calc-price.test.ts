// Random usage of every priced model, through the rating models and through the catalogue's own calculator.
import { calcPrice } from '@pydantic/genai-prices';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CatalogueModel, loadCatalogue, modelsOf } from '../../src/pipeline/rates-catalogue.js';
import { priceInForce } from '../../src/pipeline/rates-match.js';
import type { AliasRow, PriceRow } from '../../src/pipeline/pipeline.js';
import { aliasRows, bookRows, type PricedEvent, type PricedMeter, RatingBench } from './price-book.js';

const prices = bookRows('rates/list.csv');
const aliases = aliasRows('rates/aliases.csv');
const bySku = new Map<string, PriceRow[]>();
for (const row of prices) bySku.set(`${row.provider}\t${row.sku}`, [...(bySku.get(`${row.provider}\t${row.sku}`) ?? []), row]);
const namesBySku = new Map<string, AliasRow[]>();
for (const row of aliases)
  namesBySku.set(`${row.provider}\t${row.sku}`, [...(namesBySku.get(`${row.provider}\t${row.sku}`) ?? []), row]);

let models: readonly CatalogueModel[] = [];
let bench: RatingBench;
const logged = new Map<CatalogueModel, readonly string[]>();

beforeAll(async () => {
  const catalogue = await loadCatalogue();
  const all = catalogue.providers.flatMap((provider) => modelsOf(provider, catalogue));
  const priced = all.filter((model) => bySku.has(`${model.provider}\t${model.sku}`));
  for (const model of priced) logged.set(model, namesOf(model));
  models = priced.filter((model) => (logged.get(model) ?? []).length > 0);
  bench = await RatingBench.open(prices, aliases);
}, 60_000);
afterAll(() => bench[Symbol.asyncDispose]());

/** Names that a log might hold for a model and that the catalogue gives to it: its id, and one for each single rule. */
function namesOf({ provider, sku, model }: CatalogueModel): readonly string[] {
  const rules = namesBySku.get(`${provider}\t${sku}`) ?? [];
  const single = rules.filter((rule) => rules.filter((other) => other.alternative === rule.alternative).length === 1);
  const names = single.map(({ kind, pattern }) => {
    if (kind === 'starts_with') return `${pattern}-eu`;
    if (kind === 'ends_with') return `team/${pattern}`;
    if (kind === 'contains') return `x${pattern}-1`;
    if (kind === 'regex')
      return pattern
        .replace(/^\^|\$$/g, '')
        .replace(/\[01\]\\d\[0-3\]\\d/g, '0115')
        .replaceAll(/\\d(?:\{(\d)\})?/g, (_, n = '1') => '2026011520'.slice(0, Number(n)))
        .replaceAll('\\', '');
    return pattern;
  });
  return [sku, ...names].filter((name) => calcPrice({}, name, { providerId: provider })?.model === model);
}

const tokens = fc.oneof(
  { weight: 1, arbitrary: fc.constant(0) },
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 50_000 }) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(128_000, 128_001, 199_999, 200_000, 200_001, 271_999, 272_000, 272_001, 512_000, 512_001),
  },
  { weight: 1, arbitrary: fc.integer({ min: 100_000, max: 2_000_000_000 }) },
);
const day = fc.oneof(
  fc
    .date({ min: new Date('2024-01-01T00:00:00Z'), max: new Date('2027-06-30T00:00:00Z'), noInvalidDate: true })
    .map((date) => date.toISOString().slice(0, 10)),
  fc.constantFrom(...new Set(prices.map((row) => row.validFrom.slice(0, 10)))),
);
const time = fc.oneof(
  fc.integer({ min: 0, max: 86_399 }),
  fc.constantFrom(
    ...[0, 30, 60, 240, 360, 600, 990].flatMap((minute) => [minute * 60, minute * 60 + 1, (minute * 60 + 86_399) % 86_400]),
  ),
);
const usage = fc.record({
  name: fc.nat(),
  /** Which of the model's own borders to sit on: even numbers on none. */
  edge: fc.nat(1000),
  day,
  time,
  input_tokens: tokens,
  cache_read_tokens: tokens,
  cache_write_tokens: tokens,
  cache_write_1h_tokens: tokens,
  output_tokens: tokens,
  embedding_tokens: tokens,
  search_queries: fc.nat(40),
});
type Usage = typeof usage extends fc.Arbitrary<infer Value> ? Value : never;

/** Only meters that the book prices: what it does not carry is in docs/prices.md, by cause. */
function eventOf(model: CatalogueModel, drawn: Usage): PricedEvent {
  const rows = bySku.get(`${model.provider}\t${model.sku}`) ?? [];
  const names = logged.get(model) ?? [];
  const { name, edge: _edge, day: date, time: second, ...quantities } = onBorder(drawn, rows);
  const kept = Object.entries({ ...quantities, requests: 1 }).filter(([meter]) => rows.some((row) => row.meter === meter));
  const at = new Date(Date.parse(`${date}T00:00:00Z`) + second * 1000).toISOString().slice(0, 19);
  return { provider: model.provider, model: names[name % names.length] ?? model.sku, at, quantities: Object.fromEntries(kept) };
}

/** Odd draws sit on a border of the model's own prices: the very prompt length and the one above, the second of a new price and the one before. */
function onBorder(drawn: Usage, rows: readonly PriceRow[]): Usage {
  if (drawn.edge % 2 === 0) return drawn;
  const pick = <Item>(items: readonly Item[]): Item | undefined => items[(drawn.edge >> 1) % Math.max(1, items.length)];
  const prompt = pick(
    [...new Set(rows.map((row) => row.promptOver))].filter((over) => over > 0).flatMap((over) => [over, over + 1]),
  );
  const start = pick([...new Set(rows.map((row) => row.validFrom.slice(0, 10)))].filter((from) => from > '2020-01-01'));
  const before = drawn.edge % 4 === 1 && start !== undefined;
  const edgeDay =
    start === undefined
      ? drawn.day
      : new Date(Date.parse(`${start}T00:00:00Z`) - (before ? 86_400_000 : 0)).toISOString().slice(0, 10);
  const clock = pick([...new Set(rows.flatMap((row) => (row.minuteTo === 1440 ? [] : [row.minuteFrom, row.minuteTo])))]);
  const onClock = clock !== undefined && drawn.edge % 16 > 7 ? (clock * 60 + (before ? 86_399 : 0)) % 86_400 : null;
  const edgeTime = onClock !== null ? onClock : start === undefined ? drawn.time : before ? 86_399 : 0;
  const sized =
    prompt === undefined
      ? {}
      : { input_tokens: prompt - 60, cache_read_tokens: 60, cache_write_tokens: 0, cache_write_1h_tokens: 0 };
  return { ...drawn, day: edgeDay, time: edgeTime, ...sized };
}

function calculated({ provider, model, at, quantities }: PricedEvent): ReturnType<typeof calcPrice> {
  const of = (meter: string): number => quantities[meter] ?? 0;
  const input = of('input_tokens') + of('embedding_tokens');
  const writes = of('cache_write_tokens') + of('cache_write_1h_tokens');
  const usageOf = {
    input_tokens: input + of('cache_read_tokens') + writes,
    cache_read_tokens: of('cache_read_tokens'),
    cache_write_tokens: writes,
    cache_write_1h_tokens: of('cache_write_1h_tokens'),
    output_tokens: of('output_tokens'),
    web_searches: of('search_queries'),
  };
  return calcPrice(usageOf, model, { providerId: provider, timestamp: new Date(`${at}Z`) });
}

function expectEqual(event: PricedEvent, model: CatalogueModel, priced: readonly PricedMeter[]): void {
  const rows = bySku.get(`${model.provider}\t${model.sku}`) ?? [];
  const theirs = calculated(event);
  expect(theirs?.model.id, `${event.provider} ${event.model}`).toBe(model.model.id);
  const ours = priced.reduce((sum, meter) => sum + Number(meter.exact), 0);
  // Prices that the catalogue gives as quotients are rounded to 8 decimals in the book, and say so.
  const relative = rows.some((row) => row.note.includes('rounded from')) ? 1e-7 : 1e-9;
  const context = JSON.stringify({ event, ours, theirs: theirs?.total_price });
  expect(Math.abs(ours - (theirs?.total_price ?? Number.NaN)), context).toBeLessThanOrEqual(
    relative * Math.max(ours, theirs?.total_price ?? 0),
  );
  const prompt = ['input_tokens', 'cache_read_tokens', 'cache_write_tokens', 'cache_write_1h_tokens'].reduce(
    (sum, meter) => sum + (event.quantities[meter] ?? 0),
    0,
  );
  for (const { meter, sku, priceNo, exact, amount } of priced) {
    expect(sku, context).toBe(model.sku);
    expect(Math.abs(Number(amount) - Number(exact)), context).toBeLessThanOrEqual(5.1e-13 + 1e-15 * Math.abs(Number(exact)));
    const moment = { meter, at: event.at, serviceTier: 'standard', region: '', promptTokens: prompt };
    expect(priceNo === null ? undefined : prices[priceNo], context).toBe(priceInForce(rows, moment));
  }
}

describe('prices', () => {
  it('rates random usage of every priced model as calcPrice does, to 1e-9 relative', async () => {
    expect(models.length).toBe(1672);
    // One number makes a batch of usage for all models, so that a counterexample stays readable.
    const property = fc.asyncProperty(fc.integer(), async (seed) => {
      const usages = fc.sample(usage, { seed, numRuns: models.length });
      const events = models.map((model, index) => eventOf(model, usages[index] as Usage));
      const priced = new Map<number, PricedMeter[]>();
      for (const meter of await bench.price(events)) priced.set(meter.event, [...(priced.get(meter.event) ?? []), meter]);
      for (const [index, event] of events.entries()) expectEqual(event, models[index] as CatalogueModel, priced.get(index) ?? []);
    });
    await fc.assert(property, { numRuns: 8, endOnFailure: true });
  }, 120_000);
});
