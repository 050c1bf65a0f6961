// Charges that a provider split: each counts once, and a file that has their origin beside them is refused.
import { describe, expect, test } from 'vitest';
import { FOCUS_MANDATORY_IN } from '../../../src/kernel/bill-lines.js';
import type { FocusSource } from '../../../src/pipeline/pipeline.js';
import { BILL, Company } from '../../contract/company.js';

const FOCUS: FocusSource = { ...BILL, kind: 'focus', layout: { kind: 'files', files: ['in/*'] }, version: 'detect' };

type Cells = Readonly<Record<string, string>>;

const HOUR: Cells = {
  ...Object.fromEntries(FOCUS_MANDATORY_IN['1.4'].map((name) => [name, 'x'])),
  ChargePeriodStart: '2026-07-01T00:00:00Z',
  ResourceId: 'node',
  SkuId: 'vm',
  AllocatedMethodId: '',
  AllocatedResourceId: '',
};

const charge = (billed: string, effective: string, more: Cells = {}): Cells => ({
  ...HOUR,
  BilledCost: billed,
  EffectiveCost: effective,
  ...more,
});
const part = (billed: string, effective: string, to = 'pod'): Cells =>
  charge(billed, effective, { AllocatedMethodId: 'cpu', AllocatedResourceId: to });

function csv(lines: readonly Cells[]): string {
  return [Object.keys(HOUR), ...lines.map((line) => Object.values(line))].map((cells) => `${cells.join(',')}\n`).join('');
}

const PARTS = [part('0.7', '0.5', 'pod-1'), part('0.2', '0.1', 'pod-2'), part('0.1', '0.4', '')];

async function load(lines: readonly Cells[]) {
  await using company = await Company.make({ 'in/a.csv': csv(lines) });
  return await company.ask(
    [FOCUS],
    'SELECT count(*) AS lines, CAST(sum(CAST(billed_cost AS DECIMAL(38,24))) AS DECIMAL(38,3)) AS billed FROM raw.focus_line',
  );
}

describe('allocated charges', () => {
  test('stand for their origin, and come to what it did', async () => {
    expect(await load([...PARTS, charge('5', '5', { ResourceId: 'other' })])).toEqual([{ lines: '4', billed: '6.000' }]);
  });

  test.each<readonly [string, readonly Cells[], number]>([
    ['their origin', [charge('1.0', '1')], 1],
    ['their origin after them', [...PARTS, charge('1', '1.0')], 4],
    ['their origin in two lines', [charge('0.4', '1'), charge('0.6', '0')], 1],
  ])('beside %s are refused', async (_, origin, row) => {
    const lines = row === 1 ? [...origin, ...PARTS] : origin;
    await expect(load(lines)).rejects.toMatchObject({
      exitCode: 2,
      problems: [
        {
          code: 'focus/origin',
          message: `\`in/a.csv\` row ${row} is the origin of 3 allocated charges that stand beside it: its cost would count twice`,
          remedy: expect.stringContaining('either as billed or as allocated'),
          place: { file: 'in/a.csv' },
        },
      ],
    });
  });

  test('beside an origin of many digits are refused', async () => {
    const thirds = ['1', '2', '3'].map((pod) => part('0.33333333333333333', '0.33333333333333333', pod));
    await expect(load([charge('1', '1'), ...thirds])).rejects.toThrow('is the origin of 3');
  });

  test.each<readonly [string, Cells]>([
    ['of another hour', charge('1', '1', { ChargePeriodStart: '2026-07-01T01:00:00Z' })],
    ['of another resource', charge('1', '1', { ResourceId: 'node-2' })],
    ['of another sku', charge('1', '1', { SkuId: 'disk' })],
    ['of an amount that no bill has', charge('9999999999999', '-9999999999999')],
    ['of the same billed cost only', charge('1', '0')],
    ['of the same effective cost only', charge('0', '1')],
  ])('count beside a charge %s', async (_, line) => {
    expect((await load([...PARTS, line]))[0]).toMatchObject({ lines: '4' });
  });

  test('without any cost are no reason to refuse', async () => {
    expect(await load([charge('0', '0'), part('0', '0')])).toEqual([{ lines: '2', billed: '0.000' }]);
  });

  test('with amounts that cannot be read are left to their lines', async () => {
    await using company = await Company.make({ 'in/a.csv': csv([charge('9e30', 'x'), part('much', '9e30')]) });
    expect(await company.ask([FOCUS], 'SELECT count(*) AS lines FROM raw.focus_line')).toEqual([{ lines: '2' }]);
  });
});
