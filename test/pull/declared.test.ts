// A bill of an API that was declared: what it is asked, its pages, and what comes of them.
import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { JsonCostsSource, JsonLines, JsonPaging, JsonPull } from '../../src/pipeline/pipeline.js';
import type { Outside } from '../../src/source/source.js';
import { Company } from '../contract/company.js';
import { type DeclaredServer, startDeclaredServer } from './declared-server.js';
import { CURSOR, fillJuly, line, outsideOf, vendorAt } from './declared-source.js';
import { failureOf } from './failure-of.js';

vi.setConfig({ testTimeout: 30_000 });

let server: DeclaredServer;

beforeEach(async () => {
  server = await startDeclaredServer();
});
afterEach(async () => server.close());

const outside = (today: string): Outside => outsideOf(server, today);

const vendor = (pull: Partial<JsonPull> = {}, json: Partial<JsonLines> = {}): JsonCostsSource => vendorAt(server, pull, json);

const fill = (count: number): void => fillJuly(server, count);

const SUM = `SELECT CAST(sum(CAST(amount AS DECIMAL(38,12))) AS VARCHAR) AS total, count(amount) AS lines FROM raw.invoice_line`;

/** What the raw table has of a source that is pulled. */
async function pulled(company: Company, config: JsonCostsSource, today: string, sql: string): Promise<readonly object[]> {
  const { files } = await company.land(config, outside(today));
  return company.askFiles(files, [config], sql);
}

describe('a declared API', () => {
  test('is asked for the days of each month, and its answers stay as they came', async () => {
    server.days.set('2026-07-31', [line('2026-07-31', '"0.000034200000000000000000"')]);
    server.days.set('2026-08-02', [line('2026-08-02', '0.10')]);
    server.days.set('2026-08-03', [line('2026-08-03', '99')]);
    await using company = await Company.make();
    const { files } = await company.land(vendor(), outside('2026-08-03'));
    expect(files.map(({ name, unit }) => [name, unit])).toEqual([
      ['json-costs/2026-07.json', 'json-costs/2026-07.json'],
      ['json-costs/2026-08.json', 'json-costs/2026-08.json'],
    ]);
    expect(server.log.toSorted()).toEqual([
      '/v1/costs?start=2026-07-01&end=2026-08-01',
      '/v1/costs?start=2026-08-01&end=2026-08-03',
    ]);
    const text = await readFile(files[1]?.path ?? '', 'utf8');
    expect(text).toMatch(/^\{"asked":\{"from":"2026-08-01","to":"2026-08-03"\},"pages":\[\n/);
    expect(text).toContain('"cost":0.10,');
    const rows = await company.askFiles(files, [vendor()], 'SELECT * FROM raw.invoice_line ORDER BY file, "row"');
    expect(rows).toMatchObject([
      {
        charge_start: '2026-07-31',
        charge_end: '2026-07-31',
        period_start: '2026-07-01',
        period_end: '2026-07-31',
        amount: '0.000034200000000000000000',
      },
      { charge_start: '2026-07-01', charge_end: '2026-07-31', empty: 'true', amount: null },
      { item: 'read units', project: 'p-1', quantity: '7', amount: '0.10', currency: 'USD', reject: null, empty: null },
      { charge_start: '2026-08-01', charge_end: '2026-08-02', empty: 'true', amount: null },
    ]);
  });

  const PAGINGS: readonly (readonly [DeclaredServer['paging'], JsonPaging, requests: number])[] = [
    ['none', { kind: 'none' }, 1],
    ['cursor', CURSOR, 4],
    ['cursor', { ...CURSOR, more: 'meta.more' }, 4],
    ['page', { kind: 'number', param: 'page', first: 1, more: null, pages: null }, 5],
    ['page', { kind: 'number', param: 'page', first: 1, more: 'meta.more', pages: null }, 4],
    ['page', { kind: 'number', param: 'page', first: 1, more: null, pages: 'meta.pages' }, 4],
    ['offset', { kind: 'offset', param: 'offset', more: null }, 5],
    ['offset', { kind: 'offset', param: 'offset', more: 'meta.more' }, 4],
    ['link', { kind: 'link', next: 'meta.link' }, 4],
    ['linkHeader', { kind: 'link', next: null }, 4],
  ];

  test.each(PAGINGS)('of many pages is read to its last one: %s, %j', async (paging, page, requests) => {
    fill(7);
    server.paging = paging;
    await using company = await Company.make();
    expect(await pulled(company, vendor({ page }), '2026-07-09', SUM)).toEqual([{ total: '28.000000000000', lines: '7' }]);
    expect(server.log).toHaveLength(requests);
  });

  test.each(PAGINGS.map(([paging, page]) => [paging, page] as const))(
    'of no lines is a month without cost: %s, %j',
    async (paging, page) => {
      server.paging = paging;
      await using company = await Company.make();
      const rows = await pulled(
        company,
        vendor({ page }),
        '2026-07-09',
        'SELECT charge_start, charge_end, empty FROM raw.invoice_line',
      );
      expect(rows).toEqual([{ charge_start: '2026-07-01', charge_end: '2026-07-08', empty: 'true' }]);
    },
  );

  test('is posted what it takes in a body, the page among it', async () => {
    fill(3);
    const body = '{"start": "{from}", "end": "{to}"}';
    await using company = await Company.make();
    expect(await pulled(company, vendor({ query: [], body }), '2026-07-09', SUM)).toEqual([
      { total: '6.000000000000', lines: '3' },
    ]);
    expect(server.bodies.map((text) => JSON.parse(text) as object)).toEqual([
      { start: '2026-07-01', end: '2026-07-09' },
      { start: '2026-07-01', end: '2026-07-09', cursor: 'c2' },
    ]);
    server.bodies.length = 0;
    const page: JsonPaging = { kind: 'offset', param: 'offset', more: 'meta.more' };
    await pulled(company, vendor({ query: [], body, page }), '2026-07-09', SUM);
    expect(server.bodies[1]).toBe('{"start":"2026-07-01","end":"2026-07-09","offset":2}');
  });

  test('gets days in the format that it takes', async () => {
    server.also = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
    const formats = [
      '{from}',
      '{last:compact}',
      '{from:seconds}',
      '{to:milliseconds}',
      '{last:timestamp}',
      '{from:month}/{to:date}',
      '5',
    ];
    await using company = await Company.make();
    await company.land(vendor({ query: formats.map((format, at) => ['abcdefg'.charAt(at), format]) }), outside('2026-07-04'));
    expect([...new URL(server.log[0] ?? '', server.url).searchParams.values()]).toEqual([
      '2026-07-01',
      '20260703',
      '1782864000',
      '1783123200000',
      '2026-07-03T00:00:00Z',
      '2026-07/2026-07-04',
      '5',
    ]);
  });

  test('may be asked a day at a time, no further back than it tells of, and keeps what was pulled', async () => {
    fill(5);
    const daily = vendor({ every: 'day', reachDays: 3, trailingDays: 1 });
    await using company = await Company.make();
    const first = await company.land(daily, outside('2026-07-04'));
    expect(first.files.map(({ name }) => name)).toEqual([1, 2, 3].map((day) => `json-costs/2026-07-0${day}.json`));
    server.log.length = 0;
    const second = await company.land(daily, outside('2026-07-06'));
    expect(server.log.toSorted()).toEqual([3, 4, 5].map((day) => `/v1/costs?start=2026-07-0${day}&end=2026-07-0${day + 1}`));
    expect(second.files).toHaveLength(5);
    expect(await company.askFiles(second.files, [daily], SUM)).toEqual([{ total: '15.000000000000', lines: '5' }]);
    // A source that is asked otherwise from now on counts nothing twice.
    const monthly = await company.land(vendor(), outside('2026-07-06'));
    expect(monthly.files.map(({ name }) => name)).toEqual(['json-costs/2026-07.json']);
  });

  test('that tells of other days than it was asked for brings no line that counts', async () => {
    server.days.set('2026-06-30', [line('2026-06-30', '"5"')]);
    server.days.set('2026-07-01', [line('2026-07-01', '"7"')]);
    server.ignoresDays = true;
    await using company = await Company.make();
    const rows = await pulled(
      company,
      vendor(),
      '2026-07-03',
      'SELECT charge_start, reject, amount FROM raw.invoice_line WHERE empty IS NULL ORDER BY 1',
    );
    expect(rows).toEqual([
      { charge_start: '2026-06-30', reject: 'outside_asked', amount: null },
      { charge_start: '2026-07-01', reject: null, amount: '7' },
    ]);
  });

  test('states what it all comes to, which becomes a control', async () => {
    fill(3);
    server.total = '600';
    const config = vendor({}, { amountUnit: 'cents', total: { amount: 'meta.total', count: 'meta.count' } });
    await using company = await Company.make();
    const { controls } = await company.land(config, outside('2026-07-09'));
    const of = { sourceId: 'bill', scope: 'json-costs/2026-07.json' };
    expect(controls).toEqual([
      { ...of, control: 'row_count', currency: null, expected: '4' },
      { ...of, control: 'printed_total', currency: 'USD', expected: '6.00' },
      { ...of, control: 'stated_count', currency: null, expected: '3' },
    ]);
  });

  test('whose totals change while it is read is read again', async () => {
    fill(3);
    const config = vendor({}, { total: { amount: null, count: 'meta.count' } });
    server.plan({ kind: 'raw', body: '{"data":{"items":[]},"meta":{"next":"c2","count":"9"}}' });
    await using company = await Company.make();
    const failure = await failureOf(company.land(config, outside('2026-07-09')));
    expect([failure.exitCode, failure.problems[0]?.code]).toEqual([4, 'pull/shifted']);
    expect((await company.land(config, outside('2026-07-09'))).files).toHaveLength(1);
  });
});

describe('an answer', () => {
  const nested = (...days: readonly (readonly string[])[]): string =>
    `{"data":[${days.map((lines) => `{"lines":[${lines.join(',')}]}`).join(',')}]}`;
  const NESTED = { records: 'data.lines' } as const;
  const costs = (...amounts: readonly string[]): readonly string[] => amounts.map((amount) => line('2026-07-01', `"${amount}"`));

  /** Pages by where they begin, one after the other whatever else is asked. */
  async function answered(pages: readonly string[], page: JsonPaging): Promise<readonly object[]> {
    for (const body of pages) server.plan({ kind: 'raw', body });
    server.also = ['offset', 'page'];
    await using company = await Company.make();
    return await pulled(company, vendor({ page }, NESTED), '2026-07-03', SUM);
  }

  test('is counted by the first list on the way to its lines', async () => {
    const pages = [nested(costs('1', '2'), costs('4')), nested(costs('8'), costs('16')), '{"data":[]}'];
    const total = await answered(pages, { kind: 'offset', param: 'offset', more: null });
    expect(total).toEqual([{ total: '31.000000000000', lines: '5' }]);
    expect(server.log.map((address) => /offset=(\d+)/.exec(address)?.[1])).toEqual(['0', '2', '4']);
  });

  test('whose day has no lines is not the last one', async () => {
    const pages = [nested(costs('1')), nested([]), nested(costs('4')), '{"data":[]}'];
    const total = await answered(pages, { kind: 'number', param: 'page', first: 1, more: null, pages: null });
    expect(total).toEqual([{ total: '5.000000000000', lines: '2' }]);
  });

  test('of whole months has lines of days that were not asked for yet: early, until they are', async () => {
    server.ignoresDays = true;
    server.days.set('2026-07-01', [line('2026-07-01', '"1"')]);
    server.days.set('2026-07-03', [line('2026-07-03', '"2"')]);
    server.total = '"3"';
    const months = vendor({}, { total: { amount: 'meta.total', count: null } });
    await using company = await Company.make();
    const FATES = `SELECT charge_start, amount, empty, reject FROM raw.invoice_line WHERE amount IS NOT NULL ORDER BY charge_start`;
    const first = { charge_start: '2026-07-01', amount: '1', empty: null, reject: null };
    const second = { ...first, charge_start: '2026-07-03', amount: '2' };
    expect(await pulled(company, months, '2026-07-03', FATES)).toEqual([first, { ...second, empty: 'early' }]);
    expect(await pulled(company, months, '2026-07-04', FATES)).toEqual([first, second]);
  });
});

test('a month that went out of reach before its end was asked for is told', async () => {
  fill(3);
  await using company = await Company.make();
  const land = async (today: string) => company.land(vendor({ reachDays: 30 }), outside(today));
  await land('2026-07-31');
  expect(company.notes).toEqual([]);
  await land('2026-08-31');
  expect(company.notes.filter((note) => note.includes('never pulled'))).toEqual([
    expect.stringContaining('2026-07 was never pulled to its end'),
  ]);
});
