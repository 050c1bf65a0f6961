// How the statement by owner stands on a screen.
import { minorDigits, moneyText } from './figures-text.js';
import type { OwnedCost, OwnerMonth, OwnerStatement } from './owners.js';
import type { Page } from './show-text.js';
import { type TableColumn, tableLines } from './table.js';

const OWNERS: readonly TableColumn[] = [
  { title: 'owner', align: 'left', shrinks: true },
  { title: 'answers for', align: 'right' },
  { title: 'share', align: 'right' },
  { title: 'feature', align: 'left', shrinks: true },
  { title: 'amount', align: 'right' },
];

/** A table for each role and currency. Where one owner is asked for, the month's total would not be the sum of the rows. */
export function ownerLines({ month, statements }: OwnerMonth, isOfOne: boolean, page: Page): readonly string[] {
  return statements.flatMap((statement, at) => [...(at === 0 ? [] : ['']), ...statementLines(month, statement, isOfOne, page)]);
}

function statementLines(month: string, statement: OwnerStatement, isOfOne: boolean, { width, paint }: Page): readonly string[] {
  const { role, currency, total, owners } = statement;
  const digits = minorDigits(currency);
  const footer = isOfOne ? [] : [['total', moneyText(total, digits), '', '', moneyText(total, digits)]];
  return [
    `${paint('bold', `Statement of ${month} by ${role} owner`)}, ${currency}`,
    ...tableLines(
      OWNERS,
      owners.flatMap((owner) => ownerCells(owner, digits)),
      { width, paint, footer },
    ),
  ];
}

/** The owner once, beside the first of the features. */
function ownerCells({ owner, amount, share, features }: OwnedCost, digits: number): readonly (readonly string[])[] {
  return features.map((feature, at) => [
    ...(at === 0 ? [owner, moneyText(amount, digits), share === '' ? '' : `${share} %`] : ['', '', '']),
    feature.featureId,
    moneyText(feature.amount, digits),
  ]);
}
