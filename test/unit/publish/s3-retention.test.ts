// What goes of the runs on S3, what never does, and what a collector that is killed leaves.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Failure } from '../../../src/kernel/failure.js';
import { collectS3, type CollectRequest } from '../../../src/publish/s3.js';
import { openStore } from '../../../src/store/s3.js';
import type { ObjectStore } from '../../../src/store/store.js';
import { ACCESS_DENIED, startStub, type Stub } from '../store/stub-server.js';
import { fakeClock } from './s3-runs.js';

const DAY = 86_400_000;
const NOW = Date.parse('2026-11-27T12:00:00Z');

let stub: Stub;
let store: ObjectStore;

beforeEach(async () => {
  stub = await startStub({ pageSize: 7 });
  const { bucket, region, endpoint, keys } = stub;
  store = openStore({ bucket, region, endpoint, credentials: keys, prefix: 'p', pathStyle: true, attempts: 2 });
});
afterEach(async () => {
  store.close();
  await stub.close();
});

function put(key: string, text: string, daysAgo: number): void {
  stub.objects.set(`p/${key}`, { bytes: Buffer.from(text), etag: '"x"', headers: {}, modified: new Date(NOW - daysAgo * DAY) });
}

/** Five objects and a manifest. */
function run(runId: string, daysAgo: number, hasManifest = true): void {
  for (let at = 0; at < 5; at += 1) put(`runs/${runId}/csv/${at}.csv`, `${runId}`, daysAgo);
  if (hasManifest) put(`runs/${runId}/current.json`, '{}', daysAgo);
}

function current(runId: string | null, previous: readonly string[] = []): void {
  put('current.json', JSON.stringify({ schema_version: 1, run_id: runId, fence: 3, previous, files: [] }), 0);
}

async function collect(request: Partial<CollectRequest> = {}) {
  const fence = { holder: 'collector', clock: fakeClock(new Date(NOW).toISOString()) };
  return collectS3({ store, fence, keepRuns: 2, keepDays: 0, ...request });
}

function runsThere(): readonly string[] {
  const keys = [...stub.objects.keys()].filter((key) => key.startsWith('p/runs/'));
  return [...new Set(keys.map((key) => key.split('/')[2] ?? ''))].sort();
}

describe('old runs', () => {
  beforeEach(() => {
    for (const [at, runId] of ['a', 'b', 'c', 'd', 'e', 'f'].entries()) run(runId, 10 - at);
    current('f', ['e', 'd']);
  });

  it('go but for the current one and the two before it', async () => {
    const before: (readonly string[] | null)[] = [];
    expect(await collect({ before: async (staying) => void before.push(staying, runsThere()) })).toEqual({
      runs: ['c', 'b', 'a'],
      leftovers: [],
      gone: ['c', 'b', 'a'].map((runId) => ({ runId, objects: 6, bytes: 7 })),
      staying: ['d', 'e', 'f'],
      uploads: 0,
      objects: 18,
      bytes: 21,
      strange: [],
    });
    expect(before).toEqual([
      ['d', 'e', 'f'],
      ['a', 'b', 'c', 'd', 'e', 'f'],
    ]);
    expect(runsThere()).toEqual(['d', 'e', 'f']);
    expect(await collect()).toMatchObject({ runs: [], objects: 0 });
  });

  it.each([
    ['as many as are to be kept', { keepRuns: 4 }, ['a']],
    ['fewer than two is two', { keepRuns: 0 }, ['c', 'b', 'a']],
    ['what is young', { keepDays: 8.5 }, ['b', 'a']],
    ['whichever is more', { keepRuns: 4, keepDays: 20 }, []],
  ])('stay: %s', async (_, keeping, runs) => {
    expect((await collect(keeping)).runs).toEqual(runs);
  });

  it('are told and stay in a dry run, which takes no lease', async () => {
    const before = [...stub.objects.keys()];
    expect(await collect({ dryRun: true })).toMatchObject({ runs: ['c', 'b', 'a'], objects: 18 });
    expect([...stub.objects.keys()]).toEqual(before);
  });

  it('stay where they were current before, whatever their age says', async () => {
    current('f', ['a', 'b']);
    expect((await collect()).runs).toEqual(['c']);
    expect(runsThere()).toEqual(['a', 'b', 'd', 'e', 'f']);
  });

  it('stay when one that is current is the oldest', async () => {
    current('a', ['f', 'e']);
    expect((await collect()).runs).toEqual(['d', 'c', 'b']);
  });

  it('of one second are not told apart', async () => {
    for (const runId of ['a', 'b', 'c', 'd', 'e']) run(runId, 5);
    expect((await collect()).runs).toEqual([]);
  });

  it('stay where nothing is current', async () => {
    current(null);
    expect((await collect()).runs).toEqual([]);
    stub.objects.delete('p/current.json');
    expect((await collect()).runs).toEqual([]);
    expect(runsThere()).toHaveLength(6);
  });

  it('go manifest first', async () => {
    await collect();
    const gone = stub.log.filter((line) => line.startsWith('DELETED p/runs/c/'));
    expect(gone).toHaveLength(6);
    expect(gone[0]).toBe('DELETED p/runs/c/current.json');
  });

  it('wait for a publisher who holds the lease', async () => {
    put('lease.json', JSON.stringify({ holder: 'publisher', fence: 3, expires: '2026-11-27T12:01:00Z', nonce: 'x' }), 0);
    const error: unknown = await collect().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Failure);
    expect((error as Failure).problems[0]?.code).toBe('s3/locked');
    expect(runsThere()).toHaveLength(6);
  });
});

describe('leftovers', () => {
  it('of a day ago go, those of today may be at work', async () => {
    run('whole', 1);
    current('whole');
    run('killed', 2, false);
    run('at-work', 0.5, false);
    expect(await collect()).toMatchObject({ runs: [], leftovers: ['killed'], objects: 5 });
    expect(runsThere()).toEqual(['at-work', 'whole']);
  });

  it('of multipart uploads go too, after a day', async () => {
    const upload = (key: string, daysAgo: number) => ({
      key,
      headers: {},
      parts: new Map(),
      started: new Date(NOW - daysAgo * DAY),
    });
    stub.uploads.set('old', upload('p/runs/x/big.parquet', 2));
    stub.uploads.set('young', upload('p/runs/x/big.parquet', 0.5));
    stub.uploads.set('foreign', upload('p/other/big.parquet', 9));
    expect(await collect({ dryRun: true })).toMatchObject({ uploads: 1 });
    expect(stub.uploads.size).toBe(3);
    expect(await collect()).toMatchObject({ uploads: 1 });
    expect([...stub.uploads.keys()]).toEqual(['young', 'foreign']);
  });

  it('of a collector that was stopped after any object are gone the next day', async () => {
    for (let stopAfter = 0; stopAfter < 6; stopAfter += 1) {
      for (const [at, runId] of ['a', 'b', 'c', 'd'].entries()) run(runId, 10 - at);
      current('d', ['c', 'b']);
      // As a kill leaves it: the manifest is the first to go.
      const keys = ['current.json', ...[0, 1, 2, 3, 4].map((at) => `csv/${at}.csv`)].slice(0, stopAfter);
      for (const key of keys) stub.objects.delete(`p/runs/a/${key}`);
      const { runs, leftovers } = await collect();
      expect([...runs, ...leftovers]).toEqual(['a']);
      expect(runsThere()).toEqual(['b', 'c', 'd']);
    }
  });

  it('of a collector whose request is refused are found by the next', async () => {
    for (const [at, runId] of ['a', 'b', 'c', 'd'].entries()) run(runId, 10 - at);
    current('d', ['c', 'b']);
    stub.plan(ACCESS_DENIED, ({ method, query }) => method === 'GET' && query.get('prefix') === 'p/runs/a/');
    await expect(collect()).rejects.toThrow('s3:ListBucket');
    expect(stub.objects.has('p/runs/a/current.json')).toBe(false);
    expect(await collect()).toMatchObject({ runs: [], leftovers: ['a'] });
    expect(runsThere()).toEqual(['b', 'c', 'd']);
  });
});

it('what is strange below runs/ stays and is told; what is elsewhere is not looked at', async () => {
  run('whole', 1);
  current('whole');
  for (const key of ['runs/', 'runs/readme.txt', 'runs/a/../whole/csv/0.csv', 'runs//x', 'runs/a/', 'runs/-x/y', 'other/x'])
    put(key, 'x', 9);
  const { strange, leftovers } = await collect();
  expect(strange.map((url) => url.slice('s3://finance/p/'.length)).sort()).toEqual(
    ['runs/', 'runs//x', 'runs/-x/y', 'runs/a/', 'runs/a/../whole/csv/0.csv', 'runs/readme.txt'].sort(),
  );
  expect(leftovers).toEqual([]);
  expect(stub.objects.size).toBe(6 + 1 + 7 + 1);
});
