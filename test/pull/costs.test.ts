// Costs asked of a provider: which months, when again, in which pages, and what every failure says and leaves behind.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { AnthropicCostsSource, ApiPull, OpenAiCostsSource } from '../../src/pipeline/pipeline.js';
import { connect } from '../../src/source/connect.js';
import type { Outside } from '../../src/source/source.js';
import { BILL, Company } from '../contract/company.js';
import { type CostServer, startCostServer, type Vendor } from './cost-server.js';
import { failureOf } from './failure-of.js';
import type { Fault } from './faulty-server.js';

vi.setConfig({ testTimeout: 30_000 });

let server: CostServer;

afterEach(async () => server.close());

const QUICK = { pause: 5, deadline: 2000, largest: 10_000 };

function outside(today: string, more: Partial<Outside> = {}): Outside {
  return { start: '2026-07', now: () => new Date(`${today}T03:00:00Z`), env: { COST_KEY: server.key }, patience: QUICK, ...more };
}

function pullOf(more: Partial<ApiPull> = {}): ApiPull {
  return {
    keyVariable: 'COST_KEY',
    url: server.url,
    groupBy: ['project_id', 'line_item'],
    endpoints: [],
    from: null,
    trailingDays: 10,
    lagDays: 0,
    ...more,
  };
}

function openai(more: Partial<ApiPull> = {}): OpenAiCostsSource {
  return { ...BILL, kind: 'openai-costs', provider: 'openai', basis: 'billed', files: [], pull: pullOf(more) };
}

function anthropic(more: Partial<ApiPull> = {}): AnthropicCostsSource {
  const pull = pullOf({ groupBy: ['workspace_id', 'description'], ...more });
  return { ...BILL, kind: 'anthropic-costs', provider: 'anthropic', basis: 'billed', files: [], pull };
}

function cost(value: string, item = 'gpt-5, input'): string {
  return `{"object":"organization.costs.result","amount":{"value":${value},"currency":"usd"},"line_item":"${item}","project_id":null}`;
}

const AMOUNTS =
  'SELECT bucket_start, line_item, amount FROM raw.openai_cost WHERE amount IS NOT NULL ORDER BY bucket_start, line_item';

async function start(vendor: Vendor): Promise<void> {
  server = await startCostServer(vendor);
}

describe('costs of OpenAI', () => {
  beforeEach(async () => start('openai'));

  test('come a month at a time, through the day before, and each answer as it was', async () => {
    server.days.set('2026-07-31', [
      cost('"0E-6176"'),
      cost('"0.00003420000000000000000000000000000000"', 'gpt-5, output'),
      cost('-1.5', 'credit'),
    ]);
    server.days.set('2026-08-02', [cost('0.1')]);
    server.days.set('2026-08-03', [cost('99')]);
    await using company = await Company.make();
    const { files, controls } = await company.land(openai(), outside('2026-08-03'));
    expect(files.map(({ name, unit }) => [name, unit])).toEqual([
      ['openai-costs/2026-07.json', 'openai-costs/2026-07.json'],
      ['openai-costs/2026-08.json', 'openai-costs/2026-08.json'],
    ]);
    expect(server.log.toSorted()).toEqual([
      '/v1/organization/costs?start_time=1782864000&end_time=1785542400&bucket_width=1d&group_by=project_id&group_by=line_item&limit=31',
      '/v1/organization/costs?start_time=1785542400&end_time=1785715200&bucket_width=1d&group_by=project_id&group_by=line_item&limit=31',
    ]);
    expect(controls.map(({ scope, expected }) => [scope, expected])).toEqual([
      ['openai-costs/2026-07.json', '33'],
      ['openai-costs/2026-08.json', '2'],
    ]);
    expect(await readFile(files[1]?.path ?? '', 'utf8')).toContain('"amount":{"value":0.1,');
    const lake = await company.loadFiles(files, [openai()]);
    expect(lake.files).toHaveLength(2);
  });

  test('are not asked for twice on one day, are on the next while a month may change, and not once it is over', async () => {
    server.days.set('2026-07-01', [cost('1')]);
    await using company = await Company.make();
    const asked = async (today: string): Promise<readonly string[]> => {
      server.log.length = 0;
      await company.land(openai(), outside(today));
      return server.log
        .map((line) => new Date(Number(/start_time=(\d+)/.exec(line)?.[1]) * 1000).toISOString().slice(0, 7))
        .toSorted();
    };
    expect(await asked('2026-08-05')).toEqual(['2026-07', '2026-08']);
    expect(await asked('2026-08-05')).toEqual([]);
    expect(await asked('2026-08-06')).toEqual(['2026-07', '2026-08']);
    // Ten days after its end July is asked for a last time.
    expect(await asked('2026-08-12')).toEqual(['2026-07', '2026-08']);
    expect(await asked('2026-08-13')).toEqual(['2026-08']);
    expect(await asked('2026-09-01')).toEqual(['2026-08']);
    expect(await asked('2026-09-02')).toEqual(['2026-08', '2026-09']);
  });

  test('that are restated count as they are now, and the same answer is no news', async () => {
    server.days.set('2026-07-01', [cost('"1.00"')]);
    await using company = await Company.make();
    const first = await company.land(openai(), outside('2026-07-03'));
    server.days.set('2026-07-01', [cost('"0.75"')]);
    const second = await company.land(openai(), outside('2026-07-04'));
    expect(second.files[0]?.sha256).not.toBe(first.files[0]?.sha256);
    const lake = await company.loadFiles(second.files, [openai()]);
    expect(lake.files.map(({ landed }) => landed.sha256)).toEqual([second.files[0]?.sha256]);
    const month = await company.land(openai(), outside('2026-08-05'));
    expect(await company.land(openai(), outside('2026-08-06'))).toMatchObject({
      files: [month.files[0], { name: 'openai-costs/2026-08.json' }],
    });
  });

  test('of many pages are one file, read in order', async () => {
    for (let day = 1; day <= 31; day += 1) server.days.set(`2026-07-${String(day).padStart(2, '0')}`, [cost(String(day))]);
    server.pageDays = 4;
    await using company = await Company.make();
    const { files } = await company.land(openai(), outside('2026-08-01'));
    expect(server.log).toHaveLength(8);
    expect(server.log.filter((line) => line.includes('page=page_'))).toHaveLength(7);
    const lake = await company.loadFiles(files, [openai()]);
    expect(lake.files[0]?.records).toBe(31);
  });

  test('begin where `from` says, and have none on the first day of all', async () => {
    await using company = await Company.make();
    expect((await company.land(openai(), outside('2026-07-01'))).files).toEqual([]);
    expect(server.log).toEqual([]);
    const { files } = await company.land(openai({ from: '2026-08' }), outside('2026-08-02'));
    expect(files.map(({ name }) => name)).toEqual(['openai-costs/2026-08.json']);
  });

  test('of days that the provider may not know yet stay unasked, so that its empty days are no bill of zero', async () => {
    await using company = await Company.make();
    const spans = async (today: string): Promise<readonly string[]> => {
      server.log.length = 0;
      await company.land(openai({ lagDays: 2, trailingDays: 0 }), outside(today));
      const days = server.log.map((line) =>
        [...line.matchAll(/(?:start|end)_time=(\d+)/g)].map(([, seconds]) => Number(seconds)),
      );
      return days.map((both) => both.map((seconds) => new Date(seconds * 1000).toISOString().slice(5, 10)).join(' ')).toSorted();
    };
    expect(await spans('2026-07-03')).toEqual([]);
    expect(await spans('2026-07-04')).toEqual(['07-01 07-02']);
    // The last days of July are asked for in August, and July is over only then, whatever trails.
    expect(await spans('2026-08-02')).toEqual(['07-01 07-31']);
    expect(await spans('2026-08-03')).toEqual(['07-01 08-01']);
    expect(await spans('2026-08-04')).toEqual(['07-01 08-01', '08-01 08-02']);
    expect(await spans('2026-08-05')).toEqual(['08-01 08-03']);
  });

  test('grouped by what the API does not take are refused in its words', async () => {
    await using company = await Company.make();
    const failure = await failureOf(company.land(openai({ groupBy: ['api_key_id'] }), outside('2026-07-03')));
    expect([failure.exitCode, failure.problems]).toMatchObject([
      2,
      [{ code: 'pull/refused', message: expect.stringContaining('(400): group_by api_key_id is not supported') as string }],
    ]);
  });
});

describe('costs of Anthropic', () => {
  beforeEach(async () => start('anthropic'));

  test('come with its own names, limits and headers, in cents as text', async () => {
    server.days.set('2026-07-02', [
      '{"currency":"USD","amount":"123.78912","description":"Claude Sonnet 4 Usage - Input Tokens","workspace_id":null}',
    ]);
    await using company = await Company.make();
    const { files } = await company.land(anthropic(), outside('2026-07-05'));
    expect(server.log).toEqual([
      '/v1/organizations/cost_report?starting_at=2026-07-01T00%3A00%3A00Z&ending_at=2026-07-05T00%3A00%3A00Z&bucket_width=1d&group_by%5B%5D=workspace_id&group_by%5B%5D=description&limit=31',
    ]);
    expect(files.map(({ name }) => name)).toEqual(['anthropic-costs/2026-07.json']);
    expect(await readFile(files[0]?.path ?? '', 'utf8')).toContain('"amount":"123.78912"');
    const sql = 'SELECT amount, description FROM raw.anthropic_cost WHERE amount IS NOT NULL';
    await using other = await Company.make({ 'in/a.json': await readFile(files[0]?.path ?? '', 'utf8') });
    expect(await other.ask([{ ...anthropic(), pull: null, files: ['in/*'] }], sql)).toMatchObject([
      { amount: expect.stringMatching(/^123\.789120*$/) as string, description: 'Claude Sonnet 4 Usage - Input Tokens' },
    ]);
  });
});

describe('a provider that fails', () => {
  beforeEach(async () => {
    await start('openai');
    server.days.set('2026-07-01', [cost('1')]);
  });

  const PASSING: readonly (readonly [what: string, fault: Fault])[] = [
    ['429', { kind: 'status', status: 429 }],
    ['429 with Retry-After', { kind: 'status', status: 429, headers: { 'retry-after': '1' } }],
    ['500', { kind: 'status', status: 500 }],
    [
      '503 with a Retry-After date',
      { kind: 'status', status: 503, headers: { 'retry-after': new Date(Date.now() + 1000).toUTCString() } },
    ],
    ['409', { kind: 'status', status: 409 }],
    ['a page of HTML', { kind: 'raw', body: '<html>Bad gateway</html>' }],
    ['half of the JSON', { kind: 'raw', body: '{"object":"page","data":[{"obj' }],
    ['no page', { kind: 'raw', body: '{"ok":true}' }],
    ['more without where', { kind: 'raw', body: '{"data":[],"has_more":true,"next_page":null}' }],
    ['a body that is cut', { kind: 'cut' }],
    ['a body that is shorter than it says', { kind: 'short' }],
    ['a slow body', { kind: 'slow', milliseconds: 20 }],
    ['silence', { kind: 'silent' }],
    ['bytes that are no UTF-8', { kind: 'raw', body: Buffer.from([0xff, 0xfe, 0x7b]).toString('latin1') }],
  ];

  test.each(PASSING)('once is asked again: %s', async (_, fault) => {
    server.plan(fault);
    await using company = await Company.make();
    const { files } = await company.land(openai(), outside('2026-07-03'));
    expect(files).toHaveLength(1);
    expect(server.log.length).toBe(fault.kind === 'slow' ? 1 : 2);
  });

  test('waits as long as it is asked to', async () => {
    server.plan({ kind: 'status', status: 429, headers: { 'retry-after': '1' } });
    await using company = await Company.make();
    await company.land(openai(), outside('2026-07-03'));
    expect((server.times[1] ?? 0) - (server.times[0] ?? 0)).toBeGreaterThanOrEqual(990);
  });

  const LASTING: readonly (readonly [what: string, fault: Fault, tries: number, exit: number, code: string])[] = [
    ['401', { kind: 'status', status: 401 }, 1, 2, 'pull/unauthorized'],
    ['403', { kind: 'status', status: 403 }, 1, 2, 'pull/forbidden'],
    ['404', { kind: 'status', status: 404 }, 1, 2, 'pull/not-found'],
    ['422', { kind: 'status', status: 422 }, 1, 2, 'pull/refused'],
    ['a redirect', { kind: 'status', status: 302, headers: { location: 'http://127.0.0.1:1/' } }, 6, 4, 'pull/unreachable'],
    ['429 for good', { kind: 'status', status: 429 }, 6, 4, 'pull/slow-down'],
    ['429 that asks for an hour', { kind: 'status', status: 429, headers: { 'retry-after': '3600' } }, 1, 4, 'pull/slow-down'],
    ['500 for good', { kind: 'status', status: 500 }, 6, 4, 'pull/unavailable'],
    ['bodies that are cut', { kind: 'cut' }, 6, 4, 'pull/unreachable'],
    ['no page for good', { kind: 'raw', body: '[]' }, 6, 4, 'pull/unreachable'],
    ['a circle of pages', { kind: 'circle' }, 2, 4, 'pull/endless'],
    ['pages without end', { kind: 'endless' }, 1000, 4, 'pull/endless'],
    ['an answer that is too large', { kind: 'raw', body: `{"data":[],"x":"${'x'.repeat(10_000)}"}` }, 6, 4, 'pull/unreachable'],
  ];

  test.each(LASTING)('for good is told: %s', async (_, fault, tries, exit, code) => {
    server.plan(fault, 1000);
    await using company = await Company.make();
    const failure = await failureOf(company.land(openai(), outside('2026-07-03')));
    expect([failure.exitCode, failure.problems[0]?.code, server.log.length]).toEqual([exit, code, tries]);
    expect(await readdir(company.path('.showback/landing/arriving'))).toEqual([]);
    expect(await readdir(company.path('.showback/landing'))).not.toContain('index.ndjson');
  });

  test('on one month keeps what landed before, for the next night', async () => {
    await using company = await Company.make();
    const before = await company.land(openai(), outside('2026-07-03'));
    server.plan({ kind: 'status', status: 500 }, 1000);
    await failureOf(company.land(openai(), outside('2026-07-04')));
    expect(await company.land(openai(), outside('2026-07-03'))).toEqual(before);
  });

  test('never gets a key shown, though it repeats it', async () => {
    await using company = await Company.make();
    const env = { COST_KEY: 'sk-admin-wrong' };
    const failure = await failureOf(company.land(openai(), outside('2026-07-03', { env })));
    expect(failure.problems[0]?.message).toContain('Incorrect API key provided: Bearer ***');
    expect(JSON.stringify([failure.problems, String((failure as Error).stack), String(failure.cause)])).not.toContain(
      'sk-admin-wrong',
    );
  });

  test.each([undefined, '', '  ', 'two words', 'line\nbreak'])('is not asked without a key: %j', async (key) => {
    await using company = await Company.make();
    const failure = await failureOf(company.land(openai(), outside('2026-07-03', { env: { COST_KEY: key } })));
    expect([failure.exitCode, failure.problems[0]?.code, server.log]).toEqual([2, 'pull/no-key', []]);
    expect(failure.problems[0]?.message).toContain('COST_KEY');
    expect(failure.problems[0]?.message).not.toMatch(/two|line/);
  });

  test('is let go at once when the run is stopped', async () => {
    server.plan({ kind: 'status', status: 429, headers: { 'retry-after': '60' } }, 1000);
    await using company = await Company.make();
    const stop = new AbortController();
    const began = performance.now();
    const landing = company.land(openai(), outside('2026-07-03'), stop.signal);
    await vi.waitUntil(() => server.log.length > 0);
    stop.abort(new Error('stopped by the test'));
    await expect(landing).rejects.toThrow('stopped by the test');
    expect(performance.now() - began).toBeLessThan(10_000);
  });

  test('is found by `check --connect` before the first night', async () => {
    await using company = await Company.make();
    const request = {
      config: openai(),
      root: company.root,
      landingDir: join(company.root, 'landing'),
      listener: () => undefined,
    };
    expect(await connect({ ...request, outside: outside('2026-08-03') })).toBe(2);
    expect(server.log.map((line) => /limit=\d+/.exec(line)?.[0])).toEqual(['limit=1']);
    // On the first day of the books there is no month yet, and a key that is wrong is told all the same.
    expect(await connect({ ...request, outside: outside('2026-07-01') })).toBe(0);
    server.plan({ kind: 'status', status: 403 }, 1000);
    expect((await failureOf(connect({ ...request, outside: outside('2026-07-01') }))).problems[0]?.code).toBe('pull/forbidden');
  });
});

test('amounts of several pulls are counted once a day, the latest', async () => {
  await start('openai');
  await using company = await Company.make();
  server.days.set('2026-07-01', [cost('5')]);
  await company.land(openai(), outside('2026-07-03'));
  server.days.set('2026-07-01', [cost('7')]);
  const { files } = await company.land(openai(), outside('2026-07-04'));
  await using copy = await Company.make({ 'in/a.json': await readFile(files[0]?.path ?? '', 'utf8') });
  expect(await copy.ask([{ ...openai(), pull: null, files: ['in/*'] }], AMOUNTS)).toMatchObject([
    { amount: expect.stringMatching(/^7/) as string },
  ]);
});
