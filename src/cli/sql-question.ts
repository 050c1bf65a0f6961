// What is asked: a query from the argument, a file or standard input, or one of the two questions about the marts themselves.
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Failure, type Problem } from '../kernel/failure.js';
import { suggest } from '../kernel/nearest.js';
import type { Io } from './io.js';
import type { SqlRequest } from './sql-protocol.js';

/** A query with the name that its text goes by in errors. */
export interface Question extends SqlRequest {
  readonly name: string;
}

export interface AskOptions {
  readonly file?: string;
  readonly param: readonly (readonly [string, string])[];
}

/** `marts` and `mart` are questions of this program's own; both are a query like any other. */
export type Asked =
  | { readonly kind: 'query'; readonly question: Question }
  | { readonly kind: 'marts'; readonly question: Question }
  | { readonly kind: 'mart'; readonly mart: string; readonly question: Question };

const LONGEST = 1_000_000;
const COMMANDS = ['.tables', '.describe'];

export const MARTS = `SELECT table_name AS mart, estimated_size AS "rows", comment AS answers
FROM duckdb_tables() WHERE schema_name = 'marts' ORDER BY table_name`;

const COLUMNS = `SELECT column_name AS "column", data_type AS type, comment AS meaning
FROM duckdb_columns() WHERE schema_name = 'marts' AND table_name = $mart ORDER BY column_index`;

export async function askedBy(words: readonly string[], options: AskOptions, io: Io): Promise<Asked> {
  const [first, ...rest] = words;
  if (first !== undefined && options.file !== undefined) {
    throw refused('sql/no-query', 'a query and --file are two questions', 'give one of them');
  }
  // Of one argument the words are told apart here, of several the shell has done it.
  const [command, ...names] = first?.startsWith('.') === true ? [...first.trim().split(/\s+/), ...rest] : [];
  if (command !== undefined) return aboutMarts(command, names);
  if (rest.length > 0) {
    throw refused('sql/no-query', 'the query came in several words', 'put it in quotes: showback sql "select …"');
  }
  const { text: sql, name } = await textOf(first, options.file, io);
  if (sql.length > LONGEST) {
    const message = `the query has ${sql.length} characters, and ${LONGEST} are the most`;
    throw refused('sql/no-query', message, 'give values as --param, or join a mart instead of a list', name);
  }
  if (sql.trim() === '') throw refused('sql/no-query', 'the query is empty', 'write one SELECT; --help has examples', name);
  return { kind: 'query', question: { sql, name, parameters: options.param } };
}

function aboutMarts(command: string, names: readonly string[]): Asked {
  const question = (sql: string, parameters: Question['parameters']): Question => ({ sql, parameters, name: command });
  const [mart] = names;
  if (command === '.tables' && mart === undefined) return { kind: 'marts', question: question(MARTS, []) };
  if (command === '.describe' && mart !== undefined && names.length === 1) {
    return { kind: 'mart', mart, question: question(COLUMNS, [['mart', mart]]) };
  }
  if (!COMMANDS.includes(command)) throw refused('sql/no-query', `there is no ${command}`, suggest(command, COMMANDS));
  throw command === '.tables'
    ? refused('sql/no-query', '.tables takes no name', 'ask for one mart: showback sql .describe <mart>')
    : refused('sql/no-query', '.describe takes one mart', 'as in: showback sql .describe showback_feature_month');
}

/** The mart is not there; `marts` are. */
export function noMart(mart: string, marts: readonly string[]): Failure {
  return refused('sql/unknown-name', `there is no mart ${mart}`, suggest(mart, marts, 'see what there is: showback sql .tables'));
}

async function textOf(argument: string | undefined, file: string | undefined, io: Io): Promise<{ text: string; name: string }> {
  if (argument === '-' || file === '-') return { text: await io.stdin(), name: 'stdin' };
  if (argument !== undefined) return { text: argument, name: 'query' };
  if (file === undefined) {
    throw refused(
      'sql/no-query',
      'no query is given',
      'as an argument, with --file q.sql, or - for standard input; .tables lists marts',
    );
  }
  try {
    return { text: (await readFile(resolve(io.cwd, file), 'utf8')).replace(/^\ufeff/, ''), name: file };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw refused('sql/no-query', `the file cannot be read: ${reason}`, 'name a file with one SELECT', file);
  }
}

function refused(code: string, message: string, remedy: string, file?: string): Failure {
  const problem: Problem = { code, message, remedy };
  return new Failure('user', [file === undefined ? problem : { ...problem, place: { file } }]);
}
