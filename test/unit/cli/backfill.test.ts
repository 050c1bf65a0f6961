// `backfill`: what is asked of the run, and how its months are told.
import { beforeAll, describe, expect, it } from 'vitest';
import type { Runs } from '../../../src/cli/io.js';
import { LiveView } from '../../../src/cli/live.js';
import type { RunEvent } from '../../../src/kernel/event.js';
import { Failure } from '../../../src/kernel/failure.js';
import type { BackfillRequest, RunResult } from '../../../src/run/api.js';
import { cli, companyFolder, NO_RUNS, screen, warehouseFile, spelled } from './harness.js';

const month = { kind: 'month', total: 3 } as const;
const FIRST: readonly RunEvent[] = [
  { kind: 'run-started', pipeline: 'demo', asOf: '2026-09-30', steps: ['load the lake'] },
  { kind: 'step', step: 'load the lake', state: 'done', seconds: 1 },
  { ...month, month: '2026-07', number: 1, state: 'unchanged' },
  { ...month, month: '2026-08', number: 2, state: 'started', steps: ['turn to 2026-08', 'publish'] },
];
const DONE: readonly RunEvent[] = [
  ...FIRST,
  { ...month, month: '2026-08', number: 2, state: 'published' },
  { ...month, month: '2026-09', number: 3, state: 'started', steps: ['turn to 2026-09', 'publish'] },
  { ...month, month: '2026-09', number: 3, state: 'published' },
  {
    kind: 'backfill-finished',
    outcome: 'published',
    seconds: 9,
    published: ['2026-08', '2026-09'],
    unchanged: ['2026-07'],
    left: [],
  },
];
const FAILED: readonly RunEvent[] = [
  ...FIRST,
  { ...month, month: '2026-08', number: 2, state: 'failed' },
  {
    kind: 'backfill-finished',
    outcome: 'failed',
    seconds: 9,
    published: [],
    unchanged: ['2026-07'],
    left: ['2026-08', '2026-09'],
  },
];
const PROBLEM = { code: 'control/unpriced', message: 'control unpriced fails', remedy: 'add a price' };

let cwd = '';
let last: RunResult;
beforeAll(async () => {
  cwd = await companyFolder();
  const warehousePath = await warehouseFile(cwd, [{ month: '2026-09', feature: 'Chat', team: 't', amount: '1.00' }], []);
  const months = ['2026-07', '2026-08', '2026-09'];
  last = {
    outcome: 'published',
    runId: 'r',
    asOf: '2026-09-30',
    months,
    outDir: `${cwd}/out`,
    warehousePath,
    pipeline: 'demo',
    currency: 'USD',
  };
});

function telling(
  events: readonly RunEvent[],
  error: Error | null = null,
  seen: BackfillRequest[] = [],
): { runs: () => Promise<Runs> } {
  const runBackfill: Runs['runBackfill'] = async (request) => {
    seen.push(request);
    for (const event of events) request.listener(event);
    if (error !== null) throw error;
    return { published: ['2026-08', '2026-09'], unchanged: ['2026-07'], last };
  };
  return { runs: async () => ({ ...NO_RUNS, runBackfill }) };
}

const lines = (text: string): readonly string[] => text.split('\n').map((line) => line.replace(/^[^ ]+Z {2}/, ''));

describe('backfill', () => {
  it('hands on what was asked', async () => {
    const seen: BackfillRequest[] = [];
    const args = ['backfill', '--from', '2026-07', '--to', '2026-09', '--as-of', '2026-10-05', '--force', '--threads', '2'];
    const { code } = await cli(args, { cwd, ...telling([], null, seen) });
    expect(code).toBe(0);
    const asked = { from: '2026-07', to: '2026-09', asOf: '2026-10-05', force: true, threads: 2 };
    expect(seen[0]).toMatchObject({ ...asked, pipelineFile: `${cwd}/pipeline.yaml` });
  });

  it.each([
    [['backfill'], "required option '--from <YYYY-MM>' not specified"],
    [['backfill', '--from', '2026-7'], 'a month is written as 2026-09'],
  ])('needs to know where it begins: %j', async (args, words) => {
    expect(await cli(args, { cwd })).toMatchObject({ code: 2, err: expect.stringContaining(words) });
  });

  it('tells each month in the log, and then what is published', async () => {
    const { err, out } = await cli(['backfill', '--from', '2026-07'], { cwd, ...telling(DONE) });
    expect(lines(err)).toEqual([
      'demo: run as of 2026-09-30, 1 steps',
      'month 1 of 3: 2026-07 is unchanged',
      'month 2 of 3: 2026-08 is published',
      'month 3 of 3: 2026-09 is published',
      'backfill done after 9.0 s: 2026-08 and 2026-09 published, 2026-07 unchanged',
      '',
    ]);
    expect(out).toContain('Statement of 2026-09, USD');
  });

  it('says which months are done when one fails, and ends as that failure does', async () => {
    const failure = new Failure('check', [PROBLEM], { part: '2026-08' });
    const { code, err } = await cli(['backfill', '--from', '2026-07'], { cwd, ...telling(FAILED, failure) });
    expect(code).toBe(3);
    expect(lines(err)).toContain(
      'backfill failed after 9.0 s: 2026-07 unchanged, 2026-08 and 2026-09 not done; the same backfill goes on from there',
    );
    expect(err).toContain('showback: 1 check failed; nothing of 2026-08 was published');
  });

  it('tells its months as NDJSON', async () => {
    const { out } = await cli(['backfill', '--from', '2026-07', '--json'], { cwd, ...telling(DONE) });
    const told = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { kind: string });
    expect(told.slice(0, -1)).toEqual(DONE.map(spelled));
    expect(told.at(-1)).toMatchObject({ kind: 'summary', months: last.months });
  });

  it('has a list a month on a terminal, and keeps what is done above it', () => {
    const output = screen({ isTTY: true });
    const view = new LiveView(
      output,
      (_, text) => text,
      () => 0,
    );
    for (const event of FIRST) view.listen(event);
    const written = (): string => output.text.replaceAll('\u001b[K', '');
    const [, drawn = ''] = written().split('✔ month 1 of 3: 2026-07 is unchanged\n');
    expect(drawn).toContain('load the lake');
    view.listen({ kind: 'step', step: 'turn to 2026-08', state: 'done', seconds: 2 });
    view.listen({ ...month, month: '2026-08', number: 2, state: 'published' });
    const end = written().slice(written().lastIndexOf('✔ month 2 of 3: 2026-08 is published'));
    expect(end).toContain('month 2 of 3: 2026-08 · 1 of 2 steps · 0.0 s\n✔ turn to 2026-08  2.0 s\n  publish\n');
    expect(end).not.toContain('load the lake');
    view.close();
  });
});
