// `make bench`: the pipeline beside the engine's own copy of the same files, alternating, each in a process of its own.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { CUSTOMERS, FEATURES, writeCompany } from './company.js';
import { writeLogs } from './logs.js';
import { measure } from './processes.js';
import { type Result, resultOf, type Round, tableOf } from './results.js';

const ROOT = join(import.meta.dirname, '..', '..');
const CLI = join(ROOT, 'dist', 'cli', 'main.js');
const FLOOR = join(import.meta.dirname, 'floor.ts');

interface Options {
  readonly events: string;
  readonly gzip?: boolean;
  readonly rounds: string;
  readonly features: string;
  readonly customers: string;
  readonly dir?: string;
}

const program = new Command('bench')
  .description('Measures a cold run over generated logs against the floor: what the engine takes to copy the same files.')
  .option('--events <list>', 'events of each measurement, such as 1M,10M', '1M,10M')
  .option('--gzip', '720 gzip files instead of 8 plain ones')
  .option('--rounds <n>', 'rounds of one copy and one run', '3')
  .option('--features <n>', 'registered features', String(FEATURES))
  .option('--customers <n>', 'customers', String(CUSTOMERS))
  .option('--dir <folder>', 'where logs and state lie (default: a folder of its own, removed at the end)');

await bench(program.parse().opts<Options>());

async function bench(options: Options): Promise<void> {
  const dir = options.dir ?? (await mkdtemp(join(tmpdir(), 'showback-bench-')));
  try {
    const results: Result[] = [];
    for (const events of options.events.split(',').map(countOf)) results.push(await measured(events, dir, options));
    process.stdout.write(`${tableOf(results)}\n${JSON.stringify({ results })}\n`);
  } finally {
    if (options.dir === undefined) await rm(dir, { recursive: true, force: true });
  }
}

async function measured(events: number, parent: string, options: Options): Promise<Result> {
  const dir = join(parent, String(events));
  const size = { features: Number(options.features), customers: Number(options.customers) };
  const pipeline = await writeCompany(dir, { start: '2026-09', asOf: '2026-09-30', ...size });
  const logs = join(dir, 'logs');
  tell(`${String(events)} events: writing the logs`);
  await writeLogs({
    ...size,
    dir: logs,
    events,
    files: options.gzip === true ? 720 : 8,
    gzip: options.gzip === true,
    from: '2026-09-01',
    days: 30,
  });
  const rounds: Round[] = [];
  for (let round = 1; round <= Number(options.rounds); round++) {
    const copySeconds = await floorOf(logs, dir);
    const run = await runOf(pipeline, dir);
    rounds.push({ copySeconds, ...run });
    tell(`${String(events)} events, round ${String(round)}: copy ${copySeconds.toFixed(2)} s, run ${run.seconds.toFixed(2)} s`);
  }
  await rm(dir, { recursive: true, force: true });
  return resultOf(events, rounds);
}

async function floorOf(logs: string, dir: string): Promise<number> {
  const target = join(dir, 'floor.parquet');
  const { stdout } = await measure(['--import', 'tsx', FLOOR, logs, target, String(availableParallelism())]);
  await rm(target);
  return Number(stdout);
}

/** A cold run: nothing landed, nothing loaded. Landing copies and hashes bytes and is told apart. */
async function runOf(pipeline: string, dir: string): Promise<Omit<Round, 'copySeconds'>> {
  for (const folder of ['.showback', 'out']) await rm(join(dir, folder), { recursive: true, force: true });
  await mkdir(dir, { recursive: true });
  const { seconds, peakRssMib, stdout } = await measure([CLI, 'run', pipeline, '--json']);
  const landSeconds = landingOf(stdout);
  return { seconds: seconds - landSeconds, landSeconds, peakRssMib };
}

function landingOf(ndjson: string): number {
  const events = ndjson.trimEnd().split('\n');
  const steps = events.map((line) => JSON.parse(line) as { readonly step?: string; readonly seconds?: number });
  return steps.reduce((sum, { step, seconds }) => sum + (step?.startsWith('land ') === true ? (seconds ?? 0) : 0), 0);
}

function countOf(text: string): number {
  const [, digits = '', unit = ''] = /^(\d+)([kM]?)$/.exec(text.trim()) ?? [];
  if (digits === '') throw new Error(`${text} is no number of events: write it as 250k or 10M`);
  return Number(digits) * (unit === 'M' ? 1_000_000 : unit === 'k' ? 1000 : 1);
}

function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}
