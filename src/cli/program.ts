// The command line: one fresh program a call, one catch, the exit code as a value. Streams and clock come in, so tests run it in-process.
import { readFileSync } from 'node:fs';
import { styleText } from 'node:util';
import { Command } from 'commander';
import { EXIT_CODE, Failure } from '../kernel/failure.js';
import { ArgumentValues } from './argument-values.js';
import { addBackfill } from './command-backfill.js';
import { addCheck } from './command-check.js';
import { addClose, addReopen } from './command-close.js';
import { addCompletion } from './command-completion.js';
import { addDiff } from './command-diff.js';
import { addDocs } from './command-docs.js';
import { addExplain } from './command-explain.js';
import { addGc } from './command-gc.js';
import { addInit } from './command-init.js';
import { addPlan } from './command-plan.js';
import { addRates } from './command-rates.js';
import { addRun } from './command-run.js';
import { addReconcile } from './command-reconcile.js';
import { addRerate } from './command-rerate.js';
import { addShow } from './command-show.js';
import { addSql } from './command-sql.js';
import { addStatements } from './command-statements.js';
import { addVerify } from './command-verify.js';
import { EXIT_CODES, everyCommand, pathOf } from './command-tree.js';
import { hasColours, type Io, type Paint, painter } from './io.js';
import { jsonLine } from './ndjson.js';
import { failureLine, reportError } from './problems.js';
import { printable } from './width.js';

const EXAMPLES = `
Examples:
  $ showback init --bills in --usage logs   a first pipeline from your own files
  $ showback run                            all that is new, from ./pipeline.yaml
  $ showback run demo.yaml --month 2026-09  one month; the others stay
  $ showback backfill --from 2026-01        month by month; killed, it goes on
  $ showback close 2026-08                  a month is final: nothing changes it
  $ showback gc --dry-run                   what is beyond the retention
  $ showback plan                           the very steps that run would execute
  $ showback sql "select * from showback_feature_month limit 10"

${EXIT_CODES}`;

/** Runs one command line (without node and script) and answers the exit code. Never throws, never exits. */
export async function runCli(args: readonly string[], io: Io): Promise<number> {
  let json = false;
  const program = buildProgram(io);
  const values = new ArgumentValues();
  for (const command of everyCommand(program)) values.watch(command);
  program.hook('preAction', (_, command) => {
    json = command.opts()['json'] === true;
    values.check();
  });
  try {
    await program.parseAsync([...args], { from: 'user' });
    return EXIT_CODE.done;
  } catch (error) {
    if (json && error instanceof Failure) io.stdout.write(jsonLine(failureLine(error)));
    return reportError(error, io, args.includes('--debug'));
  }
}

export function buildProgram(io: Io): Command {
  const program = new Command('showback')
    .description('What each AI feature really costs: bills and tagged usage in, a proven per-feature showback out.')
    .version(version(), '-V, --version', 'print the version')
    .option('--debug', 'print the trace of an error')
    .helpCommand('help [command]', 'show the help of a command')
    .helpOption('-h, --help', 'show help')
    .addHelpText('after', EXAMPLES);
  for (const add of [
    addInit,
    addRun,
    addBackfill,
    addPlan,
    addCheck,
    addShow,
    addReconcile,
    addDiff,
    addClose,
    addReopen,
    addVerify,
    addStatements,
    addGc,
    addRates,
    addRerate,
    addExplain,
    addSql,
    addCompletion,
    addDocs,
  ])
    add(program, io);
  for (const command of everyCommand(program)) quiet(command, io);
  return program;
}

/** Errors are thrown, not exits; text goes where it is told. */
function quiet(command: Command, io: Io): void {
  command
    .exitOverride()
    .configureHelp({ styleTitle: bold })
    .configureOutput({
      writeOut: (text) => io.stdout.write(titled(text, painter(io.stdout, io.env))),
      writeErr: (text) => io.stderr.write(titled(text, painter(io.stderr, io.env))),
      getOutHelpWidth: () => helpWidth(io.stdout.columns()),
      getErrHelpWidth: () => helpWidth(io.stderr.columns()),
      getOutHasColors: () => hasColours(io.stdout, io.env),
      getErrHasColors: () => hasColours(io.stderr, io.env),
      outputError: (text, write) => write(mistake(text, command)),
    });
  if (command.parent !== null) {
    command.helpOption('-h, --help', 'show help').helpCommand(false);
    command.option('--debug', 'print the trace of an error').allowExcessArguments(false);
  }
}

/** Titles of a help; the parser takes the style off where there are no colours. */
function bold(text: string): string {
  return styleText('bold', text, { validateStream: false });
}

function titled(text: string, paint: Paint): string {
  return text.replace(/^Examples:$/m, (title) => paint('bold', title));
}

/** What the parser of arguments says, in the form of every other error. */
function mistake(text: string, command: Command): string {
  const [what = '', hint = ''] = text.trim().split('\n');
  const near = /^\((Did you mean .+\?)\)$/.exec(hint)?.[1];
  const help = `${['showback', pathOf(command)].filter((word) => word !== '').join(' ')} --help shows what there is`;
  const remedy = near === undefined ? help : `${near.charAt(0).toLowerCase()}${near.slice(1)} (${help})`;
  return `showback: ${printable(what.replace(/^error: /, ''))}\n  → ${remedy}\n`;
}

function helpWidth(columns: number): number {
  return Math.min(100, columns);
}

function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest ? String(manifest.version) : '';
}
