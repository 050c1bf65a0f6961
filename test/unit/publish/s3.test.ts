// Publishing to S3, against the stub: what lies there, what readers see at each moment, and who may publish.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Failure } from '../../../src/kernel/failure.js';
import { publishToS3, type Registration, type S3Published, type S3PublishRequest } from '../../../src/publish/s3.js';
import { openStore, type StoreOptions } from '../../../src/store/s3.js';
import type { ObjectStore } from '../../../src/store/store.js';
import { ACCESS_DENIED, INTERNAL, startStub, type Stub } from '../store/stub-server.js';
import { COLUMNS, type FakeClock, fakeClock, madeRun, readOnce } from './s3-runs.js';

let stub: Stub;
let out = '';
let clock: FakeClock;
let opened: ObjectStore[] = [];

beforeEach(async () => {
  stub = await startStub();
  out = await mkdtemp(join(tmpdir(), 'publish-s3-'));
  clock = fakeClock();
  opened = [];
});
afterEach(async () => {
  for (const store of opened) store.close();
  await stub.close();
  await rm(out, { recursive: true, force: true });
});

function storeOf(options: Partial<StoreOptions> = {}): ObjectStore {
  const { bucket, region, endpoint, keys } = stub;
  const store = openStore({ bucket, region, endpoint, credentials: keys, prefix: 'p', pathStyle: true, attempts: 3, ...options });
  opened.push(store);
  return store;
}

async function publish(runId: string, request: Partial<S3PublishRequest> = {}): Promise<S3Published> {
  const fence = { holder: `test ${runId}`, clock, seconds: 60 };
  return publishToS3({ store: storeOf(), runDir: join(out, 'runs', runId), runId, fence, ...request });
}

async function failureOf(work: Promise<unknown>): Promise<Failure> {
  const error: unknown = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(Failure);
  return error as Failure;
}

function json(key: string): Record<string, unknown> {
  return JSON.parse(stub.objects.get(`p/${key}`)?.bytes.toString() ?? 'null') as Record<string, unknown>;
}

const puts = (): string[] =>
  stub.log.filter((line) => line.startsWith('PUT ')).map((line) => line.slice('PUT p/'.length).replace(/\?.*/, ''));

/** Holds the first request of a kind back until it is let go; requests that another pause holds stay held. */
function pause(on: (line: string) => boolean): { readonly reached: Promise<void>; readonly letGo: () => void } {
  const reached = deferred();
  const go = deferred();
  let isOver = false;
  stub.watch = async ({ method, key }) => {
    if (isOver || !on(`${method} ${key}`)) return;
    isOver = true;
    reached.resolve();
    await go.promise;
  };
  return { reached: reached.promise, letGo: go.resolve };
}

function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}

const PATIENT = { timeout: 15_000 };

/** Files of `madeRun`. */
const FILES = 10;

describe('a run on S3', () => {
  it('lies whole below runs/<id>/, its manifest last, and then becomes current', async () => {
    await madeRun(out, 'aa11');
    const published = await publish('aa11');
    expect(published).toMatchObject({
      outcome: 'published',
      location: 's3://finance/p/runs/aa11/',
      fence: 1,
      uploaded: FILES,
      kept: 0,
      later: [],
    });
    const order = puts().filter((key) => key !== 'lease.json');
    expect(order.slice(-2)).toEqual(['runs/aa11/current.json', 'current.json']);
    expect(order).toHaveLength(FILES + 2);
    expect(stub.objects.get('p/runs/aa11/csv/2026-08/showback_team_month.csv')?.headers['content-type']).toBe(
      'text/csv; charset=utf-8',
    );
    expect(json('current.json')).toMatchObject({
      schema_version: 1,
      run_id: 'aa11',
      fence: 1,
      location: 'runs/aa11/',
      previous: [],
      registered: false,
    });
    expect(json('lease.json')).toMatchObject({ holder: 'test aa11', fence: 1, released: true });
    expect(await readOnce(storeOf())).toEqual({ runId: 'aa11', files: FILES, wrong: [] });
  });

  it('is unchanged when it is current already: nothing is put, no lease is taken', async () => {
    await madeRun(out, 'aa11');
    await publish('aa11');
    const before = puts().length;
    expect(await publish('aa11')).toMatchObject({ outcome: 'unchanged', fence: null, uploaded: 0, kept: FILES });
    expect(puts()).toHaveLength(before);
  });

  it('follows another, which is remembered, and may come back', async () => {
    for (const runId of ['aa11', 'bb22', 'cc33', 'dd44']) await madeRun(out, runId);
    for (const runId of ['aa11', 'bb22', 'cc33', 'dd44']) await publish(runId);
    expect(json('current.json')).toMatchObject({ run_id: 'dd44', fence: 4, previous: ['cc33', 'bb22'] });
    expect(await publish('cc33')).toMatchObject({ outcome: 'published', uploaded: 0, kept: FILES, fence: 5 });
    expect(json('current.json')).toMatchObject({ run_id: 'cc33', previous: ['dd44', 'bb22'] });
    expect((await readOnce(storeOf()))?.wrong).toEqual([]);
  });

  it('is uploaded only where it is not there, after a failure half-way', async () => {
    await madeRun(out, 'aa11');
    stub.plan(ACCESS_DENIED, ({ method, key }) => method === 'PUT' && key.includes('feature_month.arrow'));
    const failure = await failureOf(publish('aa11'));
    expect(failure.problems[0]).toMatchObject({
      code: 's3/access-denied',
      place: { file: 's3://finance/p/runs/aa11/arrow/showback_feature_month.arrow' },
    });
    expect(stub.objects.has('p/current.json')).toBe(false);
    expect(stub.objects.has('p/runs/aa11/current.json')).toBe(false);
    const { uploaded, kept } = await publish('aa11');
    expect(uploaded + kept).toBe(FILES);
    expect(uploaded).toBeGreaterThan(0);
    expect(uploaded).toBeLessThanOrEqual(FILES);
    expect((await readOnce(storeOf()))?.wrong).toEqual([]);
  });

  it('is repaired where somebody wrote over an object or removed one', async () => {
    await madeRun(out, 'aa11');
    await publish('aa11');
    await storeOf().put('runs/aa11/arrow/showback_team_month.arrow', 'x');
    stub.objects.delete('p/runs/aa11/csv/2026-08/showback_team_month.csv');
    const pointer = stub.objects.get('p/current.json');
    expect(await publish('aa11')).toMatchObject({ outcome: 'repaired', uploaded: 2, kept: FILES - 2 });
    expect(stub.objects.get('p/current.json')).toBe(pointer);
    expect((await readOnce(storeOf()))?.wrong).toEqual([]);
  });

  it('is not published where a local file is not what its manifest says', async () => {
    await madeRun(out, 'aa11');
    await writeFile(join(out, 'runs/aa11/arrow/showback_team_month.arrow'), 'changed');
    const failure = await failureOf(publish('aa11'));
    expect([failure.kind, failure.problems[0]?.code]).toEqual(['check', 's3/other-bytes']);
    expect(failure.problems[0]?.place?.file).toBe(join(out, 'runs/aa11/arrow/showback_team_month.arrow'));
    expect(stub.objects.has('p/current.json')).toBe(false);
    expect(json('lease.json')).toMatchObject({ released: true });
  });

  it('is not published where an object is another one right after it was put', async () => {
    await madeRun(out, 'aa11');
    const target = 'p/runs/aa11/arrow/showback_team_month.arrow';
    stub.watch = ({ method, key }) => {
      const there = stub.objects.get(key);
      if (method === 'HEAD' && key === target && there !== undefined) {
        stub.objects.set(key, { ...there, bytes: Buffer.from('x'.repeat(there.bytes.byteLength)), headers: {}, etag: '"x"' });
      }
    };
    const failure = await failureOf(publish('aa11'));
    expect([failure.kind, failure.problems[0]?.code, failure.problems[0]?.place?.file]).toEqual([
      'check',
      's3/not-as-sent',
      `s3://finance/${target}`,
    ]);
    expect(stub.objects.has('p/current.json')).toBe(false);
  });

  it.each([
    ['no folder', 'zz99', 'zz99'],
    ['of another id', 'aa11', 'bb22'],
  ])('is not published from %s', async (_, dir, runId) => {
    await madeRun(out, 'aa11');
    const failure = await failureOf(publish(runId, { runDir: join(out, 'runs', dir) }));
    expect([failure.kind, failure.problems[0]?.code]).toEqual(['check', 's3/no-run']);
    expect(stub.log).toEqual([]);
  });

  it('never becomes other bytes while readers are in it', async () => {
    await madeRun(out, 'aa11');
    await publish('aa11');
    const other = join(out, 'other');
    await madeRun(other, 'aa11', { 'arrow/showback_team_month.arrow': 'aa11, but other' });
    const failure = await failureOf(publish('aa11', { runDir: join(other, 'runs/aa11') }));
    expect([failure.kind, failure.problems[0]?.code]).toEqual(['check', 's3/run-differs']);
    await madeRun(out, 'bb22');
    await publish('bb22');
    expect(await publish('aa11', { runDir: join(other, 'runs/aa11') })).toMatchObject({ outcome: 'published', uploaded: 1 });
    expect((await readOnce(storeOf()))?.wrong).toEqual([]);
  });

  it.each(['current.json', 'lease.json'])('does not write over a %s that is not ours', async (name) => {
    await madeRun(out, 'aa11');
    for (const text of ['hello', '{"version":3}', '[]', 'null']) {
      await storeOf().put(name, text);
      const failure = await failureOf(publish('aa11'));
      expect([failure.kind, failure.problems[0]?.code, failure.problems[0]?.place?.file]).toEqual([
        'user',
        's3/not-ours',
        `s3://finance/p/${name}`,
      ]);
      expect(stub.objects.get(`p/${name}`)?.bytes.toString()).toBe(text);
    }
  });
});

describe('a registrar', () => {
  it('is told the run when it is there and not yet current, with marts, columns and where months lie', async () => {
    await madeRun(out, 'aa11');
    const told: Registration[] = [];
    const register = async (registration: Registration): Promise<void> => {
      expect(stub.objects.has('p/runs/aa11/current.json')).toBe(true);
      expect(stub.objects.has('p/current.json')).toBe(false);
      told.push(registration);
    };
    await publish('aa11', { registrar: { columns: COLUMNS, register } });
    const at = 's3://finance/p/runs/aa11/parquet/showback_team_month';
    expect(told).toHaveLength(1);
    expect(told[0]).toMatchObject({ runId: 'aa11', fence: 1, location: 's3://finance/p/runs/aa11/' });
    expect(told[0]?.marts.map(({ name }) => name)).toEqual(['showback_feature_month', 'showback_team_month']);
    expect(told[0]?.marts[1]).toEqual({
      name: 'showback_team_month',
      columns: [{ name: 'amount', type: 'decimal(38,12)' }],
      partitions: [
        { month: '2026-08', location: `${at}/billing_month=2026-08/` },
        { month: '2026-09', location: `${at}/billing_month=2026-09/` },
      ],
    });
    expect(await publish('aa11', { registrar: { columns: COLUMNS, register } })).toMatchObject({ outcome: 'unchanged' });
    expect(told).toHaveLength(1);
  });

  it('that fails leaves readers where they are', async () => {
    await madeRun(out, 'aa11');
    const register = async (): Promise<void> => {
      throw new Failure('unavailable', [{ code: 'x/y', message: 'Athena is down', remedy: 'later' }]);
    };
    await expect(publish('aa11', { registrar: { columns: COLUMNS, register } })).rejects.toThrow('Athena is down');
    expect(stub.objects.has('p/current.json')).toBe(false);
    await expect(publish('aa11', { registrar: { columns: {}, register } })).rejects.toThrow('nobody tells the columns of mart');
    expect(await publish('aa11')).toMatchObject({ outcome: 'published', uploaded: 0 });
  });

  it('that comes later hears of the run that is current already', async () => {
    await madeRun(out, 'aa11');
    await publish('aa11');
    let calls = 0;
    const register = async (): Promise<void> => void (calls += 1);
    expect(await publish('aa11', { registrar: { columns: COLUMNS, register } })).toMatchObject({
      outcome: 'published',
      uploaded: 0,
    });
    expect(await publish('aa11', { registrar: { columns: COLUMNS, register } })).toMatchObject({ outcome: 'unchanged' });
    expect([calls, json('current.json')['registered']]).toEqual([1, true]);
  });
});

describe('the lease', () => {
  it('keeps others out, who are told who holds it and until when', async () => {
    await madeRun(out, 'aa11');
    await madeRun(out, 'bb22');
    const paused = pause((line) => line === 'PUT p/runs/aa11/current.json');
    const first = publish('aa11');
    await paused.reached;
    const failure = await failureOf(publish('bb22'));
    expect([failure.kind, failure.exitCode, failure.problems[0]?.code]).toEqual(['locked', 75, 's3/locked']);
    expect(failure.problems[0]?.message).toBe('another publisher holds the lease (test aa11, until 2026-11-27T12:01:00.000Z)');
    paused.letGo();
    expect(await first).toMatchObject({ outcome: 'published', fence: 1 });
    expect(await publish('bb22')).toMatchObject({ outcome: 'published', fence: 2 });
  });

  it('is renewed while its holder works', async () => {
    await madeRun(out, 'aa11');
    await madeRun(out, 'bb22');
    const paused = pause((line) => line === 'PUT p/runs/aa11/current.json');
    const first = publish('aa11');
    await paused.reached;
    for (let turn = 1; turn <= 6; turn += 1) {
      // Else time would pass before anybody waits for it.
      await expect.poll(clock.asleep, PATIENT).toBe(1);
      clock.pass(20);
      await expect
        .poll(() => json('lease.json')['expires'], PATIENT)
        .toBe(new Date(clock.now().getTime() + 60_000).toISOString());
    }
    expect((await failureOf(publish('bb22'))).kind).toBe('locked');
    paused.letGo();
    expect(await first).toMatchObject({ outcome: 'published' });
  });

  it('goes to another when it ends, and whoever had it publishes nothing any more', async () => {
    await madeRun(out, 'aa11');
    await madeRun(out, 'bb22');
    // It cannot renew: its sleep ends with its work alone.
    const asleep = { ...clock, sleep: fakeClock().sleep };
    const paused = pause((line) => line === 'PUT p/runs/aa11/current.json');
    const first = failureOf(publish('aa11', { fence: { holder: 'sleeper', clock: asleep, seconds: 60 } }));
    await paused.reached;
    clock.pass(61);
    expect(await publish('bb22')).toMatchObject({ outcome: 'published', fence: 2 });
    const pointer = stub.objects.get('p/current.json');
    paused.letGo();
    const late = await first;
    expect([late.kind, late.problems[0]?.code]).toEqual(['locked', 's3/fenced']);
    expect(stub.objects.get('p/current.json')).toBe(pointer);
    expect(json('lease.json')).toMatchObject({ holder: 'test bb22', fence: 2, released: true });
  });

  it.each([
    ['before anything was published', false],
    ['over an earlier run', true],
  ])('a put of current.json that comes late, %s, is refused', async (_, hasBefore) => {
    for (const runId of ['aa11', 'bb22', 'cc33']) await madeRun(out, runId);
    if (hasBefore) await publish('cc33');
    const paused = pause((line) => line === 'PUT p/current.json');
    const first = failureOf(publish('aa11'));
    await paused.reached;
    // The lease of the first is over while its put is on the way.
    const later = fakeClock('2026-11-27T13:00:00Z');
    const upload = pause((line) => line === 'PUT p/runs/bb22/current.json');
    const second = publish('bb22', { fence: { holder: 'second', clock: later } });
    await upload.reached;
    // The second has not published yet, and the first cannot any more.
    paused.letGo();
    expect((await first).problems[0]?.code).toBe('s3/fenced');
    expect(json('current.json')['run_id']).toBe(hasBefore ? 'cc33' : null);
    expect(await readOnce(storeOf())).toEqual(hasBefore ? { runId: 'cc33', files: FILES, wrong: [] } : null);
    upload.letGo();
    expect(await second).toMatchObject({ outcome: 'published' });
    expect((await readOnce(storeOf()))?.runId).toBe('bb22');
  });

  it('that is lost ends the work of who had it', async () => {
    await madeRun(out, 'aa11');
    const paused = pause((line) => line === 'PUT p/runs/aa11/current.json');
    const first = failureOf(publish('aa11'));
    await paused.reached;
    await storeOf().put('lease.json', JSON.stringify({ holder: 'thief', fence: 9, expires: '2027-01-01T00:00:00Z', nonce: 'x' }));
    clock.pass(20);
    // Not at its next step, but at once: the paused put is given up.
    expect((await first).problems[0]).toMatchObject({ code: 's3/fenced' });
    paused.letGo();
    expect(json('lease.json')['holder']).toBe('thief');
    expect(stub.objects.has('p/current.json')).toBe(false);
  });

  it('outlives renewals that fail, but not its own end', async () => {
    await madeRun(out, 'aa11');
    const paused = pause((line) => line === 'PUT p/runs/aa11/current.json');
    const work = failureOf(publish('aa11', { store: storeOf({ attempts: 1 }) }));
    await paused.reached;
    stub.plan(INTERNAL, ({ method, key }) => method === 'PUT' && key === 'p/lease.json', 3);
    const leases = (): number => puts().filter((key) => key === 'lease.json').length;
    for (const turn of [1, 2, 3]) {
      await expect.poll(clock.asleep, PATIENT).toBe(1);
      clock.pass(20);
      await expect.poll(leases, PATIENT).toBe(1 + turn);
    }
    expect((await work).problems[0]).toMatchObject({ code: 's3/unavailable', place: { file: 's3://finance/p/lease.json' } });
    paused.letGo();
  });

  it('is not given back by who could not raise the fence: the next one will', async () => {
    for (const runId of ['aa11', 'bb22', 'cc33']) await madeRun(out, runId);
    await publish('aa11');
    const old = { holder: 'killed', fence: 5, expires: '2026-11-27T11:00:00.000Z', released: false, nonce: 'x' };
    await storeOf().put('lease.json', JSON.stringify(old));
    stub.plan(ACCESS_DENIED, ({ method, key }) => method === 'PUT' && key === 'p/current.json');
    expect((await failureOf(publish('bb22'))).problems[0]?.code).toBe('s3/access-denied');
    expect(json('lease.json')).toMatchObject({ fence: 6, released: false });
    expect((await failureOf(publish('bb22'))).kind).toBe('locked');
    clock.pass(61);
    const paused = pause((line) => line === 'PUT p/runs/bb22/current.json');
    const work = publish('bb22');
    await paused.reached;
    expect(json('current.json')).toMatchObject({ run_id: 'aa11', fence: 7 });
    paused.letGo();
    expect(await work).toMatchObject({ outcome: 'published', fence: 7 });
  });

  it('goes on from the fence of current.json where somebody removed it', async () => {
    await madeRun(out, 'aa11');
    await madeRun(out, 'bb22');
    await publish('aa11');
    await publish('bb22');
    stub.objects.delete('p/lease.json');
    expect(await publish('aa11')).toMatchObject({ outcome: 'published', fence: 3 });
  });

  it.each(['p/lease.json', 'p/current.json'])('a put of %s whose answer was lost is found done', async (target) => {
    await madeRun(out, 'aa11');
    stub.plan({ kind: 'lost' }, ({ method, key }) => method === 'PUT' && key === target);
    expect(await publish('aa11')).toMatchObject({ outcome: 'published', fence: 1, later: [] });
    expect(json('lease.json')).toMatchObject({ fence: 1, released: true });
    expect((await readOnce(storeOf()))?.wrong).toEqual([]);
  });

  it('a renewal whose answer was lost for good is still ours', async () => {
    await madeRun(out, 'aa11');
    stub.plan(
      { kind: 'lost' },
      ({ method, key, headers }) => method === 'PUT' && key === 'p/lease.json' && headers['if-match'] !== undefined,
    );
    expect(await publish('aa11', { store: storeOf({ attempts: 1 }) }).catch((error: unknown) => error)).toBeInstanceOf(Failure);
    expect(await publish('aa11')).toMatchObject({ outcome: 'published', fence: 2, later: [] });
  });

  it('is given back when somebody stops the run', async () => {
    await madeRun(out, 'aa11');
    const stop = new AbortController();
    const paused = pause((line) => line === 'PUT p/runs/aa11/current.json');
    const work = publish('aa11', { store: storeOf({ signal: stop.signal }) });
    await paused.reached;
    stop.abort(new Error('stopped by SIGTERM'));
    await expect(work).rejects.toThrow('stopped by SIGTERM');
    paused.letGo();
    expect(json('lease.json')).toMatchObject({ released: true });
    expect(await publish('aa11')).toMatchObject({ outcome: 'published', fence: 2 });
  });

  it('that cannot be given back is told, and the run is published', async () => {
    await madeRun(out, 'aa11');
    const on = ({ method, key }: { method: string; key: string }): boolean =>
      method === 'PUT' && key === 'p/lease.json' && stub.objects.has('p/current.json');
    stub.plan(ACCESS_DENIED, on, 10);
    const { outcome, later } = await publish('aa11');
    expect([outcome, later.map(({ problems }) => problems[0]?.code)]).toEqual(['published', ['s3/access-denied']]);
  });

  it('lets one of twenty publish at a time: none is lost, none is mixed', async () => {
    const runs = Array.from({ length: 20 }, (_, at) => `run${at}`);
    for (const runId of runs) await madeRun(out, runId);
    const results = await Promise.allSettled(runs.map(async (runId) => publish(runId)));
    const won = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    const lost = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as Failure] : []));
    expect(won.length).toBeGreaterThan(0);
    expect(lost.map(({ kind }) => kind)).toEqual(lost.map(() => 'locked'));
    // Those that came after one had ended took turns: each has a fence of its own, and the last is current.
    const fences = won.map(({ fence }) => fence).sort((a, b) => Number(a) - Number(b));
    expect(fences).toEqual(won.map((_, at) => at + 1));
    const last = won.find(({ fence }) => fence === won.length);
    expect(last?.location).toBe(`s3://finance/p/runs/${String(json('current.json')['run_id'])}/`);
    expect((await readOnce(storeOf()))?.wrong).toEqual([]);
  });
});
