// The smaller CSV books: aliases, skus, sku maps, exchange rates, invoices.
import { isMeter, METERS } from '../kernel/meters.js';
import { isMonth } from '../kernel/period.js';
import { type CsvRow, readCsv } from './csv-table.js';
import { CURRENCY, PROVIDER } from './fields.js';
import { suggest } from './nearest.js';
import type { AliasRow, FxRow, InvoiceRow, SkuMapRow, SkuRow } from './pipeline.js';
import { problem, quoted, type Report } from './text.js';

const COLUMNS = {
  aliases: ['provider', 'sku', 'alternative', 'kind', 'pattern', 'rank'],
  skus: ['provider', 'sku', 'charged_by'],
  skuMap: ['provider', 'item', 'sku', 'meter', 'factor', 'note'],
  fx: ['month', 'from', 'to', 'rate', 'source'],
  invoices: ['provider', 'invoice_id', 'billing_month', 'total', 'currency'],
} as const;

/** Reads the cells of one row; a cell that is not what it must be makes the row unsound and is reported. */
class Cells<C extends string> {
  sound = true;
  readonly #row: CsvRow<C>;
  readonly #report: Report;

  constructor(row: CsvRow<C>, report: Report) {
    this.#row = row;
    this.#report = report;
  }

  text(column: C): string {
    return this.matching(column, /./, 'is empty', `give ${quoted(column)} a value`);
  }

  matching(column: C, pattern: RegExp, wrong: string, remedy: string): string {
    const value = this.#row.cells[column];
    if (!pattern.test(value))
      this.refuse(column, 'bad-value', `${quoted(column)} ${value === '' ? '' : `${quoted(value)} `}${wrong}`, remedy);
    return value;
  }

  oneOf<T extends string>(column: C, words: readonly T[]): T {
    const value = this.#row.cells[column];
    if (!words.includes(value as T))
      this.refuse(column, 'unknown-value', `${quoted(column)} cannot be ${quoted(value)}`, suggest(value, words));
    return value as T;
  }

  provider(column: C): string {
    return this.matching(column, PROVIDER, 'is not a provider id', 'write it in lower case, such as openai');
  }

  currency(column: C): string {
    return this.matching(column, CURRENCY, 'is not a currency code', 'write three capital letters, such as USD');
  }

  month(column: C): string {
    const value = this.#row.cells[column];
    if (!isMonth(value))
      this.refuse(column, 'bad-value', `${quoted(column)} ${quoted(value)} is not a month`, 'write YYYY-MM, such as 2026-07');
    return value;
  }

  positive(column: C, decimals: number): string {
    const pattern = new RegExp(`^(?=.*[1-9])\\d{1,12}(\\.\\d{1,${decimals}})?$`);
    return this.matching(
      column,
      pattern,
      'is not a positive decimal',
      `write digits with at most ${decimals} decimals and no exponent`,
    );
  }

  refuse(column: C, code: string, message: string, remedy: string): void {
    this.sound = false;
    this.#report(problem(code, this.#row.at(column), message, remedy));
  }
}

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

function isPortableRegex(pattern: string): boolean {
  if (/\(\?(=|!|<[=!])|\\[1-9]/.test(pattern)) return false;
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
    if (meter !== '' && !isMeter(meter))
      cells.refuse('meter', 'unknown-meter', `unknown meter ${quoted(meter)}`, suggest(meter, METERS));
    if (meter !== '' && sku === '')
      cells.refuse('sku', 'empty', 'a row with a meter needs its sku', 'name the sku, or leave the meter empty too');
    return {
      provider: cells.provider('provider'),
      item: cells.text('item'),
      sku,
      meter: meter === '' ? null : meter,
      factor: factor === '' ? '1' : cells.positive('factor', 12),
    };
  };
  return readBook(file, text, COLUMNS.skuMap, report, read, (row) => [row.provider, row.item], seen);
}

export function readFx(file: string, text: string, seen: Seen, report: Report): readonly FxRow[] {
  const read = (cells: Cells<(typeof COLUMNS.fx)[number]>): FxRow => ({
    month: cells.month('month'),
    from: cells.currency('from'),
    to: cells.currency('to'),
    rate: cells.positive('rate', 12),
    source: cells.text('source'),
  });
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
