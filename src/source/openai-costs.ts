// Dumps of GET /v1/organization/costs. `amount.value` comes as text or as a number, and is kept as written.
import type { Day } from '../kernel/period.js';
import type { OpenAiCostsSource } from '../pipeline/pipeline.js';
import type { ProviderApi } from './provider-api.js';
import type { Span } from './pulled-units.js';
import { inItsCurrency, landPages, type PageDialect, tabulatePages } from './provider-pages.js';
import { isObject, type JsonObject, textOf } from './json-text.js';
import { moneyOf } from './money-text.js';
import type { LandedFile, Landing, LandRequest, Tabulation, TextRow } from './source.js';

const DIALECT: PageDialect = {
  what: 'costs',
  bucketStart: 'start_time',
  bucketEnd: 'end_time',
  isTime: isSeconds,
  linesOf: (result) => [inItsCurrency(lineOf(result))],
};

export const OPENAI_ROLE = 'an admin key of the organization (sk-admin-…) that may read usage';

/** https://platform.openai.com/docs/api-reference/usage/costs: seconds since 1970, days alone, arrays as repeated keys. */
export const OPENAI_COSTS: ProviderApi = {
  origin: 'https://api.openai.com',
  questions: ({ groupBy }) => [{ endpoint: null, path: '/v1/organization/costs', query: (span) => queryOf(span, groupBy) }],
  headers: openAiHeaders,
  role: OPENAI_ROLE,
};

export function openAiHeaders(key: string): Readonly<Record<string, string>> {
  return { authorization: `Bearer ${key}` };
}

export function isSeconds(text: string): boolean {
  return /^\d{9,11}$/.test(text);
}

/** Of every endpoint of the organization. */
export function queryOf({ from, to }: Span, groupBy: readonly string[]): readonly (readonly [string, string])[] {
  return [
    ['start_time', secondsOf(from)],
    ['end_time', secondsOf(to)],
    ['bucket_width', '1d'],
    ...groupBy.map((name) => ['group_by', name] as const),
  ];
}

function secondsOf(day: Day): string {
  return String(Date.parse(`${day}T00:00:00Z`) / 1000);
}

export async function land(request: LandRequest<OpenAiCostsSource>): Promise<Landing> {
  return landPages(request, DIALECT, OPENAI_COSTS);
}

export async function tabulate(file: LandedFile): Promise<Tabulation> {
  return tabulatePages(file, DIALECT);
}

function lineOf(result: JsonObject): TextRow {
  const amount = isObject(result['amount']) ? result['amount'] : {};
  return {
    ...moneyOf(amount['value']),
    currency: textOf(amount['currency']),
    line_item: textOf(result['line_item']),
    project_id: textOf(result['project_id']),
    organization_id: textOf(result['organization_id']),
    quantity: textOf(result['quantity']),
    quantity_unit: textOf(result['quantity_unit']),
  };
}
