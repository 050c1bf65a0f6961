// What else is news of a month than usage of its days: it is computed, and so is every month that depends on it.
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { doStep } from './golden/books-steps.js';
import { companyOf } from './golden/company.js';
import { BOTH, edit, inSeptember, late, monthsApart, night, nightWith, toldBy } from './golden/nights.js';
import { buckets, event, invoice, threeMonths } from './golden/three-months.js';

vi.mock('../src/model/catalog.js', async (original) => (await import('./golden/one-catalog.js')).oneCatalog(original));

const SLOW = 120_000;
const CLOSING = join(import.meta.dirname, '../fixtures/cases/closed-month-restated');

describe('a night in September', () => {
  const { company, next } = inSeptember();

  it('computes a month of which no more than a record is rejected', { timeout: SLOW }, async () => {
    expect(await night(company(), next(), late('bad', '2026-08-09', { input_tokens: -1 }))).toEqual(['2026-07']);
    const rejected = await readFile(join(company().folder, 'out/current/csv/2026-08/rejected_record.csv'), 'utf8');
    expect(rejected).toContain('z-bad.jsonl');
  });

  it('computes a month of whose day a bill tells without a charge', { timeout: SLOW }, async () => {
    const empty = buckets(['2026-08-20', '0.10']).replace(/"results":\[.*?\]/, '"results":[]');
    expect(await nightWith(company(), next(), { 'bills/openai/empty.json': empty })).toEqual(['2026-07']);
  });

  it('computes a month whose published files are not what was published', { timeout: SLOW }, async () => {
    const file = join(company().folder, 'out/current/csv/2026-08/coverage_month.csv');
    const bytes = await readFile(file, 'utf8');
    await rm(file);
    await writeFile(file, 'changed by hand');
    expect(await night(company(), next())).toEqual(['2026-07']);
    expect(await readFile(file, 'utf8')).toBe(bytes);
  });

  it('computes every month where nobody can tell what it was made of', { timeout: SLOW }, async () => {
    for (const damaged of [(text: string) => text.slice(0, 99), (text: string) => text.replace('"months"', '"other"')]) {
      const { run_id: runId } = JSON.parse(await readFile(join(company().folder, 'out/current.json'), 'utf8')) as {
        run_id: string;
      };
      await edit(company(), join('.showback/runs', runId, 'months.json'), damaged);
      expect(await night(company(), next())).toEqual([]);
    }
  });

  it('computes what a bill reaches into from a month with news, and from where it reaches', { timeout: SLOW }, async () => {
    const half = { 'bills/vector/half.csv': invoice('V-9,2026-07-16,2026-08-15,Writes,31.00', '31.00') };
    expect(await night(company(), next(), half)).toEqual([]);
    expect(await nightWith(company(), next(), late('later', '2026-08-30'))).toEqual([]);
  });

  it('computes every month where configuration changed, or a day of it is passed', { timeout: SLOW }, async () => {
    const [changed, passed, after] = [next(), next(), next()];
    const accepted = `accept_unpriced: [{ provider: openai, sku: other, reason: "a trial", expires_on: ${changed} }]\n`;
    await edit(company(), 'pipeline.yaml', (text) => `${accepted}${text}`);
    for (const asOf of [changed, passed]) expect(await night(company(), asOf), asOf).toEqual([]);
    expect(await night(company(), after)).toEqual(BOTH);
  });

  it('computes a month that is over once more in the next one', { timeout: SLOW }, async () => {
    expect(await nightWith(company(), '2026-10-01', late('first', '2026-10-01'))).toEqual(BOTH);
    expect(await nightWith(company(), '2026-10-02', {})).toEqual([...BOTH, '2026-09']);
  });
});

describe('what keeps months together', () => {
  it('is the number of an invoice: taxes and credits follow its charges, whatever their month', { timeout: SLOW }, async () => {
    await using company = await monthsApart();
    const lines = ['V-20,2026-08-01,2026-08-31,Reads,3.00', 'V-20,2026-09-01,2026-09-30,Reads,4.00'];
    await night(company, '2026-09-10', { 'bills/vector/both.csv': invoice(lines.join('\n'), '7.00') });
    expect(await nightWith(company, '2026-09-11', late('new', '2026-09-11'))).toEqual(['2026-07']);
  });
});

describe('what months that are left still say', () => {
  it('is that something was passed to a service in them', { timeout: SLOW }, async () => {
    await using company = await monthsApart();
    const service = 'name: Embedder, kind: pool, team: t, cost_center: CC-1, category: product, owners: { feature: Ann Lee }';
    await edit(company, 'features.yaml', (text) => `${text.trimEnd()}\n  - { id: embedder, ${service} }\n`);
    const passes = '  - { pool: embedder, match: { pool: embedder }, method: even, features: [chat, search], on_no_match: stop }';
    await edit(
      company,
      'rules.yaml',
      (text) => `${text.trimEnd().replace('driver: rated_cost', '$&, feeds: [embedder]')}\n${passes}\n`,
    );
    await night(company, '2026-09-10', late('embedded', '2026-07-15', { feature_id: 'embedder' }));
    expect(await nightWith(company, '2026-09-11', late('new', '2026-09-11'))).toEqual(BOTH);
  });
});

describe('what is tolerated of a month that is left', () => {
  it('is told each night all the same', { timeout: SLOW }, async () => {
    await using company = await monthsApart();
    const tolerance = 'variance: [{ provider: "*", amount: "0.01", ratio: "0.0001", on_breach: warn }]\n';
    await edit(company, 'pipeline.yaml', (text) => `${tolerance}${text}`);
    const all = await toldBy(company, '2026-09-10');
    const told = await toldBy(company, '2026-09-11');
    const ofJuly = ({ warnings }: typeof all) => warnings.filter((each) => each.includes('for 2026-07 stay unexplained'));
    expect(told.left).toEqual(BOTH);
    expect(ofJuly(all).length).toBeGreaterThan(0);
    expect(ofJuly(told)).toEqual(ofJuly(all));
  });
});

describe('a month that was left', () => {
  it('is closed, and comes out of landing again', { timeout: SLOW }, async () => {
    await using company = await companyOf(CLOSING);
    await night(company, '2026-08-20');
    const august = { 'usage/later.jsonl': event('later', '2026-08-21T10:00:00Z', { provider: 'models' }) };
    expect(await nightWith(company, '2026-08-21', august)).toEqual(['2026-07']);
    for (const step of [{ close: '2026-07', approver: 'mira', reason: 'all in' }, { verify: '2026-07' }])
      await doStep(company, CLOSING, step);
    expect(await night(company, '2026-08-22')).toEqual([]);
    await doStep(company, CLOSING, { verify: '2026-07' });
  });
});

describe('what began before the books', () => {
  it('is evidence of their first month: a charge, and calls of its days', { timeout: SLOW }, async () => {
    await using company = await threeMonths();
    const days = ['2026-07-02T00:00:00Z,2026-07-01T00', '2026-07-01T00:00:00Z,2026-06-30T00'] as const;
    await edit(company, 'bills/aws/2026-07.csv', (text) => text.replaceAll(...days));
    const shared =
      '  - { pool: tagged, match: { provider: aws }, method: by, driver: input_tokens, usage: { provider: openai }, within: [[day], [month]] }';
    await edit(company, 'rules.yaml', (text) => text.replace(/ {2}- { pool: tagged.*/, shared));
    await night(company, '2026-09-10', late('june', '2026-06-30'));
    expect(await nightWith(company, '2026-09-11', late('search', '2026-06-30', { feature_id: 'search' }))).toEqual([]);
    await edit(company, 'bills/aws/2026-07.csv', (text) => text.replaceAll('100.00', '120.00'));
    expect(await nightWith(company, '2026-09-12', {})).toEqual([]);
    expect(await night(company, '2026-09-13')).toEqual(BOTH);
  });
});

describe('a month that look_back keeps', () => {
  it('is told to have changed each night, and computed for it once', { timeout: SLOW }, async () => {
    await using company = await monthsApart({ lookBack: 1 });
    await night(company, '2026-09-10');
    await night(company, '2026-09-11');
    const found = await toldBy(company, '2026-09-12', late('july', '2026-07-09'));
    const again = await toldBy(company, '2026-09-13');
    expect([found.left, again.left]).toEqual([[], BOTH]);
    expect(found.warnings.filter((each) => each.startsWith('2026-07 stays'))).toHaveLength(1);
    expect(again.warnings).toEqual(found.warnings);
  });
});
