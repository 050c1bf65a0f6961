// What comes late restates the months of the look-back window exactly as a run of everything would, and leaves the others byte for byte.
import { createHash } from 'node:crypto';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { RunEvent } from '../src/kernel/event.js';
import { readPublished } from '../src/publish/directory.js';
import type { RunScope } from '../src/run/api.js';
import { runBackfill } from '../src/run/backfill.js';
import { runPipeline } from '../src/run/run.js';
import { openDuckDb } from '../src/warehouse/duckdb.js';
import { type Company, run } from './golden/company.js';
import { AS_OF, buckets, deliver, type Delivery, event, ofMonth, publishedBytes, threeMonths } from './golden/three-months.js';

vi.mock('../src/model/catalog.js', async (original) => (await import('./golden/one-catalog.js')).oneCatalog(original));

const SLOW = 120_000;
const now = (): Date => new Date('2031-01-01T00:00:00Z');

/** Runs and gives the warnings that were told, but for those of sources. */
async function warned(company: Company, scope: RunScope = { asOf: AS_OF }): Promise<readonly string[]> {
  const warnings: string[] = [];
  const listener = (told: RunEvent): void => {
    if (told.kind === 'note' && told.level === 'warning' && !told.message.startsWith('source ')) warnings.push(told.message);
  };
  await runPipeline({ ...company, scope, threads: 1, force: false, listener, now });
  return warnings;
}

/** A late call, a bill again with another amount, a restated day of the API, and a call told again: in July and in August. */
async function lateFiles({ folder }: Company): Promise<Delivery> {
  const files: Record<string, string> = {
    'usage/z-late.jsonl': [
      event('late-7', '2026-07-09T10:00:00Z', { input_tokens: 1_000_000, feature_id: 'search', customer_id: 'late' }),
      event('late-8', '2026-08-09T10:00:00Z', { input_tokens: 2_000_000, feature_id: 'search', customer_id: 'late' }),
      ...['07', '08'].map((month) => event(`2026-${month}-a`, `2026-${month}-01T00:00:00Z`)),
      event('2026-07-d', '2026-07-15T12:00:00Z', { feature_id: 'chat', recorded_at: '2026-09-30T00:00:00Z' }),
    ].join('\n'),
    'bills/openai/restated.json': buckets(['2026-07-15', '1.70'], ['2026-08-15', '0.90']),
  };
  for (const name of ['bills/aws/2026-07.csv', 'bills/aws/2026-08.csv'])
    files[name] = (await readFile(join(folder, name), 'utf8')).replaceAll('100.00', '120.00');
  return files;
}

describe('with look_back: 1', () => {
  it('late evidence restates August and September, and July is told', { timeout: SLOW }, async () => {
    await using company = await threeMonths({ lookBack: 1 });
    await using full = await threeMonths();
    await run(company, { asOf: AS_OF });
    const before = await publishedBytes(company);
    const late = await lateFiles(company);
    for (const each of [company, full]) await deliver(each, late);
    await run(full, { asOf: AS_OF });
    const whole = await publishedBytes(full);
    expect(ofMonth(whole, '2026-07')).not.toEqual(ofMonth(before, '2026-07'));

    const warnings = await warned(company);
    const restated = await publishedBytes(company);
    expect(ofMonth(restated, '2026-07')).toEqual(ofMonth(before, '2026-07'));
    for (const month of ['2026-08', '2026-09']) expect(ofMonth(restated, month), month).toEqual(ofMonth(whole, month));
    expect(warnings).toEqual([
      '2026-07 stays as it was published, but it changed since: 4059.20005 USD published, 4086.20005 USD by what is known now ' +
        '(chat +21.70, search +6.00, (unallocated) -0.70) → showback backfill --from 2026-07 --to 2026-07',
    ]);

    const request = { ...company, from: '2026-07', to: '2026-07', asOf: AS_OF, threads: 1, force: false, now };
    await runBackfill({ ...request, listener: () => undefined });
    expect(await publishedBytes(company)).toEqual(whole);
    expect((await run(company, { asOf: AS_OF })).outcome).toBe('unchanged');
  });

  it('late evidence of a month that stays weighs in the next one, whose driver is of the month before', {
    timeout: SLOW,
  }, async () => {
    await using company = await threeMonths({ lookBack: 1 });
    await using full = await threeMonths();
    for (const { folder } of [company, full]) {
      const rules = await readFile(join(folder, 'rules.yaml'), 'utf8');
      const sliding = 'method: by, driver: input_tokens, usage: { provider: openai }, within: [[previous_month]]';
      await writeFile(join(folder, 'rules.yaml'), rules.replace(/(match: { entry: licence }), .*}/, `$1, ${sliding} }`));
    }
    await run(company, { asOf: AS_OF });
    const before = await publishedBytes(company);
    for (const each of [company, full]) await deliver(each, await lateFiles(each));
    for (const each of [company, full]) await run(each, { asOf: AS_OF });
    const [restated, whole] = [await publishedBytes(company), await publishedBytes(full)];
    expect(ofMonth(restated, '2026-07')).toEqual(ofMonth(before, '2026-07'));
    for (const month of ['2026-08', '2026-09']) expect(ofMonth(restated, month), month).toEqual(ofMonth(whole, month));
    const licence = (bytes: Readonly<Record<string, string>>) =>
      JSON.stringify(Object.entries(bytes).filter(([name]) => name.includes('csv/2026-08/showback_feature_month')));
    expect(licence(restated)).not.toBe(licence(before));
  });

  it('tells of a carried month that would not pass its controls any more', { timeout: SLOW }, async () => {
    await using company = await threeMonths({ lookBack: 1 });
    await run(company, { asOf: AS_OF });
    await deliver(company, { 'usage/z.jsonl': event('x', '2026-07-03T00:00:00Z', { model: 'gpt-seven' }) });
    expect(await warned(company)).toEqual([
      '2026-07 stays as it was published, but now control unpriced would fail for openai gpt-seven input_tokens standard → mend it, then showback backfill --from 2026-07 --to 2026-07',
    ]);
  });
});

describe('months that are open', () => {
  it('are those that were never published through their last day, too', { timeout: SLOW }, async () => {
    await using company = await threeMonths({ lookBack: 0 });
    await using full = await threeMonths();
    await run(company, { asOf: '2026-08-20' });
    const august = await publishedBytes(company);
    await run(company, { asOf: AS_OF });
    await run(full, { asOf: AS_OF });
    const [now, whole] = [await publishedBytes(company), await publishedBytes(full)];
    expect(ofMonth(now, '2026-07')).toEqual(ofMonth(august, '2026-07'));
    for (const month of ['2026-08', '2026-09']) expect(ofMonth(now, month), month).toEqual(ofMonth(whole, month));
  });

  it('are none after the as-of day: later months stay as they were published', { timeout: SLOW }, async () => {
    await using company = await threeMonths();
    await run(company, { asOf: AS_OF });
    const before = ofMonth(await publishedBytes(company), '2026-09');
    const result = await run(company, { asOf: '2026-08-31' });
    expect(result.months).toEqual(['2026-07', '2026-08', '2026-09']);
    expect(ofMonth(await publishedBytes(company), '2026-09')).toEqual(before);
  });
});

describe('months that stay as published', () => {
  let company: Company & AsyncDisposable;
  const august = (): string => join(company.folder, 'out/current/csv/2026-08/showback_feature_month.csv');
  beforeAll(async () => {
    company = await threeMonths({ lookBack: 0 });
    await run(company, { asOf: AS_OF });
  }, SLOW);
  afterAll(async () => company[Symbol.asyncDispose]());

  it('are the same files, not copies', { timeout: SLOW }, async () => {
    const before = await stat(august());
    await run(company, { asOf: '2026-09-29' });
    const after = await stat(august());
    expect([after.ino, after.nlink]).toEqual([before.ino, 2]);
  });

  it('are refused where somebody changed them, until they are published again', { timeout: SLOW }, async () => {
    await rm(august());
    await writeFile(august(), 'changed by hand');
    const before = await publishedBytes(company);
    await expect(run(company, { asOf: AS_OF })).rejects.toMatchObject({
      kind: 'check',
      problems: [{ code: 'run/carried-damaged' }],
    });
    expect(await publishedBytes(company)).toEqual(before);
    await runBackfill({
      ...company,
      from: '2026-08',
      to: '2026-08',
      asOf: AS_OF,
      threads: 1,
      force: true,
      listener: () => undefined,
      now,
    });
    expect((await run(company, { asOf: AS_OF })).outcome).toBe('published');
  });

  it('are refused where they have other columns than this version', { timeout: SLOW }, async () => {
    const { runId, files } = (await readPublished(join(company.folder, 'out'))) ?? { runId: '', files: [] };
    const file = files.find(({ path }) => /parquet\/coverage_month\/.*2026-07/.test(path));
    const path = join(company.folder, 'out/runs', runId, file?.path ?? '');
    await using engine = await openDuckDb({ threads: 1 });
    await engine.run(`COPY (SELECT billing_month FROM read_parquet('${path}')) TO '${path}' (FORMAT parquet)`);
    const manifest = join(company.folder, 'out/runs', runId, 'current.json');
    const sha256 = createHash('sha256')
      .update(await readFile(path))
      .digest('hex');
    await writeFile(manifest, (await readFile(manifest, 'utf8')).replace(file?.sha256 ?? '-', sha256));
    await expect(run(company, { asOf: '2026-09-29' })).rejects.toMatchObject({
      kind: 'user',
      problems: [{ code: 'run/carried-columns' }],
    });
  });
});
