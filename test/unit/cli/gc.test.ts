// What `gc` tells: a table by kind, or one JSON object for each thing that went.
import { describe, expect, it } from 'vitest';
import { Failure } from '../../../src/kernel/failure.js';
import type { GcRequest, GcResult } from '../../../src/run/api.js';
import { cli, companyFolder, NO_RUNS, type Told } from './harness.js';

const RESULT: GcResult = {
  retention: { runs: 14, deliveriesDays: 90 },
  kinds: ['leftover', 'published-run', 'run', 'delivery', 'unnamed', 'lake-file'],
  waste: [
    { kind: 'published-run', path: '/c/out/runs/a', files: 90, bytes: 1_200_000 },
    { kind: 'lake-file', path: '/c/.showback/lake/a.json', files: 1, bytes: 300 },
    { kind: 'lake-file', path: '/c/.showback/lake/a.parquet', files: 1, bytes: 2_000_000 },
  ],
  notes: ['something stays'],
};

async function gc(args: readonly string[], answer: GcResult | Failure = RESULT): Promise<Told & { asked: readonly GcRequest[] }> {
  const asked: GcRequest[] = [];
  const collectGarbage = async (request: GcRequest): Promise<GcResult> => {
    asked.push(request);
    if (answer instanceof Failure) throw answer;
    return answer;
  };
  const told = await cli(['gc', ...args], { cwd: await companyFolder(), runs: async () => ({ ...NO_RUNS, collectGarbage }) });
  return { ...told, asked };
}

describe('gc', () => {
  it('tells files and bytes by kind, the retention, and on stderr what it could not know', async () => {
    const { code, out, err, asked } = await gc([]);
    expect([code, err, asked[0]?.dryRun]).toEqual([0, 'warning: something stays\n', false]);
    expect(out.split('\n')).toEqual([
      'what                 files   bytes',
      '───────────────────  ─────  ──────',
      'left by killed runs      0     0 B',
      'published runs          90  1.2 MB',
      'warehouses of runs       0     0 B',
      'replaced deliveries      0     0 B',
      'landed, never noted      0     0 B',
      'lake                     2  2.0 MB',
      '───────────────────  ─────  ──────',
      'went                    92  3.2 MB',
      'retention: 14 published runs; deliveries for 90 days after they were replaced',
      '',
    ]);
  });

  it('tells of S3 and Athena where the pipeline is there', async () => {
    const table = { kind: 'athena-table', path: 'finance.r0123456789abcdef_raw_line', files: 1, bytes: 0 } as const;
    const folder = { kind: 'athena-run', path: 's3://acme/run=0123456789abcdef/', files: 40, bytes: 5_000_000 } as const;
    const { out } = await gc([], { ...RESULT, kinds: ['athena-table', 'athena-run', 'upload'], waste: [table, folder] });
    expect(out.split('\n').slice(2, 5)).toEqual([
      'unfinished runs on S3     40  5.0 MB',
      'logs on S3                 0     0 B',
      'tables on Athena           1     0 B',
    ]);
    expect((await gc(['--json'], { ...RESULT, waste: [table] })).out).toContain('"path":"finance.r0123456789abcdef_raw_line"');
  });

  it('removes nothing with --dry-run, and says so', async () => {
    const { out, asked } = await gc(['--dry-run']);
    expect(asked[0]?.dryRun).toBe(true);
    expect(out).toContain('would go                92  3.2 MB');
    expect((await gc(['--dry-run', '--json'])).out).toContain('{"kind":"would-remove","what":"published-run"');
  });

  it('tells everything as JSON, a failure too', async () => {
    const { out } = await gc(['--json']);
    expect(
      out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([
      { kind: 'note', level: 'warning', message: 'something stays' },
      { kind: 'removed', what: 'published-run', path: '/c/out/runs/a', files: 90, bytes: 1_200_000 },
      { kind: 'removed', what: 'lake-file', path: '/c/.showback/lake/a.json', files: 1, bytes: 300 },
      { kind: 'removed', what: 'lake-file', path: '/c/.showback/lake/a.parquet', files: 1, bytes: 2_000_000 },
      { kind: 'gc-finished', dry_run: false, files: 92, bytes: 3_200_300, retention: { runs: 14, deliveries_days: 90 } },
    ]);
    const failed = await gc(['--json'], new Failure('locked', [{ code: 'run/locked', message: 'held', remedy: 'wait' }]));
    expect([failed.code, JSON.parse(failed.out)]).toEqual([75, expect.objectContaining({ failure: 'locked', exit_code: 75 })]);
  });
});
