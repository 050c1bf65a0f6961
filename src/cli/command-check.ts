// `showback check`: configuration and data contracts, nothing written. Silent on what is well beyond one line each.
import type { Command } from 'commander';
import { type Io, painter } from './io.js';
import { addPipelineArgument, addScope, requestOf, type ScopeOptions } from './options.js';

const EXAMPLES = `
Examples:
  $ showback check
  $ showback check pipelines/nightly.yaml && echo ready
  $ showback check --json`;

export function addCheck(program: Command, io: Io): void {
  const command = program.command('check').description('check configuration and data contracts; writes nothing');
  addScope(addPipelineArgument(command))
    .option('--json', 'one JSON object')
    .addHelpText('after', EXAMPLES)
    .action(async (pipeline: string | undefined, options: ScopeOptions & { readonly json?: boolean }) => {
      const runs = await io.runs();
      const checked = await runs.checkPipeline(await requestOf(pipeline, options, io));
      if (options.json === true) {
        io.stdout.write(`${JSON.stringify({ ok: true, checked })}\n`);
        return;
      }
      const mark = painter(io.stdout, io.env)('green', '✔');
      io.stdout.write(checked.map((line) => `${mark} ${line}\n`).join(''));
    });
}
