// Usage asked of a provider: an endpoint after the other, what each can be grouped by, and whose page is whose in what landed.
// What every answer that fails says and leaves behind is of test/pull/costs.test.ts; here is what several endpoints add to it.
import { readdir, readFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Failure } from '../../src/kernel/failure.js';
import type { AnthropicUsageSource, ApiPull, OpenAiUsageSource } from '../../src/pipeline/pipeline.js';
import { connect } from '../../src/source/connect.js';
import type { Outside } from '../../src/source/source.js';
import { BILLED_USAGE, Company } from '../contract/company.js';
import { type CostServer, startCostServer } from './cost-server.js';
import type { Fault } from './faulty-server.js';

vi.setConfig({ testTimeout: 30_000 });

let server: CostServer;

afterEach(async () => server.close());

const ENDPOINTS = [
  'completions',
  'embeddings',
  'moderations',
  'images',
  'audio_speeches',
  'audio_transcriptions',
  'vector_stores',
  'code_interpreter_sessions',
  'file_search_calls',
  'web_search_calls',
];

function outside(today: string): Outside {
  return {
    start: '2026-07',
    now: () => new Date(`${today}T03:00:00Z`),
    env: { USAGE_KEY: server.key },
    patience: { pause: 5, deadline: 2000 },
  };
}

function pullOf(more: Partial<ApiPull>): ApiPull {
  return {
    keyVariable: 'USAGE_KEY',
    url: server.url,
    groupBy: [],
    endpoints: [],
    from: null,
    trailingDays: 10,
    lagDays: 0,
    ...more,
  };
}

function openai(more: Partial<ApiPull> = {}): OpenAiUsageSource {
  const pull = pullOf({ groupBy: ['model', 'project_id', 'batch', 'service_tier'], endpoints: ENDPOINTS, ...more });
  return { ...BILLED_USAGE, kind: 'openai-usage', files: [], pull };
}

function anthropic(more: Partial<ApiPull> = {}): AnthropicUsageSource {
  const pull = pullOf({ groupBy: ['model', 'workspace_id', 'service_tier'], ...more });
  return { ...BILLED_USAGE, kind: 'anthropic-usage', provider: 'anthropic', files: [], pull };
}

const COMPLETIONS =
  '{"object":"organization.usage.completions.result","input_tokens":1000,"input_cached_tokens":400,"output_tokens":12,"model":"gpt-5","project_id":null,"batch":false}';

async function failureOf(work: Promise<unknown>): Promise<Failure> {
  const error: unknown = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(Failure);
  return error as Failure;
}

/** Path below `usage/` → what it was grouped by. */
function asked(): readonly string[] {
  return server.log.map((line) => {
    const url = new URL(line, 'http://api');
    return `${url.pathname.split('/').at(-1)}: ${url.searchParams.getAll('group_by').join(' ')}`;
  });
}

describe('usage of OpenAI', () => {
  beforeEach(async () => {
    server = await startCostServer('openai');
    server.days.set('completions 2026-07-01', [COMPLETIONS]);
    server.days.set('vector_stores 2026-07-02', ['{"object":"organization.usage.vector_stores.result","usage_bytes":1024}']);
  });

  test('comes from every endpoint, each grouped by what it knows, and within its limit', async () => {
    await using company = await Company.make();
    await company.land(openai(), outside('2026-07-03'));
    expect(asked()).toEqual([
      'completions: model project_id batch service_tier',
      'embeddings: model project_id',
      'moderations: model project_id',
      'images: model project_id',
      'audio_speeches: model project_id',
      'audio_transcriptions: model project_id',
      'vector_stores: project_id',
      'code_interpreter_sessions: project_id',
      'file_search_calls: project_id',
      'web_search_calls: model project_id',
    ]);
    expect(server.log[0]).toBe(
      '/v1/organization/usage/completions?start_time=1782864000&end_time=1783036800&bucket_width=1d&group_by=model&group_by=project_id&group_by=batch&group_by=service_tier&limit=31',
    );
  });

  test('lands as one file a month, each answer as it was beside the endpoint that gave it', async () => {
    await using company = await Company.make();
    const { files, controls } = await company.land(openai(), outside('2026-08-02'));
    expect(files.map(({ name }) => name)).toEqual(['openai-usage/2026-07.json', 'openai-usage/2026-08.json']);
    const text = await readFile(files[0]?.path ?? '', 'utf8');
    expect(text).toContain(COMPLETIONS);
    const pages = JSON.parse(text) as readonly {
      readonly endpoint: string;
      readonly page: { readonly data: readonly unknown[] };
    }[];
    expect(pages.map(({ endpoint, page }) => [endpoint, page.data.length])).toEqual(ENDPOINTS.map((name) => [name, 31]));
    // Three figures and one, and of each endpoint the days that are empty.
    expect(controls.map(({ expected }) => expected)).toEqual([String(10 * 31 - 2 + 3 + 1), '10']);
    await using other = await Company.make({ 'in/a.json': text });
    const source = { ...openai(), pull: null, files: ['in/*'] };
    expect(
      await other.ask(
        [source],
        'SELECT endpoint, figure, quantity FROM raw.openai_usage WHERE figure IS NOT NULL ORDER BY "row"',
      ),
    ).toEqual([
      { endpoint: 'completions', figure: 'input_tokens', quantity: '1000' },
      { endpoint: 'completions', figure: 'input_cached_tokens', quantity: '400' },
      { endpoint: 'completions', figure: 'output_tokens', quantity: '12' },
      { endpoint: 'vector_stores', figure: 'usage_bytes', quantity: '1024' },
    ]);
    const empty = `SELECT endpoint, count(*) AS days FROM raw.openai_usage WHERE empty_bucket = 'true' GROUP BY ALL ORDER BY ALL`;
    expect(await other.ask([source], empty)).toContainEqual({ endpoint: 'embeddings', days: '31' });
  });

  test('of several pages keeps the endpoint of each', async () => {
    server.pageDays = 10;
    await using company = await Company.make();
    const { files } = await company.land(openai({ endpoints: ['completions', 'images'] }), outside('2026-08-01'));
    const pages = JSON.parse(await readFile(files[0]?.path ?? '', 'utf8')) as readonly { readonly endpoint: string }[];
    expect(pages.map(({ endpoint }) => endpoint)).toEqual([
      ...Array<string>(4).fill('completions'),
      ...Array<string>(4).fill('images'),
    ]);
  });

  test('is asked for again when other endpoints are named, and not once a month is over', async () => {
    await using company = await Company.make();
    const askedOn = async (today: string, endpoints: readonly string[]): Promise<readonly string[]> => {
      server.log.length = 0;
      await company.land(openai({ endpoints }), outside(today));
      return asked().map((line) => line.split(':')[0] ?? '');
    };
    expect(await askedOn('2026-07-05', ['completions'])).toEqual(['completions']);
    expect(await askedOn('2026-07-05', ['completions'])).toEqual([]);
    expect(await askedOn('2026-07-05', ['images'])).toEqual(['images']);
    expect(await askedOn('2026-09-20', ['images'])).toHaveLength(3);
    expect(await askedOn('2026-09-21', ['images'])).toHaveLength(1);
  });

  const LASTING: readonly (readonly [what: string, fault: Fault, exit: number, code: string])[] = [
    ['403', { kind: 'status', status: 403 }, 2, 'pull/forbidden'],
    ['429 for good', { kind: 'status', status: 429 }, 4, 'pull/slow-down'],
    ['bodies that are cut', { kind: 'cut' }, 4, 'pull/unreachable'],
    ['no page', { kind: 'raw', body: '{"data":5}' }, 4, 'pull/unreachable'],
    ['a circle of pages', { kind: 'circle' }, 4, 'pull/endless'],
  ];

  test.each(LASTING)('of a later endpoint that fails lands nothing of the month: %s', async (_, fault, exit, code) => {
    server.days.set('images 2026-07-01', ['{"images":1}']);
    // The first endpoint is answered; what is planned strikes from the second on.
    server.plan({ kind: 'slow', milliseconds: 0 });
    server.plan(fault, 1000);
    await using company = await Company.make();
    const failure = await failureOf(company.land(openai({ endpoints: ['completions', 'images'] }), outside('2026-07-03')));
    expect([failure.exitCode, failure.problems[0]?.code]).toEqual([exit, code]);
    expect(asked()[0]).toMatch(/^completions/);
    expect(asked().at(-1)).toMatch(/^images/);
    // What came of the month is kept aside for the next try, and is no landing.
    expect((await readdir(company.path('.showback/landing/arriving'))).filter((name) => !name.endsWith('.pages'))).toEqual([]);
    expect(await readdir(company.path('.showback/landing'))).not.toContain('index.ndjson');
  });

  test('is asked for the days of every endpoint by check --connect, and says which the key may not read', async () => {
    await using company = await Company.make();
    const request = {
      config: openai(),
      root: company.root,
      landingDir: company.path('.showback/landing'),
      listener: () => undefined,
      outside: outside('2026-08-03'),
    };
    expect(await connect(request)).toBe(2);
    expect(asked().map((line) => line.split(':')[0])).toEqual(ENDPOINTS);
    expect(await readdir(company.root)).toEqual([]);
    const failure = await failureOf(connect({ ...request, config: openai({ endpoints: ['completions', 'videos'] }) }));
    expect([failure.exitCode, failure.problems]).toMatchObject([
      2,
      [{ code: 'pull/not-found', place: { file: `${server.url}/v1/organization/usage/videos` } }],
    ]);
  });
});

describe('usage of Anthropic', () => {
  beforeEach(async () => {
    server = await startCostServer('anthropic');
  });

  test('comes with its own names, and nested figures by their whole names', async () => {
    server.days.set('messages 2026-07-02', [
      '{"uncached_input_tokens":1500,"cache_creation":{"ephemeral_5m_input_tokens":500,"ephemeral_1h_input_tokens":1000},"output_tokens":7,"workspace_id":null,"model":"claude-opus-5","service_tier":"priority"}',
    ]);
    await using company = await Company.make();
    const { files } = await company.land(anthropic(), outside('2026-07-05'));
    expect(server.log).toEqual([
      '/v1/organizations/usage_report/messages?starting_at=2026-07-01T00%3A00%3A00Z&ending_at=2026-07-05T00%3A00%3A00Z&bucket_width=1d&group_by%5B%5D=model&group_by%5B%5D=workspace_id&group_by%5B%5D=service_tier&limit=31',
    ]);
    expect(files.map(({ name }) => name)).toEqual(['anthropic-usage/2026-07.json']);
    await using other = await Company.make({ 'in/a.json': await readFile(files[0]?.path ?? '', 'utf8') });
    const sql =
      'SELECT endpoint, figure, quantity, service_tier, workspace_id FROM raw.anthropic_usage WHERE figure IS NOT NULL ORDER BY "row"';
    const whose = { endpoint: 'messages', service_tier: 'priority', workspace_id: null };
    expect(await other.ask([{ ...anthropic(), pull: null, files: ['in/*'] }], sql)).toEqual([
      { ...whose, figure: 'uncached_input_tokens', quantity: '1500' },
      { ...whose, figure: 'cache_creation.ephemeral_5m_input_tokens', quantity: '500' },
      { ...whose, figure: 'cache_creation.ephemeral_1h_input_tokens', quantity: '1000' },
      { ...whose, figure: 'output_tokens', quantity: '7' },
    ]);
  });

  test('grouped by what the report does not know is refused in its words', async () => {
    await using company = await Company.make();
    const failure = await failureOf(company.land(anthropic({ groupBy: ['description'] }), outside('2026-07-05')));
    expect(failure.problems).toMatchObject([
      { code: 'pull/refused', message: expect.stringContaining('group_by description is not supported') as string },
    ]);
  });
});
