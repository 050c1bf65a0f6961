// What moved a figure sums to its movement, whatever changed; one change has it all, and what did not change has no part and is not built.
import { createHash } from 'node:crypto';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Failure } from '../../src/kernel/failure.js';
import type { Pipeline } from '../../src/pipeline/pipeline.js';
import { diffRuns } from '../../src/run/diff-runs.js';
import type { FigureMove, RunDiff } from '../../src/run/diff-runs-api.js';
import { walked } from '../../src/run/diff-runs-chain.js';
import { type Figures, movesOf } from '../../src/run/diff-runs-figures.js';
import type { Ingredients } from '../../src/run/diff-runs-ingredients.js';
import type { Making } from '../../src/run/diff-runs-makings.js';
import { openDuckDb } from '../../src/warehouse/duckdb.js';
import type { Warehouse } from '../../src/warehouse/warehouse.js';
import { run } from '../golden/company.js';
import { RANDOM_CHANGES } from './random-changes.js';
import { Dice } from './random-dice.js';

vi.mock('../../src/model/catalog.js', async (original) => (await import('../golden/one-catalog.js')).oneCatalog(original));

const BASE = join(import.meta.dirname, '../../fixtures/errors/.base/running');

/** Units of 10^-12, so that a test adds without the engine that it looks at. */
function pico(amount: string): bigint {
  const [whole = '0', fraction = ''] = amount.replace('-', '').split('.');
  const value = BigInt(whole) * 1_000_000_000_000n + BigInt(fraction.padEnd(12, '0'));
  return amount.startsWith('-') ? -value : value;
}

function expectSums(figures: readonly FigureMove[]): void {
  for (const { before, after, difference, contributions } of figures) {
    const told = contributions.reduce((sum, { amount }) => sum + pico(amount), 0n);
    expect(told).toBe(pico(difference));
    expect(pico(before) + told).toBe(pico(after));
  }
}

describe('replaced one by one, by figures that are any function of the ingredients', () => {
  const SOURCES = ['aws', 'openai', 'logs'];
  const KEYS = ['prices', 'fx', 'rules', 'revenue', 'fixedCosts', 'features', 'currency'] as const;
  const KINDS = {
    prices: 'prices',
    fx: 'fx',
    rules: 'rules',
    revenue: 'revenue',
    fixedCosts: 'fixed_costs',
    features: 'features',
    currency: 'settings',
  };
  const MONTHS = ['2026-07', '2026-08'];
  let warehouse: Warehouse;
  beforeAll(async () => (warehouse = await openDuckDb({ threads: 1 })));
  afterAll(async () => warehouse[Symbol.asyncDispose]());

  /** Each number is one ingredient; equal numbers are equal ingredients. */
  function ingredients(numbers: readonly number[]): Ingredients {
    const at = (name: string): number => numbers[[...KEYS, ...SOURCES, 'as_of'].indexOf(name)] ?? 0;
    const rows = (name: string): readonly object[] => [
      {
        poolId: name,
        provider: 'p',
        sku: String(at(name)),
        method: { kind: `m${at(name)}` },
        featureId: 'f',
        validFrom: '',
        unitExponent: 0,
      },
    ];
    const pipeline = {
      ...{ name: 'n', currency: `C${at('currency')}`, start: '2026-07', tags: [], aliases: [], skus: [], skuMap: [] },
      ...{ invoices: [], acceptUnpriced: [], variance: [], prices: rows('prices'), fx: rows('fx'), rules: rows('rules') },
      registry: { features: rows('features'), mappings: [], fixedCosts: rows('fixedCosts'), revenue: rows('revenue') },
      sources: SOURCES.map((id) => ({ id, kind: 'usage' })),
    } as unknown as Pipeline;
    const files = SOURCES.map((sourceId) => ({
      sourceId,
      name: 'f',
      sha256: `s${at(sourceId)}`,
      bytes: 1,
      path: '',
      unit: 'f',
      delivery: '1',
    }));
    return { pipeline, asOf: `2026-08-0${1 + at('as_of')}`, files, controls: [], books: { closed: [], closing: null } };
  }

  /** Anything may stand there, or no row at all; the same for the same. */
  function figuresOf(made: Ingredients): Figures {
    const text = JSON.stringify([made.pipeline, made.asOf, made.files]);
    const dice = new Dice(createHash('sha256').update(text).digest().readUInt32LE());
    return MONTHS.flatMap((month) =>
      ['chat', 'search', '(idle)'].flatMap((feature_id) => {
        const amount = `${dice.flip() ? '-' : ''}${dice.below(1_000_000_000)}.${String(dice.below(1_000_000_000)).padStart(12, '0')}`;
        return dice.below(5) === 0 ? [] : [{ month, currency: dice.of(['USD', 'EUR']), feature_id, amount }];
      }),
    );
  }

  const making = (made: Ingredients, current: boolean): Making => ({
    kind: 'making',
    key: '',
    ingredients: made,
    versions: current ? 'now' : 'old',
    current,
  });

  const numbers = fc.array(fc.integer({ min: 0, max: 1 }), { minLength: 11, maxLength: 11 });

  it('sums exactly, builds one mixture less than there are changes, and names what differs and nothing else', async () => {
    const seen = new Set<number>();
    await fc.assert(
      fc.asyncProperty(
        numbers,
        numbers,
        fc.boolean(),
        fc.array(fc.boolean(), { minLength: 14, maxLength: 14 }),
        async (one, two, isCurrent, refused) => {
          const [before, after] = [ingredients(one), ingredients(two)];
          const differing = [...KEYS, ...SOURCES, 'as_of'].filter((_, at) => one[at] !== two[at]);
          const built: Ingredients[] = [];
          const build = async (made: Ingredients): Promise<Figures> => {
            built.push(made);
            if (refused[built.length] === true)
              throw new Failure('check', [{ code: 'contract/check', message: 'no', remedy: '' }]);
            return figuresOf(made);
          };
          const figures = { before: figuresOf(before), after: figuresOf(after) };
          const ends = {
            before: making(before, isCurrent),
            after: making(after, isCurrent),
            figures,
            anew: false,
            versions: 'now',
          };
          const { causes, points, builds } = await walked({ ...ends, months: MONTHS }, build);
          expect(builds).toBe(built.length);
          expect(builds).toBe(Math.max(0, differing.length + (isCurrent ? -1 : 1)));
          expect(points.length).toBe(causes.length + 1);
          const told = causes.flatMap((cause) => cause.ingredients.map(({ kind, sourceId }) => sourceId ?? kind));
          const names = differing.map((name) => (name in KINDS ? KINDS[name as keyof typeof KINDS] : name));
          const nothing = isCurrent && differing.length === 0 ? ['unknown'] : [];
          expect([...told].sort()).toEqual([...names, ...(isCurrent ? [] : ['program', 'program']), ...nothing].sort());
          const moves = await movesOf(warehouse, [{ months: MONTHS, points }]);
          expectSums(moves);
          const whole = moves.filter(
            ({ contributions: parts, difference }) => parts.length === 1 && parts[0]?.amount === difference,
          );
          const moved = moves.filter(({ difference }) => pico(difference) !== 0n);
          expect(whole.length).toBeGreaterThanOrEqual(causes.length === 1 ? moved.length : 0);
          seen.add(differing.length);
        },
      ),
      { numRuns: 60, examples: [[Array(11).fill(0), Array(11).fill(0), true, Array(14).fill(false)]] },
    );
    expect(seen.size).toBeGreaterThan(4);
  });
});

describe('real runs of random companies', () => {
  const RUNS = process.env['LONG'] === undefined ? 2 : 10;
  /** Its one change moves something. */
  const FIRST = 3;

  it('sum exactly, come out again as published, and are moved by what was changed alone', { timeout: 600_000 }, async () => {
    for (let seed = FIRST; seed < FIRST + RUNS; seed += 1) {
      const dice = new Dice(seed);
      // The first seed has one change, the others have some.
      const changes = dice.shuffled(RANDOM_CHANGES).slice(0, seed === FIRST ? 1 : 3 + dice.below(RANDOM_CHANGES.length - 3));
      const told = await compared(
        changes.map(
          ({ make }) =>
            async (folder: string) =>
              make(folder, dice),
        ),
        dice,
      );
      expectSums(told.figures);
      expect(told.figures.length).toBeGreaterThan(0);
      const parts = told.figures.flatMap(({ chain, contributions }) =>
        contributions.flatMap(
          ({ cause }) => told.chains[chain]?.causes[cause]?.ingredients.map(({ kind, sourceId }) => sourceId ?? kind) ?? [],
        ),
      );
      const causes = [...new Set(parts)].filter((cause) => cause !== 'month');
      // Nothing of the program: both ends came out of landing again.
      const names = changes.map(({ cause }) => cause);
      expect(names).toEqual(expect.arrayContaining(causes));
      expect(causes.length).toBeGreaterThanOrEqual(Math.min(names.length, 1));
    }
  });

  async function compared(changes: readonly ((folder: string) => Promise<void>)[], dice: Dice): Promise<RunDiff> {
    const folder = await mkdtemp(join(tmpdir(), 'showback-moved-'));
    try {
      await cp(BASE, folder, { recursive: true });
      for (const { make } of dice.shuffled(RANDOM_CHANGES).slice(0, 2)) await make(folder, dice);
      const pipelineFile = join(folder, 'pipeline.yaml');
      await run({ folder, pipelineFile });
      for (const change of changes) await change(folder);
      await run({ folder, pipelineFile });
      return await diffRuns({ pipelineFile, anew: true, threads: 1, listener: () => undefined, now: () => new Date() });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
});
