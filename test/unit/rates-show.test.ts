import { describe, expect, it } from 'vitest';
import { ratesShow } from '../../src/pipeline/rates-show.js';
import { aliasRows, bookRows } from '../property/price-book.js';
import type { PriceRow } from '../../src/pipeline/pipeline.js';

const list = bookRows('rates/list.csv');
const aliases = aliasRows('rates/aliases.csv');
const base = list.find((row) => row.provider === 'openai' && row.sku === 'gpt-4o' && row.meter === 'input_tokens') as PriceRow;
const negotiated: PriceRow = {
  ...base,
  layer: 'negotiated',
  price: '2',
  validFrom: '2026-07-01 00:00:00',
  source: 'contract',
  place: { file: 'negotiated.csv', line: 2 },
};

describe('rates show', () => {
  it('answers for each meter, with the price that lost and why', () => {
    const [shown] = ratesShow([negotiated, ...list], aliases, {
      provider: 'openai',
      model: 'gpt-4o-2024-08-06',
      on: '2026-07-10',
    });
    expect(shown?.match).toMatchObject({ how: 'alias', sku: 'gpt-4o', conditions: ['equals gpt-4o-2024-08-06'] });
    const input = shown?.rates.find((rate) => rate.meter === 'input_tokens');
    expect(input).toMatchObject({
      row: { price: '2' },
      why: 'negotiated price, sku gpt-4o by alias (equals gpt-4o-2024-08-06), in force since 2026-07-01',
    });
    expect(input?.lost.map(({ row, why }) => [row.price, why])).toEqual([
      ['2.5', 'a negotiated price comes before a list price'],
    ]);
    expect(shown?.rates.map((rate) => rate.meter)).toEqual([
      'cache_read_tokens',
      'cache_write_tokens',
      'input_tokens',
      'output_tokens',
      'search_queries',
    ]);
  });

  it('does not know a price before its day', () => {
    const [shown] = ratesShow([negotiated, ...list], aliases, { provider: 'openai', model: 'gpt-4o', on: '2026-06-30' });
    expect(shown?.rates.find((rate) => rate.meter === 'input_tokens')?.row.layer).toBe('list');
  });

  it('lets an ended negotiated price fall back to the list', () => {
    const ended = { ...negotiated, price: null, validFrom: '2026-08-01 00:00:00' };
    const [shown] = ratesShow([negotiated, ended, ...list], aliases, { provider: 'openai', model: 'gpt-4o', on: '2026-08-01' });
    expect(shown?.rates.find((rate) => rate.meter === 'input_tokens')?.row.layer).toBe('list');
  });

  it('shows every band of a day, and one where time or prompt are given', () => {
    const prices = (on: string) =>
      ratesShow(list, aliases, { provider: 'deepseek', model: 'deepseek-v4-flash', on }).flatMap(({ rates }) =>
        rates.filter((rate) => rate.meter === 'input_tokens').map(({ row }) => [row.minuteFrom, row.minuteTo, row.price]),
      );
    expect(prices('2026-09-01')).toEqual([
      [0, 1440, '0.22'],
      [60, 240, '0.44'],
      [360, 600, '0.44'],
    ]);
    expect(prices('2026-09-01T03:59')).toEqual([[60, 240, '0.44']]);
    expect(prices('2026-08-16T04:00')).toEqual([[0, 1440, '0.14']]);
    const prompt = (promptTokens: number) =>
      ratesShow(list, aliases, { provider: 'google', model: 'gemini-2.5-pro', on: '2026-09-01', promptTokens })[0]?.rates.find(
        (rate) => rate.meter === 'input_tokens',
      )?.row.price;
    expect([prompt(200_000), prompt(200_001)]).toEqual(['1.25', '2.5']);
  });

  it('names every provider that knows a model, and none for an unknown one', () => {
    const providers = ratesShow(list, aliases, { provider: null, model: 'gpt-4o', on: '2026-09-01' }).map(
      (shown) => shown.provider,
    );
    expect(providers).toEqual(expect.arrayContaining(['openai', 'azure']));
    expect(ratesShow(list, aliases, { provider: null, model: 'no-such-model', on: '2026-09-01' })).toEqual([]);
    expect(ratesShow(list, aliases, { provider: 'openai', model: 'moderation', on: '2026-09-01' })).toMatchObject([
      { rates: [] },
    ]);
  });
});

describe('the books of the project', () => {
  it.each(['cloud', 'vector', 'tools', 'reviewers'])('%s.csv is sound and every row says where it comes from', (name) => {
    const rows = bookRows(`rates/${name}.csv`);
    expect(rows.length).toBeGreaterThan(0);
    expect(rows.filter((row) => row.source === '' || row.note === '')).toEqual([]);
  });
});
