// A run that is killed anywhere leaves the old run or the new one to readers, whole; the run after it publishes the bytes of a run that
// nobody disturbed, and leaves nothing behind. `make test-crash` kills at every step, every change of a file and at random moments.
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { readHistory } from '../../src/run/ledger.js';
import { run } from '../golden/company.js';
import { imageOf, leftBehind, publishedBytes, readersSee } from './aftermath.js';
import { deliverMore, makeCompany, ROOM } from './company.js';
import { census, drive, type Point, pointText, type Seen, writeCatalog } from './kill.js';
import { Dice } from '../property/random-dice.js';
import { everyPoint, somePoints } from './points.js';

vi.mock('../../src/model/catalog.js', async (original) => (await import('../golden/one-catalog.js')).oneCatalog(original));

const EVERY = process.env['CRASH'] === 'every';
const SEED = Number(process.env['CRASH_SEED'] ?? '20260731');
const AT_ONCE = 2;
const SLOW = EVERY ? 900_000 : 120_000;

interface Start {
  readonly folder: string;
  /** The run that readers see before, and what they see after. */
  readonly before: string | null;
  readonly after: string | null;
  readonly bytes: Readonly<Record<string, string>>;
  readonly seen: Seen;
  /** States that a kill left and whose next run was looked at already. */
  readonly images: Map<string, Promise<void>>;
}

let home = '';
let catalog = '';
const starts: { first?: Start; second?: Start } = {};

beforeAll(async () => {
  home = await mkdtemp(join(ROOM, 'showback-kills-'));
  catalog = join(home, 'catalog');
  await writeCatalog(catalog);
  const company = await makeCompany();
  starts.first = await startFrom(company, false);
  await run({ folder: company, pipelineFile: join(company, 'pipeline.yaml') });
  await deliverMore(company);
  starts.second = await startFrom(company, EVERY);
  await rm(company, { recursive: true });
}, SLOW);

afterAll(async () => rm(home, { recursive: true, force: true }));

async function startFrom(company: string, everyCopy: boolean): Promise<Start> {
  const folder = await copyOf(company);
  const undisturbed = await copyOf(company);
  const seen = await census(undisturbed, catalog, await mkdtemp(join(home, 'copies-')), everyCopy);
  const [before, after] = [await readersSee(join(folder, 'out')), await readersSee(join(undisturbed, 'out'))];
  expect(after).not.toBe(before);
  return { folder, before, after, seen, bytes: await publishedBytes(join(undisturbed, 'out')), images: new Map() };
}

async function copyOf(company: string): Promise<string> {
  const folder = await mkdtemp(join(home, 'company-'));
  await cp(company, folder, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
  return folder;
}

async function killed(start: Start, point: Point): Promise<'killed' | 'ended'> {
  const folder = await copyOf(start.folder);
  const how = await drive({ folder, catalog, kill: point });
  await survived(start, folder);
  return how;
}

/** Looks as a reader, runs again, and compares. What was left behind before in the same way is not run again. */
async function survived(start: Start, folder: string): Promise<void> {
  expect([start.before, start.after]).toContain(await readersSee(join(folder, 'out')));
  const image = await imageOf(folder);
  const looked = start.images.get(image) ?? goesOn(start, folder);
  start.images.set(image, looked);
  await looked;
  await rm(folder, { recursive: true });
}

async function goesOn(start: Start, folder: string): Promise<void> {
  const result = await run({ folder, pipelineFile: join(folder, 'pipeline.yaml') });
  expect(result.runId).toBe(start.after);
  expect(await readersSee(join(folder, 'out'))).toBe(start.after);
  const bytes = await publishedBytes(join(folder, 'out'));
  expect(Object.keys(bytes)).toEqual(Object.keys(start.bytes));
  for (const [name, content] of Object.entries(start.bytes)) expect(bytes[name] === content, name).toBe(true);
  expect(await leftBehind(folder)).toEqual([]);
  const last = (await readHistory(join(folder, '.showback'))).at(-1);
  expect(['published', 'unchanged']).toContain(last?.outcome);
}

/** Does all of it, two at once, and tells every one that was lost. */
async function each<T>(all: readonly T[], name: (one: T) => string, work: (one: T) => Promise<unknown>): Promise<void> {
  const queue = [...all];
  const lost: string[] = [];
  const next = async (): Promise<void> => {
    for (let one = queue.shift(); one !== undefined; one = queue.shift()) {
      const named = name(one);
      await work(one).catch((error: unknown) => lost.push(`${named}: ${error instanceof Error ? error.message : String(error)}`));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, next));
  expect(lost).toEqual([]);
}

/** Publishing where an older run is published; of the first run, what it alone does to the published folder. */
function copiesToLookAt(which: 'first' | 'second', start: Start): readonly (readonly [string, string])[] {
  const all = Object.entries(start.seen.copies);
  if (EVERY) return all;
  const other = new Set(Object.keys(starts.second?.seen.copies ?? {}));
  return all.filter(([site]) => (which === 'second' ? site.includes(' out') : site.includes(' out') && !other.has(site)));
}

describe.each(EVERY ? (['first', 'second'] as const) : (['second'] as const))('the %s run', (which) => {
  it('is survived where it is killed', { timeout: SLOW }, async () => {
    const start = starts[which]!;
    const points = EVERY && which === 'second' ? everyPoint(start.seen, new Dice(SEED)) : somePoints(start.seen);
    let count = 0;
    await each(points, pointText, async (point) => {
      if ((await killed(start, point)) === 'killed') count += 1;
    });
    // A random moment may come when its step is over; the run is killed a step later, or has ended.
    console.log(`killed ${count} of ${points.length} points, survived ${points.length} (seed ${SEED})`);
    expect(count).toBeGreaterThanOrEqual(EVERY ? points.length * 0.8 : points.length);
  });
});

describe.each(['first', 'second'] as const)('the %s run', (which) => {
  it('is survived as a kill before a file change leaves it', { timeout: SLOW }, async () => {
    const start = starts[which]!;
    const copies = copiesToLookAt(which, start);
    expect(copies.length).toBeGreaterThan(which === 'first' ? 2 : 5);
    await each(
      copies,
      ([site]) => site,
      async ([, folder]) => survived(start, folder),
    );
    console.log(`${copies.length} file changes; ${start.images.size} states left behind in all, each run again`);
  });
});
