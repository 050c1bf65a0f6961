// A model as Athena is sent it: the text of the model, with tables renamed where the parser saw them and macros written out. All else stays.
import { Failure } from '../kernel/failure.js';
import type { ContractColumn } from './contract.js';
import { charactersOf, placeOf, type Token, tokenise, unquoted } from './sql-text.js';
import { type TableRead, tablesRead } from './tables.js';
import { write } from './trino-expand.js';
import type { TrinoMacros } from './trino-macros.js';
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
  const replace = (index: number) => {
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
