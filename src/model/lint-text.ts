// Portability rules over the tokens of a model: what the parse tree has already forgotten.
import type { Finding } from './finding.js';
import { isToken, type Token } from './sql-text.js';

/** Keywords and symbols in a row, anywhere, that only DuckDB reads. */
const SEQUENCES: readonly (readonly [code: string, sequence: string, message: string, remedy: string])[] = [
  ['sql/double-colon', '::', '`::` casts: Trino has no such operator', 'write CAST(x AS type)'],
  ['sql/semicolon', ';', 'a model is one SELECT that the engine wraps', 'leave the semicolon out'],
  ['sql/group-by-all', 'GROUP BY ALL', 'GROUP BY ALL: Trino reads a column named all', 'name the columns'],
  ['sql/materialized', 'AS MATERIALIZED', 'MATERIALIZED: Trino has no such hint', 'leave it out'],
  ['sql/materialized', 'AS NOT MATERIALIZED', 'NOT MATERIALIZED: Trino has no such hint', 'leave it out'],
  ['sql/struct-literal', '{', '`{…}`: Trino has no struct or map literals', 'keep columns apart'],
  ['sql/named-argument', ':=', 'named arguments: Trino has none in scalar functions', 'pass arguments by position'],
  ['sql/named-argument', '=>', 'named arguments: Trino has none in scalar functions', 'pass arguments by position'],
  ['sql/operator', '==', '`==`: Trino has no such operator', 'write ='],
  ['sql/operator', 'ISNULL', 'ISNULL: Trino has no such operator', 'write IS NULL'],
  ['sql/operator', 'NOTNULL', 'NOTNULL: Trino has no such operator', 'write IS NOT NULL'],
  ['sql/is-true', 'IS TRUE', 'IS TRUE: Trino has no such test', 'write coalesce(x, false)'],
  ['sql/is-true', 'IS NOT TRUE', 'IS NOT TRUE: Trino has no such test', 'write NOT coalesce(x, false)'],
  ['sql/is-true', 'IS FALSE', 'IS FALSE: Trino has no such test', 'write NOT coalesce(x, true)'],
  ['sql/is-true', 'IS NOT FALSE', 'IS NOT FALSE: Trino has no such test', 'write coalesce(x, true)'],
  ['sql/parameter', '?', 'a parameter in a model: a model runs as it stands', 'read it from a table of the schema run'],
  ['sql/parameter', '$', 'a parameter in a model: a model runs as it stands', 'read it from a table of the schema run'],
  ['sql/trailing-comma', ', FROM', 'a comma before FROM: Trino refuses it', 'leave it out'],
  ['sql/trailing-comma', ', )', 'a comma before a closing parenthesis: Trino refuses it', 'leave it out'],
];

/** Reserved in Trino, yet plain names to DuckDB. */
const RESERVED = new Set([
  'ALTER',
  'CUBE',
  'DEALLOCATE',
  'DELETE',
  'DROP',
  'EXECUTE',
  'INSERT',
  'NORMALIZE',
  'PREPARE',
  'SKIP',
  'UESCAPE',
]);

const MAX_BIGINT = 2n ** 63n - 1n;

const SET_OPERATORS = ['UNION', 'EXCEPT', 'INTERSECT'];

export function textFindings(tokens: readonly Token[]): readonly Finding[] {
  return tokens
    .flatMap((token, index) => [...sequencesAt(tokens, index), ...tokenFindings(tokens, token, index)])
    .concat(fromFirst(tokens));
}

function sequencesAt(tokens: readonly Token[], index: number): readonly Finding[] {
  return SEQUENCES.filter(([, sequence]) => sequence.split(' ').every((text, step) => isToken(tokens[index + step], text))).map(
    ([code, , message, remedy]) => ({ code, message, remedy, at: tokens[index]?.at ?? null }),
  );
}

function tokenFindings(tokens: readonly Token[], token: Token, index: number): readonly Finding[] {
  const previous = tokens[index - 1];
  const next = tokens[index + 1];
  const found = (code: string, message: string, remedy: string) => [{ code: `sql/${code}`, message, remedy, at: token.at }];
  if (token.kind === 'prefixed') return found('string-prefix', 'a string with a prefix or in dollars', "write it as '…'");
  if (token.kind === 'string') return stringFindings(token, previous);
  if (token.kind === 'number') return numberFindings(token);
  if (isToken(token, '[') && !isToken(previous, 'ARRAY')) {
    return found(
      'bracket',
      '`[…]`: Trino has no list literals, and subscripts beyond the end differ',
      'use rows (UNNEST, VALUES)',
    );
  }
  if (isToken(previous, 'AS') && isToken(token, 'DECIMAL') && !isToken(next, '(')) {
    return found('bare-decimal', 'DECIMAL without digits is (18,3) on DuckDB, (38,0) on Trino', 'write DECIMAL(p,s)');
  }
  if (isToken(previous, 'AS') && isToken(token, 'TIMESTAMP') && !isToken(next, '(')) {
    return found('bare-timestamp', 'TIMESTAMP has microseconds on DuckDB, milliseconds on Trino', 'write TIMESTAMP(6), or DATE');
  }
  if (isToken(token, 'VARCHAR') && isToken(next, '(')) {
    return found(
      'varchar-length',
      'VARCHAR(n) cuts text on Trino and does nothing on DuckDB',
      'write VARCHAR, and substr to cut',
    );
  }
  if (token.kind === 'word' && RESERVED.has(token.text.toUpperCase()) && !isToken(next, '(')) {
    return found('reserved', `${token.text} is a reserved word of Trino`, `write "${token.text}", or choose another name`);
  }
  return [];
}

function stringFindings(token: Token, previous: Token | undefined): readonly Finding[] {
  if (isToken(previous, 'DECIMAL') || isToken(previous, 'NUMERIC')) {
    const message = "DECIMAL '…' is (18,3) on DuckDB, as written on Trino";
    return [{ code: 'sql/decimal-literal', message, remedy: "write CAST('…' AS DECIMAL(p,s))", at: token.at }];
  }
  if (isToken(previous, 'AS')) {
    return [{ code: 'sql/string-name', message: "a name in '…'", remedy: 'write the name plain, or in "…"', at: token.at }];
  }
  return [];
}

function numberFindings(token: Token): readonly Finding[] {
  const plain = /^\d+$/.test(token.text);
  if (plain && BigInt(token.text) <= MAX_BIGINT) return [];
  const message = `${token.text}: a literal whose type differs between engines`;
  const remedy = `write CAST('${token.text}' AS DECIMAL(p,s)), or an integer`;
  return [{ code: 'sql/decimal-literal', message, remedy, at: token.at }];
}

/** FROM where no SELECT of the same query has been seen. `extract(x FROM y)` and `IS DISTINCT FROM` are other words. */
function fromFirst(tokens: readonly Token[]): readonly Finding[] {
  const found: Finding[] = [];
  const scopes = [{ selected: false }];
  for (const [index, token] of tokens.entries()) {
    const scope = scopes.at(-1);
    if (isToken(token, '(')) scopes.push({ selected: isToken(tokens[index - 1], 'EXTRACT') || inCall(tokens[index - 1]) });
    else if (isToken(token, ')')) scopes.pop();
    else if (scope !== undefined && isToken(token, 'SELECT')) scope.selected = true;
    else if (scope !== undefined && SET_OPERATORS.some((word) => isToken(token, word))) scope.selected = false;
    else if (scope?.selected === false && isToken(token, 'FROM') && !isToken(tokens[index - 1], 'DISTINCT')) {
      found.push({
        code: 'sql/from-first',
        message: 'FROM before SELECT: Trino reads SELECT first',
        remedy: 'write SELECT … FROM',
        at: token.at,
      });
    }
  }
  return found;
}

/** `substring(x FROM 2)`, `trim(BOTH FROM x)`: the call's own FROM. */
function inCall(before: Token | undefined): boolean {
  return ['SUBSTRING', 'TRIM', 'OVERLAY'].some((word) => isToken(before, word));
}
