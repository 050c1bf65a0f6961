// `showback reconcile`: why a month's bill is not what was rated, from what is published. Reads, and writes nothing.
import { type Command, Option } from 'commander';
import { Failure } from '../kernel/failure.js';
import { suggest } from '../kernel/nearest.js';
import type { Month } from '../kernel/period.js';
import type { BridgeMonth } from './bridge.js';
import { bridgeLines } from './bridge-text.js';
import { type Io, painter } from './io.js';
import { jsonLine } from './ndjson.js';
import { addPipelineArgument, parseCount, parseMonth } from './options.js';
import { placesOf, publishedWarehouse, unknownMonth } from './published-run.js';

interface ReconcileOptions {
  readonly month?: Month;
  readonly provider?: string;
  readonly details?: boolean;
  readonly lines: number;
  readonly json?: boolean;
}

const EXAMPLES = `
Examples:
  $ showback reconcile                                     the last published month, every provider
  $ showback reconcile --month 2026-08 --provider openai   one bill, with what each cause is made of
  $ showback reconcile --month 2026-08 --details
  $ showback reconcile nightly.yaml --month 2026-08 --json

The same figures are the marts variance_bridge_month and variance_month.`;

export function addReconcile(program: Command, io: Io): void {
  const command = program
    .command('reconcile')
    .description('show why a month’s bill is not what was rated: every cause, and what nobody explains');
  addPipelineArgument(command)
    .addOption(new Option('--month <YYYY-MM>', 'the billing month (default: the last published)').argParser(parseMonth))
    .option('--provider <name>', 'the bills of this provider only, with details')
    .option('--details', 'what each cause is made of: skus, quantities, prices, lines of the bill')
    .addOption(new Option('-n, --lines <n>', 'how many details of a bill are told').argParser(parseCount).default(20))
    .option('--json', 'one JSON object, all details in it')
    .addHelpText('after', EXAMPLES)
    .action(async (pipeline: string | undefined, options: ReconcileOptions) => {
      const told = await bridgesOf(pipeline, options, io);
      const page = { width: io.stdout.columns(), paint: painter(io.stdout, io.env) };
      const details = options.details === true || options.provider !== undefined;
      const text = (): string => `${bridgeLines(told, details, options.lines, page).join('\n')}\n`;
      io.stdout.write(options.json === true ? jsonLine({ month: told.month, bridges: told.bridges }) : text());
    });
}

async function bridgesOf(pipeline: string | undefined, { month, provider }: ReconcileOptions, io: Io): Promise<BridgeMonth> {
  const places = await placesOf(pipeline === undefined ? {} : { pipeline }, io.cwd);
  const { readBridges } = await import('./bridge.js');
  const told = await readBridges(await publishedWarehouse(places), month ?? null, provider ?? null);
  if (told === null) {
    throw new Failure('user', [
      {
        code: 'cli/no-bridge',
        message: 'the published run is of a version that made no variance bridge',
        remedy: 'make it: showback run --force',
      },
    ]);
  }
  if (told.providers.length === 0) throw unknownMonth(told.month, told.months);
  if (told.bridges.length === 0) {
    throw new Failure('user', [
      {
        code: 'cli/unknown-provider',
        message: `no bill and no usage of \`${provider ?? ''}\` in ${told.month}`,
        remedy: suggest(provider ?? '', told.providers),
      },
    ]);
  }
  return told;
}
