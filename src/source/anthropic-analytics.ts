// Anthropic's analytics of cost and usage (beta): every combination of groups as a row, and a watermark of how far it knows.
import type { JsonObject } from './json-text.js';
import { isObject } from './json-text.js';
import type { FlatDialect } from './flat-pages.js';
import type { Question } from './provider-api.js';

const ENDPOINT = 'analytics';

/** `/analytics/cost_report` and its like cap each day at 100 groups, without a row for the rest: never asked. */
export function analyticsQuestion(of: 'cost' | 'usage', groupBy: readonly string[]): Question {
  return {
    endpoint: ENDPOINT,
    path: `/v1/organizations/analytics/${of}`,
    query: ({ from, to }) => [
      ['starting_at', `${from}T00:00:00Z`],
      ['ending_at', `${to}T00:00:00Z`],
      ['time_bucket_width', '1d'],
      ...groupBy.map((name) => ['group_by[]', name] as const),
      // Meter and kind of a cost, which take none of the five groups that a question may have.
      ...(of === 'cost' ? (['cost_type', 'token_type'] as const).map((name) => ['group_by[]', name] as const) : []),
    ],
    headers: { 'anthropic-beta': 'analytics-usage-cost-2026-08-24' },
    rows: 1000,
  };
}

export function isOfAnalytics(endpoints: readonly string[]): boolean {
  return endpoints.includes(ENDPOINT);
}

export function analyticsRows(of: 'cost' | 'usage'): FlatDialect {
  return { endpoint: ENDPOINT, resultOf: (row) => ({ ...objectIn(row['group']), ...objectIn(row[of]) }) };
}

function objectIn(value: JsonObject[string]): JsonObject {
  return isObject(value) ? value : {};
}
