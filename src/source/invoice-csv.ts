// Invoices of any provider as CSV, through a column map: whatever stands above the header, around the lines and below them.
import type { InvoiceColumns, InvoiceCsvFormat, InvoiceCsvSource } from '../pipeline/pipeline.js';
import { type CsvLine, readCsvLines } from './invoice-lines.js';
import { readLanded, unusable } from './landed-text.js';
import { moneyOf } from './money-text.js';
import { landPlainFiles } from './plain-files.js';
import { plainAmount, plainDate } from './printed.js';
import type { ControlTotal, LandedFile, Landing, LandRequest, Tabulation, TextRow } from './source.js';

type Cells = Readonly<Record<keyof InvoiceColumns, string | null>>;

export async function land(request: LandRequest<InvoiceCsvSource>): Promise<Landing> {
  const files = await landPlainFiles(request, request.config.files);
  const tables = await Promise.all(files.map(async (file) => tabulate(file, request.config)));
  return { files, controls: tables.flatMap((table) => table.controls) };
}

export async function tabulate(file: LandedFile, config: InvoiceCsvSource): Promise<Tabulation> {
  const { csv } = config;
  const lines = readCsvLines(await readLanded(file, csv.encoding), file, csv);
  const table = new InvoiceTable(file, csv);
  for (const line of lines) table.take(line);
  return table.finish();
}

/** Lines of one file in order, with the printed totals that stand between and below them. */
class InvoiceTable {
  readonly #file: LandedFile;
  readonly #csv: InvoiceCsvFormat;
  readonly #rows: TextRow[] = [];
  readonly #totals: { readonly cells: Cells; readonly line: number; readonly from: number; readonly to: number }[] = [];

  constructor(file: LandedFile, csv: InvoiceCsvFormat) {
    this.#file = file;
    this.#csv = csv;
  }

  take(line: CsvLine): void {
    if (line.cells === null) {
      this.#rows.push({ row: String(line.line), reject: 'malformed' });
      return;
    }
    const cells = this.#mapped(line.cells);
    const label = this.#csv.total === null ? null : (line.cells.get(this.#csv.total.column) ?? null);
    if (label !== null && label.toLowerCase() === this.#csv.total?.equals.trim().toLowerCase()) {
      this.#totals.push({ cells, line: line.line, from: this.#totals.at(-1)?.to ?? 0, to: this.#rows.length });
    } else if (!isRemark(cells)) {
      this.#rows.push(this.#rowOf(cells, line));
    }
  }

  finish(): Tabulation {
    if (this.#csv.total !== null && this.#totals.length === 0) {
      const { column, equals } = this.#csv.total;
      throw unusable(
        'unavailable',
        this.#file,
        `ends without its total line (\`${column}\` = \`${equals}\`)`,
        'deliver the whole file again, or correct `csv.total`',
      );
    }
    const rowCount = { sourceId: this.#file.sourceId, control: 'row_count', scope: this.#file.name, currency: null } as const;
    const totals = this.#totals.map((_, at) => this.#printedTotal(at));
    return { rows: this.#rows, controls: [{ ...rowCount, expected: String(this.#rows.length) }, ...totals] };
  }

  #mapped(cells: ReadonlyMap<string, string>): Cells {
    const entries = Object.entries<string | undefined>({ ...this.#csv.columns }).map(([name, header]) => {
      const cell = header === undefined ? '' : (cells.get(header) ?? '').trim();
      return [name, cell === '' ? null : cell] as const;
    });
    return { ...NOTHING, ...Object.fromEntries(entries) };
  }

  #rowOf(cells: Cells, line: CsvLine): TextRow {
    const { decimal, dateFormat, currency } = this.#csv;
    const date = (text: string | null) => (text === null ? null : plainDate(text, dateFormat));
    const dates = {
      period_start: date(cells.period_start),
      period_end: date(cells.period_end),
      charge_start: date(cells.charge_start),
      charge_end: date(cells.charge_end),
    };
    const amount = cells.amount === null ? null : plainAmount(cells.amount, decimal);
    const row = {
      ...cells,
      ...dates,
      row: String(line.line),
      quantity: cells.quantity === null ? null : plainAmount(cells.quantity, decimal),
      amount,
      currency: cells.currency ?? currency,
    };
    const reject = rejectOf(cells, row);
    return { ...row, amount: reject === null ? amount : null, reject };
  }

  /** Of one invoice where the line or the lines above it say which, else of the file. */
  #printedTotal(at: number): ControlTotal {
    const total = this.#totals[at];
    const amount = total?.cells.amount ?? null;
    const expected = amount === null ? null : plainAmount(amount, this.#csv.decimal);
    if (total === undefined || expected === null) {
      throw unusable(
        'user',
        this.#file,
        'has a total line whose amount cannot be read',
        'correct `csv.decimal` or the column of `amount`',
        total?.line ?? 1,
      );
    }
    const above = this.#rows.slice(total.from, total.to).filter((row) => row['invoice_id'] !== undefined);
    const invoices = [...new Set(above.map((row) => row['invoice_id'] ?? null))];
    const only = invoices.length === 1 ? (invoices[0] ?? null) : null;
    const own = this.#csv.total?.column === this.#csv.columns.invoice_id ? null : total.cells.invoice_id;
    const currency = total.cells.currency ?? above[0]?.['currency'] ?? this.#csv.currency;
    return { sourceId: this.#file.sourceId, control: 'printed_total', scope: own ?? only ?? this.#file.name, currency, expected };
  }
}

const NOTHING: Cells = {
  invoice_id: null,
  period_start: null,
  period_end: null,
  item: null,
  amount: null,
  description: null,
  quantity: null,
  unit: null,
  currency: null,
  charge_start: null,
  charge_end: null,
  category: null,
};

/** A line without amount and period charges nothing: notes, addresses and rulers below the table. */
function isRemark(cells: Cells): boolean {
  return cells.amount === null && cells.period_start === null && cells.period_end === null;
}

function rejectOf(printed: Cells, row: TextRow): string | null {
  const isBadDate = (name: 'period_start' | 'period_end' | 'charge_start' | 'charge_end') =>
    printed[name] !== null && row[name] === null;
  if (printed.invoice_id === null) return 'missing_invoice_id';
  if (printed.period_start === null || printed.period_end === null) return 'missing_period';
  if (isBadDate('period_start') || isBadDate('period_end') || isBadDate('charge_start') || isBadDate('charge_end'))
    return 'bad_date';
  if ((row['period_end'] ?? '') < (row['period_start'] ?? '')) return 'bad_period';
  if (printed.charge_start !== null && printed.charge_end !== null && (row['charge_end'] ?? '') < (row['charge_start'] ?? ''))
    return 'bad_period';
  if (printed.quantity !== null && row['quantity'] === null) return 'bad_quantity';
  if (printed.amount !== null && row['amount'] === null) return 'bad_amount';
  const money = moneyOf(row['amount']);
  if (money.reject !== null) return money.reject;
  return row['currency'] === null ? 'missing_currency' : null;
}
