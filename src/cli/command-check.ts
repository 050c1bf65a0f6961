// `showback check`: configuration and data contracts, nothing written. Silent on what is well beyond one line each.
import type { Command } from 'commander';
import { type Io, painter } from './io.js';
import { jsonLine } from './ndjson.js';
import { addPipelineArgument, addScope, requestOf, type ScopeOptions } from './options.js';

const EXAMPLES = `
Examples:
  $ showback check
  $ showback check pipelines/nightly.yaml && echo ready
  $ showback check --config-only        in a second, without reading logs or bills
  $ showback check --json`;

export function addCheck(program: Command, io: Io): void {
  const command = program.command('check').description('check configuration and data contracts; writes nothing');
  addScope(addPipelineArgument(command))
    .option('--json', 'one JSON object')
    .option('--config-only', 'read configuration and models, no data')
    .addHelpText('after', EXAMPLES)
    .action(
      async (
        pipeline: string | undefined,
        options: ScopeOptions & { readonly json?: boolean; readonly configOnly?: boolean },
      ) => {
        const runs = await io.runs();
        const checked = await runs.checkPipeline(await requestOf(pipeline, options, io), { data: options.configOnly !== true });
        if (options.json === true) {
          io.stdout.write(jsonLine({ ok: true, checked }));
          return;
        }
        const mark = painter(io.stdout, io.env)('green', '✔');
        io.stdout.write(checked.map((line) => `${mark} ${line}\n`).join(''));
      },
    );
}
