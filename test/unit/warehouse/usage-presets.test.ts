// Records of LiteLLM, Langfuse and Helicone in the lake: each trap of those logs has one outcome.
import { describe, expect, test } from 'vitest';
import type { UsageSource } from '../../../src/pipeline/pipeline.js';
import { openDuckDb } from '../../../src/warehouse/duckdb.js';
import { literal } from '../../../src/warehouse/sql-quote.js';
import type { Row } from '../../../src/warehouse/warehouse.js';
import { Company, usage } from '../../contract/company.js';

type Record_ = Readonly<Record<string, unknown>>;

interface Read {
  readonly rows: readonly Row[];
  readonly leftOut: Readonly<Record<string, number>>;
}

async function readFile(name: string, text: string, columns: string, config: UsageSource): Promise<Read> {
  await using company = await Company.make({ [`logs/${name}`]: text });
  // Awaited here: the folder is removed as soon as this returns.
  return await readFrom(company, columns, config);
}

async function readFrom(company: Company, columns: string, config: UsageSource): Promise<Read> {
  const { files } = await company.load([config]);
  const rows = await company.askLogged(config, `SELECT ${columns} FROM logged ORDER BY row`);
  expect(files[0]?.records).toBe(rows.length);
  return { rows, leftOut: Object.fromEntries((files[0]?.leftOut ?? []).map(({ why, records }) => [why, records])) };
}

const jsonl = (records: readonly Record_[]): string => records.map((record) => JSON.stringify(record)).join('\n');

/** As COPY … TO … CSV writes a table: JSON columns as text. */
function csv(records: readonly Record_[]): string {
  const header = [...new Set(records.flatMap((record) => Object.keys(record)))];
  const cell = (value: unknown): string => {
    const text = value === null || value === undefined ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value);
    return `"${text.replaceAll('"', '""')}"`;
  };
  return [header.join(','), ...records.map((record) => header.map((name) => cell(record[name])).join(','))].join('\n');
}

const litellm = (more: Partial<UsageSource> = {}): UsageSource => usage({ format: 'litellm', tokens: 'inclusive', ...more });

const SPEND: Record_ = {
  request_id: 'chatcmpl-1',
  call_type: 'acompletion',
  api_key: '88dc28d0',
  spend: 0.00125,
  total_tokens: 110,
  prompt_tokens: 100,
  completion_tokens: 10,
  startTime: '2026-07-01 00:00:00.000',
  endTime: '2026-07-01 00:00:01.500',
  request_duration_ms: 1500,
  model: 'azure/gpt-4o',
  model_group: 'best',
  custom_llm_provider: 'azure',
  cache_hit: 'False',
  request_tags: ['feature:chat', 'prod'],
  metadata: {
    spend_logs_metadata: { customer_id: 'acme', workflow_id: 'answer' },
    user_api_key_team_alias: 'blue',
    usage_object: { prompt_tokens: 100, prompt_tokens_details: { cached_tokens: 30 }, cache_creation_input_tokens: 20 },
  },
  team_id: 'a-uuid',
  end_user: 'somebody',
  session_id: 's-1',
  status: 'success',
  messages: 'a very secret prompt',
  response: 'a very secret answer',
};

const AS_EVENT = {
  event_id: 'chatcmpl-1',
  event_time: '2026-07-01 00:00:01.5',
  run_id: 's-1',
  workflow_id: 'answer',
  operation: 'chat',
  provider: 'azure',
  model: 'gpt-4o',
  cache: 'miss',
  status: 'ok',
  feature_id: 'chat',
  customer_id: 'acme',
  team_id: 'blue',
  run_ms: '1500',
  input_tokens: '50',
  cache_read_tokens: '30',
  cache_write_tokens: '20',
  output_tokens: '10',
};

function given(row: Row | undefined): Record_ {
  const lake = ['source_id', 'file', 'row', 'event_key', 'record_key'];
  return Object.fromEntries(Object.entries(row ?? {}).filter(([name, value]) => value !== null && !lake.includes(name)));
}

describe('LiteLLM', () => {
  test.each([
    ['JSONL', 'spend.jsonl', jsonl([SPEND])],
    [
      'JSONL with JSON in texts',
      'spend.jsonl',
      jsonl([{ ...SPEND, metadata: JSON.stringify(SPEND['metadata']), request_tags: JSON.stringify(SPEND['request_tags']) }]),
    ],
    ['JSONL beside a line that is none', 'spend.jsonl', `${jsonl([SPEND])}\n{`],
    ['CSV', 'spend.csv', csv([SPEND])],
  ])('has the same event as %s', async (_, name, text) => {
    const { rows } = await readFile(name, text, '*', litellm());
    expect(given(rows[0])).toEqual({ ...AS_EVENT, recorded_at: '2026-07-01 00:00:01.5' });
    expect(JSON.stringify(rows)).not.toContain('secret');
  });

  test('has the same event as Parquet, with structures or with JSON', async () => {
    for (const column of ['metadata', 'CAST(to_json(metadata) AS VARCHAR) AS metadata']) {
      await using company = await Company.make({ 'source.jsonl': jsonl([SPEND]), 'logs/.keep': '' });
      await using engine = await openDuckDb({ threads: 1 });
      const others = `* EXCLUDE (metadata), ${column} FROM read_json(${literal(company.path('source.jsonl'))})`;
      await engine.run(`COPY (SELECT ${others}) TO ${literal(company.path('logs/spend.parquet'))} (FORMAT parquet)`);
      const { rows } = await readFrom(company, '*', litellm({ files: ['logs/*.parquet'] }));
      expect(given(rows[0])).toEqual({ ...AS_EVENT, recorded_at: '2026-07-01 00:00:01.5' });
    }
  });

  test('has the payload of its callbacks: seconds as times, retries of one trace, tags in the metadata of the request', async () => {
    const payload = {
      id: 'chatcmpl-2',
      trace_id: 't-1',
      call_type: 'completion',
      response_cost: 0.5,
      status: 'failure',
      prompt_tokens: 12,
      completion_tokens: 0,
      startTime: 1782864000.25,
      endTime: 1782864001.25,
      model: 'claude-sonnet-4-5',
      custom_llm_provider: 'bedrock_converse',
      cache_hit: null,
      metadata: { requester_metadata: { feature: 'search' } },
    };
    const { rows } = await readFile(
      'a.jsonl',
      jsonl([payload, { ...payload, id: 'chatcmpl-3', status: 'success' }]),
      '*',
      litellm(),
    );
    expect(rows.map((row) => [row['event_id'], row['call_id'], row['status'], row['reject']])).toEqual([
      ['chatcmpl-2', 't-1', 'error', null],
      ['chatcmpl-3', 't-1', 'ok', null],
    ]);
    expect(rows[0]).toMatchObject({
      event_time: '2026-07-01 00:00:01.25',
      provider: 'aws',
      feature_id: 'search',
      input_tokens: '12',
    });
  });

  test.each([
    ['True', 'hit'],
    ['true', 'hit'],
    [true, 'hit'],
    ['False', 'miss'],
    ['None', null],
    ['', null],
  ])('says cache_hit %j, which is %j', async (cache_hit, cache) => {
    const { rows } = await readFile('a.jsonl', jsonl([{ ...SPEND, cache_hit }]), 'cache, reject', litellm());
    expect(rows).toEqual([{ cache, reject: null }]);
  });

  test('has embeddings, whose prompt is what was embedded', async () => {
    const record = { ...SPEND, call_type: 'aembedding', metadata: {} };
    const { rows } = await readFile('a.jsonl', jsonl([record]), 'operation, input_tokens, embedding_tokens', litellm());
    expect(rows).toEqual([{ operation: 'embedding', input_tokens: null, embedding_tokens: '100' }]);
  });

  test('has requests that failed before a provider was asked: no usage, and told', async () => {
    const refused = {
      ...SPEND,
      request_id: 'x',
      status: 'failure',
      custom_llm_provider: '',
      model: '',
      prompt_tokens: 0,
      completion_tokens: 0,
    };
    const { rows, leftOut } = await readFile('a.jsonl', jsonl([refused, SPEND]), 'row', litellm());
    expect(rows).toEqual([{ row: '2' }]);
    expect(leftOut).toEqual({ 'requests that failed before a provider was asked': 1 });
  });

  test('has failed requests with tokens, which cost like any other', async () => {
    const { rows } = await readFile('a.jsonl', jsonl([{ ...SPEND, status: 'failure' }]), 'status, output_tokens', litellm());
    expect(rows).toEqual([{ status: 'error', output_tokens: '10' }]);
  });

  test('has a spend that is a cost only where the source says so, and no more digits than a float keeps', async () => {
    const text = jsonl([SPEND, { ...SPEND, request_id: 'b', spend: 0.30000000000000004 }]);
    expect((await readFile('a.jsonl', text, 'stated_cost, reject', litellm())).rows).toEqual([
      { stated_cost: null, reject: null },
      { stated_cost: null, reject: null },
    ]);
    expect((await readFile('a.jsonl', text, 'stated_cost, reject', litellm({ statedCost: 'provider' }))).rows).toEqual([
      { stated_cost: '0.001250000000', reject: null },
      { stated_cost: null, reject: 'bad_stated_cost' },
    ]);
  });

  test('goes by a map and by constants; the others stay where the preset has them', async () => {
    const config = litellm({
      map: { feature_id: 'metadata.user_api_key_alias', customer_id: 'end_user' },
      constants: { environment: 'prod' },
    });
    const record = { ...SPEND, metadata: { user_api_key_alias: 'search-key' } };
    for (const [name, text] of [
      ['a.jsonl', jsonl([record])],
      ['a.csv', csv([record])],
    ] as const) {
      const { rows } = await readFile(name, text, 'feature_id, customer_id, environment, model', config);
      expect(rows).toEqual([{ feature_id: 'search-key', customer_id: 'somebody', environment: 'prod', model: 'gpt-4o' }]);
    }
  });

  test('is refused where it is wrong, with the reason', async () => {
    const records = [
      { ...SPEND, endTime: undefined, startTime: undefined },
      { ...SPEND, prompt_tokens: 'many' },
      { ...SPEND, prompt_tokens: 49 },
      { ...SPEND, custom_llm_provider: null },
      { ...SPEND, model: '' },
      { ...SPEND, metadata: 'no JSON' },
    ];
    const { rows } = await readFile('a.jsonl', jsonl(records), 'reject', litellm());
    expect(rows.map(({ reject }) => reject)).toEqual([
      'missing_event_time',
      'bad_number',
      'cached_exceeds_input',
      'missing_provider',
      'missing_model',
      null,
    ]);
  });

  test('is no table without its time', async () => {
    const { endTime: _e, startTime: _s, ...timeless } = SPEND;
    await expect(readFile('a.csv', csv([timeless]), '*', litellm())).rejects.toMatchObject({ kind: 'user' });
  });

  test('says by its extension how it is written', async () => {
    await expect(readFile('a.dump', jsonl([SPEND]), '*', litellm())).rejects.toMatchObject({
      problems: [{ code: 'source/format', remedy: 'name it .jsonl, .csv or .parquet' }],
    });
  });
});

describe('Langfuse', () => {
  const langfuse = (more: Partial<UsageSource> = {}): UsageSource =>
    usage({ format: 'langfuse', constants: { provider: 'openai' }, ...more });
  const OBSERVATION: Record_ = {
    id: 'o-1',
    trace_id: 't-1',
    type: 'GENERATION',
    environment: 'prod',
    start_time: '2026-07-01 00:00:00.000000',
    end_time: '2026-07-01 00:00:01.500000',
    updated_at: '2026-07-01 00:00:02.000000',
    level: 'DEFAULT',
    input: 'a very secret prompt',
    output: 'a very secret answer',
    metadata: { customer: 'acme' },
    provided_model_name: 'gpt-5-mini',
    usage_details: { input: 50, input_cached_tokens: 30, output: 10, output_reasoning_tokens: 5, total: 95 },
    total_cost: 0.5,
    latency: 1.5,
    trace_name: 'answer',
    tags: ['feature=chat'],
  };
  const CAMEL: Record_ = {
    id: 'o-1',
    traceId: 't-1',
    type: 'GENERATION',
    environment: 'prod',
    startTime: '2026-07-01T00:00:00.000Z',
    endTime: '2026-07-01T00:00:01.500Z',
    updatedAt: '2026-07-01T00:00:02.000Z',
    level: 'DEFAULT',
    metadata: { customer: 'acme', feature: 'chat' },
    providedModelName: 'gpt-5-mini',
    usageDetails: OBSERVATION['usage_details'],
    traceName: 'answer',
  };

  test.each([
    ['an export as JSONL', 'a.jsonl', jsonl([OBSERVATION])],
    ['an export as CSV', 'a.csv', csv([OBSERVATION])],
    ['answers of the API', 'a.jsonl', jsonl([CAMEL])],
  ])('has the same event in %s: classes are disjoint, and the total is no class', async (_, name, text) => {
    const { rows } = await readFile(name, text, '*', langfuse());
    expect(given(rows[0])).toEqual({
      event_id: 'o-1',
      event_time: '2026-07-01 00:00:01.5',
      recorded_at: '2026-07-01 00:00:02',
      run_id: 't-1',
      workflow_id: 'answer',
      operation: 'chat',
      provider: 'openai',
      model: 'gpt-5-mini',
      status: 'ok',
      feature_id: 'chat',
      customer_id: 'acme',
      environment: 'prod',
      input_tokens: '50',
      cache_read_tokens: '30',
      output_tokens: '15',
    });
    expect(JSON.stringify(rows)).not.toContain('secret');
  });

  test('has spans, agents and tools that may sum what is below them: no usage, and told', async () => {
    const others = ['SPAN', 'AGENT', 'TOOL', 'CHAIN'].map((type, at) => ({ ...OBSERVATION, id: `s-${at}`, type }));
    const { rows, leftOut } = await readFile('a.jsonl', jsonl([...others, OBSERVATION]), 'event_id', langfuse());
    expect(rows).toEqual([{ event_id: 'o-1' }]);
    expect(leftOut).toEqual({ 'observations that are no generation and no embedding': 4 });
  });

  test('has embeddings, with a total where that is all', async () => {
    const record = { ...OBSERVATION, type: 'EMBEDDING', usage_details: { total: 40 } };
    const { rows } = await readFile('a.jsonl', jsonl([record]), 'operation, embedding_tokens, input_tokens', langfuse());
    expect(rows).toEqual([{ operation: 'embedding', embedding_tokens: '40', input_tokens: null }]);
  });

  test('is refused where it has no type, or a sum alone; an error is told', async () => {
    const records = [
      { ...OBSERVATION, type: null },
      { ...OBSERVATION, usage_details: { total: 40 } },
      { ...OBSERVATION, level: 'ERROR', usage_details: {} },
      { ...OBSERVATION, usage_details: { input: 1, output: 'x', output_reasoning_tokens: 2 } },
    ];
    const { rows } = await readFile('a.jsonl', jsonl(records), 'reject, status', langfuse());
    expect(rows.map(({ reject }) => reject)).toEqual(['malformed', 'malformed', null, 'bad_number']);
    expect(rows[2]?.['status']).toBe('error');
  });

  test('names no provider by itself', async () => {
    const { rows } = await readFile('a.jsonl', jsonl([OBSERVATION]), 'reject', langfuse({ constants: {} }));
    expect(rows).toEqual([{ reject: 'missing_provider' }]);
  });
});

describe('Helicone', () => {
  const helicone = (more: Partial<UsageSource> = {}): UsageSource => usage({ format: 'helicone', ...more });
  const REQUEST: Record_ = {
    request_id: 'r-1',
    request_created_at: '2026-07-01T00:00:00.000Z',
    response_created_at: '2026-07-01T00:00:01.500Z',
    response_status: 200,
    request_path: 'https://api.anthropic.com/v1/messages',
    request_model: 'claude-latest',
    response_model: null,
    model: 'claude-sonnet-4-5',
    provider: 'ANTHROPIC',
    request_user_id: 'somebody',
    request_properties: { Feature: 'chat', Customer: 'acme', 'Helicone-Session-Id': 's-1' },
    prompt_tokens: 50,
    completion_tokens: 10,
    prompt_cache_read_tokens: 30,
    prompt_cache_write_tokens: 20,
    delay_ms: 1500,
    costUSD: 0.5,
    cache_reference_id: '00000000-0000-0000-0000-000000000000',
    request_body: 'a very secret prompt',
  };

  test.each([
    ['JSONL', 'a.jsonl', jsonl([REQUEST])],
    ['CSV', 'a.csv', csv([REQUEST])],
  ])('has the same event as %s', async (_, name, text) => {
    const { rows } = await readFile(name, text, '*', helicone());
    expect(given(rows[0])).toEqual({
      event_id: 'r-1',
      event_time: '2026-07-01 00:00:01.5',
      recorded_at: '2026-07-01 00:00:01.5',
      run_id: 's-1',
      operation: 'chat',
      provider: 'anthropic',
      model: 'claude-sonnet-4-5',
      status: 'ok',
      feature_id: 'chat',
      customer_id: 'acme',
      run_ms: '1500',
      input_tokens: '50',
      cache_read_tokens: '30',
      cache_write_tokens: '20',
      output_tokens: '10',
    });
    expect(JSON.stringify(rows)).not.toContain('secret');
  });

  test('has hits of its cache, failed requests, and embeddings', async () => {
    const records = [
      { ...REQUEST, cache_reference_id: 'b7f0c3d2-0000-0000-0000-000000000001' },
      { ...REQUEST, response_status: 429, prompt_tokens: 0, completion_tokens: 0 },
      {
        ...REQUEST,
        request_path: 'https://api.openai.com/v1/embeddings',
        prompt_cache_read_tokens: 0,
        prompt_cache_write_tokens: 0,
      },
    ];
    const { rows } = await readFile('a.jsonl', jsonl(records), 'cache, status, embedding_tokens', helicone());
    expect(rows).toEqual([
      { cache: 'hit', status: 'ok', embedding_tokens: null },
      { cache: null, status: 'error', embedding_tokens: null },
      { cache: null, status: 'ok', embedding_tokens: '50' },
    ]);
  });
});
