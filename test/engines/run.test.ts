// A company on both engines publishes the same bytes, also where its run on Athena was killed half-way. `ENGINES=every` has every golden
// company; else one, whose logs are JSONL (in a bucket), CSV and Parquet.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { parse } from 'yaml';
import { afterAll, describe, expect, it } from 'vitest';
import { type Company, companyOf, type Packed, packFiles, run } from '../golden/company.js';
import { compare } from './alike.js';
import { type OnAthena, onAthena } from './company.js';
import { bucket, engines, s3Client, trino } from './started.js';

const ROOT = 'fixtures/cases';
const KILLED = 'usage-in-three-formats';
const BUCKET = 'logs-of-killed';
const OTHERS = process.env['ENGINES'] === 'every' ? (await readdir(ROOT)).filter((name) => name !== KILLED).sort() : [];
const SLOW = 1_200_000;

const alike = { companies: 0, files: 0 };
afterAll(() => {
  process.stdout.write(`published alike by DuckDB and by Athena: ${alike.companies} companies, ${alike.files} files\n`);
});

async function caseOf(name: string): Promise<Company & AsyncDisposable> {
  const company = await companyOf(join(ROOT, name));
  await packFiles(company, parse(await readFile(join(ROOT, name, 'case.yaml'), 'utf8')) as Packed);
  return company;
}

/** Its log of one record a line lies in a bucket, under a name that needs escapes. */
async function inBucket({ folder, pipelineFile }: Company): Promise<void> {
  const { s3Endpoint, region } = engines();
  const client = s3Client();
  const file = join(folder, 'usage/app.jsonl');
  await client.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'usage/team=a b/ü & co.jsonl', Body: await readFile(file) }));
  client.destroy();
  await rm(file);
  const yaml = await readFile(pipelineFile, 'utf8');
  const there = `files: ["s3://${BUCKET}/usage/**/*.jsonl"]\n    s3: { endpoint: "${s3Endpoint}", region: ${region}, path_style: true }`;
  await writeFile(pipelineFile, yaml.replace('files: ["usage/*.jsonl"]', there));
}

/** What landed of it here says which object it is, and has no record of it. */
async function expectReceipt({ folder }: Company): Promise<void> {
  const index = await readFile(join(folder, '.showback/landing/index.ndjson'), 'utf8');
  const entries = index
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { readonly name: string; readonly sha256: string; readonly receipt?: number });
  expect(entries.filter(({ receipt }) => receipt !== undefined).map(({ name }) => name)).toEqual([
    `s3://${BUCKET}/usage/team=a b/ü & co.jsonl`,
  ]);
  for (const { sha256, receipt } of entries.filter((entry) => entry.receipt !== undefined)) {
    const blob = await readFile(join(folder, '.showback/landing/blobs', sha256.slice(0, 2), sha256));
    expect([blob.byteLength, blob.toString()]).toEqual([receipt, expect.stringMatching(/^\{"object":.*\}\n$/)]);
  }
}

async function expectAlike(here: Company, there: Company, what: { readonly receipts?: boolean } = {}): Promise<void> {
  const compared = await compare(here, there, what);
  expect(compared.others).toEqual([]);
  expect(compared.files).toBeGreaterThan(10);
  alike.companies += 1;
  alike.files += compared.files;
}

/** The views show what the published CSV has, and nothing of the run's own is left in the database. */
async function expectRegistered({ database: { name } }: OnAthena, there: Company): Promise<void> {
  const { rows } = await trino(
    `SELECT feature_id, CAST(sum(amount) AS VARCHAR) FROM showback_feature_month GROUP BY 1 ORDER BY 1`,
    {
      schema: name,
    },
  );
  const csv = await readFile(join(there.folder, 'out/csv', '2026-07', 'showback_feature_month.csv'), 'utf8');
  const features = new Set(
    csv
      .trim()
      .split('\r\n')
      .slice(1)
      .map((line) => line.split(',')[1] ?? ''),
  );
  expect(rows.map(([feature]) => feature)).toEqual([...features].sort());
  const tables = (await trino('SHOW TABLES', { schema: name })).rows.map(([table]) => table ?? '');
  expect(tables).toContain('showback_current');
  expect(tables.filter((table) => /^r[0-9a-f]{16}_/.test(table))).toEqual([]);
}

/** A run of the program, killed as soon as this query runs. */
async function killedAt({ front }: OnAthena, { pipelineFile }: Company, when: RegExp): Promise<void> {
  // So that the next run finds it at work.
  front.inject({ slow: { milliseconds: 15_000, times: 1, when } });
  const child: ChildProcess = spawn('node', ['dist/cli/main.js', 'run', pipelineFile], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = once(child, 'exit');
  while (child.exitCode === null && !front.starts.some(({ text }) => when.test(text)))
    await new Promise((resolve) => setTimeout(resolve, 100));
  child.kill('SIGKILL');
  expect(await ended).toEqual([null, 'SIGKILL']);
}

describe('a company on DuckDB and on Athena', () => {
  it('publishes the same bytes after a SIGKILL, whose queries are found again and not paid twice', {
    timeout: SLOW,
  }, async () => {
    await using here = await caseOf(KILLED);
    await using there = await caseOf(KILLED);
    await using athena = await onAthena(there, 'killed');
    await bucket(BUCKET);
    await inBucket(here);
    await inBucket(there);
    await run(here);
    const { front } = athena;
    await killedAt(athena, there, /UNLOAD [\s\S]*rating\.usage_sum\/1\//);
    const before = front.starts.length;
    const unloads = front.starts.filter(({ text }) => text.startsWith('UNLOAD')).map(({ text }) => text);
    expect(unloads.length).toBeGreaterThan(5);
    expect((await run(there)).outcome).toBe('published');
    const again = front.starts.slice(before).filter(({ text }) => unloads.includes(text));
    expect(again.filter(({ repeated }) => !repeated)).toEqual([]);
    await expectReceipt(there);
    await expectAlike(here, there, { receipts: true });
    await expectRegistered(athena, there);
    expect((await run(there)).outcome).toBe('unchanged');
  });

  it.each(OTHERS)('%s', { timeout: SLOW }, async (name) => {
    await using here = await caseOf(name);
    await using there = await caseOf(name);
    await run(here);
    await using _athena = await onAthena(there, `case_${name.replaceAll(/[^a-z0-9]/g, '_')}`);
    await run(there);
    await expectAlike(here, there);
  });
});
