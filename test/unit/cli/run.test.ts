// `run` and `plan`: what they print of what the run tells.
import { beforeAll, describe, expect, it } from 'vitest';
import type { Runs } from '../../../src/cli/io.js';
import type { RunEvent } from '../../../src/kernel/event.js';
import { Failure } from '../../../src/kernel/failure.js';
import type { RunRequest, RunResult, ScanEstimate } from '../../../src/run/api.js';
import { cli, companyFolder, NO_RUNS, spelled, warehouseFile } from './harness.js';

const STARTED: RunEvent = { kind: 'run-started', pipeline: 'demo', asOf: '2026-09-30', steps: ['land aws', 'publish'] };
const EVENTS: readonly RunEvent[] = [
  STARTED,
  { kind: 'step', step: 'land aws', state: 'started' },
  { kind: 'progress', step: 'land aws', done: 1, total: 2, unit: 'files' },
  { kind: 'note', level: 'warning', message: 'no file under `logs/*`' },
  { kind: 'note', level: 'info', message: 'read as FOCUS 1.2' },
  { kind: 'step', step: 'land aws', state: 'done', seconds: 1.5, rows: 12 },
  { kind: 'run-finished', outcome: 'published', runId: 'r1', seconds: 12.3, out: '/out' },
];

const STATEMENT = [
  { month: '2026-08', feature: 'Assistant', team: 'web', amount: '40.00' },
  { month: '2026-08', feature: 'Retired', team: 'old', amount: '9.99' },
  { month: '2026-09', feature: 'Assistant', team: 'web', amount: '1000.00', share: '0.400000' },
  { month: '2026-09', feature: 'Assistant', team: 'web', amount: '234.56', share: '0.093824' },
  { month: '2026-09', feature: 'Search', team: 'search', amount: '-34.56', share: '-0.013824' },
  { month: '2026-09', feature: '(idle)', team: '(unallocated)', amount: '1300.00', share: '0.520000' },
];
const CONTROLS = [
  ['2026-08', 'statement_identity', 'statement', 'USD', '49.99', '49.99', '0', '0', 'true'],
  ['2026-09', 'bill_total', 'aws', 'USD', '1', '1', '0', '0', 'true'],
  ['2026-09', 'statement_identity', 'statement', 'USD', '2500.000000000001', '2500.000000000001', '0', '0', 'true'],
];

let cwd = '';
let result: RunResult;
beforeAll(async () => {
  cwd = await companyFolder();
  result = {
    outcome: 'published',
    runId: 'r1',
    asOf: '2026-09-30',
    months: ['2026-08', '2026-09'],
    outDir: `${cwd}/out`,
    warehousePath: await warehouseFile(cwd, STATEMENT, CONTROLS),
    pipeline: 'demo',
    currency: 'USD',
  };
});

function telling(
  events: readonly RunEvent[],
  ending: RunResult | Error,
  seen: RunRequest[] = [],
): { readonly runs: () => Promise<Runs> } {
  const runPipeline = async (request: RunRequest): Promise<RunResult> => {
    seen.push(request);
    for (const event of events) request.listener(event);
    if (ending instanceof Error) throw ending;
    return ending;
  };
  return { runs: async () => ({ ...NO_RUNS, runPipeline }) };
}

describe('run', () => {
  it('says first whether the months tie, then the statement, the controls, the files', async () => {
    const { code, out } = await cli(['run'], { cwd, ...telling(EVENTS, result) });
    expect(code).toBe(0);
    expect(out).toBe(`✔ 2026-08 and 2026-09 tie to the bills, to the last unit
  2026-09: Σ statement = Σ evidence = 2,500.000000000001 USD

Statement of 2026-09, USD
feature    team      amount   share  previous month
─────────  ──────  ────────  ──────  ──────────────
Assistant  web     1,234.56  49.4 %           40.00
Search     search    -34.56  -1.4 %
Retired    old         0.00                    9.99
(idle)             1,300.00  52.0 %
─────────  ──────  ────────  ──────  ──────────────
total              2,500.00                   49.99

✔ Controls: all 3 passed

Files of run r1, as of 2026-09-30:
  out/csv/2026-09/*.csv  out/parquet  out/arrow
  warehouse.duckdb
`);
  });

  it('hands on what was asked', async () => {
    const seen: RunRequest[] = [];
    await cli(['run', '--month', '2026-09', '--as-of', '2026-10-05', '--force', '--threads', '2'], {
      cwd,
      ...telling([], result, seen),
    });
    expect(seen[0]).toMatchObject({
      pipelineFile: `${cwd}/pipeline.yaml`,
      scope: { month: '2026-09', asOf: '2026-10-05' },
      force: true,
      threads: 2,
    });
  });

  it('is quiet where nobody watches: start, warnings, end, each with its time', async () => {
    const { err } = await cli(['run'], { cwd, ...telling(EVENTS, result) });
    expect(err.split('\n')).toEqual([
      '2026-10-01T02:00:00Z  demo: run as of 2026-09-30, 2 steps',
      '2026-10-01T02:00:00Z  warning: no file under `logs/*`',
      '2026-10-01T02:00:00Z  published run r1 after 12 s: /out',
      '',
    ]);
  });

  it('says that nothing changed, and shows the figures that stand', async () => {
    const { code, out } = await cli(['run'], { cwd, ...telling([], { ...result, outcome: 'unchanged' }) });
    expect(code).toBe(0);
    expect(out).toContain('Nothing changed since run r1');
    expect(out).toContain('total              2,500.00');
  });

  it('tells everything as NDJSON on request, and nothing else on stdout', async () => {
    const { out, err } = await cli(['run', '--json'], { cwd, ...telling(EVENTS, result) });
    const lines = out
      .trimEnd()
      .split('\n')
      .map((line): unknown => JSON.parse(line));
    expect(lines.slice(0, -1)).toEqual(EVENTS.map(spelled));
    expect(lines.at(-1)).toMatchObject({ kind: 'summary', run_id: 'r1', ties: true, controls: { passed: 3, failed: 0 } });
    expect(err).toBe('');
  });

  it('ends with the code of the failure, in words and as JSON', async () => {
    const failure = new Failure('check', [{ code: 'control/bill_total', message: 'bill_total fails for aws', remedy: 'look' }]);
    const failed: RunEvent = { kind: 'step', step: 'check the controls', state: 'failed', seconds: 1 };
    const plain = await cli(['run'], { cwd, ...telling([STARTED, failed], failure) });
    expect(plain).toMatchObject({ code: 3, out: '' });
    expect(plain.err).toContain('failed: check the controls\n');
    expect(plain.err).toContain('bill_total fails for aws [control/bill_total]');
    const json = await cli(['run', '--json'], { cwd, ...telling([], failure) });
    expect(JSON.parse(json.out)).toEqual({ kind: 'failure', failure: 'check', exit_code: 3, problems: failure.problems });
  });

  it('names the months that do not tie, and their controls first', async () => {
    const broken = ['2026-09', 'statement_identity', 'statement', 'USD', '10', '9.5', '-0.5', '0', 'false'];
    const dir = await companyFolder();
    const warehousePath = await warehouseFile(dir, STATEMENT, [...CONTROLS.slice(0, 2), broken]);
    const { out } = await cli(['run'], { cwd: dir, ...telling([], { ...result, warehousePath }) });
    expect(out).toMatch(/^✖ 2026-09 does not tie to the bills: Σ statement 9\.50 USD, Σ evidence 10\.00 USD, off by -0\.50\n/);
    expect(out).toContain('✖ Controls: 1 failure of 3\nfailed control      month    scope      expected  actual  difference\n');
  });

  it('knows the month before from its own rows where it publishes one month only', async () => {
    const dir = await companyFolder();
    const rows = [
      { month: '2026-09', feature: 'Assistant', team: 'web', amount: '10.00', share: '1', previous: '7.499999999999' },
    ];
    const { out } = await cli(['run'], {
      cwd: dir,
      ...telling([], { ...result, warehousePath: await warehouseFile(dir, rows, []) }),
    });
    expect(out).toMatch(/Assistant +web +10\.00 +100\.0 % +7\.50\n/);
  });

  it('has a line for a run with nothing in it', async () => {
    const dir = await companyFolder();
    const { code, out } = await cli(['run'], {
      cwd: dir,
      ...telling([], { ...result, warehousePath: await warehouseFile(dir, [], []) }),
    });
    expect(code).toBe(0);
    expect(out).toContain('! No month to tie to the bills yet');
  });
});

describe('plan', () => {
  const steps = [{ kind: 'land', sourceId: 'aws' } as const, { kind: 'publish' } as const];
  const runs = async (): Promise<Runs> => ({ ...NO_RUNS, planPipeline: async () => ({ steps, scan: null }) });

  it('numbers the steps', async () => {
    expect((await cli(['plan'], { cwd, runs })).out).toBe('1  land\n2  publish\n2 steps\n');
  });

  it('tells what a run on Athena scans, and warns where that is over its budget', async () => {
    const parts = ['logs', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((what, at) => ({
      what: at === 0 ? what : `rating.${what}`,
      bytes: 1000 - at,
    }));
    const scan = { bytes: 9000, known: 9000, basis: 'measured', budget: 8000, parts } as const;
    const on = (more: Partial<ScanEstimate>) => ({
      cwd,
      runs: async (): Promise<Runs> => ({ ...NO_RUNS, planPipeline: async () => ({ steps, scan: { ...scan, ...more } }) }),
    });
    const { out, err, code } = await cli(['plan'], on({}));
    expect(code).toBe(0);
    expect(out.split('\n').slice(3)).toEqual([
      '',
      'scanned on Athena   bytes',
      '─────────────────  ──────',
      'logs, read twice   1.0 kB',
      ...['a', 'b', 'c', 'd', 'e', 'f'].map((name, at) => `rating.${name}            ${999 - at} B`),
      '2 other models     2.0 kB',
      '─────────────────  ──────',
      'about              9.0 kB',
      'budget             8.0 kB',
      'logs by the size of what landed; models as in the run before',
      '',
    ]);
    expect(err).toContain('is more than its budget: a run stops before its first query');
    expect((await cli(['plan'], on({ known: 1000, basis: 'sizes' }))).err).toContain('may be more than its budget');
    expect((await cli(['plan'], on({ budget: null }))).err).toBe('');
    const json = await cli(['plan', '--json'], on({}));
    expect(JSON.parse(json.out.trimEnd().split('\n').at(-1) ?? '')).toEqual({ kind: 'scan', ...scan });
  });

  it('prints the very steps as JSON', async () => {
    const { out } = await cli(['plan', '--json'], { cwd, runs });
    expect(
      out
        .trimEnd()
        .split('\n')
        .map((line): unknown => JSON.parse(line)),
    ).toEqual(steps.map(spelled));
  });
});
