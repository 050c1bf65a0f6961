// Aligned tables for a terminal or a text file. Numbers stand right, on their decimal point where all have the same digits.
import type { Paint } from './io.js';
import { displayWidth, fitted, printable } from './width.js';

export interface TableColumn {
  readonly title: string;
  readonly align: 'left' | 'right';
  /** May be cut to make the table fit; numbers never are. */
  readonly shrinks?: boolean;
  /** Which side of a cut text stays: the end of a place such as `prices.csv:12` says the most. */
  readonly keep?: 'start' | 'end';
}

export interface TableOptions {
  /** Columns of the terminal. */
  readonly width: number;
  readonly paint: Paint;
  /** Rows that close the table, under a rule. */
  readonly footer?: readonly (readonly string[])[];
  readonly indent?: string;
}

const GAP = '  ';
const LEAST = 6;
const GLIMPSE = 12;

/** Lines without a line end. Empty cells stay empty; a cell's controls are spelled out. */
export function tableLines(
  columns: readonly TableColumn[],
  rows: readonly (readonly string[])[],
  options: TableOptions,
): readonly string[] {
  const safe = (lines: readonly (readonly string[])[]) => lines.map((cells) => cells.map(printable));
  const [body, footer] = [safe(rows), safe(options.footer ?? [])];
  const indent = options.indent ?? '';
  const widths = fittedWidths(columns, [...body, ...footer], options.width - indent.length);
  const line = (cells: readonly string[]): string =>
    `${indent}${columns.map((column, at) => aligned(cells[at] ?? '', widths[at] ?? 0, column)).join(GAP)}`.trimEnd();
  const rule = indent + widths.map((width) => '─'.repeat(width)).join(GAP);
  return [
    options.paint('bold', line(columns.map((column) => column.title))),
    options.paint('dim', rule),
    ...body.map(line),
    ...(footer.length === 0 ? [] : [options.paint('dim', rule), ...footer.map((cells) => options.paint('bold', line(cells)))]),
  ];
}

/** True where the columns fit side by side with at least a glimpse of each text. */
export function fitsAcross(columns: readonly TableColumn[], rows: readonly (readonly string[])[], width: number): boolean {
  const least = columns.map((column, at) => {
    const natural = rows.reduce(
      (widest, row) => Math.max(widest, displayWidth(printable(row[at] ?? ''))),
      displayWidth(column.title),
    );
    return column.shrinks === true ? Math.min(natural, GLIMPSE) : natural;
  });
  return least.reduce((sum, each) => sum + each, GAP.length * (least.length - 1)) <= width;
}

/** One row below the other, a line a column: for tables that are wider than the terminal. */
export function recordLines(
  columns: readonly TableColumn[],
  rows: readonly (readonly string[])[],
  { width, paint }: Pick<TableOptions, 'width' | 'paint'>,
): readonly string[] {
  const names = columns.reduce((widest, column) => Math.max(widest, displayWidth(column.title)), 0);
  return rows.flatMap((row, number) => [
    paint('dim', fitted(`── row ${number + 1} ${'─'.repeat(names)}`, width)),
    ...columns.map((column, at) =>
      fitted(`${aligned(column.title, names, { align: 'left' })}  ${printable(row[at] ?? '')}`, width).trimEnd(),
    ),
  ]);
}

/** Natural widths; where the table is too wide, the widest column that may shrink gives first. */
function fittedWidths(columns: readonly TableColumn[], rows: readonly (readonly string[])[], width: number): readonly number[] {
  const widths = columns.map((column, at) =>
    rows.reduce((widest, row) => Math.max(widest, displayWidth(row[at] ?? '')), displayWidth(column.title)),
  );
  const total = (): number => widths.reduce((sum, each) => sum + each, GAP.length * (widths.length - 1));
  while (total() > width) {
    const widest = widths.reduce(
      (best, each, at) => (columns[at]?.shrinks === true && each > (best < 0 ? LEAST : (widths[best] ?? 0)) ? at : best),
      -1,
    );
    if (widest < 0) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return widths;
}

function aligned(text: string, width: number, { align, keep }: Pick<TableColumn, 'align' | 'keep'>): string {
  const cut = fitted(text, width, keep);
  const space = ' '.repeat(Math.max(0, width - displayWidth(cut)));
  return align === 'right' ? space + cut : cut + space;
}
