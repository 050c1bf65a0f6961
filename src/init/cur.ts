// Cost and Usage Reports of AWS as they are: of which months and accounts, with which tags, and whether every line can be booked.
import { Failure } from '../kernel/failure.js';
import { curColumns, plainCur } from '../warehouse/cur-columns.js';
import type { Warehouse } from '../warehouse/warehouse.js';
import { type Finding, unknown } from './finding.js';
import { type Columns, lookAtLines } from './focus.js';
import type { GivenFile } from './given.js';
import { asLanded } from './landed.js';

/** What is looked at of a line, by what FOCUS calls it. */
const AS_FOCUS: readonly (readonly [focus: string, cur: string])[] = [
  ['BilledCost', 'line_item_unblended_cost'],
  ['EffectiveCost', 'line_item_unblended_cost'],
  ['BillingPeriodStart', 'bill_billing_period_start_date'],
  ['BillingPeriodEnd', 'bill_billing_period_end_date'],
  ['ChargePeriodStart', 'line_item_usage_start_date'],
  ['ChargePeriodEnd', 'line_item_usage_end_date'],
  ['BillingCurrency', 'line_item_currency_code'],
  ['ChargeCategory', 'line_item_line_item_type'],
  ['BillingAccountId', 'bill_payer_account_id'],
  ['ServiceName', 'line_item_product_code'],
  ['Tags', 'tags'],
];

export function isCur(names: readonly string[]): boolean {
  return names.some((name) => plainCur(name) === plainCur('line_item_unblended_cost'));
}

export async function lookAtCur(engine: Warehouse, file: GivenFile, { names, values, from }: Columns): Promise<Finding> {
  const cells = names.map((name, at) => ({ name, text: values[at] ?? 'NULL', isMap: false }));
  try {
    const { columns, first = [] } = curColumns(asLanded(file))(cells);
    const lines = first.length === 0 ? from : `(SELECT *, ${first.join(', ')} FROM ${from})`;
    const looked = AS_FOCUS.map(([focus, cur]) => `${cur} AS "${focus}"`);
    const select = `SELECT row, ${looked.join(', ')}, 'AWS' AS "ProviderName", CAST(NULL AS VARCHAR) AS "ServiceProviderName",
      CAST(NULL AS VARCHAR) AS "AllocatedTags" FROM (SELECT row, ${columns.join(', ')} FROM ${lines})`;
    return await lookAtLines(engine, 'aws-cur', select, (words) =>
      AS_FOCUS.reduce((told, [focus, cur]) => told.replaceAll(`${focus} `, `${cur} `), words),
    );
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const [problem] = error.problems;
    return unknown((problem?.message ?? '').replace(`\`${file.name}\` `, ''), problem?.remedy ?? '');
  }
}
