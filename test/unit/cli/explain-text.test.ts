// A hand-made tree as it stands on a screen.
import { describe, expect, it } from 'vitest';
import { explainLines } from '../../../src/cli/explain-text.js';
import type { Explained, Figure, FigureKind, Relation } from '../../../src/explain/api.js';
import { cli } from './harness.js';

function figure(
  kind: FigureKind,
  amount: string | null,
  facts: Figure['facts'] = {},
  parts: readonly Figure[] = [],
  told: { readonly relation?: Relation; readonly quantity?: string } = {},
): Figure {
  return { kind, amount, facts, parts, relation: told.relation ?? 'sum', quantity: told.quantity ?? null };
}

const USAGE = figure(
  'usage',
  null,
  { meter: 'gpu_hours', model: 'h100', source_id: 'app', first_day: '2026-07-05', last_day: '2026-07-05' },
  [],
  { quantity: '80' },
);
const LINE = figure('bill_line', '10.000000000000', {
  item: 'GPU hours',
  line_amount: '310.000000000000',
  file: 'bills/july.csv',
  row: '17',
});
const POOL = figure('pool', '10.000000000000', { pool: 'gpu', usage_date: '2026-07-01' }, [LINE], { relation: 'of' });
const DRIVER = figure('driver', null, { of_quantity: '100', method: 'driver', driver: 'gpu_hours', grain: 'month' }, [USAGE], {
  relation: 'by',
  quantity: '80',
});
const SHARE = figure('share', '8.000000000000', { usage_date: '2026-07-01' }, [POOL, DRIVER]);
const CHARGE = figure(
  'charge',
  '1240.500000000001',
  { provider: 'aws', service: 'EC2', sku: 'p5', method_id: 'gpu/gpu_hours@month', place_of_rule: 'rules.yaml:2' },
  [SHARE, figure('rest', '1232.500000000001', { count: '30', of: 'share' })],
);
const ROW = {
  billing_month: '2026-07',
  feature_id: 'search',
  category: 'Usage',
  currency: 'USD',
  entry: 'cost',
  statement_amount: '1240.5000',
};
const TREE = figure('row', '1240.500000000001', ROW, [CHARGE]);

const EXPLAINED: Explained = {
  ...{ mart: 'showback_feature_month', month: '2026-07', runId: 'run', asOf: '2026-07-31', closed: false },
  grain: ['billing_month', 'feature_id', 'category', 'currency', 'entry'],
  where: [{ column: 'feature_id', value: 'search' }],
  trees: [TREE],
};

const plain = (_: unknown, text: string): string => text;

describe('explained', () => {
  it('puts amounts on their points and the way to the evidence below', () => {
    expect(explainLines(EXPLAINED, 40, { width: 100, paint: plain })).toEqual([
      'showback_feature_month of 2026-07 (run run, as of 2026-07-31)',
      '1,240.500000000001  Usage, 1,240.50 in the statement',
      '1,240.500000000001  └ aws EC2 p5 by gpu/gpu_hours@month (rules.yaml:2)',
      '    8.00              ├ 2026-07-01: 80 of 100 gpu_hours (by month)',
      '   10.00              │ ├ of pool gpu on 2026-07-01',
      '   10.00              │ │ └ GPU hours, of 310 on the line, row 17 of bills/july.csv',
      '                      │ └ by 80 gpu_hours',
      '                      │   └ 80 h100 gpu_hours in app, 2026-07-05',
      '1,232.500000000001    └ 30 more',
    ]);
  });

  it('says what stays closed where there is no room, and keeps to the width', () => {
    const wide = { ...EXPLAINED, trees: [TREE, { ...structuredClone(TREE), facts: { ...ROW, category: 'Tax' } }] };
    const lines = explainLines(wide, 9, { width: 60, paint: plain });
    expect(lines).toContain('1,240.500000000001  Tax, 1,240.50 in the statement …');
    expect(lines.at(-1)).toMatch(/^1 figure has parts/);
    expect(Math.max(...lines.slice(0, -1).map((line) => line.length))).toBeLessThanOrEqual(60);
  });

  it('spells out what would move the cursor', () => {
    const tree = figure('bill_line', '1', { item: '\u001b[2J', row: '1', file: 'a\u202eb.csv' });
    expect(explainLines({ ...EXPLAINED, trees: [tree] }, 9, { width: 100, paint: plain }).join()).not.toMatch(/[\u001b\u202e]/);
  });
});

describe('showback explain', () => {
  it('refuses a condition without a column, and counts that are none', async () => {
    const told = await cli(['explain', '2026-07', '--where', 'search', '--lines', '0']);
    expect(told.code).toBe(2);
    expect(told.err).toContain('feature_id=search');
    expect(told.err).toContain('a whole number from 1');
  });
});
