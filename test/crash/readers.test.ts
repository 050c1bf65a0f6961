// Readers at work while runs are published at full speed, in processes of their own: every CSV by hash, every Parquet through the engine's
// glob, the manifest. A reader that resolves `current` once never sees a torn file, two runs mixed, or a file that is gone.
import { type ChildProcess, fork } from 'node:child_process';
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { publishRun, type StagedFile } from '../../src/publish/directory.js';
import { openDuckDb } from '../../src/warehouse/duckdb.js';
import type { Warehouse } from '../../src/warehouse/warehouse.js';
import { ROOM } from './company.js';

const EVERY = process.env['CRASH'] === 'every';
const SECONDS = EVERY ? 40 : 4;
const READERS = 2;
const MONTHS = ['2026-07', '2026-08', '2026-09'];
const MARTS = ['feature_day', 'feature_month', 'unallocated'];

export interface Told {
  readonly reads: number;
  /** Runs that were seen. */
  readonly runs: readonly string[];
  readonly torn: readonly string[];
}

let out = '';
let engine: Warehouse;
beforeEach(async () => {
  out = await mkdtemp(join(ROOM, 'showback-readers-'));
  engine = await openDuckDb({ threads: 1 });
});
afterEach(async () => {
  await engine[Symbol.asyncDispose]();
  await rm(out, { recursive: true, force: true });
});

/** Files of one run: every row names its run. */
async function stage(runId: string, dir: string): Promise<readonly StagedFile[]> {
  const files: StagedFile[] = [];
  for (const mart of MARTS)
    for (const month of MONTHS) {
      const paths = [`csv/${month}/${mart}.csv`, `parquet/${mart}/billing_month=${month}/data.parquet`] as const;
      for (const path of paths) {
        await mkdir(join(dir, path, '..'), { recursive: true });
        await engine.run(`COPY (SELECT '${runId}' AS run, i FROM range(400) t(i)) TO '${join(dir, path)}'`);
        files.push({ path, mart, month, rows: 400 });
      }
    }
  return files;
}

async function publish(runId: string): Promise<void> {
  const manifest = { pipeline: 'p', asOf: '2026-09-30', currency: 'USD', months: MONTHS, made: [] };
  await publishRun({ outDir: out, runId, manifest, stage: async (dir) => stage(runId, dir) });
}

/** What must not be: files renamed into the published folder one by one. */
async function publishOneByOne(runId: string): Promise<void> {
  const aside = join(out, `aside-${runId}`);
  const files = await stage(runId, aside);
  for (const { path } of files) await rename(join(aside, path), join(out, 'current', path));
}

async function readersWhile(write: () => Promise<void>): Promise<Told> {
  const children = Array.from({ length: READERS }, () => fork(join(import.meta.dirname, 'reader.mjs'), [out]));
  const ended = children.map(endOf);
  await write();
  for (const child of children) child.send('stop', () => undefined);
  const told = await Promise.all(ended);
  const runs = new Set(told.flatMap((each) => each.runs));
  return { reads: told.reduce((sum, { reads }) => sum + reads, 0), runs: [...runs], torn: told.flatMap(({ torn }) => torn) };
}

async function endOf(child: ChildProcess): Promise<Told> {
  return new Promise((resolve, reject) => {
    child.once('message', (told) => resolve(told as Told));
    child.once('exit', (code) => reject(new Error(`a reader ended with ${code}`)));
  });
}

it(`is whole in every read of ${SECONDS} seconds`, { timeout: 120_000 }, async () => {
  await publish('run0');
  let number = 0;
  const until = performance.now() + SECONDS * 1000;
  const { reads, runs, torn } = await readersWhile(async () => {
    // The same two states over and over, and new ones between them.
    while (performance.now() < until) await publish(['even', 'odd', `run${number}`][number++ % 3] ?? '');
  });
  console.log(`${reads} reads of ${runs.length} runs while ${number} were published, ${torn.length} torn`);
  expect(torn).toEqual([]);
  expect(reads).toBeGreaterThan(5);
  expect(runs.length).toBeGreaterThan(1);
});

it('would be seen torn if files were renamed one by one', { timeout: 60_000 }, async () => {
  await publish('run0');
  const { torn } = await readersWhile(async () => {
    for (let number = 1; number <= 12; number += 1) await publishOneByOne(`run${number}`);
  });
  expect(torn.length).toBeGreaterThan(0);
});

it('would be seen mixed if a link led to files of another run', { timeout: 60_000 }, async () => {
  await publish('run0');
  await publish('run1');
  await rm(join(out, 'runs/run1/csv/2026-07'), { recursive: true });
  await symlink('../../run0/csv/2026-07', join(out, 'runs/run1/csv/2026-07'));
  const { torn } = await readersWhile(async () => new Promise((resolve) => setTimeout(resolve, 1500)));
  expect(torn.length).toBeGreaterThan(0);
  await writeFile(join(out, 'seen'), torn.join('\n'));
});
