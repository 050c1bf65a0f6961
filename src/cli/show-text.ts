// How past runs, one run, its steps and its controls stand on a screen.
import type { PastRun, PastStep } from '../run/api.js';
import type { ControlRow } from './figures.js';
import { bytesText, counted, countText, moneyText, monthsText, secondsText } from './figures-text.js';
import type { Paint } from './io.js';
import { type TableColumn, tableLines } from './table.js';
import { fitted, printable } from './width.js';

export interface Page {
  readonly width: number;
  readonly paint: Paint;
}

const RUNS: readonly TableColumn[] = [
  { title: 'started (UTC)', align: 'left' },
  { title: 'outcome', align: 'left' },
  { title: 'took', align: 'right' },
  { title: 'months', align: 'left', shrinks: true },
  { title: 'run', align: 'left' },
];

/** Of the listed runs, the last that failed, with their first reason. */
const FAILURES_SHOWN = 3;

export function runLines(runs: readonly PastRun[], publishedRun: string | null, { width, paint }: Page): readonly string[] {
  if (runs.length === 0) return ['No run yet: showback run'];
  const cells = runs.map((run) => [startText(run), run.outcome ?? 'unfinished', tookText(run), spanText(run.months), run.runId]);
  const failed = runs.filter((run) => run.failure !== null).slice(-FAILURES_SHOWN);
  return [
    ...tableLines(RUNS, cells, { width, paint }),
    ...failed.map((run) => fitted(`${startText(run)} failed: ${printable(run.failure?.split('\n')[0] ?? '')}`, width)),
    ...(publishedRun === null ? [] : [`Published now: run ${publishedRun}`]),
  ];
}

/** Everything of one run, its steps aside. */
export function runDetail(run: PastRun, { paint }: Page): readonly string[] {
  const facts = [
    ['started', `${run.startedAt.slice(0, 19).replace('T', ' ')} UTC`],
    ['took', tookText(run)],
    ['as of', run.asOf],
    ['months', monthsText(run.months)],
  ];
  const name = run.runId === '' ? 'A run that came to nothing' : `Run ${run.runId}`;
  return [
    `${paint('bold', name)}: ${outcomeText(run)}`,
    ...facts.filter(([, text]) => text !== '').map(([title = '', text = '']) => `  ${title.padEnd(8)} ${text}`),
    ...(run.failure === null ? [] : ['', ...run.failure.split('\n').map((line) => paint('red', printable(line)))]),
  ];
}

function outcomeText({ outcome }: PastRun): string {
  switch (outcome) {
    case null:
      return 'unfinished; it was killed, or is still at work';
    case 'published':
      return 'published';
    case 'unchanged':
      return 'unchanged; its inputs were those of the run before';
    case 'failed':
      return 'failed; nothing was published';
    case 'stopped':
      return 'stopped by a signal; nothing was published';
    default:
      return outcome satisfies never;
  }
}

function startText(run: PastRun): string {
  return run.startedAt.slice(0, 16).replace('T', ' ');
}

function tookText({ startedAt, finishedAt }: PastRun): string {
  return finishedAt === null ? '' : secondsText(Math.max(0, Date.parse(finishedAt) - Date.parse(startedAt)) / 1000);
}

/** As short as months can be told. */
function spanText(months: readonly string[]): string {
  const text = monthsText(months);
  return text.includes(' through ') ? text.replace(' through ', '–') : text;
}

const STEPS: readonly TableColumn[] = [
  { title: 'step', align: 'left', shrinks: true },
  { title: 'took', align: 'right' },
  { title: 'rows', align: 'right' },
  { title: 'files', align: 'right' },
  { title: 'bytes', align: 'right' },
];

/** The slowest first; those that nobody feels, or beyond `most`, in one line. */
export function timingLines(steps: readonly PastStep[], page: Page, most = Number.POSITIVE_INFINITY): readonly string[] {
  const slowest = [...steps].sort((a, b) => b.seconds - a.seconds);
  const felt = slowest.filter((step) => step.seconds >= 0.05).slice(0, most);
  const rest = slowest.length - felt.length;
  const longest = slowest[felt.length]?.seconds ?? 0;
  const below = longest < 0.05 ? 'below 0.1 s' : `${secondsText(longest)} at most`;
  const folded = rest === 0 ? [] : [[`… ${rest} more, each ${below}`]];
  const total = steps.reduce((sum, step) => sum + step.seconds, 0);
  const footer = [['all steps', secondsText(total)]];
  const cells = felt.map(stepCells);
  const told = STEPS.map((_, at) => at < 2 || cells.some((row) => row[at] !== ''));
  const kept = (row: readonly string[]): readonly string[] => row.filter((_, at) => told[at] === true);
  return tableLines(
    STEPS.filter((_, at) => told[at] === true),
    [...cells.map(kept), ...folded],
    { ...page, footer },
  );
}

function stepCells({ step, seconds, rows, files, bytes }: PastStep): readonly string[] {
  const count = (value: number | undefined): string => (value === undefined ? '' : countText(value));
  return [step, secondsText(seconds), count(rows), count(files), bytes === undefined ? '' : bytesText(bytes)];
}

const CONTROLS: readonly TableColumn[] = [
  { title: '', align: 'left' },
  { title: 'month', align: 'left' },
  { title: 'control', align: 'left' },
  { title: 'scope', align: 'left', shrinks: true },
  { title: 'expected', align: 'right' },
  { title: 'actual', align: 'right' },
  { title: 'difference', align: 'right' },
];

/** Where there is no room for what was expected, the difference tells it. */
const WIDE = 110;
const EXPECTED = 4;

export function controlLines(controls: readonly ControlRow[], page: Page): readonly string[] {
  const failedFirst = [...controls].sort((a, b) => Number(a.passed) - Number(b.passed));
  const cells = failedFirst.map((row) => [
    row.passed ? '✔' : '✖',
    row.month,
    row.control,
    `${row.scope}${row.currency === '' ? '' : ` ${row.currency}`}`,
    moneyText(row.expected, 0),
    moneyText(row.actual, 0),
    moneyText(row.difference, 0),
  ]);
  const told = <T>(row: readonly T[]): readonly T[] => (page.width >= WIDE ? row : row.filter((_, at) => at !== EXPECTED));
  return [...tableLines(told(CONTROLS), cells.map(told), page), verdict(controls)];
}

export function verdict(controls: readonly ControlRow[]): string {
  const failed = controls.filter((row) => !row.passed).length;
  return failed === 0 ? `all ${counted(controls.length, 'control')} passed` : `${failed} of ${controls.length} controls failed`;
}
