// The store against a stub of S3 that holds requests to signature, conditions and checksums, and fails on demand.
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Failure } from '../../../src/kernel/failure.js';
import { openStore, type StoreOptions } from '../../../src/store/s3.js';
import { type ObjectStore, PreconditionFailed } from '../../../src/store/store.js';
import { ACCESS_DENIED, CONFLICT, INTERNAL, SLOW_DOWN, startStub, type Stub } from './stub-server.js';

let stub: Stub;
let folder = '';
let opened: ObjectStore[] = [];

beforeEach(async () => {
  stub = await startStub({ pageSize: 5 });
  folder = await mkdtemp(join(tmpdir(), 'store-'));
  opened = [];
});
afterEach(async () => {
  for (const store of opened) store.close();
  await stub.close();
  await rm(folder, { recursive: true, force: true });
});

function storeOf(options: Partial<StoreOptions> = {}): ObjectStore {
  const { bucket, region, endpoint, keys } = stub;
  const store = openStore({
    bucket,
    region,
    endpoint,
    credentials: keys,
    prefix: 'showback',
    pathStyle: true,
    attempts: 3,
    deadline: 20_000,
    ...options,
  });
  opened.push(store);
  return store;
}

async function thrownBy(work: Promise<unknown>): Promise<Failure> {
  const error: unknown = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(Failure);
  return error as Failure;
}

function sha256(bytes: string | Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

async function fileOf(bytes: Uint8Array): Promise<string> {
  const path = join(folder, 'file');
  await writeFile(path, bytes);
  return path;
}

/** As a list of pages, for what they are. */
async function pages<T>(all: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const page of all) found.push(page);
  return found;
}

const MIB = 1024 * 1024;
const always = (): boolean => true;

describe('put and get', () => {
  it('gives back what was put, text and bytes, below the prefix', async () => {
    const store = storeOf();
    const { etag } = await store.put('a/Größe 1.json', '{"é":1}\n', { contentType: 'application/json' });
    expect(await store.get('a/Größe 1.json')).toEqual({ text: '{"é":1}\n', etag });
    expect([...stub.objects.keys()]).toEqual(['showback/a/Größe 1.json']);
    expect(stub.objects.get('showback/a/Größe 1.json')?.headers['content-type']).toBe('application/json');
    expect(await store.get('a/none')).toBeNull();
    expect(await store.head('a/none')).toBeNull();
    expect(store.url('a/b')).toBe('s3://finance/showback/a/b');
  });

  it('sends a checksum with every put: CRC32, or the SHA-256 that was told', async () => {
    const store = storeOf();
    await store.put('crc', 'x');
    await store.put('sha', 'x', { sha256: sha256('x') });
    expect(Object.keys(stub.objects.get('showback/crc')?.headers ?? {})).toContain('x-amz-checksum-crc32');
    expect(await store.head('sha')).toMatchObject({ bytes: 1, sha256: sha256('x') });
    expect(await store.head('crc')).toMatchObject({ bytes: 1, sha256: null });
  });

  it('refuses bytes that are not what they should be before they are sent', async () => {
    const failure = await thrownBy(storeOf().put('a', 'x', { sha256: sha256('y') }));
    expect([failure.kind, failure.problems[0]?.code]).toEqual(['check', 's3/other-bytes']);
    expect(stub.log).toEqual([]);
  });

  it('sends a large file in parts', async () => {
    const bytes = randomBytes(37 * MIB + 5);
    const file = await fileOf(bytes);
    const store = storeOf();
    const { etag } = await store.put('big', { file }, { sha256: sha256(bytes) });
    expect(etag).toMatch(/-5"$/);
    expect(stub.objects.get('showback/big')?.bytes.equals(bytes)).toBe(true);
    expect(await store.head('big')).toMatchObject({ bytes: bytes.byteLength, sha256: sha256(bytes), etag });
    expect(stub.uploads.size).toBe(0);
    const parts = stub.log.filter((line) => line.includes('partNumber'));
    expect(parts).toHaveLength(5);
  });

  it('lets parts go when the file is not what it should be, and when the server fails', async () => {
    const file = await fileOf(randomBytes(9 * MIB));
    const wrong = await thrownBy(storeOf().put('big', { file }, { sha256: sha256('other') }));
    expect(wrong.problems[0]).toMatchObject({ code: 's3/other-bytes', place: { file } });
    stub.plan(INTERNAL, ({ query }) => query.get('partNumber') === '2', 100);
    const failed = await thrownBy(storeOf().put('big', { file }));
    expect([failed.kind, failed.problems[0]?.code]).toEqual(['unavailable', 's3/unavailable']);
    expect([stub.objects.size, stub.uploads.size]).toEqual([0, 0]);
  });

  it('finds its own upload done when the answer to its end was lost', async () => {
    const bytes = randomBytes(9 * MIB);
    stub.plan({ kind: 'lost' }, ({ method, query }) => method === 'POST' && query.has('uploadId'));
    const { etag } = await storeOf().put('big', { file: await fileOf(bytes) }, { sha256: sha256(bytes) });
    expect(stub.objects.get('showback/big')?.etag).toBe(etag);
  });

  it('says when the file is gone', async () => {
    const failure = await thrownBy(storeOf().put('a', { file: join(folder, 'none') }));
    expect(failure.problems[0]).toMatchObject({ code: 's3/file-gone', place: { file: join(folder, 'none') } });
  });
});

describe('copy', () => {
  const KEY = 'logs/tag=a b/ü+&%.jsonl.gz';
  const source = async (bytes: Uint8Array) => {
    const store = storeOf({ prefix: '' });
    const { etag } = await store.put(KEY, bytes);
    return { bucket: stub.bucket, key: KEY, etag, bytes: bytes.byteLength };
  };

  it('brings an object of any key from bucket to bucket, and no byte of it here', async () => {
    const from = await source(Buffer.from('{}\n'));
    await storeOf().copy('landing/a.jsonl', from);
    expect(stub.objects.get('showback/landing/a.jsonl')?.bytes.toString()).toBe('{}\n');
    expect(stub.log.filter((line) => line.startsWith('GET'))).toEqual([]);
  });

  it('brings a large one in ranges, also where the answer to its end is lost', async () => {
    const bytes = Buffer.alloc(256 * MIB + 5, 'abc');
    stub.objects.set(KEY, { bytes, etag: '"large"', headers: {}, modified: new Date() });
    const from = { bucket: stub.bucket, key: KEY, etag: '"large"', bytes: bytes.byteLength };
    stub.plan({ kind: 'lost' }, ({ method, query }) => method === 'POST' && query.has('uploadId'));
    await storeOf().copy('landing/a.jsonl', from);
    expect(stub.objects.get('showback/landing/a.jsonl')?.bytes.equals(bytes)).toBe(true);
    expect(stub.log.filter((line) => line.includes('partNumber'))).toHaveLength(2);
    stub.plan(INTERNAL, ({ query }) => query.has('partNumber'), 100);
    expect((await thrownBy(storeOf().copy('landing/b.jsonl', from))).problems[0]?.code).toBe('s3/unavailable');
    expect(stub.uploads.size).toBe(0);
  });

  it('copies that state of the object, or nothing', async () => {
    const from = await source(Buffer.from('{}\n'));
    await source(Buffer.from('{"other": 1}\n'));
    const place = { file: `s3://${stub.bucket}/${KEY}` };
    const changed = await thrownBy(storeOf().copy('a', from));
    expect(changed).toBeInstanceOf(PreconditionFailed);
    expect(changed.problems[0]).toMatchObject({ code: 's3/changed', place });
    stub.objects.delete(KEY);
    expect(await thrownBy(storeOf().copy('a', from))).toBeInstanceOf(PreconditionFailed);
    expect([...stub.objects.keys()]).toEqual([]);
  });

  it('says which permission it needs', async () => {
    const from = await source(Buffer.from('{}\n'));
    stub.plan(ACCESS_DENIED, ({ method }) => method === 'PUT');
    const { problems } = await thrownBy(storeOf().copy('a', from));
    expect(problems[0]).toMatchObject({ code: 's3/access-denied', place: { file: `s3://${stub.bucket}/${KEY}` } });
    expect(problems[0]?.remedy).toContain(`s3:GetObject on arn:aws:s3:::${stub.bucket}/${KEY}, and s3:PutObject where`);
  });
});

describe('a file that goes up once', () => {
  it('is written over by other bytes alone', async () => {
    const store = storeOf();
    const file = await fileOf(Buffer.from('one'));
    const puts = () => stub.log.filter((line) => line.startsWith('PUT')).length;
    for (const times of [1, 1]) {
      await store.putOnce('a.parquet', file);
      expect(puts()).toBe(times);
    }
    await store.putOnce('a.parquet', await fileOf(Buffer.from('two')));
    expect([puts(), stub.objects.get('showback/a.parquet')?.bytes.toString()]).toEqual([2, 'two']);
    // Bytes that nobody told the hash of may be any.
    await store.put('a.parquet', 'two');
    await store.putOnce('a.parquet', file);
    expect(puts()).toBe(4);
  });
});

describe('conditions', () => {
  it('hold or fail, with files in parts too', async () => {
    const store = storeOf();
    const { etag } = await store.put('a', '1', { ifNoneMatch: '*' });
    await expect(store.put('a', '2', { ifNoneMatch: '*' })).rejects.toBeInstanceOf(PreconditionFailed);
    await expect(store.put('a', '2', { ifMatch: '"other"' })).rejects.toBeInstanceOf(PreconditionFailed);
    await expect(store.put('b', '2', { ifMatch: etag })).rejects.toBeInstanceOf(PreconditionFailed);
    const file = await fileOf(randomBytes(9 * MIB));
    await expect(store.put('a', { file }, { ifNoneMatch: '*' })).rejects.toBeInstanceOf(PreconditionFailed);
    expect(stub.uploads.size).toBe(0);
    await store.put('a', '2', { ifMatch: etag });
    expect((await store.get('a'))?.text).toBe('2');
  });

  it('fail alike where two write at once (409)', async () => {
    stub.plan(CONFLICT, always);
    const failure = await thrownBy(storeOf().put('a', '1', { ifNoneMatch: '*' }));
    expect(failure).toBeInstanceOf(PreconditionFailed);
    expect(failure.problems[0]).toMatchObject({ code: 's3/changed', place: { file: 's3://finance/showback/a' } });
  });

  it('let one of twenty win', async () => {
    const stores = Array.from({ length: 20 }, () => storeOf());
    const won = await Promise.allSettled(stores.map(async (store, at) => store.put('race', `${at}`, { ifNoneMatch: '*' })));
    expect(won.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });
});

describe('download', () => {
  it('brings the object that was meant, whole, with its hash', async () => {
    const bytes = randomBytes(3 * MIB);
    const { etag } = await storeOf().put('a', bytes);
    const file = join(folder, 'got');
    expect(await storeOf().download('a', file, { etag })).toEqual({ bytes: bytes.byteLength, sha256: sha256(bytes) });
    expect((await readFile(file)).equals(bytes)).toBe(true);
    const other = await thrownBy(storeOf().download('a', join(folder, 'other'), { etag: '"other"' }));
    expect(other).toBeInstanceOf(PreconditionFailed);
    await expect(storeOf().download('none', join(folder, 'other'), { etag })).rejects.toBeInstanceOf(PreconditionFailed);
    expect(await readdir(folder)).toEqual(['got']);
  });

  it('reads on where the body was cut', async () => {
    const bytes = randomBytes(2 * MIB);
    const { etag } = await storeOf().put('a', bytes);
    stub.plan({ kind: 'cut' }, ({ method }) => method === 'GET', 3);
    const got = await storeOf().download('a', join(folder, 'got'), { etag });
    expect(got.sha256).toBe(sha256(bytes));
    expect(stub.log.filter((line) => line.startsWith('GET'))).toHaveLength(4);
    expect((await readFile(join(folder, 'got'))).equals(bytes)).toBe(true);
  });

  it('ends, and leaves no file, where nothing comes any more', async () => {
    const { etag } = await storeOf().put('a', 'x');
    stub.plan({ kind: 'cut' }, ({ method }) => method === 'GET', 100);
    const failure = await thrownBy(storeOf().download('a', join(folder, 'got'), { etag }));
    expect(failure.problems[0]).toMatchObject({ code: 's3/unavailable', place: { file: 's3://finance/showback/a' } });
    expect(failure.problems[0]?.message).toContain('cut');
    expect(await readdir(folder)).toEqual([]);
  });

  it('never gives a damaged body for whole', async () => {
    const { etag } = await storeOf().put('a', 'some text');
    stub.plan({ kind: 'damaged' }, ({ method }) => method === 'GET', 100);
    const failure = await thrownBy(storeOf().download('a', join(folder, 'got'), { etag }));
    expect(failure.problems[0]?.message).toContain('damaged');
    expect(await readdir(folder)).toEqual([]);
    expect((await thrownBy(storeOf().get('a'))).problems[0]?.code).toBe('s3/unavailable');
  });

  it('gives a text whose body was cut once', async () => {
    await storeOf().put('a', 'some text');
    stub.plan({ kind: 'cut' }, ({ method }) => method === 'GET');
    expect((await storeOf().get('a'))?.text).toBe('some text');
  });

  it('takes a slow body, and lets go of a silent one', async () => {
    const bytes = randomBytes(1000);
    const { etag } = await storeOf().put('a', bytes);
    stub.plan({ kind: 'slow', milliseconds: 60 }, ({ method }) => method === 'GET');
    const slow = await storeOf({ patience: 500 }).download('a', join(folder, 'got'), { etag });
    expect(slow.sha256).toBe(sha256(bytes));
    stub.plan({ kind: 'slow', milliseconds: 2_000 }, ({ method }) => method === 'GET', 100);
    const failure = await thrownBy(storeOf({ patience: 150, attempts: 1 }).get('a'));
    expect([failure.kind, failure.problems[0]?.code]).toEqual(['unavailable', 's3/unavailable']);
  });

  it('says when the disk has no place for it', async () => {
    const { etag } = await storeOf().put('a', 'x');
    await expect(storeOf().download('a', '/proc/none/x', { etag })).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('list and remove', () => {
  it('lists page by page, an empty last one too, keys as they are', async () => {
    const store = storeOf();
    const keys = ['a b', 'a+b', 'a%20b', 'é&<>"', 'z'].map((name) => `runs/${name}`);
    for (const key of keys) await store.put(key, key);
    await storeOf({ prefix: 'showback2' }).put('runs/other', 'x');
    const found = await pages(store.list('runs/'));
    expect(found.map((page) => page.length)).toEqual([5, 0]);
    expect(found.flat().map(({ key }) => key)).toEqual([...keys].sort());
    expect(found.flat()[0]).toMatchObject({ bytes: 8, etag: stub.objects.get('showback/runs/a b')?.etag });
    expect((await pages(store.list(''))).flat()).toHaveLength(5);
    expect((await pages(store.list('none/'))).flat()).toEqual([]);
  });

  it('does not take half of a listing for all', async () => {
    const on = ({ key, method }: { key: string; method: string }): boolean => key === '' && method === 'GET';
    for (const next of ['', '<NextContinuationToken>same</NextContinuationToken>']) {
      const body = `<ListBucketResult><IsTruncated>true</IsTruncated>${next}</ListBucketResult>`;
      stub.plan({ kind: 'raw', body }, on, next === '' ? 1 : 2);
      const failure = await thrownBy(pages(storeOf().list('')));
      expect(failure.problems[0]?.message).toBe('S3 says that the listing goes on, but not from where');
    }
    await storeOf().put('a', 'x');
    stub.plan({ kind: 'cut' }, on, 100);
    const failure = await thrownBy(pages(storeOf().list('')));
    expect([failure.kind, failure.problems[0]?.code]).toEqual(['unavailable', 's3/unavailable']);
  });

  it('removes thousands by the thousand, and tells each key that stays', async () => {
    const store = storeOf();
    for (let at = 0; at < 5; at += 1) await store.put(`runs/${at}`, 'x');
    await store.put('runs/locked-by-policy', 'x');
    const many = Array.from({ length: 2100 }, (_, at) => `runs/${at}`);
    const failure = await thrownBy(store.remove([...many.slice(0, 1500), 'runs/locked-by-policy', ...many.slice(1500)]));
    expect(stub.log.filter((line) => line.startsWith('POST'))).toHaveLength(3);
    expect([...stub.objects.keys()]).toEqual(['showback/runs/locked-by-policy']);
    expect(failure.kind).toBe('user');
    expect(failure.problems).toHaveLength(1);
    expect(failure.problems[0]).toMatchObject({
      code: 's3/access-denied',
      place: { file: 's3://finance/showback/runs/locked-by-policy' },
    });
    expect(failure.problems[0]?.remedy).toContain('s3:DeleteObject');
    await store.remove([]);
  });

  it('finds uploads that were never ended, and ends them', async () => {
    const store = storeOf();
    for (let at = 0; at < 7; at += 1)
      stub.uploads.set(`id-${at}`, { key: `showback/runs/${at % 2}`, headers: {}, parts: new Map(), started: new Date(5000) });
    stub.uploads.set('foreign', { key: 'elsewhere/runs/x', headers: {}, parts: new Map(), started: new Date(5000) });
    const found = (await pages(store.uploads('runs/'))).flat();
    expect(found).toHaveLength(7);
    expect(found[0]).toEqual({ key: 'runs/0', id: 'id-0', started: new Date(5000) });
    for (const upload of found) await store.abort(upload);
    expect([...stub.uploads.keys()]).toEqual(['foreign']);
    await store.abort({ key: 'runs/0', id: 'id-0', started: new Date(5000) });
  });
});

describe('keys and addresses', () => {
  const HOSTILE = [
    '',
    '/a',
    'a//b',
    '../a',
    'a/../b',
    'a/..',
    './a',
    'a/./b',
    'a\\b',
    'a\nb',
    'a\u0000',
    'a\u007f',
    'a\u0085',
    '\ud800',
    'a/',
    'x'.repeat(1100),
  ];

  it.each(HOSTILE)('%j is no key, for anything', async (key) => {
    const store = storeOf();
    const work = [
      store.put(key, 'x'),
      store.get(key),
      store.head(key),
      store.download(key, join(folder, 'x'), { etag: '' }),
      store.remove(['a', key]),
    ];
    for (const each of work) expect((await thrownBy(each)).problems[0]?.code).toBe('s3/bad-key');
    expect(stub.log).toEqual([]);
  });

  it.each(['/', '../', 'a//', '/a/', 'a/../'])('%j is no folder', (prefix) => {
    expect(() => storeOf().list(prefix)).toThrow('s3/bad-key');
    expect(() => storeOf().uploads(prefix)).toThrow('s3/bad-key');
  });

  it('does not follow a server that lists keys of elsewhere', async () => {
    const body = '<ListBucketResult><Contents><Key>other/secret</Key></Contents></ListBucketResult>';
    stub.plan({ kind: 'raw', body }, always);
    const failure = await thrownBy(pages(storeOf().list('')));
    expect(failure.problems[0]?.message).toBe('the listing has a key of elsewhere: "other/secret"');
  });

  it.each([
    ['a bucket with its scheme', { bucket: 's3://finance' }],
    ['capitals', { bucket: 'Finance' }],
    ['no name', { bucket: '' }],
    ['a prefix that climbs', { prefix: 'a/../b' }],
    ['a prefix from the root', { prefix: '/a' }],
    ['no URL', { endpoint: 'localhost:9000' }],
    ['another protocol', { endpoint: 'ftp://localhost' }],
    ['a password in the address', { endpoint: 'https://me:hunter2@localhost' }],
  ])('%s is refused before anything is asked', (_, options) => {
    let thrown: unknown = null;
    try {
      storeOf(options);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(Failure);
    const failure = thrown as Failure;
    expect([failure.kind, failure.problems[0]?.code]).toEqual(['user', 's3/bad-address']);
    expect(failure.message).not.toContain('hunter2');
  });
});

describe('tries and time', () => {
  it.each([
    ['SlowDown', SLOW_DOWN],
    ['500', INTERNAL],
    ['a lost answer', { kind: 'lost' } as const],
  ])('%s is tried again', async (_, fault) => {
    stub.plan(fault, always);
    await storeOf().put('a', 'x');
    expect(stub.log).toHaveLength(2);
  });

  it('ends at its deadline, whatever the server does', async () => {
    stub.plan({ kind: 'silent' }, always, 100);
    const before = performance.now();
    const failure = await thrownBy(storeOf({ deadline: 300 }).get('a'));
    expect(performance.now() - before).toBeLessThan(3_000);
    expect(failure.problems[0]).toMatchObject({ code: 's3/unavailable', message: 'S3 did not answer within 1 s' });
  });

  it('ends when it is told to, with what it was told', async () => {
    stub.plan({ kind: 'silent' }, always, 100);
    const stop = new AbortController();
    const work = storeOf().withSignal(stop.signal).get('a');
    setTimeout(() => stop.abort(new Error('stopped by SIGTERM')), 100);
    await expect(work).rejects.toThrow('stopped by SIGTERM');
    await expect(storeOf({ signal: stop.signal }).put('a', 'x')).rejects.toThrow('stopped by SIGTERM');
  });

  it('ends a download that it is told to stop', async () => {
    const { etag } = await storeOf().put('a', randomBytes(100_000));
    stub.plan({ kind: 'slow', milliseconds: 1_000 }, ({ method }) => method === 'GET');
    const stop = new AbortController();
    const work = storeOf({ signal: stop.signal }).download('a', join(folder, 'x'), { etag });
    setTimeout(() => stop.abort(new Error('enough')), 300);
    await expect(work).rejects.toThrow('enough');
    expect(await readdir(folder)).toEqual([]);
  });
});
