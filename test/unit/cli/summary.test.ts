// The summary of a run on screens of several sizes.
import { describe, expect, it } from 'vitest';
import type { Figures } from '../../../src/cli/figures.js';
import { summaryLines } from '../../../src/cli/summary.js';
import { displayWidth } from '../../../src/cli/width.js';
import type { RunResult } from '../../../src/run/api.js';

const plain = (_: unknown, text: string): string => text;

const RESULT: RunResult = {
  outcome: 'unchanged',
  runId: '2026-09-30-1a5616706f46',
  asOf: '2026-09-30',
  months: ['2026-08', '2026-09'],
  outDir: '/company/out',
  warehousePath: '/company/.showback/runs/r/warehouse.duckdb',
  pipeline: 'demo',
  currency: 'JPY',
};

const NAMES = [...Array.from({ length: 40 }, (_, at) => `Feature ${at} 検索`), '(idle)', '(unallocated)'];

function figures(): Figures {
  const rows = NAMES.map((feature) => ({ feature, team: 'team', amount: '1000.0000', share: '2.5', previous: '' }));
  const identity = {
    month: '2026-09',
    control: 'statement_identity',
    scope: 'statement',
    currency: 'JPY',
    expected: '42000.000000000000',
    actual: '42000.000000000000',
    difference: '0.000000000000',
    passed: true,
  };
  return {
    identity: [identity],
    statements: [{ month: '2026-09', currency: 'JPY', rows, total: '42000.0000', previousTotal: '' }],
    failed: [],
    controls: 1234,
    unlogged: null,
  };
}

describe('the summary', () => {
  it.each([
    [80, 24],
    [100, 30],
    [60, 50],
  ])('fits a terminal of %i × %i with what no feature bears in sight', (columns, rows) => {
    const lines = summaryLines(RESULT, figures(), { size: { columns, rows }, paint: plain, cwd: '/company' });
    // One line is the prompt, one the end of the task list.
    expect(lines.length).toBeLessThanOrEqual(rows - 2);
    for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(columns);
    const text = lines.join('\n');
    expect(text).toMatch(/… \d+ more\n\(idle\) .*\n\(unallocated\)/);
    expect(lines[0]).toBe('✔ 2026-09 ties to the bills, to the last unit');
  });

  it('fits the screen with several currencies, and says of each that it ties', () => {
    const one = figures();
    const currencies = ['EUR', 'JPY', 'USD'];
    const all: Figures = {
      ...one,
      identity: currencies.flatMap((currency) => one.identity.map((row) => ({ ...row, currency }))),
      statements: currencies.flatMap((currency) => one.statements.map((statement) => ({ ...statement, currency }))),
    };
    const lines = summaryLines(RESULT, all, { size: { columns: 80, rows: 60 }, paint: plain, cwd: '/company' });
    expect(lines.length).toBeLessThanOrEqual(58);
    expect(lines.slice(1, 4)).toEqual(
      currencies.map((currency) => expect.stringMatching(new RegExp(`^  2026-09: Σ.+ ${currency}$`))),
    );
    expect(lines.filter((line) => line.startsWith('… '))).toHaveLength(3);
  });

  it('says what providers tell of and nobody logged, and keeps room for that', () => {
    const all: Figures = { ...figures(), unlogged: { month: '2026-09', quantities: 1204 } };
    const lines = summaryLines(RESULT, all, { size: { columns: 80, rows: 24 }, paint: plain, cwd: '/company' });
    expect(lines.length).toBeLessThanOrEqual(22);
    const at = lines.indexOf('! 2026-09: 1,204 quantities used, and not logged in full');
    expect([lines[at - 1], lines[at + 1]]).toEqual(['✔ Controls: all 1,234 passed', '  showback sql "from billed_usage_month"']);
  });

  it('shows everything in a file', () => {
    const lines = summaryLines(RESULT, figures(), { size: { columns: 120, rows: null }, paint: plain, cwd: '/company' });
    expect(lines.filter((line) => line.startsWith('Feature'))).toHaveLength(40);
    expect(lines.join('\n')).toContain('total                  42,000\n');
    expect(lines.join('\n')).toContain('all 1,234 passed');
  });

  it('shows as few features as it must on a very small screen', () => {
    const lines = summaryLines(RESULT, figures(), { size: { columns: 80, rows: 10 }, paint: plain, cwd: '/elsewhere/far/away' });
    expect(lines.filter((line) => line.startsWith('Feature'))).toHaveLength(2);
    expect(lines.join('\n')).toContain('/company/out/parquet');
  });
});
