// How the movement of a month stands on a screen: night by night, and by feature what the last one changed.
import { minorDigits, moneyText } from './figures-text.js';
import type { MovedFeature, Movement, MovementStep } from './movement.js';
import type { Page } from './show-text.js';
import { type TableColumn, tableLines } from './table.js';

const STEPS: readonly TableColumn[] = [
  { title: 'as of', align: 'left' },
  { title: 'finality', align: 'left' },
  { title: 'amount', align: 'right' },
  { title: 'moved', align: 'right' },
  { title: 'restated', align: 'right' },
  { title: 'run', align: 'left', shrinks: true },
];

const FEATURES: readonly TableColumn[] = [
  { title: 'feature', align: 'left', shrinks: true },
  { title: 'finality', align: 'left' },
  { title: 'before', align: 'right' },
  { title: 'now', align: 'right' },
  { title: 'moved', align: 'right' },
  { title: 'restated', align: 'right' },
];

/** Two tables a currency. `restated`: of the movement, what lies on days that were counted before. */
export function movementLines(movements: readonly Movement[], page: Page): readonly string[] {
  return movements.flatMap((movement, at) => [...(at === 0 ? [] : ['']), ...linesOf(movement, page)]);
}

function linesOf({ month, currency, steps, features }: Movement, { width, paint }: Page): readonly string[] {
  const digits = minorDigits(currency);
  const [before, last] = [steps.at(-2), steps.at(-1)];
  const title = `${paint('bold', `Movement of ${month}`)}, ${currency}`;
  const lines = [
    title,
    ...tableLines(
      STEPS,
      steps.map((step) => stepCells(step, digits)),
      { width, paint },
    ),
  ];
  if (before === undefined || last === undefined) return [...lines, 'No run moved it since.'];
  const rows = features.map((feature) => featureCells(feature, digits));
  return [...lines, '', `From ${before.asOf} to ${last.asOf}, by feature`, ...tableLines(FEATURES, rows, { width, paint })];
}

function stepCells({ runId, asOf, finality, amount, movement, restated }: MovementStep, digits: number): readonly string[] {
  const moved = restated === null ? ['', ''] : [signed(movement, digits), signed(restated, digits)];
  return [asOf, finality ?? 'nothing', moneyText(amount, digits), ...moved, runId];
}

function featureCells(feature: MovedFeature, digits: number): readonly string[] {
  const { featureId, previousFinality, finality, previousAmount, amount, movement, restated } = feature;
  const [was, is] = [previousFinality ?? 'nothing', finality ?? 'nothing'];
  return [
    featureId,
    was === is ? is : `${was} → ${is}`,
    moneyText(previousAmount, digits),
    moneyText(amount, digits),
    signed(movement, digits),
    restated === null ? '' : signed(restated, digits),
  ];
}

function signed(amount: string, digits: number): string {
  const text = moneyText(amount, digits);
  return text.startsWith('-') ? text : `+${text}`;
}
