// Spans in the lake: which of them are usage, whose they are, and what becomes of what is none or cannot be read.
import { describe, expect, test } from 'vitest';
import type { UsageSource } from '../../../src/pipeline/pipeline.js';
import type { Row } from '../../../src/warehouse/warehouse.js';
import { Company, usage } from '../../contract/company.js';
import { chat, request, span, TRACE } from './spans.js';

interface Read {
  readonly rows: readonly Row[];
  readonly leftOut: Readonly<Record<string, number>>;
}

async function read(lines: readonly string[], columns: string, more: Partial<UsageSource> = {}): Promise<Read> {
  await using company = await Company.make({ 'logs/traces.jsonl': lines.join('\n') });
  const config = usage({ format: 'otlp', tokens: 'inclusive', ...more });
  const { files } = await company.load([config]);
  const rows = await company.askLogged(config, `SELECT ${columns} FROM logged ORDER BY row`);
  expect(files[0]?.records).toBe(rows.length);
  return { rows, leftOut: Object.fromEntries((files[0]?.leftOut ?? []).map(({ why, records }) => [why, records])) };
}

describe('a span that asks a model', () => {
  test('is a usage event', async () => {
    const { rows } = await read([request([chat('00F067AA0BA902B7')])], '*');
    expect(Object.fromEntries(Object.entries(rows[0] ?? {}).filter(([, value]) => value !== null))).toMatchObject({
      row: '1',
      event_id: `${TRACE}-00f067aa0ba902b7`,
      event_time: '2026-07-01 00:00:01.5',
      run_id: TRACE,
      operation: 'chat',
      provider: 'openai',
      model: 'gpt-5-mini',
      status: 'ok',
      run_ms: '1500',
      input_tokens: '100',
      output_tokens: '10',
    });
  });

  test('has cached tokens within its input, and reasoning within its output', async () => {
    const attributes = {
      'gen_ai.usage.cache_read.input_tokens': 30,
      'gen_ai.usage.cache_creation.input_tokens': 20,
      'gen_ai.usage.reasoning.output_tokens': 5,
    };
    const columns = 'input_tokens, cache_read_tokens, cache_write_tokens, output_tokens';
    const { rows } = await read([request([chat('a', { attributes })])], columns);
    expect(rows).toEqual([{ input_tokens: '50', cache_read_tokens: '30', cache_write_tokens: '20', output_tokens: '10' }]);
  });

  test('may use the names of earlier conventions', async () => {
    const attributes = {
      'llm.request.type': 'chat',
      'gen_ai.system': 'az.ai.openai',
      'gen_ai.request.model': 'gpt-4o',
      'gen_ai.usage.prompt_tokens': 7,
      'gen_ai.usage.completion_tokens': 3,
      'gen_ai.usage.cached_input_tokens': 2,
    };
    const { rows } = await read(
      [request([span({ spanId: 'a', attributes })])],
      'provider, model, operation, input_tokens, cache_read_tokens, output_tokens',
    );
    expect(rows).toEqual([
      { provider: 'azure', model: 'gpt-4o', operation: 'chat', input_tokens: '5', cache_read_tokens: '2', output_tokens: '3' },
    ]);
  });

  test('is priced by the model that answered', async () => {
    const { rows } = await read([request([chat('a', { attributes: { 'gen_ai.request.model': 'best' } })])], 'model');
    expect(rows).toEqual([{ model: 'gpt-5-mini' }]);
  });

  test('may have whole numbers as numbers, times too', async () => {
    const line = request([chat('a')])
      .replace('{"intValue":"100"}', '{"intValue":100}')
      .replace('"1782864001500000000"', '1782864001500000000');
    const { rows } = await read([line], 'input_tokens, event_time');
    expect(rows).toEqual([{ input_tokens: '100', event_time: '2026-07-01 00:00:01.5' }]);
  });

  test('that failed is an error, told by its status or by its type of error', async () => {
    const spans = [chat('a', { error: true }), chat('b', { attributes: { 'error.type': 'timeout' } }), chat('c')];
    const { rows } = await read([request(spans)], 'status');
    expect(rows.map(({ status }) => status)).toEqual(['error', 'error', 'ok']);
  });

  test('counts where its operation is not known, if it has tokens', async () => {
    const { rows } = await read(
      [request([chat('a', { attributes: { 'gen_ai.operation.name': 'dream' } })])],
      'operation, input_tokens',
    );
    expect(rows).toEqual([{ operation: 'chat', input_tokens: '100' }]);
  });

  test('states a cost only where the source says so', async () => {
    const line = request([chat('a', { attributes: { 'gen_ai.usage.cost': 0.25 } })]);
    expect((await read([line], 'stated_cost')).rows).toEqual([{ stated_cost: null }]);
    expect((await read([line], 'stated_cost', { statedCost: 'provider' })).rows).toEqual([{ stated_cost: '0.250000000000' }]);
    const inexact = request([chat('a', { attributes: { 'gen_ai.usage.cost': 0.30000000000000004 } })]);
    expect((await read([inexact], 'reject', { statedCost: 'provider' })).rows).toEqual([{ reject: 'bad_stated_cost' }]);
  });
});

describe('an embedding', () => {
  test('has its input as tokens that were embedded', async () => {
    const attributes = { 'gen_ai.operation.name': 'embeddings', 'gen_ai.usage.input_tokens': 40 };
    const { rows } = await read(
      [request([chat('a', { attributes })])],
      'operation, embedding_tokens, input_tokens, output_tokens',
    );
    expect(rows).toEqual([{ operation: 'embedding', embedding_tokens: '40', input_tokens: null, output_tokens: null }]);
  });
});

describe('a tool', () => {
  const tool = { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': 'web-search' };

  test('is usage where it names who charges for it', async () => {
    const spans = [
      span({ spanId: 'a', attributes: { ...tool, 'gen_ai.provider.name': 'tavily', 'gen_ai.usage.input_tokens': 9 } }),
      span({ spanId: 'b', attributes: tool }),
    ];
    const { rows, leftOut } = await read([request(spans)], 'operation, provider, model, tool_name, tool_calls, input_tokens');
    expect(rows).toEqual([
      {
        operation: 'tool_call',
        provider: 'tavily',
        model: 'web-search',
        tool_name: 'web-search',
        tool_calls: '1',
        input_tokens: null,
      },
    ]);
    expect(leftOut).toEqual({ 'spans of tools that name no provider': 1 });
  });

  test('that is charged for by another quantity is not by the call too', async () => {
    const attributes = { ...tool, 'gen_ai.provider.name': 'tavily', 'showback.search_queries': 3 };
    const { rows } = await read([request([span({ spanId: 'a', attributes })])], 'search_queries, tool_calls');
    expect(rows).toEqual([{ search_queries: '3', tool_calls: null }]);
  });
});

describe('spans above a call', () => {
  const agent = { 'gen_ai.operation.name': 'invoke_agent', 'gen_ai.usage.input_tokens': 200, 'gen_ai.usage.output_tokens': 20 };

  test('of agents are never usage, though they sum what is below them', async () => {
    const spans = [span({ spanId: 'a', attributes: agent }), chat('b', { parentSpanId: 'a' }), chat('c', { parentSpanId: 'a' })];
    const { rows, leftOut } = await read([request(spans)], 'event_id, input_tokens');
    expect(rows.map(({ input_tokens }) => input_tokens)).toEqual(['100', '100']);
    expect(leftOut).toEqual({ 'spans of agents and workflows': 1 });
  });

  test('that are calls themselves tell the same tokens again, whatever lies between', async () => {
    const spans = [
      chat('c', { parentSpanId: 'b' }),
      span({ spanId: 'b', parentSpanId: 'a', attributes: { 'http.route': '/x' } }),
      chat('a'),
      chat('d', { attributes: { 'gen_ai.operation.name': 'embeddings' }, parentSpanId: 'c' }),
    ];
    const { rows, leftOut } = await read([request(spans.slice(0, 1)), request(spans.slice(1))], 'event_id');
    expect(rows).toEqual([{ event_id: `${TRACE}-c` }, { event_id: `${TRACE}-d` }]);
    expect(leftOut).toEqual({ 'other spans': 1, 'spans whose calls are told below them': 1 });
  });

  test('keep their tokens where the inner call has none', async () => {
    const bare = { 'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'openai' };
    const { rows } = await read(
      [request([chat('a'), span({ spanId: 'b', parentSpanId: 'a', attributes: bare })])],
      'input_tokens',
    );
    expect(rows).toEqual([{ input_tokens: '100' }, { input_tokens: null }]);
  });

  test('and above themselves are left as they are', async () => {
    const spans = [chat('a', { parentSpanId: 'b' }), chat('b', { parentSpanId: 'a' }), chat('c', { parentSpanId: 'c' })];
    expect((await read([request(spans)], 'event_id')).rows.length).toBe(3);
  });
});

describe('tags', () => {
  test('are those of the span, then of the nearest above that has one, then of the resource', async () => {
    const lines = [
      request([chat('c', { parentSpanId: 'b', attributes: { feature_id: 'own' } }), chat('d', { parentSpanId: 'b' })], {
        team_id: 'blue',
      }),
      request([span({ spanId: 'b', parentSpanId: 'a', attributes: { feature_id: 'near' } })]),
      request([span({ spanId: 'a', attributes: { feature_id: 'far', customer_id: 'acme', 'gen_ai.workflow.name': 'answer' } })]),
      request([chat('e')], { feature_id: 'resource', 'deployment.environment.name': 'prod' }),
    ];
    const { rows } = await read(lines, 'feature_id, customer_id, workflow_id, team_id, environment');
    expect(rows).toEqual([
      { feature_id: 'own', customer_id: 'acme', workflow_id: 'answer', team_id: 'blue', environment: null },
      { feature_id: 'near', customer_id: 'acme', workflow_id: 'answer', team_id: 'blue', environment: null },
      { feature_id: 'resource', customer_id: null, workflow_id: null, team_id: null, environment: 'prod' },
    ]);
  });

  test('come from no other trace', async () => {
    const spans = [span({ traceId: 'f0', spanId: 'a', attributes: { feature_id: 'other' } }), chat('b', { parentSpanId: 'a' })];
    expect((await read([request(spans)], 'feature_id')).rows).toEqual([{ feature_id: null }]);
  });

  test('go by a map and by constants, which a map does not look beyond', async () => {
    const attributes = { 'app.area': 'search', feature_id: 'chat', 'app.vendor': 'OpenAI' };
    const config = { map: { feature_id: 'app.area', provider: 'app.vendor', route: 'none' }, constants: { team_id: 'blue' } };
    const { rows } = await read([request([chat('a', { attributes })])], 'feature_id, provider, team_id', config);
    expect(rows).toEqual([{ feature_id: 'search', provider: 'openai', team_id: 'blue' }]);
    const above = [span({ spanId: 'p', attributes: { 'app.area': 'above' } }), chat('b', { parentSpanId: 'p' })];
    expect((await read([request(above)], 'feature_id', config)).rows).toEqual([{ feature_id: 'above' }]);
  });
});

describe('what cannot be read', () => {
  const good = request([chat('a')]);
  const withSpan = (text: string): string => good.replace(/"spans":\[.*\]\}\]\}\]/, `"spans":[${text}]}]}]`);

  test.each([
    ['a cut line', good.slice(0, 90)],
    ['a list', '[]'],
    ['another document', '{"spans":[]}'],
    ['resource spans that are no list', '{"resourceSpans":{}}'],
    ['a resource that is no object', good.replace('"resource":{"attributes":[]}', '"resource":3')],
    ['attributes of a resource that are no list', good.replace('"resource":{"attributes":[]}', '"resource":{"attributes":{}}')],
    ['scope spans that are no list', '{"resourceSpans":[{"scopeSpans":7}]}'],
    ['spans that are no list', '{"resourceSpans":[{"scopeSpans":[{"spans":{"traceId":"a"}}]}]}'],
    ['a list given twice', good.replace('{"resourceSpans"', '{"resourceSpans":[],"resourceSpans"')],
    ['a span that is none', withSpan('null')],
    ['a key of a span given twice', good.replace('"spanId":"a"', '"spanId":"a","spanId":"b"')],
    ['an attribute given twice', good.replace('{"key":"gen_ai.usage.output_tokens"', '{"key":"gen_ai.usage.input_tokens"')],
    ['attributes of a span that are no list', withSpan('{"spanId":"a","attributes":{"gen_ai.operation.name":"chat"}}')],
  ])('is refused, beside what can: %s', async (_, line) => {
    const { rows } = await read([good, line, good], 'row, reject');
    expect(rows).toEqual([
      { row: '1', reject: null },
      { row: '2', reject: 'malformed' },
      { row: '3', reject: null },
    ]);
  });

  test.each([
    ['no time', chat('a', { end: '0', start: '0' }), 'missing_event_time'],
    ['a time in milliseconds', chat('a', { end: '1782864001500' }), 'bad_event_time'],
    ['a time that is text', chat('a', { end: 'now' }), 'bad_event_time'],
    ['tokens that are text', chat('a', { attributes: { 'gen_ai.usage.input_tokens': 'many' } }), 'bad_number'],
    ['negative tokens', chat('a', { attributes: { 'gen_ai.usage.output_tokens': -1 } }), 'negative_quantity'],
    [
      'more cached tokens than input',
      chat('a', { attributes: { 'gen_ai.usage.cache_read.input_tokens': 101 } }),
      'cached_exceeds_input',
    ],
    ['no provider', chat('a', { attributes: { 'gen_ai.provider.name': '' } }), 'missing_provider'],
    ['no model', chat('a', { attributes: { 'gen_ai.response.model': '' } }), 'missing_model'],
  ])('of a span with %s is told', async (_, bad, reject) => {
    const { rows } = await read([request([bad])], 'reject');
    expect(rows).toEqual([{ reject }]);
  });

  test('tokens in a list, or a value that is none, are no number', async () => {
    const list = good.replace('{"intValue":"100"}', '{"arrayValue":{"values":[{"intValue":"100"}]}}');
    const bare = good.replace('{"intValue":"100"}', '100');
    expect((await read([list, bare], 'reject, input_tokens')).rows).toEqual([
      { reject: 'bad_number', input_tokens: null },
      { reject: null, input_tokens: '100' },
    ]);
  });
});

test('logs, metrics and requests without spans are no records', async () => {
  const lines = [
    '{"resourceLogs":[]}',
    '{"resourceMetrics":[{}]}',
    '{}',
    '{"resourceSpans":[{"scopeSpans":[{}]}]}',
    '{"resourceSpans":[]}',
  ];
  expect(await read(lines, 'row')).toEqual({ rows: [], leftOut: {} });
});

test('a span that the exporter wrote twice is one event, in a file and across files', async () => {
  const line = request([chat('a'), chat('b', { parentSpanId: 'a' })]);
  const { rows } = await read([line, line], 'DISTINCT event_id, row');
  expect(rows.map(({ row }) => row)).toEqual(['2', '4']);
  expect(new Set(rows.map(({ event_id }) => event_id)).size).toBe(1);
});

test('content never reaches the lake', async () => {
  const secret = 'a very secret prompt';
  const content = { 'gen_ai.input.messages': secret, 'gen_ai.tool.call.arguments': secret, 'gen_ai.system_instructions': secret };
  const told = chat('a', { attributes: content }) as Record<string, unknown>;
  const events = [{ name: 'gen_ai.user.message', attributes: [{ key: 'feature_id', value: { stringValue: secret } }] }];
  const { rows } = await read([request([{ ...told, events }])], '*');
  expect(rows.length).toBe(1);
  expect(JSON.stringify(rows)).not.toContain(secret);
});
