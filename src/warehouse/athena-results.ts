// The rows of a query, page by page, every value as its text.
import type { AthenaApi, QueryStatus, ResultPage } from './athena-api.js';
import { answerFailure } from './athena-failures.js';
import type { Statement } from './athena-statement.js';
import type { Row } from './warehouse.js';

type Cells = ResultPage['rows'][number];

/** All of them, never truncated. A SELECT answers its column names first; SHOW and DDL do not. */
export async function rowsOf(
  api: Pick<AthenaApi, 'results'>,
  statement: Statement,
  { queryId, statement: kind }: QueryStatus,
  answeredOf: <T>(call: () => Promise<T>) => Promise<T>,
): Promise<readonly Row[]> {
  const pages: ResultPage[] = [];
  for (let next: string | null = null, isLast = false; !isLast; ) {
    const from: string | null = next;
    const page: ResultPage = await answeredOf(() => api.results(queryId, from));
    pages.push(page);
    ({ next } = page);
    isLast = next === null;
  }
  const columns = pages[0]?.columns ?? [];
  const all = pages.flatMap(({ rows }) => rows);
  const refuse = (what: string): never => {
    throw answerFailure(statement, queryId, what);
  };
  const twice = columns.find((name, at) => columns.indexOf(name) !== at);
  if (twice !== undefined) refuse(`two columns are called ${twice === '' ? 'nothing' : twice}`);
  const hasHeader = kind === 'DML' && all.length > 0;
  if (hasHeader && !isHeader(all[0], columns)) refuse('its first row is not the names of its columns');
  if (all.some((cells) => cells.length > columns.length) && columns.length > 0)
    refuse('a row has more values than there are columns');
  // DDL without columns answers empty rows.
  return columns.length === 0 ? [] : all.slice(hasHeader ? 1 : 0).map((cells) => rowOf(columns, cells));
}

function isHeader(cells: Cells | undefined, columns: readonly string[]): boolean {
  return cells?.length === columns.length && columns.every((name, at) => cells[at] === name);
}

function rowOf(columns: readonly string[], cells: Cells): Row {
  return Object.fromEntries(columns.map((name, at) => [name, cells[at] ?? null]));
}
