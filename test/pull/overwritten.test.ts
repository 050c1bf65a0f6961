// Exports that are overwritten in place while the night runs: new parts come one by one, and the manifest that says so comes last.
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AwsCurSource, FocusSource } from '../../src/pipeline/pipeline.js';
import { BILL, Company, NO_OUTSIDE } from '../contract/company.js';
import { startStub } from '../unit/store/stub-server.js';
import { failureOf } from './failure-of.js';

const REPORT = 'report/data/BILLING_PERIOD=2026-07';
const JULY = 'report/20260701-20260801';

interface Layout {
  readonly source: AwsCurSource;
  readonly part: (number: number) => string;
  readonly manifest: string;
  /** What it holds; `id` null: it says nothing of its delivery. */
  readonly naming: (parts: number, id: string | null) => string;
}

const numbers = (parts: number) => Array.from({ length: parts }, (_, at) => at + 1);
const aws: FocusSource['layout'] = { kind: 'aws-export', path: 'report' };

const LAYOUTS: Readonly<Record<string, Layout>> = {
  'an AWS export': {
    source: { ...BILL, kind: 'aws-cur', layout: { kind: 'aws-export', path: 'report' } },
    part: (number) => `${REPORT}/report-${number}.csv`,
    manifest: 'report/metadata/BILLING_PERIOD=2026-07/report-Manifest.json',
    naming: (parts, id) =>
      JSON.stringify({
        ...(id === null ? {} : { executionId: id }),
        dataFiles: numbers(parts).map((number) => `s3://bucket/${REPORT}/report-${number}.csv`),
      }),
  },
  'a legacy report': {
    source: { ...BILL, kind: 'aws-cur', layout: { kind: 'aws-cur-legacy', path: 'report' } },
    part: (number) => `${JULY}/report-${number}.csv`,
    manifest: `${JULY}/report-Manifest.json`,
    naming: (parts, id) =>
      JSON.stringify({
        ...(id === null ? {} : { assemblyId: id }),
        reportKeys: numbers(parts).map((number) => `prefix/${JULY}/report-${number}.csv`),
      }),
  },
};

const at = (time: string) => ({ ...NO_OUTSIDE, now: () => new Date(`2026-09-${time}Z`) });

describe.each(Object.entries(LAYOUTS))('%s', (_, { source, part, manifest, naming }) => {
  const landed = async (company: Company, time = '01T02:00:00') =>
    (await company.land(source, at(time))).files.map(({ name, bytes, delivery }) => ({ name, bytes, delivery }));
  const delivered = async (id: string | null = 'first') =>
    Company.make({ [part(1)]: 'one', [part(2)]: 'two', [manifest]: naming(2, id) });

  test('that is being overwritten is refused until its manifest says so', async () => {
    await using company = await delivered();
    const before = await landed(company);
    await company.write(part(1), 'newer');
    const failure = await failureOf(landed(company));
    expect([failure.exitCode, failure.problems]).toEqual([
      4,
      [
        {
          code: 'source/manifest',
          message: `\`${part(1)}\` is another than when \`${manifest}\` landed, which is the same still: a delivery is under way, and its files may be of two`,
          remedy: 'run again once the delivery is whole, or an hour from now: files that stayed as they are count then',
          place: { file: manifest },
        },
      ],
    ]);
    await company.write(part(2), 'newer too');
    expect((await failureOf(landed(company, '01T02:30:00'))).exitCode).toBe(4);
    await company.write(manifest, naming(2, 'second'));
    const after = await landed(company, '01T02:31:00');
    expect(after.map(({ name, bytes }) => [name, bytes])).toEqual([
      [part(1), 5],
      [part(2), 9],
    ]);
    expect(after[0]?.delivery).not.toBe(before[0]?.delivery);
    expect(await landed(company, '01T02:32:00')).toEqual(after);
  });

  test('that did not change has nothing to say, and neither has one that is put back', async () => {
    await using company = await delivered();
    const before = await landed(company);
    expect(await landed(company)).toEqual(before);
    await company.write(part(1), 'newer');
    await company.write(manifest, naming(2, 'second'));
    await landed(company);
    await company.write(part(1), 'one');
    await company.write(manifest, naming(2, 'first'));
    expect(await landed(company)).toEqual(before);
  });

  test.each([null, 'first'])('that keeps its manifest (%s) counts once its parts have stayed for an hour', async (id) => {
    await using company = await delivered(id);
    await landed(company);
    await company.write(part(1), 'newer');
    await failureOf(landed(company, '01T02:00:00'));
    await company.write(part(2), 'newer too');
    // Another part came: the hour begins anew.
    await failureOf(landed(company, '01T03:00:00'));
    await failureOf(landed(company, '01T03:59:59'));
    const after = await landed(company, '01T04:00:00');
    expect(after.map(({ bytes }) => bytes)).toEqual([5, 9]);
    expect(await landed(company, '01T04:00:01')).toEqual(after);
  });

  test('waits anew where what it waited for cannot be read, or lies ahead', async () => {
    await using company = await delivered();
    await landed(company);
    await company.write(part(1), 'newer');
    await failureOf(landed(company, '03T02:00:00'));
    await failureOf(landed(company, '01T02:00:00'));
    await company.write('.showback/landing/waiting/bill.json', '[[');
    await failureOf(landed(company, '01T04:00:00'));
    expect((await landed(company, '01T05:00:00')).map(({ bytes }) => bytes)).toEqual([5, 3]);
  });
});

describe('in a bucket', () => {
  const before = { ...process.env };
  beforeAll(() => {
    process.env['AWS_ACCESS_KEY_ID'] = 'AKIASTUB';
    process.env['AWS_SECRET_ACCESS_KEY'] = 'stub-secret-of-the-tests';
  });
  afterAll(() => void (process.env = before));

  test('a mixture is refused, and its parts are not read again', async () => {
    const stub = await startStub({ pageSize: 3 });
    try {
      const put = (key: string, text: string) => {
        const bytes = Buffer.from(text);
        const etag = `"${createHash('md5').update(bytes).digest('hex')}"`;
        stub.objects.set(key, { bytes, etag, headers: {}, modified: new Date() });
      };
      const s3 = { region: stub.region, endpoint: stub.endpoint, pathStyle: true };
      const source: FocusSource = { ...BILL, kind: 'focus', s3, version: '1.2', layout: { ...aws, path: 's3://finance/report' } };
      put(`${REPORT}/report-1.csv`, 'one');
      put(`${REPORT}/report-2.csv`, 'two');
      put('report/metadata/BILLING_PERIOD=2026-07/report-Manifest.json', LAYOUTS['an AWS export']?.naming(2, 'first') ?? '');
      await using company = await Company.make();
      await company.land(source, at('01T02:00:00'));
      put(`${REPORT}/report-2.csv`, 'newer');
      expect((await failureOf(company.land(source, at('02T02:00:00')))).exitCode).toBe(4);
      stub.log.length = 0;
      const { files } = await company.land(source, at('03T02:00:00'));
      expect(files.map(({ bytes }) => bytes)).toEqual([3, 5]);
      expect(stub.log.filter((line) => line.includes('.csv') && line.startsWith('GET') && !line.startsWith('GET ?'))).toEqual([]);
    } finally {
      await stub.close();
    }
  });
});
