// Legacy Cost and Usage Reports: only what the manifest of each month names, whole or not at all, in the three ways that AWS lays them out.
import { describe, expect, test } from 'vitest';
import type { AwsCurSource } from '../../../src/pipeline/pipeline.js';
import { supersededBy } from '../../../src/source/superseded.js';
import { BILL, Company } from '../../contract/company.js';

const SOURCE: AwsCurSource = { ...BILL, kind: 'aws-cur', layout: { kind: 'aws-cur-legacy', path: 'cur/daily' } };
const JULY = 'cur/daily/20260701-20260801';
const MANIFEST = `${JULY}/daily-Manifest.json`;

function manifest(below: readonly string[], assemblyId: string): string {
  const billingPeriod = { start: '20260701T000000.000Z', end: '20260801T000000.000Z' };
  const columns = [{ category: 'lineItem', name: 'UnblendedCost' }];
  return JSON.stringify({ assemblyId, billingPeriod, columns, reportKeys: below.map((key) => `some/prefix/daily/${key}`) });
}

const ofJuly = (names: readonly string[], assemblyId = 'a') =>
  manifest(
    names.map((name) => `20260701-20260801/${name}`),
    assemblyId,
  );

async function names(company: Company): Promise<readonly string[]> {
  return (await company.land(SOURCE)).files.map((file) => file.name);
}

describe('a legacy report', () => {
  test('that is overwritten is replaced whole', async () => {
    await using company = await Company.make({
      [`${JULY}/daily-00001.csv`]: 'one',
      [`${JULY}/daily-00002.csv`]: 'two',
      [MANIFEST]: ofJuly(['daily-00001.csv', 'daily-00002.csv']),
    });
    const before = await company.land(SOURCE);
    expect(before.files.map(({ name, unit }) => [name, unit])).toEqual([
      [`${JULY}/daily-00001.csv`, '2026-07'],
      [`${JULY}/daily-00002.csv`, '2026-07'],
    ]);
    await company.write(`${JULY}/daily-00001.csv`, 'three');
    await company.write(MANIFEST, ofJuly(['daily-00001.csv'], 'b'));
    expect((await company.land(SOURCE)).files.map(({ name, bytes }) => [name, bytes])).toEqual([[`${JULY}/daily-00001.csv`, 5]]);
  });

  test('that keeps its deliveries counts the one that the manifest of the month names', async () => {
    await using company = await Company.make({
      [`${JULY}/9b/daily-00001.csv`]: 'old',
      [`${JULY}/9b/daily-Manifest.json`]: ofJuly(['9b/daily-00001.csv'], '9b'),
      [`${JULY}/0a/daily-00001.csv`]: 'new',
      [`${JULY}/0a/daily-Manifest.json`]: ofJuly(['0a/daily-00001.csv'], '0a'),
      [MANIFEST]: ofJuly(['0a/daily-00001.csv'], '0a'),
    });
    expect(await names(company)).toEqual([`${JULY}/0a/daily-00001.csv`]);
  });

  test('of one delivery needs no manifest beside its own', async () => {
    await using company = await Company.make({
      [`${JULY}/0a/daily-00001.csv`]: 'new',
      [`${JULY}/0a/daily-Manifest.json`]: ofJuly(['0a/daily-00001.csv'], '0a'),
    });
    expect(await names(company)).toEqual([`${JULY}/0a/daily-00001.csv`]);
  });

  test('as Parquet has its files below a folder of its own', async () => {
    const file = 'daily/year=2026/month=7/daily-00001.snappy.parquet';
    await using company = await Company.make({ [`cur/daily/${file}`]: 'PAR1', [MANIFEST]: manifest([file], 'a') });
    expect(await names(company)).toEqual([`cur/daily/${file}`]);
  });

  test('keeps a month that is gone, and months are apart', async () => {
    const august = 'cur/daily/20260801-20260901';
    await using company = await Company.make({
      [`${JULY}/a.csv`]: 'july',
      [MANIFEST]: ofJuly(['a.csv']),
      [`${august}/a.csv`]: 'august',
      [`${august}/daily-Manifest.json`]: JSON.stringify({ assemblyId: 'x', reportKeys: ['daily/20260801-20260901/a.csv'] }),
    });
    const both = await company.land(SOURCE);
    expect(both.files.map((file) => file.unit)).toEqual(['2026-07', '2026-08']);
    await company.remove(JULY);
    expect(await company.land(SOURCE)).toEqual(both);
  });

  test('that names a file which is not there counts for nothing, and what landed before is left', async () => {
    await using company = await Company.make({ [`${JULY}/a.csv`]: 'one', [MANIFEST]: ofJuly(['a.csv']) });
    await company.land(SOURCE);
    await company.write(`${JULY}/a.csv`, 'another');
    await company.write(MANIFEST, ofJuly(['a.csv', 'b.csv'], 'b'));
    await expect(company.land(SOURCE)).rejects.toMatchObject({ exitCode: 4, problems: [{ code: 'source/manifest' }] });
    await company.write(`${JULY}/b.csv`, 'second');
    expect((await company.land(SOURCE)).files.map(({ name, bytes }) => [name, bytes])).toEqual([
      [`${JULY}/a.csv`, 7],
      [`${JULY}/b.csv`, 6],
    ]);
  });

  test('does not become empty by itself', async () => {
    await using company = await Company.make({ [`${JULY}/a.csv`]: 'one', [MANIFEST]: ofJuly(['a.csv']) });
    await company.land(SOURCE);
    await company.write(MANIFEST, ofJuly([], 'b'));
    await expect(company.land(SOURCE)).rejects.toThrow('names no files, and an earlier delivery of 2026-07 did');
  });

  test('that is cut is refused', async () => {
    await using company = await Company.make({
      [`${JULY}/a.csv.gz`]: new Uint8Array([0x1f, 0x8b, 8, 0]),
      [MANIFEST]: ofJuly(['a.csv.gz']),
    });
    await expect(company.land(SOURCE)).rejects.toMatchObject({ exitCode: 4, problems: [{ code: 'source/truncated' }] });
  });
});

describe('what a later delivery of a legacy report replaced', () => {
  const entry = (name: string, delivery: string) => ({
    source: 'cur',
    name: `cur/daily/${name}`,
    sha256: delivery,
    bytes: 1,
    unit: '2026-07',
    delivery,
  });

  test.each([
    ['20260701-20260801/0a/a.csv', '20260701-20260801/9b/a.csv'],
    ['daily/year=2026/month=7/a.parquet', 'daily/year=2026/month=7/a.parquet'],
  ])('is waste: %s', (old, now) => {
    const manifestName = '20260701-20260801/daily-Manifest.json';
    const entries = [entry(old, '1'), entry(manifestName, '1'), entry(now, '2'), entry(manifestName, '2')];
    expect(supersededBy(entries)).toEqual([3, 3, null, null]);
  });
});
