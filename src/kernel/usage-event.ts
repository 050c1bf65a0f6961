// The canonical usage event, once: its columns in the lake, its documented JSON Schema and its reject reasons all come from here.
import { USAGE_FIELDS, type UsageField } from './usage-fields.js';

/**
 * How a field is read. `count`: whole, not negative · `ordinal`: whole · `milliseconds`: rounded to whole ones ·
 * `quantity`: not negative, six decimals · `lower`: text in lower case.
 */
export type FieldKind =
  | 'text'
  | 'lower'
  | 'choice'
  | 'time'
  | 'count'
  | 'ordinal'
  | 'milliseconds'
  | 'quantity'
  | 'rate'
  | 'flag'
  | 'money';

export interface FieldShape {
  readonly kind: FieldKind;
  readonly meaning: string;
  /** Values of a `choice`. */
  readonly values?: readonly string[];
}

export const SQL_TYPE: Readonly<Record<FieldKind, string>> = {
  text: 'VARCHAR',
  lower: 'VARCHAR',
  choice: 'VARCHAR',
  time: 'TIMESTAMP',
  count: 'BIGINT',
  ordinal: 'BIGINT',
  milliseconds: 'BIGINT',
  quantity: 'DECIMAL(18,6)',
  rate: 'DECIMAL(9,6)',
  flag: 'BOOLEAN',
  money: 'DECIMAL(38,12)',
};

/** Above this a JSON number has already lost digits, whoever wrote it. */
export const LARGEST_COUNT = '9007199254740991';

export const REJECT_REASONS = {
  malformed:
    'The record cannot be read at all: not JSON, not an object, a key given twice that is read (without an `event_id` all fields are), or a CSV line with other columns.',
  missing_event_time: '`event_time` is absent.',
  bad_event_time: '`event_time` or `recorded_at` is no time, or outside the years 2000 to 2099.',
  missing_provider: '`provider` is absent.',
  bad_number: 'A number field holds something else: text, true or false, an object, infinity.',
  negative_quantity: 'A quantity is below zero.',
  fractional_quantity: 'A count is not whole.',
  quantity_too_large: `A count is above ${LARGEST_COUNT}, or another quantity has more than 12 digits before the point.`,
  cached_exceeds_input: 'Tokens are `inclusive`, and the cached tokens are more than `input_tokens`.',
  missing_model: '`model` is absent although the event has a metered quantity.',
  bad_sample_rate: '`sample_rate` is not above 0 and at most 1.',
  bad_cache: '`cache` is neither `hit` nor `miss`.',
  bad_workload_class: '`workload_class` is none of the four.',
  bad_boolean: '`batch` is neither true nor false.',
  bad_stated_cost: '`stated_cost` is negative, no decimal, a JSON number of more than 15 digits, or finer than 24 decimals.',
} as const;

export type RejectReason = keyof typeof REJECT_REASONS;

const TOKENS = 'Tokens of the class; the classes are disjoint.';

export const USAGE_EVENT: Readonly<Record<UsageField, FieldShape>> = {
  event_id: {
    kind: 'text',
    meaning: 'Id of this attempt. With it a record that is delivered again counts once; without it, identical records count.',
  },
  event_time: { kind: 'time', meaning: 'When the attempt ended. Its UTC day is the usage date.' },
  recorded_at: { kind: 'time', meaning: 'When the record was written; of two records of one `event_id` the later one counts.' },
  call_id: { kind: 'text', meaning: 'The logical call: what the caller wanted. Attempts at it share this id.' },
  attempt: { kind: 'ordinal', meaning: 'Which attempt at the logical call this is, from 1.' },
  run_id: { kind: 'text', meaning: 'The workflow run that the event belongs to.' },
  workflow_id: { kind: 'text', meaning: 'The workflow that the run is an execution of.' },
  operation: { kind: 'text', meaning: 'What was done: chat, embedding, vector_query, tool_call, rerank, …' },
  provider: { kind: 'lower', meaning: 'Who charges for it, the same id as on its bill. Lower case.' },
  account_id: { kind: 'text', meaning: 'Project, workspace or account at the provider.' },
  model: { kind: 'text', meaning: 'Model or sku, as the provider names it.' },
  region: { kind: 'text', meaning: 'Region, where the price depends on it.' },
  service_tier: {
    kind: 'text',
    meaning: 'Service tier as answered by the provider; absent, `auto` and `default` mean standard.',
  },
  batch: { kind: 'flag', meaning: 'Whether it went through the batch interface.' },
  cache: {
    kind: 'choice',
    values: ['hit', 'miss'],
    meaning: "The application's own cache: a hit costs nothing and counts as avoided cost.",
  },
  status: { kind: 'text', meaning: '`ok` or `error`. Failed calls that carry tokens cost like any other.' },
  feature_id: { kind: 'text', meaning: 'The product feature that asked, as registered.' },
  customer_id: { kind: 'text', meaning: 'The customer that it was for.' },
  team_id: { kind: 'text', meaning: 'The team that runs the call-site.' },
  environment: { kind: 'text', meaning: 'prod, staging, dev, …' },
  principal_id: { kind: 'text', meaning: 'API key, role or user that made the call.' },
  tool_name: { kind: 'text', meaning: 'The tool that was called.' },
  route: { kind: 'text', meaning: 'Route or endpoint of the call-site.' },
  workload_class: { kind: 'choice', values: ['interactive', 'batch', 'background', 'peak'], meaning: 'How urgent the work was.' },
  sample_rate: {
    kind: 'rate',
    meaning: 'Above 0, at most 1: a log that keeps one record in ten says 0.1, and each counts ten times. Absent: 1.',
  },
  run_ms: { kind: 'milliseconds', meaning: 'How long the attempt ran.' },
  queue_ms: { kind: 'milliseconds', meaning: 'How long it waited before that.' },
  input_tokens: {
    kind: 'count',
    meaning: `Uncached input. ${TOKENS} A log whose input includes cached tokens is declared \`tokens: inclusive\`.`,
  },
  cache_read_tokens: { kind: 'count', meaning: `Input read from the provider's prompt cache. ${TOKENS}` },
  cache_write_tokens: { kind: 'count', meaning: `Input written to the provider's prompt cache for five minutes. ${TOKENS}` },
  cache_write_1h_tokens: { kind: 'count', meaning: `Input written to the provider's prompt cache for an hour. ${TOKENS}` },
  output_tokens: { kind: 'count', meaning: `Output, reasoning included. ${TOKENS}` },
  embedding_tokens: { kind: 'count', meaning: 'Tokens that were embedded.' },
  embeddings: { kind: 'count', meaning: 'Vectors made.' },
  requests: { kind: 'count', meaning: 'Requests, where they are charged for.' },
  vector_queries: { kind: 'count', meaning: 'Queries to a vector index.' },
  vector_read_units: { kind: 'count', meaning: 'Read units of a vector index.' },
  vector_write_units: { kind: 'count', meaning: 'Write units of a vector index.' },
  tool_calls: { kind: 'count', meaning: 'Calls of a paid tool.' },
  search_queries: { kind: 'count', meaning: 'Searches of the web or an index.' },
  rerank_queries: { kind: 'count', meaning: 'Rerankings.' },
  images: { kind: 'count', meaning: 'Images made or read.' },
  storage_gb_months: { kind: 'quantity', meaning: 'Storage held, in GB-months.' },
  egress_gb: { kind: 'quantity', meaning: 'Data sent out, in GB.' },
  gpu_hours: { kind: 'quantity', meaning: 'GPU time, in hours.' },
  review_minutes: { kind: 'quantity', meaning: 'Human review, in minutes.' },
  stated_cost: {
    kind: 'money',
    meaning:
      "The provider's own figure for this event, read where the source says `stated_cost: provider`. Text, or a number of at most 15 digits.",
  },
};

/**
 * What no model asks of an event. The texts tell records without an id apart, the others are checked; none of them is kept. A model that
 * asks for one takes it off this list, and then every log is read again.
 */
const UNASKED: ReadonlySet<UsageField> = new Set<UsageField>([
  'call_id',
  'attempt',
  'run_id',
  'workflow_id',
  'operation',
  'status',
  'team_id',
  'environment',
  'tool_name',
  'route',
  'workload_class',
  'run_ms',
  'queue_ms',
]);

/** What the lake keeps of an event. */
export const LAKE_FIELDS: readonly UsageField[] = USAGE_FIELDS.filter((field) => !UNASKED.has(field));

/** What is looked at in an event that has an id: what is kept, and what is checked. */
export const READ_FIELDS: readonly UsageField[] = USAGE_FIELDS.filter(
  (field) => !UNASKED.has(field) || USAGE_EVENT[field].kind !== 'text',
);

/** What the lake puts before the fields. */
export const LAKE_COLUMNS: readonly (readonly [name: string, type: string])[] = [
  ['source_id', 'VARCHAR'],
  ['file', 'VARCHAR'],
  ['row', 'BIGINT'],
  ['reject', 'VARCHAR'],
  ['event_key', 'UBIGINT'],
  ['record_key', 'VARCHAR'],
];

type Columns = readonly (readonly [name: string, type: string])[];

const columnsOf = (fields: readonly UsageField[]): Columns => [
  ...LAKE_COLUMNS,
  ...fields.map((field) => [field, SQL_TYPE[USAGE_EVENT[field].kind]] as const),
];

/** Columns of `raw.usage_event`, in order. */
export const USAGE_COLUMNS: Columns = columnsOf(LAKE_FIELDS);

/** The same with all that a log may carry, for those who look at its first records. */
export const LOGGED_COLUMNS: Columns = columnsOf(USAGE_FIELDS);

/** JSON Schema 2020-12 of one line of a JSONL usage log with canonical names. */
export function usageEventSchema(): Readonly<Record<string, unknown>> {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'showback usage event',
    description: 'One attempt at one call-site operation, with its tags and quantities. Unknown keys are ignored.',
    type: 'object',
    required: ['event_time', 'provider'],
    properties: Object.fromEntries(USAGE_FIELDS.map((field) => [field, propertyOf(USAGE_EVENT[field])])),
  };
}

function propertyOf(shape: FieldShape): Readonly<Record<string, unknown>> {
  return { description: shape.meaning, ...SCHEMA_OF[shape.kind](shape) };
}

const number = (more: Readonly<Record<string, unknown>>) => () => ({ type: ['number', 'null'], ...more });

const SCHEMA_OF: Readonly<Record<FieldKind, (shape: FieldShape) => Readonly<Record<string, unknown>>>> = {
  text: () => ({ type: ['string', 'null'] }),
  lower: () => ({ type: 'string', minLength: 1 }),
  choice: (shape) => ({ enum: [...(shape.values ?? []), null] }),
  time: () => ({
    type: ['string', 'number', 'null'],
    examples: ['2026-08-01T12:00:00Z', '2026-08-01T14:00:00.250+02:00', 1785585600],
  }),
  count: () => ({ type: ['integer', 'null'], minimum: 0, maximum: Number(LARGEST_COUNT) }),
  ordinal: () => ({ type: ['integer', 'null'], minimum: 0 }),
  milliseconds: number({ minimum: 0 }),
  quantity: number({ minimum: 0, exclusiveMaximum: 1e12 }),
  rate: number({ exclusiveMinimum: 0, maximum: 1 }),
  flag: () => ({ type: ['boolean', 'null'] }),
  money: () => ({ type: ['string', 'number', 'null'], pattern: String.raw`^\+?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$`, minimum: 0 }),
};
