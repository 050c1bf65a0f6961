// Checks the cells of one row of a CSV book, each at its own place.
import { isMeter, METERS } from '../kernel/meters.js';
import { isMonth } from '../kernel/period.js';
import type { CsvRow } from './csv-table.js';
import { CURRENCY, PROVIDER } from './fields.js';
import { suggest } from '../kernel/nearest.js';
import { problem, quoted, type Report } from './text.js';

/** Reads the cells of one row; a cell that is not what it must be makes the row unsound and is reported. */
export class Cells<C extends string> {
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

  meter(column: C): string {
    const value = this.#row.cells[column];
    if (!isMeter(value)) this.refuse(column, 'unknown-meter', `unknown meter ${quoted(value)}`, suggest(value, METERS));
    return value;
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

  /** A rate of exchange, as an engine holds it: at most 8 digits before the point. */
  rate(column: C): string {
    return this.matching(
      column,
      /^(?=.*[1-9])\d{1,8}(\.\d{1,12})?$/,
      'is not a positive decimal',
      'write digits with a point, such as 1.1701: at most 8 before it and 12 behind it, no comma and no exponent',
    );
  }

  refuse(column: C, code: string, message: string, remedy: string): void {
    this.sound = false;
    this.#report(problem(code, this.#row.at(column), message, remedy));
  }
}
