// What counted of a source when a run was made, and what counts now.
import { describe, expect, it } from 'vitest';
import { countedIn, countedNow } from '../../../src/source/deliveries.js';
import type { IndexEntry } from '../../../src/source/landing.js';

function plain(name: string, sha256: string): IndexEntry {
  return { source: 'bill', name, sha256, bytes: 1, unit: name, delivery: name };
}

/** A file, or the manifest, of a delivery of July. */
function exported(file: string, sha256: string, delivery: string, base = 'export'): IndexEntry {
  const folder = file === 'Manifest.json' ? 'metadata' : 'data';
  const name = `${base}/${folder}/BILLING_PERIOD=2026-07/${file}`;
  return { source: 'bill', name, sha256, bytes: 1, unit: '2026-07', delivery };
}

const shas = (entries: readonly IndexEntry[]): readonly string[] =>
  entries.map(({ sha256 }) => sha256).sort((a, b) => (a < b ? -1 : 1));
const runs = (...made: readonly (readonly string[])[]): readonly ReadonlySet<string>[] => made.map((each) => new Set(each));

describe('files by their names', () => {
  const landed = [plain('a.csv', 'a1'), plain('b.csv', 'b1'), plain('a.csv', 'a2')];

  it('counted as the run was made of them', () => {
    expect(shas(countedIn(landed, new Set(['a1', 'b1'])))).toEqual(['a1', 'b1']);
    expect(shas(countedIn(landed, new Set(['a2', 'b1'])))).toEqual(['a2', 'b1']);
  });

  it('count now by their last landing, new ones among them', () => {
    expect(shas(countedNow([...landed, plain('c.csv', 'c1')], runs(['a1', 'b1'])))).toEqual(['a2', 'b1', 'c1']);
    expect(shas(countedNow(landed, []))).toEqual(['a2', 'b1']);
  });

  it('do not count once the last run was made without them', () => {
    expect(shas(countedNow(landed, runs(['a1', 'b1'], ['a2'])))).toEqual(['a2']);
  });

  it('count again with bytes that they had before', () => {
    expect(shas(countedNow([...landed, plain('a.csv', 'a1')], runs(['a1', 'b1'], ['a2', 'b1'])))).toEqual(['a1', 'b1']);
  });
});

describe('files of exports', () => {
  const first = [exported('1.csv', 'p1', 'one'), exported('2.csv', 'p2', 'one'), exported('Manifest.json', 'm1', 'one')];
  const second = [exported('1.csv', 'q1', 'two'), exported('Manifest.json', 'm2', 'two')];

  it('are those of the last manifest, and a delivery without one waits', () => {
    expect(shas(countedNow([...first, ...second], runs(['p1', 'p2'])))).toEqual(['q1']);
    expect(shas(countedNow([...first, exported('1.csv', 'q1', 'two')], runs(['p1', 'p2'])))).toEqual(['p1', 'p2']);
    expect(shas(countedIn([...first, ...second], new Set(['p1', 'p2'])))).toEqual(['p1', 'p2']);
  });

  it('count as they were before where a delivery comes again', () => {
    const again = first.map((entry) => ({ ...entry, delivery: 'three' }));
    expect(shas(countedNow([...first, ...second, ...again], runs(['p1', 'p2'], ['q1'])))).toEqual(['p1', 'p2']);
  });

  it('of another folder, which the pipeline named before, do not count', () => {
    const moved = [exported('1.csv', 'n1', 'new', 'moved'), exported('Manifest.json', 'm9', 'new', 'moved')];
    expect(shas(countedNow([...first, ...moved], runs(['p1', 'p2'], ['n1'])))).toEqual(['n1']);
  });
});
