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

const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

interface Split {
  readonly name: string;
  readonly hour: number;
  readonly own: readonly number[];
  readonly isCovered: boolean;
  readonly parts: readonly number[];
}

/** What a report says of a machine in one hour: its own lines, the first perhaps covered, and what ran on it. */
function linesOf({ name, hour, own, isCovered, parts }: Split): readonly Cells[] {
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
  const pods = parts.map((cost, pod): Cells => {
    const unused = Math.trunc(cost / 3);
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
  return [...pods, ...lines];
}

function csvOf(lines: readonly Cells[]): string {
  const names = [...CUR_NEEDED, ...EXTRA];
  return [names, ...lines.map((line) => names.map((name) => line[name] ?? ''))].map((row) => `${row.join(',')}\n`).join('');
}

function billedOf({ own, isCovered }: Split): number {
  return sumOf(own) + (isCovered ? (own[0] ?? 0) : 0);
}

/** Parts come to at most what the machine costs. */
const machine = fc
  .record({
    own: fc.array(fc.integer({ min: 0, max: 5_000_000 }), { minLength: 1, maxLength: 4 }),
    isCovered: fc.boolean(),
    cuts: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 4 }),
    hour: fc.integer({ min: 0, max: 2 }),
    name: fc.constantFrom('i-1', 'i-2', 'i-3'),
  })
  .map(({ cuts, ...rest }): Split => {
    let left = sumOf(rest.own);
    const parts = cuts.map((cut) => {
      const cost = Math.floor(left * cut);
      left -= cost;
      return cost;
    });
    return { ...rest, parts };
  });

const SUMS = `SELECT CAST(sum(billed_24) AS DECIMAL(38,6)) AS billed, CAST(sum(effective_24) AS DECIMAL(38,6)) AS effective, count(*) AS lines,
  count(*) FILTER (fate <> 'loaded') AS rejected, count(*) FILTER (effective_24 < 0) AS negative FROM staging.cur_line`;

test('Σ billed is that of the lines that AWS asks for, Σ effective that of what they bear', { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(machine, { selector: ({ name, hour }) => `${name} ${hour}`, minLength: 1, maxLength: 4 }),
      async (machines) => {
        const all = machines.flatMap((each) => linesOf(each));
        await using company = await Company.make({ 'in/a.csv': csvOf(all) });
        const { asked } = await readSource(company, SOURCES['cur-csv'], SUMS);
        const billed = micro(sumOf(machines.map((each) => billedOf(each))));
        const effective = micro(sumOf(machines.flatMap(({ own }) => own)));
        expect(asked).toEqual([{ billed, effective, lines: String(all.length), rejected: '0', negative: '0' }]);
      },
    ),
    { numRuns: 12, seed: 20_260_704 },
  );
});

/** What AWS rounds of a part, in 10^-6. */
const ROUNDED = 10;

/** Costs and credits of any sign, with parts that come to nothing, to a share of them, to all but for what is rounded, or to anything. */
const credited = fc
  .record({
    own: fc.array(fc.oneof(fc.integer({ min: -5_000_000, max: 5_000_000 }), fc.constantFrom(0, 1, -1, 1_000_000, -1_000_000)), {
      minLength: 1,
      maxLength: 4,
    }),
    isCovered: fc.boolean(),
    others: fc.array(fc.integer({ min: -3_000_000, max: 3_000_000 }), { maxLength: 3 }),
    share: fc.oneof(fc.constantFrom(0, 1, 1, -1), fc.double({ min: -1.5, max: 1.5, noNaN: true })),
    rounded: fc.integer({ min: -ROUNDED - 1, max: ROUNDED + 1 }),
  })
  .map(({ own, isCovered, others, share, rounded }): Omit<Split, 'name' | 'hour'> => {
    const comesTo = Math.trunc(sumOf(own) * share) + rounded * (others.length + 1);
    return { own, isCovered, parts: [...others, comesTo - sumOf(others)] };
  });

const OF_A_MACHINE = `SELECT resource, sum(billed_24) AS billed, sum(effective_24) AS effective, count(*) FILTER (fate <> 'loaded') AS rejected,
  string_agg(CAST(effective_24 AS VARCHAR), ' ' ORDER BY "row") FILTER (allocated_resource IS NULL) AS own
  FROM staging.cur_line GROUP BY resource ORDER BY resource`;

test('whatever is credited: the lines and parts of each machine come to what its lines did, and no line changes its sign', {
  timeout: 120_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(credited, { minLength: 20, maxLength: 60 }), async (splits) => {
      const machines = splits.map((split, at): Split => ({ ...split, name: `i-${100 + at}`, hour: at % 3 }));
      await using company = await Company.make({ 'in/a.csv': csvOf(machines.flatMap((each) => linesOf(each))) });
      const { asked } = await readSource(company, SOURCES['cur-csv'], OF_A_MACHINE);
      const exact = (value: number) => `${micro(value)}${'0'.repeat(18)}`;
      expect(asked.map(({ own: _, ...sums }) => sums)).toEqual(
        machines.map((each) => ({
          resource: each.name,
          billed: exact(billedOf(each)),
          effective: exact(sumOf(each.own)),
          rejected: String(isExceeded(each) ? each.parts.length : 0),
        })),
      );
      for (const [at, each] of machines.entries()) {
        const [wanted, total] = [sumOf(each.parts), sumOf(each.own)];
        if (isExceeded(each) || wanted * total < 0 || Math.abs(wanted) > Math.abs(total)) continue;
        const left = String(asked[at]?.['own']).split(' ').map(Number);
        expect(
          left.every((value, line) => isBetween(value * 1e6, 0, each.own[line] ?? 0)),
          JSON.stringify(each),
        ).toBe(true);
      }
    }),
    { numRuns: 5, endOnFailure: true, seed: 20_260_705 },
  );
});

function isExceeded({ own, parts }: Split): boolean {
  return Math.abs(sumOf(parts)) - Math.abs(sumOf(own)) > ROUNDED * parts.length;
}

function isBetween(value: number, one: number, other: number): boolean {
  return value >= Math.min(one, other) - 1e-3 && value <= Math.max(one, other) + 1e-3;
}
