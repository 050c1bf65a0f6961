// What a run leaves on the screen: first whether the months tie to the bills, then the statement, the controls, where the files are.
import { join } from 'node:path';
import type { RunResult } from '../run/api.js';
import type { ControlRow, Figures, Statement, StatementRow } from './figures.js';
import { countText, counted, minorDigits, moneyText, monthsText } from './figures-text.js';
import type { Paint } from './io.js';
import type { SummaryLine } from './json-lines.js';
import { seenFrom } from './place-text.js';
import { type TableColumn, tableLines } from './table.js';

export interface ScreenSize {
  readonly columns: number;
  /** Null: a file or a pipe, where nothing need be folded away. */
  readonly rows: number | null;
}

/** Lines beside the statements: whether it ties, the controls, where the files are, the prompt and what stands above. */
const FRAME = 10;
/** Lines of a statement beside its rows. */
const STATEMENT_FRAME = 7;
const FEATURES_AT_LEAST = 3;
const CONTROLS_SHOWN = 10;

export interface Screen {
  readonly size: ScreenSize;
  readonly paint: Paint;
  /** Paths are shown as seen from here. */
  readonly cwd: string;
}

export function summaryLines(result: RunResult, figures: Figures, { size, paint, cwd }: Screen): readonly string[] {
  return [
    ...tieLines(figures, paint),
    ...(result.outcome === 'unchanged' ? [paint('dim', `Nothing changed since run ${result.runId}.`)] : []),
    ...figures.statements.flatMap((statement) => ['', ...statementLines(statement, size, roomOf(figures, size), paint)]),
    '',
    ...controlLines(figures, size, paint),
    ...unloggedLines(figures, paint),
    '',
    ...whereLines(result, cwd),
  ];
}

/** The last line of `--json`. Amounts are text, exact. */
export function summaryLine(result: RunResult, figures: Figures): SummaryLine {
  const { outcome, runId, asOf, months, outDir, warehousePath } = result;
  return {
    kind: 'summary',
    outcome,
    runId,
    asOf,
    months,
    out: outDir,
    warehouse: warehousePath,
    ties: figures.identity.every((row) => row.passed),
    controls: { passed: figures.controls - figures.failed.length, failed: figures.failed.length },
    statements: figures.statements,
  };
}

function tieLines(figures: Figures, paint: Paint): readonly string[] {
  const [broken, held] = [figures.identity.filter((row) => !row.passed), figures.identity.filter((row) => row.passed)];
  if (figures.identity.length === 0)
    return [paint(['yellow', 'bold'], '! No month to tie to the bills yet: nothing was billed or used')];
  if (broken.length > 0) {
    return broken.map((row) => `${paint(['red', 'bold'], `✖ ${row.month} does not tie to the bills`)}: ${equalText(row)}`);
  }
  const months = [...new Set(held.map((row) => row.month))];
  const exact = held.every((row) => row.actual === row.expected) ? ', to the last unit' : ', within the tolerance';
  return [
    paint(['green', 'bold'], `✔ ${monthsText(months)} ${months.length === 1 ? 'ties' : 'tie'} to the bills${exact}`),
    ...ofLastMonth(held).map((row) => `  ${row.month}: ${equalText(row)}`),
  ];
}

/** One row a currency. */
function ofLastMonth(rows: readonly ControlRow[]): readonly ControlRow[] {
  return rows.filter((row) => row.month === rows.at(-1)?.month);
}

function equalText({ actual, expected, currency, difference }: ControlRow): string {
  const digits = minorDigits(currency);
  if (actual === expected) return `Σ statement = Σ evidence = ${moneyText(actual, digits)} ${currency}`;
  const [statement, evidence] = [moneyText(actual, digits), moneyText(expected, digits)];
  return `Σ statement ${statement} ${currency}, Σ evidence ${evidence} ${currency}, off by ${moneyText(difference, digits)}`;
}

const STATEMENT: readonly TableColumn[] = [
  { title: 'feature', align: 'left', shrinks: true },
  { title: 'team', align: 'left', shrinks: true },
  { title: 'amount', align: 'right' },
  { title: 'share', align: 'right' },
  { title: 'previous month', align: 'right' },
];

function statementLines(statement: Statement, size: ScreenSize, room: number, paint: Paint): readonly string[] {
  const digits = minorDigits(statement.currency);
  const { shown, rest, folded } = foldedRows(statement.rows, room);
  const cells = (row: StatementRow): readonly string[] => [
    row.feature,
    row.team,
    moneyText(row.amount, digits),
    row.share === '' ? '' : `${row.share} %`,
    row.previous === '' ? '' : moneyText(row.previous, digits),
  ];
  const total = ['total', '', moneyText(statement.total, digits), '', previousTotal(statement, digits)];
  return [
    `${paint('bold', `Statement of ${statement.month}`)}, ${statement.currency}`,
    ...tableLines(STATEMENT, [...shown.map(cells), ...(folded > 0 ? [[`… ${folded} more`]] : []), ...rest.map(cells)], {
      width: size.columns,
      paint,
      footer: [total],
    }),
  ];
}

/** Features that each statement has lines for; the currencies of a month share the screen. */
function roomOf({ statements, identity, unlogged }: Figures, { rows }: ScreenSize): number {
  if (rows === null) return Number.POSITIVE_INFINITY;
  const kept = statements.map((statement) => STATEMENT_FRAME + statement.rows.filter(isOfNoFeature).length);
  const left = kept.reduce(
    (sum, lines) => sum - lines,
    rows - FRAME - (unlogged === null ? 0 : 2) - Math.max(0, ofLastMonth(identity).length - 1),
  );
  return Math.max(FEATURES_AT_LEAST, Math.floor(left / Math.max(1, statements.length)));
}

function isOfNoFeature({ feature }: StatementRow): boolean {
  return feature.startsWith('(');
}

/** Where a screen is too small the smallest features are folded away; what no feature bears, such as `(idle)`, always shows. */
function foldedRows(rows: readonly StatementRow[], room: number) {
  const rest = rows.filter(isOfNoFeature);
  const features = rows.filter((row) => !isOfNoFeature(row));
  const shown = features.length <= room ? features : features.slice(0, room - 1);
  return { shown, rest, folded: features.length - shown.length };
}

function previousTotal(statement: Statement, digits: number): string {
  return statement.previousTotal === '' ? '' : moneyText(statement.previousTotal, digits);
}

const CONTROLS: readonly TableColumn[] = [
  { title: 'failed control', align: 'left' },
  { title: 'month', align: 'left' },
  { title: 'scope', align: 'left', shrinks: true },
  { title: 'expected', align: 'right' },
  { title: 'actual', align: 'right' },
  { title: 'difference', align: 'right' },
];

function controlLines({ controls, failed }: Figures, size: ScreenSize, paint: Paint): readonly string[] {
  if (failed.length === 0) return [`${paint('green', '✔')} Controls: all ${countText(controls)} passed`];
  const cells = failed
    .slice(0, CONTROLS_SHOWN)
    .map((row) => [
      row.control,
      row.month,
      row.scope,
      moneyText(row.expected, 0),
      moneyText(row.actual, 0),
      moneyText(row.difference, 0),
    ]);
  const more = failed.length - cells.length;
  return [
    `${paint('red', '✖')} Controls: ${counted(failed.length, 'failure')} of ${countText(controls)}`,
    ...tableLines(CONTROLS, cells, { width: size.columns, paint }),
    ...(more > 0 ? [`… ${more} more: showback show --controls`] : []),
  ];
}

/** A finding, no failure: what was not logged is billed all the same, and shared by what was. */
function unloggedLines({ unlogged }: Figures, paint: Paint): readonly string[] {
  if (unlogged === null) return [];
  const { month, quantities } = unlogged;
  const what = quantities === 1 ? '1 quantity' : `${countText(quantities)} quantities`;
  return [`${paint('yellow', '!')} ${month}: ${what} used, and not logged in full`, '  showback sql "from billed_usage_month"'];
}

function whereLines(result: RunResult, cwd: string): readonly string[] {
  const last = result.months.at(-1) ?? '';
  const seen = (...parts: readonly string[]): string => seenFrom(cwd, join(...parts));
  return [
    `Files of run ${result.runId}, as of ${result.asOf}:`,
    `  ${seen(result.outDir, 'csv', last, '*.csv')}  ${seen(result.outDir, 'parquet')}  ${seen(result.outDir, 'arrow')}`,
    `  ${seen(result.warehousePath)}`,
  ];
}
