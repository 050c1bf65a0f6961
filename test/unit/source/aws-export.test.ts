// AWS Data Exports: only what the newest manifest of each billing period names, whole or not at all.
import { describe, expect, test } from 'vitest';
import type { FocusSource } from '../../../src/pipeline/pipeline.js';
import { BILL, Company } from '../../contract/company.js';

const SOURCE: FocusSource = { ...BILL, kind: 'focus', layout: { kind: 'aws-export', path: 'exports/focus' }, version: '1.2' };
const DATA = 'exports/focus/data/BILLING_PERIOD=2026-07';
const META = 'exports/focus/metadata/BILLING_PERIOD=2026-07';

function manifest(files: readonly unknown[], more: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({ dataFiles: files, ...more });
}

function uri(below: string): string {
  return `s3://bucket/some/prefix/focus/data/BILLING_PERIOD=2026-07/${below}`;
}

async function names(company: Company): Promise<readonly string[]> {
  return (await company.land(SOURCE)).files.map((file) => file.name);
}

describe('an AWS export', () => {
  test('that is overwritten is replaced whole', async () => {
    await using company = await Company.make({
      [`${DATA}/focus-00001.csv`]: 'one',
      [`${DATA}/focus-00002.csv`]: 'two',
      [`${META}/focus-Manifest.json`]: manifest([{ s3Uri: uri('focus-00001.csv'), size: 3 }, uri('focus-00002.csv')]),
    });
    const before = await company.land(SOURCE);
    expect(before.files.map(({ name, unit }) => [name, unit])).toEqual([
      [`${DATA}/focus-00001.csv`, '2026-07'],
      [`${DATA}/focus-00002.csv`, '2026-07'],
    ]);
    await company.write(`${DATA}/focus-00001.csv`, 'three');
    await company.write(`${META}/focus-Manifest.json`, manifest([uri('focus-00001.csv')]));
    const after = await company.land(SOURCE);
    expect(after.files.map(({ name, bytes }) => [name, bytes])).toEqual([[`${DATA}/focus-00001.csv`, 5]]);
    expect(after.files[0]?.delivery).not.toBe(before.files[0]?.delivery);
    expect(await company.land(SOURCE)).toEqual(after);
  });

  test('does not become empty by itself', async () => {
    await using company = await Company.make({
      [`${DATA}/focus-00001.csv`]: 'one',
      [`${META}/focus-Manifest.json`]: manifest([uri('focus-00001.csv')]),
    });
    await company.land(SOURCE);
    await company.write(`${META}/focus-Manifest.json`, manifest([]));
    await expect(company.land(SOURCE)).rejects.toMatchObject({ exitCode: 4, problems: [{ code: 'source/manifest' }] });
    await expect(company.land(SOURCE)).rejects.toThrow('names no files, and an earlier delivery of 2026-07 did');
  });

  test('with a folder an execution counts the newest only', async () => {
    await using company = await Company.make({
      [`${DATA}/20260702T120000Z-a/focus-00001.parquet`]: 'old',
      [`${DATA}/20260703T120000Z-b/focus-00001.parquet`]: 'new',
      [`${META}/20260702T120000Z-a/focus-Manifest.json`]: manifest([uri('20260702T120000Z-a/focus-00001.parquet')]),
      [`${META}/20260703T120000Z-b/focus-Manifest.json`]: manifest([uri('20260703T120000Z-b/focus-00001.parquet')], {
        executionId: '20260703T120000Z-b',
      }),
    });
    expect(await names(company)).toEqual([`${DATA}/20260703T120000Z-b/focus-00001.parquet`]);
    // The manifest of the period has the last word: an execution after it is still being delivered.
    await company.write(`${META}/focus-Manifest.json`, manifest([uri('20260702T120000Z-a/focus-00001.parquet')]));
    expect(await names(company)).toEqual([`${DATA}/20260702T120000Z-a/focus-00001.parquet`]);
  });

  test('keeps a period that is gone, and periods are apart', async () => {
    const august = DATA.replace('07', '08');
    await using company = await Company.make({
      [`${DATA}/a.csv`]: 'july',
      [`${META}/x-Manifest.json`]: manifest([uri('a.csv')]),
      [`${august}/a.csv`]: 'august',
      [`${META.replace('07', '08')}/x-Manifest.json`]: JSON.stringify({
        reportKeys: ['some/prefix/focus/data/BILLING_PERIOD=2026-08/a.csv'],
        assemblyId: 'v1',
      }),
    });
    const both = await company.land(SOURCE);
    expect(both.files.map((file) => file.unit)).toEqual(['2026-07', '2026-08']);
    await company.remove(DATA);
    await company.remove(META);
    expect(await company.land(SOURCE)).toEqual(both);
  });

  test('without a manifest is not there yet', async () => {
    await using company = await Company.make({ [`${DATA}/a.csv`]: 'one' });
    await expect(company.land(SOURCE)).rejects.toMatchObject({ exitCode: 4, problems: [{ code: 'source/no-files' }] });
  });

  test.each([
    ['names a missing file', [uri('b.csv')], 4, 'b.csv` (as `|, which is not there'],
    ['names a short file', [{ s3Uri: uri('a.csv'), size: 99 }], 4, 'has 3 bytes, and its manifest says 99'],
    ['names a file of another period', [uri('a.csv').replace('07', '06')], 4, 'which is no file of 2026-07'],
    ['leads out of the folder', [uri('../../../../../../etc/hostname')], 2, 'outside the company folder'],
    ['is no manifest', 'nothing', 4, 'is no manifest'],
  ])('whose manifest %s is refused', async (_, files, exitCode, message) => {
    await using company = await Company.make({
      [`${DATA}/a.csv`]: 'one',
      [`${META}/x-Manifest.json`]: JSON.stringify({ dataFiles: files }),
    });
    const failed = company.land(SOURCE);
    await expect(failed).rejects.toMatchObject({ exitCode });
    await expect(failed).rejects.toThrow(message.split('|').at(-1));
    // Nothing of it counts later either.
    await company.remove(META);
    await expect(company.land(SOURCE)).rejects.toMatchObject({ problems: [{ code: 'source/no-files' }] });
  });

  test('beside another export in one folder is a mistake', async () => {
    await using company = await Company.make({
      [`${DATA}/a.csv`]: 'one',
      [`${META}/x-Manifest.json`]: manifest([]),
      [`${META}/y-Manifest.json`]: manifest([]),
    });
    await expect(company.land(SOURCE)).rejects.toMatchObject({ kind: 'user', problems: [{ code: 'source/manifest' }] });
  });
});
