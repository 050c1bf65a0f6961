// `make bench`: the pipeline beside the engine's own copy of the same files; with `--history`, a night beside its day alone.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { type ColdRequest, measureCold } from './cold.js';
import { CUSTOMERS, FEATURES } from './company.js';
import { measureNights, type NightRequest } from './night.js';
import { type Night, nightsTable, type Result, tableOf } from './results.js';

interface Options {
  readonly events: string;
  readonly history?: string;
  readonly before?: string;
  readonly gzip?: boolean;
  readonly zstd?: boolean;
  readonly rounds: string;
  readonly features: string;
  readonly customers: string;
  readonly dir?: string;
}

const program = new Command('bench')
  .description('Measures a cold run over generated logs against the floor: what the engine takes to copy the same files.')
  .option('--events <list>', 'events of each measurement, such as 1M,10M', '1M,10M')
  .option(
    '--history <days>',
    'measure nights instead: a day of these events after so many days of as many, beside that day alone',
  )
  .option('--before <events>', 'events of each day of that history, such as 40k (default: as many as the day)')
  .option('--gzip', '720 gzip files instead of 8 plain ones; of nights, packed days')
  .option('--zstd', 'the same as zstd files, which are written five times as fast')
  .option('--rounds <n>', 'rounds of one copy and one run, or nights', '3')
  .option('--features <n>', 'registered features', String(FEATURES))
  .option('--customers <n>', 'customers; 0 allocates to features alone', String(CUSTOMERS))
  .option('--dir <folder>', 'where logs and state lie (default: a folder of its own, removed at the end)');

await bench(program.parse().opts<Options>());

async function bench(options: Options): Promise<void> {
  const parent = options.dir ?? (await mkdtemp(join(tmpdir(), 'showback-bench-')));
  const request = (events: number): ColdRequest => ({
    events,
    rounds: Number(options.rounds),
    size: { features: Number(options.features), customers: Number(options.customers) },
    packed: options.gzip === true ? 'gzip' : options.zstd === true ? 'zstd' : 'none',
    dir: join(parent, String(events)),
    tell,
  });
  try {
    const sizes = options.events.split(',').map(countOf);
    const { history, before } = options;
    if (history === undefined) await cold(sizes.map(request));
    else
      await nightly(
        sizes.map((events) => ({
          ...request(events),
          history: Number(history),
          before: before === undefined ? events : countOf(before),
        })),
      );
  } finally {
    if (options.dir === undefined) await rm(parent, { recursive: true, force: true });
  }
}

async function cold(requests: readonly ColdRequest[]): Promise<void> {
  const results: Result[] = [];
  for (const request of requests) results.push(await measureCold(request));
  process.stdout.write(`${tableOf(results)}\n${JSON.stringify({ results })}\n`);
}

async function nightly(requests: readonly NightRequest[]): Promise<void> {
  const nights: Night[] = [];
  for (const request of requests) nights.push(await measureNights(request));
  process.stdout.write(`${nightsTable(nights)}\n${JSON.stringify({ nights })}\n`);
}

function countOf(text: string): number {
  const [, digits = '', unit = ''] = /^(\d+)([kM]?)$/.exec(text.trim()) ?? [];
  if (digits === '') throw new Error(`${text} is no number of events: write it as 250k or 10M`);
  return Number(digits) * (unit === 'M' ? 1_000_000 : unit === 'k' ? 1000 : 1);
}

function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}
