// `showback init`: a company folder from the files that are there. What it found comes first, what it could not tell last.
import { type Command, InvalidArgumentError, Option } from 'commander';
import { Failure } from '../kernel/failure.js';
import type { InitResult } from '../init/init.js';
import { initEvent, initLines, type Trial } from './init-text.js';
import { type Io, painter } from './io.js';
import { jsonLine } from './ndjson.js';

interface InitOptions {
  readonly bills?: readonly string[];
  readonly usage?: readonly string[];
  readonly name?: string;
  readonly currency?: string;
  readonly force?: boolean;
  readonly json?: boolean;
  readonly try: boolean;
}

const EXAMPLES = `
Examples:
  $ showback init --bills ./exports --usage ./logs          here, from what these folders hold
  $ showback init acme --bills ~/aws-focus.csv.gz --usage '/var/log/llm' --name acme
  $ showback init acme --usage ./logs                       without bills: an estimate at list prices
  $ showback init --bills ./exports --usage ./logs --json > drafted.json

Then \`showback run\` has the first statement.`;

/** Up to here the files are tried at once; more would take a while, and a run says the same. */
const TRIED = { bytes: 50_000_000, files: 1000 };

export function addInit(program: Command, io: Io): void {
  program
    .command('init')
    .description('draft a pipeline, a registry and rules from the bills and logs that you have; asks nothing')
    .argument('[folder]', 'where the new files go (default: here)')
    .option(
      '--bills <path...>',
      'files or folders with bills: FOCUS, AWS Data Exports and CUR, OpenAI and Anthropic costs, invoice CSV',
    )
    .option('--usage <path...>', 'files or folders with usage logs: JSONL, CSV, Parquet; .gz and .zst too')
    .addOption(new Option('--name <id>', 'name of the pipeline (default: that of the folder)').argParser(parseName))
    .addOption(new Option('--currency <code>', 'reporting currency (default: that of most bill lines)').argParser(parseCurrency))
    .option('--force', 'write although there are such files; those stay as *.old')
    .option('--no-try', 'do not try a run on what was written')
    .option('--json', 'one JSON object')
    .addHelpText('after', EXAMPLES)
    .action(async (folder: string | undefined, options: InitOptions) => init(folder, options, io));
}

async function init(folder: string | undefined, options: InitOptions, io: Io): Promise<void> {
  const result = await look(folder ?? '.', options, io);
  const trial = await tried(result, options, io);
  if (options.json === true) io.stdout.write(jsonLine(initEvent(result, trial)));
  else io.stdout.write(`${initLines(result, trial, io).join('\n')}\n`);
}

async function look(folder: string, options: InitOptions, io: Io): Promise<InitResult> {
  const { bills = [], usage = [] } = options;
  if (bills.length + usage.length === 0) {
    const message = 'nothing says which files to look at';
    throw new Failure('user', [
      { code: 'init/nothing-named', message, remedy: 'name some, as in `showback init --bills ./exports --usage ./logs`' },
    ]);
  }
  tell('looking at the files …', io);
  const { initCompany } = await import('../init/init.js');
  const { name, currency, force = false } = options;
  return initCompany({ cwd: io.cwd, folder, bills, usage, name, currency, force, now: io.now });
}

/** Would a run publish? Null where nobody tried. */
async function tried({ bytes, files, pipelineFile }: InitResult, options: InitOptions, io: Io): Promise<Trial | null> {
  if (!options.try || bytes > TRIED.bytes || files > TRIED.files) return null;
  tell('trying a run on them …', io);
  const runs = await io.runs();
  const request = { pipelineFile, scope: {}, force: false, listener: () => undefined, now: io.now, env: io.env };
  try {
    return { kind: 'passes', told: await runs.checkPipeline(request, 'data') };
  } catch (error) {
    if (error instanceof Failure) return { kind: 'fails', failure: error };
    throw error;
  }
}

/** Only who waits at a terminal wants to know. */
function tell(text: string, io: Io): void {
  if (io.stderr.isTTY) io.stderr.write(`${painter(io.stderr, io.env)('dim', text)}\n`);
}

function parseName(text: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9._:-]*$/.test(text))
    throw new InvalidArgumentError('use letters, digits and . _ : -, beginning with a letter or digit.');
  return text;
}

function parseCurrency(text: string): string {
  if (!/^[A-Z]{3}$/.test(text)) throw new InvalidArgumentError('a currency is written as USD.');
  return text;
}
