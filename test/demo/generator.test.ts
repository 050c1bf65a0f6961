// The demo company: the same bytes every time, its registry in step with its truth, its README in step with what is planted.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { AWS_SKUS } from '../../fixtures/demo/generate/aws-lines.js';
import { CUSTOMERS, FEATURES, POOL, UNREGISTERED } from '../../fixtures/demo/generate/company.js';
import { apportion, text, units } from '../../fixtures/demo/truth/exact.js';
import { straightLine } from '../../fixtures/demo/truth/register.js';
import { RULES } from '../../fixtures/demo/truth/rules.js';

const DEMO = join(import.meta.dirname, '../../fixtures/demo');
const scratch = mkdtempSync(join(tmpdir(), 'demo-generator-'));

afterAll(() => rmSync(scratch, { recursive: true }));

function generate(name: string): Readonly<Record<string, string>> {
  const out = join(scratch, name);
  const tsx = join(DEMO, '../../node_modules/tsx/dist/cli.mjs');
  execFileSync(process.execPath, [tsx, join(DEMO, 'generate/main.ts'), '--days', '3', '--out', out, '--expected'], {
    stdio: 'pipe',
  });
  const files = readdirSync(out, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const hash = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');
  return Object.fromEntries(
    files
      .map((file) => join(file.parentPath, file.name))
      .sort()
      .map((path) => [path.slice(out.length), hash(path)]),
  );
}

it('writes the same bytes every time', { timeout: 120_000 }, () => {
  const first = generate('first');
  expect(Object.keys(first).length).toBeGreaterThan(90);
  expect(Object.keys(first).filter((name) => name.endsWith('.jsonl.gz'))).toHaveLength(72);
  expect(generate('second')).toEqual(first);
});

describe('the truth and the registry say the same', () => {
  it('features', () => {
    const { features } = parse(readFileSync(join(DEMO, 'registry/features.yaml'), 'utf8')) as {
      features: { id: string; kind?: string; team: string }[];
    };
    expect(features.filter(({ kind }) => kind !== 'pool').map(({ id, team }) => [id, team])).toEqual(
      FEATURES.map(({ id, team }) => [id, team]),
    );
    expect(features.filter(({ kind }) => kind === 'pool').map(({ id }) => id)).toEqual([POOL]);
    expect(UNREGISTERED.filter((id) => features.some((feature) => feature.id === id))).toEqual([]);
  });

  it('rules, in order', () => {
    const { rules } = parse(readFileSync(join(DEMO, 'registry/rules.yaml'), 'utf8')) as { rules: { pool: string }[] };
    expect(RULES.map(({ pool }) => pool).filter((pool) => !pool.startsWith('('))).toEqual(rules.map(({ pool }) => pool));
  });

  it('what the words of AWS mean', () => {
    const lines = readFileSync(join(DEMO, 'registry/sku_map.csv'), 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('aws,'));
    expect(lines.map((line) => line.split(',').slice(1, 4).join()).sort()).toEqual(
      Object.entries(AWS_SKUS)
        .map(([item, [sku, meter]]) => [item, sku, meter ?? ''].join())
        .sort(),
    );
  });
});

interface ApportionCase {
  readonly amount: string;
  readonly weights: Readonly<Record<string, string>>;
  readonly parts: Readonly<Record<string, string>>;
}

interface ScheduleCase {
  readonly cost: string;
  readonly in_service_on: string;
  readonly horizon_months: number;
  readonly by_month: Readonly<Record<string, string>>;
}

function vectors<T>(name: string): readonly T[] {
  const file = JSON.parse(readFileSync(join(DEMO, '../../test/vectors', name), 'utf8')) as { cases: readonly T[] };
  return file.cases;
}

describe('the truth keeps to the vectors', () => {
  it('apportion', () => {
    for (const { amount, weights, parts } of vectors<ApportionCase>('apportion.json')) {
      const got = apportion(units(amount), new Map(Object.entries(weights).map(([key, weight]) => [key, units(weight, 30)])));
      const expected = Object.entries(parts).filter(([key]) => units(weights[key]!, 30) > 0n);
      expect(Object.fromEntries([...(got ?? [])].map(([key, part]) => [key, text(part)]))).toEqual(Object.fromEntries(expected));
    }
  });

  it('amortization', () => {
    for (const { cost, in_service_on, horizon_months, by_month } of vectors<ScheduleCase>('amortization.json')) {
      const months = new Map<string, bigint>();
      for (const [day, amount] of straightLine(units(cost), in_service_on, horizon_months)) {
        months.set(day.slice(0, 7), (months.get(day.slice(0, 7)) ?? 0n) + amount);
      }
      expect(Object.fromEntries([...months].map(([month, amount]) => [month, text(amount)]))).toEqual(by_month);
    }
  });
});

it.each([
  'untagged usage',
  'unlogged usage',
  'duplicated events',
  'late events',
  'cache hits',
  'batch calls',
  'sampled log',
  'retries',
  'failed calls',
  'unregistered feature ids',
  'idle GPUs',
  'malformed lines',
  'a register entry on the AWS bill',
  'an upfront commitment',
  'from the 15th to the 14th',
  'ends three days early',
  'self-hosted model tokens',
  'unknown model accepted',
  'customer name that starts with `=`',
  'feature called `<script>`',
  'delivered twice',
  'a refund',
  'a credit',
  'tax and support',
  'unused commitment',
  'a trailing re-pull',
  'priority tier',
  'an outage',
])('README says where to find: %s', (planted) => {
  const row = readFileSync(join(DEMO, 'README.md'), 'utf8')
    .split('\n')
    .find((line) => line.startsWith('|') && line.split('|')[1]!.includes(planted));
  expect(row?.split('|')[2]?.trim()).toMatch(/\S{3}/);
});

it('README says what stands behind every cause of the variance bridge', () => {
  const { bridge } = JSON.parse(readFileSync(join(DEMO, 'expected.json'), 'utf8')) as {
    bridge: Record<string, Record<string, string>>;
  };
  const causes = new Set(Object.values(bridge).flatMap((month) => Object.keys(month).map((name) => name.split(' ')[1]!)));
  const columns = readFileSync(join(DEMO, 'README.md'), 'utf8')
    .split('\n')
    .map((line) => line.split('|')[3] ?? '');
  expect(causes.size).toBeGreaterThan(12);
  expect([...causes].filter((cause) => !columns.some((column) => column.includes(`\`${cause}\``)))).toEqual([]);
});

it('has two hundred customers, one of whom a spreadsheet would run', () => {
  expect(new Set(CUSTOMERS).size).toBe(200);
  expect(CUSTOMERS.filter((id) => id.startsWith('='))).toHaveLength(1);
});

it('spends every month: the committed totals hold three months of one currency', () => {
  const expected = JSON.parse(readFileSync(join(DEMO, 'expected.json'), 'utf8')) as {
    statement: Record<string, Record<string, string>>;
  };
  expect(Object.values(expected.statement).map((month) => Object.keys(month))).toEqual([['USD'], ['USD'], ['USD']]);
});
