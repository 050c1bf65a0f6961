// A cold run beside the engine's own copy of the same files, alternating, each in a process of its own.
import { mkdir, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { writeCompany } from './company.js';
import { type Packed, writeLogs } from './logs.js';
import { measure } from './processes.js';
import { type Result, resultOf, type Round } from './results.js';

const ROOT = join(import.meta.dirname, '..', '..');
const CLI = join(ROOT, 'dist', 'cli', 'main.js');
const FLOOR = join(import.meta.dirname, 'floor.ts');

export interface Size {
  readonly features: number;
  readonly customers: number;
}

export interface ColdRequest {
  readonly events: number;
  readonly rounds: number;
  readonly size: Size;
  readonly packed: Packed;
  /** Where logs and state lie. */
  readonly dir: string;
  readonly tell: (line: string) => void;
}

export async function measureCold({ events, rounds: count, size, packed, dir, tell }: ColdRequest): Promise<Result> {
  const pipeline = await writeCompany(dir, { start: '2026-09', asOf: '2026-09-30', ...size });
  const logs = join(dir, 'logs');
  tell(`${String(events)} events: writing the logs`);
  await writeLogs({ ...size, dir: logs, events, files: packed === 'none' ? 8 : 720, packed, from: '2026-09-01', days: 30 });
  const rounds: Round[] = [];
  for (let round = 1; round <= count; round++) {
    const copySeconds = await floorOf(logs, dir);
    const run = await coldRun(pipeline, dir);
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

/** Nothing landed, nothing loaded. */
export async function coldRun(pipeline: string, dir: string, args: readonly string[] = []): Promise<Omit<Round, 'copySeconds'>> {
  for (const folder of ['.showback', 'out']) await rm(join(dir, folder), { recursive: true, force: true });
  await mkdir(dir, { recursive: true });
  return timedRun(pipeline, args);
}

/** Landing copies and hashes bytes, and is told apart. */
export async function timedRun(pipeline: string, args: readonly string[] = []): Promise<Omit<Round, 'copySeconds'>> {
  const { seconds, peakRssMib, stdout } = await measure([CLI, 'run', pipeline, '--json', ...args]);
  const landSeconds = landingOf(stdout);
  return { seconds: seconds - landSeconds, landSeconds, peakRssMib };
}

function landingOf(ndjson: string): number {
  const events = ndjson.trimEnd().split('\n');
  const steps = events.map((line) => JSON.parse(line) as { readonly step?: string; readonly seconds?: number });
  return steps.reduce((sum, { step, seconds }) => sum + (step?.startsWith('land ') === true ? (seconds ?? 0) : 0), 0);
}
