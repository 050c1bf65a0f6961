// Two runs on a screen: causes that are told together, rows that are left out, several months, and what is not known.
import { mkdir, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runDiffLines } from '../../../src/cli/run-diff-text.js';
import type { Cause, Change, FigureMove, RunDiff, RunDiffRequest } from '../../../src/run/diff-runs-api.js';
import { cli, NO_RUNS, tempFolder } from './harness.js';

const page = { width: 80, paint: (_: unknown, text: string) => text };
const run = (runId: string, months: readonly string[], at: string | null) => ({ runId, at, asOf: '2026-08-31', months });
const change = (what: string, more: Partial<Change> = {}): Change => ({
  change: 'added',
  what,
  place: null,
  before: null,
  after: null,
  ...more,
});
const cause = (
  kind: 'prices' | 'rules' | 'closes' | 'unknown',
  changes: readonly Change[],
  note: string | null = null,
): Cause => ({
  ingredients: [{ kind, sourceId: null, changes }],
  note,
});

function move(featureId: string | null, difference: string, more: Partial<FigureMove> = {}): FigureMove {
  const usual = {
    month: '2026-07',
    currency: 'USD',
    before: '1.000000000000',
    after: '2.000000000000',
    chain: 0,
    contributions: [],
  };
  return { ...usual, featureId, difference, ...more };
}

const DIFF: RunDiff = {
  before: run('2026-08-31-aaaaaaaaaaaa', ['2026-07', '2026-08'], '2026-09-01T02:00:00.000Z'),
  after: run('2026-08-31-bbbbbbbbbbbb', ['2026-07', '2026-08'], null),
  chains: [],
  figures: [],
  unmoved: 3,
};

describe('two runs', () => {
  it('of which nothing moved', () => {
    expect(runDiffLines(DIFF, null, page)).toEqual([
      'before  2026-08-31-aaaaaaaaaaaa: 2026-07 and 2026-08 as of 2026-08-31, begun 2026-09-01 02:00 UTC',
      'after   2026-08-31-bbbbbbbbbbbb: 2026-07 and 2026-08 as of 2026-08-31',
      '',
      'No figure moved: 3 figures as before.',
    ]);
  });

  it('with ingredients that are told together, more changes than are shown, and another currency', () => {
    const prices = cause(
      'prices',
      [1, 2, 3].map((at) => change(`row ${at}`, { change: 'removed', place: `prices.csv:${at}`, before: String(at) })),
    );
    const both = cause(
      'rules',
      [change('pool x', { change: 'changed', before: 'even', after: 'direct' })],
      'not told apart: no rate of EUR',
    );
    const joined = { ...both, ingredients: [...both.ingredients, ...cause('closes', []).ingredients] };
    const contributions = [
      { cause: 0, amount: '3.000000000001' },
      { cause: 1, amount: '-2.000000000001' },
    ];
    const figures = [
      move('chat', '1.000000000000', { contributions }),
      move('search', '0.000000000000'),
      move(null, '1.000000000000', { contributions }),
      move('chat', '-500.000000000000', {
        month: '2026-08',
        currency: 'JPY',
        before: '1500.000000000000',
        after: '1000.000000000000',
        contributions: [{ cause: 0, amount: '-500.000000000000' }],
      }),
    ];
    const diff = { ...DIFF, chains: [{ months: ['2026-07', '2026-08'], causes: [prices, joined], builds: 1 }], figures };
    expect(runDiffLines(diff, 1, page).slice(2).join('\n')).toBe(`
What moved 2026-07 and 2026-08, one replaced after the other
  1  price books
     - prices.csv:1  row 1: 1
     … and 2 more changes (--lines 3 tells them)
  2  rules and closed months
     ~ pool x: even → direct
     not told apart: no rate of EUR

2026-07, USD
feature                      before  after            moved
───────────────────────────  ──────  ─────  ───────────────
chat                           1.00   2.00            +1.00
  1 price books                             +3.000000000001
  2 rules and closed months                 -2.000000000001
───────────────────────────  ──────  ─────  ───────────────
total                          1.00   2.00            +1.00
  1 price books                             +3.000000000001
  2 rules and closed months                 -2.000000000001
… and 1 more feature (--lines 2 tells them)

2026-08, JPY
feature          before  after  moved
───────────────  ──────  ─────  ─────
chat              1,500  1,000   -500
  1 price books                  -500

3 other figures did not move.`);
  });

  it('fit the terminal, and say what is not known', () => {
    const unknown = cause(
      'unknown',
      [change('a name that is far too long for a terminal of few columns, and then some more of it')],
      'run x is of an earlier version',
    );
    const diff = {
      ...DIFF,
      chains: [{ months: ['2026-07'], causes: [unknown], builds: 0 }],
      figures: [move('chat', '1.000000000000')],
      unmoved: 0,
    };
    const lines = runDiffLines(diff, null, { ...page, width: 60 });
    const long = { change: 'changed', place: 'fixtures/list.csv:4', before: '10.00', after: '10.50' } as const;
    const price = cause('prices', [change('openai gpt-5 output_tokens, price', long)]);
    const below = runDiffLines({ ...diff, chains: [{ months: ['2026-07'], causes: [price], builds: 0 }] }, null, {
      ...page,
      width: 70,
    });
    expect(below.slice(5, 7)).toEqual([
      '     ~ fixtures/list.csv:4  openai gpt-5 output_tokens, price:',
      '         10.00 → 10.50',
    ]);
    expect(lines.slice(3, 7)).toEqual([
      'What moved 2026-07',
      '  1  not attributed',
      '     + a name that is far too long for a terminal of few co…',
      '     run x is of an earlier version',
    ]);
  });
});

describe('showback diff', () => {
  it('takes a folder for a pipeline only where one lies in it', async () => {
    const cwd = await tempFolder('words');
    await mkdir(join(cwd, '2026-08-12'));
    await mkdir(join(cwd, '2026-08'));
    await writeFile(join(cwd, '2026-08/pipeline.yaml'), '');
    await writeFile(join(cwd, 'pipeline.yaml'), '');
    const asked: RunDiffRequest[] = [];
    const diffRuns = async (request: RunDiffRequest): Promise<RunDiff> => {
      asked.push(request);
      return DIFF;
    };
    const runs = async () => ({ ...NO_RUNS, diffRuns });
    expect((await cli(['diff', '2026-08-12'], { cwd, runs })).code).toBe(0);
    expect((await cli(['diff', '2026-08', '2026-08-12'], { cwd, runs })).code).toBe(0);
    const told = asked.map(({ pipelineFile, from }) => [relative(cwd, pipelineFile), from]);
    expect(told).toEqual([
      ['pipeline.yaml', '2026-08-12'],
      ['2026-08/pipeline.yaml', '2026-08-12'],
    ]);
  });
});
