// Dumps of GET /v1/organizations/cost_report. `amount` is in CENTS, and stays so until staging.
import type { AnthropicCostsSource } from '../pipeline/pipeline.js';
import type { CostApi } from './cost-api.js';
import { landPages, type PageDialect, tabulatePages } from './cost-pages.js';
import { type JsonObject, textOf } from './json-text.js';
import { moneyOf } from './money-text.js';
import type { LandedFile, Landing, LandRequest, Tabulation, TextRow } from './source.js';

const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/i;
const DIALECT: PageDialect = { bucketStart: 'starting_at', bucketEnd: 'ending_at', isTime: (text) => TIME.test(text), lineOf };
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

/** The Admin API's cost report: RFC 3339, days alone, arrays as names with brackets. */
export const ANTHROPIC_COSTS: CostApi = {
  origin: 'https://api.anthropic.com',
  path: '/v1/organizations/cost_report',
  query: ({ from, to }, groupBy) => [
    ['starting_at', `${from}T00:00:00Z`],
    ['ending_at', `${to}T00:00:00Z`],
    ['bucket_width', '1d'],
    ...groupBy.map((name) => ['group_by[]', name] as const),
  ],
  limit: 'limit',
  headers: (key) => ({ 'x-api-key': key, 'anthropic-version': '2023-06-01' }),
  role: 'an admin key of the organization (sk-ant-admin…)',
};

export async function land(request: LandRequest<AnthropicCostsSource>): Promise<Landing> {
  return landPages(request, DIALECT, ANTHROPIC_COSTS);
}

export async function tabulate(file: LandedFile): Promise<Tabulation> {
  return tabulatePages(file, DIALECT);
}

function lineOf(result: JsonObject): TextRow {
  return { ...moneyOf(result['amount']), ...Object.fromEntries(AS_TEXT.map((name) => [name, textOf(result[name])])) };
}
