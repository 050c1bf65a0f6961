// The variance bridge as a waterfall: from what was rated, cause by cause, to what was billed.
import type { Bridge, BridgeMonth, CauseRow, CauseSum } from './bridge.js';
import { counted, minorDigits, moneyText } from './figures-text.js';
import type { Page } from './show-text.js';
import { type TableColumn, tableLines } from './table.js';
import { fitted } from './width.js';

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

const TITLE = 20;
const AMOUNT = 16;

/** `details`: the rows of each cause below the waterfall; at most `most` of them. */
export function bridgeLines({ month, bridges }: BridgeMonth, details: boolean, most: number, page: Page): readonly string[] {
  return bridges.flatMap((bridge, at) => [
    ...(at === 0 ? [] : ['']),
    page.paint('bold', `${bridge.provider} ${month}, ${bridge.currency}`),
    ...waterfall(bridge, page),
    verdictOf(bridge),
    ...(details ? detailLines(bridge, most, page) : []),
  ]);
}

function waterfall({ rated, billed, causes, currency }: Bridge, page: Page): readonly string[] {
  const digits = minorDigits(currency);
  const line = (title: string, amount: string, rest: string): string =>
    fitted(`  ${title.padEnd(TITLE)}${moneyText(amount, digits).padStart(AMOUNT)}  ${rest}`.trimEnd(), page.width);
  const rule = `  ${'─'.repeat(TITLE + AMOUNT)}`;
  return [
    line('rated', rated, ''),
    ...causes.map((cause) => line(signed(cause), cause.amount, barAndMeaning(cause, page))),
    page.paint('dim', rule),
    page.paint('bold', line('billed', billed, '')),
  ];
}

function signed({ cause, amount }: CauseSum): string {
  return `${amount.startsWith('-') ? '−' : '+'} ${CAUSES[cause]?.[0] ?? cause}`;
}

const BAR = 24;
/** Below this there is no room for bars. */
const WIDE = 2 + TITLE + AMOUNT + 2 + BAR + 2 + 20;

function barAndMeaning({ cause, bar }: CauseSum, { width, paint }: Page): string {
  const meaning = CAUSES[cause]?.[1] ?? '';
  return width < WIDE ? meaning : `${paint('dim', '▇'.repeat(bar))}${' '.repeat(Math.max(0, BAR - bar))}  ${meaning}`;
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
  { title: 'price of', align: 'left', shrinks: true, keep: 'end' },
  { title: 'days', align: 'left' },
  { title: 'first line', align: 'left', shrinks: true, keep: 'end' },
];

function detailLines({ rows, currency }: Bridge, most: number, page: Page): readonly string[] {
  if (rows.length === 0) return [];
  const shown = rows.slice(0, most);
  const cells = shown.map((row) => cellsOf(row, minorDigits(currency)));
  const kept = DETAILS.map((_, at) => cells.some((row) => row[at] !== ''));
  const told = <T>(row: readonly T[]): readonly T[] => row.filter((_, at) => kept[at] === true);
  const left = rows.length - shown.length;
  return [
    '',
    ...tableLines(told(DETAILS), cells.map(told), { ...page, indent: '  ' }),
    ...(left === 0 ? [] : [`  … and ${counted(left, 'row')} more (--lines ${rows.length} tells them)`]),
  ];
}

function cellsOf(row: CauseRow, digits: number): readonly string[] {
  const { cause, sku, meter, amount, billedQuantity, loggedQuantity, pricePlace, firstDay, lastDay, firstLine } = row;
  const quantity = (text: string | null): string => (text === null ? '' : moneyText(text, 0));
  const days = firstDay === lastDay ? firstDay.slice(5) : `${firstDay.slice(5)}…${lastDay.slice(5)}`;
  return [
    CAUSES[cause]?.[0] ?? cause,
    sku,
    meter,
    moneyText(amount, digits),
    quantity(billedQuantity),
    quantity(loggedQuantity),
    pricePlace ?? '',
    days,
    firstLine ?? '',
  ];
}
