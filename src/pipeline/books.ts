// The smaller CSV books: aliases, skus, sku maps, exchange rates, invoices.
import { Cells } from './csv-cells.js';
import { readCsv } from './csv-table.js';
import { type AliasRow, CHARGE_CAUSES, type FxRow, type InvoiceRow, type SkuMapRow, type SkuRow } from './pipeline.js';
import { problem, quoted, type Report } from './text.js';

const COLUMNS = {
  aliases: ['provider', 'sku', 'alternative', 'kind', 'pattern', 'rank'],
  skus: ['provider', 'sku', 'charged_by'],
  skuMap: ['provider', 'item', 'sku', 'meter', 'factor', 'note'],
  fx: ['month', 'from', 'to', 'rate', 'source'],
  invoices: ['provider', 'invoice_id', 'billing_month', 'total', 'currency'],
} as const;

/** Rows by key: an exact repetition is dropped, another row of the same key is a problem. */
function readBook<C extends string, T>(
  file: string,
  text: string,
  columns: readonly C[],
  report: Report,
  read: (cells: Cells<C>, row: Readonly<Record<C, string>>) => T,
  keyOf: (value: T) => readonly unknown[],
  seen: Map<string, string>,
): readonly T[] {
  return readCsv(file, text, columns, report).flatMap((row) => {
    const cells = new Cells(row, report);
    const value = read(cells, row.cells);
    if (!cells.sound) return [];
    const key = JSON.stringify(keyOf(value));
    const whole = JSON.stringify(value);
    const earlier = seen.get(key);
    seen.set(key, earlier ?? whole);
    if (earlier !== undefined && earlier !== whole) {
      report(problem('duplicate-row', row.spot, 'an earlier row says something else of the same thing', 'keep one of the two'));
    }
    return earlier === undefined ? [value] : [];
  });
}

export type Seen = Map<string, string>;

export function readAliases(file: string, text: string, seen: Seen, report: Report): readonly AliasRow[] {
  const read = (cells: Cells<(typeof COLUMNS.aliases)[number]>): AliasRow => {
    const number = (column: 'alternative' | 'rank') =>
      Number(cells.matching(column, /^\d{1,9}$/, 'is not a whole number', 'write 1, 2, …'));
    const kind = cells.oneOf('kind', ['equals', 'starts_with', 'ends_with', 'contains', 'regex']);
    const pattern = cells.text('pattern');
    if (kind === 'regex' && !isPortableRegex(pattern)) {
      cells.refuse(
        'pattern',
        'bad-value',
        `${quoted(pattern)} is not a regular expression of RE2`,
        'no look-around and no back reference; escape special characters',
      );
    }
    return {
      provider: cells.provider('provider'),
      sku: cells.text('sku'),
      alternative: number('alternative'),
      kind,
      pattern,
      rank: number('rank'),
    };
  };
  return readBook(file, text, COLUMNS.aliases, report, read, (row) => Object.values(row), seen);
}

/** Of one pattern, counts within counts multiplied: RE2 unrolls them, and refuses more. */
const MOST_REPEATS = 1000;

function repeats(pattern: string): number {
  const counts = [...pattern.matchAll(/\{(\d+)(?:,(\d*))?\}/g)].map(([, least, most]) =>
    Math.max(Number(least), Number(most ?? 0)),
  );
  return counts.reduce((product, count) => product * Math.max(1, count), 1);
}

function isPortableRegex(pattern: string): boolean {
  if (/\(\?(=|!|<[=!])|\\[1-9cuk]|\[\^?\]/.test(pattern) || repeats(pattern) > MOST_REPEATS) return false;
  try {
    new RegExp(pattern);
    return true;
  } catch {
    return false;
  }
}

export function readSkus(file: string, text: string, seen: Seen, report: Report): readonly SkuRow[] {
  const read = (cells: Cells<(typeof COLUMNS.skus)[number]>): SkuRow => ({
    provider: cells.provider('provider'),
    sku: cells.text('sku'),
    chargedBy: cells.oneOf('charged_by', ['usage', 'pool']),
  });
  return readBook(file, text, COLUMNS.skus, report, read, (row) => [row.provider, row.sku], seen);
}

export function readSkuMap(file: string, text: string, seen: Seen, report: Report): readonly SkuMapRow[] {
  type Column = (typeof COLUMNS.skuMap)[number];
  const read = (cells: Cells<Column>, row: Readonly<Record<Column, string>>): SkuMapRow => {
    const { meter, factor, sku } = row;
    const cause = CHARGE_CAUSES.find((name) => meter === `(${name})`) ?? null;
    const isCause = meter.startsWith('(');
    if (isCause)
      cells.oneOf(
        'meter',
        CHARGE_CAUSES.map((name) => `(${name})`),
      );
    if (meter !== '' && !isCause && sku === '')
      cells.refuse('sku', 'empty', 'a row with a meter needs its sku', 'name the sku, or leave the meter empty too');
    return {
      provider: cells.provider('provider'),
      item: cells.text('item'),
      sku,
      meter: meter === '' || isCause ? null : cells.meter('meter'),
      cause,
      factor: factor === '' ? '1' : cells.positive('factor', 12),
    };
  };
  return readBook(file, text, COLUMNS.skuMap, report, read, (row) => [row.provider, row.item], seen);
}

export function readFx(file: string, text: string, seen: Seen, report: Report): readonly FxRow[] {
  const read = (cells: Cells<(typeof COLUMNS.fx)[number]>, { from, to }: Readonly<Record<'from' | 'to', string>>): FxRow => {
    if (from === to && from !== '')
      cells.refuse('to', 'bad-value', `${quoted(from)} to itself is no rate`, 'take the row out: nothing is converted there');
    return {
      month: cells.month('month'),
      from: cells.currency('from'),
      to: cells.currency('to'),
      rate: cells.rate('rate'),
      source: cells.text('source'),
    };
  };
  return readBook(file, text, COLUMNS.fx, report, read, (row) => [row.month, row.from, row.to], seen);
}

export function readInvoices(file: string, text: string, seen: Seen, report: Report): readonly InvoiceRow[] {
  const read = (cells: Cells<(typeof COLUMNS.invoices)[number]>): InvoiceRow => ({
    provider: cells.provider('provider'),
    invoiceId: cells.text('invoice_id'),
    billingMonth: cells.month('billing_month'),
    total: cells.matching(
      'total',
      /^-?\d{1,13}(\.\d{1,12})?$/,
      'is not a plain amount',
      'write digits with a point, such as 1234.50',
    ),
    currency: cells.currency('currency'),
  });
  return readBook(file, text, COLUMNS.invoices, report, read, (row) => [row.provider, row.invoiceId, row.billingMonth], seen);
}
