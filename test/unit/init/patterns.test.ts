// Patterns name all files of a source and no other, today and tomorrow.
import fc from 'fast-check';
import picomatch from 'picomatch';
import { describe, expect, it } from 'vitest';
import { patternsFor } from '../../../src/init/patterns.js';

describe('patterns', () => {
  it.each([
    ['one folder', ['logs/a-1.jsonl', 'logs/a-2.jsonl'], [], ['logs/*.jsonl']],
    ['folders of days', ['logs/app/2026/11/01/h.jsonl.gz'], [], ['logs/app/**/*.jsonl.gz']],
    ['partitions', ['logs/dt=2026-11-01/p.parquet', 'logs/dt=2026-11-02/p.parquet'], [], ['logs/**/*.parquet']],
    ['a neighbour of another kind', ['in/focus-08.csv'], ['in/notes.csv'], ['in/focus-*.csv']],
    ['a neighbour with the same beginning', ['in/a-1.csv'], ['in/a-2.csv'], ['in/a-1.csv']],
    ['what runs write', ['negotiated-2.csv', 'x.csv'], ['negotiated.csv'], ['negotiated-*.csv', 'x*.csv']],
    ['folders side by side', ['a/x.jsonl', 'b/x.jsonl'], [], ['a/*.jsonl', 'b/*.jsonl']],
    ['signs of patterns', ['in/[a] (1).csv'], ['in/b.csv'], ['in/?a? ?*.csv']],
  ])('of %s', (_, files, others, patterns) => {
    expect(patternsFor(files, others)).toEqual(patterns);
  });

  it('match every file and none of the others, whatever they are called', () => {
    const part = fc.stringMatching(/^[a-z0-9[\]()*?!{}= -]{1,6}$/);
    const name = fc
      .tuple(fc.array(part, { maxLength: 3 }), part, fc.constantFrom('.csv', '.jsonl', '.jsonl.gz'))
      .map(([folders, stem, ending]) => [...folders, `f${stem}${ending}`].join('/'));
    const names = fc.uniqueArray(name, { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(names, fc.nat(), (all, cut) => {
        const files = all.slice(0, 1 + (cut % all.length));
        const others = all.slice(files.length);
        const patterns = patternsFor(files, others);
        const matches = picomatch([...patterns]);
        expect(files.filter((file) => !matches(file))).toEqual([]);
        // A name that only differs in a sign of patterns cannot be told apart; any other can.
        const plain = others.filter((other) => !files.some((file) => file.length === other.length));
        expect(plain.filter((file) => matches(file))).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });
});
