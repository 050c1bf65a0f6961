// What only DuckDB reads and what would therefore survive a rendering: found before it, where line and column are those of the model.
import { FUNCTIONS, WINDOW_FUNCTIONS } from './portable.js';
import { isToken, type Token } from './sql-text.js';
import type { TrinoMacros } from './trino-macros.js';

export interface Refusal {
  readonly code: 'model/trino-construct' | 'model/trino-macro';
  readonly message: string;
  readonly remedy: string;
  /** Offset in characters. */
  readonly at: number;
}

const TYPES = new Set([
  'HUGEINT',
  'UHUGEINT',
  'UBIGINT',
  'UINTEGER',
  'USMALLINT',
  'UTINYINT',
  'TIMESTAMPTZ',
  'TIMESTAMP_MS',
  'TEXT',
]);
const SYMBOLS = new Set(['//', '::', ':=', '**', '{', '}', '==']);

/** Written before a parenthesis, yet no call. */
const WORDS = new Set(
  `CAST TRY_CAST COALESCE NULLIF IF EXISTS UNNEST GROUPING EXTRACT DECIMAL TIMESTAMP VARCHAR
   AS IN VALUES OVER FILTER ON AND OR NOT WHEN THEN ELSE CASE WHERE HAVING BY FROM JOIN LATERAL SELECT DISTINCT UNION ALL EXCEPT INTERSECT
   BETWEEN LIKE ESCAPE SETS ROLLUP CUBE WITHIN WITH QUERY_TABLE`.split(/\s+/),
);

/** Aggregates that a contract's check may use bare. */
const AGGREGATES = new Set(['sum', 'min_by', 'max_by']);

export function refusalsOf(tokens: readonly Token[], macros: TrinoMacros): readonly Refusal[] {
  return tokens.flatMap((token, index) => constructAt(tokens, index, token) ?? callAt(tokens, index, token, macros) ?? []);
}

function constructAt(tokens: readonly Token[], index: number, token: Token): Refusal | null {
  const refuse = (message: string, remedy: string): Refusal => ({ code: 'model/trino-construct', message, remedy, at: token.at });
  if (token.kind === 'prefixed')
    return refuse(`${token.text.slice(0, 1)}…: a string that Trino reads otherwise`, "write it as '…'");
  if (token.kind === 'symbol' && SYMBOLS.has(token.text)) {
    return refuse(`\`${token.text}\`: Trino has it not`, 'use a macro of sql/macros/, or CAST');
  }
  if (token.kind !== 'word') return null;
  const word = token.text.toUpperCase();
  const next = tokens[index + 1];
  if (TYPES.has(word)) return refuse(`${word}: Trino has no such type`, 'cast to a type of both engines');
  if (word === 'TIMESTAMP' && !isToken(next, '(') && next?.kind !== 'string') {
    return refuse('TIMESTAMP without its precision: milliseconds on Trino', 'write TIMESTAMP(6)');
  }
  return null;
}

function callAt(tokens: readonly Token[], index: number, token: Token, macros: TrinoMacros): Refusal | null {
  if (token.kind !== 'word' || !isToken(tokens[index + 1], '(') || isNamed(tokens, index)) return null;
  const name = token.text.toLowerCase();
  if (macros.byName.has(name) || FUNCTIONS.has(name) || WINDOW_FUNCTIONS.has(name) || AGGREGATES.has(name)) return null;
  if (WORDS.has(token.text.toUpperCase())) return null;
  const message = `${name}: neither a function of both engines nor a macro of ${macros.file}`;
  return {
    code: 'model/trino-macro',
    message,
    remedy: `define it there, with the parameters that it has in duckdb.sql`,
    at: token.at,
  };
}

/** `AS u(d)`, `… ) u(d)` and `WITH u(d) AS`: a name with its columns. */
function isNamed(tokens: readonly Token[], index: number): boolean {
  const before = tokens[index - 1];
  return isToken(before, 'AS') || isToken(before, ')') || isToken(before, 'WITH');
}
