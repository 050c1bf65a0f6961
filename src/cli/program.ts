// The command line: one fresh program a call, one catch, the exit code as a value. Streams and clock come in, so tests run it in-process.
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { EXIT_CODE } from '../kernel/failure.js';
import { addBackfill } from './command-backfill.js';
import { addCheck } from './command-check.js';
import { addDocs } from './command-docs.js';
import { addGc } from './command-gc.js';
import { addPlan } from './command-plan.js';
import { addRates } from './command-rates.js';
import { addRun } from './command-run.js';
import { addShow } from './command-show.js';
import { addSql } from './command-sql.js';
import type { Io } from './io.js';
import { reportError } from './problems.js';

const EXAMPLES = `
Examples:
  $ showback run                            everything that is new, from ./pipeline.yaml
  $ showback run demo.yaml --month 2026-09  one month, the other published months stay
  $ showback backfill --from 2026-01        month by month, where it stopped it goes on
  $ showback gc --dry-run                   what is beyond the retention
  $ showback plan                           the very steps that run would execute
  $ showback sql "select * from showback_feature_month limit 10"

Exit codes: 0 done or nothing to do · 1 a bug · 2 configuration or arguments · 3 a check failed, nothing published ·
4 a source or engine is unavailable, retry later · 75 another run is at work · 130/143 stopped by a signal`;

/** Runs one command line (without node and script) and answers the exit code. Never throws, never exits. */
export async function runCli(args: readonly string[], io: Io): Promise<number> {
  const program = buildProgram(io);
  try {
    await program.parseAsync([...args], { from: 'user' });
    return EXIT_CODE.done;
  } catch (error) {
    if (error instanceof CommanderError && error.code === 'commander.help') return EXIT_CODE.user;
    return reportError(error, io, args.includes('--debug'));
  }
}

function buildProgram(io: Io): Command {
  const program = new Command('showback')
    .description('What each AI feature really costs: bills and tagged usage in, a proven per-feature showback out.')
    .version(version(), '-V, --version', 'print the version')
    .option('--debug', 'print the trace of an error')
    .helpCommand(false)
    .helpOption('-h, --help', 'show help')
    .addHelpText('after', EXAMPLES)
    .showHelpAfterError('(--help shows what there is)');
  for (const add of [addRun, addBackfill, addPlan, addCheck, addShow, addGc, addRates, addSql, addDocs]) add(program, io);
  for (const command of everyCommand(program)) quiet(command, io);
  return program;
}

function everyCommand(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap((inner) => everyCommand(inner))];
}

/** Errors are thrown, not exits; text goes where it is told. */
function quiet(command: Command, io: Io): void {
  command.exitOverride().configureOutput({
    writeOut: (text) => io.stdout.write(text),
    writeErr: (text) => io.stderr.write(text),
    getOutHelpWidth: () => helpWidth(io.stdout.columns()),
    getErrHelpWidth: () => helpWidth(io.stderr.columns()),
    getOutHasColors: () => false,
    getErrHasColors: () => false,
  });
  if (command.parent !== null) {
    command.helpOption('-h, --help', 'show help').showHelpAfterError(`(showback ${pathOf(command)} --help shows what there is)`);
    command.option('--debug', 'print the trace of an error').allowExcessArguments(false);
  }
}

function helpWidth(columns: number): number {
  return Math.min(100, columns);
}

function pathOf(command: Command): string {
  const above = command.parent === null || command.parent.parent === null ? '' : `${pathOf(command.parent)} `;
  return above + command.name();
}

function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest ? String(manifest.version) : '';
}
