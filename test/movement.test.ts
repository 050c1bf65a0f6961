// How what is published moves from run to run: told by every run, by `showback show --by movement`, and by files that outlive all that
// happens to them.
import { createHash } from 'node:crypto';
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { RunEvent } from '../src/kernel/event.js';
import { type Manifest, readPublished } from '../src/publish/directory.js';
import type { RunResult, RunScope } from '../src/run/api.js';
import { runBackfill } from '../src/run/backfill.js';
import { runPipeline } from '../src/run/run.js';
import { openDuckDb } from '../src/warehouse/duckdb.js';
import { bytesBelow, type Company, companyOf, run, valueOf } from './golden/company.js';
import { cli } from './unit/cli/harness.js';

vi.mock('../src/model/catalog.js', async (original) => (await import('./golden/one-catalog.js')).oneCatalog(original));

const CASE = join(import.meta.dirname, '../fixtures/cases/estimate-until-final');
const SLOW = { timeout: 240_000 };

/** A run that tells what it said of movements and of histories. */
async function told(company: Company, scope: RunScope, force = false): Promise<{ result: RunResult; notes: readonly string[] }> {
  const notes: string[] = [];
  const listener = (event: RunEvent): void => {
    if (event.kind === 'note' && /movement|estimate_movement/.test(event.message)) notes.push(`${event.level}: ${event.message}`);
  };
  const now = (): Date => new Date('2031-01-01T00:00:00Z');
  return { result: await runPipeline({ ...company, scope, threads: 1, force, listener, now }), notes };
}

const lay = async (company: Company, name: string): Promise<void> =>
  cp(join(CASE, 'then', name), company.folder, { recursive: true });

const manifestOf = async ({ folder }: Company): Promise<Manifest> => {
  const manifest = await readPublished(join(folder, 'out'));
  if (manifest === null) throw new Error('nothing is published');
  return manifest;
};

const bytesOf = async ({ folder }: Company) => bytesBelow(join(folder, 'out/current'));

const fileOf = ({ folder }: Company, mart = 'estimate_movement', month = '2026-08'): string =>
  join(folder, `out/current/parquet/${mart}/billing_month=${month}/data.parquet`);

/** Writes the published file anew as `select` makes it, with its hash in the manifest: as if somebody knew how. */
async function forge(company: Company, select: (from: string) => string, mart?: string): Promise<void> {
  const path = fileOf(company, mart);
  const hash = async (): Promise<string> =>
    createHash('sha256')
      .update(await readFile(path))
      .digest('hex');
  const before = await hash();
  await using engine = await openDuckDb({ threads: 1 });
  await engine.run(
    `CREATE TABLE forged AS ${select(`read_parquet('${path}', hive_partitioning = false)`)}; COPY forged TO '${path}' (FORMAT parquet)`,
  );
  const manifest = join(company.folder, 'out/current/current.json');
  await writeFile(manifest, (await readFile(manifest, 'utf8')).replace(before, await hash()));
}

describe('two nights', SLOW, () => {
  let company: Company & AsyncDisposable;
  let notes: readonly string[] = [];
  beforeAll(async () => {
    company = await companyOf(CASE);
    await run(company);
    await lay(company, 'second-night');
    notes = (await told(company, { asOf: '2026-08-02' })).notes;
  }, SLOW.timeout);
  afterAll(async () => company[Symbol.asyncDispose]());

  const show = async (...args: readonly string[]) => cli(['show', 'pipeline.yaml', ...args], { cwd: company.folder });

  it('tell what was restated, not what a new day costs', () => {
    expect(notes).toEqual([
      'info: 2026-08: 100.00 → 210.00 USD since 2026-08-01 (+110.00, of which +10.00 on days that were counted before, most on chat +6.00)' +
        ' → showback show --by movement --month 2026-08',
    ]);
  });

  it('stand on a screen, night by night and by feature', async () => {
    const { code, out } = await show('--by', 'movement');
    expect([code, out.replace(/(?<=2026-08-\d\d-)[0-9a-f]{12}/g, '…')]).toEqual([
      0,
      `Movement of 2026-08, USD
as of       finality   amount    moved  restated  run
──────────  ─────────  ──────  ───────  ────────  ───────────────────────
2026-08-01  estimated  100.00                     2026-08-01-…
2026-08-02  estimated  210.00  +110.00    +10.00  2026-08-02-…

From 2026-08-01 to 2026-08-02, by feature
feature  finality   before     now   moved  restated
───────  ─────────  ──────  ──────  ──────  ────────
chat     estimated   60.00  116.00  +56.00     +6.00
search   estimated   40.00   94.00  +54.00     +4.00
`,
    ]);
  });

  it('are told to machines with every digit', async () => {
    const { out } = await show('--by', 'movement', '--month', '2026-08', '--json');
    expect(JSON.parse(out)).toMatchObject({
      movements: [
        {
          month: '2026-08',
          currency: 'USD',
          steps: [
            { as_of: '2026-08-01', finality: 'estimated', amount: '100.000000000000', restated: null },
            { as_of: '2026-08-02', movement: '110.000000000000', restated: '10.000000000000' },
          ],
          features: [
            {
              feature_id: 'chat',
              previous_finality: 'estimated',
              previous_amount: '60.000000000000',
              amount: '116.000000000000',
            },
            { feature_id: 'search', movement: '54.000000000000' },
          ],
        },
      ],
    });
  });

  it.each([
    [['--month', '2026-07'], 'cli/unknown-month', 'use one of 2026-08'],
    [['--owner', 'mira'], 'cli/bad-argument', '--by owner'],
  ])('refuse %j', async (args, problem, remedy) => {
    const { code, err } = await show('--by', 'movement', ...args);
    expect([code, err.includes(problem), err.includes(remedy)]).toEqual([2, true, true]);
  });

  it('have no such table in what an earlier version made', async () => {
    const { runId } = await manifestOf(company);
    const path = join(company.folder, `.showback/runs/${runId}/warehouse.duckdb`);
    {
      await using own = await openDuckDb({ path, threads: 1 });
      await own.run('DROP TABLE marts.estimate_movement');
    }
    const { code, err } = await show('--by', 'movement');
    expect([code, err.includes('cli/no-movement')]).toEqual([2, true]);
  });

  it('published again by force, are the same run and the same bytes', async () => {
    const before = await bytesOf(company);
    const { result } = await told(company, { asOf: '2026-08-02' }, true);
    expect(result.outcome).toBe('published');
    expect(await bytesOf(company)).toEqual(before);
  });

  it('and back again are a run of its own: the figures of the first, another history, and both folders whole', async () => {
    const [first, bytes] = [await manifestOf(company), await bytesOf(company)];
    await run(company, { asOf: '2026-08-01' });
    const { result } = await told(company, { asOf: '2026-08-02' });
    const again = await manifestOf(company);
    expect(again.made[0]?.inputs).toBe(first.made[0]?.inputs);
    expect(again.runId).not.toBe(first.runId);
    expect(again.made[0]?.after).toMatch(/^2026-08-01-/);
    expect(await bytesBelow(join(company.folder, 'out/runs', first.runId))).toEqual(bytes);
    expect(await valueOf(result, 'SELECT max(step) FROM marts.estimate_movement')).toBe('4');
    expect(await valueOf(result, 'SELECT sum(movement) FROM marts.estimate_movement')).toBe('210.000000000000');
  });
});

describe('what is published', SLOW, () => {
  let company: Company & AsyncDisposable;
  beforeAll(async () => {
    company = await companyOf(CASE);
    await run(company);
    await lay(company, 'second-night');
    await run(company, { asOf: '2026-08-02' });
    await lay(company, 'third-night');
  }, SLOW.timeout);
  afterAll(async () => company[Symbol.asyncDispose]());

  it('and edited, hash and all, stops the run: its movements no longer sum', async () => {
    const good = await bytesOf(company);
    const keep = join(company.folder, 'keep');
    await cp(join(company.folder, 'out'), keep, { recursive: true, verbatimSymlinks: true });
    await forge(
      company,
      (from) => `SELECT * REPLACE (CASE step WHEN 2 THEN movement + 1 ELSE movement END AS movement) FROM ${from}`,
    );
    await expect(run(company, { asOf: '2026-08-03' })).rejects.toMatchObject({
      kind: 'check',
      problems: [
        {
          code: 'contract/check',
          message: expect.stringContaining('the movements of a month sum to what is published of it now'),
        },
        { code: 'contract/check', message: expect.stringContaining('each step begins where the one before it ended') },
      ],
    });
    await rm(join(company.folder, 'out'), { recursive: true });
    await cp(keep, join(company.folder, 'out'), { recursive: true, verbatimSymlinks: true });
    expect(await bytesOf(company)).toEqual(good);
  });

  it('and damaged, stops the run until it is put back; by force the month begins anew, and a warning tells it', async () => {
    await writeFile(fileOf(company), 'damaged');
    await expect(run(company, { asOf: '2026-08-03' })).rejects.toMatchObject({ problems: [{ code: 'run/history-damaged' }] });
    const { result, notes } = await told(company, { asOf: '2026-08-03' }, true);
    expect(notes).toEqual(['warning: what is published of 2026-08 is damaged: its movement begins anew with this run']);
    expect(await valueOf(result, 'SELECT max(step) FROM marts.estimate_movement')).toBe('1');
    expect((await manifestOf(company)).made[0]?.after).toBeUndefined();
  });

  it('with other columns, begins with what it cost, and a warning tells it', async () => {
    await forge(company, (from) => `SELECT * EXCLUDE (restated) FROM ${from}`);
    const { result, notes } = await told(company, { asOf: '2026-08-04' });
    expect(notes[0]).toContain('warning: estimate_movement of 2026-08 was published with other columns');
    expect(await valueOf(result, 'SELECT count(DISTINCT step) FROM marts.estimate_movement')).toBe('1');
  });

  it('with days that cannot be compared, begins anew, and a warning tells it', async () => {
    await forge(company, (from) => `SELECT * EXCLUDE (finality) FROM ${from}`, 'showback_feature_day');
    const { result, notes } = await told(company, { asOf: '2026-08-05' });
    expect(notes).toEqual([
      'warning: what is published of 2026-08 has other columns than this version knows: its movement begins anew with this run',
    ]);
    expect(await valueOf(result, 'SELECT count(*) FROM marts.estimate_movement WHERE previous_run_id IS NULL AND step = 1')).toBe(
      '2',
    );
  });

  it('by a version without the mart, begins with what it cost then', async () => {
    const manifest = join(company.folder, 'out/current/current.json');
    const { runId, asOf } = await manifestOf(company);
    const old = JSON.parse(await readFile(manifest, 'utf8')) as { made: Record<string, unknown>[]; files: { mart: string }[] };
    old.made = old.made.map(({ month, as_of, inputs }) => ({ month, as_of, inputs }));
    old.files = old.files.filter(({ mart }) => mart !== 'estimate_movement');
    await writeFile(manifest, JSON.stringify(old));
    await lay(company, 'invoiced');
    const { result } = await told(company, { asOf: '2026-08-31' });
    const opening = `SELECT count(*) FROM marts.estimate_movement WHERE step = 1 AND run_id = '${runId}' AND as_of = DATE '${asOf}' AND previous_run_id IS NULL`;
    expect(await valueOf(result, opening)).toBe('2');
    const then = `SELECT count(*) FROM marts.estimate_movement WHERE step = 2 AND previous_run_id = '${runId}' AND finality = 'final' AND movement = 0`;
    expect(await valueOf(result, then)).toBe('2');
  });
});

describe('a backfill', SLOW, () => {
  it('moves the months that it publishes, and is named after the runs that made them', async () => {
    await using company = await companyOf(CASE);
    await run(company, { asOf: '2026-09-02' });
    const before = await manifestOf(company);
    await lay(company, 'second-night');
    const request = { ...company, from: '2026-08', to: '2026-08', asOf: '2026-09-02', threads: 1, force: false };
    await runBackfill({ ...request, listener: () => undefined, now: () => new Date('2031-01-01T00:00:00Z') });
    const after = await manifestOf(company);
    expect(after.made.map(({ month, run: made, after: previous }) => [month, made, previous])).toEqual([
      ['2026-08', after.runId, before.runId],
      ['2026-09', before.runId, undefined],
    ]);
    const csv = await readFile(join(company.folder, 'out/current/csv/2026-08/estimate_movement.csv'), 'utf8');
    expect(csv.match(new RegExp(`^2026-08,2,${after.runId},2026-09-02,${before.runId},`, 'gm'))).toHaveLength(2);
  });
});
