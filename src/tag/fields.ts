// The fields of a record, by how their values are held to what the reader of usage logs takes. A test compares this with the canonical event.

/** Texts of the caller: ids and names, never what was asked or answered. */
export const TEXTS = [
  'call_id',
  'run_id',
  'workflow_id',
  'operation',
  'provider',
  'account_id',
  'model',
  'region',
  'service_tier',
  'status',
  'feature_id',
  'customer_id',
  'team_id',
  'environment',
  'principal_id',
  'tool_name',
  'route',
] as const;

/** Whole, not negative. The tokens are disjoint classes: `input_tokens` are the uncached ones. */
export const COUNTS = [
  'attempt',
  'input_tokens',
  'cache_read_tokens',
  'cache_write_tokens',
  'cache_write_1h_tokens',
  'output_tokens',
  'embedding_tokens',
  'embeddings',
  'requests',
  'vector_queries',
  'vector_read_units',
  'vector_write_units',
  'tool_calls',
  'search_queries',
  'rerank_queries',
  'images',
] as const;

/** Not negative. */
export const AMOUNTS = ['run_ms', 'queue_ms', 'storage_gb_months', 'egress_gb', 'gpu_hours', 'review_minutes'] as const;

export const CHOICES = { cache: ['hit', 'miss'], workload_class: ['interactive', 'batch', 'background', 'peak'] } as const;

export type TextField = (typeof TEXTS)[number];
export type CountField = (typeof COUNTS)[number];
export type AmountField = (typeof AMOUNTS)[number];

type Given<Field extends string, Value> = { readonly [field in Field]?: Value | undefined };

/** What a caller may say of a call. It counts before what the answer says. Whatever else an object holds is not looked at. */
export interface MoreTags extends Given<TextField, string>, Given<CountField | AmountField, number> {
  /** When the attempt ended, where that is not now. */
  readonly event_time?: Date | string | undefined;
  /** Whether it went through the batch interface. */
  readonly batch?: boolean | undefined;
  /** The application's own cache: a hit costs nothing and counts as avoided cost. */
  readonly cache?: (typeof CHOICES.cache)[number] | undefined;
  readonly workload_class?: (typeof CHOICES.workload_class)[number] | undefined;
  /** Above 0, at most 1: 0.1 where one call in ten is recorded. */
  readonly sample_rate?: number | undefined;
}

export interface Tags extends MoreTags {
  readonly feature_id: string;
}

/** Where no answer says who charges, and for what. */
export interface PricedTags extends Tags {
  readonly provider: string;
  readonly model: string;
}
