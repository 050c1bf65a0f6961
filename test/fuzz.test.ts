// Damaged files through every reader: never a crash, never a hang, never a record that is lost without a word. The seed is
// fixed, so that a run can be had again; FUZZ_RUNS (make fuzz) is for longer ones, FUZZ_SEED for other ones.
import * as fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { Company } from './contract/company.js';
import { wrongReading } from './fuzz/check.js';
import { EDITS, mutate } from './fuzz/mutate.js';
import { Readers } from './fuzz/process.js';
import { BESIDE, SEEDS } from './fuzz/seeds.js';
import { readSource, SOURCES, type SourceReader } from './hostile/readers.js';

const SEED = Number(process.env['FUZZ_SEED'] ?? 20_260_701);
const LONG = process.env['FUZZ_RUNS'];
const RUNS = Number(LONG ?? 60);
/** A property of the usual budget tries so many files on any machine, and none after so many milliseconds. */
const LEAST = 5;
const MOST = 1_200;

const readers = new Readers();
afterAll(async () => readers[Symbol.asyncDispose]());

describe(`damaged files, seed ${SEED}`, () => {
  test.each(Object.entries(SEEDS))(
    'through the reader of %s',
    { timeout: LONG === undefined ? 90_000 : 3_600_000 },
    async (reader, seed) => {
      const { name, bytes } = await seed();
      expect(await readers.ask(reader, name, bytes)).toBeNull();
      const until = LONG === undefined ? Date.now() + MOST : Number.POSITIVE_INFINITY;
      let tried = 0;
      await fc.assert(
        fc.asyncProperty(EDITS, async (edits) => {
          if (tried >= LEAST && Date.now() > until) return;
          tried += 1;
          expect(await readers.ask(reader, name, mutate(bytes, edits))).toBeNull();
        }),
        { seed: SEED, numRuns: RUNS },
      );
    },
  );
});

describe('what would be wrong is seen', () => {
  test.each(Object.keys(SOURCES) as SourceReader[])('a record that the reader of %s loses', async (reader) => {
    const { name, bytes } = (await SEEDS[reader]?.()) ?? { name: '', bytes: Buffer.alloc(0) };
    // A record too many in the file is a record too few in what was read of it.
    await using company = await Company.make({ ...BESIDE[reader], [name]: bytes });
    const reading = await readSource(company, SOURCES[reader]);
    expect(wrongReading(reader, reading, bytes)).toBeNull();
    const lines = reading.lines.slice(1);
    expect(wrongReading(reader, { ...reading, lines }, bytes)).toMatch(/records, and/);
    const files = [{ records: lines.length, rejected: 0 }];
    expect(wrongReading(reader, { ...reading, names: reading.names.slice(1), files, lines }, bytes)).toMatch(
      /records read of|is lost/,
    );
  });

  test('a process that dies, and another one takes its place', async () => {
    await using mine = new Readers();
    const { name, bytes } = (await SEEDS['usage-jsonl']?.()) ?? { name: '', bytes: Buffer.alloc(0) };
    expect(await mine.ask('usage-jsonl', name, bytes)).toBeNull();
    const pending = mine.ask('usage-jsonl', name, bytes);
    process.kill(mine.pid ?? 0, 'SIGKILL');
    expect(await pending).toBe('the process died (SIGKILL)');
    expect(await mine.ask('usage-jsonl', name, bytes)).toBeNull();
  });
});
