// Invoice CSV: what its table looks like, and whether the reader of invoices can book every line of it so.
import { monthOf } from '../kernel/period.js';
import type { InvoiceCsvFormat, InvoiceCsvSource } from '../pipeline/pipeline.js';
import { tabulate } from '../source/invoice-csv.js';
import type { TextRow } from '../source/source.js';
import { type BillFacts, type Finding, unknown, unlike } from './finding.js';
import type { GivenFile } from './given.js';
import { formatOf } from './invoice-format.js';
import { REQUIRED } from './invoice-names.js';
import { invoiceTable, vendorOf } from './invoice-table.js';
import { asLanded } from './landed.js';

/** Invoices are read in memory; a larger file is none. */
const LARGEST = 16_000_000;
export async function lookAtInvoice(file: GivenFile, currency: string): Promise<Finding> {
  if (file.bytes > LARGEST) return unknown('is larger than any invoice', 'give FOCUS exports for bills of this size');
  const table = await invoiceTable(file);
  if (table === null) return unlike('is no CSV', 'save it as CSV with its header in one line');
  const missing = REQUIRED.filter((column) => table.columns[column] === undefined);
  if (missing.length > 0) {
    return unlike(
      `has no column for ${missing.join(', ')} of an invoice; its header is ${table.header.slice(0, 8).join(', ')}${table.header.length > 8 ? ', …' : ''}`,
      'add the columns, or write an invoice-csv source with a `columns` map of its own',
    );
  }
  const { csv, doubts } = formatOf(table, currency);
  return read(file, csv, { vendor: vendorOf(table), doubts });
}

async function read(
  file: GivenFile,
  csv: InvoiceCsvFormat,
  more: { readonly vendor: string | null; readonly doubts: readonly string[] },
): Promise<Finding> {
  const { rows } = await tabulate(asLanded(file), { kind: 'invoice-csv', id: 'init', csv } as InvoiceCsvSource);
  const bad = rows.find((row) => (row['reject'] ?? null) !== null);
  if (bad !== undefined)
    return unknown(`line ${bad['row']} of this invoice cannot be booked: ${bad['reject']}`, 'correct it, or take the line out');
  if (rows.length === 0) return unknown('is an invoice without a line', 'deliver it again');
  return { kind: 'invoice-csv', csv, ...more, facts: factsOf(rows) };
}

function factsOf(rows: readonly TextRow[]): BillFacts {
  const texts = (name: string) => [...new Set(rows.flatMap((row) => row[name] ?? []))].sort();
  return {
    lines: rows.length,
    isPart: false,
    currencies: texts('currency').map((currency) => currency.toUpperCase()),
    accounts: [],
    months: [...new Set(texts('period_start').map(monthOf))].sort(),
    lastDay: texts('period_end').at(-1) ?? null,
  };
}
