// Sources on S3, against a stub that holds requests to their signature and fails on demand: what lands, what is asked for again, and
// what a failure leaves behind.
import { createHash, randomBytes } from 'node:crypto';
import { readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Failure } from '../../../src/kernel/failure.js';
import type { FocusSource, UsageSource } from '../../../src/pipeline/pipeline.js';
import { landingLeftovers } from '../../../src/source/landing-waste.js';
import { BILL, Company, usage } from '../../contract/company.js';
import { ACCESS_DENIED, type Asked, type Fault, INTERNAL, SLOW_DOWN, startStub, type Stub } from '../store/stub-server.js';

const MIB = 1024 * 1024;
const LANDING = '.showback/landing';

let stub: Stub;
const before = { ...process.env };

beforeAll(() => {
  process.env['AWS_ACCESS_KEY_ID'] = 'AKIASTUB';
  process.env['AWS_SECRET_ACCESS_KEY'] = 'stub-secret-of-the-tests';
});
afterAll(() => void (process.env = before));
beforeEach(async () => void (stub = await startStub({ pageSize: 3 })));
afterEach(async () => stub.close());

function put(key: string, content: string | Buffer): void {
  const bytes = Buffer.from(content as Buffer);
  const etag = `"${createHash('md5').update(bytes).digest('hex')}"`;
  stub.objects.set(key, { bytes, etag, headers: {}, modified: new Date() });
}

function logs(...files: readonly string[]): UsageSource {
  return usage({ files, s3: { region: stub.region, endpoint: stub.endpoint, pathStyle: true } });
}

/** Keys that were read, with the range where it was one; the log is empty afterwards. */
function asked(what: 'GET' | 'HEAD' | 'list'): readonly string[] {
  const lines = stub.log.filter((line) =>
    what === 'list' ? line.startsWith('GET ?') : line.startsWith(`${what} `) && !line.startsWith('GET ?'),
  );
  return lines.map((line) => line.slice(line.indexOf(' ') + 1).replace(/\?x-id=GetObject$/, ''));
}

function forget(): void {
  stub.log.length = 0;
}

async function failureOf(work: Promise<unknown>): Promise<Failure> {
  const error: unknown = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(Failure);
  return error as Failure;
}

describe('objects of a bucket', () => {
  test('land as they are: what the pattern names, through all pages, and nothing else', async () => {
    for (let hour = 0; hour < 8; hour += 1) put(`logs/dt=2026-09-01/hour=0${hour}/part é 1.jsonl`, `hour ${hour}`);
    put('logs/dt=2026-09-01/', '');
    put('logs/dt=2026-09-01/notes.txt', 'no log');
    put('logs/.hidden.jsonl', 'hidden');
    put('logsother/a.jsonl', 'beside');
    await using company = await Company.make({ 'local/a.jsonl': 'local' });
    const landed = await company.land(logs('s3://finance/logs/**/*.jsonl', 's3://finance/logs/dt=*/*/*', 'local/*'));
    expect(landed.files.map(({ name }) => name)).toEqual([
      'local/a.jsonl',
      ...Array.from({ length: 8 }, (_, hour) => `s3://finance/logs/dt=2026-09-01/hour=0${hour}/part é 1.jsonl`),
    ]);
    expect(await Promise.all(landed.files.map(async ({ path }) => readFile(path, 'utf8')))).toEqual([
      'local',
      ...Array.from({ length: 8 }, (_, hour) => `hour ${hour}`),
    ]);
    expect(asked('GET')).toHaveLength(8);
    expect(asked('list').every((query) => query.includes('prefix=logs%2F'))).toBe(true);
  });

  test('are not fetched again while they stay the same; one that is written anew is', async () => {
    put('logs/a.jsonl', 'one');
    put('logs/b.jsonl', 'two');
    await using company = await Company.make();
    const first = await company.land(logs('s3://finance/logs/*.jsonl'));
    forget();
    expect(await company.land(logs('s3://finance/logs/*.jsonl'))).toEqual(first);
    expect([asked('GET'), asked('HEAD'), asked('list').length]).toEqual([[], [], 1]);
    put('logs/b.jsonl', 'new');
    const second = await company.land(logs('s3://finance/logs/*.jsonl'));
    expect(asked('GET')).toEqual(['logs/b.jsonl']);
    expect(second.files[1]?.sha256).toBe(createHash('sha256').update('new').digest('hex'));
  });

  test('that were landed stay counted as logs when they are gone from the bucket, and not as bills', async () => {
    put('logs/a.jsonl', 'one');
    put('logs/b.jsonl', 'two');
    const bill: FocusSource = {
      ...BILL,
      s3: { region: stub.region, endpoint: stub.endpoint, pathStyle: true },
      kind: 'focus',
      layout: { kind: 'files', files: ['s3://finance/logs/*.jsonl'] },
      version: '1.0',
    };
    await using company = await Company.make();
    await company.land(logs('s3://finance/logs/*.jsonl'));
    await company.land(bill);
    stub.objects.delete('logs/b.jsonl');
    expect((await company.land(logs('s3://finance/logs/*.jsonl'))).files).toHaveLength(2);
    expect((await company.land(bill)).files.map(({ name }) => name)).toEqual(['s3://finance/logs/a.jsonl']);
    expect(company.notes).toEqual(['source `bill`: `s3://finance/logs/b.jsonl` landed before, is gone now and does not count']);
  });

  test('are one object by its key, of several buckets by their names, and none with a warning', async () => {
    put('logs/a.jsonl', 'one');
    await using company = await Company.make();
    const { files } = await company.land(logs('s3://finance/logs/a.jsonl', 's3://finance/logs/none.jsonl'));
    expect(files.map(({ name }) => name)).toEqual(['s3://finance/logs/a.jsonl']);
    expect(asked('list')).toEqual([]);
    expect(company.notes).toEqual(['source `logs`: no file under `s3://finance/logs/none.jsonl`']);
    const failure = await failureOf(company.land({ ...logs('s3://finance/other/*'), id: 'other' }));
    expect([failure.exitCode, failure.problems[0]?.code]).toEqual([4, 'source/no-files']);
    const elsewhere = await failureOf(company.land(logs('s3://sales/logs/*')));
    expect([elsewhere.exitCode, elsewhere.problems[0]?.code]).toEqual([2, 's3/no-bucket']);
  });

  test('that are empty, and packed ones, come whole; a cut gzip is told and does not stay', async () => {
    put('logs/a.jsonl.gz', gzipSync('{"a":1}\n'));
    put('logs/empty.jsonl', '');
    await using company = await Company.make();
    expect((await company.land(logs('s3://finance/logs/*'))).files.map(({ bytes }) => bytes)).toEqual([
      gzipSync('{"a":1}\n').length,
      0,
    ]);
    put('logs/cut.jsonl.gz', gzipSync('hello').subarray(0, 12));
    const failure = await failureOf(company.land(logs('s3://finance/logs/*')));
    expect([failure.exitCode, failure.problems]).toMatchObject([
      4,
      [{ code: 'source/truncated', place: { file: 's3://finance/logs/cut.jsonl.gz' } }],
    ]);
    expect(await readdir(company.path(`${LANDING}/arriving`))).toEqual([]);
  });
});

describe('a large object', () => {
  const BIG = randomBytes(56 * MIB + 7);
  const isRange = (from: number) => (request: Asked) => request.headers.range?.startsWith(`bytes=${from}-`) === true;

  test('comes in ranges side by side, and only what is missing comes again', async () => {
    put('logs/big.jsonl', BIG);
    stub.plan(INTERNAL, isRange(48 * MIB), 1000);
    let flying = 0;
    let most = 0;
    stub.watch = async ({ headers }) => {
      if (headers.range === undefined) return;
      most = Math.max(most, ++flying);
      await new Promise((resolve) => setTimeout(resolve, 50));
      flying -= 1;
    };
    await using company = await Company.make();
    const failure = await failureOf(company.land(logs('s3://finance/logs/*')));
    expect([failure.exitCode, failure.problems[0]?.code]).toEqual([4, 's3/unavailable']);
    expect(most).toBe(4);
    expect((await readdir(company.path(`${LANDING}/arriving`))).map((name) => name.replace(/-[0-9a-f]{64}/, ''))).toEqual([
      'object',
      'object.ranges',
    ]);
    // Another server with the same object: the first goes on failing.
    const ranges: string[] = [];
    const left = await startStub({ keys: stub.keys });
    for (const [key, object] of stub.objects) left.objects.set(key, object);
    left.plan({ kind: 'cut' }, isRange(48 * MIB));
    left.watch = ({ headers }) => void (headers.range !== undefined && ranges.push(headers.range));
    const source = { ...logs('s3://finance/logs/*'), s3: { region: left.region, endpoint: left.endpoint, pathStyle: true } };
    const [file] = (await company.land(source)).files;
    await left.close();
    expect(file?.sha256).toBe(createHash('sha256').update(BIG).digest('hex'));
    const end = BIG.byteLength - 1;
    expect(ranges).toEqual([`bytes=${48 * MIB}-${end}`, expect.stringMatching(new RegExp(`^bytes=\\d+-${end}$`))]);
    expect(await readdir(company.path(`${LANDING}/arriving`))).toEqual([]);
  });

  test('that is replaced while it comes is what replaced it, and never a mixture', async () => {
    put('logs/big.jsonl', BIG);
    const next = randomBytes(40 * MIB);
    stub.watch = ({ headers }) => {
      if (headers.range?.startsWith(`bytes=${16 * MIB}-`) === true) put('logs/big.jsonl', next);
    };
    await using company = await Company.make();
    const [file] = (await company.land(logs('s3://finance/logs/*'))).files;
    expect([file?.bytes, file?.sha256]).toEqual([next.byteLength, createHash('sha256').update(next).digest('hex')]);
    forget();
    await company.land(logs('s3://finance/logs/*'));
    expect(asked('GET')).toEqual([]);
  });

  test('that is replaced without end, or removed, is given up with the reason', async () => {
    put('logs/a.jsonl', 'x');
    let times = 0;
    stub.watch = ({ method, key }) => void (method === 'GET' && key !== '' && put('logs/a.jsonl', `x${++times}`));
    await using company = await Company.make();
    const changed = await failureOf(company.land(logs('s3://finance/logs/*')));
    expect([changed.exitCode, changed.problems[0]?.code, times]).toEqual([4, 's3/changed', 3]);
    stub.watch = ({ method, key }) => void (method === 'GET' && key !== '' && stub.objects.delete(key));
    const gone = await failureOf(company.land(logs('s3://finance/logs/*')));
    expect([gone.exitCode, gone.problems[0]?.message]).toEqual([
      4,
      '`s3://finance/logs/a.jsonl` was removed while it was being fetched',
    ]);
  });

  test('that came in part is gone on with for a week, and is a leftover after it', async () => {
    await using company = await Company.make();
    await company.write(`${LANDING}/arriving/object-1`, 'part');
    await company.write(`${LANDING}/arriving/object-2`, 'part');
    const old = new Date(Date.now() - 8 * 86_400_000);
    await utimes(company.path(`${LANDING}/arriving/object-1`), old, old);
    expect(await landingLeftovers(company.path(LANDING))).toEqual([company.path(`${LANDING}/arriving/object-1`)]);
  });

  test('of which notes say more than is on disk is fetched anew', async () => {
    put('logs/big.jsonl', BIG);
    const name = `object-${createHash('sha256').update('s3://finance/logs/big.jsonl').digest('hex')}`;
    await using company = await Company.make();
    const etag = stub.objects.get('logs/big.jsonl')?.etag ?? '';
    // Notes of these very bytes, whose file is gone; and notes of other bytes beside a file.
    await company.write(
      `${LANDING}/arriving/${name}.ranges`,
      `${JSON.stringify([etag, BIG.byteLength, 16 * MIB])}\n0\n1\n2\n3\n`,
    );
    expect((await company.land(logs('s3://finance/logs/*'))).files[0]?.sha256).toBe(
      createHash('sha256').update(BIG).digest('hex'),
    );
    const next = randomBytes(BIG.byteLength);
    put('logs/big.jsonl', next);
    await writeFile(
      company.path(`${LANDING}/arriving/${name}.ranges`),
      `${JSON.stringify([etag, BIG.byteLength, 16 * MIB])}\n0\n1\n2\n3\n`,
    );
    await writeFile(company.path(`${LANDING}/arriving/${name}`), BIG);
    expect((await company.land(logs('s3://finance/logs/*'))).files[0]?.sha256).toBe(
      createHash('sha256').update(next).digest('hex'),
    );
  });
});

describe('a server that fails', () => {
  const told = (code: string, status: number, message = code): Fault => ({ kind: 'answer', status, code, message });
  const reads = ({ key, method }: Asked): boolean => method === 'GET' && key !== '';
  const lists = ({ key, method }: Asked): boolean => method === 'GET' && key === '';

  const PASSING: readonly (readonly [what: string, fault: Fault, on: (request: Asked) => boolean])[] = [
    ['500', INTERNAL, reads],
    ['503 without Retry-After', SLOW_DOWN, reads],
    ['503 with Retry-After', { ...SLOW_DOWN, headers: { 'retry-after': '1' } } as Fault, reads],
    ['429', told('TooManyRequestsException', 429), reads],
    ['a body that is cut', { kind: 'cut' }, reads],
    ['a body that is slow', { kind: 'slow', milliseconds: 30 }, reads],
    ['an answer that is lost', { kind: 'lost' }, reads],
    ['a listing with 500', INTERNAL, lists],
    ['a listing that is lost', { kind: 'lost' }, lists],
  ];

  test.each(PASSING)('once is asked again: %s', { timeout: 30_000 }, async (_, fault, on) => {
    put('logs/a.jsonl', 'x'.repeat(1000));
    stub.plan(fault, on);
    await using company = await Company.make();
    const { files } = await company.land(logs('s3://finance/logs/*'));
    expect(files.map(({ bytes }) => bytes)).toEqual([1000]);
  });

  const LASTING: readonly (readonly [what: string, fault: Fault, on: (request: Asked) => boolean, exit: number, code: string])[] =
    [
      ['403 to a listing', ACCESS_DENIED, lists, 2, 's3/access-denied'],
      ['403 to an object', ACCESS_DENIED, reads, 2, 's3/access-denied'],
      ['401, a key that it does not know', told('InvalidAccessKeyId', 403), lists, 2, 's3/credentials'],
      ['a token that has expired', told('ExpiredToken', 400), reads, 2, 's3/expired-token'],
      ['a clock that is wrong', told('RequestTimeTooSkewed', 403), lists, 2, 's3/clock-skew'],
      [
        'an archived object',
        told('InvalidObjectState', 403, 'The operation is not valid for the storage class'),
        reads,
        2,
        's3/archived',
      ],
      ['a listing that is no XML', { kind: 'raw', body: 'hello' }, lists, 4, 's3/unavailable'],
      ['fewer bytes than the listing said', told('InvalidRange', 416), reads, 2, 's3/refused'],
    ];

  test.each(LASTING)('for good is told: %s', { timeout: 60_000 }, async (_, fault, on, exit, code) => {
    put('logs/a.jsonl', 'one');
    stub.plan(fault, on, 1000);
    await using company = await Company.make();
    const failure = await failureOf(company.land(logs('s3://finance/logs/*')));
    expect([failure.exitCode, failure.problems[0]?.code]).toEqual([exit, code]);
    expect(failure.problems[0]?.place?.file).toMatch(/^s3:\/\/finance\//);
    expect(JSON.stringify(failure.problems)).not.toContain('stub-secret');
    expect(await stat(company.path(`${LANDING}/index.ndjson`)).catch(() => null)).toBeNull();
  });

  test('whose bytes are not what the checksum beside them says is told, and they do not stay', async () => {
    put('logs/a.jsonl', 'one');
    const there = stub.objects.get('logs/a.jsonl');
    const headers = { 'x-amz-meta-sha256': createHash('sha256').update('two').digest('hex') };
    if (there !== undefined) stub.objects.set('logs/a.jsonl', { ...there, headers });
    await using company = await Company.make();
    const failure = await failureOf(company.land(logs('s3://finance/logs/*')));
    expect([failure.exitCode, failure.problems[0]?.code]).toEqual([4, 'source/truncated']);
    expect(failure.problems[0]?.message).toMatch(/came with sha256 [0-9a-f]{64}, and S3 says [0-9a-f]{64}$/);
    expect(await readdir(company.path(`${LANDING}/arriving`))).toEqual([]);
  });

  test('with another number of bytes than the listing told is told', async () => {
    put('logs/a.jsonl', 'one');
    stub.plan({ kind: 'raw', body: 'three' }, reads, 1000);
    await using company = await Company.make();
    const failure = await failureOf(company.land(logs('s3://finance/logs/*')));
    expect([failure.exitCode, failure.problems[0]?.code]).toEqual([4, 's3/unavailable']);
    expect(failure.problems[0]?.message).toBe('5 bytes came where 3 were asked for');
  });

  test('on one object of many leaves the others to be fetched, and names all that failed', async () => {
    for (const name of ['a', 'b', 'c', 'd']) put(`logs/${name}.jsonl`, name);
    stub.plan(ACCESS_DENIED, ({ key }) => key === 'logs/b.jsonl' || key === 'logs/d.jsonl', 1000);
    await using company = await Company.make();
    const failure = await failureOf(company.land(logs('s3://finance/logs/*')));
    expect(failure.problems.map(({ place }) => place?.file)).toEqual(['s3://finance/logs/b.jsonl', 's3://finance/logs/d.jsonl']);
  });
});

describe('an AWS export in a bucket', () => {
  const META = 'exports/focus/metadata/BILLING_PERIOD=2026-07';
  const DATA = 'exports/focus/data/BILLING_PERIOD=2026-07';
  const uri = (below: string): string => `s3://finance/${DATA}/${below}`;
  const source = (): FocusSource => ({
    ...BILL,
    s3: { region: stub.region, endpoint: stub.endpoint, pathStyle: true },
    kind: 'focus',
    layout: { kind: 'aws-export', path: 's3://finance/exports/focus/' },
    version: '1.2',
  });

  test('is what the newest manifest names, overwritten or in a folder of its own', async () => {
    put(`${DATA}/focus-00001.csv`, 'one');
    put(`${DATA}/focus-00002.csv`, 'not in the manifest');
    put(`${META}/focus-Manifest.json`, JSON.stringify({ dataFiles: [{ s3Uri: uri('focus-00001.csv'), size: 3 }] }));
    await using company = await Company.make();
    const first = await company.land(source());
    expect(first.files.map(({ name, unit }) => [name, unit])).toEqual([[`s3://finance/${DATA}/focus-00001.csv`, '2026-07']]);
    forget();
    expect(await company.land(source())).toEqual(first);
    expect(asked('GET')).toEqual([]);
    put(`${DATA}/focus-00001.csv`, 'three');
    put(`${META}/focus-Manifest.json`, JSON.stringify({ dataFiles: [uri('focus-00001.csv')], executionId: 'second' }));
    const second = await company.land(source());
    expect(second.files.map(({ name, bytes }) => [name, bytes])).toEqual([[`s3://finance/${DATA}/focus-00001.csv`, 5]]);
    expect(second.files[0]?.delivery).not.toBe(first.files[0]?.delivery);
  });

  test('that misses a file or part of one is exit 4, and never part of a month', async () => {
    put(`${DATA}/focus-00001.csv`, 'one');
    put(`${META}/focus-Manifest.json`, JSON.stringify({ dataFiles: [uri('focus-00001.csv'), uri('focus-00002.csv')] }));
    await using company = await Company.make();
    const missing = await failureOf(company.land(source()));
    expect([missing.exitCode, missing.problems[0]?.message]).toEqual([
      4,
      `\`s3://finance/${META}/focus-Manifest.json\` names \`s3://finance/${DATA}/focus-00002.csv\`, which is not there`,
    ]);
    put(`${META}/focus-Manifest.json`, JSON.stringify({ dataFiles: [{ s3Uri: uri('focus-00001.csv'), size: 30 }] }));
    const short = await failureOf(company.land(source()));
    expect([short.exitCode, short.problems[0]?.code]).toEqual([4, 'source/short-file']);
    put(`${META}/focus-Manifest.json`, JSON.stringify({ dataFiles: [uri('../BILLING_PERIOD=2026-06/focus-00001.csv')] }));
    const outside = await failureOf(company.land(source()));
    expect([outside.exitCode, outside.problems[0]?.code]).toEqual([4, 'source/manifest']);
  });

  test('whose manifest is replaced while its files come is not landed', async () => {
    put(`${DATA}/focus-00001.csv`, 'one');
    put(`${META}/focus-Manifest.json`, JSON.stringify({ dataFiles: [uri('focus-00001.csv')] }));
    stub.watch = ({ method, key }) => {
      if (method === 'GET' && key.endsWith('.csv'))
        put(`${META}/focus-Manifest.json`, JSON.stringify({ dataFiles: [uri('focus-00002.csv')] }));
    };
    await using company = await Company.make();
    const failure = await failureOf(company.land(source()));
    expect([failure.exitCode, failure.problems[0]?.message]).toEqual([
      4,
      `\`s3://finance/${META}/focus-Manifest.json\` changed while its files were being copied`,
    ]);
  });
});
