// Incremental is full: a company run month by month publishes the bytes of one run of everything, and neither the order in which
// files came nor the number of threads shows in them.
import { cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { bytesBelow, type Company, companyOf, run } from './golden/company.js';

vi.mock('../src/model/catalog.js', async (original) => (await import('./golden/one-catalog.js')).oneCatalog(original));

const SLOW = 120_000;
const AS_OF = '2026-09-30';
const MONTHS = ['2026-07', '2026-08', '2026-09'] as const;

let full: Company & AsyncDisposable;
let bytes: Readonly<Record<string, string>>;

beforeAll(async () => {
  full = await threeMonths();
  await run(full, { asOf: AS_OF }, 1);
  bytes = await publishedBytes(full);
}, SLOW);

afterAll(async () => full[Symbol.asyncDispose]());

/** Bills, schedules, late events, rejects and unpriced usage in every month. */
async function threeMonths(): Promise<Company & AsyncDisposable> {
  const company = await companyOf(join(import.meta.dirname, '../fixtures/errors/.base/running'));
  await rm(join(company.folder, 'usage'), { recursive: true });
  await rm(join(company.folder, 'bills/vector'), { recursive: true });
  const aws = await readFile(join(company.folder, 'bills/aws/2026-07.csv'), 'utf8');
  for (const [month, next] of [
    ['2026-08', '2026-09'],
    ['2026-09', '2026-10'],
  ] as const)
    await writeFile(join(company.folder, `bills/aws/${month}.csv`), aws.replaceAll('2026-08', next).replaceAll('2026-07', month));
  for (const [file, lines] of FILES) {
    await mkdir(join(company.folder, file, '..'), { recursive: true });
    await writeFile(join(company.folder, file), lines.join('\n'));
  }
  return company;
}

function event(id: string, time: string, more: object = {}): string {
  return JSON.stringify({
    event_id: id,
    event_time: time,
    provider: 'openai',
    model: 'gpt-six',
    feature_id: 'chat',
    input_tokens: 333_333,
    ...more,
  });
}

const INVOICE_HEADER = 'Invoice,From,To,Item,Amount';
const FILES: readonly (readonly [string, readonly string[]])[] = [
  ...MONTHS.flatMap((month, at) => [
    [
      `usage/${month}.jsonl`,
      [
        event(`${month}-a`, `${month}-01T00:00:00Z`),
        event(`${month}-b`, `${month}-30T23:59:59Z`, { feature_id: 'search', customer_id: 'acme', input_tokens: 7 }),
        event(`${month}-b`, `${month}-30T23:59:59Z`, {
          feature_id: 'search',
          customer_id: 'acme',
          input_tokens: 9,
          recorded_at: `${month}-30T23:59:59Z`,
        }),
        event(`${month}-c`, `${month}-15T12:00:00Z`, { input_tokens: -1 }),
        event(`${month}-d`, `${month}-15T12:00:00Z`, { feature_id: 'unknown' }),
        '{"cut',
      ],
    ] as const,
    [`usage/${month}-late.jsonl`, [event(`${month}-late`, `${MONTHS[Math.max(0, at - 1)] ?? month}-20T10:00:00Z`)]] as const,
    [
      `bills/vector/${month}.csv`,
      [INVOICE_HEADER, `V-${at},${month}-01,${month}-30,Reads,10.0${at}`, `,,,Total,10.0${at}`],
    ] as const,
  ]),
  ['bills/vector/half.csv', [INVOICE_HEADER, 'V-9,2026-07-16,2026-08-15,Writes,31.00', ',,,Total,31.00']],
];

async function publishedBytes(company: Company): Promise<Readonly<Record<string, string>>> {
  const found = await bytesBelow(join(company.folder, 'out/current'));
  return Object.fromEntries(Object.entries(found).filter(([name]) => name !== 'current.json'));
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
