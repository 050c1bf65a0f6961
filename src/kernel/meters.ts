// The billable quantities that usage events carry and price rows name. One list: a meter that is not here does not exist.

export const METERS = [
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
  'storage_gb_months',
  'egress_gb',
  'gpu_hours',
  'review_minutes',
] as const;

export type Meter = (typeof METERS)[number];

const KNOWN: ReadonlySet<string> = new Set(METERS);

export function isMeter(name: string): name is Meter {
  return KNOWN.has(name);
}
