// `showback verify`: whether a closed month is still what was closed, and comes out of landing byte for byte.
import type { Command } from 'commander';
import { Failure } from '../kernel/failure.js';
import type { Month } from '../kernel/period.js';
import type { VerifyResult } from '../run/closing-api.js';
import { type Io, painter } from './io.js';
import { jsonLine } from './ndjson.js';
import { addPipelineArgument, parseMonth, threadsOption } from './options.js';
import { findPipeline } from './pipeline-file.js';
import { viewOf } from './run-view.js';
import { printable } from './width.js';

interface VerifyOptions {
  readonly threads?: number;
  readonly json?: boolean;
}

const EXAMPLES = `
Examples:
  $ showback verify 2026-08                 exit 0 where everything holds, 3 where something does not
  $ showback verify 2026-08 nightly.yaml --json`;

export function addVerify(program: Command, io: Io): void {
  const command = program
    .command('verify')
    .description('build a closed month again from landing and compare it byte for byte; writes nothing')
    .argument('<month>', 'a closed month, as 2026-08', parseMonth);
  addPipelineArgument(command)
    .addOption(threadsOption())
    .option('--json', 'one JSON object, every comparison in it')
    .addHelpText('after', EXAMPLES)
    .action(async (month: Month, pipeline: string | undefined, options: VerifyOptions) => verify(month, pipeline, options, io));
}

async function verify(month: Month, pipeline: string | undefined, { threads, json }: VerifyOptions, io: Io): Promise<void> {
  const view = viewOf({}, io);
  try {
    const { verifyMonth } = await io.runs();
    const result = await verifyMonth({
      pipelineFile: await findPipeline(pipeline, io.cwd),
      month,
      ...(threads === undefined ? {} : { threads }),
      listener: view.listen,
      now: io.now,
      env: io.env,
      signal: io.orderly?.(),
    });
    view.close();
    io.stdout.write(json === true ? jsonLine(result) : `${lines(result, io).join('\n')}\n`);
    refuseDifferent(result);
  } finally {
    view.close();
  }
}

function lines({ month, closedAt, approvedBy, checked }: VerifyResult, io: Io): readonly string[] {
  const paint = painter(io.stdout, io.env);
  const closed = `${month}, closed by ${printable(approvedBy)} at ${closedAt}`;
  return [closed, ...checked.map(({ what, holds }) => `  ${holds ? paint('green', '✓') : paint('red', '✗')} ${printable(what)}`)];
}

function refuseDifferent({ month, checked }: VerifyResult): void {
  const problems = checked
    .filter(({ holds }) => !holds)
    .map(({ what }) => ({
      code: 'close/differs',
      message: `${month} is not what was closed: ${what}`,
      remedy: 'put back what was changed from a copy of the state folder; other versions of the program may compute otherwise',
    }));
  if (problems.length > 0) throw new Failure('check', problems);
}
