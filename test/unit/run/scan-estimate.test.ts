// What a run on Athena is said to scan, and what stops it before it begins.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Failure } from '../../../src/kernel/failure.js';
import type { Catalog } from '../../../src/model/catalog.js';
import type { Pipeline } from '../../../src/pipeline/pipeline.js';
import { estimateScans, refuseOverBudget } from '../../../src/run/scan-estimate.js';
import { measuresOf, noteMeasures, readMeasures } from '../../../src/run/scan-measures.js';

let stateDir = '';

beforeEach(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'showback-scans-'));
  await landed([
    { source: 'app', name: 'a.jsonl.gz', sha256: 'a', bytes: 1000 },
    { source: 'app', name: 'a.jsonl.gz', sha256: 'b', bytes: 1500 },
    { source: 'app', name: 'again.jsonl.gz', sha256: 'b', bytes: 1500 },
    { source: 'app', name: 'c.csv', sha256: 'c', bytes: 70 },
    { source: 'aws', name: 'bill.csv', sha256: 'd', bytes: 30 },
  ]);
});
afterEach(async () => rm(stateDir, { recursive: true, force: true }));

async function landed(entries: readonly object[]): Promise<void> {
  await mkdir(join(stateDir, 'landing'), { recursive: true });
  const lines = entries.map((entry) => `${JSON.stringify({ unit: 'u', delivery: '1', ...entry })}\n`);
  await writeFile(join(stateDir, 'landing/index.ndjson'), lines.join(''));
}

const model = (name: string, build: string, reads: readonly string[]) => {
  const [layer = '', table = ''] = name.split('.');
  return { name, layer, table, contract: { build }, reads };
};
const CATALOG = {
  models: [
    model('staging.usage_told', 'view', ['raw.usage_event']),
    model('rating.usage_sum', 'table', ['staging.usage_told', 'run.period']),
    model('staging.focus_line', 'table', ['raw.focus_line']),
    model('marts.cost', 'table', ['rating.usage_sum', 'staging.focus_line']),
  ],
} as unknown as Catalog;

function pipeline(scanBudget: number | null, kind: 'athena' | 'duckdb' = 'athena'): Pipeline {
  const place = { file: 'pipeline.yaml', line: 3 };
  const sources = [
    { kind: 'usage', id: 'app', format: 'by-extension', place },
    { kind: 'focus', id: 'aws', place },
  ];
  const engine = kind === 'duckdb' ? { kind } : { kind, scanBudget, place };
  return { name: 'nightly', file: join(stateDir, 'pipeline.yaml'), stateDir, sources, engine } as unknown as Pipeline;
}

describe('the estimate of a scan', () => {
  it('is of Athena alone', async () => {
    expect(await estimateScans(pipeline(null, 'duckdb'), CATALOG)).toBeNull();
  });

  it('is logs twice, as they are packed, and at most the evidence that models read, before the first run', async () => {
    expect(await estimateScans(pipeline(9000), CATALOG)).toEqual({
      bytes: 5000 + 2500 + 100,
      known: 5000,
      basis: 'sizes',
      budget: 9000,
      parts: [
        { what: 'logs', bytes: 5000 },
        { what: 'rating.usage_sum', bytes: 2500 },
        { what: 'staging.focus_line', bytes: 100 },
      ],
    });
  });

  it('takes the lake where the pipeline has one', async () => {
    const { noteUse } = await import('../../../src/warehouse/lake-uses.js');
    const lake = join(stateDir, 'lake');
    await noteUse(lake, join(stateDir, 'pipeline.yaml'), ['one', 'gone']);
    await writeFile(join(lake, 'one.parquet'), 'x'.repeat(42));
    const found = await estimateScans(pipeline(null), CATALOG);
    expect(found?.parts.at(-1)).toEqual({ what: 'staging.focus_line', bytes: 42 });
  });

  it('is what models scanned in the run before, where there was one', async () => {
    await noteMeasures(
      stateDir,
      'nightly',
      new Map([
        ['rating.usage_sum', 700],
        ['(others)', 5],
      ]),
    );
    await noteMeasures(stateDir, 'other', new Map([['rating.usage_sum', 1]]));
    expect(await estimateScans(pipeline(null), CATALOG)).toMatchObject({ bytes: 5705, known: 5705, basis: 'measured' });
  });

  it('does not take a note that was cut for one', async () => {
    await noteMeasures(stateDir, 'nightly', new Map([['rating.usage_sum', 700]]));
    await writeFile(join(stateDir, 'athena/scans/nightly.json'), '{"scanned_bytes": {"rating.usage_sum": "7');
    expect(await readMeasures(stateDir, 'nightly')).toBeNull();
  });
});

describe('a budget', () => {
  const stopped = async (budget: number): Promise<readonly string[]> => {
    const found = pipeline(budget);
    const estimate = await estimateScans(found, CATALOG);
    if (estimate === null || found.engine.kind !== 'athena') throw new Error('no estimate');
    try {
      refuseOverBudget(estimate, found.engine);
      return [];
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      return [error.kind, ...error.problems.map(({ code, message }) => `${code}: ${message}`)];
    }
  };

  it('stops a run that is known to scan more, and no other', async () => {
    expect(await stopped(4999)).toEqual([
      'user',
      'athena/budget: the run would scan at least 4.8 KB, more than its budget of 4.8 KB: logs 4.8 KB',
    ]);
    expect(await stopped(5000)).toEqual([]);
    await noteMeasures(stateDir, 'nightly', new Map([['rating.usage_sum', 7000]]));
    expect(await stopped(11_999)).toEqual([
      'user',
      'athena/budget: the run would scan about 11.7 KB, more than its budget of 11.7 KB: rating.usage_sum 6.8 KB, logs 4.8 KB',
    ]);
    expect(await stopped(12_000)).toEqual([]);
  });
});

describe('what was scanned', () => {
  it('is summed by model; logs are left to their size', () => {
    const run = 'r0123456789abcdef';
    const scanned = [
      [`${run}_rating_usage_sum`, 100n],
      [`${run}_rating_usage_sum_2`, 20n],
      ['verify rating.usage_sum', 3n],
      ['count rating.usage_sum after part 1', 1n],
      [`${run}_raw_usage_event part 2`, 1000n],
      [`count of ${run}_raw_line_2`, 1000n],
      [`${run}_staging_focus_line part 1`, 7n],
      ['ask', 5n],
    ] as const;
    expect([...measuresOf(scanned, CATALOG.models)]).toEqual([
      ['rating.usage_sum', 124],
      ['staging.focus_line', 7],
      ['(others)', 5],
    ]);
  });
});
