// The live task list on a terminal that keeps a screen.
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { LiveView } from '../../../src/cli/live.js';
import { displayWidth } from '../../../src/cli/width.js';
import { screen, type Screen } from './harness.js';

const STEPS = Array.from({ length: 30 }, (_, at) => `build staging.model_${at}`);
const plain = (_: unknown, text: string): string => text;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** What a terminal shows after all that was written: cursor up and erase are all that the list uses. */
function shown(output: Screen): readonly string[] {
  const lines: string[] = [''];
  for (const part of output.text.split(/(\u001b\[[0-9;?]*[A-Za-z]|\n)/)) {
    const up = /^\u001b\[(\d+)A$/.exec(part);
    if (part === '\n') lines.push('');
    else if (up !== null) lines.splice(lines.length - 1 - Number(up[1]), Number(up[1]) + 1, '');
    else if (!part.startsWith('\u001b')) lines[lines.length - 1] += part;
  }
  return lines;
}

function started(options: { readonly columns?: number; readonly rows?: number } = {}): {
  readonly output: Screen;
  readonly view: LiveView;
  tick: (ms: number) => void;
} {
  const output = screen({ isTTY: true, ...options });
  let now = 0;
  const view = new LiveView(output, plain, () => now);
  view.listen({ kind: 'run-started', pipeline: 'demo', asOf: '2026-09-30', steps: STEPS });
  return {
    output,
    view,
    tick: (ms) => {
      now += ms;
      vi.advanceTimersByTime(ms);
    },
  };
}

it('shows what is done, what runs and what comes next', () => {
  const { output, view, tick } = started();
  for (const step of STEPS.slice(0, 7)) {
    view.listen({ kind: 'step', step, state: 'started' });
    view.listen({ kind: 'step', step, state: 'done', seconds: 2.5, rows: 1200, bytes: 34_000 });
  }
  view.listen({ kind: 'step', step: STEPS[7] ?? '', state: 'started' });
  tick(4000);
  view.listen({ kind: 'progress', step: STEPS[7] ?? '', done: 250, total: 1000, unit: 'files', bytes: 5_000_000 });
  tick(1000);
  expect(shown(output)).toEqual([
    'demo, as of 2026-09-30 · 7 of 30 steps · 5.0 s',
    '✔ 3 steps done',
    ...[3, 4, 5, 6].map((at) => `✔ build staging.model_${at}   1,200 rows · 34.0 kB · 2.5 s`),
    '⠋ build staging.model_7   250 of 1,000 files · 15 s left · 1.0 MB/s · 5.0 MB · 5.0 s',
    ...[8, 9, 10].map((at) => `  build staging.model_${at}`),
    '  … 19 more',
    '',
  ]);
});

it('tells rows, bytes, rate and time left of what is read', () => {
  const { output, view, tick } = started({ columns: 120 });
  const step = STEPS[0] ?? '';
  view.listen({ kind: 'step', step, state: 'started' });
  tick(4000);
  view.listen({ kind: 'progress', step, done: 12_000_000, total: 36_000_000, unit: 'bytes', rows: 102_000 });
  tick(100);
  expect(shown(output)[1]).toBe('⠙ build staging.model_0  12.0 of 36.0 MB · 8.2 s left · 2.9 MB/s · 102,000 rows · 4.1 s');
});

it('tells pages of an API beside their bytes', () => {
  const { output, view, tick } = started({ columns: 120 });
  const step = STEPS[0] ?? '';
  view.listen({ kind: 'step', step, state: 'started' });
  tick(4000);
  view.listen({ kind: 'progress', step, done: 1, total: 3, unit: 'files', bytes: 8_000, pages: 12 });
  tick(100);
  expect(shown(output)[1]).toBe('⠙ build staging.model_0  1 of 3 files · 8.2 s left · 2.0 kB/s · 12 pages · 8.0 kB · 4.1 s');
});

it('leaves out what a narrow terminal has no room for, the name last', () => {
  const { output, view, tick } = started({ columns: 50 });
  const step = STEPS[0] ?? '';
  view.listen({ kind: 'step', step, state: 'started' });
  tick(4000);
  view.listen({ kind: 'progress', step, done: 12_000_000, total: 36_000_000, unit: 'bytes', rows: 102_000 });
  tick(100);
  expect(shown(output)[1]).toBe('⠙ build staging.model_0  12.0 of 36.0 MB');
});

it('keeps warnings above the list', () => {
  const { output, view, tick } = started();
  view.listen({ kind: 'note', level: 'warning', message: 'no file under `a`\u001b[2J' });
  tick(200);
  expect(shown(output).slice(0, 2)).toEqual(['! no file under `a`\\u001b[2J', 'demo, as of 2026-09-30 · 0 of 30 steps · 0.2 s']);
});

it('leaves one line and the cursor', () => {
  const { output, view, tick } = started();
  view.listen({ kind: 'step', step: STEPS[0] ?? '', state: 'done', seconds: 61 });
  tick(61_000);
  view.listen({ kind: 'run-finished', outcome: 'published', runId: 'r', seconds: 61, out: '/out' });
  view.close();
  expect(shown(output)).toEqual(['✔ demo, as of 2026-09-30: 1 step in 1 m 01 s', '']);
  expect(output.text.endsWith('\u001b[?25h')).toBe(true);
  expect(vi.getTimerCount()).toBe(0);
});

it('leaves the step that failed', () => {
  const { output, view } = started();
  view.listen({ kind: 'step', step: STEPS[0] ?? '', state: 'failed', seconds: 1 });
  view.close();
  expect(shown(output)).toEqual(['✖ demo, as of 2026-09-30: build staging.model_0 failed after 0 steps in 0.0 s', '']);
});

it.each([
  ['failed', '✖ demo, as of 2026-09-30: failed after 1 step in 0.0 s'],
  ['stopped', '! demo, as of 2026-09-30: stopped after 1 step in 0.0 s'],
] as const)('says that a run %s where no step did', (outcome, line) => {
  const { output, view } = started();
  view.listen({ kind: 'step', step: STEPS[0] ?? '', state: 'done', seconds: 1 });
  view.listen({ kind: 'run-finished', outcome, runId: '', seconds: 1, out: null });
  expect(shown(output)).toEqual([line, '']);
});

it.each([
  [20, 10],
  [40, 6],
  [200, 60],
])('never wraps nor scrolls on a terminal of %i × %i', (columns, rows) => {
  const { output, view, tick } = started({ columns, rows });
  for (const step of STEPS.slice(0, 20)) {
    view.listen({ kind: 'step', step, state: 'started' });
    view.listen({ kind: 'step', step, state: 'done', seconds: 100, rows: 123_456_789, bytes: 123_456_789 });
  }
  view.listen({ kind: 'step', step: STEPS[20] ?? '', state: 'started' });
  tick(100);
  const lines = shown(output);
  expect(lines.length).toBeLessThanOrEqual(rows);
  for (const line of lines) expect(displayWidth(line)).toBeLessThan(columns);
});

it('starts with the first step where a run tells no plan', () => {
  const output = screen({ isTTY: true });
  const view = new LiveView(output, plain, () => 0);
  view.listen({ kind: 'step', step: 'land aws', state: 'started' });
  expect(shown(output)).toEqual(['showback · 0 steps done · 0.0 s', '⠋ land aws  0.0 s', '']);
  view.close();
});
