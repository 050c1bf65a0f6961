// sql/macros/trino.sql as data: the bodies that a rendering writes in place of calls. No engine ever reads that file.
import { Failure, type Problem } from '../kernel/failure.js';
import type { Macros } from './finding.js';
import { isToken, placeOf, type Token, tokenise } from './sql-text.js';

const TRINO_MACROS = 'sql/macros/trino.sql';
const DUCKDB_MACROS = 'sql/macros/duckdb.sql';

export interface TrinoMacro {
  readonly name: string;
  /** `table`: stands in FROM, and its parameters are names of tables. */
  readonly kind: 'scalar' | 'table';
  readonly parameters: readonly string[];
  readonly body: readonly Token[];
}

export interface TrinoMacros {
  readonly file: string;
  /** The whole file: tokens of bodies know their offset in it. */
  readonly text: string;
  readonly byName: ReadonlyMap<string, TrinoMacro>;
  /** What the lint and the search for tables ask for. */
  readonly names: Macros;
}

/** Reads `CREATE MACRO name(a, b) AS <expression>;` and `… AS TABLE <select>;`, or says at once what is no such statement. */
export function readTrinoMacros(text: string): TrinoMacros {
  return readMacros(TRINO_MACROS, text);
}

function readMacros(file: string, text: string): TrinoMacros {
  const problems: Problem[] = [];
  const byName = new Map<string, TrinoMacro>();
  for (const statement of statementsOf(tokenise(text))) {
    const macro = macroOf(statement);
    if (macro === null) problems.push(problem(file, text, statement[0], 'is no CREATE MACRO name(a, b) AS …;', 'write it so'));
    else if (byName.has(macro.name))
      problems.push(problem(file, text, statement[0], `${macro.name} is defined twice`, 'keep one'));
    else byName.set(macro.name, macro);
  }
  if (problems.length > 0) throw new Failure('user', problems);
  const named = (kind: TrinoMacro['kind']) =>
    new Set([...byName.values()].filter((macro) => macro.kind === kind).map(({ name }) => name));
  return { file, text, byName, names: { scalars: named('scalar'), tables: named('table') } };
}

/** Both files define the same macros, of the same kind and with the same parameters: where one does not, a problem in its file. */
export function macroDifferences(duckDbText: string, trino: TrinoMacros): readonly Problem[] {
  const duckDb = readMacros(DUCKDB_MACROS, duckDbText);
  return [...lackingIn(trino, duckDb), ...lackingIn(duckDb, trino)];
}

function lackingIn(macros: TrinoMacros, others: TrinoMacros): readonly Problem[] {
  return [...others.byName.values()].flatMap((other) => {
    const form = formOf(other);
    const own = macros.byName.get(other.name);
    if (own !== undefined && formOf(own) === form) return [];
    const message = own === undefined ? `${form} is missing here` : `${formOf(own)} is ${form} in ${others.file}`;
    return [problem(macros.file, macros.text, own?.body[0], message, 'define it in both files, with the same parameters')];
  });
}

function formOf({ name, kind, parameters }: TrinoMacro): string {
  return `${name}(${parameters.join(', ')})${kind === 'table' ? ' AS TABLE' : ''}`;
}

function statementsOf(tokens: readonly Token[]): readonly (readonly Token[])[] {
  const statements: Token[][] = [[]];
  for (const token of tokens) {
    if (isToken(token, ';')) statements.push([]);
    else statements.at(-1)?.push(token);
  }
  return statements.filter((statement) => statement.length > 0);
}

function macroOf(statement: readonly Token[]): TrinoMacro | null {
  const plain =
    isToken(statement[1], 'OR') && isToken(statement[2], 'REPLACE') ? [statement[0], ...statement.slice(3)] : statement;
  return definitionOf(plain.filter((token) => token !== undefined));
}

function definitionOf(statement: readonly Token[]): TrinoMacro | null {
  const close = statement.findIndex((token) => isToken(token, ')'));
  const [create, macro, name, open] = statement;
  if (!isToken(create, 'CREATE') || !isToken(macro, 'MACRO') || name?.kind !== 'word' || !isToken(open, '(')) return null;
  if (close < 0 || !isToken(statement[close + 1], 'AS')) return null;
  const kind = isToken(statement[close + 2], 'TABLE') ? 'table' : 'scalar';
  const body = statement.slice(close + (kind === 'table' ? 3 : 2));
  if (body.length === 0) return null;
  const parameters = statement.slice(4, close).filter((token) => token.kind === 'word');
  return { name: name.text.toLowerCase(), kind, parameters: parameters.map(({ text }) => text.toLowerCase()), body };
}

function problem(file: string, text: string, token: Token | undefined, message: string, remedy: string): Problem {
  return { code: 'model/trino-macro', message, remedy, place: placeOf(file, text, token?.at ?? 0) };
}
