// Answers in the shape that providers document, content and all.

export const SECRET = 'PLANTED SECRET';

/** Of 12,000 prompt tokens 9,000 came from the cache; of 900 completion tokens 640 were reasoning, 12 a wrong prediction. */
export const chatCompletion = (more: object = {}): object => ({
  id: 'chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT',
  object: 'chat.completion',
  created: 1_784_109_600,
  model: 'gpt-5-mini-2025-08-07',
  choices: [
    {
      index: 0,
      message: { role: 'assistant', content: SECRET, refusal: null, annotations: [] },
      logprobs: null,
      finish_reason: 'stop',
    },
  ],
  usage: {
    prompt_tokens: 12_000,
    completion_tokens: 900,
    total_tokens: 12_900,
    prompt_tokens_details: { cached_tokens: 9000, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: 640,
      audio_tokens: 0,
      accepted_prediction_tokens: 3,
      rejected_prediction_tokens: 12,
    },
  },
  service_tier: 'default',
  system_fingerprint: null,
  ...more,
});

/** Two searches of the web, and a page that was opened in one of them. */
export const response = (more: object = {}): object => ({
  id: 'resp_67ccd2bed1ec8190b14f964abc0542670bb6a6b452d3795b',
  object: 'response',
  created_at: 1_784_109_600,
  status: 'completed',
  error: null,
  incomplete_details: null,
  instructions: SECRET,
  model: 'gpt-5-mini-2025-08-07',
  output: [
    { type: 'reasoning', id: 'rs_1', summary: [{ type: 'summary_text', text: SECRET }] },
    { type: 'web_search_call', id: 'ws_1', status: 'completed', action: { type: 'search', query: SECRET } },
    { type: 'web_search_call', id: 'ws_2', status: 'completed', action: { type: 'open_page', url: SECRET } },
    { type: 'web_search_call', id: 'ws_3', status: 'completed' },
    { type: 'function_call', call_id: 'call_1', name: 'get_weather', arguments: SECRET },
    { type: 'message', id: 'msg_1', role: 'assistant', content: [{ type: 'output_text', text: SECRET, annotations: [] }] },
  ],
  usage: {
    input_tokens: 5000,
    input_tokens_details: { cached_tokens: 2048 },
    output_tokens: 700,
    output_tokens_details: { reasoning_tokens: 512 },
    total_tokens: 5700,
  },
  service_tier: 'flex',
  user: SECRET,
  metadata: { note: SECRET },
  ...more,
});

/** 800 uncached; 4,096 read; 1,500 written for five minutes and 500 for an hour. */
export const message = (usage: object = {}, more: object = {}): object => ({
  id: 'msg_013Zva2CMHLNnXjNJJKqJ2EF',
  type: 'message',
  role: 'assistant',
  model: 'claude-sonnet-4-5-20250929',
  content: [
    { type: 'text', text: SECRET },
    { type: 'tool_use', id: 'toolu_1', name: 'get_weather', input: { city: SECRET } },
  ],
  stop_reason: 'end_turn',
  stop_sequence: SECRET,
  usage: {
    input_tokens: 800,
    cache_creation_input_tokens: 2000,
    cache_read_input_tokens: 4096,
    cache_creation: { ephemeral_5m_input_tokens: 1500, ephemeral_1h_input_tokens: 500 },
    output_tokens: 300,
    output_tokens_details: { thinking_tokens: 120 },
    server_tool_use: { web_search_requests: 3, web_fetch_requests: 2 },
    service_tier: 'standard',
    inference_geo: 'global',
    ...usage,
  },
  ...more,
});

export const embeddings = (more: object = {}): object => ({
  object: 'list',
  data: [0, 1, 2].map((index) => ({ object: 'embedding', index, embedding: [0.0023, -0.0093, 0.0157] })),
  model: 'text-embedding-3-small',
  usage: { prompt_tokens: 2400, total_tokens: 2400 },
  ...more,
});

export const vectorMatches = (more: object = {}): object => ({
  matches: [{ id: 'vec1', score: 0.9, values: [], metadata: { text: SECRET } }],
  namespace: SECRET,
  usage: { readUnits: 6 },
  ...more,
});
