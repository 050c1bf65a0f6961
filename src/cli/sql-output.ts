// The answer of a query as text: a table, CSV, JSON, a JSON object a line. Figures are the engine's text, digit for digit.
import type { Cell, Column } from '../warehouse/warehouse.js';
import { counted } from './figures-text.js';
import type { Paint } from './io.js';
import type { Destination } from './sql-destination.js';
import type { RowSink } from './sql-query.js';
import { fitsAcross, recordLines, tableLines } from './table.js';
import { fitted, printable } from './width.js';

type Cells = readonly Cell[];

export interface AnswerWriter extends RowSink {
  readonly end: () => Promise<void>;
}

/** Null where nobody looks. */
export type Terminal = { readonly columns: number } | null;

const NUMBER = /^(DECIMAL|BIGINT|INTEGER|SMALLINT|TINYINT|HUGEINT|BIGNUM|U[A-Z]*INT[A-Z]*|DOUBLE|FLOAT)/;
/** A cell of a table that is longer is cut: every row is padded to the longest. */
const TABLE_CELL = 500;

export function isNumber(type: string): boolean {
  return NUMBER.test(type) && !type.endsWith(']');
}

export function tableWriter({ write }: Destination, terminal: Terminal, paint: Paint): AnswerWriter {
  let columns: readonly Column[] = [];
  const rows: (readonly string[])[] = [];
  return {
    columns: async (told) => {
      columns = told;
    },
    rows: async (batch) => {
      for (const row of batch) rows.push(row.map((cell) => clipped(cell ?? '')));
    },
    end: async () => {
      const shaped = columns.map(({ name, type }) => ({
        title: clipped(printable(name)),
        align: isNumber(type) ? ('right' as const) : ('left' as const),
        shrinks: !isNumber(type),
      }));
      const width = terminal?.columns ?? Number.POSITIVE_INFINITY;
      const layout = fitsAcross(shaped, rows, width) ? tableLines : recordLines;
      for (const line of layout(shaped, rows, { width, paint })) await write(`${line}\n`);
      await write(`${paint('dim', counted(rows.length, 'row'))}\n`);
    },
  };
}

function clipped(text: string): string {
  return text.length <= TABLE_CELL ? text : fitted(text.slice(0, TABLE_CELL * 2), TABLE_CELL);
}

/** RFC 4180; text that a spreadsheet would run as a formula gets an apostrophe in front, as in the published files. */
export function csvWriter({ write }: Destination, terminal: Terminal): AnswerWriter {
  let columns: readonly Column[] = [];
  const shown = terminal === null ? (text: string): string => text : printable;
  const line = (cells: readonly string[]): string => `${cells.join(',')}\r\n`;
  return {
    columns: async (told) => {
      columns = told;
      await write(line(told.map(({ name }) => csvValue(shown(name), 'VARCHAR'))));
    },
    rows: async (batch) => {
      const lines = batch.map((row) =>
        line(row.map((cell, at) => csvValue(cell === null ? null : shown(cell), columns[at]?.type ?? ''))),
      );
      await write(lines.join(''));
    },
    end: async () => undefined,
  };
}

function csvValue(cell: Cell, type: string): string {
  if (cell === null) return '';
  if (cell === '') return '""';
  return csvCell(!isNumber(type) && /^[=+@\t\r\n-]/.test(cell) ? `'${cell}` : cell);
}

function csvCell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** An array of objects. Decimals and 64-bit integers are strings: a JSON number would lose digits in most readers. */
export function jsonWriter({ write }: Destination): AnswerWriter {
  let columns: readonly Column[] = [];
  let isFirst = true;
  return {
    columns: async (told) => {
      columns = told;
      await write('[');
    },
    rows: async (batch) => {
      if (batch.length === 0) return;
      await write(`${isFirst ? '\n' : ',\n'}${batch.map((row) => objectText(columns, row)).join(',\n')}`);
      isFirst = false;
    },
    end: async () => write(isFirst ? ']\n' : '\n]\n'),
  };
}

/** The same objects, one a line. */
export function ndjsonWriter({ write }: Destination): AnswerWriter {
  let columns: readonly Column[] = [];
  return {
    columns: async (told) => {
      columns = told;
    },
    rows: async (batch) => write(batch.map((row) => `${objectText(columns, row)}\n`).join('')),
    end: async () => undefined,
  };
}

/** Put together by hand: an object would reorder names such as `1`. */
function objectText(columns: readonly Column[], row: Cells): string {
  const members = columns.map(({ name, type }, at) => `${JSON.stringify(name)}:${valueText(row[at] ?? null, type)}`);
  return `{${members.join(',')}}`.replace(UNSEEN, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Controls that JSON lets stand, and marks that turn the direction of text. */
const UNSEEN = /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;
const NESTED = /\]$|^(STRUCT|MAP|UNION)\(|^INTERVAL$/;

function valueText(cell: Cell, type: string): string {
  if (cell === null) return 'null';
  if (type === 'BOOLEAN' || /^U?(INTEGER|SMALLINT|TINYINT)$/.test(type)) return cell;
  if (/^(DOUBLE|FLOAT)$/.test(type) && Number.isFinite(Number(cell))) return cell;
  // Lists and structures come as JSON, with their decimals as strings.
  return NESTED.test(type) ? cell : JSON.stringify(cell);
}
