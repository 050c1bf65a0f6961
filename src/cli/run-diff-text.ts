// Two runs for people: what is not the same in them, and month by month what each feature moved by, and what moved it.
import type { Cause, Chain, Change, ComparedRun, FigureMove, Ingredient, RunDiff } from '../run/diff-runs-api.js';
import { counted, listed, minorDigits, moneyText, monthsText } from './figures-text.js';
import type { Page } from './show-text.js';
import { type TableColumn, tableLines } from './table.js';
import { displayWidth, fitted, printable } from './width.js';

const COLUMNS: readonly TableColumn[] = [
  { title: 'feature', align: 'left', shrinks: true },
  { title: 'before', align: 'right' },
  { title: 'after', align: 'right' },
  { title: 'moved', align: 'right' },
];

/** Unless it is said how many. */
const FEATURES = 40;
const CHANGES = 8;
/** Of what is told of a cause. */
const INDENT = '     ';

export function runDiffLines(diff: RunDiff, most: number | null, page: Page): readonly string[] {
  const { before, after, chains, figures, unmoved } = diff;
  const head = [`before  ${runText(before)}`, `after   ${runText(after)}`];
  if (figures.length === 0) return [...head, '', `No figure moved: ${counted(unmoved, 'figure')} as before.`];
  const same = unmoved === 0 ? [] : ['', `${counted(unmoved, 'other figure')} did not move.`];
  const tables = partsOf(figures).flatMap((part) => figureTable(part, chains, most ?? FEATURES, page));
  return [...head, ...chains.flatMap((chain) => causeLines(chain, most ?? CHANGES, page)), ...tables, ...same];
}

function runText({ runId, at, asOf, months }: ComparedRun): string {
  const begun = at === null ? '' : `, begun ${at.slice(0, 16).replace('T', ' ')} UTC`;
  return `${runId}: ${monthsText(months)} as of ${asOf}${begun}`;
}

function causeLines({ months, causes }: Chain, most: number, page: Page): readonly string[] {
  const how = causes.length === 1 ? '' : ', one replaced after the other';
  return [
    '',
    page.paint('bold', `What moved ${monthsText(months)}${how}`),
    ...causes.flatMap((cause, at) => oneCause(cause, at, most, page)),
  ];
}

function oneCause(cause: Cause, at: number, most: number, page: Page): readonly string[] {
  const changes = cause.ingredients.flatMap((ingredient) => ingredient.changes);
  const left = changes.length - most;
  const lines = [
    ...changes.slice(0, most).flatMap((change) => changeTexts(change, page.width - INDENT.length)),
    ...(left > 0 ? [`… and ${counted(left, 'more change')} (--lines ${changes.length} tells them)`] : []),
    ...(cause.note === null ? [] : [cause.note]),
  ];
  return [`  ${at + 1}  ${causeName(cause)}`, ...lines.map((line) => fitted(`${INDENT}${printable(line)}`, page.width))];
}

const SIGN: Readonly<Record<Change['change'], string>> = { added: '+', removed: '-', changed: '~' };

/** What it was and what it is come below it where they have no room beside it: they say the most. */
function changeTexts({ change, what, place, before, after }: Change, width: number): readonly string[] {
  const name = `${SIGN[change]} ${place === null ? '' : `${place}  `}${what}`;
  const values = [before, after].filter((value) => value !== null).join(' → ');
  if (values === '') return [name];
  const line = `${name}: ${values}`;
  return displayWidth(printable(line)) <= width ? [line] : [`${name}:`, `    ${values}`];
}

function causeName({ ingredients }: Cause): string {
  return listed(ingredients.map(ingredientName));
}

function ingredientName({ kind, sourceId }: Ingredient): string {
  return kind === 'source' ? `source ${sourceId ?? ''}` : NAMES[kind];
}

const NAMES: Readonly<Record<Exclude<Ingredient['kind'], 'source'>, string>> = {
  program: 'version of the program',
  as_of: 'as-of day',
  prices: 'price books',
  fx: 'exchange rates',
  rules: 'rules',
  features: 'features and mappings',
  fixed_costs: 'register',
  revenue: 'revenue',
  settings: 'other settings',
  closes: 'closed months',
  month: 'published once',
  unknown: 'not attributed',
};

/** A month in a currency. */
function partsOf(figures: readonly FigureMove[]): readonly (readonly FigureMove[])[] {
  const parts = new Map<string, FigureMove[]>();
  for (const figure of figures) {
    const key = JSON.stringify([figure.month, figure.currency]);
    parts.set(key, [...(parts.get(key) ?? []), figure]);
  }
  return [...parts.values()];
}

function figureTable(figures: readonly FigureMove[], chains: readonly Chain[], most: number, page: Page): readonly string[] {
  const [first] = figures;
  if (first === undefined) return [];
  const features = figures.filter(({ featureId }) => featureId !== null);
  const totals = figures.filter(({ featureId }) => featureId === null);
  const rows = (of: readonly FigureMove[]): readonly (readonly string[])[] => of.flatMap((figure) => figureRows(figure, chains));
  const table = tableLines(COLUMNS, rows(features.slice(0, most)), { ...page, footer: rows(totals) });
  const left = features.length - most;
  const rest = left > 0 ? [`… and ${counted(left, 'more feature')} (--lines ${features.length} tells them)`] : [];
  return ['', page.paint('bold', `${first.month}, ${first.currency}`), ...table, ...rest];
}

/** The figure, and below it what moved it, where there is more than one thing that could have. */
function figureRows(figure: FigureMove, chains: readonly Chain[]): readonly (readonly string[])[] {
  const { featureId, currency, before, after, difference, contributions } = figure;
  const causes = chains[figure.chain]?.causes ?? [];
  const digits = minorDigits(currency);
  const own = [featureId ?? 'total', moneyText(before, digits), moneyText(after, digits), movedText(difference, digits)];
  if (causes.length < 2) return [own];
  return [
    own,
    ...contributions.map(({ cause, amount }) => {
      const told = causes[cause];
      return [`  ${cause + 1} ${told === undefined ? '' : causeName(told)}`, '', '', movedText(amount, digits)];
    }),
  ];
}

function movedText(amount: string, digits: number): string {
  return `${/^-|^0(\.0*)?$/.test(amount) ? '' : '+'}${moneyText(amount, digits)}`;
}
