// How an invoice writes days, amounts and its total: told from its cells.
import type { InvoiceColumns, InvoiceCsvFormat } from '../pipeline/pipeline.js';
import { plainAmount, plainDate } from '../source/printed.js';
import { DATE_PATTERNS, TOTALS } from './invoice-names.js';
import { cellsOf, type InvoiceTable } from './invoice-table.js';

/** Told from the cells; `fallback` is the currency where nothing says one. */
export function formatOf(
  table: InvoiceTable,
  fallback: string,
): { readonly csv: InvoiceCsvFormat; readonly doubts: readonly string[] } {
  const total = totalOf(table);
  const amounts = cellsOf(table, table.columns.amount);
  const dates = [...cellsOf(table, table.columns.period_start), ...cellsOf(table, table.columns.period_end)];
  const signs: readonly ('.' | ',')[] = table.delimiter === ';' ? [',', '.'] : ['.', ','];
  const decimal = most(signs, (sign) => amounts.filter((cell) => plainAmount(cell, sign) !== null).length);
  const dateFormat = dateFormatOf(table, dates);
  const printed = table.columns.currency === undefined ? printedCurrency(amounts) : null;
  const currency = table.columns.currency === undefined ? (printed ?? fallback) : null;
  const doubts = [
    ...(table.columns.currency === undefined && printed === null
      ? [`nothing says its currency; it is taken for ${fallback}`]
      : []),
    ...(table.columns.period_start === table.columns.period_end
      ? [`it prints one date, \`${table.columns.period_start}\`: that day bears all`]
      : []),
    ...(isAmbiguous(dates, dateFormat) ? [`days may be ${dateFormat} or the other way round`] : []),
  ];
  const columns = table.columns as unknown as InvoiceColumns;
  return { csv: { delimiter: table.delimiter, encoding: table.encoding, decimal, dateFormat, columns, currency, total }, doubts };
}

function totalOf({ header, lines, columns }: InvoiceTable): InvoiceCsvFormat['total'] {
  for (const line of lines) {
    const at = line.findIndex((cell) => TOTALS.test(cell.trim()));
    const column = header[at];
    const amount = line[header.indexOf(columns.amount ?? '')] ?? '';
    if (column !== undefined && column !== '' && /\d/.test(amount)) return { column, equals: (line[at] ?? '').trim() };
  }
  return null;
}

/** The pattern that reads most cells; of several the one whose periods are shortest and run forward. */
function dateFormatOf(table: InvoiceTable, dates: readonly string[]): string {
  const [starts, ends] = [cellsOf(table, table.columns.period_start), cellsOf(table, table.columns.period_end)];
  const readable = (pattern: string) => dates.filter((cell) => plainDate(cell, pattern) !== null).length * 1_000_000;
  const days = (pattern: string) =>
    starts
      .slice(0, 50)
      .reduce((sum, start, at) => sum + daysBetween(plainDate(start, pattern), plainDate(ends[at] ?? '', pattern)), 0);
  return most(DATE_PATTERNS, (pattern) => readable(pattern) - days(pattern));
}

function daysBetween(from: string | null, to: string | null): number {
  if (from === null || to === null) return 0;
  const days = (Date.parse(to) - Date.parse(from)) / 86_400_000;
  return days < 0 ? 10_000 : Math.min(days, 10_000);
}

function isAmbiguous(dates: readonly string[], chosen: string): boolean {
  const other = { 'MM/dd/yyyy': 'dd/MM/yyyy', 'dd/MM/yyyy': 'MM/dd/yyyy' }[chosen];
  return other !== undefined && dates.every((cell) => plainDate(cell, other) !== null);
}

function printedCurrency(amounts: readonly string[]): string | null {
  const code = amounts.map((cell) => /\b[A-Z]{3}\b/.exec(cell)?.[0]).find((found) => found !== undefined);
  const sign = amounts.map((cell) => /[$€£¥]/.exec(cell)?.[0]).find((found) => found !== undefined);
  return code ?? { $: 'USD', '€': 'EUR', '£': 'GBP', '¥': 'JPY' }[sign ?? ''] ?? null;
}

function most<T>(candidates: readonly T[], score: (candidate: T) => number): T {
  return candidates.reduce((best, candidate) => (score(candidate) > score(best) ? candidate : best));
}
