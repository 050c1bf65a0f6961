// Damaged files through every reader: never a crash, never a hang, never a record that is lost without a word. The seed is
// fixed, so that a run can be had again; FUZZ_RUNS (make fuzz) is for longer ones, FUZZ_SEED for other ones.
import * as fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { EDITS, mutate } from './fuzz/mutate.js';
import { Readers } from './fuzz/process.js';
import { SEEDS } from './fuzz/seeds.js';

const SEED = Number(process.env['FUZZ_SEED'] ?? 20_260_701);
const LONG = process.env['FUZZ_RUNS'];
const RUNS = Number(LONG ?? 60);
/** A property of the usual budget ends here, however far it came. */
const MOST = 2_500;

const readers = new Readers();
afterAll(async () => readers[Symbol.asyncDispose]());

describe(`damaged files, seed ${SEED}`, () => {
  test.each(Object.entries(SEEDS))(
    'through the reader of %s',
    { timeout: LONG === undefined ? 90_000 : 3_600_000 },
    async (reader, seed) => {
      const { name, bytes } = await seed();
      expect(await readers.ask(reader, name, bytes)).toBeNull();
      await fc.assert(
        fc.asyncProperty(EDITS, async (edits) => {
          expect(await readers.ask(reader, name, mutate(bytes, edits))).toBeNull();
        }),
        { seed: SEED, numRuns: RUNS, ...(LONG === undefined ? { interruptAfterTimeLimit: MOST } : {}) },
      );
    },
  );
});
