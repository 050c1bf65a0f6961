// `showback explain`: why a published figure is what it is, down to bill lines, usage, shares, prices and rules. Reads, and writes nothing.
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Condition, Explained } from '../explain/api.js';
import type { Month } from '../kernel/period.js';
import { explainLines } from './explain-text.js';
import { type Io, painter } from './io.js';
import { jsonLine } from './ndjson.js';
import { addPipelineArgument, parseCount, parseMonth, threadsOption } from './options.js';
import { findPipeline } from './pipeline-file.js';
import { viewOf } from './run-view.js';

interface ExplainOptions {
  readonly mart: string;
  readonly feature?: string;
  readonly customer?: string;
  readonly where: readonly Condition[];
  readonly lines: number;
  readonly all?: boolean;
  readonly threads?: number;
  readonly json?: boolean;
}

const EXAMPLES = `
Examples:
  $ showback explain 2026-08 --feature search
  $ showback explain 2026-08 --feature search --where method_id=gpu/gpu_hours@month --all
  $ showback explain 2026-08 --mart showback_feature_day --where usage_date=2026-08-03 --lines 10
  $ showback explain 2026-08 --mart variance_bridge_month --where cause=unlogged
  $ showback explain 2026-08 nightly.yaml --mart pool_month --where pool=gpu --json

Below each figure stand its parts, which sum to it; \`of\` leads to what it is a part of, \`by\` to the quantities by which it came to it.`;

/** Lines of a screen that is looked at, and no more than one scrolls. */
const BUDGET = 45;

export function addExplain(program: Command, io: Io): void {
  const command = program
    .command('explain')
    .description('show why a published figure is what it is, down to bill lines, usage, prices and rules; writes nothing')
    .argument('<month>', 'a published month, as 2026-08', parseMonth);
  addPipelineArgument(command)
    .option('--mart <mart>', 'whose rows (docs/marts)', 'showback_feature_month')
    .option('--feature <id>', 'rows of this feature: --where feature_id=<id>')
    .option('--customer <id>', 'rows of this customer: --where customer_id=<id>')
    .addOption(
      new Option('--where <column=value>', 'rows that have this value in this column; may be said again')
        .argParser(addCondition)
        .default([], 'all rows of the month'),
    )
    .addOption(
      new Option('-n, --lines <n>', 'how many parts of a figure are told one by one; the others stand as one')
        .argParser(parseCount)
        .default(5),
    )
    .option('--all', 'every part that is told, however long')
    .addOption(threadsOption())
    .option('--json', 'one JSON object, the whole tree in it')
    .addHelpText('after', EXAMPLES)
    .action(async (month: Month, pipeline: string | undefined, options: ExplainOptions) => explain(month, pipeline, options, io));
}

async function explain(month: Month, pipeline: string | undefined, options: ExplainOptions, io: Io): Promise<void> {
  const explained = await explainedFor(month, pipeline, options, io);
  if (options.json === true) {
    io.stdout.write(jsonLine(explained));
    return;
  }
  const page = { width: io.stdout.columns(), paint: painter(io.stdout, io.env) };
  const budget = options.all === true ? Number.MAX_SAFE_INTEGER : BUDGET;
  io.stdout.write(`${explainLines(explained, budget, page).join('\n')}\n`);
}

async function explainedFor(month: Month, pipeline: string | undefined, options: ExplainOptions, io: Io): Promise<Explained> {
  const { mart, lines, threads } = options;
  // It takes as long as a run: who waits at a terminal sees it work.
  const view = io.stderr.isTTY ? viewOf({}, io) : { listen: () => undefined, close: () => undefined };
  try {
    const { explainFigure } = await import('../explain/explain.js');
    const request = {
      ...{ pipelineFile: await findPipeline(pipeline, io.cwd), month, listener: view.listen, now: io.now, env: io.env },
      ...(threads === undefined ? {} : { threads }),
      signal: io.orderly?.(),
    };
    return await explainFigure(request, { mart, where: conditionsOf(options), most: lines });
  } finally {
    view.close();
  }
}

function conditionsOf({ feature, customer, where }: ExplainOptions): readonly Condition[] {
  return [
    ...(feature === undefined ? [] : [{ column: 'feature_id', value: feature }]),
    ...(customer === undefined ? [] : [{ column: 'customer_id', value: customer }]),
    ...where,
  ];
}

function addCondition(text: string, before: readonly Condition[]): readonly Condition[] {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('a condition is written as feature_id=search.');
  return [...before, { column: text.slice(0, at).trim(), value: text.slice(at + 1) }];
}
