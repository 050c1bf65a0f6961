// `showback show`: past runs, how long their steps took, and the controls of what is published.
import type { Command } from 'commander';
import { Option } from 'commander';
import type { PastRun } from '../run/api.js';
import type { ControlRow } from './figures.js';
import { countText, moneyText, monthsText, secondsText } from './figures-text.js';
import { type Io, type Paint, painter } from './io.js';
import { jsonLine } from './ndjson.js';
import { addPipelineArgument, parseCount } from './options.js';
import { type Places, placesOf, publishedWarehouse } from './published-run.js';
import { type TableColumn, tableLines } from './table.js';
import { fitted, printable } from './width.js';

interface ShowOptions {
  readonly last: number;
  readonly controls?: boolean;
  readonly timings?: boolean;
  readonly json?: boolean;
}

interface Told {
  readonly runs: readonly PastRun[];
  readonly controls: readonly ControlRow[] | null;
}

const EXAMPLES = `
Examples:
  $ showback show                    the last runs
  $ showback show --timings          and how long each step of the last one took
  $ showback show --controls         and every control of what is published
  $ showback show --last 50 --json`;

export function addShow(program: Command, io: Io): void {
  const command = program.command('show').description('show past runs, their timings, and the controls of what is published');
  addPipelineArgument(command)
    .addOption(new Option('-n, --last <runs>', 'how many runs').argParser(parseCount).default(10))
    .option('--timings', 'the steps of the last run that did any, slowest first')
    .option('--controls', 'every control of the published run, failed ones first')
    .option('--json', 'one JSON object')
    .addHelpText('after', EXAMPLES)
    .action(async (pipeline: string | undefined, options: ShowOptions) => {
      const places = await placesOf(pipeline === undefined ? {} : { pipeline }, io.cwd);
      const told = await read(places, options, io);
      io.stdout.write(options.json === true ? jsonLine(told) : `${textOf(told, options, io).join('\n')}\n`);
    });
}

async function read(places: Places, options: ShowOptions, io: Io): Promise<Told> {
  const { readHistory } = await io.runs();
  const runs = (await readHistory(places.stateDir)).slice(-options.last);
  return { runs, controls: options.controls === true ? await controlsOf(places) : null };
}

async function controlsOf(places: Places): Promise<readonly ControlRow[]> {
  const { readControls } = await import('./figures.js');
  return readControls(await publishedWarehouse(places));
}

function textOf(told: Told, options: ShowOptions, io: Io): readonly string[] {
  const paint = painter(io.stdout, io.env);
  const width = io.stdout.columns();
  const worked = told.runs.findLast((run) => run.steps.length > 0);
  return [
    ...runLines(told.runs, width, paint),
    ...(options.timings === true && worked !== undefined ? ['', ...timingLines(worked, width, paint)] : []),
    ...(told.controls === null ? [] : ['', ...controlLines(told.controls, width, paint)]),
  ];
}

/** Of the listed runs, the last that failed, with their first reason. */
const FAILURES_SHOWN = 3;

const RUNS: readonly TableColumn[] = [
  { title: 'started (UTC)', align: 'left' },
  { title: 'outcome', align: 'left' },
  { title: 'took', align: 'right' },
  { title: 'as of', align: 'left' },
  { title: 'months', align: 'left', shrinks: true },
  { title: 'run', align: 'left' },
];

function runLines(runs: readonly PastRun[], width: number, paint: Paint): readonly string[] {
  if (runs.length === 0) return ['No run yet: showback run'];
  const cells = runs.map((run) => [
    startText(run),
    run.outcome ?? 'not finished',
    run.finishedAt === null ? '' : secondsText(Math.max(0, Date.parse(run.finishedAt) - Date.parse(run.startedAt)) / 1000),
    run.asOf,
    monthsText(run.months),
    run.runId,
  ]);
  const failed = runs.filter((run) => run.failure !== null).slice(-FAILURES_SHOWN);
  const why = failed.map((run) => fitted(`${startText(run)} failed: ${printable(run.failure?.split('\n')[0] ?? '')}`, width));
  return [...tableLines(RUNS, cells, { width, paint }), ...why];
}

function startText(run: PastRun): string {
  return run.startedAt.slice(0, 19).replace('T', ' ');
}

const STEPS: readonly TableColumn[] = [
  { title: 'step', align: 'left', shrinks: true },
  { title: 'took', align: 'right' },
  { title: 'rows', align: 'right' },
];

function timingLines(run: PastRun, width: number, paint: Paint): readonly string[] {
  const slowest = [...run.steps].sort((a, b) => b.seconds - a.seconds);
  const felt = slowest.filter((step) => step.seconds >= 0.05);
  const rest = run.steps.length - felt.length;
  const cells = felt.map((step) => [step.step, secondsText(step.seconds), step.rows === undefined ? '' : countText(step.rows)]);
  const total = run.steps.reduce((sum, step) => sum + step.seconds, 0);
  const folded = rest === 0 ? [] : [[`… ${rest} more, each below 0.1 s`]];
  return tableLines(STEPS, [...cells, ...folded], { width, paint, footer: [['all steps', secondsText(total), '']] });
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

function controlLines(controls: readonly ControlRow[], width: number, paint: Paint): readonly string[] {
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
  const failed = controls.filter((row) => !row.passed).length;
  const verdict =
    failed === 0 ? `all ${countText(controls.length)} controls passed` : `${failed} of ${controls.length} controls failed`;
  return [...tableLines(CONTROLS, cells, { width, paint }), verdict];
}
