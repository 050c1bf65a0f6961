// The bench measures what it says: its logs are as told, its figures are of both processes, and its last line is JSON.
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDuckDb } from '../src/warehouse/duckdb.js';
import type { Row } from '../src/warehouse/warehouse.js';
import { writeLogs } from './bench/logs.js';
import { nightOf, nightsTable, resultOf, tableOf } from './bench/results.js';

let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'showback-bench-test-'));
});

afterAll(async () => {
  await rm(dir, { recursive: true, force: true });
});

describe('the logs of the bench', () => {
  const request = {
    events: 20_000,
    files: 4,
    packed: 'none' as const,
    from: '2026-09-01',
    days: 30,
    features: 10,
    customers: 20,
  };
  const facts = async (folder: string): Promise<Row | undefined> => {
    await using engine = await openDuckDb({ threads: 1 });
    const [row] = await engine.rows(
      `SELECT count(*) AS records, count(DISTINCT event_id) AS events, count(DISTINCT feature_id || customer_id || model) AS tags,
              min(typeof(event_id)) AS id, min(CAST(event_time AS DATE)) AS first, max(CAST(event_time AS DATE)) AS last,
              md5(string_agg(concat(event_id, event_time, input_tokens), ',' ORDER BY event_id, recorded_at)) AS bytes
       FROM read_json('${folder}/*')`,
    );
    return row;
  };

  it('hold UUIDs, one record in two hundred twice, and tags that are independent of each other', async () => {
    await writeLogs({ ...request, dir: join(dir, 'plain') });
    const found = await facts(join(dir, 'plain'));
    expect(found).toMatchObject({ events: '20000', id: 'UUID', first: '2026-09-01', last: '2026-09-30' });
    expect(Number(found?.['records']) - 20_000).toBeGreaterThan(40);
    expect(Number(found?.['records']) - 20_000).toBeLessThan(140);
    // Ten features, twenty customers and five models meet in every way.
    expect(found?.['tags']).toBe('1000');
  });

  it('are the same packed or plain', async () => {
    await writeLogs({ ...request, dir: join(dir, 'packed'), packed: 'gzip' as const });
    expect(await facts(join(dir, 'packed'))).toEqual(await facts(join(dir, 'plain')));
  });
});

describe('make bench', () => {
  it('prints a table and its figures as JSON on the last line', { timeout: 120_000 }, async () => {
    const args = ['--import', 'tsx', 'test/bench/main.ts', '--events', '2k', '--rounds', '1', '--dir', join(dir, 'bench')];
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 110_000 });
    const last = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as { readonly results: readonly Record<string, number>[] };
    expect(last.results).toHaveLength(1);
    const [result = {}] = last.results;
    expect(result['events']).toBe(2000);
    for (const figure of ['seconds', 'copy_seconds', 'ratio', 'peak_rss_mib', 'rows_per_s'])
      expect(result[figure]).toBeGreaterThan(0);
    expect(stdout).toContain('events/s');
  });

  it('takes the middle of the rounds and the highest peak', () => {
    const round = (seconds: number, copySeconds: number, peakRssMib: number) => ({
      seconds,
      copySeconds,
      peakRssMib,
      landSeconds: 1,
    });
    const result = resultOf(1000, [round(4, 2, 100), round(9, 3, 300), round(5, 2.5, 200)]);
    expect(result).toMatchObject({ seconds: 5, copy_seconds: 2.5, ratio: 2, peak_rss_mib: 300, rows_per_s: 200 });
    expect(tableOf([result])).toContain('2.00');
  });

  it('tells nights beside their days alone', () => {
    const night = nightOf({ events: 1_000_000, history: 90, before: 40_000, seconds: 9, alone: 6, peakRssMib: 900.4, rounds: 3 });
    expect(night).toMatchObject({
      history_days: 90,
      history_events: 40_000,
      seconds: 9,
      alone_seconds: 6,
      ratio: 1.5,
      peak_rss_mib: 900,
    });
    expect(nightsTable([night]).split('\n').at(-1)).toMatch(/1,000,000 +90 +40,000 +9\.00 +6\.00 +1\.50 +900$/);
  });
});
