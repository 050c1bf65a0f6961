// Records of gateways and tracers as data: where each canonical field is in them, first found first. `a.b` is key `b` of the JSON in key or
// column `a`; `tags#feature` is what follows `feature:` or `feature=` in a list of texts.
import type { PresetFormat } from '../kernel/usage-formats.js';
import type { UsageField } from '../kernel/usage-fields.js';
import { eitherOf, equalTo, providerOf, sumOf, wordOf } from './usage-preset-values.js';

/** One record a line or row. OTLP nests its own: see otlp.ts. */
export type FlatPreset = Exclude<PresetFormat, 'otlp'>;

/** A text that the record has at these places, as SQL. */
export type At = (...places: readonly string[]) => string;

export interface Preset {
  readonly fields: Readonly<Partial<Record<UsageField, readonly string[]>>>;
  /** Fields that are not the text as it stands. What a map names is taken as it stands. */
  readonly as: Readonly<Partial<Record<UsageField, (text: string, at: At) => string>>>;
  /** Its input tokens are those of an embedding. */
  readonly isEmbedding: (at: At) => string;
  /** What keeps a record from being read. */
  readonly isBroken: (at: At) => string;
  /** Records that are no usage: why → condition. */
  readonly leftOut: readonly (readonly [why: string, when: (at: At) => string])[];
}

const TAGS = ['feature_id', 'customer_id', 'team_id', 'workflow_id', 'run_id', 'environment'] as const;

/** `<place>.feature_id`, `<place>.feature` of each place, then the tags. */
function tagged(field: (typeof TAGS)[number], places: readonly string[], tags: readonly string[]): readonly string[] {
  const names = [field, field.replace(/_id$/, '')];
  return [
    ...places.flatMap((place) => names.map((name) => `${place}.${name}`)),
    ...tags.flatMap((place) => names.map((name) => `${place}#${name}`)),
  ];
}

function tagFields(
  places: readonly string[],
  tags: readonly string[],
): Readonly<Record<(typeof TAGS)[number], readonly string[]>> {
  const entries = TAGS.map((field) => [field, tagged(field, places, tags)] as const);
  return Object.fromEntries(entries) as Record<(typeof TAGS)[number], readonly string[]>;
}

const NEVER = (): string => 'false';

const LITELLM_TAGS = tagFields(['metadata.spend_logs_metadata', 'metadata.requester_metadata', 'metadata'], ['request_tags']);
const LITELLM_USAGE = ['metadata.usage_object', 'metadata.additional_usage_values'];
const LITELLM_CHAT = ['completion', 'text_completion', 'responses', 'anthropic_messages', 'generate_content'];

/** `LiteLLM_SpendLogs` as the table is exported, and the payload of its callbacks. */
const LITELLM: Preset = {
  fields: {
    ...LITELLM_TAGS,
    event_id: ['request_id', 'id'],
    event_time: ['endTime', 'startTime'],
    recorded_at: ['endTime', 'startTime'],
    call_id: ['trace_id'],
    run_id: [...LITELLM_TAGS.run_id, 'session_id', 'trace_id'],
    operation: ['call_type'],
    provider: ['custom_llm_provider'],
    model: ['model'],
    cache: ['cache_hit'],
    status: ['status', 'metadata.status'],
    customer_id: [...LITELLM_TAGS.customer_id, 'end_user'],
    team_id: [...LITELLM_TAGS.team_id, 'metadata.user_api_key_team_alias', 'team_id'],
    run_ms: ['request_duration_ms'],
    input_tokens: ['prompt_tokens'],
    output_tokens: ['completion_tokens'],
    cache_read_tokens: LITELLM_USAGE.flatMap((usage) => [
      `${usage}.prompt_tokens_details.cached_tokens`,
      `${usage}.cache_read_input_tokens`,
    ]),
    cache_write_tokens: LITELLM_USAGE.flatMap((usage) => [
      `${usage}.cache_creation_input_tokens`,
      `${usage}.prompt_tokens_details.cache_creation_tokens`,
    ]),
    stated_cost: ['spend', 'response_cost'],
  },
  as: {
    operation: (text) => {
      // Calls of Python's asynchronous interface have an `a` before the same words.
      const plain = String.raw`regexp_replace(${text}, '^a(completion|text_completion|responses|embedding|rerank|generate_content)$', '\1')`;
      return `CASE WHEN ${eitherOf(plain, LITELLM_CHAT)} THEN 'chat' ELSE ${plain} END`;
    },
    provider: providerOf,
    // Rows have `azure/gpt-5-mini` or `gpt-5-mini`, by the way that the call took.
    model: (text, at) =>
      `CASE WHEN starts_with(${text}, ${at('custom_llm_provider')} || '/') THEN substr(${text}, length(${at('custom_llm_provider')}) + 2) ELSE ${text} END`,
    cache: (text) => wordOf(text, { true: 'hit', false: 'miss' }, null),
    status: (text) => wordOf(text, { success: 'ok', failure: 'error' }),
  },
  isEmbedding: (at) => eitherOf(at('call_type'), ['embedding', 'aembedding']),
  isBroken: NEVER,
  leftOut: [
    [
      'requests that failed before a provider was asked',
      (at) =>
        `${equalTo(at('status', 'metadata.status'), 'failure')} AND ${at('custom_llm_provider')} IS NULL AND coalesce(${at('prompt_tokens')}, '0') = '0' AND coalesce(${at('completion_tokens')}, '0') = '0'`,
    ],
  ],
};

/** In snake case as exported to a bucket, in camel case as the API answers. */
const LANGFUSE_USAGE = ['usage_details', 'usageDetails', 'usage'];

function ofUsage(...keys: readonly string[]): readonly string[] {
  return LANGFUSE_USAGE.flatMap((usage) => keys.map((key) => `${usage}.${key}`));
}

const LANGFUSE_TAGS = tagFields(['metadata'], ['tags']);

const LANGFUSE: Preset = {
  fields: {
    ...LANGFUSE_TAGS,
    event_id: ['id'],
    event_time: ['end_time', 'endTime', 'start_time', 'startTime'],
    recorded_at: ['updated_at', 'updatedAt'],
    run_id: [...LANGFUSE_TAGS.run_id, 'trace_id', 'traceId'],
    workflow_id: [...LANGFUSE_TAGS.workflow_id, 'trace_name', 'traceName'],
    operation: ['type'],
    provider: ['metadata.provider', 'metadata.ls_provider'],
    model: ['provided_model_name', 'providedModelName', 'model'],
    status: ['level'],
    environment: [...LANGFUSE_TAGS.environment, 'environment'],
    input_tokens: [...ofUsage('input'), 'promptTokens'],
    output_tokens: [...ofUsage('output'), 'completionTokens'],
    cache_read_tokens: ofUsage('input_cached_tokens', 'cache_read_input_tokens', 'input_cache_read'),
    cache_write_tokens: ofUsage('cache_creation_input_tokens', 'input_cache_creation'),
    stated_cost: ['total_cost', 'totalCost'],
  },
  as: {
    operation: (text) => wordOf(text, { generation: 'chat' }),
    provider: providerOf,
    status: (text) => `CASE WHEN ${text} IS NOT NULL THEN ${wordOf(text, { error: 'error' }, 'ok')} END`,
    // Keys do not overlap there, and ours has the reasoning in it.
    output_tokens: (text, at) => sumOf(text, at(...ofUsage('output_reasoning_tokens', 'output_reasoning'))),
    // Of an embedding the total is all there may be.
    input_tokens: (text, at) =>
      `coalesce(${text}, CASE WHEN ${equalTo(at('type'), 'embedding')} THEN ${at(...ofUsage('total'))} END)`,
  },
  isEmbedding: (at) => equalTo(at('type'), 'embedding'),
  // What is of no type may be anything; a sum alone has no class of tokens, and so no price.
  isBroken: (at) =>
    `${at('type')} IS NULL OR (${equalTo(at('type'), 'generation')} AND ${at(...ofUsage('input', 'output'), 'promptTokens', 'completionTokens')} IS NULL AND coalesce(${at(...ofUsage('total'))}, '0') <> '0')`,
  leftOut: [
    ['observations that are no generation and no embedding', (at) => `NOT ${eitherOf(at('type'), ['generation', 'embedding'])}`],
  ],
};

const HELICONE_PLACES = ['request_properties', 'properties'];

function ofProperties(...keys: readonly string[]): readonly string[] {
  return HELICONE_PLACES.flatMap((place) => keys.map((key) => `${place}.${key}`));
}

/** Of what was not taken from the cache. */
const NO_REFERENCE = '00000000-0000-0000-0000-000000000000';

const HELICONE: Preset = {
  fields: {
    event_id: ['request_id'],
    event_time: ['response_created_at', 'request_created_at'],
    recorded_at: ['response_created_at', 'request_created_at'],
    run_id: ofProperties('run_id', 'Helicone-Session-Id'),
    workflow_id: ofProperties('workflow_id', 'Workflow', 'workflow', 'Helicone-Session-Name'),
    feature_id: ofProperties('feature_id', 'Feature', 'feature'),
    customer_id: ofProperties('customer_id', 'Customer', 'customer'),
    team_id: ofProperties('team_id', 'Team', 'team'),
    environment: ofProperties('environment', 'Environment'),
    operation: ['request_path'],
    provider: ['provider'],
    model: ['response_model', 'model', 'request_model'],
    cache: ['cache_reference_id'],
    status: ['response_status'],
    run_ms: ['delay_ms'],
    input_tokens: ['prompt_tokens'],
    output_tokens: ['completion_tokens'],
    cache_read_tokens: ['prompt_cache_read_tokens'],
    cache_write_tokens: ['prompt_cache_write_tokens'],
    stated_cost: ['costUSD', 'cost'],
  },
  as: {
    operation: (text) => `CASE WHEN contains(${text}, 'embeddings') THEN 'embedding' WHEN ${text} IS NOT NULL THEN 'chat' END`,
    provider: providerOf,
    cache: (text) => `CASE WHEN ${text} <> '${NO_REFERENCE}' THEN 'hit' END`,
    status: (text) => `CASE WHEN regexp_full_match(${text}, '2[0-9][0-9]') THEN 'ok' WHEN ${text} IS NOT NULL THEN 'error' END`,
  },
  isEmbedding: (at) => `contains(${at('request_path', 'target_url')}, 'embeddings')`,
  isBroken: NEVER,
  leftOut: [],
};

export const PRESETS: Readonly<Record<FlatPreset, Preset>> = { litellm: LITELLM, langfuse: LANGFUSE, helicone: HELICONE };
