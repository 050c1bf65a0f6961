// `showback diff RUN RUN`: which published figures moved, and what moved them, from real runs; nothing is written.
import { appendFile, cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Runs } from '../src/cli/io.js';
import { diffRuns } from '../src/run/diff-runs.js';
import type { RunDiff, RunDiffRequest } from '../src/run/diff-runs-api.js';
import { runBackfill } from '../src/run/backfill.js';
import { collectGarbage } from '../src/run/gc.js';
import { openDuckDb } from '../src/warehouse/duckdb.js';
import { doStep } from './golden/books-steps.js';
import { bytesBelow, type Company, companyOf, run } from './golden/company.js';
import { cli, NO_RUNS, type Told } from './unit/cli/harness.js';

vi.mock('../src/model/catalog.js', async (original) => (await import('./golden/one-catalog.js')).oneCatalog(original));

const BASE = join(import.meta.dirname, '../fixtures/errors/.base/running');
const CLOSED = join(import.meta.dirname, '../fixtures/cases/closed-month-restated');
const NOW = (): Date => new Date('2031-01-01T00:00:00Z');
const SLOW = 240_000;
/** One row of the statement. */
const ONE = "rowid = (SELECT min(rowid) FROM marts.showback_feature_month WHERE feature_id = 'chat')";

async function edit({ folder }: Company, name: string, from: string, to: string): Promise<void> {
  const text = await readFile(join(folder, name), 'utf8');
  if (!text.includes(from)) throw new Error(`${name} has no ${from}`);
  await writeFile(join(folder, name), text.replaceAll(from, to));
}

const dearer = async (company: Company): Promise<void> => edit(company, 'prices.csv', '1M,6,USD', '1M,7.5,USD');
const delivered = async (company: Company): Promise<void> => {
  await edit(company, 'bills/vector/2026-07.csv', '12.00', '15.25');
  await edit(company, 'bills/vector/2026-07.csv', 'Total,42.00', 'Total,45.25');
};
const toChat = async (company: Company): Promise<void> =>
  edit(
    company,
    'rules.yaml',
    'match: { provider: vector }, method: feature, feature: search',
    'match: { provider: vector }, method: feature, feature: chat',
  );

async function diff(company: Company, asked: Partial<RunDiffRequest> = {}): Promise<RunDiff> {
  const before = await bytesBelow(company.folder);
  const { pipelineFile } = company;
  const told = await diffRuns({ pipelineFile, anew: false, threads: 1, listener: () => undefined, now: NOW, ...asked });
  expect(await bytesBelow(company.folder)).toEqual(before);
  return told;
}

async function command(company: Company, ...args: readonly string[]): Promise<Told> {
  const runs = async (): Promise<Runs> => ({ ...NO_RUNS, diffRuns });
  return cli(['diff', ...args], { cwd: company.folder, runs });
}

/** `2026-07 chat 2: prices 2, rules 43`, a line each. */
function brief({ figures, chains }: RunDiff): readonly string[] {
  return figures.map(({ month, featureId, difference, chain, contributions }) => {
    const parts = contributions.map(({ cause, amount }) => {
      const ingredients = chains[chain]?.causes[cause]?.ingredients ?? [];
      return `${ingredients.map(({ kind, sourceId }) => sourceId ?? kind).join('+')} ${Number(amount)}`;
    });
    return `${month} ${featureId ?? 'total'} ${Number(difference)}: ${parts.join(', ')}`;
  });
}

function notes({ chains }: RunDiff): readonly (string | null)[] {
  return chains.flatMap(({ causes }) => causes.map(({ note }) => note));
}

function changes({ chains }: RunDiff): readonly string[] {
  return chains.flatMap(({ causes }) =>
    causes.flatMap(({ ingredients }) =>
      ingredients.flatMap((ingredient) =>
        ingredient.changes.map(({ change, what, place, before, after }) =>
          [change, place, what, before, after].filter((word) => word !== null).join(' | '),
        ),
      ),
    ),
  );
}

describe('one change after the other', () => {
  let company: Company & AsyncDisposable;
  const ids: string[] = [];

  beforeAll(async () => {
    company = await companyOf(BASE);
    for (const change of [async () => undefined, dearer, delivered, toChat]) {
      await change(company);
      ids.push((await run(company)).runId);
    }
  }, SLOW);
  afterAll(async () => company[Symbol.asyncDispose]());

  const between = async (from: number, to: number, asked: Partial<RunDiffRequest> = {}): Promise<RunDiff> =>
    diff(company, { from: ids[from] ?? '', to: ids[to] ?? '', ...asked });

  it('puts each on its own line, and builds nothing', { timeout: SLOW }, async () => {
    const [price, bill, rule] = [await between(0, 1), await between(1, 2), await between(2, 3)];
    expect(brief(price)).toEqual(['2026-07 chat 3: prices 3', '2026-07 total 3: prices 3']);
    expect(changes(price)).toEqual(['changed | prices.csv:2 | openai gpt-six input_tokens from 2026-01-01, price | 6 | 7.5']);
    expect(brief(bill)).toEqual(['2026-07 search 3.25: vector 3.25', '2026-07 total 3.25: vector 3.25']);
    expect(changes(bill)).toEqual(['changed | bills/vector/2026-07.csv, delivered again | 120 bytes | 120 bytes']);
    expect(brief(rule)).toEqual(['2026-07 chat 45.25: rules 45.25', '2026-07 search -45.25: rules -45.25', '2026-07 total 0: ']);
    expect(changes(rule)).toEqual(['changed | rules.yaml:4 | pool vector, method.feature_id | search | chat']);
    for (const { chains } of [price, bill, rule]) expect(chains.map(({ builds }) => builds)).toEqual([0]);
  });

  it('tells them apart where they came together, one build less than there are', { timeout: SLOW }, async () => {
    const { code, out, err } = await command(company, ids[0] ?? '', ids[3] ?? '', '--lines', '5');
    expect([code, err]).toEqual([0, '']);
    expect(out.replaceAll(/, begun .* UTC/g, '')).toBe(`before  ${ids[0]}: 2026-07 as of 2026-07-31
after   ${ids[3]}: 2026-07 as of 2026-07-31

What moved 2026-07, one replaced after the other
  1  source vector
     ~ bills/vector/2026-07.csv, delivered again: 120 bytes → 120 bytes
  2  price books
     ~ prices.csv:2  openai gpt-six input_tokens from 2026-01-01, price: 6 → 7.5
  3  rules
     ~ rules.yaml:4  pool vector, method.feature_id: search → chat

2026-07, USD
feature              before     after   moved
─────────────────  ────────  ────────  ──────
chat               3,712.00  3,760.25  +48.25
  2 price books                         +3.00
  3 rules                              +45.25
search               352.00    310.00  -42.00
  1 source vector                       +3.25
  3 rules                              -45.25
─────────────────  ────────  ────────  ──────
total              4,064.00  4,070.25   +6.25
  1 source vector                       +3.25
  2 price books                         +3.00
`);
    const told = await between(0, 3);
    expect(told.chains.map(({ builds }) => builds)).toEqual([2]);
  });

  it('goes back as it came', { timeout: SLOW }, async () => {
    // The bill goes first here too: by the rules of the later run it is borne by chat.
    expect(brief(await between(3, 0))).toEqual([
      '2026-07 chat -48.25: vector -3.25, prices -3, rules -42',
      '2026-07 search 42: rules 42',
      '2026-07 total -6.25: vector -3.25, prices -3',
    ]);
  });

  it('comes out again as it was published, where that is asked for', { timeout: SLOW }, async () => {
    const told = await between(0, 3, { anew: true });
    expect(told.chains.map(({ builds, causes }) => [builds, causes.length])).toEqual([[4, 5]]);
    expect(brief(told)).toEqual(brief(await between(0, 3)));
  });

  it('compares the published run with the one before it, and one run with the published one', { timeout: SLOW }, async () => {
    expect((await command(company, '--json')).out).toBe((await command(company, ids[2] ?? '', ids[3] ?? '', '--json')).out);
    const told = JSON.parse((await command(company, 'pipeline.yaml', ids[0] ?? '', '--json', '--feature', 'search')).out);
    expect(told).toMatchObject({ before: { run_id: ids[0] }, after: { run_id: ids[3] }, unmoved: 0 });
    expect(told.figures).toEqual([
      {
        ...{ month: '2026-07', currency: 'USD', feature_id: 'search', chain: 0 },
        ...{ before: '352.000000000000', after: '310.000000000000', difference: '-42.000000000000' },
        contributions: [
          { cause: 0, amount: '3.250000000000' },
          { cause: 2, amount: '-45.250000000000' },
        ],
      },
    ]);
    expect((await command(company, ids[1] ?? '', ids[1] ?? '')).out).toContain('No figure moved: 2 figures as before.');
  });

  it('reads published files where the warehouse file of a run is gone', { timeout: SLOW }, async () => {
    const path = join(company.folder, '.showback/runs', ids[0] ?? '', 'warehouse.duckdb');
    const bytes = await readFile(path);
    await rm(path);
    expect(brief(await between(0, 1))).toEqual(['2026-07 chat 3: prices 3', '2026-07 total 3: prices 3']);
    await writeFile(path, bytes);
  });

  it.each([
    [['2026-07-32'], 'diff/no-run'],
    [['2026-07'], 'diff/which-run'],
    [['--feature', 'caht'], 'diff/unknown-feature'],
    [['--month', '2026-06'], 'diff/unknown-month'],
    [['a', 'b', 'c'], 'diff/arguments'],
    [['a.yaml', 'b.yaml'], 'diff/arguments'],
    [['--from', '2026-07-31'], 'diff/arguments'],
    [['--source', 'aws'], 'diff/arguments'],
    [['2026-07-31', '--source', 'aws', '--month', '2026-07'], 'diff/arguments'],
    [['--source', 'aws', '--month', '2026-07', '--rebuild'], 'diff/arguments'],
  ])('refuses %s with 2: %s', { timeout: SLOW }, async (args, code) => {
    const told = await command(company, ...args);
    expect([told.code, told.out]).toEqual([2, '']);
    expect(told.err).toContain(`[${code}]`);
  });
});

describe('what cannot be attributed is told as that', () => {
  let home: Company & AsyncDisposable;
  const ids: string[] = [];

  beforeAll(async () => {
    home = await companyOf(BASE);
    ids.push((await run(home)).runId);
    await dearer(home);
    await delivered(home);
    ids.push((await run(home)).runId);
  }, SLOW);
  afterAll(async () => home[Symbol.asyncDispose]());

  const folderOf = (company: Company, at: number): string => join(company.folder, '.showback/runs', ids[at] ?? '');

  async function copied(): Promise<Company & AsyncDisposable> {
    return companyOf(home.folder);
  }

  async function manifestOf(company: Company, at: number): Promise<{ recipe: Record<string, unknown> & { folder: string } }> {
    return JSON.parse(await readFile(join(folderOf(company, at), 'manifest.json'), 'utf8'));
  }

  async function withRecipe(company: Company, at: number, changed: object | null): Promise<void> {
    const manifest = await manifestOf(company, at);
    const recipe = changed === null ? undefined : { ...manifest.recipe, ...changed };
    await writeFile(join(folderOf(company, at), 'manifest.json'), JSON.stringify({ ...manifest, recipe }));
  }

  it('of a run of an earlier version: figures, and the files that came', { timeout: SLOW }, async () => {
    await using company = await copied();
    await withRecipe(company, 0, null);
    const told = await diff(company);
    expect(brief(told)).toEqual([
      '2026-07 search 3.25: unknown 3.25',
      '2026-07 chat 3: unknown 3',
      '2026-07 total 6.25: unknown 6.25',
    ]);
    expect(notes(told)).toEqual([`run ${ids[0]} is of an earlier version, which kept no copy of its configuration`]);
    expect(changes(told)).toEqual(['changed | bills/vector/2026-07.csv, delivered again | 120 bytes | 120 bytes']);
  });

  it('where the copy was changed, or what landed is gone', { timeout: SLOW }, async () => {
    await using company = await copied();
    const { recipe } = await manifestOf(company, 1);
    await appendFile(join(folderOf(company, 1), recipe.folder, '02-pipeline.yaml'), '# later\n').catch(() => undefined);
    await appendFile(join(folderOf(company, 1), recipe.folder, '04-prices.csv'), ' ');
    expect(notes(await diff(company))).toEqual([`the copy of the configuration of run ${ids[1]} is gone or was changed`]);
    await using other = await copied();
    await rm(join(other.folder, '.showback/landing/blobs'), { recursive: true });
    expect(notes(await diff(other))).toEqual([expect.stringMatching(/^`.*`, of which it was made, is no longer in landing$/)]);
  });

  it('tells what another version of the program makes of the same', { timeout: SLOW }, async () => {
    await using company = await copied();
    await withRecipe(company, 0, { versions: 'showback 0.0.1, DuckDB v0' });
    {
      await using warehouse = await openDuckDb({ path: join(folderOf(company, 0), 'warehouse.duckdb'), threads: 1 });
      await warehouse.run(`UPDATE marts.showback_feature_month SET amount = amount + 0.5 WHERE ${ONE}`);
    }
    const told = await diff(company);
    expect(brief(told)).toEqual([
      '2026-07 search 3.25: vector 3.25',
      '2026-07 chat 2.5: program -0.5, prices 3',
      '2026-07 total 5.75: program -0.5, vector 3.25, prices 3',
    ]);
    expect(changes(told)[0]).toMatch(/^changed \| version \| showback 0\.0\.1, DuckDB v0 \| showback /);
    expect(told.chains.map(({ builds }) => builds)).toEqual([2]);
  });

  it('says so where both ends are made of the same and differ all the same', { timeout: SLOW }, async () => {
    await using company = await copied();
    await cp(folderOf(company, 0), join(company.folder, '.showback/runs/2026-07-31-000000000000'), { recursive: true });
    const path = join(company.folder, '.showback/runs/2026-07-31-000000000000/warehouse.duckdb');
    {
      await using warehouse = await openDuckDb({ path, threads: 1 });
      await warehouse.run(`UPDATE marts.showback_feature_month SET amount = amount + 1 WHERE ${ONE}`);
    }
    expect(brief(await diff(company, { from: ids[0] ?? '', to: '2026-07-31-0000' }))).toEqual([
      '2026-07 chat 1: unknown 1',
      '2026-07 total 1: unknown 1',
    ]);
  });

  it('collected: a run goes with its copy, and is told as gone', { timeout: SLOW }, async () => {
    await using company = await copied();
    await rm(join(company.folder, 'out/runs', ids[0] ?? ''), { recursive: true });
    await collectGarbage({ pipelineFile: company.pipelineFile, dryRun: false, listener: () => undefined, now: NOW });
    const told = await command(company);
    expect(told.code).toBe(2);
    expect(told.err).toContain(`the figures of run ${ids[0]} are not kept any more [diff/run-collected]`);
    expect(told.err).toContain(`these are kept: ${ids[1]}`);
  });
});

describe('the configuration of a run', () => {
  it('is kept as it was read, whatever becomes of it meanwhile, and with it the rules of a mixture', {
    timeout: SLOW,
  }, async () => {
    await using company = await companyOf(BASE);
    const first = await run(company);
    await appendFile(join(company.folder, 'prices.csv'), 'openai,gpt-seven,input_tokens,1M,9,USD,,2026-01-01,price page,\n');
    await writeFile(join(company.folder, 'rules.yaml'), 'broken');
    const told = await diffRuns({
      ...{ pipelineFile: company.pipelineFile, anew: true, threads: 1, listener: () => undefined, now: NOW },
      ...{ from: first.runId, to: first.runId },
    }).catch((error: unknown) => error);
    // Today's own configuration names the folders: it must read.
    expect(String(told)).toContain('rules.yaml');
    await cp(join(BASE, 'rules.yaml'), join(company.folder, 'rules.yaml'));
    const same = await run(company);
    expect(same.runId).not.toBe(first.runId);
    expect(brief(await diff(company))).toEqual([]);
  });
});

describe('months', () => {
  it('that one run alone has, and those that came along from another run', { timeout: SLOW }, async () => {
    await using company = await companyOf(BASE);
    const first = await run(company);
    const event = { event_id: 'a', provider: 'openai', model: 'gpt-six', feature_id: 'chat', input_tokens: 500_000 };
    await writeFile(
      join(company.folder, 'usage/august.jsonl'),
      `${JSON.stringify({ ...event, event_time: '2026-08-02T10:00:00Z' })}\n`,
    );
    await edit(company, 'pipeline.yaml', 'as_of: 2026-07-31', 'as_of: 2026-08-05\nlook_back: 0');
    // July stays as it was published.
    const second = await run(company);
    expect(second.months).toEqual(['2026-07', '2026-08']);
    const came = await diff(company);
    expect(came.figures.map(({ month, featureId }) => `${month} ${featureId}`)).toEqual([
      '2026-08 search',
      '2026-08 chat',
      '2026-08 null',
    ]);
    expect(came.chains.map(({ causes }) => causes.flatMap(({ ingredients }) => ingredients.map(({ kind }) => kind)))).toEqual([
      ['month'],
    ]);
    await dearer(company);
    const third = await run(company);
    const before = { ...company, force: false, threads: 1, listener: () => undefined, now: NOW };
    await runBackfill({ ...before, from: '2026-07', to: '2026-07' });
    expect(brief(await diff(company, { from: third.runId }))).toEqual(['2026-07 chat 3: prices 3', '2026-07 total 3: prices 3']);
    expect(brief(await diff(company, { from: second.runId }))).toEqual([
      '2026-07 chat 3: prices 3',
      '2026-07 total 3: prices 3',
      '2026-08 chat 0.75: prices 0.75',
      '2026-08 total 0.75: prices 0.75',
    ]);
    expect(first.months).toEqual(['2026-07']);
  });

  it('that were closed between do not move; what came later moves the month that it is booked in', {
    timeout: SLOW,
  }, async () => {
    await using company = await companyOf(CLOSED);
    const then = join(CLOSED, 'then');
    const first = await run(company);
    await doStep(company, then, { close: '2026-07', approver: 'mira', reason: 'all invoices are in' });
    await doStep(company, then, { lay: 'corrected' });
    const second = await run(company);
    const corrected = await diff(company, { anew: true });
    expect(brief(corrected)).toEqual(['2026-08 chat 15: models 15', '2026-08 search 5: models 5', '2026-08 total 20: models 20']);
    await edit(
      company,
      'rules.yaml',
      'method: by, driver: rated_cost, within: [[day, provider], [month, provider]]',
      'method: feature, feature: chat',
    );
    const third = await run(company);
    // What was adjusted stays by the rules of the close.
    expect(brief(await diff(company, { from: second.runId }))).toEqual([
      '2026-08 chat 20: rules 20',
      '2026-08 search -20: rules -20',
      '2026-08 total 0: ',
    ]);
    await doStep(company, then, { reopen: '2026-07', approver: 'mira', reason: 'wrong' });
    await run(company);
    const reopened = await diff(company, { from: third.runId, anew: true });
    expect(brief(reopened)).toEqual([
      '2026-07 chat 45: models 15, rules 30',
      '2026-07 search -25: models 5, rules -30',
      '2026-07 total 20: models 20',
      '2026-08 chat -15: closes -15',
      '2026-08 search -5: closes -5',
      '2026-08 total -20: closes -20',
    ]);
    expect(notes(reopened).filter((note) => note !== null)).toEqual([]);
    expect(first.months).toEqual(['2026-07', '2026-08']);
  });
});
