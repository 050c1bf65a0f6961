// Options that several commands share, and their checks: a wrong value is told before anything is read.
import { availableParallelism } from 'node:os';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type Day, isDay, isMonth, type Month } from '../kernel/period.js';
import type { RunRequest, RunScope } from '../run/api.js';
import type { Io, RunView } from './io.js';
import { findPipeline } from './pipeline-file.js';

export interface ScopeOptions {
  readonly month?: Month;
  readonly date?: Day;
  readonly asOf?: Day;
  readonly threads?: number;
  readonly force?: boolean;
  readonly wait?: number;
}

export const PIPELINE = 'the pipeline file (default: ./pipeline.yaml, else the only one in ./pipelines)';

export function addPipelineArgument(command: Command): Command {
  return command.argument('[pipeline]', PIPELINE);
}

export function pipelineOption(): Option {
  return new Option('-p, --pipeline <file>', PIPELINE);
}

export function addScope(command: Command): Command {
  return command
    .addOption(
      new Option('--month <YYYY-MM>', 'this month only; other published months stay').argParser(parseMonth).conflicts('date'),
    )
    .addOption(new Option('--date <YYYY-MM-DD>', 'the month of this day, through this day').argParser(parseDay))
    .addOption(asOfOption())
    .addOption(threadsOption());
}

export function asOfOption(): Option {
  return new Option('--as-of <YYYY-MM-DD>', 'evidence counts through this day (default: yesterday, UTC)').argParser(parseDay);
}

export function waitOption(): Option {
  return new Option('--wait <seconds>', 'wait for a run that holds the lock (default: exit 75 at once)').argParser(parseCount);
}

export function threadsOption(): Option {
  return new Option('--threads <n>', 'engine threads (default: every core)').argParser(parseThreads);
}

export async function requestOf(
  given: string | undefined,
  options: ScopeOptions,
  io: Io,
  view: Pick<RunView, 'listen'> = { listen: () => undefined },
): Promise<RunRequest> {
  const scope: RunScope = {
    ...(options.month === undefined ? {} : { month: options.month }),
    ...(options.date === undefined ? {} : { date: options.date }),
    ...(options.asOf === undefined ? {} : { asOf: options.asOf }),
  };
  return {
    pipelineFile: await findPipeline(given, io.cwd),
    scope,
    force: options.force === true,
    ...(options.threads === undefined ? {} : { threads: options.threads }),
    ...(options.wait === undefined ? {} : { wait: options.wait }),
    listener: view.listen,
    now: io.now,
    env: io.env,
  };
}

export function parseMonth(text: string): Month {
  if (!isMonth(text)) throw new InvalidArgumentError('a month is written as 2026-09.');
  return text;
}

export function parseDay(text: string): Day {
  if (!isDay(text)) throw new InvalidArgumentError('a day is written as 2026-09-30.');
  return text;
}

export function parseCount(text: string): number {
  const count = /^\d{1,12}$/.test(text) ? Number(text) : 0;
  if (count < 1) throw new InvalidArgumentError('a whole number from 1 is needed.');
  return count;
}

function parseThreads(text: string): number {
  const threads = parseCount(text);
  const most = availableParallelism() * 4;
  if (threads > most) throw new InvalidArgumentError(`at most ${most} threads make sense on this machine.`);
  return threads;
}
