// The order in which rows answer is written twice, in SQL and for `rates show`: random books must not tell them apart.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AliasRow, PriceRow } from '../../src/pipeline/pipeline.js';
import { priceInForce, skuMatch } from '../../src/pipeline/rates-match.js';
import { ratesShow } from '../../src/pipeline/rates-show.js';
import { type PricedEvent, RatingBench } from './price-book.js';

const skus = ['alpha', 'alpha-2', 'beta'];
const dayOf = fc.constantFrom('2026-01-01 00:00:00', '2026-02-01 00:00:00', '2026-02-01 12:00:00', '2026-03-01 00:00:00');
const hours = fc.constantFrom([0, 1440], [0, 1440], [60, 240], [200, 600], [990, 30]);

const priceRow: fc.Arbitrary<PriceRow> = fc
  .record({
    layer: fc.constantFrom<PriceRow['layer'][]>('negotiated', 'list'),
    sku: fc.constantFrom(...skus),
    meter: fc.constantFrom('input_tokens', 'output_tokens'),
    price: fc.option(fc.integer({ min: 0, max: 999 }).map(String), { freq: 4 }),
    serviceTier: fc.constantFrom('standard', 'standard', 'batch'),
    region: fc.constantFrom('', '', 'eu'),
    promptOver: fc.constantFrom(0, 0, 100, 200),
    hours,
    validFrom: dayOf,
  })
  .map(({ hours: [minuteFrom = 0, minuteTo = 1440], ...row }) => ({
    ...{
      provider: 'p',
      unitExponent: 0,
      currency: 'USD',
      source: 'test',
      note: '',
      minuteFrom,
      minuteTo,
      place: { file: 'book.csv' },
    },
    ...row,
  }));

const slotOf = (row: PriceRow): string =>
  JSON.stringify([
    row.layer,
    row.sku,
    row.meter,
    row.serviceTier,
    row.region,
    row.promptOver,
    row.minuteFrom,
    row.minuteTo,
    row.validFrom,
  ]);
const books = fc.uniqueArray(priceRow, { minLength: 1, maxLength: 25, selector: slotOf });

const aliases: fc.Arbitrary<readonly AliasRow[]> = fc.array(
  fc.record({
    provider: fc.constant('p'),
    sku: fc.constantFrom(...skus),
    alternative: fc.integer({ min: 1, max: 3 }),
    kind: fc.constantFrom<AliasRow['kind'][]>('equals', 'starts_with', 'ends_with', 'contains', 'regex'),
    pattern: fc.constantFrom('alpha', 'ALPHA-3', 'a', 'beta', 'ta-', '-3', '^b.*x$'),
    rank: fc.integer({ min: 1, max: 5 }),
  }),
  { maxLength: 8 },
);

const event: fc.Arbitrary<PricedEvent> = fc.record({
  provider: fc.constant('p'),
  model: fc.constantFrom(...skus, 'Alpha', 'alpha-3', 'betax', 'BetaX', 'unknown'),
  at: fc
    .tuple(dayOf, fc.integer({ min: -1, max: 1 }), fc.constantFrom(0, 30, 60, 200, 240, 990, 1439))
    .map(([start, days, minute]) => {
      const time = Date.parse(`${start.slice(0, 10)}T00:00:00Z`) + days * 86_400_000 + minute * 60_000;
      return new Date(time).toISOString().slice(0, 19);
    }),
  serviceTier: fc.constantFrom('standard', 'batch'),
  region: fc.constantFrom('', 'eu', 'us'),
  quantities: fc.record({ input_tokens: fc.constantFrom(1, 100, 101, 201), output_tokens: fc.constant(7) }),
});

describe('the order of price rows', () => {
  it('is the same in the rating models and in rates show', async () => {
    const property = fc.asyncProperty(
      books,
      aliases,
      fc.array(event, { minLength: 1, maxLength: 20 }),
      async (prices, names, events) => {
        const known = oneRank(names);
        await using bench = await RatingBench.open(prices, known);
        for (const priced of await bench.price(events)) {
          const logged = events[priced.event] as PricedEvent;
          const sku = skuMatch(prices, known, 'p', logged.model)?.sku ?? logged.model;
          expect(priced.sku).toBe(sku);
          const promptTokens = logged.quantities['input_tokens'] ?? 0;
          const moment = {
            meter: priced.meter,
            at: logged.at,
            serviceTier: logged.serviceTier ?? '',
            region: logged.region ?? '',
            promptTokens,
          };
          const rows = prices.filter((row) => row.sku === sku);
          const expected = priceInForce(rows, moment);
          expect(priced.priceNo === null ? undefined : prices[priced.priceNo]).toBe(expected);
          const query = {
            provider: 'p',
            model: logged.model,
            on: logged.at,
            serviceTier: moment.serviceTier,
            region: moment.region,
            promptTokens,
          };
          const shown = ratesShow(prices, known, query).flatMap(({ rates }) =>
            rates.filter((rate) => rate.meter === priced.meter).map((rate) => rate.row),
          );
          expect(shown).toEqual(expected === undefined ? [] : [expected]);
        }
      },
    );
    await fc.assert(property, { numRuns: 40 });
  }, 120_000);
});

/** All conditions of one alternative share its rank, and none is there twice. */
function oneRank(rows: readonly AliasRow[]): readonly AliasRow[] {
  const first = (row: AliasRow): AliasRow =>
    rows.find((other) => other.sku === row.sku && other.alternative === row.alternative) ?? row;
  const ranked = rows.map((row) => ({ ...row, rank: first(row).rank }));
  return [...new Map(ranked.map((row) => [JSON.stringify(row), row])).values()];
}
