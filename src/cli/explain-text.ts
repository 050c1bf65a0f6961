// An explained figure as a tree that a person adds up: amounts on the left, on their points; what each is, on the right.
import type { Explained, Figure } from '../explain/api.js';
import { figureText } from './explain-words.js';
import { counted, minorDigits, moneyText } from './figures-text.js';
import type { Page } from './show-text.js';
import { fitted, printable, wrapped } from './width.js';

/** `budget`: lines that the trees may take; what does not fit stays closed, and is told to be. */
export function explainLines(explained: Explained, budget: number, page: Page): readonly string[] {
  const { mart, month, runId, asOf, closed, trees } = explained;
  const from = closed ? 'closed, told from what it was closed with' : `run ${runId}, as of ${asOf}`;
  const opened = openedWithin(trees, budget);
  const lines = trees.flatMap((tree) => treeLines(tree, { ...explained, opened, page }));
  const left = closedFigures(trees, opened);
  return [
    page.paint('bold', fitted(printable(`${mart} of ${month} (${from})`), page.width)),
    ...lines,
    ...(left === 0
      ? []
      : [
          '',
          `${counted(left, 'figure')} ${left === 1 ? 'has' : 'have'} parts that are not shown (…): --all shows them, --where narrows the question`,
        ]),
  ];
}

interface Drawing extends Explained {
  readonly opened: ReadonlySet<Figure>;
  readonly page: Page;
}

interface Line {
  readonly figure: Figure;
  readonly stem: string;
  readonly amount: string;
}

function treeLines(tree: Figure, drawing: Drawing): readonly string[] {
  const { opened, page } = drawing;
  const currency = tree.facts['currency'] ?? '';
  const lines = drawn(tree, '', '', { opened, digits: currency === '' ? 0 : minorDigits(currency) });
  const before = Math.max(0, ...lines.map(({ amount }) => wholeOf(amount).length));
  const after = Math.max(0, ...lines.map(({ amount }) => amount.length - wholeOf(amount).length));
  const room = before + after;
  return lines.map(({ figure, stem, amount }) => {
    const number = `${wholeOf(amount).padStart(before)}${amount.slice(wholeOf(amount).length).padEnd(after)}`;
    const more = figure.parts.length > 0 && !opened.has(figure) ? ' …' : '';
    const words = printable(figureText(figure, drawing)) + more;
    const text = fitted(`${stem}${words}`, Math.max(GLIMPSE, page.width - (room === 0 ? 0 : room + GAP.length)));
    if (room === 0 && figure.kind === 'row' && figure.parts.length === 0) return wrapped(`${stem}${words}`, page.width, '    ');
    return (room === 0 ? text : `${painted(figure, number, page)}${GAP}${text}`).trimEnd();
  });
}

const GAP = '  ';
const GLIMPSE = 24;

/** What the figure above is a part of does not add up to it. */
function painted({ relation, kind }: Figure, number: string, { paint }: Page): string {
  if (relation === 'of') return paint('dim', number);
  return kind === 'total' || kind === 'row' ? paint('bold', number) : number;
}

function wholeOf(amount: string): string {
  return amount.replace(/\..*$/, '');
}

function drawn(
  figure: Figure,
  stem: string,
  below: string,
  how: { readonly opened: ReadonlySet<Figure>; readonly digits: number },
): readonly Line[] {
  const amount = figure.amount === null ? '' : moneyText(figure.amount, how.digits);
  const parts = how.opened.has(figure) ? figure.parts : [];
  const lower = parts.flatMap((part, at) => {
    const last = at === parts.length - 1;
    return drawn(part, `${below}${last ? '└ ' : '├ '}`, `${below}${last ? '  ' : '│ '}`, how);
  });
  return [{ figure, stem, amount }, ...lower];
}

/** First the way of the largest part down to its evidence, then level by level while there is room. */
function openedWithin(trees: readonly Figure[], budget: number): ReadonlySet<Figure> {
  const opened = new Set<Figure>();
  let left = budget - trees.length;
  const open = (figure: Figure, always: boolean): boolean => {
    if (figure.parts.length === 0 || opened.has(figure)) return true;
    if (figure.parts.length > left && !always) return false;
    left -= figure.parts.length;
    opened.add(figure);
    // Of what a share is a part says nothing without what lies in it.
    if (figure.kind === 'share') for (const part of figure.parts) open(part, true);
    return true;
  };
  for (const tree of trees.slice(0, 1)) openWay(tree, open);
  for (let level = trees; level.length > 0; level = level.flatMap((figure) => (opened.has(figure) ? figure.parts : []))) {
    for (const figure of level) if (!open(figure, false)) return opened;
  }
  return opened;
}

function openWay(figure: Figure, open: (figure: Figure, always: boolean) => boolean): void {
  open(figure, true);
  const [first] = figure.parts;
  if (first === undefined) return;
  // Of a share both are its way: the piece, and what weighed.
  const way = first.relation === 'sum' ? [first] : figure.parts;
  for (const part of way) openWay(part, open);
}

function closedFigures(figures: readonly Figure[], opened: ReadonlySet<Figure>): number {
  return figures.reduce(
    (sum, figure) => sum + (figure.parts.length === 0 ? 0 : opened.has(figure) ? closedFigures(figure.parts, opened) : 1),
    0,
  );
}
