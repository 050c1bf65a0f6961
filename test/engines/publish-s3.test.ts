// Publishing to a real S3 server: many publishers at once, leases that end, processes that are stopped and killed, readers beside.
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CreateMultipartUploadCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Failure } from '../../src/kernel/failure.js';
import { type Clock, collectS3, publishToS3 } from '../../src/publish/s3.js';
import { openStore, type StoreOptions } from '../../src/store/s3.js';
import { type ObjectStore, PreconditionFailed } from '../../src/store/store.js';
import { COLUMNS, madeRun, readOnce } from '../unit/publish/s3-runs.js';
import { type Child, type Seen, startChild, type Told } from './publish-process.js';
import { bucket, engines, s3Client } from './started.js';

const BUCKET = 'publish-s3';
const MINUTE = 60_000;

let out = '';
const stores: ObjectStore[] = [];
const children: Child[] = [];

beforeAll(async () => {
  out = await mkdtemp(join(tmpdir(), 'publish-engines-'));
  await bucket(BUCKET);
});
afterAll(async () => {
  for (const child of children) await child.stop();
  for (const store of stores) store.close();
  await rm(out, { recursive: true, force: true });
});

function optionsOf(prefix: string): StoreOptions {
  const { s3Endpoint, accessKey, secretKey, region } = engines();
  const credentials = { accessKeyId: accessKey, secretAccessKey: secretKey };
  return { bucket: BUCKET, prefix, region, endpoint: s3Endpoint, pathStyle: true, credentials };
}

function storeAt(prefix: string, options: Partial<StoreOptions> = {}): ObjectStore {
  const store = openStore({ ...optionsOf(prefix), ...options });
  stores.push(store);
  return store;
}

async function child(prefix: string): Promise<Child> {
  const started = await startChild(optionsOf(prefix));
  children.push(started);
  return started;
}

/** The clock of the machine, so much later. */
function clockIn(days = 0): Clock {
  return {
    now: () => new Date(Date.now() + days * 86_400_000),
    sleep: async (milliseconds, signal) => sleep(milliseconds, undefined, { signal }),
  };
}

async function runsAt(prefix: string, count: number, more: Readonly<Record<string, string>> = {}): Promise<readonly string[]> {
  const names = Array.from({ length: count }, (_, at) => `run${String(at).padStart(2, '0')}`);
  for (const runId of names) await madeRun(join(out, prefix), runId, more);
  return names;
}

const dirOf = (prefix: string, runId: string): string => join(out, prefix, 'runs', runId);

async function pointerAt(prefix: string): Promise<{ readonly run_id: string; readonly fence: number }> {
  return JSON.parse((await storeAt(prefix).get('current.json'))?.text ?? '{}') as { run_id: string; fence: number };
}

async function codeOf(work: Promise<unknown>): Promise<string | undefined> {
  const error: unknown = await work.catch((thrown: unknown) => thrown);
  return error instanceof Failure ? error.problems[0]?.code : String(error);
}

describe('twenty publishers', () => {
  const RACERS = 20;
  const ROUNDS = 3;
  let racers: readonly Child[] = [];
  let runs: readonly string[] = [];
  let reader: Child;

  beforeAll(async () => {
    runs = await runsAt('race', RACERS);
    await madeRun(join(out, 'race'), 'spare');
    racers = await Promise.all(Array.from({ length: RACERS }, async () => child('race')));
    reader = await child('race');
    reader.ask({ ask: 'read' });
  }, 3 * MINUTE);

  it('that race have one winner; all others are told who holds the lease, and publish nothing', {
    timeout: 3 * MINUTE,
  }, async () => {
    const told: Told[] = [];
    for (let round = 1; round <= ROUNDS; round += 1) {
      const { run_id: current } = await pointerAt('race');
      const all = racers.map(async (racer, at) => {
        // Who had the one that is current would find nothing to do.
        const runId = runs[at] === current ? 'spare' : (runs[at] ?? '');
        racer.ask({ ask: 'publish', runDir: dirOf('race', runId), runId, seconds: 60, columns: COLUMNS });
        return { racer, runId, first: await racer.next() };
      });
      const first = await Promise.all(all);
      const winners = first.filter((each) => each.first.told === 'registering');
      expect(winners).toHaveLength(1);
      for (const { first: lost } of first.filter((each) => each.first.told !== 'registering')) {
        expect(lost).toMatchObject({ told: 'failed', code: 's3/locked', exit: 75 });
        expect(lost.message).toMatch(/another publisher holds the lease \(pid \d+, until /);
      }
      winners[0]?.racer.ask({ ask: 'finish' });
      const won = await winners[0]?.racer.next();
      expect(won).toMatchObject({ told: 'done', outcome: 'published', fence: round });
      expect(await pointerAt('race')).toMatchObject({ run_id: winners[0]?.runId, fence: round });
      told.push(...first.map((each) => each.first));
    }
    console.log(
      `race: ${told.length} attempts in ${ROUNDS} rounds, ${ROUNDS} winners, ${told.filter(({ exit }) => exit === 75).length} left with 75`,
    );
  });

  it('that try until they are done take turns: none is lost, no reader sees two runs', { timeout: 4 * MINUTE }, async () => {
    await publishToS3({
      store: storeAt('race'),
      runDir: dirOf('race', 'spare'),
      runId: 'spare',
      fence: { holder: 'spare', clock: clockIn() },
    });
    // Where `spare` won the last round it is current already, and takes no fence.
    const { fence: before } = await pointerAt('race');
    racers.forEach((racer, at) => {
      const runId = runs[at] ?? '';
      racer.ask({ ask: 'publish', runDir: dirOf('race', runId), runId, seconds: 60, untilDone: true });
    });
    const told = await Promise.all(racers.map(async (racer) => racer.next()));
    expect(told.map(({ outcome }) => outcome)).toEqual(told.map(() => 'published'));
    const fences = told.map(({ fence }) => fence ?? 0).sort((a, b) => a - b);
    expect(fences).toEqual(Array.from({ length: RACERS }, (_, at) => before + 1 + at));
    const last = told.findIndex(({ fence }) => fence === fences.at(-1));
    expect(await pointerAt('race')).toMatchObject({ run_id: runs[last], fence: fences.at(-1) });
    reader.ask({ ask: 'over' });
    const seen = (await reader.next()) as Seen;
    expect([seen.wrong, seen.gone]).toEqual([[], []]);
    expect(seen.reads).toBeGreaterThan(5);
    const tries = told.reduce((sum, each) => sum + (each.tries ?? 0), 0);
    console.log(
      `turns: ${RACERS} published in ${tries} tries; reader: ${seen.reads} reads of ${seen.runs.length} runs, ${seen.objects} objects, 0 mixed`,
    );
    for (const racer of [...racers, reader]) await racer.stop();
  });
});

it('a publisher that was stopped while its lease ended publishes nothing when it goes on', { timeout: 2 * MINUTE }, async () => {
  const [before = '', slow = '', fast = ''] = await runsAt('fenced', 3);
  const fence = { holder: 'test', clock: clockIn(), seconds: 2 };
  const store = storeAt('fenced');
  await publishToS3({ store, runDir: dirOf('fenced', before), runId: before, fence });
  const sleeper = await child('fenced');
  sleeper.ask({ ask: 'publish', runDir: dirOf('fenced', slow), runId: slow, seconds: 2, columns: COLUMNS });
  expect(await sleeper.next()).toMatchObject({ told: 'registering' });
  sleeper.signal('SIGSTOP');
  // Held, though nobody renews it any more.
  expect(await codeOf(publishToS3({ store, runDir: dirOf('fenced', fast), runId: fast, fence }))).toBe('s3/locked');
  await sleep(2_500);
  expect(await publishToS3({ store, runDir: dirOf('fenced', fast), runId: fast, fence })).toMatchObject({
    outcome: 'published',
    fence: 3,
  });
  sleeper.signal('SIGCONT');
  sleeper.ask({ ask: 'finish' });
  expect(await sleeper.next()).toMatchObject({ told: 'failed', code: 's3/fenced', exit: 75 });
  expect(await pointerAt('fenced')).toMatchObject({ run_id: fast, fence: 3 });
  expect(await readOnce(store)).toMatchObject({ runId: fast, wrong: [] });
  await sleeper.stop();
});

/** So many milliseconds after the call of that number began. */
type Kill = readonly [call: number, delay: number];

type Ask = Readonly<Record<string, unknown>> & { readonly ask: string };

/** True when it was killed, false when it was done before. */
async function isKilled(prefix: string, on: 'put' | 'remove', [call, delay]: Kill, message: Ask): Promise<boolean> {
  const victim = await child(prefix);
  victim.ask({ ...message, kill: { on, call, delay } });
  const end = await victim.next().catch(() => null);
  await victim.stop();
  expect(end?.told ?? 'done').toBe('done');
  // Until its lease is over.
  await sleep(1_200);
  return end === null;
}

describe('kill -9', () => {
  const KILLS: readonly Kill[] = [
    [1, 0],
    [2, 0],
    [3, 40],
    [6, 100],
    [7, 0],
    [8, 5],
    [9, 0],
    [9, 10],
    [7, 0],
    [4, 0],
  ];

  it('in the middle of an upload leaves readers where they were, and the next one goes on from there', {
    timeout: 5 * MINUTE,
  }, async () => {
    const big = randomBytes(15 * 1024 * 1024).toString('hex');
    await madeRun(join(out, 'killed'), 'old');
    await madeRun(join(out, 'killed'), 'new', { 'arrow/big.arrow': `new ${big}` });
    const store = storeAt('killed');
    const fence = { holder: 'test', clock: clockIn(), seconds: 1 };
    await publishToS3({ store, runDir: dirOf('killed', 'old'), runId: 'old', fence });
    const request = { ask: 'publish', runDir: dirOf('killed', 'new'), runId: 'new', seconds: 1 };
    const runs: (string | undefined)[] = [];
    let killed = 0;
    for (const kill of KILLS) {
      killed += (await isKilled('killed', 'put', kill, request)) ? 1 : 0;
      const read = await readOnce(store);
      expect(read?.wrong).toEqual([]);
      runs.push(read?.runId);
    }
    expect(killed).toBeGreaterThan(2);
    expect(runs.slice(0, 3)).toEqual(['old', 'old', 'old']);
    await danglingUpload('killed/runs/new/arrow/big.arrow');
    const uploads = await uploadsAt(store);
    const done = await publishToS3({ store, runDir: dirOf('killed', 'new'), runId: 'new', fence });
    expect(await readOnce(store)).toMatchObject({ runId: 'new', wrong: [] });
    const collected = await collectS3({ store, fence: { ...fence, clock: clockIn(2) }, keepRuns: 2, keepDays: 0 });
    expect(collected).toMatchObject({ runs: [], leftovers: [], uploads });
    expect(await uploadsAt(store)).toBe(0);
    expect(done.kept).toBeGreaterThan(0);
    const seen = `readers saw ${runs.join(' ')}`;
    console.log(
      `killed: ${killed} of ${KILLS.length} at work, ${seen}; then ${done.kept} objects were there, ${done.uploaded} put; ${uploads} open uploads collected`,
    );
  });

  it('of a collector leaves no half run that looks whole; the next one ends its work', { timeout: 5 * MINUTE }, async () => {
    const runs = await runsAt('collected', 12);
    const store = storeAt('collected');
    const fence = { holder: 'test', clock: clockIn(), seconds: 1 };
    for (const [at, runId] of runs.entries()) {
      // Of runs that share a second none is told to be the older one: those that go do not share one with those that stay.
      if (at === runs.length - 3) await sleep(1_200);
      await publishToS3({ store, runDir: dirOf('collected', runId), runId, fence });
    }
    let killed = 0;
    for (const kill of [
      [1, 0],
      [1, 5],
      [2, 0],
      [2, 3],
      [3, 0],
      [2, 1],
      [1, 2],
      [4, 0],
    ] as const) {
      killed += (await isKilled('collected', 'remove', kill, { ask: 'collect', keepRuns: 2, seconds: 1 })) ? 1 : 0;
      await everyWholeRunIsWhole(store);
      expect(await readOnce(store)).toMatchObject({ runId: runs.at(-1), wrong: [] });
    }
    expect(killed).toBeGreaterThan(4);
    // The day after, as leftovers are none before.
    const end = await collectS3({ store, fence: { ...fence, clock: clockIn(2) }, keepRuns: 2, keepDays: 0 });
    expect(await wholeRuns(store)).toEqual(runs.slice(-3));
    expect(await foldersAt(store)).toEqual(runs.slice(-3));
    console.log(
      `collector: killed ${killed} of 8; the last one removed ${end.runs.length} old runs and ${end.leftovers.length} half ones; 3 stay`,
    );
  });
});

/** As a kill leaves it. */
async function danglingUpload(key: string): Promise<void> {
  const client = s3Client();
  await client.send(new CreateMultipartUploadCommand({ Bucket: BUCKET, Key: key }));
  client.destroy();
}

async function uploadsAt(store: ObjectStore): Promise<number> {
  let count = 0;
  for await (const page of store.uploads('')) count += page.length;
  return count;
}

async function keysAt(store: ObjectStore, prefix: string): Promise<readonly string[]> {
  const keys: string[] = [];
  for await (const page of store.list(prefix)) keys.push(...page.map(({ key }) => key));
  return keys;
}

async function foldersAt(store: ObjectStore): Promise<readonly string[]> {
  return [...new Set((await keysAt(store, 'runs/')).map((key) => key.split('/')[1] ?? ''))];
}

async function wholeRuns(store: ObjectStore): Promise<readonly string[]> {
  return (await keysAt(store, 'runs/')).flatMap((key) => /^runs\/([^/]+)\/current\.json$/.exec(key)?.[1] ?? []);
}

async function everyWholeRunIsWhole(store: ObjectStore): Promise<void> {
  for (const runId of await wholeRuns(store)) {
    const manifest = JSON.parse((await store.get(`runs/${runId}/current.json`))?.text ?? '{"files":[]}') as {
      files: { path: string }[];
    };
    const there = new Set(await keysAt(store, `runs/${runId}/`));
    expect(manifest.files.filter(({ path }) => !there.has(`runs/${runId}/${path}`))).toEqual([]);
  }
}

it('a reader beside publishing and collecting never sees two runs, nor one that goes', { timeout: 3 * MINUTE }, async () => {
  const runs = await runsAt('beside', 15);
  const reader = await child('beside');
  reader.ask({ ask: 'read' });
  const store = storeAt('beside');
  let removed = 0;
  for (const runId of runs) {
    const fence = { holder: 'test', clock: clockIn(), seconds: 60 };
    const done = await publishToS3({ store, runDir: dirOf('beside', runId), runId, fence, keep: { keepRuns: 2, keepDays: 0 } });
    expect(done.later).toEqual([]);
    removed += done.collected?.runs.length ?? 0;
    await sleep(400);
  }
  reader.ask({ ask: 'over' });
  const seen = (await reader.next()) as Seen;
  await reader.stop();
  expect(seen.wrong).toEqual([]);
  expect(seen.gone).toEqual([]);
  expect(seen.runs.length).toBeGreaterThan(3);
  expect(removed).toBeGreaterThan(3);
  expect((await foldersAt(store)).length).toBe(runs.length - removed);
  console.log(
    `beside: ${runs.length} published, ${removed} collected; reader: ${seen.reads} reads of ${seen.runs.length} runs, ${seen.objects} objects, 0 mixed, 0 gone`,
  );
});

describe('a real server', () => {
  it('holds to conditions, checksums and listings as the store needs them', { timeout: 2 * MINUTE }, async () => {
    const store = storeAt('facts');
    const { etag } = await store.put('a', '1', { ifNoneMatch: '*' });
    await expect(store.put('a', '2', { ifNoneMatch: '*' })).rejects.toBeInstanceOf(PreconditionFailed);
    await expect(store.put('a', '2', { ifMatch: '"x"' })).rejects.toBeInstanceOf(PreconditionFailed);
    await expect(store.put('none', '2', { ifMatch: etag })).rejects.toBeInstanceOf(PreconditionFailed);
    await expect(store.download('a', join(out, 'x'), { etag: '"x"' })).rejects.toBeInstanceOf(PreconditionFailed);
    const sha256 = createHash('sha256').update('Größe').digest('hex');
    await store.put('b c+d/é', 'Größe', { sha256 });
    expect(await store.head('b c+d/é')).toMatchObject({ bytes: 7, sha256 });
    expect(await keysAt(store, 'b c+d/')).toEqual(['b c+d/é']);
    expect([await store.get('none'), await store.head('none')]).toEqual([null, null]);
    const won = await Promise.allSettled(
      Array.from({ length: 20 }, async (_, at) => storeAt('facts').put('race', `${at}`, { ifNoneMatch: '*' })),
    );
    expect(won.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('lists and removes more than a page', { timeout: 2 * MINUTE }, async () => {
    const store = storeAt('many');
    const keys = Array.from({ length: 1_050 }, (_, at) => `k/${String(at).padStart(5, '0')}`);
    for (let at = 0; at < keys.length; at += 50)
      await Promise.all(keys.slice(at, at + 50).map(async (key) => store.put(key, key)));
    const pages: number[] = [];
    for await (const page of store.list('k/')) pages.push(page.length);
    expect([pages.length > 1, pages.reduce((sum, size) => sum + size, 0)]).toEqual([true, 1_050]);
    await store.remove([...keys, 'k/none']);
    expect(await keysAt(store, '')).toEqual([]);
  });

  it('says who may not, in words that lead on', async () => {
    const { accessKey, secretKey } = engines();
    const key = (accessKeyId: string, secretAccessKey: string): ObjectStore =>
      storeAt('denied', { credentials: { accessKeyId, secretAccessKey }, attempts: 1 });
    expect(await codeOf(key('AKIANOBODY', secretKey).get('a'))).toBe('s3/credentials');
    expect(await codeOf(key(accessKey, 'wrong').get('a'))).toBe('s3/credentials');
    expect(await codeOf(key(accessKey, 'wrong').head('a'))).toBe('s3/credentials');
    expect(await codeOf(storeAt('denied', { bucket: 'no-such-bucket' }).put('a', 'x'))).toBe('s3/no-bucket');
    expect(await codeOf(keysAt(storeAt('denied', { bucket: 'no-such-bucket' }), ''))).toBe('s3/no-bucket');
    expect(await codeOf(storeAt('denied', { region: 'us-west-2' }).put('a', 'x'))).toBe('s3/wrong-region');
  });

  it('takes and gives a file of 256 MiB with the memory of a small one', { timeout: 4 * MINUTE }, async () => {
    const [file, back] = [join(out, 'large'), join(out, 'back')];
    const mib = randomBytes(1024 * 1024);
    const hash = createHash('sha256');
    {
      await using handle = await open(file, 'w');
      for (let at = 0; at < 256; at += 1) {
        mib.writeUInt32BE(at);
        hash.update(mib);
        await handle.write(mib);
      }
    }
    const sha256 = hash.digest('hex');
    const store = storeAt('large');
    const before = process.memoryUsage().rss;
    let most = 0;
    const watch = setInterval(() => (most = Math.max(most, process.memoryUsage().rss - before)), 20);
    const { etag } = await store.put('large', { file }, { sha256 });
    expect(await store.head('large')).toMatchObject({ bytes: 256 * 1024 * 1024, sha256, etag });
    expect(await store.download('large', back, { etag })).toEqual({ bytes: 256 * 1024 * 1024, sha256 });
    clearInterval(watch);
    expect(most).toBeLessThan(200 * 1024 * 1024);
    await writeFile(file, 'changed');
    expect(await codeOf(store.put('large', { file }, { sha256 }))).toBe('s3/other-bytes');
    console.log(`large: 256 MiB there and back, ${Math.round(most / 1024 / 1024)} MiB more memory at most`);
  });
});
