// Sources on a real S3 server that checks signatures: large objects with flat memory, a pull that is killed, and keys that are wrong.
// `ENGINES=every` has an object of 2 GiB; else one of 320 MiB.
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, open, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { UsageSource } from '../../src/pipeline/pipeline.js';
import { openStore } from '../../src/store/s3.js';
import type { ObjectStore } from '../../src/store/store.js';
import { Company, usage } from '../contract/company.js';
import { bucket, engines } from './started.js';

const BUCKET = 'pull-s3';
const MIB = 1024 * 1024;
const LARGE = process.env['ENGINES'] === 'every' ? 2048 : 320;
const CHILD = join(import.meta.dirname, 'pull-child.mjs');
const SLOW = 600_000;

let folder = '';
let store: ObjectStore;
const hashes = new Map<string, string>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pull-engines-'));
  const { s3Endpoint, accessKey, secretKey, region } = engines();
  const credentials = { accessKeyId: accessKey, secretAccessKey: secretKey };
  store = openStore({ bucket: await bucket(BUCKET), region, endpoint: s3Endpoint, pathStyle: true, credentials });
  await putRandom('small/log.jsonl', 32);
  await putRandom('large/log.jsonl', LARGE);
}, SLOW);
afterAll(async () => {
  store.close();
  await rm(folder, { recursive: true, force: true });
});

async function putRandom(key: string, mib: number): Promise<void> {
  const file = join(folder, 'bytes');
  const handle = await open(file, 'w');
  for (let at = 0; at < mib; at += 1) await handle.write(randomBytes(MIB));
  await handle.close();
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  hashes.set(key, hash.digest('hex'));
  await store.put(key, { file });
  await rm(file);
}

function source(...files: readonly string[]): UsageSource {
  const { s3Endpoint, region } = engines();
  return usage({ files, s3: { region, endpoint: s3Endpoint, pathStyle: true } });
}

function keys(): NodeJS.ProcessEnv {
  const { accessKey, secretKey } = engines();
  return { ...process.env, AWS_ACCESS_KEY_ID: accessKey, AWS_SECRET_ACCESS_KEY: secretKey };
}

function pull(root: string, key: string) {
  const child = spawn(process.execPath, [CHILD, root, JSON.stringify(source(`s3://${BUCKET}/${key}`))], { env: keys() });
  return { child, told: text(child.stdout), failed: text(child.stderr) };
}

interface Told {
  readonly sha256: string;
  readonly bytes: number;
  readonly peakMib: number;
}

async function pulled(root: string, key: string): Promise<Told> {
  const { told, failed } = pull(root, key);
  const answer = await told;
  if (answer === '') throw new Error(await failed);
  return JSON.parse(answer) as Told;
}

describe('a source on a real S3 server', () => {
  it(`takes no more memory for ${LARGE} MiB than for 32`, { timeout: SLOW }, async () => {
    await using small = await Company.make();
    await using large = await Company.make();
    const one = await pulled(small.root, 'small/log.jsonl');
    const other = await pulled(large.root, 'large/log.jsonl');
    expect([one.sha256, other.sha256]).toEqual([hashes.get('small/log.jsonl'), hashes.get('large/log.jsonl')]);
    expect(other.bytes).toBe(LARGE * MIB);
    process.stdout.write(
      `peak of a pull: ${one.peakMib.toFixed(0)} MiB for 32 MiB, ${other.peakMib.toFixed(0)} MiB for ${LARGE} MiB\n`,
    );
    expect(other.peakMib - one.peakMib).toBeLessThan(100);
  });

  it('goes on after a SIGKILL with the ranges that are on disk', { timeout: SLOW }, async () => {
    await using company = await Company.make();
    const first = pull(company.root, 'large/log.jsonl');
    const ended = new Promise((resolve) => first.child.once('exit', resolve));
    await vi.waitUntil(async () => (await rangesOnDisk(company.root)) >= 3, { timeout: 60_000, interval: 5 });
    first.child.kill('SIGKILL');
    await ended;
    const had = await rangesOnDisk(company.root);
    expect(had).toBeGreaterThanOrEqual(3);
    expect(had).toBeLessThan(LARGE / 16);
    expect((await pulled(company.root, 'large/log.jsonl')).sha256).toBe(hashes.get('large/log.jsonl'));
    expect(await readdir(company.path('landing/arriving'))).toEqual([]);
  });

  it('is copied from bucket to bucket in parts, with every byte', { timeout: SLOW }, async () => {
    const found = await store.head('large/log.jsonl');
    await store.copy('copied/large.jsonl', {
      bucket: BUCKET,
      key: 'large/log.jsonl',
      etag: found?.etag ?? '',
      bytes: LARGE * MIB,
    });
    const { etag = '' } = (await store.head('copied/large.jsonl')) ?? {};
    const file = join(folder, 'copied');
    const { sha256 } = await store.download('copied/large.jsonl', file, { etag });
    expect([etag.endsWith('-2"') || LARGE > 512, sha256]).toEqual([true, hashes.get('large/log.jsonl')]);
    await rm(file);
  });

  it('lists more than a page, and refuses a key that is wrong', { timeout: SLOW }, async () => {
    for (let at = 0; at < 1100; at += 50) {
      await Promise.all(
        Array.from({ length: 50 }, async (_, more) => store.put(`many/${String(at + more).padStart(4, '0')}.jsonl`, '{}\n')),
      );
    }
    await using company = await Company.make();
    vi.stubEnv('AWS_ACCESS_KEY_ID', engines().accessKey);
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', engines().secretKey);
    const { files } = await company.land(source(`s3://${BUCKET}/many/*.jsonl`));
    expect(files).toHaveLength(1100);
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'wrong');
    await expect(company.land(source(`s3://${BUCKET}/many/*.jsonl`))).rejects.toMatchObject({
      exitCode: 2,
      problems: [{ code: 's3/credentials' }],
    });
    vi.unstubAllEnvs();
  });
});

async function rangesOnDisk(root: string): Promise<number> {
  const arriving = join(root, 'landing/arriving');
  const notes = (await readdir(arriving).catch(() => [])).find((name) => name.endsWith('.ranges'));
  return notes === undefined ? 0 : (await readFile(join(arriving, notes), 'utf8')).split('\n').length - 2;
}
