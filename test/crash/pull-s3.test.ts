// Companies whose evidence lies in a bucket: the same statement as from files, a pull that is killed, and what `check --connect` tells.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { parse, stringify } from 'yaml';
import { checkPipeline } from '../../src/run/check.js';
import { bytesBelow, type Company, companyOf, run } from '../golden/company.js';
import { cli, NO_RUNS } from '../unit/cli/harness.js';
import { ACCESS_DENIED, startStub, type Stub } from '../unit/store/stub-server.js';

vi.mock('../../src/model/catalog.js', async (original) => (await import('../golden/one-catalog.js')).oneCatalog(original));
vi.setConfig({ testTimeout: 120_000 });

const CASES = join(import.meta.dirname, '../../fixtures/cases');
const MAIN = join(import.meta.dirname, '../../dist/cli/main.js');
const MIB = 1024 * 1024;

let stub: Stub;

beforeEach(async () => {
  stub = await startStub();
  vi.stubEnv('AWS_ACCESS_KEY_ID', stub.keys.accessKeyId);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', stub.keys.secretAccessKey);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await stub.close();
});

interface Source {
  files?: string[];
  path?: string;
  s3?: unknown;
}

/** Moves all that its sources name to the bucket, and names it there. Returns the source ids. */
async function toBucket(company: Company): Promise<void> {
  const pipeline = parse(await readFile(company.pipelineFile, 'utf8')) as { sources: Source[] };
  const folders = new Set<string>();
  for (const source of pipeline.sources) {
    for (const name of [...(source.files ?? []), ...(source.path === undefined ? [] : [source.path])])
      folders.add(name.split('/')[0] ?? '');
    if (source.files !== undefined) source.files = source.files.map((pattern) => `s3://finance/${pattern}`);
    if (source.path !== undefined) source.path = `s3://finance/${source.path}`;
    source.s3 = { region: stub.region, endpoint: stub.endpoint, path_style: true };
  }
  for (const folder of folders) {
    for (const [name, bytes] of Object.entries(await bytesBelow(join(company.folder, folder))))
      put(`${folder}/${name}`, Buffer.from(bytes, 'latin1'));
    await rm(join(company.folder, folder), { recursive: true });
  }
  await writeFile(company.pipelineFile, stringify(pipeline));
}

function put(key: string, bytes: Buffer): void {
  stub.objects.set(key, { bytes, etag: `"${createHash('md5').update(bytes).digest('hex')}"`, headers: {}, modified: new Date() });
}

/** Published CSVs, files by the names that they have in the folder; the run's own id, which holds where files come from, as `RUN`. */
async function published(company: Company): Promise<Readonly<Record<string, string>>> {
  const { runId } = await run(company);
  const all = Object.entries(await bytesBelow(join(company.folder, 'out/current/csv')));
  return Object.fromEntries(all.map(([name, text]) => [name, text.replaceAll('s3://finance/', '').replaceAll(runId, 'RUN')]));
}

describe('a company in a bucket', () => {
  test.each(['aws-month-delivered-again', 'openai-last-week-pulled-again'])(
    'has the statement that it has from files: %s',
    async (name) => {
      await using fromFiles = await companyOf(join(CASES, name));
      await using fromBucket = await companyOf(join(CASES, name));
      await toBucket(fromBucket);
      const expected = await published(fromFiles);
      expect(await published(fromBucket)).toEqual(expected);
      expect(Object.keys(expected).length).toBeGreaterThan(5);
      const reads = stub.log.filter((line) => line.includes('GetObject')).length;
      expect(reads).toBeGreaterThan(0);
      // Once more: nothing is fetched, and nothing is new.
      await run(fromBucket);
      expect(stub.log.filter((line) => line.includes('GetObject'))).toHaveLength(reads);
    },
  );

  test('is asked by `check --connect` for what is missing, without a byte landed', async () => {
    await using company = await companyOf(join(CASES, 'duplicates-across-files'));
    await toBucket(company);
    const runs = async () => ({ ...NO_RUNS, checkPipeline });
    const fine = await cli(['check', '--connect', company.pipelineFile], { cwd: company.folder, runs });
    expect([fine.code, fine.err]).toEqual([0, '']);
    expect(fine.out).toMatch(/✔ source \w+: \d+ files?, and they can be read\n$/);
    expect(await readdir(company.folder)).not.toContain('.showback');
    stub.plan(ACCESS_DENIED, ({ key }) => key !== '', 1000);
    const denied = await cli(['check', '--connect', company.pipelineFile], { cwd: company.folder, runs });
    expect(denied.code).toBe(2);
    expect(denied.err).toContain('s3:GetObject on arn:aws:s3:::finance/');
    expect(denied.err).not.toContain(stub.keys.secretAccessKey);
    const both = await cli(['check', '--connect', '--config-only', company.pipelineFile], { cwd: company.folder, runs });
    expect([both.code, both.err]).toEqual([2, expect.stringContaining('--config-only')]);
    stub.objects.clear();
    const empty = await cli(['check', '--connect', company.pipelineFile], { cwd: company.folder, runs });
    expect([empty.code, empty.err]).toEqual([4, expect.stringContaining('it can be listed, and there is no file under')]);
  });

  test('is tried by `check` where its models are built on Athena, and nothing is written there', async () => {
    await using company = await companyOf(join(CASES, 'duplicates-across-files'));
    await toBucket(company);
    const place = { output: 's3://finance/showback/', region: stub.region };
    const engine = { kind: 'athena', workgroup: 'w', database: 'd', ...place, s3: { endpoint: stub.endpoint, path_style: true } };
    const yaml = parse(await readFile(company.pipelineFile, 'utf8')) as object;
    await writeFile(company.pipelineFile, stringify({ ...yaml, engine }));
    const before = [...stub.objects.keys()];
    const runs = async () => ({ ...NO_RUNS, checkPipeline });
    const tried = await cli(['check', company.pipelineFile], { cwd: company.folder, runs });
    expect([tried.code, tried.err]).toEqual([0, '']);
    expect(tried.out).toMatch(/data: \d+ files, \d+ records/);
    expect([...stub.objects.keys()]).toEqual(before);
    expect(stub.log.filter((line) => line.startsWith('PUT'))).toEqual([]);
  });

  test('whose pull is killed in mid-download fetches only what is missing, and publishes the same bytes', async () => {
    await using undisturbed = await companyOf(join(CASES, 'duplicates-across-files'));
    await using company = await companyOf(join(CASES, 'duplicates-across-files'));
    // One log becomes as large as a day's, by white space between its lines.
    for (const { folder } of [undisturbed, company]) await enlarge(folder);
    const expected = await published(undisturbed);
    await toBucket(company);
    const large = [...stub.objects].find(([, { bytes }]) => bytes.byteLength > 48 * MIB)?.[0] ?? '';
    const isLast = (range: string | undefined): boolean => range?.startsWith(`bytes=${48 * MIB}-`) === true;
    stub.plan({ kind: 'silent' }, ({ key, headers }) => key === large && isLast(headers.range));
    const child = spawn(process.execPath, [MAIN, 'run', company.pipelineFile], { stdio: 'ignore', env: process.env });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    await vi.waitUntil(async () => (await rangesOnDisk(company.folder)) === 3, { timeout: 60_000, interval: 20 });
    child.kill('SIGKILL');
    await ended;
    const asked: string[] = [];
    stub.watch = ({ method, key, headers }) =>
      void (method === 'GET' && key !== '' && asked.push(`${key} ${headers.range ?? 'whole'}`));
    expect(await published(company)).toEqual(expected);
    expect(asked.filter((line) => line.startsWith(large))).toEqual([
      `${large} bytes=${48 * MIB}-${(stub.objects.get(large)?.bytes.byteLength ?? 0) - 1}`,
    ]);
    expect(await readdir(join(company.folder, '.showback/landing/arriving'))).toEqual([]);
  });
});

async function enlarge(folder: string): Promise<void> {
  const [name] = (await readdir(join(folder, 'usage'))).filter((file) => file.endsWith('.jsonl')).sort();
  const text = await readFile(join(folder, 'usage', name ?? ''), 'utf8');
  const blank = `${' '.repeat(1023)}\n`.repeat(50 * 1024);
  await writeFile(join(folder, 'usage', name ?? ''), `${text}${blank}`);
}

async function rangesOnDisk(folder: string): Promise<number> {
  const arriving = join(folder, '.showback/landing/arriving');
  const [notes] = (await readdir(arriving).catch(() => [])).filter((name) => name.endsWith('.ranges'));
  return notes === undefined ? 0 : (await readFile(join(arriving, notes), 'utf8')).split('\n').length - 2;
}
