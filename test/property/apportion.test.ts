// The division of money and its small relatives, on the real engine, against whole-number arithmetic. Many cases go into one query.
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDuckDb } from '../../src/warehouse/duckdb.js';
import type { Warehouse } from '../../src/warehouse/warehouse.js';

interface Case {
  /** In units of 10^-12, as are the weights. */
  readonly amount: bigint;
  readonly weights: readonly bigint[];
}

const UNIT = 10n ** 12n;
const LIMIT = 10n ** 25n - 1n;
const absolute = (value: bigint): bigint => (value < 0n ? -value : value);

const amounts = fc.oneof(
  fc.bigInt({ min: -LIMIT, max: LIMIT }),
  fc.bigInt({ min: -20n, max: 20n }),
  fc.bigInt({ min: -(10n ** 9n), max: 10n ** 9n }).map((cents) => cents * 10n ** 10n),
);
const weights = fc.oneof(
  fc.constantFrom(0n, 1n, UNIT, UNIT, 3n * UNIT, -UNIT),
  fc.bigInt({ min: 0n, max: 10n ** 24n }),
  fc.bigInt({ min: 0n, max: 10n ** 15n }),
);
const cases = fc.array(fc.record({ amount: amounts, weights: fc.array(weights, { maxLength: 8 }) }), {
  minLength: 40,
  maxLength: 120,
});

/** Decimal text of a number of units of 10^-`scale`. */
function decimal(units: bigint, scale: number): string {
  const digits = absolute(units)
    .toString()
    .padStart(scale + 1, '0');
  return `${units < 0n ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

const unitsOf = (text: string): bigint => BigInt(text.replace('.', ''));
const targetOf = (place: number): string => `t${place}`;

/** The rule in whole numbers: floors, then one unit each to the largest remainders, ties by key; null where nothing weighs. */
function reference({ amount, weights: all }: Case): ReadonlyMap<string, bigint> | null {
  const weighed = all.map((weight, place) => ({ weight, target: targetOf(place) })).filter(({ weight }) => weight > 0n);
  const total = weighed.reduce((sum, { weight }) => sum + weight, 0n);
  if (total === 0n) return null;
  const size = absolute(amount);
  const shares = weighed.map(({ weight, target }) => ({
    target,
    part: (size * weight) / total,
    rest: (size * weight) % total,
  }));
  const lack = size - shares.reduce((sum, { part }) => sum + part, 0n);
  const ranked = shares.toSorted((a, b) => (a.rest === b.rest ? (a.target < b.target ? -1 : 1) : a.rest > b.rest ? -1 : 1));
  return new Map(
    ranked.map(({ target, part }, place) => {
      const units = part + (BigInt(place) < lack ? 1n : 0n);
      return [target, amount < 0n ? -units : units];
    }),
  );
}

const engines: Warehouse[] = [];

beforeAll(async () => {
  for (const threads of [1, 4]) {
    const engine = await openDuckDb({ threads });
    await engine.run(readFileSync(new URL('../../sql/macros/duckdb.sql', import.meta.url), 'utf8'));
    await engine.run('CREATE TABLE item (item_key VARCHAR, amount DECIMAL(38,12))');
    await engine.run('CREATE TABLE weighing (item_key VARCHAR, target VARCHAR, weight DECIMAL(38,12))');
    engines.push(engine);
  }
});
afterAll(async () => {
  for (const engine of engines) await engine[Symbol.asyncDispose]();
});

async function fill(engine: Warehouse, all: readonly Case[], reversed: boolean): Promise<void> {
  const turn = <T>(rows: readonly T[]): readonly T[] => (reversed ? rows.toReversed() : rows);
  await engine.run('DELETE FROM item; DELETE FROM weighing');
  const items = all.map(({ amount }, at) => [String(at), decimal(amount, 12)]);
  await engine.insert('item', ['item_key', 'amount'], turn(items));
  const weighing = all.flatMap((one, at) =>
    one.weights.map((weight, place) => [String(at), targetOf(place), decimal(weight, 12)]),
  );
  await engine.insert('weighing', ['item_key', 'target', 'weight'], turn(weighing));
}

/** The parts of each case; the key of what nobody bears is empty. */
async function apportioned(
  engine: Warehouse,
  all: readonly Case[],
  reversed: boolean,
): Promise<readonly ReadonlyMap<string, bigint>[]> {
  await fill(engine, all, reversed);
  const parts = all.map(() => new Map<string, bigint>());
  for (const row of await engine.rows("SELECT item_key, target, part FROM apportion('item', 'weighing')"))
    parts[Number(row['item_key'])]!.set(row['target'] ?? '', unitsOf(row['part'] ?? ''));
  return parts;
}

function holds(one: Case, parts: ReadonlyMap<string, bigint>): void {
  const exact = reference(one);
  const expected = exact ?? new Map([['', one.amount]]);
  expect(parts).toEqual(new Map([...expected].filter(([, part]) => part !== 0n)));
  expect([...parts.values()].reduce((sum, part) => sum + part, 0n)).toBe(one.amount);
  const total = one.weights.reduce((sum, weight) => sum + (weight > 0n ? weight : 0n), 0n);
  one.weights.forEach((weight, place) => {
    const part = parts.get(targetOf(place)) ?? 0n;
    // Below one unit of the exact quotient, and nothing for what does not weigh.
    const near = weight <= 0n ? part === 0n : absolute(part * total - one.amount * weight) < total;
    expect(near).toBe(true);
  });
}

describe('apportion', () => {
  it('sums exactly, mirrors negative amounts, gives a zero weight nothing and no part a unit too much', {
    timeout: 20_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(cases, async (all) => {
        const mirrored = [...all, ...all.map((one) => ({ ...one, amount: -one.amount }))];
        const parts = await apportioned(engines[0]!, mirrored, false);
        mirrored.forEach((one, at) => holds(one, parts[at]!));
        all.forEach((_, at) => {
          expect(parts[at + all.length]).toEqual(new Map([...parts[at]!].map(([target, part]) => [target, -part])));
        });
      }),
      { numRuns: 12 },
    );
  });

  it('does not depend on the order of rows', { timeout: 20_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(cases, async (all) => {
        expect(await apportioned(engines[1]!, all, true)).toEqual(await apportioned(engines[0]!, all, false));
      }),
      { numRuns: 8 },
    );
  });

  it('does not depend on the number of threads, over more rows than one thread takes', { timeout: 30_000 }, async () => {
    const all = fc.sample(cases, { numRuns: 3, seed: 7 }).flat();
    const answers: unknown[] = [];
    for (const engine of engines) {
      await fill(engine, all, false);
      await engine.run(`
        CREATE OR REPLACE TABLE many_items AS SELECT item_key || '/' || copy AS item_key, amount FROM item, range(250) AS c(copy);
        CREATE OR REPLACE TABLE many_weights AS SELECT item_key || '/' || copy AS item_key, target, weight FROM weighing, range(250) AS c(copy)`);
      const [row] = await engine.rows(
        `SELECT count(*) AS parts, sum(CAST(hash(item_key, target, CAST(part AS VARCHAR)) AS HUGEINT)) AS parts_hash,
                sum(part) AS total, (SELECT sum(amount) FROM many_items) AS amount FROM apportion('many_items', 'many_weights')`,
      );
      expect(Number(row?.['parts'])).toBeGreaterThan(122_880);
      expect(row?.['total']).toBe(row?.['amount']);
      answers.push(row);
    }
    expect(answers[1]).toEqual(answers[0]);
  });

  it('is what equal_part gives for equal weights', { timeout: 20_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(amounts, fc.integer({ min: 1, max: 9 })), { minLength: 50 }), async (all) => {
        const equal = all.map(([amount, parts]) => ({ amount, weights: Array.from({ length: parts }, () => UNIT) }));
        const [engine] = engines as [Warehouse];
        await fill(engine, equal, false);
        const rows = await engine.rows(
          `WITH part AS (SELECT w.item_key, w.target, equal_part(i.amount, count(*) OVER (PARTITION BY w.item_key),
                                row_number() OVER (PARTITION BY w.item_key ORDER BY w.target)) AS part
                         FROM weighing AS w JOIN item AS i ON i.item_key = w.item_key), nonzero AS (SELECT * FROM part WHERE part <> 0)
           (SELECT * FROM nonzero EXCEPT SELECT * FROM apportion('item', 'weighing'))
           UNION ALL (SELECT * FROM apportion('item', 'weighing') EXCEPT SELECT * FROM nonzero)`,
        );
        expect(rows).toEqual([]);
      }),
      { numRuns: 8 },
    );
  });
});

/** Rounds n ÷ d half-even, towards the even neighbour on a tie; d > 0. */
function halfEven(n: bigint, d: bigint): bigint {
  const size = absolute(n);
  const whole = size / d;
  const twice = 2n * (size % d);
  const rounded = whole + (twice > d || (twice === d && whole % 2n === 1n) ? 1n : 0n);
  return n < 0n ? -rounded : rounded;
}

/** Evaluates one expression over pairs x, y of decimal text. */
async function evaluate(expression: string, pairs: readonly (readonly [string, string])[]): Promise<readonly (string | null)[]> {
  const [engine] = engines as [Warehouse];
  await engine.run('CREATE OR REPLACE TABLE pair (place BIGINT, x VARCHAR, y VARCHAR)');
  await engine.insert(
    'pair',
    ['place', 'x', 'y'],
    pairs.map(([x, y], at) => [String(at), x, y]),
  );
  const rows = await engine.rows(`SELECT ${expression} AS answer FROM pair ORDER BY place`);
  return rows.map((row) => row['answer'] ?? null);
}

describe('rounding', () => {
  const nearTies = fc.tuple(fc.bigInt({ min: -(10n ** 13n), max: 10n ** 13n }), fc.constantFrom(-1n, 0n, 1n));

  it('half_even_12 rounds to the nearest unit, ties to even', { timeout: 20_000 }, async () => {
    const fine = fc.oneof(
      fc.bigInt({ min: -(10n ** 37n), max: 10n ** 37n }),
      nearTies.map(([units, off]) => units * UNIT + UNIT / 2n + off),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fine, { minLength: 200, maxLength: 400 }), async (all) => {
        const answers = await evaluate(
          'half_even_12(CAST(x AS DECIMAL(38,24)))',
          all.map((units) => [decimal(units, 24), '0']),
        );
        expect(answers.map((answer) => unitsOf(answer ?? ''))).toEqual(all.map((units) => halfEven(units, UNIT)));
      }),
      { numRuns: 6 },
    );
  });

  it('divide_by_rate weighs a sampled quantity, half-even at six decimals', { timeout: 20_000 }, async () => {
    const quantities = fc.bigInt({ min: 0n, max: 10n ** 18n });
    const rates = fc.oneof(fc.bigInt({ min: 1n, max: 10n ** 6n }), fc.constantFrom(500_000n, 16n, 64n, 10n ** 6n));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(quantities, rates), { minLength: 200, maxLength: 400 }), async (all) => {
        const answers = await evaluate(
          'divide_by_rate(CAST(x AS DECIMAL(26,6)), CAST(y AS DECIMAL(9,6)))',
          all.map(([quantity, rate]) => [decimal(quantity, 6), decimal(rate, 6)]),
        );
        expect(answers.map((answer) => unitsOf(answer ?? ''))).toEqual(
          all.map(([quantity, rate]) => halfEven(quantity * 10n ** 6n, rate)),
        );
      }),
      { numRuns: 6 },
    );
  });

  it('pico and micro give every digit, on both sides of where a machine word ends', { timeout: 20_000 }, async () => {
    const edges = (scale: bigint, whole: bigint): readonly bigint[] =>
      [whole - 2n, whole - 1n, whole, whole + 1n].flatMap((near) => [near * scale - 1n, near * scale, near * scale + 1n]);
    const signed = (units: readonly bigint[]): readonly bigint[] => units.flatMap((each) => [each, -each]);
    const picos = signed([0n, 1n, UNIT, ...edges(UNIT, 10n ** 6n), 10n ** 26n - 1n]);
    const micros = signed([0n, 1n, 10n ** 6n, ...edges(10n ** 6n, 10n ** 12n), 10n ** 26n - 1n]);
    const told = async (call: string, units: readonly bigint[], scale: number): Promise<readonly (bigint | null)[]> =>
      (
        await evaluate(
          call,
          units.map((each) => [decimal(each, scale), '1']),
        )
      ).map((answer) => (answer === null ? null : BigInt(answer)));
    expect(await told('pico(CAST(x AS DECIMAL(38,12)))', picos, 12)).toEqual(picos);
    expect(await told('micro(CAST(x AS DECIMAL(26,6)))', micros, 6)).toEqual(micros);
    await expect(evaluate('pico(CAST(x AS DECIMAL(38,12)))', [['100000000000000', '1']])).rejects.toThrow(/out of range/i);
  });

  it('ratio divides either sign half-even at six decimals, and nothing by zero', { timeout: 20_000 }, async () => {
    const parts = fc.oneof(fc.bigInt({ min: -(10n ** 24n), max: 10n ** 24n }), fc.bigInt({ min: -50n, max: 50n }));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(parts, parts), { minLength: 200, maxLength: 400 }), async (all) => {
        const fits = all.filter(([x, y]) => absolute(x) < absolute(y) * 10n ** 12n || y === 0n);
        const answers = await evaluate(
          'ratio(CAST(x AS DECIMAL(38,12)), CAST(y AS DECIMAL(38,12)))',
          fits.map(([x, y]) => [decimal(x, 12), decimal(y, 12)]),
        );
        const expected = fits.map(([x, y]) => (y === 0n ? null : halfEven((y < 0n ? -x : x) * 10n ** 6n, absolute(y))));
        expect(answers.map((answer) => (answer === null ? null : unitsOf(answer)))).toEqual(expected);
      }),
      { numRuns: 6 },
    );
  });
});
