// `showback check`: configuration and data contracts, nothing written. Silent on what is well beyond one line each.
import { type Command, Option } from 'commander';
import type { CheckDepth } from '../run/api.js';
import { type Io, painter, type RunView } from './io.js';
import { jsonLine } from './ndjson.js';
import { addPipelineArgument, addScope, requestOf, type ScopeOptions } from './options.js';
import { viewOf } from './run-view.js';

interface CheckOptions extends ScopeOptions {
  readonly json?: boolean;
  readonly configOnly?: boolean;
  readonly connect?: boolean;
}

const EXAMPLES = `
Examples:
  $ showback check
  $ showback check pipelines/nightly.yaml && echo ready
  $ showback check --config-only        in a second, without reading logs or bills
  $ showback check --connect            before the first night: what a role, a bucket or a path still lacks
  $ showback check --json`;

export function addCheck(program: Command, io: Io): void {
  const command = program.command('check').description('check configuration and data contracts; writes nothing');
  addScope(addPipelineArgument(command))
    .option('--json', 'one JSON object')
    .option('--config-only', 'read configuration and models, no data')
    .addOption(new Option('--connect', 'ask each source whether it can be read, and fetch nothing').conflicts('configOnly'))
    .addHelpText('after', EXAMPLES)
    .action(async (pipeline: string | undefined, options: CheckOptions) => check(pipeline, options, io));
}

async function check(pipeline: string | undefined, options: CheckOptions, io: Io): Promise<void> {
  const view = viewFor(options, io);
  try {
    const runs = await io.runs();
    const request = await requestOf(pipeline, options, io, view);
    const signal = io.orderly?.();
    const checked = await runs.checkPipeline({ ...request, signal }, depthOf(options));
    view.close();
    io.stdout.write(options.json === true ? jsonLine({ ok: true, checked }) : textOf(checked, io));
  } finally {
    view.close();
  }
}

function depthOf({ configOnly, connect }: CheckOptions): CheckDepth {
  if (connect === true) return 'connections';
  return configOnly === true ? 'configuration' : 'data';
}

/** Who looks sees the steps; a log hears of what is wrong alone. */
function viewFor(options: CheckOptions, io: Io): RunView {
  if (io.stderr.isTTY && options.json !== true) return viewOf({}, io);
  return { listen: () => undefined, close: () => undefined };
}

function textOf(checked: readonly string[], io: Io): string {
  const mark = painter(io.stdout, io.env)('green', '✔');
  return checked.map((line) => `${mark} ${line}\n`).join('');
}
