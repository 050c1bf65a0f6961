// revenue.csv → what each feature earned by month: the weights of rules by revenue. Finance writes it, and says where it is from.
import type { Month } from '../kernel/period.js';
import { Cells } from './csv-cells.js';
import { type CsvRow, readCsv } from './csv-table.js';
import { unitsOf } from './decimal.js';
import type { RevenueRow } from './pipeline.js';
import type { FeatureNames } from './registry.js';
import { problem, quoted, type Report, type Spot } from './text.js';

const COLUMNS = ['month', 'feature_id', 'amount', 'currency', 'source'] as const;

type Row = CsvRow<(typeof COLUMNS)[number]>;

export interface RevenueContext {
  readonly names: FeatureNames;
  /** Revenue in another currency is refused; null where the pipeline's own is not known. */
  readonly currency: string | null;
  /** Place by feature and month, over all files. */
  readonly seen: Map<string, string>;
  /** Over all files: where a month is first told of, and whether anything was earned in it. */
  readonly months: Map<Month, { readonly spot: Spot; readonly earned: boolean }>;
}

export function readRevenue(file: string, text: string, context: RevenueContext, report: Report): readonly RevenueRow[] {
  return readCsv(file, text, COLUMNS, report).flatMap((row) => {
    const revenue = revenueOf(row, context, report);
    if (revenue === null || isTwice(revenue, row, context.seen, report)) return [];
    const { spot = row.at('amount'), earned = false } = context.months.get(revenue.month) ?? {};
    context.months.set(revenue.month, { spot, earned: earned || unitsOf(revenue.amount) > 0n });
    return [revenue];
  });
}

function revenueOf(row: Row, { names, currency }: RevenueContext, report: Report): RevenueRow | null {
  const cells = new Cells(row, report);
  const month = cells.month('month');
  const featureId = cells.text('feature_id');
  names.check(featureId, row.at('feature_id'), report);
  if (names.isPool(featureId)) {
    const remedy = 'name the features that earn it; the service passes its cost on to them';
    cells.refuse('feature_id', 'bad-value', `${quoted(featureId)} is a shared service, which earns nothing itself`, remedy);
  }
  const amount = amountOf(cells, row);
  const own = cells.currency('currency');
  if (currency !== null && own !== '' && own !== currency && cells.sound) {
    const message = `revenue in ${own} cannot weigh beside the company's ${currency}`;
    cells.refuse('currency', 'bad-value', message, `state it in ${currency}, at the rate that finance books it`);
  }
  const source = cells.text('source');
  return cells.sound ? { month, featureId, amount, source } : null;
}

function amountOf(cells: Cells<(typeof COLUMNS)[number]>, row: Row): string {
  if (row.cells.amount.startsWith('-')) {
    const message = `revenue of ${row.cells.amount} cannot weigh: a share of it would be negative`;
    cells.refuse('amount', 'bad-value', message, 'write 0 for a feature that gave back as much as it earned, or more');
    return '';
  }
  const remedy = 'write digits with a point, such as 1234.50, below 10^11';
  return cells.matching('amount', /^\d{1,11}(\.\d{1,12})?$/, 'is not a plain amount', remedy);
}

/** Each feature has one row a month: two could be a sum or a mistake, and nobody could tell. */
function isTwice({ month, featureId }: RevenueRow, { spot, place }: Row, seen: Map<string, string>, report: Report): boolean {
  const key = JSON.stringify([month, featureId]);
  const earlier = seen.get(key);
  if (earlier !== undefined) {
    const message = `${quoted(featureId)} has revenue of ${month} already, in ${earlier}`;
    report(problem('duplicate-row', spot, message, 'add the two up where both are meant, or keep one'));
    return true;
  }
  seen.set(key, `${place.file} line ${place.line ?? 1}`);
  return false;
}

/** A month in which nobody earned anything shares nothing: its rows would say less than none. */
export function checkMonths({ months }: RevenueContext, report: Report): void {
  for (const [month, { earned, spot }] of months) {
    if (earned) continue;
    const message = `no feature earned anything in ${month}, so nothing can be shared by it`;
    report(problem('bad-value', spot, message, 'correct the amounts, or leave the month out until they are known'));
  }
}
