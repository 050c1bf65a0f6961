// `showback run`: the pipeline, told as it goes, and what came out on one screen.
import type { Command } from 'commander';
import type { Io } from './io.js';
import { addPipelineArgument, addScope, requestOf, type ScopeOptions, waitOption } from './options.js';
import { summarise, viewOf } from './run-view.js';

interface RunOptions extends ScopeOptions {
  readonly json?: boolean;
}

const EXAMPLES = `
Examples:
  $ showback run                                     everything that is new
  $ showback run pipelines/nightly.yaml              from anywhere: paths are relative to the file
  $ showback run --month 2026-09                     one month, as of its last day
  $ showback run --date 2026-09-14                   the month of that day, through that day
  $ showback run --as-of 2026-09-30 --json > run.ndjson
  $ showback run --force                             although nothing changed
  $ showback run --wait 600                          ten minutes for another run, then 75`;

export function addRun(program: Command, io: Io): void {
  const command = program.command('run').description('land what is new, compute the open months, check them, publish them');
  addScope(addPipelineArgument(command))
    .option('--force', 'run although nothing changed')
    .addOption(waitOption())
    .option('--json', 'tell everything as one JSON object a line on stdout')
    .addHelpText('after', EXAMPLES)
    .action(async (pipeline: string | undefined, options: RunOptions) => run(pipeline, options, io));
}

async function run(pipeline: string | undefined, options: RunOptions, io: Io): Promise<void> {
  const view = viewOf(options, io);
  try {
    const runs = await io.runs();
    const asked = await requestOf(pipeline, options, io, view);
    const result = await runs.runPipeline({ ...asked, signal: io.orderly?.() });
    view.close();
    await summarise(result, options, io);
  } finally {
    view.close();
  }
}
