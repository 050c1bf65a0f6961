// The same company on both engines publishes the same bytes.
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bytesBelow, companyOf, run } from '../golden/company.js';
import { onAthena } from './company.js';

const CASES = (process.env['CASES'] ?? 'priced-per-million').split(',');

/** What people read, without the manifest: it names the run. */
async function published(folder: string): Promise<Readonly<Record<string, string>>> {
  const all = await bytesBelow(join(folder, 'out', 'current'));
  return Object.fromEntries(Object.entries(all).filter(([name]) => name !== 'current.json'));
}

describe('a company on DuckDB and on Athena', () => {
  it.each(CASES)('%s publishes the same bytes', { timeout: 300_000 }, async (name) => {
    await using here = await companyOf(join('fixtures/cases', name));
    await using there = await companyOf(join('fixtures/cases', name));
    await run(here);
    await using _athena = await onAthena(there, `case_${name.replaceAll('-', '_')}`);
    await run(there);
    const [expected, found] = [await published(here.folder), await published(there.folder)];
    expect(Object.keys(found)).toEqual(Object.keys(expected));
    expect(found).toEqual(expected);
  });
});
