import { readFileSync } from 'node:fs';
import type { ModelInfo, Provider } from '@pydantic/genai-prices';
import { describe, expect, it } from 'vitest';
import { syncAliases } from '../../src/pipeline/rates-aliases.js';
import { CATALOGUE_SOURCE, type Catalogue, decimalText, loadCatalogue } from '../../src/pipeline/rates-catalogue.js';
import { curvesOf } from '../../src/pipeline/rates-curve.js';
import { checkAppendOnly } from '../../src/pipeline/prices.js';
import { syncListPrices } from '../../src/pipeline/rates-sync.js';

const catalogue = (prices: ModelInfo['prices'], more: readonly ModelInfo[] = []): Catalogue => {
  const provider: Provider = {
    id: 'p',
    name: 'P',
    api_pattern: '',
    models: [{ id: 'm', match: { equals: 'm' }, prices }, ...more],
  };
  return { source: 'genai-prices 9.9.9', providers: [provider] };
};
const rows = (csv: string): readonly string[] => csv.trimEnd().split('\n').slice(1);

describe('rates sync', () => {
  const first = syncListPrices('', catalogue({ input_mtok: 0.15, output_mtok: 0.6 }), '2026-07-01').csv;

  it('spells the fallbacks of the catalogue out', () => {
    expect(rows(first)).toEqual([
      'p,m,cache_read_tokens,1M,0.15,USD,,2020-01-01,genai-prices 9.9.9,no cache_read_mtok price: as input_mtok',
      'p,m,cache_write_tokens,1M,0.15,USD,,2020-01-01,genai-prices 9.9.9,no cache_write_mtok price: as input_mtok',
      'p,m,input_tokens,1M,0.15,USD,,2020-01-01,genai-prices 9.9.9,',
      'p,m,output_tokens,1M,0.6,USD,,2020-01-01,genai-prices 9.9.9,',
    ]);
  });

  it('adds nothing the second time', () => {
    expect(syncListPrices(first, catalogue({ input_mtok: 0.15, output_mtok: 0.6 }), '2026-08-01')).toEqual({
      csv: first,
      added: [],
      ended: [],
      conflicts: [],
    });
  });

  it('appends a changed price from the day of the synchronisation', () => {
    const { csv, added } = syncListPrices(first, catalogue({ input_mtok: 0.15, output_mtok: 0.5 }), '2026-08-01');
    expect(checkAppendOnly('list.csv', first, csv)).toEqual([]);
    expect(rows(csv.slice(first.length - 1))).toEqual(['p,m,output_tokens,1M,0.5,USD,,2026-08-01,genai-prices 9.9.9,']);
    expect(added).toHaveLength(1);
  });

  it('appends a dated price from its own day', () => {
    const dated: ModelInfo['prices'] = [
      { prices: { input_mtok: 0.15, output_mtok: 0.6 } },
      { constraint: { type: 'start_date', start_date: '2026-07-15' }, prices: { input_mtok: 0.15, output_mtok: 0.3 } },
    ];
    const { csv } = syncListPrices(first, catalogue(dated), '2026-08-01');
    expect(rows(csv.slice(first.length - 1))).toEqual(['p,m,output_tokens,1M,0.3,USD,,2026-07-15,genai-prices 9.9.9,']);
    expect(syncListPrices(csv, catalogue(dated), '2026-09-01').csv).toBe(csv);
  });

  it('ends a price that vanished, once, and starts it again when it comes back', () => {
    const without = catalogue({ input_mtok: 0.15 });
    const ended = syncListPrices(first, without, '2026-08-01');
    expect(ended.ended.map((row) => [row.meter, row.price, row.valid_from])).toEqual([['output_tokens', '', '2026-08-01']]);
    expect(syncListPrices(ended.csv, without, '2026-08-02')).toMatchObject({ ended: [], csv: ended.csv });
    const again = syncListPrices(ended.csv, catalogue({ input_mtok: 0.15, output_mtok: 0.6 }), '2026-09-01');
    expect(again.added.map((row) => [row.meter, row.price, row.valid_from])).toEqual([['output_tokens', '0.6', '2026-09-01']]);
  });

  it('ends every price of a model that vanished and leaves rows of other sources alone', () => {
    const own = `${first}p,ours,requests,1,0.2,USD,,2026-01-01,contract 7,\n`;
    const { ended } = syncListPrices(own, { source: 'genai-prices 9.9.9', providers: [] }, '2026-08-01');
    expect(ended.map((row) => [row.sku, row.meter])).toEqual([
      ['m', 'cache_read_tokens'],
      ['m', 'cache_write_tokens'],
      ['m', 'input_tokens'],
      ['m', 'output_tokens'],
    ]);
  });

  it('gives a new model its whole history and a new price of a known model only the future', () => {
    const other: ModelInfo = { id: 'n', match: { equals: 'n' }, prices: { input_mtok: 1 } };
    const { added } = syncListPrices(
      first,
      catalogue({ input_mtok: 0.15, output_mtok: 0.6, requests_kcount: 5 }, [other]),
      '2026-08-01',
    );
    expect(added.filter((row) => row.meter === 'requests').map((row) => row.valid_from)).toEqual(['2026-08-01']);
    expect(new Set(added.filter((row) => row.sku === 'n').map((row) => row.valid_from))).toEqual(new Set(['2020-01-01']));
  });

  it('reports a second change of one day as a conflict', () => {
    const second = syncListPrices(first, catalogue({ input_mtok: 0.15, output_mtok: 0.5 }), '2026-08-01').csv;
    const third = syncListPrices(second, catalogue({ input_mtok: 0.15, output_mtok: 0.4 }), '2026-08-01');
    expect(third).toMatchObject({ csv: second, added: [] });
    expect(third.conflicts.map((row) => [row.meter, row.price, row.valid_from])).toEqual([
      ['output_tokens', '0.4', '2026-08-01'],
    ]);
  });

  it('refuses a book that is no price book', () => {
    expect(() => syncListPrices('a,b\n1,2\n', catalogue({}), '2026-08-01')).toThrow(/header/);
  });
});

describe('price curves', () => {
  it('puts thresholds and hours on every meter, with the price of the whole request', () => {
    const prices: ModelInfo['prices'] = [
      { prices: { input_mtok: { base: 1, tiers: [{ start: 200_000, price: 2 }] }, output_mtok: 4 } },
      {
        constraint: { type: 'time_of_date', start_time: '16:30:00Z', end_time: '00:30:00Z' },
        prices: { input_mtok: 0.5, output_mtok: 2 },
      },
    ];
    const curves = curvesOf({ id: 'm', match: { equals: 'm' }, prices });
    const of = (meter: string) =>
      Object.fromEntries(curves.filter((curve) => curve.meter === meter).map((curve) => [curve.tier, curve.points[0]?.price]));
    expect(of('input_tokens')).toEqual({
      '': '1',
      'prompt>200000': '2',
      'hours:16:30-00:30': '0.5',
      'prompt>200000+hours:16:30-00:30': '0.5',
    });
    expect(of('output_tokens')).toEqual({
      '': '4',
      'prompt>200000': '4',
      'hours:16:30-00:30': '2',
      'prompt>200000+hours:16:30-00:30': '2',
    });
  });

  it('knows embeddings and hour-long cache writes', () => {
    const meters = (prices: ModelInfo['prices'], id = 'm') =>
      curvesOf({ id, match: { equals: id }, prices }).map((curve) => curve.meter);
    expect(meters({ input_mtok: 1 })).toContain('embedding_tokens');
    expect(meters({ input_mtok: 1, output_mtok: 1 })).not.toContain('embedding_tokens');
    expect(meters({ input_mtok: 1, output_mtok: 1 }, 'x-embed')).toContain('embedding_tokens');
    expect(meters({ input_mtok: 1, output_mtok: 1, cache_write_mtok: 2 })).toContain('cache_write_1h_tokens');
    expect(meters({ input_mtok: 1, output_mtok: 1 })).not.toContain('cache_write_1h_tokens');
  });

  it.each([
    [0.15, '0.15'],
    [10, '10'],
    [0, '0'],
    [1e-7, '0.0000001'],
    [1e21, '1000000000000000000000'],
    [0.08333333333333334, '0.08333333'],
    [0.18000000000000002, '0.18'],
    [0.000000005, '0'],
    [0.000000015, '0.00000002'],
  ])('writes %d as %s', (value, text) => expect(decimalText(value)).toBe(text));
});

describe('the shipped books', () => {
  const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

  it('are what the pinned catalogue says, in any later synchronisation', async () => {
    const { dependencies }: { readonly dependencies: Readonly<Record<string, string>> } = JSON.parse(read('package.json'));
    expect(CATALOGUE_SOURCE).toBe(`genai-prices ${dependencies['@pydantic/genai-prices']}`);
    const data = await loadCatalogue();
    const again = syncListPrices(read('rates/list.csv'), data, '2030-01-01');
    expect({ ...again, csv: again.csv.length }).toEqual({
      csv: read('rates/list.csv').length,
      added: [],
      ended: [],
      conflicts: [],
    });
    expect(syncAliases(read('rates/aliases.csv'), data)).toMatchObject({ csv: read('rates/aliases.csv'), unportable: [] });
  });

  it('keep the names of a model that left the catalogue, behind all others', () => {
    const full = syncAliases(
      '',
      catalogue({}, [{ id: 'gone', match: { or: [{ equals: 'gone' }, { starts_with: 'm-' }] }, prices: {} }]),
    ).csv;
    const later = syncAliases(full, catalogue({}));
    expect(rows(later.csv)).toEqual(['p,m,1,equals,m,1', 'p,gone,1,equals,gone,20002', 'p,gone,2,starts_with,m-,20002']);
    expect(syncAliases(later.csv, catalogue({})).csv).toBe(later.csv);
  });

  it('flatten and, or, dates and the look-ahead', () => {
    const match: ModelInfo['match'] = {
      and: [{ or: [{ starts_with: 'A' }, { ends_with: 'b' }] }, { regex: '^(?!.*-[tT][tT][sS](?:$|-))' }],
    };
    const { csv, unportable } = syncAliases(
      '',
      catalogue({}, [
        { id: 'x', match, prices: {} },
        { id: 'y', match: { equals: 'y-2024-08-06' }, prices: {} },
        { id: 'z', match: { regex: '(?<=z)9' }, prices: {} },
      ]),
    );
    const regex = '^[^-]*(?:-(?:t?t?|[^-t][^-]*|t[^-t][^-]*|tt[^-s][^-]*|tts[^-]+))*$';
    expect(rows(csv)).toEqual([
      'p,m,1,equals,m,1',
      'p,x,1,starts_with,a,2',
      `p,x,1,regex,${regex},2`,
      'p,x,2,ends_with,b,2',
      `p,x,2,regex,${regex},2`,
      'p,y,1,equals,y-2024-08-06,3',
      'p,y,2,equals,y-20240806,10003',
    ]);
    expect(unportable).toEqual([{ kind: 'regex', pattern: '(?<=z)9' }]);
    for (const name of ['a', 'a-tts', 'a-tts-b', 'a-ttsx', 'a-t', 'a-tt-tts', 'tts', 'a--tts', 'a-tt-', 'a-tsx-tta']) {
      expect(new RegExp(regex).test(name), name).toBe(/^(?!.*-[tT][tT][sS](?:$|-))/.test(name));
    }
  });
});
