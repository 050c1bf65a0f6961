// Price books: CSV rows → PriceRow[]. A book is append-only, and a price of it fits the engines' unit price exactly.
import type { Problem } from '../kernel/failure.js';
import { isDay } from '../kernel/period.js';
import { Cells } from './csv-cells.js';
import { type CsvRow, readCsv } from './csv-table.js';
import type { PriceRow } from './pipeline.js';
import { problem, quoted, type Report, SourceText } from './text.js';
import { parseTier, type TierError } from './tier.js';

export const PRICE_COLUMNS = [
  'provider',
  'sku',
  'meter',
  'unit',
  'price',
  'currency',
  'tier',
  'valid_from',
  'source',
  'note',
] as const;

type Column = (typeof PRICE_COLUMNS)[number];
type Row = CsvRow<Column>;

const TIMESTAMP = /^(\d{4}-\d{2}-\d{2})(?:[T ]((?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d)Z?)?$/;

const UNITS: Readonly<Record<string, 0 | 3 | 6>> = { '1': 0, '1K': 3, '1M': 6 };

/** Keys seen so far in one layer, over all its files. */
export type PriceKeys = Map<string, { readonly row: PriceRow; readonly text: string }>;

export function readPrices(
  file: string,
  text: string,
  layer: PriceRow['layer'],
  seen: PriceKeys,
  report: Report,
): readonly PriceRow[] {
  return readCsv(file, text, PRICE_COLUMNS, report).flatMap((row) => {
    const price = priceOf(row, layer, report);
    return price === null || isRepeated(price, row, seen, report) ? [] : [price];
  });
}

function priceOf(row: Row, layer: PriceRow['layer'], report: Report): PriceRow | null {
  const cells = new Cells(row, report);
  const { price, note } = row.cells;
  const [provider, sku, meter, currency] = [
    cells.provider('provider'),
    cells.text('sku'),
    cells.meter('meter'),
    cells.currency('currency'),
  ];
  const unitExponent = UNITS[cells.oneOf('unit', Object.keys(UNITS))] ?? 0;
  const wrong = price === '' ? null : priceError(price, unitExponent);
  if (wrong !== null) cells.refuse('price', 'bad-price', wrong.message, wrong.remedy);
  const tier = parseTier(row.cells.tier);
  if ('message' in tier) cells.refuse('tier', 'bad-tier', tier.message, tier.remedy);
  const validFrom = timestampOf(cells);
  const source = cells.text('source');
  if (!cells.sound || 'message' in tier) return null;
  return {
    layer,
    provider,
    sku,
    meter,
    unitExponent,
    price: price === '' ? null : price,
    currency,
    ...tier,
    validFrom,
    source,
    note,
    place: row.place,
  };
}

/** The price of one unit must be exact in DECIMAL(20,14): no price is ever rounded. */
function priceError(price: string, unitExponent: number): TierError | null {
  if (!/^\d+(\.\d+)?$/.test(price)) {
    return {
      message: `${quoted(price)} is not a plain price`,
      remedy: 'write digits, such as 2.50; no sign, exponent or currency. Leave it empty to end the row before',
    };
  }
  const [whole = '', decimals = ''] = price.split('.');
  const scale = decimals.replace(/0+$/, '').length + unitExponent;
  const digits = whole.replace(/^0+/, '').length - unitExponent;
  if (scale > 14)
    return {
      message: `${quoted(price)} has more than ${14 - unitExponent} decimals, so one unit of it is finer than 10^-14`,
      remedy: 'round it on purpose, or price a smaller unit',
    };
  if (digits > 6) return { message: `${quoted(price)} makes one unit dearer than 999999`, remedy: 'check price and unit' };
  return null;
}

/** `YYYY-MM-DD HH:MM:SS` (UTC), which every engine casts alike. */
function timestampOf(cells: Cells<Column>): string {
  const written = cells.matching(
    'valid_from',
    TIMESTAMP,
    'is not a date or UTC time',
    'write 2026-07-01 or 2026-07-01T12:00:00Z',
  );
  const [, day = '', time = '00:00:00'] = TIMESTAMP.exec(written) ?? [];
  if (day !== '' && !isDay(day)) cells.refuse('valid_from', 'bad-value', `there is no day ${quoted(day)}`, 'correct the date');
  return `${day} ${time}`;
}

function isRepeated(price: PriceRow, row: Row, seen: PriceKeys, report: Report): boolean {
  const { layer, provider, sku, meter, serviceTier, region, promptOver, minuteFrom, minuteTo, validFrom } = price;
  const key = JSON.stringify([layer, provider, sku, meter, serviceTier, region, promptOver, minuteFrom, minuteTo, validFrom]);
  const text = JSON.stringify([price.unitExponent, price.price, price.currency]);
  const earlier = seen.get(key);
  if (earlier === undefined) {
    seen.set(key, { row: price, text });
    return false;
  }
  if (earlier.text !== text) {
    const { file, line } = earlier.row.place;
    const message = `another price for the same sku, meter, tier and time is in ${file}, line ${line ?? '?'}`;
    report(problem('duplicate-price', row.spot, message, 'give the new price a later valid_from; a book only grows'));
  }
  return true;
}

/** What an edit of a price book must not do: change or remove a row. New rows go to the end. */
export function checkAppendOnly(file: string, oldText: string, newText: string): readonly Problem[] {
  const linesOf = (text: string) => text.replace(/^\ufeff/, '').split(/\r?\n/);
  const before = linesOf(oldText.replace(/(\r?\n)*$/, ''));
  const after = linesOf(newText);
  const source = new SourceText(file, newText);
  const changed = before.findIndex((line, index) => after[index] !== line);
  if (changed < 0 || oldText.trim() === '') return [];
  const message = `this line was ${quoted(before[changed] ?? '')}; a price book only grows at its end`;
  return [
    problem(
      'not-append-only',
      source.line(Math.min(changed + 1, after.length)),
      message,
      'restore the line, and append a row with a later valid_from instead',
    ),
  ];
}
