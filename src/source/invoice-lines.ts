// The lines of an invoice CSV below its header, each with its line number and its cells by header.
import { type CsvError, parse } from 'csv-parse/sync';
import { nearest } from '../kernel/nearest.js';
import type { InvoiceCsvFormat } from '../pipeline/pipeline.js';
import { unusable } from './landed-text.js';
import type { LandedFile } from './source.js';

export interface CsvLine {
  readonly line: number;
  /** By header; null where the line is no CSV. */
  readonly cells: ReadonlyMap<string, string> | null;
}

interface RawLine {
  readonly line: number;
  readonly record: readonly string[] | null;
}

const REQUIRED = ['invoice_id', 'period_start', 'period_end', 'item', 'amount'] as const;

export function readCsvLines(text: string, file: LandedFile, csv: InvoiceCsvFormat): readonly CsvLine[] {
  const lines = parseLines(text, file, csv);
  const wanted = [...new Set([...REQUIRED.map((name) => csv.columns[name]), ...(csv.total === null ? [] : [csv.total.column])])];
  const at = lines.findIndex(({ record }) => wanted.every((header) => record?.some((cell) => cell.trim() === header)));
  const header = lines[at]?.record?.map((cell) => cell.trim());
  if (header === undefined) throw noHeader(wanted, lines, file);
  const mapped = new Set(Object.values(csv.columns) as (string | undefined)[]);
  const twice = header.find((name, index) => mapped.has(name) && header.indexOf(name) !== index);
  if (twice !== undefined)
    throw unusable('user', file, `has two columns \`${twice}\``, 'rename one of them, or map another column', lines[at]?.line);
  return lines.slice(at + 1).map(({ line, record }) => ({ line, cells: cellsOf(record, header) }));
}

/** Cells beyond the header must be empty; cells that lack at the end are empty. */
function cellsOf(record: readonly string[] | null, header: readonly string[]): ReadonlyMap<string, string> | null {
  if (record === null || record.slice(header.length).some((cell) => cell.trim() !== '')) return null;
  return new Map(header.map((name, index) => [name, (record[index] ?? '').trim()] as const).reverse());
}

function parseLines(text: string, file: LandedFile, csv: InvoiceCsvFormat): readonly RawLine[] {
  const lines: RawLine[] = [];
  const onSkip = (error: CsvError | undefined) => {
    if (error?.code === 'CSV_QUOTE_NOT_CLOSED') {
      throw unusable(
        'unavailable',
        file,
        'ends inside a quoted cell: it is cut, or a quote was never closed',
        'deliver the whole file again',
      );
    }
    const line = typeof error?.['lines'] === 'number' ? error['lines'] : 0;
    const last = lines.at(-1);
    // What is left of a line after its first slip may be told as another one.
    if (last?.line !== line || last.record !== null) lines.push({ line, record: null });
    return undefined;
  };
  parse(text, {
    bom: true,
    delimiter: csv.delimiter,
    info: true,
    // Each by itself: a file that is put together from several may have all of them.
    record_delimiter: ['\r\n', '\n', '\r'],
    relax_column_count: true,
    skip_empty_lines: true,
    skip_records_with_error: true,
    on_skip: onSkip,
    on_record: ({ record, info }: { readonly record: string[]; readonly info: { readonly lines: number } }) => {
      lines.push({ line: info.lines - newlinesIn(record), record });
      return null;
    },
  } as never);
  return lines;
}

/** The parser counts where a record ends; people look where it begins. */
function newlinesIn(record: readonly string[]): number {
  return record.reduce((count, cell) => count + (cell.match(/\r\n|\n|\r/g)?.length ?? 0), 0);
}

function noHeader(wanted: readonly string[], lines: readonly RawLine[], file: LandedFile): Error {
  const cells = new Set(lines.slice(0, 50).flatMap(({ record }) => record?.map((cell) => cell.trim()) ?? []));
  const missing = wanted.filter((header) => !cells.has(header));
  const near = missing.flatMap((header) => nearest(header, cells) ?? []);
  const what =
    missing.length > 0
      ? `lacks the columns ${missing.map((name) => `\`${name}\``).join(', ')}`
      : 'has no line with all mapped columns';
  const remedy =
    near.length > 0
      ? `did you mean ${near.map((name) => `\`${name}\``).join(', ')}?`
      : 'correct `csv.columns` or `csv.delimiter`';
  return unusable('user', file, what, remedy);
}
