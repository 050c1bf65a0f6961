#!/usr/bin/env node
// The process: streams, signals and the exit code. What a command needs beyond that loads when the command runs.
import { once } from 'node:events';
import { createInterface } from 'node:readline/promises';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { EXIT_CODE, EXIT_OF_SIGNAL } from '../kernel/failure.js';
import type { Output, Runs } from './io.js';
import { speaksUtf8, withPlainSigns } from './plain-signs.js';
import { runCli } from './program.js';
import { stopOnSignals } from './stopping.js';

const stopping = stopOnSignals();

function outputOf(stream: NodeJS.WriteStream): Output {
  let isOpen = true;
  // A reader that has seen enough (`| head`) is no error; a run goes on to its end without one.
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    isOpen = false;
    if (!stopping.isOrderly()) process.exit(0);
  });
  const output: Output = {
    write: (text) => void (isOpen && stream.write(text)),
    send: async (data) => {
      if (isOpen && !stream.write(data)) await once(stream, 'drain');
    },
    isTTY: stream.isTTY === true,
    columns: () => stream.columns ?? widthFrom(process.env['COLUMNS']),
    rows: () => stream.rows ?? 24,
  };
  return output.isTTY && !speaksUtf8(process.env) ? withPlainSigns(output) : output;
}

function widthFrom(text: string | undefined): number {
  const columns = Number(text);
  return Number.isInteger(columns) && columns > 20 ? columns : 120;
}

async function loadRuns(): Promise<Runs> {
  const [run, backfill, gc, check, plan, diff, runs, close, reopen, verify, rerate, statements] = await Promise.all([
    import('../run/run.js'),
    import('../run/backfill.js'),
    import('../run/gc.js'),
    import('../run/check.js'),
    import('../run/plan.js'),
    import('../run/diff.js'),
    import('../run/diff-runs.js'),
    import('../run/close.js'),
    import('../run/reopen.js'),
    import('../run/verify.js'),
    import('../run/rerate.js'),
    import('../run/statements.js'),
  ]);
  return {
    runPipeline: run.runPipeline,
    runBackfill: backfill.runBackfill,
    collectGarbage: gc.collectGarbage,
    planPipeline: run.planPipeline,
    checkPipeline: check.checkPipeline,
    describeStep: plan.describeStep,
    diffDeliveries: diff.diffDeliveries,
    diffRuns: runs.diffRuns,
    closeMonth: close.closeMonth,
    reopenMonth: reopen.reopenMonth,
    verifyMonth: verify.verifyMonth,
    reratePipeline: rerate.reratePipeline,
    writeStatements: statements.writeStatements,
  };
}

async function ask(question: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (await lines.question(question)).trim();
  } finally {
    lines.close();
  }
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
    stdin: async () => text(process.stdin),
    ...(process.stdin.isTTY && process.stderr.isTTY ? { ask } : {}),
    env: process.env,
    cwd,
    now: () => new Date(),
    orderly: stopping.orderly,
    runs: loadRuns,
    sqlChild: { file: fileURLToPath(new URL('./sql-child.js', import.meta.url)), execArgv: [] },
  });
}

/** A signal that came when the work was done changes what the caller hears, not what stands. */
function codeOf(code: number): number {
  const by = stopping.by();
  if (by === null || code !== EXIT_CODE.done) return code;
  process.stderr.write(`showback: ${by} came when the work was done already\n`);
  return EXIT_OF_SIGNAL[by];
}

// The client of AWS would warn of Node 20 on standard error; which Nodes this program runs on, package.json says.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';

process.exitCode = codeOf(await main(currentFolder()));
