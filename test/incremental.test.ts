// Incremental is full: a company run month by month publishes the bytes of one run of everything, and neither the order in which
// files came nor the number of threads shows in them.
import { cp, mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
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
