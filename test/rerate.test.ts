// `showback rerate`: what published months would have cost at other prices, from what landed; nothing is written.
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Runs } from '../src/cli/io.js';
import { reratePipeline } from '../src/run/rerate.js';
import { bytesBelow, type Company, companyOf, run, valueOf } from './golden/company.js';
import { cli, NO_RUNS, type Told } from './unit/cli/harness.js';

vi.mock('../src/model/catalog.js', async (original) => (await import('./golden/one-catalog.js')).oneCatalog(original));

const CASE = join(import.meta.dirname, '../fixtures/cases/rated-again-at-other-prices');
const HEADER = 'provider,sku,meter,unit,price,currency,tier,valid_from,source,note';
const SLOW = 60_000;

let company: Company & AsyncDisposable;
let runId = '';
let published: Awaited<ReturnType<typeof run>>;
beforeAll(async () => {
  company = await companyOf(CASE);
  published = await run(company);
  runId = published.runId;
}, 120_000);
afterAll(async () => company[Symbol.asyncDispose]());

/** What is told, and that nothing below the folder changed meanwhile. */
async function rerate(...args: readonly string[]): Promise<Told> {
  const before = await bytesBelow(company.folder);
  const runs = async (): Promise<Runs> => ({ ...NO_RUNS, reratePipeline });
  const told = await cli(['rerate', 'pipeline.yaml', ...args], { cwd: company.folder, runs });
  expect(await bytesBelow(company.folder)).toEqual(before);
  return told;
}

async function book(name: string, ...rows: readonly string[]): Promise<string> {
  await writeFile(join(company.folder, name), `${[HEADER, ...rows].join('\n')}\n`);
  return name;
}

interface Line {
  readonly kind: string;
  readonly month: string;
  readonly currency: string;
  readonly track: string;
  readonly feature_id: string | null;
  readonly model: string;
  readonly was: string | null;
  readonly is: string | null;
}

/** `2026-07 rated chat USD 2 → 4`, a line each. */
function brief({ out }: Told, kind: string): readonly string[] {
  const lines = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
  const side = (amount: string | null): string => (amount === null ? 'null' : String(Number(amount)));
  return lines
    .filter((line) => line.kind === kind)
    .map((line) =>
      [line.month, line.track, line.feature_id ?? line.model, line.currency, `${side(line.was)} → ${side(line.is)}`]
        .filter((word) => word !== undefined)
        .join(' '),
    );
}

describe('an offer beside the own books', { timeout: SLOW }, () => {
  it('rates usage anew and splits the bill by the new weights', async () => {
    const { code, out, err } = await rerate('--from', '2026-07', '--prices', 'offer.csv', '--details');
    expect([code, err]).toEqual([0, '']);
    expect(out).toBe(`Evidence of run ${runId}, as of 2026-08-31

2026-07, USD: usage at the prices of the books, whether or not a bill covers it
feature   was    is  difference
───────  ────  ────  ──────────
chat     2.00  4.00       +2.00
search   4.00  4.00        0.00
───────  ────  ────  ──────────
total    6.00  8.00       +2.00

model             meter          quantity   was    is  difference
────────────────  ────────────  ─────────  ────  ────  ──────────
openai gpt-six    input_tokens  2,000,000  2.00  4.00       +2.00
openai gpt-seven  input_tokens  1,000,000  4.00  4.00        0.00

2026-07, USD: what features bear: a bill stays what it is, and is split by other weights
feature   was    is  difference
───────  ────  ────  ──────────
chat     3.00  4.50       +1.50
search   6.00  4.50       -1.50
───────  ────  ────  ──────────
total    9.00  9.00        0.00
`);
  });

  it('tells every month to machines, and what stands in the statement as it is published', async () => {
    const told = await rerate('--from', '2026-07', '--to', '2026-08', '--prices', 'offer.csv', '--json');
    expect(brief(told, 'month')).toEqual([
      '2026-07 rated USD 6 → 8',
      '2026-07 borne USD 9 → 9',
      '2026-08 rated USD 5 → 8',
      '2026-08 borne USD 5 → 8',
    ]);
    expect(brief(told, 'feature').filter((line) => line.includes('2026-08'))).toEqual([
      '2026-08 rated chat USD 3 → 6',
      '2026-08 rated search USD 2 → 2',
      '2026-08 borne chat USD 3 → 6',
      '2026-08 borne search USD 2 → 2',
    ]);
    for (const line of brief(told, 'feature').filter((each) => each.includes('borne'))) {
      const [, month = '', feature = '', was = ''] = /^(\S+) borne (\S+) USD (\S+) →/.exec(line) ?? [];
      const select = `SELECT sum(amount) FROM marts.showback_feature_month WHERE billing_month = '${month}' AND feature_id = '${feature}'`;
      expect(Number(await valueOf(published, select)), line).toBe(Number(was));
    }
  });

  it('gives way to own rows that begin later, unless it has their very time', async () => {
    const early = await book('early.csv', 'openai,gpt-seven,input_tokens,1M,1,USD,,2026-01-01,offer,');
    const list = ['--from', '2026-07', '--to', '2026-08', '--layer', 'list', '--json'];
    expect(brief(await rerate(...list, '--prices', early), 'month').filter((line) => line.includes('rated'))).toEqual([
      '2026-07 rated USD 6 → 3',
      '2026-08 rated USD 5 → 5',
    ]);
  });
});

it('tells what a run with the book would publish, and nothing of a book that says the same', { timeout: SLOW }, async () => {
  await using other = await companyOf(CASE);
  const pipeline = await readFile(other.pipelineFile, 'utf8');
  await writeFile(other.pipelineFile, pipeline.replace('prices: {', 'prices: { negotiated: [offer.csv],'));
  const result = await run(other);
  const told = brief(await rerate('--from', '2026-07', '--to', '2026-08', '--prices', 'offer.csv', '--json'), 'feature');
  for (const [month, feature] of ['2026-07', '2026-08'].flatMap((each) => [[each, 'chat'] as const, [each, 'search'] as const])) {
    const select = `SELECT sum(amount) FROM marts.showback_feature_month WHERE billing_month = '${month}' AND feature_id = '${feature}'`;
    const amount = Number(await valueOf(result, select));
    expect(told.find((line) => line.startsWith(`${month} borne ${feature} `))).toMatch(new RegExp(`→ ${amount}$`));
  }
  const same = await rerate(
    '--from',
    '2026-07',
    '--to',
    '2026-08',
    '--prices',
    'prices.csv',
    '--layer',
    'list',
    '--replace',
    '--json',
  );
  expect(
    brief(same, 'feature').every((line) => /(\S+) → \1$/.test(line)),
    same.out,
  ).toBe(true);
});

it('rates with the own books as they were on a day', { timeout: SLOW }, async () => {
  const told = await rerate('--from', '2026-08', '--as-of-book', '2026-07-31', '--json');
  expect(brief(told, 'month')).toEqual(['2026-08 rated USD 5 → 7', '2026-08 borne USD 5 → 7']);
  expect(brief(told, 'sku')).toEqual(['2026-08 gpt-seven USD 2 → 4', '2026-08 gpt-six USD 3 → 3']);
});

describe('usage that the other prices leave unpriced', { timeout: SLOW }, () => {
  it('is null, never 0, with all that depends on it; the command ends with 3 and names it', async () => {
    const told = await rerate('--from', '2026-07', '--prices', 'offer.csv', '--layer', 'list', '--replace', '--json');
    expect(told.code).toBe(3);
    expect(brief(told, 'feature')).toEqual([
      '2026-07 rated chat USD 2 → 4',
      '2026-07 rated search USD 4 → null',
      '2026-07 borne search USD 6 → null',
      '2026-07 borne chat USD 3 → null',
    ]);
    expect(brief(told, 'month')).toEqual(['2026-07 rated USD 6 → null', '2026-07 borne USD 9 → null']);
    expect(brief(told, 'sku')).toEqual(['2026-07 gpt-seven USD 4 → null', '2026-07 gpt-six USD 2 → 4']);
    expect(told.err).toContain(
      'openai gpt-seven has no price of input_tokens (standard) in 2026-07: 1000000 were used [rerate/unpriced]',
    );
  });

  it('is in the currency of the prices that it had', async () => {
    const euros = await book(
      'euros.csv',
      'openai,gpt-six,input_tokens,1M,3,EUR,,2026-01-01,offer,',
      'openai,gpt-seven,input_tokens,1M,,EUR,,2026-01-01,offer,',
    );
    const told = await rerate('--from', '2026-08', '--prices', euros, '--layer', 'list', '--replace', '--json');
    expect(brief(told, 'sku')).toEqual([
      '2026-08 gpt-six EUR 0 → 9',
      '2026-08 gpt-seven USD 2 → null',
      '2026-08 gpt-six USD 3 → 0',
    ]);
  });
});

describe('what cannot be rated', { timeout: SLOW }, () => {
  it.each([
    [['--from', '2026-07'], 2, 'rerate/no-prices'],
    [['--from', '2026-07', '--as-of-book', '2026-06-30', '--replace'], 2, 'rerate/no-prices'],
    [['--from', '2026-08', '--to', '2026-07', '--prices', 'offer.csv'], 2, 'rerate/months'],
    [['--from', '2026-09', '--prices', 'offer.csv'], 2, 'use some of 2026-07, 2026-08'],
    [['--from', '2026-07', '--prices', 'ofer.csv'], 2, 'config/missing-file'],
    [['--from', '2026-07', '--prices', 'offer.csv', '--layer', 'nego'], 2, 'negotiated'],
    [['--prices', 'offer.csv'], 2, '--from'],
  ])('%j is told', async (args, exit, words) => {
    const { code, out, err } = await rerate(...args);
    expect([code, out, err.includes(words)], err).toEqual([exit, '', true]);
  });

  it('and neither can what is no longer in the state', async () => {
    await rm(join(company.folder, '.showback/landing/blobs'), { recursive: true });
    const gone = await rerate('--from', '2026-07', '--prices', 'offer.csv');
    expect([gone.code, gone.err.includes('no longer in landing'), gone.err.includes('showback run --force')]).toEqual([
      2,
      true,
      true,
    ]);
    await rm(join(company.folder, '.showback/runs'), { recursive: true });
    const { code, err } = await rerate('--from', '2026-07', '--prices', 'offer.csv');
    expect([code, err.includes(`nothing of the published run ${runId}`)]).toEqual([2, true]);
  });
});
