// Dumps of GET /v1/organizations/usage_report/messages: tokens of each kind apart, none of them within another.
import type { AnthropicUsageSource } from '../pipeline/pipeline.js';
import { ANTHROPIC_ROLE, anthropicHeaders, isRfc3339, queryOf } from './anthropic-costs.js';
import { analyticsQuestion, analyticsRows, isOfAnalytics } from './anthropic-analytics.js';
import type { ProviderApi } from './provider-api.js';
import { landPages, type PageDialect, tabulatePages } from './provider-pages.js';
import type { LandedFile, Landing, LandRequest, Tabulation } from './source.js';
import { figuresOf } from './usage-figures.js';

const ENDPOINT = 'messages';
const DIMENSIONS = ['model', 'workspace_id', 'service_tier', 'context_window', 'inference_geo'];

const DIALECT: PageDialect = {
  what: 'usage',
  bucketStart: 'starting_at',
  bucketEnd: 'ending_at',
  isTime: isRfc3339,
  endpointOf: () => ENDPOINT,
  flat: analyticsRows('usage'),
  linesOf: (result) => figuresOf(result, DIMENSIONS),
};

/** The Admin API's usage report of the Messages API. Priority Tier, which costs leave out, is in it. */
export const ANTHROPIC_USAGE: ProviderApi = {
  origin: 'https://api.anthropic.com',
  questions: ({ groupBy, endpoints }) => [
    isOfAnalytics(endpoints)
      ? analyticsQuestion('usage', groupBy)
      : { endpoint: ENDPOINT, path: '/v1/organizations/usage_report/messages', query: (span) => queryOf(span, groupBy) },
  ],
  headers: anthropicHeaders,
  role: ANTHROPIC_ROLE,
};

export async function land(request: LandRequest<AnthropicUsageSource>): Promise<Landing> {
  return landPages(request, DIALECT, ANTHROPIC_USAGE);
}

export async function tabulate(file: LandedFile): Promise<Tabulation> {
  return tabulatePages(file, DIALECT);
}
