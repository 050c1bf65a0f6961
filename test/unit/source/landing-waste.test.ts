// What of landing/ may go, and what never does.
import { appendFile, mkdir, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { IndexEntry } from '../../../src/source/landing.js';
import { type LandingNeeds, landingLeftovers, landingWaste, replaceIndex } from '../../../src/source/landing-waste.js';
import { supersededBy } from '../../../src/source/superseded.js';
import { BILL, Company, usage } from '../../contract/company.js';

const LANDING = '.showback/landing';
const INDEX = `${LANDING}/index.ndjson`;
const DAY = 86_400_000;

function needs(more: Partial<LandingNeeds> = {}): LandingNeeds {
  return { sources: new Set(['logs']), runs: new Set(), replacedBefore: Date.now() + DAY, ...more };
}

/** Delivers each text under the same name, and tells the sha256 of each. */
async function deliveries(company: Company, texts: readonly string[], name = 'logs/a.jsonl'): Promise<readonly string[]> {
  const hashes: string[] = [];
  for (const text of texts) {
    await company.write(name, text);
    hashes.push((await company.land(usage())).files.find((file) => file.name === name)?.sha256 ?? '');
  }
  return hashes;
}

async function wasteOf(company: Company, more: Partial<LandingNeeds> = {}) {
  const waste = await landingWaste(company.path(LANDING), needs(more));
  return {
    ...waste,
    deliveries: waste.deliveries.map((file) => path.basename(file)),
    unnamed: waste.unnamed.map((file) => path.basename(file)),
  };
}

async function landedAt(company: Company, sha256: string | undefined, time: string): Promise<void> {
  const file = company.path(`${LANDING}/blobs/${sha256?.slice(0, 2)}/${sha256}`);
  await utimes(file, new Date(time), new Date(time));
}

describe('deliveries', () => {
  test('go when a newer one replaced them, with their lines; the newest of a name never does', async () => {
    await using company = await Company.make();
    const [one = '', two = '', three] = await deliveries(company, ['one', 'two', 'three']);
    await deliveries(company, ['other'], 'logs/b.jsonl');
    await company.remove('logs/b.jsonl');
    const waste = await wasteOf(company);
    expect([...waste.deliveries].sort()).toEqual([one, two].sort());
    expect(waste.unnamed).toEqual([]);
    await replaceIndex(company.path(LANDING), waste.index ?? '');
    expect(
      (await readFile(company.path(INDEX), 'utf8'))
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).sha256),
    ).toEqual([three, expect.any(String)]);
    expect((await company.land(usage())).files.map((file) => file.name)).toEqual(['logs/a.jsonl', 'logs/b.jsonl']);
  });

  test('stay where bytes came back, where a kept run was made of them, and where the source is not ours', async () => {
    await using company = await Company.make();
    const [one = '', two = ''] = await deliveries(company, ['one', 'two', 'one']);
    // The bytes count again, so only the line of their first delivery goes.
    expect(await wasteOf(company)).toMatchObject({ deliveries: [two], index: expect.stringContaining(one) });
    expect(await wasteOf(company, { runs: new Set([two]) })).toMatchObject({ deliveries: [], unnamed: [] });
    expect(await wasteOf(company, { sources: new Set(['bill']) })).toMatchObject({ deliveries: [], index: null });
  });

  test('are as old as what replaced them, and never look older for a clock that was set back', async () => {
    await using company = await Company.make();
    const [one = '', two = '', three = '', four = ''] = await deliveries(company, ['one', 'two', 'three', 'four']);
    await landedAt(company, one, '2026-01-01');
    await landedAt(company, two, '2026-06-01');
    await landedAt(company, three, '2020-01-01');
    await landedAt(company, four, '2026-06-02');
    const before = async (day: string) => (await wasteOf(company, { replacedBefore: Date.parse(day) })).deliveries.toSorted();
    expect(await before('2026-06-01')).toEqual([]);
    // `two` was replaced by `three`, which says 2020, and came after a blob of June.
    expect(await before('2026-06-02')).toEqual([one, two].sort());
    expect(await before('2026-06-03')).toEqual([one, two, three].sort());
  });

  test('that come again are landed again, today', async () => {
    await using company = await Company.make();
    const [one = '', two = ''] = await deliveries(company, ['one', 'two']);
    await landedAt(company, one, '2020-01-01');
    await landedAt(company, two, '2020-01-02');
    await deliveries(company, ['one']);
    // `two` was replaced a moment ago, by bytes that have been here for years.
    expect(await wasteOf(company, { replacedBefore: Date.now() - DAY })).toMatchObject({ deliveries: [], index: null });
  });
});

describe('blobs that no line names', () => {
  test('go; what a damaged index names stays, and so does everything where it names nothing', async () => {
    await using company = await Company.make();
    const [one = ''] = await deliveries(company, ['one']);
    const stray = async (digit: string) => {
      const sha256 = digit.repeat(64);
      await mkdir(company.path(`${LANDING}/blobs/${digit}${digit}`), { recursive: true });
      await writeFile(company.path(`${LANDING}/blobs/${digit}${digit}/${sha256}`), digit);
      return sha256;
    };
    const [killed, cut] = [await stray('1'), await stray('2')];
    await writeFile(company.path(`${LANDING}/blobs/11/notes.txt`), 'not ours');
    await appendFile(company.path(INDEX), `{"source":"logs","name":"logs/c.jsonl","sha256":"${cut}","by`);
    expect(await wasteOf(company)).toMatchObject({ unnamed: [killed], deliveries: [], index: null, notes: [] });
    for (const text of ['', '\0\0\0\0\n']) {
      await writeFile(company.path(INDEX), text);
      expect(await wasteOf(company)).toMatchObject({ unnamed: [], notes: [expect.stringContaining('names none: they stay')] });
    }
    await rm(company.path(INDEX));
    expect((await wasteOf(company)).unnamed).not.toContain(one);
  });

  test('are no leftovers; half copies and half lists are', async () => {
    await using company = await Company.make();
    await deliveries(company, ['one']);
    const dir = company.path(LANDING);
    const planted = ['arriving/d0f7', 'seen/logs.json.new', 'index.ndjson.new'];
    for (const name of planted) await writeFile(path.join(dir, name), 'half');
    await mkdir(path.join(dir, 'seen'), { recursive: true });
    await writeFile(path.join(dir, 'seen/notes.txt'), 'not ours');
    expect([...(await landingLeftovers(dir))].sort()).toEqual(planted.map((name) => path.join(dir, name)).sort());
    expect(await readdir(path.join(dir, 'seen'))).toContain('logs.json.new');
  });
});

describe('an export', () => {
  const file = (delivery: string, name: string, unit = '2026-08'): IndexEntry => {
    const folder = name === 'm' ? 'metadata' : 'data';
    const path_ = `cur/${folder}/BILLING_PERIOD=${unit}/${name === 'm' ? 'x-Manifest.json' : name}`;
    return { source: 'aws', name: path_, sha256: `${delivery}${name}`, bytes: 1, unit, delivery };
  };

  test('is replaced by the period, whatever its files are called', () => {
    const entries = [
      file('1', 'a'),
      file('1', 'm'),
      file('2', 'b'),
      file('2', 'm'),
      file('3', 'c', '2026-09'),
      file('3', 'm', '2026-09'),
    ];
    expect(supersededBy(entries)).toEqual([3, 3, null, null, null, null]);
  });

  test('whose manifest never came counts for nothing and replaces nothing, until the next one is whole', () => {
    const cut = [file('1', 'a'), file('1', 'm'), file('2', 'b')];
    expect(supersededBy(cut)).toEqual([null, null, null]);
    expect(supersededBy([...cut, file('3', 'b'), file('3', 'm')])).toEqual([4, 4, 4, null, null]);
  });

  test('that comes back as it was counts again', () => {
    const entries = [file('1', 'a'), file('1', 'm'), file('2', 'b'), file('2', 'm'), file('1', 'm')];
    expect(supersededBy(entries)).toEqual([null, null, 4, 4, null]);
  });

  test('of another folder or source is another export', () => {
    const entries = [
      file('1', 'a'),
      file('1', 'm'),
      { ...file('2', 'm'), source: 'gcp' },
      { ...file('2', 'm'), name: `old/${file('2', 'm').name}` },
    ];
    expect(supersededBy(entries)).toEqual([null, null, null, null]);
  });
});

describe('any order of deliveries and collections', () => {
  const LOGS = usage();
  const EXPORT = { ...BILL, id: 'cur', kind: 'focus', version: '1.2', layout: { kind: 'aws-export', path: 'cur' } } as const;
  const step = fc.oneof(
    fc.record({ kind: fc.constant('log' as const), name: fc.constantFrom('a', 'b'), text: fc.constantFrom('1', '2', '3') }),
    fc.record({ kind: fc.constant('export' as const), name: fc.constantFrom('x', 'y'), text: fc.constantFrom('1', '2', '3') }),
    fc.constantFrom({ kind: 'rotate' as const }, { kind: 'gc' as const }),
  );

  test('leaves what counts as it is without any', async () => {
    const seen = { dropped: 0 };
    const check = async (steps: readonly (typeof step extends fc.Arbitrary<infer S> ? S : never)[]) => {
      await using collecting = await Company.make();
      await using twin = await Company.make();
      for (const company of [collecting, twin]) {
        await deliver(company, { kind: 'log', name: 'a', text: '0' });
        await deliver(company, { kind: 'export', name: 'x', text: '0' });
        await landAll(company);
        for (const each of steps) {
          if (each.kind === 'rotate') await rm(company.path('logs/b.jsonl'), { force: true });
          else if (each.kind === 'gc') seen.dropped += company === collecting ? await collect(company) : 0;
          else await deliver(company, each);
          // Some come two at a time.
          if (each.kind === 'log') await landAll(company);
        }
      }
      const [ours, theirs] = [await landAll(collecting), await landAll(twin)];
      expect(ours).toEqual(theirs);
    };
    await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 7, maxLength: 11 }), check), { numRuns: 8, endOnFailure: true });
    expect(seen.dropped).toBeGreaterThan(0);
  });

  /** An export writes its files into a folder of the delivery, then the manifest of the period. */
  async function deliver(
    company: Company,
    { kind, name, text }: { kind: 'log' | 'export'; name: string; text: string },
  ): Promise<void> {
    if (kind === 'log') return company.write(`logs/${name}.jsonl`, text);
    const key = `BILLING_PERIOD=2026-08/${text}/${name}.csv`;
    await company.write(`cur/data/${key}`, `${name}${text}`);
    await company.write(
      'cur/metadata/BILLING_PERIOD=2026-08/cur-Manifest.json',
      JSON.stringify({ executionId: text, dataFiles: [key] }),
    );
  }

  async function landAll(company: Company): Promise<readonly string[]> {
    const files = [...(await company.land(LOGS)).files, ...(await company.land(EXPORT)).files];
    return Promise.all(files.map(async (file) => `${file.name} ${file.delivery} ${await readFile(file.path, 'utf8')}`));
  }

  async function collect(company: Company): Promise<number> {
    const dir = company.path(LANDING);
    const { index, deliveries: old, unnamed } = await landingWaste(dir, needs({ sources: new Set(['logs', 'cur']) }));
    if (index !== null) await replaceIndex(dir, index);
    for (const file of [...old, ...unnamed]) await rm(file);
    return old.length;
  }
});
