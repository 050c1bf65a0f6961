// Incremental is full: a company run month by month publishes the bytes of one run of everything, and neither the order in which
// files came nor the number of threads shows in them.
import { createHash } from 'node:crypto';
import { cp, mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Failure } from '../src/kernel/failure.js';
import { runPipeline } from '../src/run/run.js';
import { openDuckDb } from '../src/warehouse/duckdb.js';
import { type Company, run } from './golden/company.js';
import { AS_OF, MONTHS, publishedBytes, threeMonths } from './golden/three-months.js';

vi.mock('../src/model/catalog.js', async (original) => (await import('./golden/one-catalog.js')).oneCatalog(original));

const SLOW = 120_000;

let full: Company & AsyncDisposable;
let bytes: Readonly<Record<string, string>>;

beforeAll(async () => {
  full = await threeMonths();
  await run(full, { asOf: AS_OF }, 1);
  bytes = await publishedBytes(full);
}, SLOW);

afterAll(async () => full[Symbol.asyncDispose]());

describe('sums that are kept', () => {
  it('are used while only what follows them changes, and what they lost is found, and mended by --force', {
    timeout: SLOW,
  }, async () => {
    await using company = await threeMonths();
    await run(company, { asOf: AS_OF });
    const yaml = await readFile(company.pipelineFile, 'utf8');
    await writeFile(company.pipelineFile, yaml.replace('name: shop', 'name: another'));
    expect((await run(company, { asOf: AS_OF })).outcome).toBe('published');
    const before = await publishedBytes(company);
    await loseRows(company);
    await writeFile(company.pipelineFile, yaml.replace('name: shop', 'name: third'));
    const failure = await run(company, { asOf: AS_OF }).then(
      () => null,
      (error: unknown) => error,
    );
    expect(failure).toMatchObject({ kind: 'check', problems: [{ code: 'control/usage_read' }] });
    expect(String((failure as Failure).problems[0]?.remedy)).toContain('--force');
    expect(await publishedBytes(company)).toEqual(before);
    await runPipeline({
      ...company,
      scope: { asOf: AS_OF },
      threads: 2,
      force: true,
      listener: () => undefined,
      now: () => new Date(),
    });
    expect(csvOf(await publishedBytes(company))).toEqual(csvOf(bytes));
  });
});

function csvOf(published: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(published).filter(([name]) => name.startsWith('csv/')));
}

/** As if somebody had written other sums with all their hashes. */
async function loseRows(company: Company): Promise<void> {
  const [dir = ''] = await readdir(join(company.folder, '.showback/lake/sums'));
  const sums = join(company.folder, '.showback/lake/sums', dir);
  const kept = JSON.parse(await readFile(join(sums, 'kept.json'), 'utf8')) as {
    readonly months: Readonly<Record<string, { readonly name: string; sha256: string }>>;
  };
  const month = kept.months['2026-08'];
  if (month === undefined) throw new Error('nothing is kept of August');
  const file = join(sums, month.name);
  await using engine = await openDuckDb({ threads: 1 });
  await engine.run(`CREATE TABLE t AS FROM read_parquet('${file}') LIMIT 1; COPY t TO '${file}' (FORMAT parquet)`);
  month.sha256 = createHash('sha256')
    .update(await readFile(file))
    .digest('hex');
  await writeFile(join(sums, 'kept.json'), JSON.stringify(kept));
}

describe('the same inputs', () => {
  it('are the same bytes month by month and at once', { timeout: SLOW }, async () => {
    await using monthly = await threeMonths();
    for (const month of MONTHS) await run(monthly, { month, asOf: AS_OF });
    const byMonth = await publishedBytes(monthly);
    expect(Object.keys(byMonth)).toEqual(Object.keys(bytes));
    for (const [name, text] of Object.entries(bytes)) expect(byMonth[name], name).toBe(text);
  });

  it('are the same bytes as they came day by day', { timeout: SLOW }, async () => {
    await using daily = await threeMonths();
    const aside = join(daily.folder, 'aside');
    await rename(join(daily.folder, 'usage'), aside);
    await mkdir(join(daily.folder, 'usage'));
    // The newest file comes first, so that landing and the lake hold them in another order.
    await cp(join(aside, '2026-09.jsonl'), join(daily.folder, 'usage/2026-09.jsonl'));
    await run(daily, { asOf: AS_OF });
    await cp(aside, join(daily.folder, 'usage'), { recursive: true });
    const result = await run(daily, { asOf: AS_OF }, 4);
    expect(result.outcome).toBe('published');
    expect(await publishedBytes(daily)).toEqual(bytes);
  });

  it('are nothing to do where they ran already', { timeout: SLOW }, async () => {
    expect((await run(full, { asOf: AS_OF }, 4)).outcome).toBe('unchanged');
    expect(await publishedBytes(full)).toEqual(bytes);
  });
});
