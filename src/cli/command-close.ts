// `showback close` and `showback reopen`: who takes a month to be final, and who takes that back.
import type { Command } from 'commander';
import type { Month } from '../kernel/period.js';
import type { ClosedJournal, CloseRequest, CloseResult } from '../run/closing-api.js';
import type { Io, RunView } from './io.js';
import { jsonLine } from './ndjson.js';
import { addPipelineArgument, parseMonth, threadsOption, waitOption } from './options.js';
import { findPipeline } from './pipeline-file.js';
import { viewOf } from './run-view.js';
import { printable } from './width.js';

interface CloseOptions {
  readonly approver?: string;
  readonly preparer?: string;
  readonly reason?: string;
  readonly threads?: number;
  readonly wait?: number;
  readonly json?: boolean;
}

interface ReopenOptions {
  readonly by?: string;
  readonly reason?: string;
  readonly wait?: number;
}

const CLOSE_EXAMPLES = `
Examples:
  $ showback close 2026-08 --approver mira --reason "all invoices are in"
  $ showback close 2026-08 nightly.yaml --preparer jonas --approver mira --reason "August, final"
  $ showback close 2026-08                        asks for what is not named

Afterwards the month does not change: what comes later is booked in the first open month. docs/close.md`;

const REOPEN_EXAMPLES = `
Examples:
  $ showback reopen 2026-08 --by mira --reason "invoice of the wrong entity" && showback run`;

export function addClose(program: Command, io: Io): void {
  const command = program
    .command('close')
    .description('close a month: look at its gates, lock what it is made of, and let nothing change it')
    .argument('<month>', 'the first open month, as 2026-08', parseMonth);
  addPipelineArgument(command)
    .option('--approver <name>', 'who takes the figures to be final')
    .option('--preparer <name>', 'who prepared them, where that is somebody else')
    .option('--reason <text>', 'why now')
    .addOption(threadsOption())
    .addOption(waitOption())
    .option('--json', 'tell everything as one JSON object a line on stdout')
    .addHelpText('after', CLOSE_EXAMPLES)
    .action(async (month: Month, pipeline: string | undefined, options: CloseOptions) => close(month, pipeline, options, io));
}

export function addReopen(program: Command, io: Io): void {
  const command = program
    .command('reopen')
    .description('open the last closed month again; the next run computes it anew')
    .argument('<month>', 'the last closed month, as 2026-08', parseMonth);
  addPipelineArgument(command)
    .option('--by <name>', 'who opens it')
    .option('--reason <text>', 'why')
    .addOption(waitOption())
    .addHelpText('after', REOPEN_EXAMPLES)
    .action(async (month: Month, pipeline: string | undefined, options: ReopenOptions) => reopen(month, pipeline, options, io));
}

async function close(month: Month, pipeline: string | undefined, options: CloseOptions, io: Io): Promise<void> {
  const people = {
    approvedBy: options.approver ?? (await asked(io, `Who approves ${month}? `)),
    preparedBy: options.preparer ?? null,
    reason: options.reason ?? (await asked(io, 'Why is it final? ')),
  };
  const view = viewOf(options, io);
  try {
    const { closeMonth } = await io.runs();
    const result = await closeMonth({ ...(await closing(month, pipeline, options, io, view)), ...people });
    view.close();
    if (options.json === true) io.stdout.write(jsonLine({ kind: 'closed', ...result }));
    else io.stdout.write(`${closedLines(result).join('\n')}\n`);
  } finally {
    view.close();
  }
}

async function closing(
  month: Month,
  pipeline: string | undefined,
  { threads, wait }: CloseOptions,
  io: Io,
  view: RunView,
): Promise<Omit<CloseRequest, 'approvedBy' | 'preparedBy' | 'reason'>> {
  return {
    pipelineFile: await findPipeline(pipeline, io.cwd),
    month,
    ...(threads === undefined ? {} : { threads }),
    ...(wait === undefined ? {} : { wait }),
    listener: view.listen,
    now: io.now,
    env: io.env,
    signal: io.orderly?.(),
  };
}

function closedLines({ month, approvedBy, preparedBy, lock, dir, files, totals, journal }: CloseResult): readonly string[] {
  const people = `approved by ${printable(approvedBy)}${preparedBy === null ? '' : `, prepared by ${printable(preparedBy)}`}`;
  return [
    `${month} is closed, ${people}`,
    ...totals.map(({ currency, statement }) => `  ${minor(statement)} ${currency}`),
    `  ${files} files, locked as ${lock.slice(0, 16)} in ${printable(dir)}`,
    ...(journal === null ? [] : [journalLine(journal)]),
    `What comes later is booked in the first open month. showback verify ${month} builds it again and compares.`,
  ];
}

function journalLine({ path, lines, totals }: ClosedJournal): string {
  const posted = totals.map((total) => `${minor(total.posted)} ${total.currency}`).join(', ');
  return `  a journal of ${lines} lines, debits and credits ${posted === '' ? '0' : posted}: ${printable(path)}`;
}

function minor(statement: string): string {
  return statement.replace(/(\.\d\d)0+$/, '$1');
}

async function reopen(month: Month, pipeline: string | undefined, options: ReopenOptions, io: Io): Promise<void> {
  const by = options.by ?? (await asked(io, `Who opens ${month}? `));
  const reason = options.reason ?? (await asked(io, 'Why? '));
  const { reopenMonth } = await io.runs();
  await reopenMonth({
    pipelineFile: await findPipeline(pipeline, io.cwd),
    ...{ month, by, reason },
    ...(options.wait === undefined ? {} : { wait: options.wait }),
    listener: viewOf({}, io).listen,
    now: io.now,
  });
  io.stdout.write(`${month} is open again; the next run computes it anew: showback run\n`);
}

/** Nobody is asked where nobody can answer: that a name is missing is told with all else that is wrong. */
async function asked(io: Io, question: string): Promise<string> {
  return io.ask === undefined ? '' : io.ask(question);
}
