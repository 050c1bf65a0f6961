// Dumps of GET /v1/organizations/cost_report. `amount` is in CENTS, and stays so until staging.
import type { AnthropicCostsSource } from '../pipeline/pipeline.js';
import { analyticsQuestion, analyticsRows, isOfAnalytics } from './anthropic-analytics.js';
import type { ProviderApi } from './provider-api.js';
import type { Span } from './pulled-units.js';
import { inItsCurrency, landPages, type PageDialect, tabulatePages } from './provider-pages.js';
import { type JsonObject, textOf } from './json-text.js';
import { moneyOf } from './money-text.js';
import type { LandedFile, Landing, LandRequest, Tabulation, TextRow } from './source.js';

const RFC3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/i;
const DIALECT: PageDialect = {
  what: 'costs',
  bucketStart: 'starting_at',
  bucketEnd: 'ending_at',
  isTime: isRfc3339,
  flat: analyticsRows('cost'),
  linesOf: (result) => [inItsCurrency(lineOf(result))],
};
const AS_TEXT = [
  'currency',
  'description',
  'cost_type',
  'token_type',
  'model',
  'context_window',
  'service_tier',
  'inference_geo',
  'workspace_id',
];

export const ANTHROPIC_ROLE = 'an admin key of the organization (sk-ant-admin…)';

/** The Admin API's cost report: RFC 3339, days alone, arrays as names with brackets. */
export const ANTHROPIC_COSTS: ProviderApi = {
  origin: 'https://api.anthropic.com',
  questions: ({ groupBy, endpoints }) => [
    isOfAnalytics(endpoints)
      ? analyticsQuestion('cost', groupBy)
      : { endpoint: null, path: '/v1/organizations/cost_report', query: (span) => queryOf(span, groupBy) },
  ],
  headers: anthropicHeaders,
  role: ANTHROPIC_ROLE,
};

/** Of every report of the Admin API. */
export function queryOf({ from, to }: Span, groupBy: readonly string[]): readonly (readonly [string, string])[] {
  return [
    ['starting_at', `${from}T00:00:00Z`],
    ['ending_at', `${to}T00:00:00Z`],
    ['bucket_width', '1d'],
    ...groupBy.map((name) => ['group_by[]', name] as const),
  ];
}

export function anthropicHeaders(key: string): Readonly<Record<string, string>> {
  return { 'x-api-key': key, 'anthropic-version': '2023-06-01' };
}

export function isRfc3339(text: string): boolean {
  return RFC3339.test(text);
}

export async function land(request: LandRequest<AnthropicCostsSource>): Promise<Landing> {
  return landPages(request, DIALECT, ANTHROPIC_COSTS);
}

export async function tabulate(file: LandedFile): Promise<Tabulation> {
  return tabulatePages(file, DIALECT);
}

function lineOf(result: JsonObject): TextRow {
  return { ...moneyOf(result['amount']), ...Object.fromEntries(AS_TEXT.map((name) => [name, textOf(result[name])])) };
}
