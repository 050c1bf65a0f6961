// Runs foreign SQL in a child process and hands its answer on, portion by portion, within limits that only this side keeps.
import type { ChildProcess } from 'node:child_process';
import { unlink } from 'node:fs/promises';
import { Failure } from '../kernel/failure.js';
import type { Cell, Column } from '../warehouse/warehouse.js';
import type { ChildProgram } from './io.js';
import { copyMarts, type Scratch, type SqlLimits, startConfined } from './sql-confined.js';
import { answerFrom, type SqlAnswer, type SqlOrder } from './sql-protocol.js';
import type { Question } from './sql-question.js';
import { lostChild, nonsense, refusedQuery, tooLarge, tooLong } from './sql-refusal.js';

type Cells = readonly Cell[];

/** Who takes the answer. The query waits while one of these does. */
export interface RowSink {
  readonly columns: (columns: readonly Column[]) => Promise<void>;
  readonly rows: (rows: readonly Cells[]) => Promise<void>;
}

export interface Querying {
  readonly warehousePath: string;
  readonly question: Question;
  readonly limits: SqlLimits;
  readonly program: ChildProgram;
  readonly scratch: Scratch;
}

const STARTING_MS = 60_000;
/** The engine is interrupted at the limit; a child that does not answer to that is ended. */
const GRACE_MS = 1000;

/** `truncated`: there are more rows than may be told. */
export async function runQuery(querying: Querying, sink: RowSink): Promise<{ readonly truncated: boolean }> {
  const { warehousePath, question, limits, scratch } = querying;
  const path = await copyMarts(warehousePath, scratch);
  const child = startConfined(querying.program, limits);
  const end = (): void => void child.kill('SIGKILL');
  process.once('exit', end);
  try {
    const talk = new Talk(child, question, limits);
    await talk.ask({ kind: 'open', path, memoryMb: limits.memoryMb, threads: limits.threads }, STARTING_MS);
    await unlink(path);
    return await answerTo(talk, question, limits, sink);
  } finally {
    process.removeListener('exit', end);
    end();
  }
}

async function answerTo(talk: Talk, { sql, parameters }: Question, limits: SqlLimits, sink: RowSink) {
  const told = await talk.ask({ kind: 'select', request: { sql, parameters } });
  if (told.kind !== 'columns') throw nonsense();
  await sink.columns(told.columns);
  let [rows, bytes] = [limits.rows, limits.bytes];
  for (;;) {
    const more = await talk.ask({ kind: 'more' });
    if (more.kind === 'end') return { truncated: false };
    if (more.kind !== 'rows' || more.rows.some((row) => row.length !== told.columns.length)) throw nonsense();
    bytes -= more.rows.reduce((sum, row) => sum + sizeOf(row), 0);
    if (bytes < 0) throw tooLarge(limits.bytes);
    await sink.rows(more.rows.slice(0, rows));
    if (more.rows.length > rows) return { truncated: true };
    rows -= more.rows.length;
  }
}

function sizeOf(row: Cells): number {
  return row.reduce((sum, cell) => sum + Buffer.byteLength(cell ?? ''), 0);
}

/** Orders and their answers. The clock runs only while the child owes one. */
class Talk {
  readonly #child: ChildProcess;
  readonly #question: Question;
  readonly #limits: SqlLimits;
  #left: number;
  #isLate = false;

  constructor(child: ChildProcess, question: Question, limits: SqlLimits) {
    this.#child = child;
    this.#question = question;
    this.#limits = limits;
    this.#left = limits.seconds * 1000;
  }

  /** Without `within`, the time counts as the query's. */
  async ask(order: SqlOrder, within?: number): Promise<SqlAnswer> {
    const began = performance.now();
    const clock = setTimeout(() => this.#stop(), within ?? this.#left);
    try {
      const answer = await this.#answerTo(order);
      if (answer.kind !== 'refused') return answer;
      throw this.#isLate ? tooLong(this.#limits) : refusedQuery(answer, this.#question, this.#limits);
    } finally {
      clearTimeout(clock);
      if (within === undefined) this.#left -= performance.now() - began;
    }
  }

  #stop(): void {
    this.#isLate = true;
    this.#child.send({ kind: 'interrupt' } satisfies SqlOrder, () => undefined);
    setTimeout(() => this.#child.kill('SIGKILL'), GRACE_MS).unref();
  }

  async #answerTo(order: SqlOrder): Promise<SqlAnswer> {
    const child = this.#child;
    return new Promise((resolve, reject) => {
      const onMessage = (said: unknown): void => {
        const answer = answerFrom(said);
        settle(() => (answer === null ? reject(nonsense()) : resolve(answer)));
      };
      const onExit = (code: number | null, signal: NodeJS.Signals | null): void => settle(() => reject(this.#lost(code, signal)));
      const onError = (error: Error): void => settle(() => reject(noChild(error)));
      const settle = (how: () => void): void => {
        child.off('message', onMessage).off('exit', onExit).off('error', onError);
        how();
      };
      child.on('message', onMessage).on('exit', onExit).on('error', onError);
      if (child.exitCode !== null || child.signalCode !== null) onExit(child.exitCode, child.signalCode);
      // What cannot be sent has no reader: its exit tells why.
      else child.send(order, () => undefined);
    });
  }

  #lost(code: number | null, signal: NodeJS.Signals | null): Failure {
    return this.#isLate || signal === 'SIGXCPU' ? tooLong(this.#limits) : lostChild(code, signal, this.#limits);
  }
}

function noChild(error: Error): Failure {
  const message = `the process of the query cannot be started: ${error.message}`;
  return new Failure('unavailable', [{ code: 'sql/no-process', message, remedy: 'run again when the machine has room' }]);
}
