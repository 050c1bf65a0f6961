// A model as Athena is sent it: the text of the model, with tables renamed where the parser saw them and macros written out. All else stays.
import { Failure } from '../kernel/failure.js';
import type { ContractColumn } from './contract.js';
import { charactersOf, isToken, placeOf, type Token, tokenise } from './sql-text.js';
import { type TableRead, tablesRead } from './tables.js';
import type { TrinoMacro, TrinoMacros } from './trino-macros.js';
import { refusalsOf } from './trino-refusals.js';
import { trinoType } from './trino-types.js';

/** What Athena takes as the text of one query, in bytes of UTF-8. */
export const MOST_QUERY_BYTES = 262_144;

/** Left for what an executor writes around a select: UNLOAD, its location and its properties. */
const WRAPPING_BYTES = 4096;

export interface Rendering {
  /** As people are shown it: `sql/marts/coverage_month.sql`. */
  readonly file: string;
  readonly sql: string;
  /** Of `sql`, from `json_serialize_sql`. */
  readonly tree: unknown;
  readonly macros: TrinoMacros;
  /** SQL that names the table of this run, quoted as it has to be. */
  readonly tableName: (layer: string, table: string) => string;
}

/** One text that is being written: a model, or the body of a macro with what its parameters stand for. */
interface Source {
  readonly file: string;
  readonly text: string;
  readonly tokens: readonly Token[];
  /** What is written in place of the token at `index`, and where to go on; null: the token itself. */
  readonly replace: (index: number) => Replacement | null;
  /** Macros that this text is written for, outermost first. */
  readonly within: readonly string[];
}

interface Replacement {
  readonly text: string;
  readonly next: number;
}

type Range = readonly [from: number, to: number];

/** The select in Trino's words. Every construct that only DuckDB has is told at once, with its line. */
export function renderTrino(rendering: Rendering): string {
  const { file, sql, tree, macros } = rendering;
  const tokens = tokenise(sql);
  const refused = refusalsOf(tokens, macros);
  if (refused.length > 0) {
    throw new Failure(
      'user',
      refused.map(({ code, message, remedy, at }) => ({ code, message, remedy, place: placeOf(file, sql, at) })),
    );
  }
  const reads = tablesRead(tree, macros.names);
  refuseUnplaced(rendering, tokens, reads);
  const places = new Map(
    reads.flatMap((read) => (read.at === null || read.inMacro ? [] : [[charactersOf(sql, read.at), read] as const])),
  );
  const replace = (index: number): Replacement | null => {
    const read = places.get(tokens[index]?.at ?? -1);
    return read === undefined ? null : { text: tableText(rendering, read), next: index + 3 };
  };
  const source = { file, text: sql, tokens, replace, within: [] };
  const text = sql.slice(0, tokens[0]?.at ?? 0) + write(source, [0, tokens.length], rendering);
  return bounded(text, rendering.file, 0);
}

/** The select with the columns, the order and the exact types of the contract. */
export function castedSelect(
  model: { readonly file: string; readonly contract: { readonly columns: readonly ContractColumn[] } },
  rendered: string,
): string {
  const columns = model.contract.columns.map(({ name, type }) => `CAST("${name}" AS ${trinoType(type)}) AS "${name}"`);
  return bounded(`SELECT ${columns.join(', ')} FROM (\n${rendered}\n) AS built`, model.file, WRAPPING_BYTES);
}

/**
 * The same as it is kept in files: a timestamp as text, since tables of Athena keep milliseconds. `readTable` is the way back.
 */
export function storedSelect(model: Stored & { readonly file: string }, rendered: string): string {
  const columns = model.contract.columns.map(({ name, type }) => {
    const cast = `CAST("${name}" AS ${trinoType(type)})`;
    return `${isTime(type) ? `CAST(${cast} AS VARCHAR)` : cast} AS "${name}"`;
  });
  return bounded(`SELECT ${columns.join(', ')} FROM (\n${rendered}\n) AS built`, model.file, WRAPPING_BYTES);
}

/** What stands in FROM for a table that `storedSelect` made. */
export function readTable({ contract }: Stored, quoted: string): string {
  if (!contract.columns.some(({ type }) => isTime(type))) return quoted;
  const columns = contract.columns.map(({ name, type }) =>
    isTime(type) ? `CAST("${name}" AS ${trinoType(type)}) AS "${name}"` : `"${name}"`,
  );
  return `(SELECT ${columns.join(', ')} FROM ${quoted})`;
}

interface Stored {
  readonly contract: { readonly columns: readonly ContractColumn[] };
}

function isTime(type: string): boolean {
  return type === 'TIMESTAMP';
}

function bounded(text: string, file: string, spare: number): string {
  const bytes = Buffer.byteLength(text, 'utf8');
  if (bytes + spare <= MOST_QUERY_BYTES) return text;
  const message = `${bytes} bytes once its macros are written out: Athena takes ${MOST_QUERY_BYTES}`;
  const remedy =
    'split the model, or name what its macros are given in a CTE first: an argument is written as often as a macro reads it';
  throw new Failure('user', [{ code: 'model/trino-too-long', message, remedy, place: { file } }]);
}

/** A table keeps the name that its columns may be qualified by. */
function tableText({ tableName }: Rendering, { schema, table, alias }: TableRead): string {
  return alias === '' ? `${tableName(schema, table)} AS "${table}"` : tableName(schema, table);
}

/** Each table stands where the parser saw it, and its full name nowhere else: `layer.table.column` would keep the old one. */
function refuseUnplaced({ file, sql }: Rendering, tokens: readonly Token[], reads: readonly TableRead[]): void {
  const fullName = (index: number) => [0, 1, 2].map((step) => nameOf(tokens[index + step])).join('');
  const places = new Set(reads.map(({ at }) => (at === null ? -1 : charactersOf(sql, at))));
  const names = new Set(reads.map(({ schema, table }) => `${schema}.${table}`.toLowerCase()));
  const seen = tokens.map((token, index) => ({ at: token.at, name: fullName(index) })).filter(({ name }) => names.has(name));
  const found = new Set(seen.map(({ at }) => at));
  const astray = [
    ...reads.filter(({ at, inMacro }) => !inMacro && (at === null || !found.has(charactersOf(sql, at)))),
    ...seen.filter(({ at }) => !places.has(at)),
  ];
  if (astray.length === 0) return;
  throw new Failure(
    'user',
    astray.map((one) => ({
      code: 'model/trino-table',
      message: `${'name' in one ? one.name : one.table}: a table name that cannot be replaced by that of the run`,
      remedy: 'name tables layer.table in FROM, and columns by the alias of the table',
      place: placeOf(file, sql, 'name' in one ? one.at : charactersOf(sql, one.at ?? 0)),
    })),
  );
}

function nameOf(token: Token | undefined): string {
  return token === undefined ? '' : (token.kind === 'quoted' ? unquoted(token.text, '"') : token.text).toLowerCase();
}

function unquoted(text: string, quote: '"' | "'"): string {
  return text.slice(1, -1).replaceAll(quote + quote, quote);
}

/** The text of some tokens, with all between them as it was written. */
function write(source: Source, [from, to]: Range, rendering: Rendering): string {
  const { text, tokens } = source;
  let out = '';
  let end = tokens[from]?.at ?? 0;
  for (let index = from; index < to; ) {
    const token = tokens[index];
    if (token === undefined) break;
    const { text: written, next } = source.replace(index) ??
      expand(source, index, rendering) ?? { text: token.text, next: index + 1 };
    out += text.slice(end, token.at) + written;
    const last = tokens[next - 1] ?? token;
    end = last.at + last.text.length;
    index = next;
  }
  return out;
}

/** A call of a macro: its body, with the arguments in place of the parameters. */
function expand(source: Source, index: number, rendering: Rendering): Replacement | null {
  const token = source.tokens[index];
  if (token?.kind !== 'word' || !isToken(source.tokens[index + 1], '(') || isToken(source.tokens[index - 1], '.')) return null;
  const macro = rendering.macros.byName.get(token.text.toLowerCase());
  if (macro === undefined) return null;
  const close = closing(source.tokens, index + 1);
  const ranges = argumentsIn(source.tokens, [index + 2, close]);
  if (ranges.length !== macro.parameters.length || source.within.includes(macro.name)) throw misused(source, token, macro);
  const given = new Map(
    macro.parameters.map((name, at) => [name, argumentText(source, ranges[at] ?? [0, 0], macro, rendering)] as const),
  );
  const { file, text } = rendering.macros;
  const body: Source = {
    file,
    text,
    tokens: macro.body,
    replace: (at) => parameterAt(macro, at, given),
    within: [...source.within, macro.name],
  };
  const written = write(body, [0, macro.body.length], rendering);
  return { text: isWhole(macro.body, [0, macro.body.length]) ? written : `(${written})`, next: close + 1 };
}

function parameterAt(macro: TrinoMacro, index: number, given: ReadonlyMap<string, string>): Replacement | null {
  const token = macro.body[index];
  const argument = isToken(token, 'QUERY_TABLE') ? macro.body[index + 2] : token;
  const text = argument?.kind === 'word' ? given.get(argument.text.toLowerCase()) : undefined;
  if (text === undefined) return null;
  if (argument !== token) return { text, next: index + 4 };
  const isName =
    isToken(macro.body[index - 1], '.') || isToken(macro.body[index + 1], '.') || isToken(macro.body[index + 1], '(');
  return isName ? null : { text, next: index + 1 };
}

function argumentText(source: Source, range: Range, macro: TrinoMacro, rendering: Rendering): string {
  const first = source.tokens[range[0]];
  if (macro.kind === 'scalar') {
    const text = write(source, range, rendering);
    return isWhole(source.tokens, range) ? text : `(${text})`;
  }
  if (first?.kind !== 'string' || range[1] - range[0] !== 1) throw misused(source, first, macro);
  const [table = '', layer] = unquoted(first.text, "'").split('.').toReversed();
  return layer === undefined ? `"${table}"` : rendering.tableName(layer, table);
}

/** Can something stand before or after it without binding to a part of it: one token, a name, one call, or one parenthesis? */
function isWhole(tokens: readonly Token[], [from, to]: Range): boolean {
  const names = tokens.slice(from, to).every((token, at) => (at % 2 === 1 ? token.text === '.' : token.kind !== 'symbol'));
  if (names && (to - from) % 2 === 1) return true;
  const open = isToken(tokens[from], '(') ? from : from + 1;
  const isCall = tokens[from]?.kind === 'word' && !isToken(tokens[from], 'NOT') && !isToken(tokens[from], 'EXISTS');
  if (open > from && !isCall) return false;
  return isToken(tokens[open], '(') && closing(tokens, open) === to - 1;
}

/** The index of the parenthesis that closes the one at `open`; the end of the text where none does. */
function closing(tokens: readonly Token[], open: number): number {
  let depth = 0;
  for (let index = open; index < tokens.length; index += 1) {
    if (isToken(tokens[index], '(') || isToken(tokens[index], '[')) depth += 1;
    if (isToken(tokens[index], ')') || isToken(tokens[index], ']')) depth -= 1;
    if (depth === 0) return index;
  }
  return tokens.length;
}

function argumentsIn(tokens: readonly Token[], [from, to]: Range): readonly Range[] {
  if (from === to) return [];
  const ranges: Range[] = [];
  let start = from;
  for (let index = from; index < to; index += 1) {
    if (isToken(tokens[index], '(') || isToken(tokens[index], '[')) index = closing(tokens, index);
    else if (isToken(tokens[index], ',')) {
      ranges.push([start, index]);
      start = index + 1;
    }
  }
  return [...ranges, [start, to]];
}

function misused(source: Source, token: Token | undefined, macro: TrinoMacro): Failure {
  const form = `${macro.name}(${macro.parameters.join(', ')})`;
  const message = source.within.includes(macro.name)
    ? `${macro.name} calls itself`
    : `${macro.name} is called otherwise than ${form}`;
  const remedy = macro.kind === 'table' ? `write ${form} with names of tables as texts` : `write ${form}`;
  return new Failure('user', [
    { code: 'model/trino-macro', message, remedy, place: placeOf(source.file, source.text, token?.at ?? 0) },
  ]);
}
