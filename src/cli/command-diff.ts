// `showback diff`: which figures moved between two runs and what moved them; with --source, what a bill told of a month in one delivery
// and in another, line by line.
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { Failure } from '../kernel/failure.js';
import type { Month } from '../kernel/period.js';
import type { DeliveryDiff, DiffRequest } from '../run/api.js';
import type { RunDiff, RunDiffRequest } from '../run/diff-runs-api.js';
import { diffLines } from './diff-text.js';
import { type Io, painter } from './io.js';
import { jsonLine } from './ndjson.js';
import { PIPELINE, parseCount, parseMonth, requestOf } from './options.js';
import { runDiffLines } from './run-diff-text.js';
import type { Page } from './show-text.js';

interface DiffOptions {
  readonly month?: Month;
  readonly feature?: string;
  readonly rebuild?: boolean;
  readonly source?: string;
  readonly from?: string;
  readonly to?: string;
  readonly lines?: number;
  readonly json?: boolean;
}

/** What the words after `diff` name. */
interface Named {
  readonly pipeline: string | undefined;
  readonly runs: readonly string[];
}

const EXAMPLES = `
Examples:
  $ showback diff                                            the published run, and the one before it
  $ showback diff 2026-09-02 2026-09-09                      two runs, by as much of their ids as tells them apart
  $ showback diff 2026-09-02-4267254d9b11 --month 2026-08 --feature chat
  $ showback diff nightly.yaml 2026-09-02 2026-09-09 --json
  $ showback diff --source openai --month 2026-08            what the newest delivery tells otherwise
  $ showback diff nightly.yaml --source aws --month 2026-08 --from 2026-09-02-4267254d9b11`;

const LINES = 40;

export function addDiff(program: Command, io: Io): void {
  program
    .command('diff')
    .description(
      'show which figures moved between two runs and what moved them; or two deliveries of a bill, line by line; writes nothing',
    )
    .argument('[pipeline]', PIPELINE)
    .argument(
      '[run...]',
      'one run or two: the beginning of its id (default: the published one as the second, the one before it as the first)',
    )
    .addOption(new Option('--month <YYYY-MM>', 'this month only; with --source, the billing month').argParser(parseMonth))
    .option('--feature <id>', 'this feature only')
    .option('--rebuild', 'build both ends again too, and tell what does not come out as it was published')
    .option('-s, --source <id>', 'compare two deliveries of this bill instead, as the pipeline names it')
    .addOption(
      new Option(
        '--from <run>',
        'with --source: what this run was made of (default: the last delivery before that told otherwise); the beginning of its id will do',
      ).argParser(parseRun),
    )
    .addOption(
      new Option('--to <run>', 'with --source: what this run was made of (default: the newest delivery)').argParser(parseRun),
    )
    .addOption(
      new Option(
        '-n, --lines <n>',
        `how many lines are told of a bill, of features, of changes (default: ${LINES}, of changes 8)`,
      ).argParser(parseCount),
    )
    .option('--json', 'one JSON object, all lines in it')
    .addHelpText('after', EXAMPLES)
    .action(async (first: string | undefined, others: readonly string[], options: DiffOptions) => {
      const named = await namedBy([...(first === undefined ? [] : [first]), ...others], io.cwd);
      refuseMixture(named, options);
      io.stdout.write(await (options.source === undefined ? ofRuns : ofSource)(named, options, io));
    });
}

/** A word is a pipeline where there is such a file, or it looks like one; else it is a run. They may come in any order. */
async function namedBy(words: readonly string[], cwd: string): Promise<Named> {
  const pipelines: string[] = [];
  const runs: string[] = [];
  for (const word of words) ((await isFile(word, cwd)) ? pipelines : runs).push(word);
  if (pipelines.length > 1) throw mixed(`${pipelines.length} pipelines are named: ${pipelines.join(', ')}`, 'name one');
  if (runs.length > 2) throw mixed(`${runs.length} runs are named: ${runs.join(', ')}`, 'name two');
  return { pipeline: pipelines[0], runs };
}

async function isFile(word: string, cwd: string): Promise<boolean> {
  if (/\.ya?ml$|\//.test(word)) return true;
  // A folder may be called like a run; only one with a pipeline is one.
  for (const path of [resolve(cwd, word), resolve(cwd, word, 'pipeline.yaml')])
    if ((await stat(path).catch(() => null))?.isFile() === true) return true;
  return false;
}

function refuseMixture({ runs }: Named, { source, month, feature, rebuild, from, to }: DiffOptions): void {
  if (source === undefined) {
    const flag = from === undefined ? (to === undefined ? null : '--to') : '--from';
    if (flag !== null) throw mixed(`${flag} is of --source`, 'name the runs as words, or a bill with --source');
    return;
  }
  const remedy = 'name them with --from and --to, or leave --source out';
  if (runs.length > 0) throw mixed(`${runs.join(' and ')} beside --source`, remedy);
  if (feature !== undefined || rebuild === true)
    throw mixed('a bill has no features, and is not built', 'leave out --feature and --rebuild');
  if (month === undefined) throw mixed('two deliveries of a bill are compared month by month', 'name one: --month 2026-08');
}

function mixed(message: string, remedy: string): Failure {
  return new Failure('user', [{ code: 'diff/arguments', message, remedy }]);
}

async function ofRuns({ pipeline, runs }: Named, options: DiffOptions, io: Io): Promise<string> {
  const { scope: _, force: __, ...request } = await requestOf(pipeline, {}, io);
  const [from, to] = runs;
  const { month, feature, rebuild: anew = false, lines = null } = options;
  const asked: RunDiffRequest = {
    ...{ ...request, anew },
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(month === undefined ? {} : { month }),
    ...(feature === undefined ? {} : { feature }),
  };
  const diff: RunDiff = await (await io.runs()).diffRuns(asked);
  return options.json === true ? jsonLine(diff) : joined(runDiffLines(diff, lines, pageOf(io)));
}

async function ofSource({ pipeline }: Named, options: DiffOptions, io: Io): Promise<string> {
  const { scope: _, ...request } = await requestOf(pipeline, {}, io);
  const { source = '', month = '', from, to, lines = LINES } = options;
  const asked: DiffRequest = {
    ...{ ...request, sourceId: source, month },
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
  };
  const diff: DeliveryDiff = await (await io.runs()).diffDeliveries(asked);
  return options.json === true ? jsonLine(diff) : joined(diffLines(diff, lines, pageOf(io)));
}

function pageOf({ stdout, env }: Io): Page {
  return { width: stdout.columns(), paint: painter(stdout, env) };
}

function joined(lines: readonly string[]): string {
  return `${lines.join('\n')}\n`;
}

function parseRun(text: string): string {
  if (!/^\d{4}-\d{2}-\d{2}-[0-9a-f]{0,12}$|^\d{4}-\d{2}-\d{2}$/.test(text)) {
    throw new InvalidArgumentError('a run is written as 2026-09-30-4267254d9b11, or as the beginning of that.');
  }
  return text;
}
