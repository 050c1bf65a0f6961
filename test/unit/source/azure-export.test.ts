// Azure cost exports: only the newest run of each month, whole or not at all, and as many rows as its manifest says.
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import type { FocusSource } from '../../../src/pipeline/pipeline.js';
import { supersededBy } from '../../../src/source/superseded.js';
import { LandingStore } from '../../../src/source/landing.js';
import { BILL, Company } from '../../contract/company.js';
import { bytesBelow, companyOf, run } from '../../golden/company.js';

vi.mock('../../../src/model/catalog.js', async (original) => (await import('../../golden/one-catalog.js')).oneCatalog(original));

const SOURCE: FocusSource = {
  ...BILL,
  kind: 'focus',
  provider: 'microsoft',
  layout: { kind: 'azure-export', path: 'exports/focus' },
  version: '1.2',
};
const JULY = 'exports/focus/20260701-20260731';

interface Blob {
  readonly blobName: string;
  readonly byteCount?: number;
  readonly dataRowCount?: number;
}

function manifest(blobs: readonly Blob[], more: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({ manifestVersion: '2024-04-01', runInfo: { runId: 'run-1' }, blobs, ...more });
}

function blob(name: string, more: Partial<Blob> = {}): Blob {
  return { blobName: `any/folder/focus/20260701-20260731/${name}`, ...more };
}

async function names(company: Company): Promise<readonly string[]> {
  return (await company.land(SOURCE)).files.map((file) => file.name);
}

describe('an Azure export', () => {
  test('is its newest run, whose parts lie beside their manifest, with a count of rows for each', async () => {
    await using company = await Company.make({
      [`${JULY}/202607300400/g1/part_0_0001.csv`]: 'old',
      [`${JULY}/202607300400/g1/manifest.json`]: manifest([blob('202607300400/g1/part_0_0001.csv')]),
      [`${JULY}/202607310400/g2/part_0_0001.csv`]: 'one',
      [`${JULY}/202607310400/g2/part_1_0001.csv`]: 'three',
      [`${JULY}/202607310400/g2/manifest.json`]: manifest(
        [
          blob('202607310400/g2/part_0_0001.csv', { byteCount: 3, dataRowCount: 7 }),
          blob('x/part_1_0001.csv', { dataRowCount: 2 }),
        ],
        { blobCount: 2, dataRowCount: 9 },
      ),
      [`${JULY}/202608010400/g3/part_0_0001.csv`]: 'without a manifest: still being delivered',
    });
    const landed = await company.land(SOURCE);
    expect(landed.files.map(({ name, unit }) => [name, unit])).toEqual([
      [`${JULY}/202607310400/g2/part_0_0001.csv`, '2026-07'],
      [`${JULY}/202607310400/g2/part_1_0001.csv`, '2026-07'],
    ]);
    expect(landed.controls).toEqual([
      { sourceId: 'bill', control: 'row_count', scope: `${JULY}/202607310400/g2/part_0_0001.csv`, currency: null, expected: '7' },
      { sourceId: 'bill', control: 'row_count', scope: `${JULY}/202607310400/g2/part_1_0001.csv`, currency: null, expected: '2' },
    ]);
    expect(await company.land(SOURCE)).toEqual(landed);
  });

  test('is replaced by the month, keeps months that are gone, and is known to gc', async () => {
    await using company = await Company.make({
      [`${JULY}/202607310400/g/part.csv`]: 'july',
      [`${JULY}/202607310400/g/manifest.json`]: manifest([blob('part.csv')]),
    });
    await company.land(SOURCE);
    const august = JULY.replace('20260701-20260731', '20260801-20260831');
    await company.write(`${august}/202608020400/g/part.csv`, 'august');
    await company.write(`${august}/202608020400/g/manifest.json`, manifest([blob('part.csv')]));
    await company.write(`${JULY}/202608020400/g/part.csv`, 'july again');
    await company.write(`${JULY}/202608020400/g/manifest.json`, manifest([blob('part.csv')]));
    expect(await names(company)).toEqual([`${JULY}/202608020400/g/part.csv`, `${august}/202608020400/g/part.csv`]);
    await rm(company.path(JULY), { recursive: true });
    expect(await names(company)).toEqual([`${JULY}/202608020400/g/part.csv`, `${august}/202608020400/g/part.csv`]);
    const { entries } = await LandingStore.open(company.path('.showback/landing'), 'bill');
    const replaced = supersededBy(entries).map((at, index) => [entries[index]?.name.includes('202607310400'), at !== null]);
    expect(replaced.every(([isOld, isReplaced]) => isOld === isReplaced)).toBe(true);
    expect(replaced.filter(([isOld]) => isOld)).toHaveLength(2);
  });

  const BROKEN: readonly (readonly [what: string, text: string, says: string])[] = [
    ['cut', '{"blobs": [', 'it is cut, no JSON, or gives a key twice'],
    ['without files', '{"runInfo": {}}', 'it has no list of `blobs`'],
    ['at odds on files', manifest([blob('part.csv')], { blobCount: 2 }), 'disagrees with itself: 2 files'],
    [
      'at odds on rows',
      manifest([blob('part.csv', { dataRowCount: 3 })], { dataRowCount: 4 }),
      'disagrees with itself: 1 files and 4 rows',
    ],
    ['naming what is not there', manifest([blob('other.csv')]), 'other.csv`, which is not there'],
    ['naming a folder', manifest([blob('..')]), 'which is no file'],
    ['naming two files that are one here', manifest([blob('a/part.csv'), blob('b/part.csv')]), 'which are both'],
    ['naming a short file', manifest([blob('part.csv', { byteCount: 30 })]), 'its manifest says 30'],
  ];

  test.each(BROKEN)('with a manifest that is %s is exit 4', async (_, text, says) => {
    await using company = await Company.make({
      [`${JULY}/202607310400/g/part.csv`]: 'july',
      [`${JULY}/202607310400/g/manifest.json`]: text,
    });
    await expect(company.land(SOURCE)).rejects.toMatchObject({ exitCode: 4 });
    await expect(company.land(SOURCE)).rejects.toThrow(says);
  });

  test('of a week is no month, and a folder without any is told', async () => {
    await using company = await Company.make({ 'exports/focus/20260706-20260712/1/manifest.json': manifest([]) });
    await expect(company.land(SOURCE)).rejects.toThrow('is of 20260706 through 20260712, which is no month');
    await rm(company.path('exports'), { recursive: true });
    await expect(company.land(SOURCE)).rejects.toMatchObject({ exitCode: 4, problems: [{ code: 'source/no-files' }] });
  });
});

describe('a company with an Azure export', { timeout: 120_000 }, () => {
  const CASE = join(import.meta.dirname, '../../../fixtures/cases/aws-month-delivered-again');

  /** The bills of a company of AWS as Azure would lay them out. */
  async function azureCompany(rows: (counted: number) => number) {
    const company = await companyOf(CASE);
    const from = join(company.folder, 'bills/export');
    const data = Object.entries(await bytesBelow(join(from, 'data')));
    await rm(from, { recursive: true });
    for (const [name, text] of data) {
      const month = /BILLING_PERIOD=(\d{4}-\d{2})/.exec(name)?.[1]?.replace('-', '') ?? '';
      const folder = join(from, `${month}01-${month}31`, '202609010400/guid');
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, 'part_0_0001.csv'), text, 'latin1');
      const dataRowCount = rows(text.trimEnd().split('\n').length - 1);
      await writeFile(join(folder, 'manifest.json'), manifest([blob('part_0_0001.csv', { dataRowCount })]));
    }
    const yaml = await readFile(company.pipelineFile, 'utf8');
    await writeFile(company.pipelineFile, yaml.replace('layout: aws-export', 'layout: azure-export'));
    return company;
  }

  test('has the statement of the same lines, and its rows are a control', async () => {
    await using azure = await azureCompany((counted) => counted);
    const { outDir, months } = await run(azure);
    for (const month of months) {
      const name = join(month, 'showback_feature_month.csv');
      const expected = await readFile(join(CASE, 'expected/first-delivery', name), 'utf8');
      expect(await readFile(join(outDir, 'csv', name), 'utf8')).toBe(expected);
    }
    const control = await readFile(join(azure.folder, 'out/csv/2026-08/reconciliation_month.csv'), 'utf8');
    expect(control).toContain('row_count,aws bills/export/20260701-20260731/202609010400/guid/part_0_0001.csv');
    await using lying = await azureCompany((counted) => counted + 1);
    await expect(run(lying)).rejects.toMatchObject({
      exitCode: 3,
      problems: [{ code: 'control/row_count' }, { code: 'control/row_count' }],
    });
    expect(await readdir(dirname(lying.pipelineFile))).not.toContain('out');
  });
});
