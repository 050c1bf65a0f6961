// The one place that turns what was thrown into words and an exit code.
import { CommanderError } from 'commander';
import { describePlace, EXIT_CODE, Failure, type Problem, Stopped } from '../kernel/failure.js';
import { counted } from './figures-text.js';
import { type Io, type Paint, painter } from './io.js';
import type { FailureLine } from './json-lines.js';
import { seenFrom } from './place-text.js';
import { stopText } from './stopping.js';
import { printable, wrapped } from './width.js';

/** More than this and the first ones are out of sight; the rest is counted. */
const SHOWN = 50;

const HEADINGS: Readonly<Record<Failure['kind'], (count: number, part: string | null) => string>> = {
  user: (count) => `${counted(count, 'problem')} in the configuration or the arguments`,
  check: (count, part) => `${counted(count, 'check')} failed; nothing${part === null ? '' : ` of ${part}`} was published`,
  unavailable: () => 'not available now; run again later',
  locked: () => 'another run is at work',
};

/** Tells the error on stderr and answers the exit code of the process. */
export function reportError(error: unknown, io: Io, debug: boolean): number {
  const paint = painter(io.stderr, io.env);
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_CODE.done : EXIT_CODE.user;
  if (error instanceof Stopped) {
    io.stderr.write(stopText(error.by));
    return error.exitCode;
  }
  if (error instanceof Failure) {
    const width = io.stderr.isTTY ? io.stderr.columns() : Number.POSITIVE_INFINITY;
    io.stderr.write(`${failureLines(error, { cwd: io.cwd, width, paint }).join('\n')}\n`);
    if (debug) io.stderr.write(`\n${traceOf(error)}\n`);
    return error.exitCode;
  }
  const message = error instanceof Error ? error.message : String(error);
  io.stderr.write(`${paint(['red', 'bold'], 'showback: a bug')}: ${printable(message.split('\n')[0] ?? '')}\n`);
  io.stderr.write(debug ? `${traceOf(error)}\n` : '  → run again with --debug for the trace, and report it with what you ran\n');
  return EXIT_CODE.bug;
}

/** The same as a line of `--json`. */
export function failureLine({ kind, exitCode, problems }: Failure): FailureLine {
  return { kind: 'failure', failure: kind, exitCode, problems };
}

interface Page {
  readonly cwd: string;
  /** Of a terminal; a file is not wrapped. */
  readonly width: number;
  readonly paint: Paint;
}

function failureLines(failure: Failure, page: Page): readonly string[] {
  const shown = failure.problems.slice(0, SHOWN);
  const more = failure.problems.length - shown.length;
  return [
    `${page.paint(['red', 'bold'], 'showback')}: ${headingOf(failure)}`,
    ...shown.flatMap((problem) => ['', ...problemLines(problem, page)]),
    ...(more > 0 ? ['', `… and ${more} more`] : []),
  ];
}

function headingOf({ kind, problems, part }: Failure): string {
  return problems.every((problem) => problem.code.startsWith('sql/'))
    ? 'the query was not answered'
    : HEADINGS[kind](problems.length, part);
}

/** As `describeProblem`, with colours, places as seen from here, and with controls of the data spelled out. */
function problemLines(problem: Problem, { cwd, width, paint }: Page): readonly string[] {
  const seen = problem.place === undefined ? null : { ...problem.place, file: seenFrom(cwd, problem.place.file) };
  const place = seen === null ? '' : `${paint('cyan', printable(describePlace(seen)))}: `;
  const excerpt = problem.excerpt === undefined ? [] : problem.excerpt.split('\n').map((line) => `    ${printable(line)}`);
  return [
    wrapped(`${place}${printable(problem.message)} ${paint('dim', `[${problem.code}]`)}`, width, '  '),
    ...excerpt,
    wrapped(`  → ${printable(problem.remedy)}`, width, '    '),
  ];
}

function traceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? '' : `\ncaused by: ${traceOf(error.cause)}`;
  return `${error.stack ?? error.message}${cause}`;
}
