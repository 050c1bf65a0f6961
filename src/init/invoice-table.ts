// The table in the text of an invoice: its encoding, its delimiter, and which line is the header.
import { parse } from 'csv-parse/sync';
import { Failure } from '../kernel/failure.js';
import type { InvoiceCsvFormat } from '../pipeline/pipeline.js';
import { type Encoding, readLanded } from '../source/landed-text.js';
import type { GivenFile } from './given.js';
import { HEADERS, type InvoiceColumn, ONE_DATE, REQUIRED, VENDORS } from './invoice-names.js';
import { asLanded } from './landed.js';

const HEADER_WITHIN = 60;
const DELIMITERS = [',', ';', '\t', '|'] as const;

export interface InvoiceTable {
  readonly encoding: Encoding;
  readonly delimiter: InvoiceCsvFormat['delimiter'];
  readonly header: readonly string[];
  /** Lines below the header, by cell. */
  readonly lines: readonly (readonly string[])[];
  readonly columns: Readonly<Partial<Record<InvoiceColumn, string>>>;
}

/** Null where the text has no line of several cells. */
export async function invoiceTable(file: GivenFile): Promise<InvoiceTable | null> {
  return tableOf(await textOf(file));
}

/** In the first encoding that it can be. */
async function textOf(file: GivenFile): Promise<{ readonly text: string; readonly encoding: Encoding }> {
  for (const encoding of ['utf8', 'utf16le'] as const) {
    const text = await readLanded(asLanded(file), encoding).catch((error: unknown) => {
      if (error instanceof Failure) return null;
      throw error;
    });
    if (text !== null && !text.includes('\u0000') && /[\r\n,;\t|]/.test(text)) return { text, encoding };
  }
  return { text: await readLanded(asLanded(file), 'latin1'), encoding: 'latin1' };
}

/** The line that names most of what an invoice needs, under the delimiter that shows it. */
function tableOf({ text, encoding }: { readonly text: string; readonly encoding: Encoding }): InvoiceTable | null {
  let best: InvoiceTable | null = null;
  let most = 0;
  for (const delimiter of DELIMITERS) {
    const records = recordsOf(text, delimiter);
    for (const [at, record] of records.slice(0, HEADER_WITHIN).entries()) {
      const header = record.map((cell) => cell.trim());
      const columns = columnsOf(header);
      const found = REQUIRED.filter((column) => columns[column] !== undefined).length + header.length / 1000;
      if (header.length < 2 || found <= most) continue;
      [best, most] = [{ encoding, delimiter, header, lines: records.slice(at + 1), columns }, found];
    }
  }
  return best;
}

function recordsOf(text: string, delimiter: string): readonly (readonly string[])[] {
  return parse(text, {
    bom: true,
    delimiter,
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
    skip_records_with_error: true,
  });
}

function columnsOf(header: readonly string[]): InvoiceTable['columns'] {
  const free = new Map(header.map((name) => [plainHeader(name), name] as const).reverse());
  const columns: Partial<Record<InvoiceColumn, string>> = {};
  for (const [column, names] of Object.entries(HEADERS) as [InvoiceColumn, readonly string[]][]) {
    const name = names.find((each) => free.has(each)) ?? '';
    const header = free.get(name);
    if (header !== undefined) columns[column] = header;
    free.delete(name);
  }
  const date = ONE_DATE.map((name) => free.get(name)).find((name) => name !== undefined);
  const hasPeriod = columns.period_start !== undefined || columns.period_end !== undefined;
  return hasPeriod || date === undefined ? columns : { ...columns, period_start: date, period_end: date };
}

/** `Währung` as `wahrung`: letters without their marks. */
function plainHeader(name: string): string {
  return name
    .normalize('NFD')
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '');
}

/** Cells of a column that hold figures or days. */
export function cellsOf({ header, lines }: InvoiceTable, name: string | undefined): readonly string[] {
  const at = header.indexOf(name ?? '');
  return at < 0 ? [] : lines.map((line) => (line[at] ?? '').trim()).filter((cell) => /\d/.test(cell));
}

/** The one vendor that a column names. */
export function vendorOf(table: InvoiceTable): string | null {
  const name = table.header.find((cell) => VENDORS.includes(plainHeader(cell)));
  const at = table.header.indexOf(name ?? '');
  const names = new Set(at < 0 ? [] : table.lines.map((line) => (line[at] ?? '').trim()).filter((cell) => cell !== ''));
  return names.size === 1 ? ([...names][0] ?? null) : null;
}
