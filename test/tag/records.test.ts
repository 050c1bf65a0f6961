// What becomes of each kind of answer. Each trap of the providers' usage objects is a test here.
import { describe, expect, it } from 'vitest';
import { USAGE_EVENT } from '../../src/kernel/usage-event.js';
import { USAGE_FIELDS } from '../../src/kernel/usage-fields.js';
import { AMOUNTS, CHOICES, COUNTS, TEXTS } from '../../src/tag/fields.js';
import { chatCompletion, embeddings, message, response, vectorMatches } from './answers.js';
import { memory } from './kept.js';

const TAGS = { feature_id: 'chat', customer_id: 'acme' };
const BOTH = { ...TAGS, attempt: 1 };

describe('the fields', () => {
  it('are those of the usage event, each held to what its kind takes', () => {
    const kindsOf = (fields: readonly string[]) => new Set(fields.map((field) => USAGE_EVENT[field as 'model'].kind));
    expect(kindsOf(TEXTS)).toEqual(new Set(['text', 'lower']));
    expect(kindsOf(COUNTS)).toEqual(new Set(['ordinal', 'count']));
    expect(kindsOf(AMOUNTS)).toEqual(new Set(['milliseconds', 'quantity']));
    for (const [field, values] of Object.entries(CHOICES)) expect(USAGE_EVENT[field as 'cache'].values).toEqual(values);
    const ours = [...TEXTS, ...COUNTS, ...AMOUNTS, ...Object.keys(CHOICES), 'event_id', 'event_time', 'batch', 'sample_rate'];
    // `recorded_at` would say the same as `event_time`; a cost that a provider states is read from its own export.
    expect(USAGE_FIELDS.filter((field) => !ours.includes(field))).toEqual(['recorded_at', 'stated_cost']);
    expect(ours.filter((field) => !(USAGE_FIELDS as readonly string[]).includes(field))).toEqual([]);
  });
});

describe('OpenAI', () => {
  const chat = { ...BOTH, provider: 'openai', operation: 'chat', model: 'gpt-5-mini-2025-08-07', status: 'ok' };

  it('counts cached tokens within the prompt, and reasoning within the completion: neither is added', async () => {
    const { tag, only, told } = memory();
    tag.openai(chatCompletion(), TAGS);
    const tokens = { input_tokens: 3000, cache_read_tokens: 9000, output_tokens: 900 };
    expect(await only()).toEqual({ ...chat, service_tier: 'default', ...tokens });
    expect(told).toEqual([]);
  });

  it('takes writes to the cache off too, where the answer tells them', async () => {
    const { tag, only } = memory();
    const usage = {
      prompt_tokens: 1000,
      completion_tokens: 1,
      prompt_tokens_details: { cached_tokens: 200, cache_write_tokens: 300 },
    };
    tag.openai(chatCompletion({ usage }), TAGS);
    expect(await only()).toMatchObject({ input_tokens: 500, cache_read_tokens: 200, cache_write_tokens: 300 });
  });

  it('says nothing of the cache where the answer does not', async () => {
    const { tag, only } = memory();
    tag.openai(
      chatCompletion({ usage: { prompt_tokens: 10, completion_tokens: 2, prompt_tokens_details: null }, service_tier: null }),
      TAGS,
    );
    expect(await only()).toEqual({ ...chat, input_tokens: 10, output_tokens: 2 });
  });

  it('is never below zero where a gateway tells more cached tokens than input, and says so', async () => {
    const { tag, only, told } = memory();
    tag.openai(
      chatCompletion({ usage: { prompt_tokens: 10, completion_tokens: 2, prompt_tokens_details: { cached_tokens: 90 } } }),
      TAGS,
    );
    expect(await only()).toMatchObject({ input_tokens: 0, cache_read_tokens: 90 });
    expect(told).toEqual([{ kind: 'cached_exceeds_input' }]);
  });

  it('reads a Response with its tier, and counts its searches but not its pages', async () => {
    const { tag, only } = memory();
    tag.openai(response(), TAGS);
    const tokens = { input_tokens: 2952, cache_read_tokens: 2048, output_tokens: 700, search_queries: 2 };
    expect(await only()).toEqual({ ...chat, service_tier: 'flex', ...tokens });
  });

  it('records a stream once, at the chunk that has the usage, whichever chunks it is given', async () => {
    const { tag, only, told } = memory();
    const chunk = { object: 'chat.completion.chunk', model: 'gpt-5-mini-2025-08-07', service_tier: 'default' };
    for (const content of ['a', 'b']) tag.openai({ ...chunk, choices: [{ delta: { content } }], usage: null }, TAGS);
    tag.openai({ ...chunk, choices: [], usage: { prompt_tokens: 20, completion_tokens: 5, total_tokens: 25 } }, TAGS);
    expect(await only()).toEqual({ ...chat, service_tier: 'default', input_tokens: 20, output_tokens: 5 });
    expect(told).toEqual([]);
  });

  it('says that a stream without `include_usage` has nothing to record', async () => {
    const { tag, records, told } = memory();
    tag.openai({ object: 'chat.completion.chunk', choices: [{ delta: {}, finish_reason: 'stop' }] }, TAGS);
    expect(await records()).toEqual([]);
    expect(told).toEqual([{ kind: 'no_usage', from: 'openai' }]);
  });

  it('reads the last event of a stream of a Response, whichever events it is given', async () => {
    const { tag, only, told } = memory();
    tag.openai({ type: 'response.created', response: response({ status: 'in_progress', usage: null }) }, TAGS);
    tag.openai({ type: 'response.output_text.delta', delta: 'a' }, TAGS);
    tag.openai({ type: 'response.completed', response: response() }, TAGS);
    expect(await only()).toMatchObject({ input_tokens: 2952, output_tokens: 700, status: 'ok' });
    expect(told).toEqual([]);
  });

  it('records the tokens of an attempt that failed after it had begun', async () => {
    const { tag, only } = memory();
    tag.openai({ type: 'response.failed', response: response({ status: 'failed' }) }, TAGS);
    expect(await only()).toMatchObject({ status: 'error', output_tokens: 700 });
  });
});

describe('Anthropic', () => {
  const chat = { ...BOTH, provider: 'anthropic', operation: 'chat', model: 'claude-sonnet-4-5-20250929', status: 'ok' };

  it('counts cached tokens beside the input: nothing is taken off, and the sum of the writes is not added to its parts', async () => {
    const { tag, only, told } = memory();
    tag.anthropic(message(), TAGS);
    const tokens = {
      input_tokens: 800,
      cache_read_tokens: 4096,
      cache_write_tokens: 1500,
      cache_write_1h_tokens: 500,
      output_tokens: 300,
    };
    expect(await only()).toEqual({ ...chat, service_tier: 'standard', ...tokens, search_queries: 3 });
    expect(told).toEqual([]);
  });

  it.each([
    ['without parts all writes are of five minutes', { cache_creation: null }, { cache_write_tokens: 2000 }],
    [
      'all may be of an hour',
      { cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 2000 } },
      { cache_write_tokens: 0, cache_write_1h_tokens: 2000 },
    ],
    [
      'parts without a sum count',
      { cache_creation_input_tokens: null, cache_creation: { ephemeral_5m_input_tokens: 7, ephemeral_1h_input_tokens: 9 } },
      { cache_write_tokens: 7, cache_write_1h_tokens: 9 },
    ],
    [
      'what the parts do not name is of five minutes',
      { cache_creation: { ephemeral_5m_input_tokens: 100, ephemeral_1h_input_tokens: 500, ephemeral_2d_input_tokens: 1400 } },
      { cache_write_tokens: 1500, cache_write_1h_tokens: 500 },
    ],
  ])('writes to the cache: %s', async (_, usage, expected) => {
    const { tag, only } = memory();
    tag.anthropic(message(usage), TAGS);
    const { cache_write_tokens, cache_write_1h_tokens } = await only();
    expect({ cache_write_tokens, cache_write_1h_tokens }).toEqual(expected);
  });

  it('says the tier and the place of inference as answered, where they change the price', async () => {
    const { tag, only } = memory();
    tag.anthropic(message({ service_tier: 'batch', inference_geo: 'us', server_tool_use: null }), TAGS);
    const record = await only();
    expect(record).toMatchObject({ service_tier: 'batch', region: 'us' });
    expect(record).not.toHaveProperty('search_queries');
  });

  it('takes no part of a stream for a message: running counts would be charged twice', async () => {
    const { tag, records, told } = memory();
    tag.anthropic({ type: 'message_start', message: message({ output_tokens: 1 }) }, TAGS);
    tag.anthropic({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'a' } }, TAGS);
    expect(told).toEqual([]);
    tag.anthropic({ type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 15 } }, TAGS);
    expect(await records()).toEqual([]);
    expect(told).toEqual([{ kind: 'no_usage', from: 'anthropic' }]);
  });
});

describe('other calls', () => {
  it('an embedding has embedding tokens, not input tokens, and the number of its vectors', async () => {
    const { tag, only } = memory();
    tag.embedding(embeddings(), TAGS);
    const said = { provider: 'openai', operation: 'embedding', model: 'text-embedding-3-small', status: 'ok' };
    expect(await only()).toEqual({ ...BOTH, ...said, embedding_tokens: 2400, embeddings: 3 });
  });

  it('an embedding of another provider may tell a total alone', async () => {
    const { tag, only } = memory();
    tag.embedding({ model: 'voyage-3', data: [{}], usage: { total_tokens: 70 } }, { ...TAGS, provider: 'voyage' });
    expect(await only()).toMatchObject({ provider: 'voyage', model: 'voyage-3', embedding_tokens: 70, embeddings: 1 });
  });

  it.each([{ readUnits: 6 }, { read_units: 6 }])('a vector query counts with its read units: %j', async (usage) => {
    const { tag, only } = memory();
    tag.vectorQuery(vectorMatches({ usage }), { ...TAGS, provider: 'pinecone', model: 'serverless-standard' });
    const said = { provider: 'pinecone', operation: 'vector_query', model: 'serverless-standard', status: 'ok' };
    expect(await only()).toEqual({ ...BOTH, ...said, vector_queries: 1, vector_read_units: 6 });
  });

  it('a vector query counts whatever the index answers', async () => {
    const { tag, only, told } = memory();
    tag.vectorQuery(undefined, { ...TAGS, provider: 'own', model: 'index' });
    expect(await only()).toMatchObject({ vector_queries: 1 });
    expect(told).toEqual([]);
  });

  it('a tool call is one call, or what it is charged by', async () => {
    const { tag, records } = memory();
    tag.toolCall({ ...TAGS, provider: 'acme', model: 'ocr', tool_name: 'read_receipt' });
    tag.toolCall({ ...TAGS, provider: 'tavily', model: 'search-advanced', tool_name: 'web_search', search_queries: 2 });
    tag.toolCall({ ...TAGS, provider: 'own', model: 'calculator', tool_name: 'sum', tool_calls: 0 });
    const counts = (await records()).map(({ tool_calls, search_queries }) => [tool_calls, search_queries]);
    expect(counts).toEqual([
      [1, undefined],
      [undefined, 2],
      [0, undefined],
    ]);
  });

  it('anything else is what the tags say', async () => {
    const { tag, only } = memory();
    tag.record({
      ...TAGS,
      provider: 'colo',
      model: 'h100',
      operation: 'transcription',
      gpu_hours: 0.25,
      run_ms: 900_000.5,
      batch: false,
    });
    expect(await only()).toEqual({
      ...BOTH,
      provider: 'colo',
      model: 'h100',
      operation: 'transcription',
      gpu_hours: 0.25,
      run_ms: 900_000.5,
      batch: false,
      status: 'ok',
    });
  });
});

describe('tags', () => {
  it('of the process come before those of the call; both come before the answer', async () => {
    const { tag, only } = memory({ tags: { environment: 'prod', team_id: 'core', provider: 'azure' } });
    tag.openai(chatCompletion(), { ...TAGS, team_id: 'search', model: 'our-deployment' });
    expect(await only()).toMatchObject({ environment: 'prod', team_id: 'search', provider: 'azure', model: 'our-deployment' });
  });

  it('give each record an id of its own and a UTC time', async () => {
    const { tag, records } = memory();
    for (let n = 0; n < 100; n += 1) tag.openai(chatCompletion(), TAGS);
    const all = await records();
    expect(new Set(all.map(({ event_id }) => event_id)).size).toBe(100);
    expect(new Set(all.map(({ call_id }) => call_id)).size).toBe(100);
    for (const { event_time } of all) expect(event_time).toMatch(/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d[.]\d{3}Z$/);
  });

  it('may say when it was, in any offset', async () => {
    const { tag, records } = memory();
    for (const event_time of [new Date(0), '2026-07-01T02:00:00+02:00', new Date(1_782_864_000_000), '2026-07-01T00:00:00']) {
      tag.openai(chatCompletion(), { ...TAGS, event_time });
    }
    const times = (await records()).map(({ event_time }) => event_time);
    expect([times[1], times[2]]).toEqual(['2026-07-01T00:00:00.000Z', '2026-07-01T00:00:00.000Z']);
    // Before 2000, and without an offset: now.
    expect([times[0], times[3]]).toEqual([
      expect.not.stringContaining('1970'),
      expect.not.stringContaining('2026-07-01T00:00:00.000Z'),
    ]);
    expect(tag.problems().bad_value).toBe(2);
  });

  it('that say the call and no attempt are left as they are', async () => {
    const { tag, records } = memory();
    tag.openai(chatCompletion(), { ...TAGS, call_id: 'c-1' });
    tag.openai(chatCompletion(), { ...TAGS, call_id: 'c-1', attempt: 2 });
    expect((await records()).map(({ call_id, attempt }) => [call_id, attempt])).toEqual([
      ['c-1', undefined],
      ['c-1', 2],
    ]);
  });
});

describe('attempts', () => {
  it('of one call share its id and are counted; what is no attempt is not', async () => {
    const { tag, records } = memory();
    const call = tag.call(TAGS);
    call.failed({ provider: 'openai', model: 'gpt-5-mini' });
    call.openai({ object: 'chat.completion.chunk', usage: null });
    call.openai({});
    call.failed({ provider: 'openai' });
    call.openai(chatCompletion());
    const all = await records();
    expect(
      all.map(({ attempt, status, feature_id, call_id }) => [attempt, status, feature_id, call_id === call.call_id]),
    ).toEqual([
      [1, 'error', 'chat', true],
      [2, 'error', 'chat', true],
      [3, 'ok', 'chat', true],
    ]);
    expect(all[0]).toMatchObject({ provider: 'openai', model: 'gpt-5-mini' });
  });

  it('keep the id that the caller has for the call', async () => {
    const { tag, only } = memory();
    const call = tag.call({ ...TAGS, call_id: 'request-7' });
    expect(call.call_id).toBe('request-7');
    call.openai(chatCompletion());
    expect(await only()).toMatchObject({ attempt: 1 });
  });
});
