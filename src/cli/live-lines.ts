// The lines of a task list: what is done in one, the last few steps, what runs now with rate and time left, and what comes next.
import type { RunEvent } from '../kernel/event.js';
import { bytesText, counted, secondsText } from './figures-text.js';
import type { Paint } from './io.js';
import { displayWidth, fitted, printable } from './width.js';

type Progress = Extract<RunEvent, { kind: 'progress' }>;

export interface Task {
  readonly name: string;
  state: 'waiting' | 'running' | 'done' | 'failed' | 'skipped';
  startedAt: number;
  seconds: number;
  rows?: number | undefined;
  files?: number | undefined;
  bytes?: number | undefined;
  progress?: Progress;
}

export interface ListScreen {
  readonly columns: number;
  readonly rows: number;
  readonly paint: Paint;
  /** Milliseconds from anywhere. */
  readonly now: number;
}

export const SPINNER = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
export const FRAME_MS = 100;
const DONE_SHOWN = 4;
const NEXT_SHOWN = 3;
const NAME_MOST = 36;
/** Before that a rate says nothing. */
const RATE_AFTER = 1;

/** Lines that never wrap, fewer than the screen has. */
export function listLines(title: string, tasks: readonly Task[], screen: ListScreen): readonly string[] {
  const { columns, rows, paint } = screen;
  const ended = tasks.filter((task) => task.state !== 'waiting' && task.state !== 'running');
  const running = tasks.filter((task) => task.state === 'running');
  const waiting = tasks.filter((task) => task.state === 'waiting');
  const room = Math.max(0, rows - running.length - 5);
  const [doneShown, nextShown] = [Math.min(DONE_SHOWN, room), Math.min(NEXT_SHOWN, Math.max(0, room - DONE_SHOWN))];
  const recent = doneShown === 0 ? [] : ended.slice(-doneShown);
  const folded = ended.length - recent.length;
  const next = waiting.slice(0, nextShown);
  const left = waiting.length - next.length;
  const shown = [...recent, ...running, ...next].map(({ name }) => displayWidth(printable(name)));
  const line = { ...screen, name: Math.min(NAME_MOST, Math.max(0, ...shown)) };
  const fit = (text: string): string => fitted(text, columns - 1);
  return [
    paint('bold', fit(printable(title))),
    ...(folded > 0 ? [paint('dim', fit(`✔ ${counted(folded, 'step')} done`))] : []),
    ...recent.map((task) => taskLine(endMark(task, paint), task, endFacts(task), line)),
    ...running.map((task) => taskLine(paint('cyan', frameAt(screen.now)), task, runningFacts(task, screen.now), line)),
    ...next.map((task) => paint('dim', fit(`  ${printable(task.name)}`))),
    ...(left > 0 ? [paint('dim', fit(`  … ${left} more`))] : []),
  ];
}

function frameAt(now: number): string {
  return SPINNER[Math.floor(now / FRAME_MS) % SPINNER.length] ?? '·';
}

function endMark({ state }: Task, paint: Paint): string {
  if (state === 'failed') return paint('red', '✖');
  return paint('green', state === 'skipped' ? '-' : '✔');
}

/** The facts stand below each other where all of them fit so; the last of those that fit in no way are left out. */
function taskLine(mark: string, task: Task, facts: readonly string[], line: ListScreen & { readonly name: number }): string {
  const most = line.columns - 3;
  const name = printable(task.name);
  const gap = ' '.repeat(Math.max(0, line.name - displayWidth(name)));
  const fits = (padding: string, some: readonly string[]): boolean =>
    displayWidth(name) + padding.length + 2 + some.join(' · ').length <= most;
  const padding = fits(gap, facts) ? gap : '';
  const kept = [...facts];
  while (kept.length > 0 && !fits(padding, kept)) kept.pop();
  if (kept.length === 0) return `${mark} ${fitted(name, most)}`;
  return `${mark} ${name}${padding}  ${line.paint('dim', kept.join(' · '))}`;
}

function endFacts({ rows, files, bytes, seconds }: Task): readonly string[] {
  return [
    ...(rows === undefined ? [] : [counted(rows, 'row')]),
    ...(files === undefined ? [] : [counted(files, 'file')]),
    ...(bytes === undefined ? [] : [bytesText(bytes)]),
    ...(seconds < 0.1 ? [] : [secondsText(seconds)]),
  ];
}

/** `12.0 of 38.0 MB · 8.0 s left · 3.1 MB/s · 102,000 rows · 4.0 s`. */
function runningFacts({ progress, startedAt }: Task, now: number): readonly string[] {
  const elapsed = (now - startedAt) / 1000;
  if (progress === undefined) return [secondsText(elapsed)];
  const { done, total, unit, rows, bytes, pages } = progress;
  const hasRate = elapsed > RATE_AFTER && done > 0;
  const read = unit === 'bytes' ? done : bytes;
  return [
    total === undefined ? amountText(done, unit) : ofText(amountText(done, unit), amountText(total, unit)),
    ...(hasRate && total !== undefined && done < total ? [`${secondsText(((total - done) / done) * elapsed)} left`] : []),
    ...(hasRate && read !== undefined ? [`${bytesText(read / elapsed)}/s`] : []),
    ...(rows === undefined ? [] : [counted(rows, 'row')]),
    ...(pages === undefined ? [] : [counted(pages, 'page')]),
    ...(unit === 'bytes' || bytes === undefined ? [] : [bytesText(bytes)]),
    secondsText(elapsed),
  ];
}

function amountText(value: number, unit: Progress['unit']): string {
  return unit === 'bytes' ? bytesText(value) : counted(value, 'file');
}

/** `4.2 of 17.5 MB`: a unit that both have is said once. */
function ofText(done: string, total: string): string {
  const [doneUnit = '', totalUnit = ''] = [done, total].map((text) => text.slice(text.indexOf(' ')).replace(/s$/, ''));
  return `${doneUnit === totalUnit ? done.slice(0, done.indexOf(' ')) : done} of ${total}`;
}
