// `showback plan`: the steps that `run` would execute, in their order. Nothing is written.
import type { Command } from 'commander';
import type { Step } from '../run/plan.js';
import { counted } from './figures-text.js';
import type { Io } from './io.js';
import { jsonLine } from './ndjson.js';
import { addPipelineArgument, addScope, requestOf, type ScopeOptions } from './options.js';

const EXAMPLES = `
Examples:
  $ showback plan
  $ showback plan pipelines/nightly.yaml --month 2026-09
  $ showback plan --json`;

export function addPlan(program: Command, io: Io): void {
  const command = program.command('plan').description('print the very steps that run executes; writes nothing');
  addScope(addPipelineArgument(command))
    .option('--json', 'one JSON object a step')
    .addHelpText('after', EXAMPLES)
    .action(async (pipeline: string | undefined, options: ScopeOptions & { readonly json?: boolean }) => {
      const runs = await io.runs();
      const steps = await runs.planPipeline(await requestOf(pipeline, options, io));
      io.stdout.write(options.json === true ? jsonLines(steps) : textLines(steps.map(runs.describeStep)));
    });
}

function textLines(steps: readonly string[]): string {
  const width = String(steps.length).length;
  const lines = steps.map((step, at) => `${String(at + 1).padStart(width)}  ${step}\n`);
  return `${lines.join('')}${counted(steps.length, 'step')}\n`;
}

function jsonLines(steps: readonly Step[]): string {
  return steps.map(jsonLine).join('');
}
