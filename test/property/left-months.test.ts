// Whatever comes from night to night, what is published is what a run publishes that computes every month: every byte, and what is told of it.
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { plusDays } from '../../src/kernel/period.js';
import { bytesBelow, type Company } from '../golden/company.js';
import { toldBy } from '../golden/nights.js';
import { type Delivery, event, threeMonths } from '../golden/three-months.js';
import { randomDeliveries } from './random-deliveries.js';
import { Dice } from './random-dice.js';

vi.mock('../../src/model/catalog.js', async (original) => (await import('../golden/one-catalog.js')).oneCatalog(original));

const NIGHTS = 4;

/** Some nights have a log of their day alone, as most nights do; the others anything, of any month. */
async function randomNights(dice: Dice): Promise<readonly (readonly [asOf: string, batch: Delivery])[]> {
  const first = dice.of(['2026-09-11', '2026-09-28', '2026-09-29']);
  const batches = await randomDeliveries(dice, NIGHTS);
  return batches.map((batch, at) => {
    const asOf = plusDays(first, at);
    const own = { [`usage/night-${at}.jsonl`]: event(`n${at}`, `${asOf}T10:00:00Z`) };
    return [asOf, at > 0 && dice.below(3) > 0 ? own : batch];
  });
}

/** Gives how many months its nights left. */
async function nights(seed: number): Promise<number> {
  const dice = new Dice(seed);
  const lookBack = dice.of([null, 0, 1, 2]);
  const options = { ...(lookBack === null ? {} : { lookBack }), delivered: {} };
  await using company = await threeMonths(options);
  await using full = await threeMonths(options);
  const published = async ({ folder }: Company) => bytesBelow(join(folder, 'out/current/'));
  let left = 0;
  for (const [asOf, batch] of await randomNights(dice)) {
    const place = `seed ${seed}, ${asOf}, look_back ${lookBack ?? 'none'}`;
    const [told, all] = [await toldBy(company, asOf, batch), await toldBy(full, asOf, batch, true)];
    expect(await published(company), place).toEqual(await published(full));
    expect(told.warnings, place).toEqual(all.warnings);
    left += told.left.length;
  }
  return left;
}

const SECONDS = 30;

it('what is left is what would be computed', { timeout: 240_000 }, async () => {
  const began = performance.now();
  let left = 0;
  const inTime = async (seed: number): Promise<void> => {
    if (left > 0 && performance.now() - began > SECONDS * 1000) return;
    left += await nights(seed);
  };
  await fc.assert(fc.asyncProperty(fc.nat(), inTime), { numRuns: 12, endOnFailure: true });
  expect(left).toBeGreaterThan(0);
});
