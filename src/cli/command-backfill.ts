// `showback backfill`: months published one after the other, and what is published at the end on one screen.
import { type Command, Option } from 'commander';
import type { Day, Month } from '../kernel/period.js';
import type { BackfillRequest } from '../run/api.js';
import type { Io, RunView } from './io.js';
import { addPipelineArgument, asOfOption, parseMonth, threadsOption, waitOption } from './options.js';
import { findPipeline } from './pipeline-file.js';
import { summarise, viewOf } from './run-view.js';

interface BackfillOptions {
  readonly from: Month;
  readonly to?: Month;
  readonly asOf?: Day;
  readonly threads?: number;
  readonly force?: boolean;
  readonly wait?: number;
  readonly json?: boolean;
}

const EXAMPLES = `
Examples:
  $ showback backfill --from 2026-01 --to 2026-06      month by month; killed or failed, the same again goes on
  $ showback backfill --from 2026-07 --to 2026-07      restate a month that look_back leaves as it was published
  $ showback backfill pipelines/backfill.yaml --from 2026-01 --json > backfill.ndjson
  $ showback backfill --from 2026-01 --force           although nothing changed`;

export function addBackfill(program: Command, io: Io): void {
  const command = program.command('backfill').description('compute and publish months one after the other; the others stay');
  addPipelineArgument(command)
    .addOption(new Option('--from <YYYY-MM>', 'first month').argParser(parseMonth).makeOptionMandatory())
    .addOption(new Option('--to <YYYY-MM>', 'last month (default: that of the as-of day)').argParser(parseMonth))
    .addOption(asOfOption())
    .addOption(threadsOption())
    .addOption(waitOption())
    .option('--force', 'months too that are made of the same inputs already')
    .option('--json', 'tell everything as one JSON object a line on stdout')
    .addHelpText('after', EXAMPLES)
    .action(async (pipeline: string | undefined, options: BackfillOptions) => backfill(pipeline, options, io));
}

async function backfill(pipeline: string | undefined, options: BackfillOptions, io: Io): Promise<void> {
  const view = viewOf(options, io);
  try {
    const runs = await io.runs();
    const { last } = await runs.runBackfill(await requestOf(pipeline, options, io, view));
    view.close();
    await summarise(last, options, io);
  } finally {
    view.close();
  }
}

async function requestOf(
  given: string | undefined,
  options: BackfillOptions,
  io: Io,
  view: Pick<RunView, 'listen'>,
): Promise<BackfillRequest> {
  const { from, to, asOf, threads, force, wait } = options;
  return {
    pipelineFile: await findPipeline(given, io.cwd),
    from,
    ...(to === undefined ? {} : { to }),
    ...(asOf === undefined ? {} : { asOf }),
    ...(threads === undefined ? {} : { threads }),
    ...(wait === undefined ? {} : { wait }),
    force: force === true,
    listener: view.listen,
    now: io.now,
    env: io.env,
    signal: io.orderly?.(),
  };
}
