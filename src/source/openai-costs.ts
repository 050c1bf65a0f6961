// Dumps of GET /v1/organization/costs. `amount.value` comes as text or as a number, and is kept as written.
import type { OpenAiCostsSource } from '../pipeline/pipeline.js';
import { landPages, type PageDialect, tabulatePages } from './cost-pages.js';
import { isObject, type JsonObject, textOf } from './json-text.js';
import { moneyOf } from './money-text.js';
import type { LandedFile, Landing, LandRequest, Tabulation, TextRow } from './source.js';

const DIALECT: PageDialect = {
  bucketStart: 'start_time',
  bucketEnd: 'end_time',
  isTime: (text) => /^\d{9,11}$/.test(text),
  lineOf,
};

export async function land(request: LandRequest<OpenAiCostsSource>): Promise<Landing> {
  return landPages(request, request.config.files, DIALECT);
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
