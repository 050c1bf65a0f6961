// The task list of a run on a terminal: what is done in one line, the last few steps, what runs now and what comes next.
import type { RunEvent } from '../kernel/event.js';
import { backfillText, monthText } from './backfill-text.js';
import { bytesText, counted, countText, secondsText } from './figures-text.js';
import type { Output, Paint, RunView } from './io.js';
import { fitted, printable } from './width.js';

type Progress = Extract<RunEvent, { kind: 'progress' }>;

interface Task {
  readonly name: string;
  state: 'waiting' | 'running' | 'done' | 'failed' | 'skipped';
  startedAt: number;
  seconds: number;
  rows?: number | undefined;
  files?: number | undefined;
  bytes?: number | undefined;
  progress?: Progress;
}

const SPINNER = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const FRAME_MS = 100;
const DONE_SHOWN = 4;
const NEXT_SHOWN = 3;
const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';

export class LiveView implements RunView {
  readonly #output: Output;
  readonly #paint: Paint;
  readonly #clock: () => number;
  readonly #tasks: Task[] = [];
  #title = 'showback';
  #drawn = 0;
  #timer: NodeJS.Timeout | null = null;

  /** `clock` counts milliseconds from anywhere. */
  constructor(output: Output, paint: Paint, clock: () => number = () => performance.now()) {
    this.#output = output;
    this.#paint = paint;
    this.#clock = clock;
  }

  readonly listen = (event: RunEvent): void => {
    switch (event.kind) {
      case 'run-started':
        this.#start(event);
        return;
      case 'step':
        this.#step(event);
        return;
      case 'progress':
        this.#progress(event);
        return;
      case 'month':
        this.#month(event);
        return;
      case 'backfill-finished':
        this.close();
        this.#above(backfillText(event));
        return;
      case 'note':
        this.#above(
          event.level === 'warning' ? this.#paint('yellow', `! ${printable(event.message)}`) : printable(event.message),
        );
        return;
      case 'run-finished':
        this.close();
        return;
      default:
        event satisfies never;
    }
  };

  /** Leaves one line of the list behind, and the cursor where it belongs. */
  readonly close = (): void => {
    if (this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
    this.#erase();
    this.#output.write(`${this.#closing()}\n${SHOW_CURSOR}`);
  };

  #start(event: Extract<RunEvent, { kind: 'run-started' }>): void {
    this.#title = `${event.pipeline}, as of ${event.asOf}`;
    for (const name of event.steps) this.#task(name);
    this.#open();
  }

  /** A month that starts has a list of its own; one that ended is a line above it. */
  #month(event: Extract<RunEvent, { kind: 'month' }>): void {
    switch (event.state) {
      case 'started':
        this.#title = monthText(event);
        this.#tasks.length = 0;
        for (const name of event.steps ?? []) this.#task(name);
        this.#open();
        return;
      case 'published':
      case 'unchanged':
        this.#above(`${this.#paint('green', '✔')} ${monthText(event)}`);
        return;
      case 'failed':
      case 'stopped':
        return;
      default:
        event.state satisfies never;
    }
  }

  #open(): void {
    if (this.#timer !== null) return;
    this.#timer = setInterval(() => this.#draw(), FRAME_MS).unref();
    this.#output.write(HIDE_CURSOR);
    this.#draw();
  }

  /** A reader that knows no step names tells of whatever runs now. */
  #progress(event: Progress): void {
    const named = this.#tasks.find((task) => task.name === event.step);
    const task = named ?? this.#tasks.find((each) => each.state === 'running');
    if (task !== undefined) task.progress = event;
  }

  #step(event: Extract<RunEvent, { kind: 'step' }>): void {
    const task = this.#task(event.step);
    if (event.state === 'started') {
      Object.assign(task, { state: 'running', startedAt: this.#clock() });
      this.#open();
      return;
    }
    const seconds = event.seconds ?? (this.#clock() - task.startedAt) / 1000;
    Object.assign(task, { state: event.state, seconds, rows: event.rows, files: event.files, bytes: event.bytes });
  }

  #task(name: string): Task {
    const known = this.#tasks.find((task) => task.name === name);
    if (known !== undefined) return known;
    const task: Task = { name, state: 'waiting', startedAt: 0, seconds: 0 };
    this.#tasks.push(task);
    return task;
  }

  #draw(): void {
    const lines = this.#lines();
    this.#erase();
    this.#output.write(`${lines.join('\n')}\n`);
    this.#drawn = lines.length;
  }

  /** Moves up over what was drawn and clears it. Lines never wrap, so their number is their height. */
  #erase(): void {
    if (this.#drawn > 0) this.#output.write(`\u001b[${this.#drawn}A\u001b[0J`);
    this.#drawn = 0;
  }

  #above(text: string): void {
    this.#erase();
    this.#output.write(`${text}\n`);
    if (this.#timer !== null) this.#draw();
  }

  #lines(): readonly string[] {
    const ended = this.#tasks.filter((task) => task.state !== 'waiting' && task.state !== 'running');
    const running = this.#tasks.filter((task) => task.state === 'running');
    const waiting = this.#tasks.filter((task) => task.state === 'waiting');
    const room = Math.max(0, this.#output.rows() - running.length - 5);
    const [doneShown, nextShown] = [Math.min(DONE_SHOWN, room), Math.min(NEXT_SHOWN, Math.max(0, room - DONE_SHOWN))];
    const folded = ended.length - doneShown;
    const left = waiting.length - nextShown;
    const recent = doneShown === 0 ? [] : ended.slice(-doneShown);
    return [
      this.#paint('bold', this.#fit(printable(this.#title))),
      ...(folded > 0 ? [this.#paint('dim', this.#fit(`✔ ${counted(folded, 'step')} done`))] : []),
      ...recent.map((task) => this.#endedLine(task)),
      ...running.map((task) => this.#runningLine(task)),
      ...waiting.slice(0, nextShown).map((task) => this.#paint('dim', this.#fit(`  ${printable(task.name)}`))),
      ...(left > 0 ? [this.#paint('dim', this.#fit(`  … ${left} more`))] : []),
    ];
  }

  #endedLine(task: Task): string {
    const mark = task.state === 'failed' ? this.#paint('red', '✖') : this.#paint('green', task.state === 'skipped' ? '-' : '✔');
    const facts = [
      ...(task.rows === undefined ? [] : [counted(task.rows, 'row')]),
      ...(task.files === undefined ? [] : [counted(task.files, 'file')]),
      ...(task.bytes === undefined ? [] : [bytesText(task.bytes)]),
      ...(task.seconds < 0.1 ? [] : [secondsText(task.seconds)]),
    ];
    return `${mark} ${this.#twoParts(printable(task.name), facts.join(' · '))}`;
  }

  #runningLine(task: Task): string {
    const elapsed = (this.#clock() - task.startedAt) / 1000;
    const frame = SPINNER[Math.floor(this.#clock() / FRAME_MS) % SPINNER.length] ?? '·';
    const facts = [...(task.progress === undefined ? [] : [progressText(task.progress, elapsed)]), secondsText(elapsed)];
    return `${this.#paint('cyan', frame)} ${this.#twoParts(printable(task.name), facts.join(' · '))}`;
  }

  #twoParts(name: string, facts: string): string {
    const width = this.#output.columns() - 3;
    if (name.length + facts.length + 2 > width) return fitted(`${name}  ${facts}`, width);
    return `${name}  ${this.#paint('dim', facts)}`;
  }

  #fit(text: string): string {
    return fitted(text, this.#output.columns() - 1);
  }

  #closing(): string {
    const failed = this.#tasks.find((task) => task.state === 'failed');
    const done = this.#tasks.filter((task) => task.state === 'done').length;
    const seconds = this.#tasks.reduce((sum, task) => sum + task.seconds, 0);
    if (failed !== undefined) return `${this.#paint('red', '✖')} ${printable(failed.name)}`;
    return this.#paint('dim', `✔ ${this.#title}: ${counted(done, 'step')} in ${secondsText(seconds)}`);
  }
}

/** `1,200 of 4,000 rows · 600/s · 5 s left` */
function progressText({ done, total, unit }: Progress, elapsed: number): string {
  const amount = (value: number): string => (unit === 'bytes' ? bytesText(value) : countText(value));
  const rate = elapsed > 1 && done > 0 ? done / elapsed : null;
  const left = total === undefined || rate === null || done >= total ? null : (total - done) / rate;
  return [
    `${amount(done)}${total === undefined ? '' : ` of ${amount(total)}`}${unit === 'bytes' ? '' : ` ${unit}`}`,
    ...(rate === null ? [] : [`${amount(Math.round(rate))}/s`]),
    ...(left === null ? [] : [`${secondsText(left)} left`]),
  ].join(' · ');
}
