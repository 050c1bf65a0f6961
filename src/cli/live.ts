// The task list of a run on a terminal: it is drawn over itself until the run is over, and leaves one line.
import type { RunEvent } from '../kernel/event.js';
import { backfillText, monthText } from './backfill-text.js';
import { counted, secondsText } from './figures-text.js';
import type { Output, Paint, RunView } from './io.js';
import { FRAME_MS, listLines, type Task } from './live-lines.js';
import { printable } from './width.js';

const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';

type Outcome = Extract<RunEvent, { kind: 'run-finished' }>['outcome'];

export class LiveView implements RunView {
  readonly #output: Output;
  readonly #paint: Paint;
  readonly #clock: () => number;
  readonly #tasks: Task[] = [];
  #title = 'showback';
  #outcome: Outcome | null = null;
  #drawn = 0;
  #openedAt = 0;
  #isPlanned = false;
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
        this.#outcome = event.outcome;
        this.close();
        this.#above(backfillText(event));
        return;
      case 'note':
        this.#above(
          event.level === 'warning' ? this.#paint('yellow', `! ${printable(event.message)}`) : printable(event.message),
        );
        return;
      case 'run-finished':
        this.#outcome = event.outcome;
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
    this.#over([this.#closing()]);
    this.#output.write(SHOW_CURSOR);
  };

  #start(event: Extract<RunEvent, { kind: 'run-started' }>): void {
    this.#title = `${event.pipeline}, as of ${event.asOf}`;
    this.#isPlanned = true;
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
    this.#openedAt = this.#clock();
    this.#output.write(HIDE_CURSOR);
    this.#draw();
  }

  #progress(event: Extract<RunEvent, { kind: 'progress' }>): void {
    const task = this.#tasks.find((each) => each.name === event.step);
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
    this.#over(lines);
    this.#drawn = lines.length;
  }

  /** Writes over what was drawn, in one piece and line by line, so that nothing flickers. Lines never wrap: their number is their height. */
  #over(lines: readonly string[]): void {
    // A key that was pressed meanwhile, as ^C, has moved the cursor to the right.
    const up = this.#drawn > 0 ? `\r\u001b[${this.#drawn}A` : '';
    this.#output.write(`${up}${lines.map((line) => `${line}\u001b[K\n`).join('')}\u001b[0J`);
    this.#drawn = 0;
  }

  #above(text: string): void {
    this.#over([text]);
    if (this.#timer !== null) this.#draw();
  }

  #lines(): readonly string[] {
    const ended = this.#tasks.filter((task) => task.state !== 'waiting' && task.state !== 'running').length;
    const now = this.#clock();
    const steps = this.#isPlanned ? `${ended} of ${counted(this.#tasks.length, 'step')}` : `${counted(ended, 'step')} done`;
    const title = `${this.#title} · ${steps} · ${secondsText((now - this.#openedAt) / 1000)}`;
    const screen = { columns: this.#output.columns(), rows: this.#output.rows(), paint: this.#paint, now };
    return listLines(title, this.#tasks, screen);
  }

  #closing(): string {
    const failed = this.#tasks.find((task) => task.state === 'failed');
    const done = this.#tasks.filter((task) => task.state === 'done').length;
    const title = printable(this.#title);
    const took = `${counted(done, 'step')} in ${secondsText((this.#clock() - this.#openedAt) / 1000)}`;
    if (failed !== undefined) return `${this.#paint('red', '✖')} ${title}: ${printable(failed.name)} failed after ${took}`;
    if (this.#outcome === 'failed') return `${this.#paint('red', '✖')} ${title}: failed after ${took}`;
    if (this.#outcome === 'stopped') return `${this.#paint('yellow', '!')} ${title}: stopped after ${took}`;
    return this.#paint('dim', `✔ ${title}: ${took}`);
  }
}
