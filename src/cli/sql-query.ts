// Runs foreign SQL in a child process and hands its answer on, row by row.
import { type ChildProcess, fork } from 'node:child_process';
import { Failure, type Problem } from '../kernel/failure.js';
import type { Cell, Column } from '../warehouse/warehouse.js';
import type { ChildProgram } from './io.js';
import type { SqlMessage, SqlRequest } from './sql-protocol.js';

export interface RowSink {
  readonly columns: (columns: readonly Column[]) => void;
  readonly rows: (rows: readonly (readonly Cell[])[]) => void;
}

/** What the child's own heap may hold beside the engine's memory. */
const HEAP_MB = 512;
/** The engine is interrupted at the limit; a child that does not answer to that is ended. */
const GRACE_MS = 3000;

export async function runQuery(
  request: SqlRequest,
  program: ChildProgram,
  sink: RowSink,
): Promise<{ readonly truncated: boolean }> {
  const child = fork(program.file, [], {
    execArgv: [...program.execArgv, `--max-old-space-size=${HEAP_MB}`],
    env: { TZ: 'UTC' },
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const end = (): void => void child.kill('SIGKILL');
  const clock = setTimeout(end, request.seconds * 1000 + GRACE_MS);
  process.once('exit', end);
  try {
    child.send(request);
    return await answerOf(child, request, sink);
  } finally {
    clearTimeout(clock);
    process.removeListener('exit', end);
    end();
  }
}

async function answerOf(child: ChildProcess, request: SqlRequest, sink: RowSink): Promise<{ readonly truncated: boolean }> {
  return new Promise((resolve, reject) => {
    child.on('message', (message: SqlMessage) => {
      try {
        if (message.kind === 'columns') sink.columns(message.columns);
        else if (message.kind === 'rows') sink.rows(message.rows);
        else if (message.kind === 'end') resolve({ truncated: message.truncated });
        else reject(refused(message, request));
      } catch (error) {
        reject(error);
      }
    });
    child.once('error', reject);
    child.once('exit', (code, signal) => reject(lost(code, signal, request)));
  });
}

function refused(message: Extract<SqlMessage, { kind: 'refused' }>, request: SqlRequest): Failure {
  if (/interrupt/i.test(message.exceptionType) || /interrupted/i.test(message.message)) return tooLong(request);
  const { code, remedy } = adviceFor(message);
  const problem: Problem = { code, message: message.message.split('\n')[0] ?? '', remedy };
  const excerpt = pointedAt(request.sql, message.position);
  return new Failure('user', [excerpt === null ? problem : { ...problem, excerpt }]);
}

function adviceFor({ exceptionType, message }: { readonly exceptionType: string; readonly message: string }) {
  if (exceptionType === 'Out of Memory') return { code: 'sql/memory', remedy: 'narrow the query, or aggregate more' };
  if (exceptionType === 'Permission' || /file system|external access|Only SELECT|SELECT (may|must)/i.test(message)) {
    return { code: 'sql/forbidden', remedy: 'one SELECT over the published marts is what may run here' };
  }
  if (exceptionType === 'Catalog') return { code: 'sql/unknown-name', remedy: 'see what there is: showback sql "show tables"' };
  return { code: 'sql/invalid', remedy: 'mend the query; the dialect is DuckDB' };
}

function tooLong({ seconds }: SqlRequest): Failure {
  const message = `the query took longer than ${seconds} s`;
  return new Failure('user', [{ code: 'sql/time', message, remedy: 'narrow it, or give it longer: --timeout <seconds>' }]);
}

function lost(code: number | null, signal: string | null, request: SqlRequest): Failure {
  if (signal === 'SIGKILL') return tooLong(request);
  const message = `the query ended its process (${signal ?? `exit ${code ?? '?'}`})`;
  return new Failure('user', [{ code: 'sql/crashed', message, remedy: 'narrow the query; the published files are untouched' }]);
}

/** The line of the query that the engine points at, with a caret. */
function pointedAt(sql: string, position: number | null): string | null {
  if (position === null || position < 0 || position > sql.length) return null;
  const start = sql.lastIndexOf('\n', position - 1) + 1;
  const end = sql.indexOf('\n', position);
  return `${sql.slice(start, end < 0 ? undefined : end)}\n${' '.repeat(position - start)}^`;
}
