// Dumps of GET /v1/organization/usage/…: what was used of each kind, day by day. Whose page it is stands beside it, or in its results.
import type { OpenAiUsageSource } from '../pipeline/pipeline.js';
import { isSeconds, OPENAI_ROLE, openAiHeaders, queryOf } from './openai-costs.js';
import type { ProviderApi } from './provider-api.js';
import { landPages, type PageDialect, tabulatePages } from './provider-pages.js';
import { type JsonObject, textOf } from './json-text.js';
import type { LandedFile, Landing, LandRequest, Tabulation } from './source.js';
import { figuresOf } from './usage-figures.js';

const DIMENSIONS = ['model', 'project_id', 'batch', 'service_tier'];

const DIALECT: PageDialect = {
  what: 'usage',
  bucketStart: 'start_time',
  bucketEnd: 'end_time',
  isTime: isSeconds,
  endpointOf,
  linesOf: (result) => figuresOf(result, DIMENSIONS),
};

/** Endpoint → what it can be grouped by, of what we ask for. */
const GROUPS: Readonly<Record<string, readonly string[]>> = {
  completions: DIMENSIONS,
  vector_stores: ['project_id'],
  code_interpreter_sessions: ['project_id'],
  file_search_calls: ['project_id'],
};

const OF_MODELS = ['model', 'project_id'];

/** https://platform.openai.com/docs/api-reference/usage: an endpoint a kind of usage, each with days and groups of its own. */
export const OPENAI_USAGE: ProviderApi = {
  origin: 'https://api.openai.com',
  questions: ({ endpoints, groupBy }) =>
    endpoints.map((endpoint) => {
      const groups = groupBy.filter((name) => (GROUPS[endpoint] ?? OF_MODELS).includes(name));
      return { endpoint, path: `/v1/organization/usage/${endpoint}`, query: (span) => queryOf(span, groups) };
    }),
  headers: openAiHeaders,
  role: OPENAI_ROLE,
};

export async function land(request: LandRequest<OpenAiUsageSource>): Promise<Landing> {
  return landPages(request, DIALECT, OPENAI_USAGE);
}

export async function tabulate(file: LandedFile): Promise<Tabulation> {
  return tabulatePages(file, DIALECT);
}

/** Results of these call themselves otherwise than the endpoint is called. */
const OTHER_NAMES: Readonly<Record<string, string>> = { file_searches: 'file_search_calls', web_searches: 'web_search_calls' };

function endpointOf(results: readonly JsonObject[]): string | null {
  for (const result of results) {
    const name = /^organization\.usage\.(\w+)\.result$/.exec(textOf(result['object']) ?? '')?.[1];
    if (name !== undefined) return OTHER_NAMES[name] ?? name;
  }
  return null;
}
