// Logs that stay on S3, against a stub of it: they go from bucket to bucket, and what lands here is a receipt.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Pipeline, SourceConfig, UsageSource } from '../../../src/pipeline/pipeline.js';
import { planUploads } from '../../../src/run/gc-uploads.js';
import { bringLogs, withRemote } from '../../../src/run/remote-landing.js';
import { land } from '../../../src/source/registry.js';
import { landingWaste } from '../../../src/source/landing-waste.js';
import type { Landing } from '../../../src/source/source.js';
import { openStore } from '../../../src/store/s3.js';
import type { ObjectStore } from '../../../src/store/store.js';
import { Company, NO_OUTSIDE, usage } from '../../contract/company.js';
import { failureOf } from '../../pull/failure-of.js';
import { ACCESS_DENIED, type Asked, startStub, type Stub } from '../store/stub-server.js';

/** Of a source with the id `logs`. */
const FOLDER = 'showback/landing/6c6f6773/';
const NOTE = 'showback/owners/acme.json';

let stub: Stub;
let company: Company;
let store: ObjectStore;
const before = { ...process.env };

beforeAll(() => {
  process.env['AWS_ACCESS_KEY_ID'] = 'AKIASTUB';
  process.env['AWS_SECRET_ACCESS_KEY'] = 'stub-secret-of-the-tests';
});
afterAll(() => void (process.env = before));
beforeEach(async () => {
  stub = await startStub();
  company = await Company.make({ 'logs/here.jsonl': 'here\n' });
  const { bucket, region, endpoint, keys: credentials } = stub;
  store = openStore({ bucket, region, endpoint, credentials, prefix: 'showback', pathStyle: true });
});
afterEach(async () => {
  store.close();
  await stub.close();
  await company[Symbol.asyncDispose]();
});

function put(key: string, content: string): void {
  const bytes = Buffer.from(content);
  const etag = `"${createHash('md5').update(bytes).digest('hex')}"`;
  stub.objects.set(key, { bytes, etag, headers: {}, modified: new Date() });
}

function logs(...files: readonly string[]): UsageSource {
  return usage({ files, s3: { region: stub.region, endpoint: stub.endpoint, pathStyle: true } });
}

type Kind = 'athena' | 'duckdb';

/** Lands as a run does where models are built there. */
async function landed(config: SourceConfig, kind: Kind = 'athena', endpoint: string = stub.endpoint): Promise<Landing> {
  const output = { bucket: stub.bucket, prefix: 'showback', region: stub.region, endpoint, pathStyle: true };
  const pipeline = { name: 'acme', engine: { kind, output } } as unknown as Pipeline;
  const request = { config, root: company.root, landingDir: company.path('.showback/landing'), outside: NO_OUTSIDE };
  return withRemote({ pipeline }, config, async (remote) => land({ ...request, listener: () => undefined, remote }));
}

/** What lies in the landing on S3, by what it holds. */
function there(): readonly string[] {
  const objects = [...stub.objects].filter(([key]) => key.startsWith(FOLDER));
  for (const [key] of objects) expect(key).toMatch(/\/(copy-)?[0-9a-f]{64}\.jsonl(\.gz|\.zst)?$/);
  return objects.map(([key, { bytes }]) => `${key.replace(/.*?\./, '.')} ${bytes.toString()}`).sort();
}

function notedKeys(): readonly string[] {
  return (JSON.parse(stub.objects.get(NOTE)?.bytes.toString() ?? '') as { readonly keys: readonly string[] }).keys;
}

/** Requests for bytes of an object. */
function reads(): readonly string[] {
  return stub.log.filter((line) => /^GET [^?]/.test(line) && !line.includes(NOTE));
}

const isCopy = ({ method, headers }: Asked): boolean => method === 'PUT' && headers['x-amz-copy-source'] !== undefined;

describe('logs on S3 where models are built there', () => {
  it('go from bucket to bucket, and their bytes never come here', async () => {
    put('raw/dt=2026-07-01/a b.jsonl', 'one\n');
    put('raw/dt=2026-07-02/b.jsonl.gz', 'two');
    put('raw/dt=2026-07-03/c.jsonl.zstd', 'three');
    put('raw/notes.md', 'no format');
    const { files } = await landed(logs('s3://finance/raw/**', 'logs/*.jsonl'));
    expect(there()).toEqual(['.jsonl one\n', '.jsonl.gz two', '.jsonl.zst three']);
    expect(reads().map((line) => line.split('?')[0])).toEqual(['GET raw/notes.md']);
    expect(files.map(({ name, bytes, receipt }) => [name, bytes, receipt === undefined])).toEqual([
      ['logs/here.jsonl', 5, true],
      ['s3://finance/raw/dt=2026-07-01/a b.jsonl', 4, false],
      ['s3://finance/raw/dt=2026-07-02/b.jsonl.gz', 3, false],
      ['s3://finance/raw/dt=2026-07-03/c.jsonl.zstd', 5, false],
      ['s3://finance/raw/notes.md', 9, true],
    ]);
    for (const { path, sha256, bytes, receipt = bytes } of files) {
      const content = await readFile(path);
      expect([createHash('sha256').update(content).digest('hex'), content.byteLength]).toEqual([sha256, receipt]);
    }
    expect(notedKeys()).toHaveLength(3);
  });

  it('are not asked for again while they stay as they are', async () => {
    put('raw/a.jsonl', 'one\n');
    put('raw/b.jsonl', 'two\n');
    const config = logs('s3://finance/raw/*');
    const first = await landed(config);
    stub.log.length = 0;
    expect((await landed(config)).files).toEqual(first.files);
    expect(stub.log.map((line) => line.split('?')[0])).toEqual(['GET ']);
    put('raw/b.jsonl', 'two and more\n');
    const { files } = await landed(config);
    expect(files.map(({ sha256 }) => first.files.some((file) => file.sha256 === sha256))).toEqual([true, false]);
    expect(there()).toEqual(['.jsonl one\n', '.jsonl two\n', '.jsonl two and more\n']);
    // One that is rotated away stays what landed.
    stub.objects.delete('raw/a.jsonl');
    expect((await landed(config)).files).toEqual(files);
  });

  it('go as what replaced them under our hands', async () => {
    put('raw/a.jsonl', 'one\n');
    let times = 0;
    stub.watch = (asked) => {
      if (!isCopy(asked)) return;
      put('raw/a.jsonl', 'two\n');
      times += 1;
    };
    const { files } = await landed(logs('s3://finance/raw/*'));
    expect([there(), files[0]?.bytes, times]).toEqual([['.jsonl two\n'], 4, 2]);
    expect(notedKeys()).toHaveLength(2);
  });

  it('that never stand still, or go, land not at all, and what landed beside them stays', async () => {
    put('raw/a.jsonl', 'one\n');
    put('raw/b.jsonl', 'two\n');
    let times = 0;
    const isB = (asked: Asked): boolean => isCopy(asked) && String(asked.headers['x-amz-copy-source']).endsWith('b.jsonl');
    stub.watch = (asked) => {
      if (isB(asked)) put('raw/b.jsonl', `${(times += 1)}\n`);
    };
    const moving = await failureOf(landed(logs('s3://finance/raw/*')));
    expect(moving.problems.map(({ code, place }) => [code, place?.file])).toEqual([['s3/changed', 's3://finance/raw/b.jsonl']]);
    stub.watch = (asked) => {
      if (isB(asked)) stub.objects.delete('raw/b.jsonl');
    };
    const gone = await failureOf(landed(logs('s3://finance/raw/*')));
    expect(gone.problems.map(({ code }) => code)).toEqual(['source/unreadable']);
    stub.watch = () => undefined;
    stub.log.length = 0;
    expect((await landed(logs('s3://finance/raw/*'))).files.map(({ name }) => name)).toEqual(['s3://finance/raw/a.jsonl']);
    expect(stub.log.filter((line) => line.startsWith('PUT'))).toEqual([]);
  });

  it('stay here where their bytes are here already, and are not copied again', async () => {
    put('raw/a.jsonl', 'one\n');
    const config = logs('s3://finance/raw/*');
    const here = await landed(config, 'duckdb');
    expect((await landed(config)).files).toEqual(here.files);
    expect(there()).toEqual([]);
    // Gone where it came from, it is still there for everybody.
    stub.objects.delete('raw/a.jsonl');
    for (const kind of ['athena', 'duckdb'] as const) expect((await landed(config, kind)).files).toEqual(here.files);
  });

  it.each(['s3://finance/**/*.jsonl', 's3://finance/showback/landing/**'])(
    'are not what runs wrote: %s is refused',
    async (pattern) => {
      put('raw/a.jsonl', 'one\n');
      await landed(logs('s3://finance/raw/*'));
      const { problems } = await failureOf(landed(logs(pattern)));
      expect(problems).toMatchObject([{ code: 'source/own-output', place: { file: 'pipeline.yaml' } }]);
      expect(there()).toEqual(['.jsonl one\n']);
    },
  );

  it('say once what keeps all of them from coming', async () => {
    for (const name of ['a', 'b', 'c']) put(`raw/${name}.jsonl`, name);
    stub.plan(ACCESS_DENIED, ({ key }) => key === NOTE, 100);
    const { problems } = await failureOf(landed(logs('s3://finance/raw/*')));
    expect(problems.map(({ code }) => code)).toEqual(['s3/access-denied']);
  });

  it('say which permission is missing, and what is archived', async () => {
    put('raw/a.jsonl', 'one\n');
    stub.plan(ACCESS_DENIED, isCopy);
    const { problems } = await failureOf(landed(logs('s3://finance/raw/*')));
    expect(problems[0]).toMatchObject({ code: 's3/access-denied', place: { file: 's3://finance/raw/a.jsonl' } });
    stub.plan({ kind: 'answer', status: 403, code: 'ObjectNotInActiveTierError', message: 'archived' }, isCopy);
    expect((await failureOf(landed(logs('s3://finance/raw/*')))).problems[0]?.code).toBe('s3/archived');
  });

  it.each([
    ['a format that is read here', { format: 'otlp' }, 'athena', null],
    ['a table', { format: 'csv' }, 'athena', null],
    ['another server than that of the output', {}, 'athena', 'http://127.0.0.1:1'],
    ['an engine that builds here', {}, 'duckdb', null],
  ] as const)('come here with %s', async (_, more, kind, endpoint) => {
    put('raw/a.jsonl', 'one\n');
    const { files } = await landed({ ...logs('s3://finance/raw/*'), ...more }, kind, endpoint ?? stub.endpoint);
    expect(await readFile(files[0]?.path ?? '', 'utf8')).toBe('one\n');
    expect([files[0]?.receipt, there()]).toEqual([undefined, []]);
  });
});

describe('logs that stayed on S3', () => {
  it('are brought where models are built here again, and are refused where they are gone', async () => {
    put('raw/a.jsonl', '{"event_id": "1"}\n');
    put('raw/b.jsonl', '{"event_id": "2"}\n');
    const config = logs('s3://finance/raw/*');
    const { files } = await landed(config);
    const refused = await failureOf(company.loadFiles(files, [config]));
    expect(refused.problems.map(({ code, place }) => [code, place?.file])).toEqual([
      ['athena/log-stays', 's3://finance/raw/a.jsonl'],
      ['athena/log-stays', 's3://finance/raw/b.jsonl'],
    ]);
    stub.objects.delete('raw/b.jsonl');
    const here = await landed(config, 'duckdb');
    expect(await readFile(here.files[0]?.path ?? '', 'utf8')).toBe('{"event_id": "1"}\n');
    expect((await failureOf(company.loadFiles(here.files, [config]))).problems).toHaveLength(1);
    const again = await landed(config, 'duckdb');
    expect(again.files).toEqual(here.files);
  });

  it('are brought there again by who loads them, from the same state alone', async () => {
    put('raw/a.jsonl', 'one\n');
    const config = logs('s3://finance/raw/*', 'logs/*.jsonl');
    const { files } = await landed(config);
    const copies = () => [...stub.objects.keys()].filter((key) => key.startsWith(FOLDER));
    for (const key of copies()) stub.objects.delete(key);
    await bringLogs(store, 'acme', config, files);
    expect(there()).toEqual(['.jsonl here\n', '.jsonl one\n']);
    for (const key of copies()) stub.objects.delete(key);
    put('raw/a.jsonl', 'other\n');
    const lost = await failureOf(bringLogs(store, 'acme', config, files));
    expect([lost.exitCode, lost.problems[0]?.code, lost.problems[0]?.place?.file]).toEqual([
      4,
      'athena/log-lost',
      's3://finance/raw/a.jsonl',
    ]);
  });

  it('stay as long as the landing names them', async () => {
    put('raw/a.jsonl', 'one\n');
    const config = logs('s3://finance/raw/*');
    await landed(config);
    put('raw/a.jsonl', 'two\n');
    await landed(config);
    const now = new Date(Date.now() + 10 * 86_400_000);
    const collected = async (replacedBefore: number, folder = '.showback/landing') => {
      const needs = { sources: new Set(['logs']), runs: new Set<string>(), replacedBefore };
      const { kept, dropped } = await landingWaste(company.path(folder), needs);
      return planUploads(store, 'acme', { landed: kept, dropped, now, replacedBefore, waiting: { listener: () => undefined } });
    };
    expect((await collected(Date.now() - 86_400_000)).waste).toEqual([]);
    // A state folder of the same pipeline that never saw them: they may be the only ones.
    await company.copy(company.path('.showback/landing'), 'other/landing');
    const index = (await readFile(company.path('other/landing/index.ndjson'), 'utf8')).replaceAll('logs', 'others');
    await company.write('other/landing/index.ndjson', index.replaceAll(/[0-9a-f]{64}/g, 'f'.repeat(64)));
    expect((await collected(now.getTime(), 'other/landing')).waste).toEqual([]);
    const part = await collected(now.getTime());
    expect(part.waste).toHaveLength(1);
    await part.carryOut();
    expect(there()).toEqual(['.jsonl two\n']);
  });
});
