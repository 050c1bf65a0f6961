// `showback run`: the pipeline, told as it goes, and what came out on one screen.
import type { Command } from 'commander';
import { Failure } from '../kernel/failure.js';
import type { RunResult } from '../run/api.js';
import { type Io, painter, type RunView } from './io.js';
import { linesView } from './lines.js';
import { LiveView } from './live.js';
import { ndjsonView } from './ndjson.js';
import { addPipelineArgument, addScope, requestOf, type ScopeOptions } from './options.js';
import { problemsJson } from './problems.js';

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
  $ showback run --force                             although nothing changed`;

export function addRun(program: Command, io: Io): void {
  const command = program.command('run').description('land what is new, compute the open months, check them, publish them');
  addScope(addPipelineArgument(command))
    .option('--force', 'run although nothing changed')
    .option('--json', 'tell everything as one JSON object a line on stdout')
    .addHelpText('after', EXAMPLES)
    .action(async (pipeline: string | undefined, options: RunOptions) => run(pipeline, options, io));
}

async function run(pipeline: string | undefined, options: RunOptions, io: Io): Promise<void> {
  const view = viewOf(options, io);
  try {
    const runs = await io.runs();
    const result = await runs.runPipeline(await requestOf(pipeline, options, io, view));
    view.close();
    await summarise(result, options, io);
  } catch (error) {
    if (options.json === true && error instanceof Failure) io.stdout.write(`${problemsJson(error)}\n`);
    throw error;
  } finally {
    view.close();
  }
}

function viewOf(options: RunOptions, io: Io): RunView {
  if (options.json === true) return ndjsonView(io.stdout);
  if (io.stderr.isTTY && io.env['TERM'] !== 'dumb') return new LiveView(io.stderr, painter(io.stderr, io.env));
  return linesView(io.stderr, io.now);
}

async function summarise(result: RunResult, options: RunOptions, io: Io): Promise<void> {
  const [{ readFigures }, { summaryLines, summaryJson }] = await Promise.all([import('./figures.js'), import('./summary.js')]);
  const figures = await readFigures(result.warehousePath);
  if (options.json === true) {
    io.stdout.write(`${summaryJson(result, figures)}\n`);
    return;
  }
  const size = { columns: io.stdout.columns(), rows: io.stdout.isTTY ? io.stdout.rows() : null };
  io.stdout.write(`${summaryLines(result, figures, { size, paint: painter(io.stdout, io.env), cwd: io.cwd }).join('\n')}\n`);
}
