// Runs to publish, and a clock that goes when it is told to.
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Published, publishRun, type StagedFile } from '../../../src/publish/directory.js';
import type { Clock } from '../../../src/publish/s3.js';
import type { ObjectStore } from '../../../src/store/store.js';

const MONTHS = ['2026-08', '2026-09'] as const;
const MARTS = ['showback_team_month', 'showback_feature_month'] as const;

/** A run whose every file says which run it is of. */
export async function madeRun(outDir: string, runId: string, more: Readonly<Record<string, string>> = {}): Promise<Published> {
  const files = new Map<string, { readonly text: string; readonly told: Omit<StagedFile, 'path'> }>();
  for (const mart of MARTS) {
    for (const month of MONTHS) {
      const told = { mart, month, rows: 1 };
      files.set(`parquet/${mart}/billing_month=${month}/data.parquet`, { text: `${runId} ${mart} ${month}`, told });
      files.set(`csv/${month}/${mart}.csv`, { text: `run\r\n${runId}\r\n`, told });
    }
    files.set(`arrow/${mart}.arrow`, { text: `${runId} ${mart}`, told: { mart, month: null, rows: 2 } });
  }
  for (const [path, text] of Object.entries(more)) files.set(path, { text, told: { mart: 'more', month: null, rows: 0 } });
  return publishRun({
    outDir,
    runId,
    keep: 100,
    manifest: { pipeline: 'demo', asOf: '2026-09-30', currency: 'EUR', months: MONTHS, made: [] },
    stage: async (dir) => {
      for (const [path, { text }] of files) {
        await mkdir(dirname(join(dir, path)), { recursive: true });
        await writeFile(join(dir, path), text);
      }
      return [...files].map(([path, { told }]) => ({ path, ...told }));
    },
  });
}

export const COLUMNS = Object.fromEntries(MARTS.map((mart) => [mart, [{ name: 'amount', type: 'decimal(38,12)' }]]));

export interface FakeClock extends Clock {
  /** Sleepers whose time comes wake up. */
  readonly pass: (seconds: number) => void;
  readonly asleep: () => number;
}

export function fakeClock(start = '2026-11-27T12:00:00Z'): FakeClock {
  let now = Date.parse(start);
  let sleepers: { readonly at: number; readonly wake: () => void }[] = [];
  return {
    now: () => new Date(now),
    sleep: async (milliseconds, signal) =>
      new Promise<void>((resolve, reject) => {
        sleepers.push({ at: now + milliseconds, wake: resolve });
        const end = (): void => {
          sleepers = sleepers.filter(({ wake }) => wake !== resolve);
          reject(new Error('woken'));
        };
        signal.addEventListener('abort', end, { once: true });
      }),
    asleep: () => sleepers.length,
    pass: (seconds) => {
      now += seconds * 1000;
      const due = sleepers.filter(({ at }) => at <= now);
      sleepers = sleepers.filter(({ at }) => at > now);
      for (const { wake } of due) wake();
    },
  };
}

export interface ReadRun {
  readonly runId: string;
  readonly files: number;
  readonly wrong: readonly string[];
}

/** As a reader does: `current.json` once, then what it names. Null before the first publish. */
export async function readOnce(store: ObjectStore): Promise<ReadRun | null> {
  const pointer = JSON.parse((await store.get('current.json'))?.text ?? '{"run_id":null}');
  if (pointer.run_id === null) return null;
  const wrong: string[] = [];
  for (const { path, sha256 } of pointer.files) {
    const text = (await store.get(`${pointer.location}${path}`))?.text;
    if (text === undefined) wrong.push(`${path} of ${pointer.run_id} is gone`);
    else if (createHash('sha256').update(text).digest('hex') !== sha256) wrong.push(`${path} is not of ${pointer.run_id}`);
    else if (!text.includes(pointer.run_id)) wrong.push(`${path} is of another run than ${pointer.run_id}`);
  }
  return { runId: pointer.run_id, files: pointer.files.length, wrong };
}
