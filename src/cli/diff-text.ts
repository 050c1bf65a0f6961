// Two deliveries of a bill for people: what they are, the lines that differ, and the month before and after.
import type { Delivery, DeliveryDiff, LineChange } from '../run/api.js';
import { counted, minorDigits, moneyText } from './figures-text.js';
import type { Page } from './show-text.js';
import { type TableColumn, tableLines } from './table.js';

const COLUMNS: readonly TableColumn[] = [
  { title: '', align: 'left' },
  { title: 'days', align: 'left' },
  { title: 'line', align: 'left', shrinks: true },
  { title: 'account', align: 'left', shrinks: true },
  { title: 'before', align: 'right' },
  { title: 'after', align: 'right' },
  { title: 'difference', align: 'right' },
  { title: '', align: 'left' },
];

const SIGN: Readonly<Record<LineChange['change'], string>> = { added: '+', removed: '-', changed: '~' };

export function diffLines(diff: DeliveryDiff, most: number, page: Page): readonly string[] {
  const { sourceId, month, before, after, lines, unchanged } = diff;
  const head = [
    `${sourceId}, ${month}`,
    `  before  ${before === null ? 'nothing: this is the first delivery' : deliveryText(before)}`,
    `  after   ${deliveryText(after)}`,
    '',
  ];
  if (lines.length === 0) return [...head, `Both tell the same of ${month}: ${counted(unchanged, 'line')}.`];
  const shown = lines.slice(0, most);
  const table = tableLines(COLUMNS, shown.map(rowOf), { ...page, footer: footerOf(diff) });
  const left = lines.length - shown.length;
  const rest = left === 0 ? [] : [`… and ${counted(left, 'line')} more (--lines ${lines.length} tells them)`];
  const same = `${counted(unchanged, 'other line')} ${unchanged === 1 ? 'is' : 'are'} as before.`;
  return [...head, ...table, ...rest, '', same];
}

function deliveryText({ run, at, files }: Delivery): string {
  const what = counted(files, 'file');
  if (run === null) return `${what} that landed, and no run was published since`;
  return `${what} of run ${run}, begun ${(at ?? '').slice(0, 16).replace('T', ' ')} UTC`;
}

function rowOf(line: LineChange): readonly string[] {
  const { change, what, account, before, after, difference, currency, rejected } = line;
  const digits = currency === null ? 0 : minorDigits(currency);
  const money = (amount: string | null): string => (amount === null ? '' : moneyText(amount, digits));
  const shown =
    rejected === null
      ? `${what}${besidesOf(line)}`
      : `${what === '' ? (after.place ?? before.place ?? '') : what}: refused, ${rejected}`;
  return [
    SIGN[change],
    daysOf(line),
    shown,
    account,
    money(before.amount),
    money(after.amount),
    money(difference),
    currency ?? '',
  ];
}

/** What changed where the amount did not: else such a row would say nothing. */
function besidesOf({ change, before, after }: LineChange): string {
  if (change !== 'changed' || before.amount !== after.amount) return '';
  const parts = (['quantity', 'billed', 'lines'] as const)
    .filter((name) => before[name] !== after[name])
    .map((name) => `${name} ${before[name] ?? 'none'} → ${after[name] ?? 'none'}`);
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}

/** The first day and, where it is another one, the last. */
function daysOf({ chargeStart, chargeEnd }: LineChange): string {
  if (chargeStart === null) return '';
  const first = chargeStart.slice(0, 10);
  const last = chargeEnd === null ? first : new Date(Date.parse(chargeEnd) - 1).toISOString().slice(0, 10);
  return last <= first ? first : `${first} … ${last.slice(0, 7) === first.slice(0, 7) ? last.slice(8) : last}`;
}

function footerOf({ totals, month }: DeliveryDiff): readonly (readonly string[])[] {
  return totals.map(({ currency, before, after, difference }) => {
    const money = (amount: string): string => moneyText(amount, minorDigits(currency));
    return ['', '', `all of ${month}`, '', money(before), money(after), money(difference), currency];
  });
}
