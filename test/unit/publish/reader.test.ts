// A reader at work while runs flip: it never sees a torn file, and one that resolves `current` once never sees two runs.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { publishRun } from '../../../src/publish/directory.js';

const FILES = 12;
const RUNS = 40;

/** Runs beside the writer until told to stop. `wrong` holds what must not be; `expired` counts runs that went while being read. */
const READER = `
const { createHash } = require('node:crypto');
const { readFileSync, realpathSync, readdirSync } = require('node:fs');
const { join } = require('node:path');
const { parentPort, workerData } = require('node:worker_threads');
const told = { reads: 0, loose: 0, runs: {}, expired: 0, wrong: [] };
let stop = false;
parentPort.once('message', () => (stop = true));
function whole() {
  const dir = realpathSync(join(workerData, 'current'));
  const manifest = JSON.parse(readFileSync(join(dir, 'current.json'), 'utf8'));
  for (const file of manifest.files) {
    const bytes = readFileSync(join(dir, file.path));
    if (createHash('sha256').update(bytes).digest('hex') !== file.sha256) told.wrong.push('torn ' + file.path);
    if (!bytes.toString().startsWith(manifest.run_id + ' ')) told.wrong.push('mixed ' + file.path);
  }
  told.runs[manifest.run_id] = true;
  told.reads += 1;
}
function loose() {
  for (const name of readdirSync(join(workerData, 'csv'))) {
    const text = readFileSync(join(workerData, 'csv', name), 'utf8');
    if (!text.endsWith(' end\\n')) told.wrong.push('torn ' + name);
    told.loose += 1;
  }
}
function round() {
  try { whole(); } catch (error) { error.code === 'ENOENT' ? (told.expired += 1) : told.wrong.push(String(error)); }
  try { loose(); } catch (error) { told.wrong.push(String(error)); }
  if (stop) parentPort.postMessage(told);
  else setImmediate(round);
}
round();
`;

interface Told {
  readonly reads: number;
  readonly loose: number;
  readonly runs: Readonly<Record<string, boolean>>;
  readonly expired: number;
  readonly wrong: readonly string[];
}

async function publish(out: string, runId: string): Promise<void> {
  const names = Array.from({ length: FILES }, (_, at) => `csv/mart${at}.csv`);
  await publishRun({
    outDir: out,
    runId,
    manifest: { pipeline: 'demo', asOf: '2026-09-30', currency: 'EUR', months: ['2026-09'], made: [] },
    stage: async (dir) => {
      for (const name of names) await writeFile(join(dir, name), `${runId} ${'x'.repeat(50_000)} end\n`);
      return names.map((path) => ({ path, mart: path, month: '2026-09', rows: 1 }));
    },
  });
}

it(`reads whole runs while ${RUNS} of them are published`, async () => {
  const out = await mkdtemp(join(tmpdir(), 'reader-'));
  await publish(out, 'run0');
  const reader = new Worker(READER, { eval: true, workerData: out });
  const ended = new Promise<Told>((resolve, reject) => {
    reader.once('message', resolve);
    reader.once('error', reject);
  });
  for (let run = 1; run <= RUNS; run++) await publish(out, `run${run}`);
  reader.postMessage('stop');
  const told = await ended;
  await reader.terminate();
  await rm(out, { recursive: true });
  expect(told.wrong).toEqual([]);
  expect(told.reads).toBeGreaterThan(RUNS / 4);
  expect(Object.keys(told.runs).length).toBeGreaterThan(3);
  expect(told.expired).toBe(0);
});
