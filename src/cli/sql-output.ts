// The answer of a query as a table, CSV or JSON. Figures are the engine's text, digit for digit.
import type { Cell, Column } from '../warehouse/warehouse.js';
import { countText } from './figures-text.js';
import type { Output, Paint } from './io.js';
import type { RowSink } from './sql-query.js';
import { fitsAcross, recordLines, tableLines } from './table.js';

export const FORMATS = ['table', 'csv', 'json'] as const;
export type Format = (typeof FORMATS)[number];

export interface Writer extends RowSink {
  readonly end: () => void;
}

export function writerOf(format: Format, output: Output, paint: Paint): Writer {
  switch (format) {
    case 'table':
      return tableWriter(output, paint);
    case 'csv':
      return csvWriter(output);
    case 'json':
      return jsonWriter(output);
    default:
      return format satisfies never;
  }
}

const NUMBER = /^(DECIMAL|BIGINT|INTEGER|SMALLINT|TINYINT|HUGEINT|U[A-Z]*INT[A-Z]*|DOUBLE|FLOAT)/;

function tableWriter(output: Output, paint: Paint): Writer {
  let columns: readonly Column[] = [];
  const rows: (readonly string[])[] = [];
  return {
    columns: (told) => {
      columns = told;
    },
    rows: (batch) => {
      for (const row of batch) rows.push(row.map((cell) => cell ?? ''));
    },
    end: () => {
      const shaped = columns.map(({ name, type }) => {
        const isNumber = NUMBER.test(type) && !type.endsWith(']');
        return { title: name, align: isNumber ? ('right' as const) : ('left' as const), shrinks: !isNumber };
      });
      const width = output.isTTY ? output.columns() : Number.POSITIVE_INFINITY;
      const layout = fitsAcross(shaped, rows, width) ? tableLines : recordLines;
      output.write(`${layout(shaped, rows, { width, paint }).join('\n')}\n`);
      output.write(paint('dim', `${countText(rows.length)} row${rows.length === 1 ? '' : 's'}`).concat('\n'));
    },
  };
}

/** RFC 4180; text that a spreadsheet would run as a formula gets an apostrophe in front, as in the published files. */
function csvWriter(output: Output): Writer {
  let columns: readonly Column[] = [];
  return {
    columns: (told) => {
      columns = told;
      output.write(`${told.map(({ name }) => csvCell(name)).join(',')}\r\n`);
    },
    rows: (batch) => {
      const line = (row: readonly Cell[]): string => row.map((cell, at) => csvValue(cell, columns[at]?.type ?? '')).join(',');
      output.write(batch.map((row) => `${line(row)}\r\n`).join(''));
    },
    end: () => undefined,
  };
}

function csvValue(cell: Cell, type: string): string {
  if (cell === null) return '';
  if (cell === '') return '""';
  return csvCell(!NUMBER.test(type) && /^[=+@\t\r\n-]/.test(cell) ? `'${cell}` : cell);
}

function csvCell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** An array of objects. Decimals and 64-bit integers are strings: a JSON number would lose digits in most readers. */
function jsonWriter(output: Output): Writer {
  let columns: readonly Column[] = [];
  let isFirst = true;
  return {
    columns: (told) => {
      columns = told;
      output.write('[');
    },
    rows: (batch) => {
      const texts = batch.map((row) =>
        JSON.stringify(Object.fromEntries(columns.map(({ name, type }, at) => [name, jsonValue(row[at] ?? null, type)]))),
      );
      output.write(`${isFirst ? '\n' : ',\n'}${texts.join(',\n')}`);
      isFirst = false;
    },
    end: () => output.write(isFirst ? ']\n' : '\n]\n'),
  };
}

function jsonValue(cell: Cell, type: string): unknown {
  if (cell === null) return null;
  if (type === 'BOOLEAN') return cell === 'true';
  return /^U?(INTEGER|SMALLINT|TINYINT)$/.test(type) ? Number(cell) : cell;
}
