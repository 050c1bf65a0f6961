// What answers of providers say of themselves: counts and names, in the words of the usage event.
import type { CountField, TextField } from './fields.js';
import type { Note } from './problems.js';
import { at, attempted, countAt, firstCount, isCount, nameAt } from './reading.js';

export type Measured =
  | {
      readonly kind: 'usage';
      readonly texts: Readonly<Partial<Record<TextField, string | undefined>>>;
      readonly counts: Readonly<Partial<Record<CountField, number | undefined>>>;
    }
  /** A part of a stream that comes before the counts: nothing to record, and nothing wrong. */
  | { readonly kind: 'interim' }
  | { readonly kind: 'no_usage'; readonly from: string };

export type Measure = (answer: unknown, note: Note) => Measured;

const LAST_OF_RESPONSE = ['response.completed', 'response.incomplete', 'response.failed'];
/** Items of one answer that are looked at. */
const MOST_ITEMS = 10_000;

/** Chat Completions and Responses, whole or as the event of a stream that has the usage. */
export const measureOpenAi: Measure = (answer, note) => {
  const type = at(answer, 'type', note);
  const isEvent = typeof type === 'string' && type.startsWith('response.');
  if (isEvent && !LAST_OF_RESPONSE.includes(type)) return { kind: 'interim' };
  const body = isEvent ? at(answer, 'response', note) : answer;
  const usage = at(body, 'usage', note);
  // With `include_usage` every chunk but the last says `usage: null`.
  if (usage === null && at(body, 'object', note) === 'chat.completion.chunk') return { kind: 'interim' };
  const counts = openAiTokens(usage, note);
  if (counts === null) return { kind: 'no_usage', from: 'openai' };
  const status = at(body, 'status', note);
  return {
    kind: 'usage',
    texts: {
      provider: 'openai',
      operation: 'chat',
      model: nameAt(body, 'model', note),
      service_tier: nameAt(body, 'service_tier', note),
      status: status === 'failed' || status === 'cancelled' ? 'error' : 'ok',
    },
    counts: { ...counts, search_queries: searchesOf(body, note) },
  };
};

/** Input includes what was read from and written to the cache, so those are taken off. Reasoning is part of the output already. */
function openAiTokens(usage: unknown, note: Note): Readonly<Partial<Record<CountField, number | undefined>>> | null {
  const input = firstCount(usage, ['prompt_tokens', 'input_tokens'], note);
  const output = firstCount(usage, ['completion_tokens', 'output_tokens'], note);
  if (input === undefined && output === undefined) return null;
  const details = at(usage, 'prompt_tokens_details', note) ?? at(usage, 'input_tokens_details', note);
  const read = countAt(details, 'cached_tokens', note);
  const written = countAt(details, 'cache_write_tokens', note);
  const uncached = (input ?? 0) - (read ?? 0) - (written ?? 0);
  if (uncached < 0) note({ kind: 'cached_exceeds_input' });
  return {
    input_tokens: Math.max(0, uncached),
    cache_read_tokens: read,
    cache_write_tokens: written,
    output_tokens: output,
  };
}

/** Searches of the web that the answer made. A call that opened or searched a page costs nothing by itself. */
function searchesOf(body: unknown, note: Note): number | undefined {
  const output = at(body, 'output', note);
  const length = lengthOf(output, note);
  let searches = 0;
  for (let item = 0; item < Math.min(length ?? 0, MOST_ITEMS); item += 1) {
    const call = at(output, item, note);
    if (at(call, 'type', note) !== 'web_search_call') continue;
    const action = at(at(call, 'action', note), 'type', note);
    if (action === undefined || action === 'search') searches += 1;
  }
  return searches === 0 ? undefined : searches;
}

function lengthOf(list: unknown, note: Note): number | undefined {
  const length = attempted(() => Array.isArray(list)) === true ? at(list, 'length', note) : undefined;
  return isCount(length) ? length : undefined;
}

/** A whole message. Its input excludes what was read from and written to the cache, which is what our classes are. */
export const measureAnthropic: Measure = (message, note) => {
  const type = at(message, 'type', note);
  const isEvent = typeof type === 'string' && /^(message_start|message_stop|content_block_\w+|ping)$/.test(type);
  if (isEvent) return { kind: 'interim' };
  const usage = at(message, 'usage', note);
  const input = countAt(usage, 'input_tokens', note);
  const output = countAt(usage, 'output_tokens', note);
  // A delta has running counts of part of the message, and no model.
  if (type === 'message_delta' || (input === undefined && output === undefined)) return { kind: 'no_usage', from: 'anthropic' };
  const geo = nameAt(usage, 'inference_geo', note);
  return {
    kind: 'usage',
    texts: {
      provider: 'anthropic',
      operation: 'chat',
      model: nameAt(message, 'model', note),
      service_tier: nameAt(usage, 'service_tier', note),
      region: geo === 'global' || geo === 'not_available' ? undefined : geo,
      status: 'ok',
    },
    counts: {
      input_tokens: input,
      cache_read_tokens: countAt(usage, 'cache_read_input_tokens', note),
      ...cacheWrites(usage, note),
      output_tokens: output,
      search_queries: countAt(at(usage, 'server_tool_use', note), 'web_search_requests', note),
    },
  };
};

/** `cache_creation_input_tokens` is the sum of the parts below `cache_creation`, which older answers lack. */
function cacheWrites(usage: unknown, note: Note): Readonly<Partial<Record<CountField, number | undefined>>> {
  const total = countAt(usage, 'cache_creation_input_tokens', note);
  const parts = at(usage, 'cache_creation', note);
  const fiveMinutes = countAt(parts, 'ephemeral_5m_input_tokens', note);
  const hour = countAt(parts, 'ephemeral_1h_input_tokens', note);
  const rest = total === undefined ? 0 : total - (hour ?? 0);
  const none = total === undefined && fiveMinutes === undefined;
  return { cache_write_tokens: none ? undefined : Math.max(fiveMinutes ?? 0, rest), cache_write_1h_tokens: hour };
}

/** OpenAI's answer, and those that look like it. All of an embedding's tokens are input, so a total alone will do. */
export const measureEmbedding: Measure = (answer, note) => {
  const tokens = firstCount(at(answer, 'usage', note), ['prompt_tokens', 'input_tokens', 'total_tokens'], note);
  if (tokens === undefined) return { kind: 'no_usage', from: 'embedding' };
  return {
    kind: 'usage',
    texts: { provider: 'openai', operation: 'embedding', model: nameAt(answer, 'model', note), status: 'ok' },
    counts: { embedding_tokens: tokens, embeddings: lengthOf(at(answer, 'data', note), note) },
  };
};

/** One query, whatever the index answers; read units where it tells them. */
export const measureVectorQuery: Measure = (answer, note) => ({
  kind: 'usage',
  texts: { operation: 'vector_query', status: 'ok' },
  counts: { vector_queries: 1, vector_read_units: firstCount(at(answer, 'usage', note), ['readUnits', 'read_units'], note) },
});

/** One call, unless the caller says what it is charged by. */
export const measureToolCall: Measure = (tags, note) => {
  const said = ['tool_calls', 'search_queries', 'rerank_queries'].some((meter) => at(tags, meter, note) !== undefined);
  return { kind: 'usage', texts: { operation: 'tool_call', status: 'ok' }, counts: said ? {} : { tool_calls: 1 } };
};

export const measureFailure: Measure = () => ({ kind: 'usage', texts: { status: 'error' }, counts: {} });

/** What the caller counts for itself. */
export const measureNothing: Measure = () => ({ kind: 'usage', texts: { status: 'ok' }, counts: {} });
