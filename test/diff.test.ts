// `showback diff`: what two deliveries of a bill tell of a month, line by line, from what landed.
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { Failure } from '../src/kernel/failure.js';
import type { DeliveryDiff, DiffRequest, LineChange } from '../src/run/api.js';
import { diffDeliveries } from '../src/run/diff.js';
import { bytesBelow, type Company, companyOf, run } from './golden/company.js';
import { cli, NO_RUNS } from './unit/cli/harness.js';

vi.mock('../src/model/catalog.js', async (original) => (await import('./golden/one-catalog.js')).oneCatalog(original));

const CASES = join(import.meta.dirname, '../fixtures/cases');
const OPENAI = join(CASES, 'openai-last-week-pulled-again');
const AWS = join(CASES, 'aws-month-delivered-again');
const JULY = { month: '2026-07' };
const SLOW = 120_000;

async function diff(company: Company, asked: Partial<DiffRequest> & Pick<DiffRequest, 'sourceId'>): Promise<DeliveryDiff> {
  const now = (): Date => new Date('2031-01-01T00:00:00Z');
  return diffDeliveries({ ...company, ...JULY, force: false, threads: 1, listener: () => undefined, now, ...asked });
}

async function refused(company: Company, asked: Partial<DiffRequest> & Pick<DiffRequest, 'sourceId'>): Promise<string> {
  const error: unknown = await diff(company, asked).catch((thrown: unknown) => thrown);
  if (!(error instanceof Failure)) throw error;
  return error.problems.map(({ code, message, remedy }) => `${code}: ${message} → ${remedy ?? ''}`).join('\n');
}

/** `~ 2026-07-04 1 → 2`, a line each. */
function brief({ lines }: DeliveryDiff): readonly string[] {
  const sign = { added: '+', removed: '-', changed: '~' } as const;
  const side = ({ amount }: LineChange['before']): string => amount ?? '…';
  return lines.map((line) => {
    const what = line.rejected === null ? `${side(line.before)} → ${side(line.after)}` : `refused: ${line.rejected}`;
    return `${sign[line.change]} ${line.chargeStart?.slice(0, 10) ?? ''} ${what}`;
  });
}

async function pulled(folder: string, name: string, amounts: Readonly<Record<string, string>>): Promise<void> {
  const data = Object.entries(amounts).map(([day, value]) => ({
    object: 'bucket',
    start_time: Date.parse(`${day}T00:00:00Z`) / 1000,
    end_time: Date.parse(`${day}T00:00:00Z`) / 1000 + 86_400,
    results: [{ object: 'organization.costs.result', amount: { value, currency: 'usd' }, line_item: 'gpt-six, input' }],
  }));
  const page = { object: 'page', has_more: false, next_page: null, data };
  await writeFile(join(folder, 'bills', name), JSON.stringify(page));
}

describe('days of an API that are pulled again', () => {
  it('are told as they differ: between runs, and before a run publishes them', { timeout: SLOW }, async () => {
    await using company = await companyOf(OPENAI);
    expect(await refused(company, { sourceId: 'openai' })).toMatch(/^diff\/nothing-landed: .* → run the pipeline first/);
    expect(await refused(company, { sourceId: 'opneai' })).toMatch(/^diff\/unknown-source: .*`opneai`.* → did you mean.*openai/i);
    expect(await refused(company, { sourceId: 'app' })).toMatch(/^diff\/no-bill: /);

    const first = await run(company, { asOf: '2026-07-12' });
    const alone = await diff(company, { sourceId: 'openai' });
    expect([alone.before, alone.after.run, alone.lines.length]).toEqual([null, first.runId, 10]);

    await cp(join(OPENAI, 'then/second-pull'), company.folder, { recursive: true });
    // Of another month as well, where nothing was told before.
    await pulled(company.folder, 'costs-20260802.json', { '2026-08-01': '7' });
    const second = await run(company, { asOf: '2026-08-02' });
    const state = await bytesBelow(company.folder);
    const told = await diff(company, { sourceId: 'openai' });
    expect(await bytesBelow(company.folder)).toEqual(state);
    expect([told.before?.run, told.after.run]).toEqual([first.runId, second.runId]);
    const restated = ['04', '05', '06', '07', '08'].map((day) => `~ 2026-07-${day} 1 → 2`);
    expect(brief(told)).toEqual([...restated, '- 2026-07-09 1 → …', '+ 2026-07-11 … → 4']);
    expect(told.totals).toEqual([{ currency: 'USD', before: '10', after: '18', difference: '8' }]);
    expect(told.unchanged).toBe(4);
    const places = [told.lines[0]?.before.place, told.lines[0]?.after.place];
    expect(places).toEqual(['bills/costs-20260711.json:4', 'bills/costs-20260712.json:1']);
    expect(brief(await diff(company, { sourceId: 'openai', month: '2026-08' }))).toEqual(['+ 2026-08-01 … → 7']);
    expect(await refused(company, { sourceId: 'openai', from: '1999-01-01' })).toContain(`these did: ${first.runId}`);

    // A line that nobody can read stops the run, and no later delivery tells otherwise of July.
    await pulled(company.folder, 'costs-20260803.json', { '2026-07-03': 'much' });
    await expect(run(company, { asOf: '2026-08-03' })).rejects.toBeInstanceOf(Failure);
    const stopped = await diff(company, { sourceId: 'openai' });
    expect([stopped.before?.run, stopped.after.run]).toEqual([second.runId, null]);
    const lines = brief(stopped).map((line) => line.replace(/(?<=refused: ).*/, '…'));
    expect(lines).toEqual(['- 2026-07-03 1 → …', '+ 2026-07-03 refused: …']);
    expect(stopped.lines[1]?.rejected).toContain('amount');
    expect(brief(await diff(company, { sourceId: 'openai', from: first.runId, to: second.runId }))).toEqual(brief(told));
    // Of August the stopped delivery tells what the last run told, and the one before it nothing.
    const earlier = await diff(company, { sourceId: 'openai', month: '2026-08' });
    expect([earlier.before?.run, earlier.after.run, brief(earlier)]).toEqual([first.runId, null, ['+ 2026-08-01 … → 7']]);

    await collect(company, 'bills/costs-20260711.json');
    expect(await refused(company, { sourceId: 'openai' })).toMatch(
      /^diff\/collected: `bills\/costs-20260711.json` of the delivery of .* is no longer in landing/,
    );
  });
});

describe('a month that AWS delivers again', () => {
  it('is told as it shrinks; an invoice number that came is no change', { timeout: SLOW }, async () => {
    await using company = await companyOf(AWS);
    await run(company);
    await cp(join(AWS, 'then/second-delivery'), company.folder, { recursive: true });
    await run(company);
    const told = await diff(company, { sourceId: 'aws' });
    expect(brief(told)).toEqual(['~ 2026-07-02 3.5 → 2']);
    expect(told.totals).toEqual([{ currency: 'USD', before: '33.75', after: '32.25', difference: '-1.5' }]);
    expect(told.unchanged).toBe(1);
  });
});

/** As `gc` does with what a later landing of the name replaced. */
async function collect({ folder }: Company, name: string): Promise<void> {
  const index = await readFile(join(folder, '.showback/landing/index.ndjson'), 'utf8');
  const landings = index
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { readonly name: string; readonly sha256: string });
  const { sha256 = '' } = landings.find((landing) => landing.name === name) ?? {};
  await rm(join(folder, '.showback/landing/blobs', sha256.slice(0, 2), sha256));
}

describe('showback diff', () => {
  const side = (amount: string | null, place: string | null): LineChange['before'] => ({
    lines: amount === null ? 0 : 1,
    amount,
    billed: amount,
    quantity: null,
    place,
  });
  const line = (change: LineChange['change'], before: string | null, after: string | null, difference: string): LineChange => ({
    change,
    what: 'gpt-six, input',
    account: 'proj_a',
    category: 'Usage',
    invoiceId: null,
    chargeStart: '2026-07-04T00:00:00Z',
    chargeEnd: change === 'added' ? '2026-07-07T00:00:00Z' : '2026-07-05T00:00:00Z',
    rejected: null,
    currency: 'USD',
    before: side(before, before === null ? null : 'bills/a.json:4'),
    after: side(after, after === null ? null : 'bills/b.json:1'),
    difference,
  });
  const told: DeliveryDiff = {
    sourceId: 'openai',
    month: '2026-07',
    before: { run: '2026-07-12-e995c45732b6', at: '2026-07-13T02:00:00.000Z', files: 1, bytes: 3266 },
    after: { run: null, at: null, files: 2, bytes: 5229 },
    lines: [
      line('changed', '1', '2.5', '1.5'),
      { ...line('changed', '4', '4', '0'), before: { ...side('4', 'bills/a.json:5'), quantity: '7' } },
      line('removed', '1234.5', null, '-1234.5'),
      line('added', null, '0.125', '0.125'),
      {
        ...line('added', null, null, '0'),
        what: '',
        rejected: 'amount.value: not a number',
        after: side(null, 'bills/b.json:9'),
      },
    ],
    totals: [{ currency: 'USD', before: '1244', after: '11.125', difference: '-1232.875' }],
    unchanged: 1,
  };
  const asked = ['diff', 'pipeline.yaml', '--source', 'openai', '--month', '2026-07'];

  async function answer(args: readonly string[], diffed: DeliveryDiff = told) {
    const requests: DiffRequest[] = [];
    const runs = {
      ...NO_RUNS,
      diffDeliveries: async (request: DiffRequest) => {
        requests.push(request);
        return diffed;
      },
    };
    return { ...(await cli(args, { cwd: OPENAI, runs: async () => runs })), requests };
  }

  it('aligns what differs, and the month', async () => {
    const { code, out } = await answer(asked);
    expect(code).toBe(0);
    expect(out).toMatchInlineSnapshot(`
      "openai, 2026-07
        before  1 file of run 2026-07-12-e995c45732b6, begun 2026-07-13 02:00 UTC
        after   2 files that landed, and no run was published since

         days             line                                  account    before   after  difference
      ─  ───────────────  ────────────────────────────────────  ───────  ────────  ──────  ──────────  ───
      ~  2026-07-04       gpt-six, input                        proj_a       1.00    2.50        1.50  USD
      ~  2026-07-04       gpt-six, input (quantity 7 → none)    proj_a       4.00    4.00        0.00  USD
      -  2026-07-04       gpt-six, input                        proj_a   1,234.50           -1,234.50  USD
      +  2026-07-04 … 06  gpt-six, input                        proj_a              0.125       0.125  USD
      +  2026-07-04 … 06  bills/b.json:9: refused, amount.val…  proj_a                           0.00  USD
      ─  ───────────────  ────────────────────────────────────  ───────  ────────  ──────  ──────────  ───
                          all of 2026-07                                 1,244.00  11.125  -1,232.875  USD

      1 other line is as before.
      "
    `);
  });

  it('tells as many lines as are asked for, and of none', async () => {
    expect((await answer([...asked, '--lines', '1'])).out).toContain('… and 4 lines more (--lines 5 tells them)');
    expect((await answer(asked, { ...told, lines: [] })).out).toContain('Both tell the same of 2026-07: 1 line.');
  });

  it('is one object of JSON, keys as in the published tables', async () => {
    const { out, requests } = await answer([...asked, '--from', '2026-07-12-e995', '--json']);
    expect(JSON.parse(out)).toMatchObject({
      source_id: 'openai',
      lines: { length: 5 },
      before: { run: '2026-07-12-e995c45732b6' },
    });
    expect(requests[0]).toMatchObject({ sourceId: 'openai', month: '2026-07', from: '2026-07-12-e995' });
  });

  it('refuses what is no month and no run', async () => {
    const { code, err } = await answer(['diff', '--source', 'openai', '--month', 'July', '--from', 'last']);
    expect(code).toBe(2);
    expect(err).toContain('a month is written as 2026-09');
    expect(err).toContain('a run is written as 2026-09-30-4267254d9b11');
  });
});
