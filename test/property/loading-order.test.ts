// Whatever came in whatever order, with whatever runs in between: a run's own months are those of one run of everything that is there by
// then, and every other month stays byte for byte as it was published.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { lastDay, monthOf } from '../../src/kernel/period.js';
import { runBackfill } from '../../src/run/backfill.js';
import { type Company, run } from '../golden/company.js';
import { AS_OF, deliver, MONTHS, ofMonth, publishedBytes, threeMonths } from '../golden/three-months.js';
import { randomDeliveries } from './random-deliveries.js';
import { Dice } from './random-dice.js';

vi.mock('../../src/model/catalog.js', async (original) => (await import('../golden/one-catalog.js')).oneCatalog(original));

const BATCHES = 3;
const DAYS = ['2026-07-31', '2026-08-20', AS_OF];

type Action =
  | { readonly kind: 'run' | 'date'; readonly asOf: string }
  | { readonly kind: 'month'; readonly asOf: string; readonly month: string }
  | { readonly kind: 'backfill'; readonly asOf: string; readonly month: string };

/** The last one is a run of all that is open, as every night. */
function randomAction(dice: Dice, at: number): Action {
  if (at === BATCHES - 1) return { kind: 'run', asOf: AS_OF };
  const asOf = dice.of(DAYS);
  const month = dice.of(MONTHS.filter((each) => each <= monthOf(asOf)));
  return dice.of([
    { kind: 'run', asOf },
    { kind: 'date', asOf },
    { kind: 'month', asOf, month },
    { kind: 'backfill', asOf, month },
  ]);
}

async function perform(company: Company, action: Action): Promise<unknown> {
  switch (action.kind) {
    case 'run':
      return run(company, { asOf: action.asOf });
    case 'date':
      return run(company, { date: action.asOf });
    case 'month':
      return run(company, { month: action.month, asOf: action.asOf });
    case 'backfill':
      return runBackfill({
        ...company,
        from: action.month,
        asOf: action.asOf,
        threads: 1,
        force: false,
        listener: () => undefined,
        now: () => new Date('2031-01-01T00:00:00Z'),
      });
    default:
      return action satisfies never;
  }
}

/** Months that the action restates, by what the documentation says. `through` tells how far each month was published. */
function restated(action: Action, lookBack: number | null, through: ReadonlyMap<string, string>): readonly string[] {
  const last = monthOf(action.asOf);
  const known = MONTHS.filter((month) => month <= last);
  switch (action.kind) {
    case 'month':
      return [action.month];
    case 'date':
      return [last];
    case 'backfill':
      return known.filter((month) => month >= action.month);
    case 'run': {
      const window = lookBack === null ? 0 : Math.max(0, known.length - 1 - lookBack);
      const incomplete = known.findIndex((month) => (through.get(month) ?? '') < lastDay(month));
      return known.slice(incomplete < 0 ? window : Math.min(window, incomplete));
    }
    default:
      return action satisfies never;
  }
}

async function history(seed: number): Promise<void> {
  const dice = new Dice(seed);
  const lookBack = dice.of([null, 0, 1]);
  await using company = await threeMonths({ ...(lookBack === null ? {} : { lookBack }), delivered: {} });
  await using full = await threeMonths({ delivered: {} });
  const through = new Map<string, string>();
  let before: Readonly<Record<string, string>> = {};
  for (const [at, batch] of (await randomDeliveries(dice, BATCHES)).entries()) {
    for (const each of [company, full]) await deliver(each, batch);
    const action = randomAction(dice, at);
    await perform(company, action);
    for (const folder of ['.showback', 'out']) await rm(join(full.folder, folder), { recursive: true, force: true });
    await run(full, { asOf: action.asOf });
    const [now, whole] = [await publishedBytes(company), await publishedBytes(full)];
    const own = restated(action, lookBack, through);
    for (const month of MONTHS) {
      const place = `seed ${seed}, action ${at} ${JSON.stringify(action)}, look_back ${lookBack ?? 'none'}, ${month}`;
      expect(ofMonth(now, month), place).toEqual(ofMonth(own.includes(month) ? whole : before, month));
    }
    for (const month of own) through.set(month, action.asOf);
    const isAllOpen = lookBack === null && action.kind === 'run' && action.asOf === AS_OF;
    expect(now).toEqual(isAllOpen ? whole : now);
    // Logs are rotated away once they are loaded; what landed still counts.
    for (const name of Object.keys(batch)) if (name.startsWith('usage/') && dice.flip()) await rm(join(company.folder, name));
    before = now;
  }
}

const SECONDS = 8;

it('in any order of loading, incremental is full', { timeout: 120_000 }, async () => {
  const began = performance.now();
  let done = 0;
  // A busy machine gets through fewer histories; one is the least.
  const inTime = async (seed: number): Promise<void> => {
    if (done >= 1 && performance.now() - began > SECONDS * 1000) return;
    await history(seed);
    done += 1;
  };
  await fc.assert(fc.asyncProperty(fc.nat(), inTime), { numRuns: 4, endOnFailure: true });
  expect(done).toBeGreaterThanOrEqual(1);
});
