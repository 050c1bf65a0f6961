#!/usr/bin/env node
// The process: streams, signals and the exit code. What a command needs beyond that loads when the command runs.
import { fileURLToPath } from 'node:url';
import { EXIT_CODE } from '../kernel/failure.js';
import type { Output, Runs } from './io.js';
import { runCli } from './program.js';

const SHOW_CURSOR = '\u001b[?25h';
const EXIT_OF_SIGNAL = { SIGINT: 130, SIGTERM: 143 } as const;

function outputOf(stream: NodeJS.WriteStream): Output {
  // A reader that has seen enough (`| head`) is no error.
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  return {
    write: (text) => void stream.write(text),
    isTTY: stream.isTTY === true,
    columns: () => stream.columns ?? widthFrom(process.env['COLUMNS']),
    rows: () => stream.rows ?? 24,
  };
}

function widthFrom(text: string | undefined): number {
  const columns = Number(text);
  return Number.isInteger(columns) && columns > 20 ? columns : 120;
}

async function loadRuns(): Promise<Runs> {
  const [run, backfill, gc, check, plan, ledger] = await Promise.all([
    import('../run/run.js'),
    import('../run/backfill.js'),
    import('../run/gc.js'),
    import('../run/check.js'),
    import('../run/plan.js'),
    import('../run/ledger.js'),
  ]);
  return {
    runPipeline: run.runPipeline,
    runBackfill: backfill.runBackfill,
    collectGarbage: gc.collectGarbage,
    planPipeline: run.planPipeline,
    checkPipeline: check.checkPipeline,
    readHistory: ledger.readHistory,
    describeStep: plan.describeStep,
  };
}

/** A run may be killed at any point, so a signal ends the process where it stands. */
function stopOn(signal: keyof typeof EXIT_OF_SIGNAL): void {
  process.once(signal, () => {
    const cursor = process.stderr.isTTY ? `${SHOW_CURSOR}\n` : '';
    process.stderr.write(`${cursor}showback: stopped by ${signal}; what was published before still stands, run again to go on\n`);
    process.exit(EXIT_OF_SIGNAL[signal]);
  });
}

/** The folder may have been removed under the shell's feet. */
function currentFolder(): string | null {
  try {
    return process.cwd();
  } catch {
    return null;
  }
}

async function main(cwd: string | null): Promise<number> {
  if (cwd === null) {
    process.stderr.write('showback: the current folder is gone\n  → go to a folder that is there\n');
    return EXIT_CODE.user;
  }
  return runCli(process.argv.slice(2), {
    stdout: outputOf(process.stdout),
    stderr: outputOf(process.stderr),
    env: process.env,
    cwd,
    now: () => new Date(),
    runs: loadRuns,
    sqlChild: { file: fileURLToPath(new URL('./sql-child.js', import.meta.url)), execArgv: [] },
  });
}

stopOn('SIGINT');
stopOn('SIGTERM');
process.exitCode = await main(currentFolder());
