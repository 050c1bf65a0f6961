// Whatever comes in whatever order, and whichever months are published as of whichever day: each published run is one step of the months
// that it moved, by exactly what anybody finds who compares the published days of both, and the steps sum to what is published.
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { monthOf } from '../../src/kernel/period.js';
import { type Manifest, readPublished } from '../../src/publish/directory.js';
import { runBackfill } from '../../src/run/backfill.js';
import { runPipeline } from '../../src/run/run.js';
import { openDuckDb } from '../../src/warehouse/duckdb.js';
import type { Row } from '../../src/warehouse/warehouse.js';
import type { Company } from '../golden/company.js';
import { AS_OF, deliver, MONTHS, threeMonths } from '../golden/three-months.js';
import { randomDeliveries } from './random-deliveries.js';
import { Dice } from './random-dice.js';

vi.mock('../../src/model/catalog.js', async (original) => (await import('../golden/one-catalog.js')).oneCatalog(original));

const BATCHES = 4;
const DAYS = ['2026-07-20', '2026-07-31', '2026-08-20', AS_OF];
const now = (): Date => new Date('2031-01-01T00:00:00Z');
const FINALITIES = ['estimated', 'provisional', 'final'];

/** What is published, read by nobody of the program. */
interface Published {
  readonly manifest: Manifest;
  readonly days: readonly Row[];
  readonly moved: readonly Row[];
}

async function publishedBy(company: Company): Promise<Published> {
  const manifest = await readPublished(join(company.folder, 'out'));
  if (manifest === null) throw new Error('nothing is published');
  await using engine = await openDuckDb({ threads: 1 });
  const rowsOf = async (mart: string, order: string) =>
    engine.rows(
      `SELECT * FROM read_parquet('${company.folder}/out/current/parquet/${mart}/*/data.parquet', hive_partitioning = false) ORDER BY ${order}`,
    );
  return { manifest, days: await rowsOf('showback_feature_day', 'ALL'), moved: await rowsOf('estimate_movement', 'ALL') };
}

const asOfIn = (published: Published | null, month: string): string | null =>
  published?.manifest.made.find((made) => made.month === month)?.asOf ?? null;

const runIn = (published: Published | null, month: string): string | null =>
  published?.manifest.made.find((made) => made.month === month)?.run ?? null;

/** Units of 10^-12. */
function units(text: string | null | undefined): bigint {
  const [whole = '0', fraction = ''] = (text ?? '0').split('.');
  return BigInt(`${whole}${fraction.padEnd(12, '0')}`);
}

function textOf(amount: bigint): string {
  const digits = String(amount < 0n ? -amount : amount).padStart(13, '0');
  return `${amount < 0n ? '-' : ''}${digits.slice(0, -12)}.${digits.slice(-12)}`;
}

const KEY = ['billing_month', 'original_month', 'feature_id', 'category', 'currency'] as const;
const keyOf = (row: Row): string => KEY.map((name) => row[name] ?? '').join('|');

/** Amount and least finality of a key, and what of it lies on days through `through`. */
function standing(published: Published | null, key: string, through: string) {
  const rows = (published?.days ?? []).filter((row) => keyOf(row) === key);
  if (rows.length === 0) return null;
  const sum = (of: readonly Row[]): bigint => of.reduce((total, { amount }) => total + units(amount), 0n);
  const finality = FINALITIES.find((each) => rows.some((row) => row['finality'] === each)) ?? '';
  return { amount: sum(rows), finality, counted: sum(rows.filter((row) => (row['usage_date'] ?? '') <= through)) };
}

/** The rows that this run adds, worked out from the days of both. */
function expectedStep(before: Published | null, after: Published): readonly Row[] {
  const keys = [...new Set([...(before?.days ?? []), ...after.days].map(keyOf))].sort();
  return keys.flatMap((key): readonly Row[] => {
    const [month = ''] = key.split('|');
    const [wasThrough, isThrough] = [asOfIn(before, month), asOfIn(after, month)];
    const through = [wasThrough ?? '', isThrough ?? ''].sort()[0] ?? '';
    const [was, is] = [standing(before, key, through), standing(after, key, through)];
    if (was?.amount === is?.amount && was?.finality === is?.finality) return [];
    const last = (before?.moved ?? []).filter((row) => row['billing_month'] === month).map((row) => Number(row['step']));
    const named = Object.fromEntries(key.split('|').map((value, at) => [KEY[at] ?? '', value]));
    return [
      {
        ...named,
        step: String(Math.max(0, ...last) + 1),
        run_id: runIn(after, month),
        as_of: isThrough,
        previous_run_id: runIn(before, month),
        previous_as_of: wasThrough,
        previous_finality: was?.finality ?? null,
        finality: is?.finality ?? null,
        previous_amount: was === null ? null : textOf(was.amount),
        amount: is === null ? null : textOf(is.amount),
        movement: textOf((is?.amount ?? 0n) - (was?.amount ?? 0n)),
        restated: wasThrough === null ? null : textOf((is?.counted ?? 0n) - (was?.counted ?? 0n)),
      },
    ];
  });
}

const inOrder = (rows: readonly Row[]): readonly string[] =>
  rows.map((row) => JSON.stringify(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1)))).sort();

interface Action {
  readonly asOf: string;
  /** Null: all that is open. */
  readonly month: string | null;
  readonly backfill: boolean;
}

function randomAction(dice: Dice): Action {
  const asOf = dice.of(DAYS);
  const month = dice.of([null, dice.of(MONTHS.filter((each) => each <= monthOf(asOf)))]);
  return { asOf, month, backfill: month !== null && dice.flip() };
}

/** One published run. */
async function publish(company: Company, { asOf, month, backfill }: Action, force: boolean): Promise<unknown> {
  const common = { ...company, threads: 1, force, listener: () => undefined, now };
  if (backfill && month !== null) return runBackfill({ ...common, from: month, to: month, asOf });
  return runPipeline({ ...common, scope: month === null ? { asOf } : { month, asOf } });
}

async function history(seed: number): Promise<void> {
  const dice = new Dice(seed);
  await using company = await threeMonths({ delivered: {}, ...(dice.flip() ? { lookBack: 1 } : {}) });
  let before: Published | null = null;
  for (const batch of await randomDeliveries(dice, BATCHES)) {
    await deliver(company, batch);
    const action = randomAction(dice);
    const place = `seed ${seed}, ${JSON.stringify(action)}`;
    await publish(company, action, false);
    const after = await publishedBy(company);
    expect(inOrder(after.moved), place).toEqual(inOrder([...(before?.moved ?? []), ...expectedStep(before, after)]));
    before = after;
    if (dice.below(3) > 0) continue;
    await publish(company, action, true);
    before = await publishedBy(company);
    expect(inOrder(before.moved), `${place} by force`).toEqual(inOrder(after.moved));
  }
}

const SECONDS = 15;

it('movements are those of the published days, step by step, and sum to what is published', { timeout: 240_000 }, async () => {
  const began = performance.now();
  let done = 0;
  // A busy machine gets through fewer histories; one is the least.
  const inTime = async (seed: number): Promise<void> => {
    if (done >= 1 && performance.now() - began > SECONDS * 1000) return;
    await history(seed);
    done += 1;
  };
  await fc.assert(fc.asyncProperty(fc.nat(), inTime), { numRuns: 6, endOnFailure: true });
  expect(done).toBeGreaterThanOrEqual(1);
});
