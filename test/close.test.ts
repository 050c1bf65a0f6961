// Closed months: what keeps one from being closed, that nothing changes it afterwards, and that every guard sees what is planted.
import { createHash } from 'node:crypto';
import { appendFile, chmod, cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { RunEvent } from '../src/kernel/event.js';
import { Failure } from '../src/kernel/failure.js';
import { runBackfill } from '../src/run/backfill.js';
import { checkPipeline } from '../src/run/check.js';
import { closeMonth } from '../src/run/close.js';
import { collectGarbage } from '../src/run/gc.js';
import { planPipeline, runPipeline } from '../src/run/run.js';
import { verifyMonth } from '../src/run/verify.js';
import { openDuckDb } from '../src/warehouse/duckdb.js';
import { watchMutations } from './crash/mutations.mjs';
import { doStep } from './golden/books-steps.js';
import { bytesBelow, type Company, companyOf, run } from './golden/company.js';

vi.mock('../src/model/catalog.js', async (original) => (await import('./golden/one-catalog.js')).oneCatalog(original));

const CASE = join(import.meta.dirname, '../fixtures/cases/closed-month-restated');
const THEN = join(CASE, 'then');
const CLOSE_JULY = { close: '2026-07', approver: 'mira', reason: 'all invoices are in' } as const;
const LOCK_DIR = '.showback/closed/closed-month-restated/2026-07.1';
const SLOW = 240_000;
const EVERY = process.env['CRASH'] === 'every';
const NOW = new Date('2031-01-01T00:00:00Z');

let home = '';
/** Two months are published. */
let published = '';
/** July is closed. */
let closed = '';

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'showback-close-'));
  await using company = await companyOf(CASE);
  await run(company);
  published = await keep(company, 'published');
  await doStep(company, THEN, CLOSE_JULY);
  closed = await keep(company, 'closed');
}, SLOW);

afterAll(async () => {
  for (const name of await readdir(home)) await rm(join(home, name), { recursive: true, force: true });
  await rm(home, { recursive: true, force: true });
});

async function keep({ folder }: Company, name: string): Promise<string> {
  await cp(folder, join(home, name), { recursive: true, verbatimSymlinks: true });
  return join(home, name);
}

async function copyOf(of: string): Promise<Company> {
  const folder = await mkdtemp(join(home, 'company-'));
  await cp(of, folder, { recursive: true, verbatimSymlinks: true });
  return { folder, pipelineFile: join(folder, 'pipeline.yaml') };
}

async function codesOf(work: Promise<unknown>): Promise<readonly string[]> {
  const error = await work.then(
    () => new Error('nothing failed'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof Failure)) throw error;
  return error.problems.map(({ code }) => code);
}

const common = ({ pipelineFile }: Company) => ({ pipelineFile, threads: 1, listener: () => undefined, now: () => NOW });

async function close(company: Company, month = '2026-07', approvedBy = 'mira'): Promise<unknown> {
  return closeMonth({ ...common(company), month, approvedBy, preparedBy: null, reason: 'all in' });
}

/** What does not hold. */
async function differences(company: Company): Promise<readonly string[]> {
  const { checked } = await verifyMonth({ ...common(company), month: '2026-07' });
  return checked.filter(({ holds }) => !holds).map(({ what }) => what);
}

/** The published run, and one of the files that it was made of. */
async function madeOf({ folder }: Company): Promise<{ readonly run: string; readonly landed: string }> {
  const { run_id: id } = JSON.parse(await readFile(join(folder, 'out/current.json'), 'utf8')) as { run_id: string };
  const text = await readFile(join(folder, '.showback/runs', id, 'manifest.json'), 'utf8');
  return { run: id, landed: (JSON.parse(text) as { landed: string[] }).landed[0] ?? '' };
}

async function edit({ folder }: Company, name: string, change: (text: string) => string): Promise<void> {
  await writeFile(join(folder, name), change(await readFile(join(folder, name), 'utf8')));
}

/** One byte more than there was. */
async function damage(company: Company, path: string): Promise<void> {
  const file = join(company.folder, path);
  await chmod(file, 0o644);
  await appendFile(file, ' ');
}

/** Links are cut first, so that only this copy changes. */
async function damageApart(company: Company, path: string): Promise<void> {
  const file = join(company.folder, path);
  const bytes = await readFile(file);
  await rm(file);
  await writeFile(file, Buffer.concat([bytes, Buffer.from(' ')]));
}

describe('a month is closed', { timeout: SLOW }, () => {
  it('only where what is published is what its evidence and rules make of it', async () => {
    const company = await copyOf(published);
    await doStep(company, THEN, { lay: 'other-rules' });
    expect(await codesOf(close(company))).toEqual(['close/changed']);
    const other = await copyOf(published);
    await damageApart(other, 'out/current/csv/2026-07/showback_feature_month.csv');
    expect(await codesOf(close(other))).toEqual(['close/changed']);
    expect(await readdir(join(other.folder, '.showback'))).not.toContain('closed/closed-month-restated/journal.ndjson');
  });

  it('whatever landed since, as it was published', async () => {
    const company = await copyOf(published);
    await doStep(company, THEN, { lay: 'corrected' });
    await close(company);
    expect(await differences(company)).toEqual([]);
  });

  it('in its order, once, whole, and by two people where the pipeline says so', async () => {
    const company = await copyOf(closed);
    expect(await codesOf(close(company, '2026-07'))).toEqual(['close/closed']);
    expect(await codesOf(close(company, '2026-09'))).toEqual(['close/earlier-open']);
    expect(await codesOf(close(company, '2026-06'))).toEqual(['run/scope']);
    expect(await codesOf(close(company, '2026-08', ' '))).toEqual(['close/people']);
    await appendFile(company.pipelineFile, 'close: { two_people: true }\n');
    expect(await codesOf(close(company, '2026-08'))).toEqual(['close/people']);
    const alone = closeMonth({ ...common(company), month: '2026-08', approvedBy: 'Mira', preparedBy: 'mira ', reason: 'r' });
    expect(await codesOf(alone)).toEqual(['close/people']);
    const part = await copyOf(published);
    await rm(join(part.folder, 'out'), { recursive: true });
    await run(part, { date: '2026-07-20' });
    expect(await codesOf(close(part))).toEqual(['close/not-published']);
  });

  it('only where all that it was made of is known, and lies in landing', async () => {
    const company = await copyOf(published);
    const { landed, run: made } = await madeOf(company);
    const blob = join(company.folder, '.showback/landing/blobs', landed.slice(0, 2), landed);
    await rm(blob);
    expect(await codesOf(close(company))).toEqual(['close/landing']);
    await rm(join(company.folder, '.showback/runs', made, 'manifest.json'));
    expect(await codesOf(close(company))).toEqual(['close/unknown-evidence']);
  });

  it('beside what a lost line leaves, and as the same where only the line was missing', async () => {
    const company = await copyOf(closed);
    const books = join(company.folder, '.showback/closed/closed-month-restated');
    const before = await readFile(join(company.folder, LOCK_DIR, 'lock.json'));
    // Before any run that published the month as closed, nobody can tell that the journal is gone.
    await rm(join(books, 'journal.ndjson'));
    await close(company);
    expect((await readdir(books)).sort()).toEqual(['2026-07.1', '2026-07.2', 'journal.ndjson']);
    expect(await readFile(join(company.folder, LOCK_DIR, 'lock.json'))).toEqual(before);
    await rm(join(books, 'journal.ndjson'));
    await doStep(company, THEN, CLOSE_JULY);
    expect((await readdir(books)).sort()).toEqual(['2026-07.1', '2026-07.2', 'journal.ndjson']);
    expect(await differences(company)).toEqual([]);
  });

  it('only where the bill is there and final, everything has a price, and the limits hold', async () => {
    const company = await copyOf(published);
    await rm(join(company.folder, 'bills/2026-07.csv'));
    await writeFile(
      join(company.folder, 'usage/more.jsonl'),
      '{"event_id":"x","event_time":"2026-07-11T12:00:00Z","provider":"models","model":"nobody-knows","feature_id":"nobody","input_tokens":5}\n' +
        '{"event_id":"y","event_time":"2026-07-11T12:00:00Z","provider":"models","model":"gpt-six","feature_id":"nobody","input_tokens":5000000}\n',
    );
    const accepted = 'accept_unpriced: [{ provider: models, sku: nobody-knows, reason: new, expires_on: 2027-01-01 }]\n';
    await appendFile(company.pipelineFile, `${accepted}close: { coverage: "0.99", unallocated: "0.01" }\n`);
    // A provider whose files are gone tells nothing of them any more; what landed stays known.
    await rm(join(company.folder, '.showback'), { recursive: true });
    await run(company);
    expect(await codesOf(close(company))).toEqual([
      'close/bill-missing',
      'close/coverage',
      'close/unallocated',
      'close/unpriced',
    ]);
    await writeFile(
      join(company.folder, 'invoices.csv'),
      'provider,invoice_id,billing_month,total,currency\nmodels,none,2026-07,0,USD\n',
    );
    const pipeline = await readFile(company.pipelineFile, 'utf8');
    await writeFile(company.pipelineFile, pipeline.replace('registry: {', 'registry: { invoices: [invoices.csv],'));
    await run(company);
    expect(await codesOf(close(company))).toEqual(['close/coverage', 'close/unallocated', 'close/unpriced']);
  });

  it('after a kill at any kind of file change, all the same', async () => {
    // One in six here, every one in the long test.
    const all = await sitesOfClose();
    expect(all.length).toBeGreaterThan(5);
    const sites = all.filter((_, at) => EVERY || at % 6 === 4);
    const undisturbed = await bytesBelow(join(closed, '.showback/closed'));
    for (const site of sites) {
      const company = await copyOf(published);
      await killedAt(company, site);
      const journal = await readFile(join(company.folder, '.showback/closed/closed-month-restated/journal.ndjson'), 'utf8').catch(
        () => '',
      );
      if (!journal.includes('"closed"')) await doStep(company, THEN, CLOSE_JULY);
      expect(Object.keys(await bytesBelow(join(company.folder, '.showback/closed'))).sort(), site).toEqual(
        Object.keys(undisturbed).sort(),
      );
      const again = await bytesBelow(join(company.folder, '.showback/closed'));
      expect(again[`closed-month-restated/2026-07.1/lock.json`], site).toBe(
        undisturbed[`closed-month-restated/2026-07.1/lock.json`],
      );
      await rm(company.folder, { recursive: true });
    }
  });
});

const kindOf = ({ op, path }: { readonly op: string; readonly path: string }): string =>
  `${op} ${path
    .split('/')
    .slice(0, 3)
    .join('/')
    .replace(/\d{4}-\d{2}/g, 'M')}`;

async function sitesOfClose(): Promise<readonly string[]> {
  const company = await copyOf(published);
  const sites = new Set<string>();
  const stop = await watchMutations(join(company.folder, '.showback/closed'), {
    before: (change) => void sites.add(kindOf(change)),
  });
  await doStep(company, THEN, CLOSE_JULY);
  stop();
  return [...sites];
}

/** From the first change of that kind on, nothing is changed any more. */
async function killedAt(company: Company, site: string): Promise<void> {
  let isDead = false;
  const before = (change: Parameters<typeof kindOf>[0]): void => {
    isDead ||= kindOf(change) === site;
    if (isDead) throw new Error('killed');
  };
  const stop = await watchMutations(join(company.folder, '.showback/closed'), { before });
  await expect(doStep(company, THEN, CLOSE_JULY)).rejects.toThrow('killed');
  stop();
}

describe('a closed month', { timeout: SLOW }, () => {
  it('is computed by nothing, is published whatever becomes of the output folder, and verifies', async () => {
    const company = await copyOf(closed);
    expect(await codesOf(run(company, { month: '2026-07' }))).toEqual(['run/closed']);
    const backfill = runBackfill({ ...common(company), from: '2026-07', to: '2026-08', force: true });
    expect(await codesOf(backfill)).toEqual(['run/closed']);
    const before = await bytesBelow(join(company.folder, 'out/current/csv/2026-07'));
    await rm(join(company.folder, 'out'), { recursive: true });
    await doStep(company, THEN, { lay: 'corrected' });
    await run(company);
    const after = await bytesBelow(join(company.folder, 'out/current/csv/2026-07'));
    expect(after).toEqual({ ...before, 'customer_statement.csv': after['customer_statement.csv'] });
    expect(await differences(company)).toEqual([]);
  });

  it('leaves nothing to do where it is the last, and a run says so', async () => {
    const company = await copyOf(closed);
    const notes: string[] = [];
    const listener = (event: RunEvent): void => void (event.kind === 'note' && notes.push(event.message));
    const result = await runPipeline({ ...common(company), listener, force: false, scope: { asOf: '2026-07-31' } });
    expect(result.outcome).toBe('unchanged');
    expect(notes).toEqual(['every month through 2026-07 is closed']);
    const planned = planPipeline({ ...common(company), force: false, scope: { asOf: '2026-07-31' } });
    expect(await codesOf(planned)).toEqual(['run/closed']);
    await edit(company, 'pipeline.yaml', (yaml) => yaml.replace('as_of: 2026-08-31', 'as_of: 2026-07-31'));
    const lines = await checkPipeline({ ...common(company), force: false, scope: {} }, 'configuration');
    expect(lines.length).toBeGreaterThan(3);
  });

  it('is told of, where later evidence is booked elsewhere', async () => {
    const company = await copyOf(closed);
    await doStep(company, THEN, { lay: 'corrected' });
    const notes: string[] = [];
    const listener = (event: RunEvent): void => void (event.kind === 'note' && notes.push(event.message));
    await runPipeline({ ...common(company), listener, force: false, scope: {} });
    expect(notes).toEqual([
      '2026-07 is closed; what came since changes it by +20.00 USD, booked in 2026-08 (4 entries of adjustment_month)',
    ]);
  });

  it('keeps what it stands on, whatever is collected', async () => {
    const company = await copyOf(closed);
    await appendFile(company.pipelineFile, 'retention: { runs: 3, deliveries_days: 1 }\n');
    for (const lay of ['corrected', 'late']) {
      await doStep(company, THEN, { lay });
      await run(company);
    }
    for (const force of [true, true, true]) await runPipeline({ ...common(company), force, scope: {} });
    await collectGarbage({ ...common(company), dryRun: false, now: () => new Date('2099-01-01T00:00:00Z') });
    expect(await differences(company)).toEqual([]);
  });

  it('is open again after it was reopened: its adjustments are gone, and it can be closed anew', async () => {
    const company = await copyOf(closed);
    await doStep(company, THEN, { lay: 'corrected' });
    await run(company);
    await doStep(company, THEN, { reopen: '2026-07', approver: 'mira', reason: 'wrong entity' });
    await run(company);
    const july = await readFile(join(company.folder, 'out/csv/2026-07/showback_feature_month.csv'), 'utf8');
    expect(july).toContain('90.000000000000');
    const adjusted = await readFile(join(company.folder, 'out/csv/2026-08/adjustment_month.csv'), 'utf8');
    expect(adjusted.trim().split('\n')).toHaveLength(1);
    await doStep(company, THEN, CLOSE_JULY);
    expect(await readdir(join(company.folder, '.showback/closed/closed-month-restated'))).toEqual(
      expect.arrayContaining(['2026-07.1', '2026-07.2']),
    );
    await run(company);
    expect(await differences(company)).toEqual([]);
  });

  it('is opened last in, first out', async () => {
    const company = await copyOf(closed);
    await run(company);
    await doStep(company, THEN, { close: '2026-08', approver: 'mira', reason: 'r' });
    expect(await codesOf(doStep(company, THEN, { reopen: '2026-07', approver: 'mira', reason: 'r' }))).toEqual([
      'close/later-closed',
    ]);
    expect(await codesOf(doStep(company, THEN, { reopen: '2026-06', approver: 'mira', reason: 'r' }))).toEqual([
      'close/not-closed',
    ]);
    expect(await codesOf(doStep(company, THEN, { reopen: '2026-08', approver: '', reason: '' }))).toEqual([
      'close/people',
      'close/people',
    ]);
    await doStep(company, THEN, { reopen: '2026-08', approver: 'mira', reason: 'r' });
    await doStep(company, THEN, { reopen: '2026-07', approver: 'mira', reason: 'r' });
  });
});

interface Told {
  readonly made: readonly { readonly month: string }[];
}

describe('what closing makes', { timeout: SLOW }, () => {
  const CSV = 'csv/2026-07/customer_statement.csv';
  const ACCOUNTS = 'expense_account: "6420", clearing_account: "2150", cost_center: CC-0';

  it('lies with the close at once, is published by the next run, and goes when the month is opened', async () => {
    const company = await copyOf(closed);
    const { run: madeBy } = await madeOf(company);
    const made = await readFile(join(company.folder, LOCK_DIR, 'files', CSV), 'utf8');
    expect(made.split('\r\n').slice(1, 3)).toEqual([
      '2026-07,(unallocated),chat,Chat,Usage,USD,billed,models/rated_cost@day+provider,final,2026-07,cost,75.000000000000,75.0000',
      '2026-07,(unallocated),search,Search,Usage,USD,billed,models/rated_cost@day+provider,final,2026-07,cost,25.000000000000,25.0000',
    ]);
    expect(await readdir(join(company.folder, 'out/csv/2026-07'))).not.toContain('customer_statement.csv');
    expect(await differences(company)).toEqual([]);
    await run(company);
    expect(await readFile(join(company.folder, 'out', CSV), 'utf8')).toBe(made);
    expect(await readdir(join(company.folder, 'out/csv/2026-08'))).not.toContain('customer_statement.csv');
    const { made: months } = JSON.parse(await readFile(join(company.folder, 'out/current.json'), 'utf8')) as Told;
    // Which run made it stays known, and which close it is.
    expect(months[0]).toMatchObject({
      month: '2026-07',
      closed: true,
      run: madeBy,
      lock: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(await differences(company)).toEqual([]);
    await damageApart(company, join('out/current', CSV));
    expect((await differences(company)).join()).toContain(`as published now: ${CSV} is gone or changed`);
    await damageApart(company, join(LOCK_DIR, 'files', CSV));
    expect((await differences(company)).join()).toContain(`kept with the close: ${CSV} is gone or changed`);
    await doStep(company, THEN, { reopen: '2026-07', approver: 'mira', reason: 'r' });
    // Closed again before any run, now with a journal: what the first close made is published still, and is no figure of the month.
    await appendFile(company.pipelineFile, `chargeback: { ${ACCOUNTS} }\n`);
    await close(company);
    expect(await differences(company)).toEqual([]);
    const again = await readFile(join(company.folder, LOCK_DIR.replace(/1$/, '2'), 'files', CSV), 'utf8');
    expect(again).toBe(made);
    await doStep(company, THEN, { reopen: '2026-07', approver: 'mira', reason: 'r' });
    await run(company);
    expect(await readdir(join(company.folder, 'out/csv/2026-07'))).not.toContain('customer_statement.csv');
  });

  it('stands once, whatever a backfill publishes beside it', async () => {
    const company = await copyOf(closed);
    await doStep(company, THEN, { lay: 'september' });
    await runBackfill({ ...common(company), from: '2026-08', to: '2026-09', force: true });
    const { warehousePath } = await runPipeline({ ...common(company), force: true, scope: {} });
    expect(await valueIn(warehousePath, 'SELECT count(*) FROM marts.customer_statement')).toBe('2');
    expect(await differences(company)).toEqual([]);
    // Accounts have no say in what a run publishes.
    await appendFile(company.pipelineFile, `chargeback: { ${ACCOUNTS} }\n`);
    expect((await runPipeline({ ...common(company), force: false, scope: {} })).outcome).toBe('unchanged');
  });

  it('is nothing where the month was closed by a version that made nothing', async () => {
    const company = await copyOf(closed);
    await forgetAtClose(company);
    expect(await differences(company)).toEqual([]);
    const { warehousePath } = await run(company);
    expect(await valueIn(warehousePath, 'SELECT count(*) FROM marts.customer_statement')).toBe('0');
    expect(await differences(company)).toEqual([]);
  });
});

/** As if the month had been closed before there was anything that closing makes. */
async function forgetAtClose({ folder }: Company): Promise<void> {
  const path = join(folder, LOCK_DIR, 'lock.json');
  const { atClose, ...lock } = JSON.parse(await readFile(path, 'utf8')) as { atClose: { path: string }[] };
  for (const file of atClose) await rm(join(folder, LOCK_DIR, 'files', file.path));
  const text = `${JSON.stringify(lock, null, 2)}\n`;
  await writeFile(path, text);
  const journal = join(folder, LOCK_DIR, '../journal.ndjson');
  const hash = createHash('sha256').update(text).digest('hex');
  await writeFile(journal, (await readFile(journal, 'utf8')).replace(/"lock":"[0-9a-f]+"/, `"lock":"${hash}"`));
}

describe('what is changed behind a closed month is seen', { timeout: SLOW }, () => {
  const refuses = async (path: string): Promise<void> => {
    const company = await copyOf(closed);
    await damageApart(company, path);
    const before = await bytesBelow(join(company.folder, 'out'));
    const forced = runPipeline({ ...common(company), force: true, scope: {} });
    expect(await codesOf(forced), path).toContain('close/damaged');
    expect(await bytesBelow(join(company.folder, 'out'))).toEqual(before);
  };

  it.each(['lock.json', 'ledger.parquet', 'files/csv/2026-07/showback_team_month.csv'])('by a run: %s', async (name) =>
    refuses(join(LOCK_DIR, name)),
  );

  it('by a run that must compute by the rules of the close', async () => {
    const company = await copyOf(closed);
    await damage(company, `${LOCK_DIR}/config/04-rules.yaml`);
    for (const lay of ['corrected', 'other-rules']) await doStep(company, THEN, { lay });
    expect(await codesOf(run(company))).toEqual(['close/damaged']);
  });

  it.each([
    [
      'files/csv/2026-07/showback_team_month.csv',
      'files and the ledger kept with the close: csv/2026-07/showback_team_month.csv is gone or changed',
    ],
    ['ledger.parquet', 'files and the ledger kept with the close: ledger.parquet is gone or changed'],
  ])('by verify: %s', async (name, what) => {
    const company = await copyOf(closed);
    await damageApart(company, join(LOCK_DIR, name));
    expect((await differences(company)).join()).toContain(what);
  });

  it('by verify: a published file, and a landed one', async () => {
    const company = await copyOf(closed);
    await damageApart(company, 'out/current/csv/2026-07/showback_team_month.csv');
    expect((await differences(company)).join()).toContain(
      'as published now: csv/2026-07/showback_team_month.csv is gone or changed',
    );
    const blobs = join(company.folder, '.showback/landing/blobs');
    const lock = JSON.parse(await readFile(join(company.folder, LOCK_DIR, 'lock.json'), 'utf8')) as {
      landed: { sha256: string }[];
    };
    const sha256 = lock.landed[0]?.sha256 ?? '';
    await rm(join(blobs, sha256.slice(0, 2), sha256));
    expect((await differences(company)).join()).toContain('landed files that it was made of');
  });
});

describe('nothing of a closed month vanishes or stands twice', { timeout: SLOW }, () => {
  const july = async (company: Company, mart = 'showback_feature_month'): Promise<readonly string[]> =>
    (await readFile(join(company.folder, `out/csv/2026-08/${mart}.csv`), 'utf8')).trim().split('\n').slice(1);

  it('where a correction is taken back after its adjustment was closed', async () => {
    const company = await copyOf(closed);
    const bill = await readFile(join(company.folder, 'bills/2026-07.csv'));
    await doStep(company, THEN, { lay: 'corrected' });
    await run(company);
    await doStep(company, THEN, { close: '2026-08', approver: 'mira', reason: 'r' });
    await writeFile(join(company.folder, 'bills/2026-07.csv'), bill);
    await doStep(company, THEN, { lay: 'september' });
    const { warehousePath } = await run(company);
    const taken = await valueIn(warehousePath, "SELECT sum(amount) FROM marts.adjustment_month WHERE billing_month = '2026-09'");
    expect(taken).toBe('-20.000000000000');
    const all = await valueIn(
      warehousePath,
      "SELECT sum(amount) FROM marts.showback_feature_month WHERE original_month = '2026-07'",
    );
    expect(all).toBe('100.000000000000');
  });

  it('where its source is renamed', async () => {
    const company = await copyOf(closed);
    await edit(company, 'pipeline.yaml', (yaml) => yaml.replace('id: models', 'id: models-bills'));
    await run(company);
    expect(await july(company, 'adjustment_month')).toEqual([]);
  });

  it('where a bill is moved away, or its source goes', async () => {
    const company = await copyOf(closed);
    await rm(join(company.folder, 'bills/2026-07.csv'));
    expect(await codesOf(run(company))).toEqual(['close/evidence-gone']);
    const other = await copyOf(closed);
    await edit(other, 'pipeline.yaml', (yaml) => yaml.slice(0, yaml.indexOf('  - id: models')));
    await edit(other, 'rules.yaml', () => 'rules: []\n');
    expect(await codesOf(run(other))).toContain('close/evidence-gone');
  });

  it('where a later bill covers usage that was estimated', async () => {
    const company = await copyOf(published);
    await rm(join(company.folder, '.showback'), { recursive: true });
    await rm(join(company.folder, 'bills/2026-07.csv'));
    await edit(company, 'pipeline.yaml', (yaml) => yaml.replace('registry: {', 'registry: { invoices: [invoices.csv],'));
    await writeFile(
      join(company.folder, 'invoices.csv'),
      'provider,invoice_id,billing_month,total,currency\nmodels,none,2026-07,0,USD\n',
    );
    await run(company);
    await close(company);
    // August's bill tells of July's day too.
    await edit(company, 'bills/2026-08.csv', (csv) =>
      csv.replace('2026-08-01,2026-08-31,2026-08-10', '2026-07-10,2026-08-09,2026-07-10').replace('A-1', 'A-2'),
    );
    await rm(join(company.folder, 'out'), { recursive: true });
    const { warehousePath } = await run(company);
    const estimated = await valueIn(
      warehousePath,
      "SELECT sum(amount) FROM marts.showback_feature_month WHERE original_month = '2026-07' AND finality = 'estimated'",
    );
    expect(Number(estimated)).toBe(0);
  });

  it.each([
    [
      'an entry that begins in a closed month',
      '{ id: rack, description: rack, kind: prepaid, cost: "1200", currency: USD, provider: own, in_service_on: 2026-07-01, horizon_months: 12, bill: none }',
    ],
    [
      'an entry that takes a charge out of it',
      '{ id: rack, description: rack, kind: prepaid, cost: "100", currency: USD, provider: models, in_service_on: 2026-08-01, horizon_months: 12, bill: { provider: models, invoice: J-1 } }',
    ],
  ])('by %s', async (_, entry) => {
    const company = await copyOf(closed);
    await writeFile(join(company.folder, 'fixed_costs.yaml'), `fixed_costs:\n  - ${entry}\n`);
    await edit(company, 'pipeline.yaml', (yaml) => yaml.replace('registry: {', 'registry: { fixed_costs: fixed_costs.yaml,'));
    expect(await codesOf(run(company))).toContain('control/closed_register');
  });

  it('where the books are lost, renamed or damaged, or begin elsewhere', async () => {
    const books = '.showback/closed/closed-month-restated';
    const company = await copyOf(closed);
    await run(company);
    const journal = await readFile(join(company.folder, books, 'journal.ndjson'), 'utf8');
    await edit(company, 'pipeline.yaml', (yaml) => yaml.replace('name: closed-month-restated', 'name: renamed'));
    expect(await codesOf(run(company))).toEqual(['close/lost']);
    await edit(company, 'pipeline.yaml', (yaml) =>
      yaml.replace('name: renamed', 'name: closed-month-restated').replace('start: 2026-07', 'start: 2026-08'),
    );
    expect(await codesOf(run(company))).toEqual(['close/start']);
    await edit(company, 'pipeline.yaml', (yaml) => yaml.replace('start: 2026-08', 'start: 2026-07'));
    await writeFile(join(company.folder, books, 'journal.ndjson'), journal.replace('"month"', '#month"'));
    expect(await codesOf(run(company))).toEqual(['close/damaged']);
    await rm(join(company.folder, books, 'journal.ndjson'));
    expect(await codesOf(run(company))).toEqual(['close/lost']);
    expect(await codesOf(close(company))).toEqual(['close/lost']);
    // What a crash cut is no damage, and no folder goes for want of a line.
    await writeFile(join(company.folder, books, 'journal.ndjson'), `${journal}{"entry":"reop`);
    await run(company);
    expect(await readdir(join(company.folder, books))).toContain('2026-07.1');
  });

  it('where it is reopened and a look-back window would leave it, or half of the months, as published', async () => {
    const company = await copyOf(closed);
    await doStep(company, THEN, { lay: 'corrected' });
    await doStep(company, THEN, { lay: 'september' });
    await edit(company, 'pipeline.yaml', (yaml) => `${yaml}look_back: 0\n`);
    await run(company);
    await doStep(company, THEN, { reopen: '2026-07', approver: 'mira', reason: 'r' });
    expect(await codesOf(run(company, { month: '2026-07' }))).toEqual(['run/reopened']);
    expect(await codesOf(runBackfill({ ...common(company), from: '2026-07', to: '2026-09', force: true }))).toEqual([
      'run/reopened',
    ]);
    const { warehousePath } = await run(company);
    const all = await valueIn(warehousePath, 'SELECT sum(amount) FROM marts.showback_feature_month');
    expect(all).toBe('170.000000000000');
    expect(await valueIn(warehousePath, 'SELECT count(*) FROM marts.adjustment_month')).toBe('0');
  });

  it('where a published file is changed: the copy of the close is another', async () => {
    const company = await copyOf(closed);
    await run(company);
    const name = 'csv/2026-07/showback_team_month.csv';
    await damage(company, join('out', name));
    await runPipeline({ ...common(company), force: true, scope: {} });
    expect(await differences(company)).toEqual([]);
  });
});

async function valueIn(path: string, select: string): Promise<string | null> {
  await using warehouse = await openDuckDb({ path, readOnly: true, threads: 1 });
  const [row] = await warehouse.rows(select);
  return Object.values(row ?? {})[0] ?? null;
}
