// A CSV book as rows of text by column, each cell with its place.
import { CsvError, parse } from 'csv-parse/sync';
import type { Place } from '../kernel/failure.js';
import { suggest } from '../kernel/nearest.js';
import { problem, quoted, type Report, SourceText, type Spot } from './text.js';

export interface CsvRow<C extends string> {
  readonly cells: Readonly<Record<C, string>>;
  at(column: C): Spot;
  /** The whole row. */
  readonly spot: Spot;
  readonly place: Place;
}

type Indexes<C extends string> = readonly (readonly [column: C, index: number])[];

interface RawRecord {
  readonly record: readonly string[];
  readonly raw: string;
  readonly start: number;
}

/** Every row that has as many cells as the header; the others, and a header that is not `columns`, are reported. */
export function readCsv<C extends string>(
  name: string,
  text: string,
  columns: readonly C[],
  report: Report,
): readonly CsvRow<C>[] {
  const source = new SourceText(name, text);
  const [header, ...records] = parseRecords(source, report);
  if (header === undefined) {
    report(problem('empty', source.at(0), 'this file has no header', `begin it with ${columns.join(',')}`));
    return [];
  }
  if (!checkHeader(header, columns, source, report)) return [];
  const indexes = columns.map((column) => [column, header.record.indexOf(column)] as const);
  return records.flatMap((raw) => {
    if (raw.record.length === header.record.length) return [new Row(raw, indexes, source)];
    const message = `this row has ${raw.record.length} cells and the header ${header.record.length}`;
    report(
      problem('csv-cells', source.at(raw.start, raw.raw.length), message, 'add or remove commas; quote a cell that holds one'),
    );
    return [];
  });
}

/** Books have thousands of rows and few problems: where a cell is, is looked up when it is told. */
class Row<C extends string> implements CsvRow<C> {
  readonly cells: Readonly<Record<C, string>>;
  readonly #raw: RawRecord;
  readonly #indexes: Indexes<C>;
  readonly #source: SourceText;

  constructor(raw: RawRecord, indexes: Indexes<C>, source: SourceText) {
    this.#raw = raw;
    this.#indexes = indexes;
    this.#source = source;
    const cells: Partial<Record<C, string>> = {};
    for (const [column, index] of indexes) cells[column] = (raw.record[index] ?? '').trim();
    this.cells = cells as Record<C, string>;
  }

  at(column: C): Spot {
    const index = this.#indexes.find(([name]) => name === column)?.[1] ?? 0;
    const [offset, length] = cellRange(this.#raw.raw, index);
    return this.#source.at(this.#raw.start + offset, Math.max(1, length));
  }

  get spot(): Spot {
    return this.#source.at(this.#raw.start, this.#raw.raw.length);
  }

  get place(): Place {
    return this.#source.place(this.#raw.start);
  }
}

function checkHeader(header: RawRecord, columns: readonly string[], source: SourceText, report: Report): boolean {
  const found = header.record;
  const spotOf = (index: number) => {
    const [offset, length] = cellRange(header.raw, index);
    return source.at(header.start + offset, Math.max(1, length));
  };
  const unknown = found
    .map((name, index) => ({ name, index }))
    .filter(({ name, index }) => !columns.includes(name) || found.indexOf(name) !== index);
  for (const { name, index } of unknown) {
    const twice = columns.includes(name);
    const remedy = twice
      ? 'keep one of the two'
      : suggest(
          name,
          columns.filter((column) => !found.includes(column)),
          'remove it',
        );
    report(
      problem(
        'csv-header',
        spotOf(index),
        `${twice ? 'column' : 'unknown column'} ${quoted(name)}${twice ? ' is here twice' : ''}`,
        remedy,
      ),
    );
  }
  const missing = columns.filter((column) => !found.includes(column));
  if (missing.length > 0) {
    const message = `the header lacks ${missing.map((column) => quoted(column)).join(', ')}`;
    report(problem('csv-header', source.at(0, header.raw.length), message, `write ${columns.join(',')}`));
  }
  return unknown.length === 0 && missing.length === 0;
}

// Each line end by itself: a book that several tools wrote may have all of them.
const OPTIONS = { raw: true, record_delimiter: ['\r\n', '\n', '\r'], relax_column_count: true, skip_empty_lines: true };

/** The records up to the first that is not CSV, which is reported. */
function parseRecords(source: SourceText, report: Report): readonly RawRecord[] {
  const read = (to: number) => locate(parse(source.text, { ...OPTIONS, to }) as unknown as readonly Parsed[], source.text);
  try {
    return read(-1);
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const good = typeof error['records'] === 'number' ? error['records'] : 0;
    const records = good === 0 ? [] : read(good);
    const last = records.at(-1);
    const after = last === undefined ? 0 : last.start + last.raw.length;
    const start = after + (/^[\r\n]+/.exec(source.text.slice(after))?.[0].length ?? 0);
    const message =
      error.code === 'CSV_QUOTE_NOT_CLOSED'
        ? 'a quote is opened in this row and never closed'
        : 'a quote is inside of a cell of this row';
    report(
      problem(
        'csv-syntax',
        source.at(start),
        message,
        'put quotes around the whole cell, and double a quote within; rows from here on were not checked',
      ),
    );
    return records;
  }
}

interface Parsed {
  readonly record: readonly string[];
  readonly raw: string;
}

function locate(parsed: readonly Parsed[], text: string): readonly RawRecord[] {
  let from = 0;
  return parsed.map(({ record, raw }) => {
    // csv-parse keeps a stray line end at either side of the raw text of a record.
    const trimmed = raw.replace(/^[\r\n]+|[\r\n]+$/g, '');
    const start = text.indexOf(trimmed, from);
    from = start + trimmed.length;
    return { record, raw: trimmed, start };
  });
}

/** Offset and length of the cell `index` in the text of its record, quotes included. */
function cellRange(raw: string, index: number): readonly [number, number] {
  let start = 0;
  let cell = 0;
  let quotedCell = false;
  for (let at = 0; at <= raw.length; at++) {
    const character = raw[at];
    if (character === '"') quotedCell = !quotedCell;
    if (at < raw.length && (character !== ',' || quotedCell)) continue;
    if (cell === index) return [start, at - start];
    [start, cell] = [at + 1, cell + 1];
  }
  return [0, raw.length];
}
