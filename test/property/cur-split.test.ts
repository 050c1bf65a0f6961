// Whatever machines and parts a Cost and Usage Report has: taking machines apart moves no cost, and no row is lost.
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { CUR_NEEDED } from '../../src/kernel/bill-lines.js';
import { Company } from '../contract/company.js';
import { readSource, SOURCES } from '../hostile/readers.js';

const EXTRA = [
  'line_item_usage_type',
  'line_item_resource_id',
  'line_item_net_unblended_cost',
  'savings_plan_savings_plan_effective_cost',
  'split_line_item_parent_resource_id',
  'split_line_item_split_cost',
  'split_line_item_unused_cost',
];
const AT: Readonly<Record<string, string>> = {
  bill_billing_period_start_date: '2026-07-01T00:00:00Z',
  bill_billing_period_end_date: '2026-08-01T00:00:00Z',
  bill_payer_account_id: '111',
  line_item_product_code: 'AmazonEC2',
  line_item_currency_code: 'USD',
  line_item_line_item_type: 'Usage',
};

type Cells = Readonly<Record<string, string>>;

/** In 10^-6, so that the sums of this test are exact. */
const micro = (value: number): string => (value / 1e6).toFixed(6);

/** The lines of a machine in one hour: what its own lines cost, one of them perhaps covered, and its parts, which come to at most that. */
const machine = fc
  .record({
    own: fc.array(fc.integer({ min: 0, max: 5_000_000 }), { minLength: 1, maxLength: 4 }),
    isCovered: fc.boolean(),
    cuts: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 4 }),
    hour: fc.integer({ min: 0, max: 2 }),
    name: fc.constantFrom('i-1', 'i-2', 'i-3'),
  })
  .map(({ own, isCovered, cuts, hour, name }) => {
    const time = (h: number) => `2026-07-04T0${h}:00:00Z`;
    const place = { ...AT, line_item_usage_start_date: time(hour), line_item_usage_end_date: time(hour + 1) };
    const lines = own.map((cost, at): Cells => {
      const covered = isCovered && at === 0;
      return {
        ...place,
        line_item_usage_type: at === 0 ? 'BoxUsage:m5' : 'DataTransfer',
        line_item_resource_id: name,
        line_item_unblended_cost: micro(covered ? cost * 2 : cost),
        ...(covered
          ? { line_item_line_item_type: 'SavingsPlanCoveredUsage', savings_plan_savings_plan_effective_cost: micro(cost) }
          : {}),
      };
    });
    let left = own.reduce((sum, cost) => sum + cost, 0);
    const parts = cuts.map((cut, pod): Cells => {
      const cost = Math.floor(left * cut);
      left -= cost;
      const unused = Math.floor(cost / 3);
      return {
        ...place,
        line_item_usage_type: 'EKS-EC2-vCPU-Hours',
        line_item_resource_id: `pod-${pod}`,
        line_item_unblended_cost: '7',
        split_line_item_parent_resource_id: name,
        split_line_item_split_cost: micro(cost - unused),
        split_line_item_unused_cost: micro(unused),
      };
    });
    return { lines, parts, effective: own.reduce((sum, cost) => sum + cost, 0) };
  });

const SUMS = `SELECT CAST(sum(billed_24) AS DECIMAL(38,6)) AS billed, CAST(sum(effective_24) AS DECIMAL(38,6)) AS effective, count(*) AS lines,
  count(*) FILTER (fate <> 'loaded') AS rejected, count(*) FILTER (effective_24 < 0) AS negative FROM staging.cur_line`;

test('Σ billed is that of the lines that AWS asks for, Σ effective that of what they bear', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(machine, {
        selector: ({ lines }) => `${lines[0]?.['line_item_resource_id']}${lines[0]?.['line_item_usage_start_date']}`,
        minLength: 1,
        maxLength: 4,
      }),
      async (machines) => {
        const all = machines.flatMap(({ lines, parts }) => [...parts, ...lines]);
        const names = [...CUR_NEEDED, ...EXTRA];
        const text = [names, ...all.map((line) => names.map((name) => line[name] ?? ''))]
          .map((row) => `${row.join(',')}\n`)
          .join('');
        await using company = await Company.make({ 'in/a.csv': text });
        const { asked } = await readSource(company, SOURCES['cur-csv'], SUMS);
        const own = machines.flatMap(({ lines }) => lines);
        const billed = own.reduce((sum, line) => sum + Math.round(Number(line['line_item_unblended_cost']) * 1e6), 0);
        const effective = machines.reduce((sum, each) => sum + each.effective, 0);
        expect(asked).toEqual([
          { billed: micro(billed), effective: micro(effective), lines: String(all.length), rejected: '0', negative: '0' },
        ]);
      },
    ),
    { numRuns: 12, seed: 20_260_704 },
  );
});
