// The variance bridge as a waterfall: from what was rated, cause by cause, to what was billed.
import type { Bridge, BridgeMonth, CauseRow, CauseSum } from './bridge.js';
import { counted, minorDigits, moneyText } from './figures-text.js';
import type { Page } from './show-text.js';
import { fitsAcross, type TableColumn, tableLines } from './table.js';
import { fitted, printable, wrapped } from './width.js';

/** What finance calls them, and one sentence of what to do about it. */
const CAUSES: Readonly<Record<string, readonly [title: string, meaning: string]>> = {
  credit: ['credits', 'credits on the bill'],
  tax: ['tax', 'tax on the bill'],
  minimum_commitment: ['minimum commitment', 'what is missing to the minimum that was agreed'],
  correction: ['corrections', 'the bill corrects earlier charges'],
  capitalised: ['capitalised', 'bought for years: features bear the schedule of the register'],
  prepaid: ['prepaid', 'paid in advance, or used of what was paid in advance'],
  unused_commitment: ['unused commitment', 'paid for, and nobody used it'],
  non_token: ['not usage', 'charges that no usage explains, as the sku map says'],
  unmapped: ['unmapped', 'no sku map knows these words: add them to sku_map'],
  not_billed: ['not billed yet', 'rated, and no bill covers it'],
  unlogged: ['unlogged', 'billed, and no log has it: find the call-site'],
  over_logged: ['over-logged', 'logged, and not billed: look for records that count twice'],
  timing: ['timing', 'days that the bill and the log cut otherwise'],
  rating: ['rating', 'rated at other prices than that of the start of the day'],
  price_version: ['price version', 'billed at the price of another date'],
  discount: ['discount', 'billed at the price of another agreement'],
  tier: ['tier', 'billed at the price of another tier'],
  rounding: ['rounding', 'the provider rounds each line'],
  unquantified: ['unquantified', 'the bill states no quantity to compare'],
  unexplained: ['unexplained', 'no price of the books gives what was billed'],
};

export function titleOfCause(cause: string): string {
  return CAUSES[cause]?.[0] ?? cause;
}

const TITLE = 20;
const AMOUNT = 16;

/** `details`: the rows of each cause below the waterfall; at most `most` of them. */
export function bridgeLines({ month, bridges }: BridgeMonth, details: boolean, most: number, page: Page): readonly string[] {
  const told = bridges.filter(isOfInterest);
  if (told.length === 0) return [`${month}: nothing was billed, and nothing was rated`];
  return told.flatMap((bridge, at) => [
    ...(at === 0 ? [] : ['']),
    page.paint('bold', fitted(`${printable(bridge.provider)} ${month}, ${bridge.currency}`, page.width)),
    ...waterfall(bridge, page),
    wrapped(verdictOf(bridge), page.width, '    '),
    ...(details ? detailLines(bridge, most, page) : []),
  ]);
}

/** Usage that costs nothing, such as that of own models, has a bridge from zero to zero. */
function isOfInterest({ rated, billed, causes }: Bridge): boolean {
  return causes.length > 0 || [rated, billed].some((amount) => /[1-9]/.test(amount));
}

function waterfall({ rated, billed, causes, currency }: Bridge, page: Page): readonly string[] {
  const digits = minorDigits(currency);
  const amounts = [rated, billed, ...causes.map(({ amount }) => unsigned(amount))].map((amount) => moneyText(amount, digits));
  const room = Math.max(AMOUNT, ...amounts.map(({ length }) => length + 1));
  const line = (title: string, amount: string): string => `  ${title.padEnd(TITLE)}${moneyText(amount, digits).padStart(room)}`;
  const rule = `  ${'─'.repeat(TITLE + room)}`;
  return [
    line('rated', rated),
    ...causes.map((cause) => line(signed(cause), unsigned(cause.amount)) + barAndMeaning(cause, room, page)),
    page.paint('dim', rule),
    page.paint('bold', line('billed', billed)),
  ];
}

function signed({ cause, amount }: CauseSum): string {
  return `${amount.startsWith('-') ? '−' : '+'} ${titleOfCause(cause)}`;
}

/** The sign stands before the cause. */
function unsigned(amount: string): string {
  return amount.replace(/^-/, '');
}

const BAR = 24;
/** The meaning has this room at least, or there are no bars. */
const MEANING = 36;
/** A glimpse of the meaning is less than none. */
const GLIMPSE = 12;

function barAndMeaning({ cause, bar }: CauseSum, room: number, { width, paint }: Page): string {
  const left = width - 2 - TITLE - room - 2;
  const meaning = CAUSES[cause]?.[1] ?? '';
  if (left < BAR + 2 + MEANING) return left < GLIMPSE ? '' : `  ${fitted(meaning, left)}`.trimEnd();
  const space = ' '.repeat(Math.max(0, BAR - bar));
  return `  ${paint('dim', '▇'.repeat(bar))}${space}  ${fitted(meaning, left - BAR - 2)}`.trimEnd();
}

function verdictOf({ open, tolerance, finding, currency }: Bridge): string {
  const digits = minorDigits(currency);
  const amount = `${moneyText(open, digits)} ${currency} that nobody explains`;
  switch (finding) {
    case 'within':
      return `  ✔ ${amount}, within the tolerated ${moneyText(tolerance ?? '', digits)}`;
    case 'above':
      return `  ✖ ${amount}, more than the tolerated ${moneyText(tolerance ?? '', digits)}`;
    default:
      return `  ${amount}; the pipeline tolerates any amount (\`variance\` sets a limit)`;
  }
}

const DETAILS: readonly TableColumn[] = [
  { title: 'cause', align: 'left' },
  { title: 'sku', align: 'left', shrinks: true },
  { title: 'meter', align: 'left' },
  { title: 'amount', align: 'right' },
  { title: 'billed', align: 'right' },
  { title: 'logged', align: 'right' },
  { title: 'days', align: 'left' },
  { title: 'price of', align: 'left', shrinks: true, keep: 'end' },
  { title: 'first line', align: 'left', shrinks: true, keep: 'end' },
];
/** Where the last two have room; `--json` has them always. */
const PLACES_FROM = 140;
const PLACES = 2;

function detailLines({ rows, currency }: Bridge, most: number, page: Page): readonly string[] {
  if (rows.length === 0) return [];
  const shown = rows.slice(0, most);
  const cells = shown.map((row) => cellsOf(row, minorDigits(currency)));
  const room = page.width < PLACES_FROM ? DETAILS.length - PLACES : DETAILS.length;
  const kept = DETAILS.map((_, at) => at < room && cells.some((row) => row[at] !== ''));
  const told = <T>(row: readonly T[]): readonly T[] => row.filter((_, at) => kept[at] === true);
  const left = rows.length - shown.length;
  return [
    '',
    ...tableLines(columnsFor(told(DETAILS), cells.map(told), page.width - 2), cells.map(told), { ...page, indent: '  ' }),
    ...(left === 0 ? [] : [`  … and ${counted(left, 'row')} more (--lines ${rows.length} tells them)`]),
  ];
}

/** Places are cut before a sku is: it is the key of the row. */
function columnsFor(
  columns: readonly TableColumn[],
  rows: readonly (readonly string[])[],
  width: number,
): readonly TableColumn[] {
  const firm = columns.map((column) => (column.title === 'sku' ? { ...column, shrinks: false } : column));
  return fitsAcross(firm, rows, width) ? firm : columns;
}

function cellsOf(row: CauseRow, digits: number): readonly string[] {
  const { cause, sku, meter, amount, billedQuantity, loggedQuantity, pricePlace, firstDay, lastDay, firstLine } = row;
  const quantity = (text: string | null): string => (text === null ? '' : moneyText(text, 0));
  const days = firstDay === lastDay ? firstDay.slice(5) : `${firstDay.slice(5)}…${lastDay.slice(5)}`;
  return [
    titleOfCause(cause),
    sku,
    meter,
    moneyText(amount, digits),
    quantity(billedQuantity),
    quantity(loggedQuantity),
    days,
    pricePlace ?? '',
    firstLine ?? '',
  ];
}
