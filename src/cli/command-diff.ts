// `showback diff`: what a bill told of a month in one delivery and in another, line by line.
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { DeliveryDiff, DiffRequest } from '../run/api.js';
import { diffLines } from './diff-text.js';
import { type Io, painter } from './io.js';
import { jsonLine } from './ndjson.js';
import { addPipelineArgument, parseCount, parseMonth, requestOf } from './options.js';
import type { Month } from '../kernel/period.js';

interface DiffOptions {
  readonly source: string;
  readonly month: Month;
  readonly from?: string;
  readonly to?: string;
  readonly lines: number;
  readonly json?: boolean;
}

const EXAMPLES = `
Examples:
  $ showback diff --source openai --month 2026-08            what the newest delivery tells otherwise
  $ showback diff --source aws --month 2026-08 --from 2026-09-02-4267254d9b11
  $ showback diff nightly.yaml --source aws --month 2026-08 --json`;

export function addDiff(program: Command, io: Io): void {
  const command = program
    .command('diff')
    .description('show what a bill told of a month in two deliveries, line by line; writes nothing');
  addPipelineArgument(command)
    .requiredOption('-s, --source <id>', 'a bill, as the pipeline names it')
    .addOption(new Option('--month <YYYY-MM>', 'the billing month').argParser(parseMonth).makeOptionMandatory())
    .addOption(
      new Option(
        '--from <run>',
        'what this run was made of (default: the last delivery before that told otherwise); the beginning of its id will do',
      ).argParser(parseRun),
    )
    .addOption(new Option('--to <run>', 'what this run was made of (default: the newest delivery)').argParser(parseRun))
    .addOption(new Option('-n, --lines <n>', 'how many lines are told').argParser(parseCount).default(40))
    .option('--json', 'one JSON object, all lines in it')
    .addHelpText('after', EXAMPLES)
    .action(async (pipeline: string | undefined, options: DiffOptions) => {
      const runs = await io.runs();
      const diff = await runs.diffDeliveries(await askedOf(pipeline, options, io));
      io.stdout.write(options.json === true ? jsonLine(diff) : textOf(diff, options, io));
    });
}

async function askedOf(pipeline: string | undefined, { source, month, from, to }: DiffOptions, io: Io): Promise<DiffRequest> {
  const { scope: _, ...request } = await requestOf(pipeline, {}, io);
  return { ...request, sourceId: source, month, ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
}

function textOf(diff: DeliveryDiff, { lines }: DiffOptions, io: Io): string {
  const page = { width: io.stdout.columns(), paint: painter(io.stdout, io.env) };
  return `${diffLines(diff, lines, page).join('\n')}\n`;
}

function parseRun(text: string): string {
  if (!/^\d{4}-\d{2}-\d{2}-[0-9a-f]{0,12}$|^\d{4}-\d{2}-\d{2}$/.test(text)) {
    throw new InvalidArgumentError('a run is written as 2026-09-30-4267254d9b11, or as the beginning of that.');
  }
  return text;
}
