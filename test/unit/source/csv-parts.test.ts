// Parts of a CSV that become one, and the lines of days that are not known yet.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { joinParts } from '../../../src/source/csv-parts.js';

async function joinedOf(parts: readonly string[], known: string | null, step: number) {
  const folder = await mkdtemp(join(tmpdir(), 'showback-parts-'));
  const read = async function* (text: string) {
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; at += step) yield bytes.subarray(at, at + step);
  };
  try {
    const named = parts.map((text, at) => ({ name: `part-${at + 1}`, read: () => read(text) }));
    const { leftOut } = await joinParts(named, join(folder, 'x.csv'), { column: 'ChargePeriodStart', known });
    return { text: await readFile(join(folder, 'x.csv'), 'utf8'), leftOut };
  } finally {
    await rm(folder, { recursive: true });
  }
}

const PARTS = [
  '\uFEFFNote,"ChargePeriodStart",Cost\r\n"a, ""b""\nc",2026-07-01T00:00:00Z,1\r\nä,"2026-07-03T00:00:00Z",2',
  'Note,"ChargePeriodStart",Cost\n"2026-07-09,\n",2026-07-02T00:00:00Z,3\nx,,4\ny,2026-07-04,5\n',
];

test.each([1, 7, 10_000])('keep their bytes under one header, in chunks of %i', async (step) => {
  expect(await joinedOf(PARTS, null, step)).toEqual({
    text:
      'Note,"ChargePeriodStart",Cost\r\n"a, ""b""\nc",2026-07-01T00:00:00Z,1\r\nä,"2026-07-03T00:00:00Z",2\n' +
      '"2026-07-09,\n",2026-07-02T00:00:00Z,3\nx,,4\ny,2026-07-04,5\n',
    leftOut: 0,
  });
});

test.each([1, 7, 10_000])('leave out lines of later days and no others, in chunks of %i', async (step) => {
  expect(await joinedOf(PARTS, '2026-07-02', step)).toEqual({
    text: 'Note,"ChargePeriodStart",Cost\r\n"a, ""b""\nc",2026-07-01T00:00:00Z,1\r\n"2026-07-09,\n",2026-07-02T00:00:00Z,3\nx,,4\n',
    leftOut: 2,
  });
});
