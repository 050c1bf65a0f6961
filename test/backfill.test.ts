// A backfill publishes months one after the other, and they are what one run of all months would have published.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { RunEvent } from '../src/kernel/event.js';
import { Failure } from '../src/kernel/failure.js';
import type { BackfillRequest, BackfillResult } from '../src/run/api.js';
import { runBackfill } from '../src/run/backfill.js';
import { readHistory } from '../src/run/ledger.js';
import { type Company, run } from './golden/company.js';
import { AS_OF, deliver, event, MONTHS, publishedBytes, threeMonths } from './golden/three-months.js';

vi.mock('../src/model/catalog.js', async (original) => (await import('./golden/one-catalog.js')).oneCatalog(original));

const MAIN = join(import.meta.dirname, '../dist/cli/main.js');
const SLOW = 120_000;
const NOW = new Date('2031-01-01T00:00:00Z');

let bytes: Readonly<Record<string, string>>;

beforeAll(async () => {
  await using full = await threeMonths();
  await run(full, { asOf: AS_OF });
  bytes = await publishedBytes(full);
}, SLOW);

interface Told {
  readonly result: BackfillResult | null;
  readonly error: unknown;
  readonly events: readonly RunEvent[];
}

async function backfill(company: Company, changes: Partial<BackfillRequest> = {}): Promise<Told> {
  const events: RunEvent[] = [];
  const listener = (event: RunEvent): void => {
    events.push(event);
    changes.listener?.(event);
  };
  const request = { ...company, from: MONTHS[0], asOf: AS_OF, threads: 1, force: false, now: () => NOW, ...changes, listener };
  return runBackfill(request).then(
    (result) => ({ result, error: null, events }),
    (error: unknown) => ({ result: null, error, events }),
  );
}

function monthsTold(events: readonly RunEvent[]): readonly string[] {
  return events.flatMap((told) => (told.kind === 'month' ? [`${told.number} of ${told.total} ${told.month} ${told.state}`] : []));
}

const landings = (events: readonly RunEvent[]): number =>
  events.filter((told) => told.kind === 'step' && told.step === 'load the lake' && told.state === 'done').length;

describe('a backfill', () => {
  let company: Company & AsyncDisposable;
  beforeAll(async () => {
    company = await threeMonths();
  });
  afterAll(async () => company[Symbol.asyncDispose]());

  it('that is killed in a month goes on from there', { timeout: SLOW }, async () => {
    await using company = await threeMonths();
    const args = [MAIN, 'backfill', '--from', '2026-07', '--as-of', AS_OF, '--threads', '1', '--json'];
    const child = spawn(process.execPath, args, { cwd: company.folder, stdio: ['ignore', 'pipe', 'inherit'] });
    const over = new Promise((resolve) => child.once('close', (_, signal) => resolve(signal)));
    let out = '';
    child.stdout.on('data', (chunk) => {
      out += String(chunk);
      if (/"2026-08","number":2,"total":3,"state":"started"/.test(out)) child.kill('SIGKILL');
    });
    expect(await over).toBe('SIGKILL');
    expect((await backfill(company)).result).toMatchObject({ published: ['2026-08', '2026-09'], unchanged: ['2026-07'] });
    expect(await publishedBytes(company)).toEqual(bytes);
  });

  it('that dies in a month keeps those before it and goes on from there', { timeout: SLOW }, async () => {
    const dies = (told: RunEvent): void => {
      if (told.kind === 'step' && told.step === 'publish' && told.state === 'started' && dying === 2) throw new Error('died');
      if (told.kind === 'month' && told.state === 'started') dying = told.number;
    };
    let dying = 0;
    const killed = await backfill(company, { listener: dies });
    expect(killed.error).toMatchObject({ message: 'died' });
    expect(monthsTold(killed.events)).toEqual([
      '1 of 3 2026-07 started',
      '1 of 3 2026-07 published',
      '2 of 3 2026-08 started',
      '2 of 3 2026-08 failed',
    ]);
    expect(killed.events.at(-1)).toMatchObject({
      kind: 'backfill-finished',
      outcome: 'failed',
      published: ['2026-07'],
      left: ['2026-08', '2026-09'],
    });
    expect(Object.keys(await publishedBytes(company)).some((name) => name.includes('2026-08'))).toBe(false);

    const rest = await backfill(company);
    expect(rest.result).toMatchObject({
      published: ['2026-08', '2026-09'],
      unchanged: ['2026-07'],
      last: { months: [...MONTHS] },
    });
    expect(monthsTold(rest.events)[0]).toBe('1 of 3 2026-07 unchanged');
    expect(landings(rest.events)).toBe(1);
    expect(await publishedBytes(company)).toEqual(bytes);
  });

  it('of what is published already does nothing, whatever run published it', { timeout: SLOW }, async () => {
    const again = await backfill(company);
    expect(again.result).toMatchObject({ published: [], unchanged: [...MONTHS], last: { outcome: 'unchanged' } });
    expect(landings(again.events)).toBe(0);
    expect((await run(company, { asOf: AS_OF })).outcome).toBe('unchanged');
    expect((await run(company, { month: '2026-08', asOf: AS_OF })).outcome).toBe('unchanged');
    const past = await readHistory(join(company.folder, '.showback'));
    expect(past.map(({ outcome, months }) => `${outcome ?? 'killed'} ${months.join(' ')}`)).toEqual([
      `failed ${MONTHS.join(' ')}`,
      'published 2026-07',
      'failed 2026-08',
      `published ${MONTHS.join(' ')}`,
      'published 2026-08',
      'published 2026-09',
      ...Array<string>(2).fill(`unchanged ${MONTHS.join(' ')}`),
      'unchanged 2026-08',
    ]);
  });

  it('holds the lock from its first month to its last', { timeout: SLOW }, async () => {
    const others: Promise<unknown>[] = [];
    const told = await backfill(company, {
      force: true,
      from: '2026-08',
      listener: (told) => {
        if (told.kind === 'month' && told.state === 'started')
          others.push(run(company, { asOf: AS_OF }).catch((error: unknown) => error));
      },
    });
    expect(told.result?.published).toEqual(['2026-08', '2026-09']);
    expect(others).toHaveLength(2);
    for (const other of await Promise.all(others)) expect(other).toMatchObject({ kind: 'locked' });
    expect(await publishedBytes(company)).toEqual(bytes);
  });

  it('stops at the month whose control fails, with its name', { timeout: SLOW }, async () => {
    await deliver(company, { 'usage/unpriced.jsonl': event('x', '2026-08-03T00:00:00Z', { model: 'gpt-seven' }) });
    const told = await backfill(company);
    expect(told.error).toBeInstanceOf(Failure);
    expect(told.error).toMatchObject({ kind: 'check', part: '2026-08', problems: [{ code: 'control/unpriced' }] });
    expect(told.events.at(-1)).toMatchObject({ published: ['2026-07'], left: ['2026-08', '2026-09'] });
    expect(await publishedBytes(company)).toEqual(bytes);
  });
});

it('leaves a gap that the next run closes, and the months around it as they are', { timeout: SLOW }, async () => {
  await using company = await threeMonths({ lookBack: 0 });
  expect(await backfill(company, { to: '2026-07' })).toMatchObject({ error: null, result: { published: ['2026-07'] } });
  expect((await run(company, { asOf: AS_OF })).months).toEqual([...MONTHS]);
  expect(await publishedBytes(company)).toEqual(bytes);
});

it('is refused outside the books', { timeout: SLOW }, async () => {
  await using company = await threeMonths();
  const refused = async (changes: Partial<BackfillRequest>): Promise<string> => String((await backfill(company, changes)).error);
  expect(await refused({ from: '2026-06' })).toContain('the books start in 2026-07');
  expect(await refused({ to: '2026-10' })).toContain('the as-of day 2026-09-30 is before 2026-10 begins');
  expect(await refused({ from: '2026-09', to: '2026-08' })).toContain('--from 2026-09 is after --to 2026-08');
  expect(await refused({ from: '2026-13' })).toContain('--from 2026-13 is no month');
});
