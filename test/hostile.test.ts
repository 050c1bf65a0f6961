// What every reader says of files that are cut, damaged, in the wrong encoding or made to harm: exit code and words of each
// case of fixtures/errors/readers. UPDATE_GOLDEN=1 rewrites `expect` in its case.yaml; read the diff before you commit it.
import { readdir } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { CONFIGURATION, casesOf, expectFromNow, ROOT, tryCase } from './hostile/cases.js';
import { SOURCES } from './hostile/readers.js';

const UPDATE = process.env['UPDATE_GOLDEN'] === '1' && process.env['CI'] !== 'true';
const READERS = [...CONFIGURATION, ...Object.keys(SOURCES)].sort();
const cases = await Promise.all(READERS.map(async (reader) => ({ reader, names: await casesOf(reader) })));

test('no folder of cases is left unread', async () => {
  expect(
    (await readdir(ROOT, { withFileTypes: true })).flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])).sort(),
  ).toEqual(READERS);
});

describe.each(cases)('the reader of $reader', ({ reader, names }) => {
  test('meets at least twelve hostile files', () => {
    expect(names.length).toBeGreaterThanOrEqual(12);
  });

  test.concurrent.each(names)('%s', { timeout: 60_000 }, async (name) => {
    const { expected, got } = await tryCase(reader, name);
    if (UPDATE) await expectFromNow(reader, name, got);
    expect(got).toEqual(UPDATE ? got : expected);
  });
});
