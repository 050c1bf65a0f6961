// Why a query was not answered, in words: where in it, what is wrong, what to do.
import { Failure, type Place, type Problem } from '../kernel/failure.js';
import { bytesText } from './figures-text.js';
import { displayWidth } from './width.js';
import type { SqlLimits } from './sql-confined.js';
import type { SqlAnswer } from './sql-protocol.js';
import type { Question } from './sql-question.js';

type Refused = Extract<SqlAnswer, { readonly kind: 'refused' }>;

export function refusedQuery(refused: Refused, { sql, name }: Question, limits: SqlLimits): Failure {
  const at = offsetOf(sql, refused);
  const problem: Problem = {
    ...adviceFor(refused, limits),
    ...(at === null ? {} : { place: placeOf(sql, at, name), excerpt: pointedAt(sql, at) }),
  };
  return new Failure('user', [problem]);
}

function adviceFor(refused: Refused, limits: SqlLimits): Problem {
  const { exceptionType } = refused;
  const message = messageOf(refused);
  if (exceptionType === 'Out of Memory') return tooMuchMemory(limits);
  if (exceptionType === 'Size' || message.startsWith('Cannot create a string longer')) {
    return { code: 'sql/size', message, remedy: 'cut long values: left(value, 1000)' };
  }
  if (exceptionType === 'Permission' || /file system|external access|Only SELECT|SELECT (may|must)/i.test(message)) {
    const remedy = 'one SELECT over the published marts is what may run here; files, settings and other databases are closed';
    return { code: 'sql/forbidden', message, remedy };
  }
  if (exceptionType === 'Parameter') {
    return { code: 'sql/param', message, remedy: 'give each $name of the query its value: --param name=value' };
  }
  if (exceptionType === 'Catalog') {
    return { code: 'sql/unknown-name', message, remedy: near(refused) ?? 'see what there is: showback sql .tables' };
  }
  return { code: 'sql/invalid', message, remedy: near(refused) ?? 'mend the query; the dialect is DuckDB' };
}

function messageOf({ message }: Refused): string {
  return (message.split('\n')[0] ?? '').replace(/^[A-Z][A-Za-z ]* Error: /, '');
}

/** What the engine holds for meant; its own tables are never. Of columns it lists those of the table, the nearest first. */
function near({ exceptionType, message }: Refused): string | null {
  const list = /(?:Did you mean|Candidate bindings:) (.+?)\??$/m.exec(message)?.[1];
  const names = [...(list ?? '').matchAll(/"([^"]+)"/g)].map((match) => match[1] ?? '');
  const own = names
    .filter((name) => !/^(pg_|duckdb_|pragma_|sqlite_|information_schema)/.test(name))
    .map((name) => `\`${name}\``);
  if (own.length === 0) return null;
  return exceptionType === 'Catalog'
    ? `did you mean ${own.join(' or ')}?`
    : `there are ${own.join(', ')}; showback sql .describe <mart> tells all`;
}

export function tooLong({ seconds }: SqlLimits): Failure {
  const message = `the query took longer than ${seconds} s`;
  return new Failure('user', [{ code: 'sql/time', message, remedy: 'narrow it, or give it longer: --timeout <seconds>' }]);
}

export function tooLarge(bytes: number): Failure {
  const message = `the answer is larger than ${bytesText(bytes)}`;
  const remedy = 'ask for fewer rows or columns, or allow more: --size 4GB';
  return new Failure('user', [{ code: 'sql/size', message, remedy }]);
}

export function tooManyRows(rows: number): Failure {
  const message = `the answer has more than ${rows.toLocaleString('en-US')} rows, and stops there`;
  return new Failure('user', [{ code: 'sql/rows', message, remedy: 'aggregate more, or say how many may come: --limit <rows>' }]);
}

function tooMuchMemory({ memoryMb }: SqlLimits): Problem {
  const message = `the query needs more memory than ${bytesText(memoryMb * 1_000_000)}`;
  return { code: 'sql/memory', message, remedy: 'narrow it, aggregate more, or give it more: --memory 4GB' };
}

/** Killed by nobody here: by its own watch, or by a system that is out of memory. */
export function lostChild(code: number | null, signal: string | null, limits: SqlLimits): Failure {
  if (signal === 'SIGKILL') return new Failure('user', [tooMuchMemory(limits)]);
  const message = `the query ended its process (${signal ?? `exit ${code ?? '?'}`})`;
  const remedy = 'narrow it, or give it more memory: --memory 4GB; the published files are untouched';
  return new Failure('user', [{ code: 'sql/crashed', message, remedy }]);
}

/** The child answered something that it never says. */
export function nonsense(): Failure {
  const message = 'the process of the query answered what is no answer';
  const remedy = 'look at the query, which may have taken it over; the published files are untouched';
  return new Failure('user', [{ code: 'sql/crashed', message, remedy }]);
}

/** The engine counts bytes, its parser characters; here it is where the text itself counts. */
function offsetOf(sql: string, { exceptionType, position }: Refused): number | null {
  if (position === null || position < 0) return null;
  const before =
    exceptionType === 'Parser' ? Array.from(sql).slice(0, position).join('') : Buffer.from(sql).subarray(0, position).toString();
  return position > Buffer.byteLength(sql) ? null : before.length;
}

function placeOf(sql: string, at: number, file: string): Place {
  const before = sql.slice(0, at);
  return { file, line: before.split('\n').length, column: at - before.lastIndexOf('\n') };
}

const BEFORE = 60;
const SHOWN = 100;

/** The line of the query that the engine points at, with a caret; of a long one what is around it. */
function pointedAt(sql: string, at: number): string {
  const start = sql.lastIndexOf('\n', at - 1) + 1;
  const end = sql.indexOf('\n', at);
  const line = sql.slice(start, end < 0 ? undefined : end).replaceAll(/[\t\r]/g, ' ');
  const column = at - start;
  const from = line.length <= SHOWN ? 0 : Math.max(0, column - BEFORE);
  const [head, tail] = [from > 0 ? '…' : '', from + SHOWN < line.length ? '…' : ''];
  return `${head}${line.slice(from, from + SHOWN)}${tail}\n${' '.repeat(head.length + displayWidth(line.slice(from, column)))}^`;
}
