// SQL as tokens: for what the engine's parse tree no longer shows (`::`, `FROM` first, `DECIMAL` without digits).
import type { Place } from '../kernel/failure.js';

export interface Token {
  /** `word` is an unquoted name or keyword; `prefixed` a string such as `E'…'`, `X'…'` or `$$…$$`. */
  readonly kind: 'word' | 'quoted' | 'string' | 'prefixed' | 'number' | 'symbol';
  /** As written. */
  readonly text: string;
  /** Offset in characters. */
  readonly at: number;
}

const PATTERNS: readonly (readonly [kind: Token['kind'] | 'nothing', pattern: RegExp])[] = [
  ['nothing', /\s+|--[^\n]*|\/\*[\s\S]*?\*\//y],
  ['prefixed', /[EeXxBb]'(?:[^']|'')*'|\$(\w*)\$[\s\S]*?\$\1\$/y],
  ['string', /'(?:[^']|'')*'/y],
  ['quoted', /"(?:[^"]|"")*"/y],
  ['number', /(?:0[xX][\da-fA-F]+|(?:\d[\d_]*(?:\.[\d_]*)?|\.\d[\d_]*)(?:[eE][+-]?\d+)?)/y],
  ['word', /[\p{L}_][\p{L}\p{N}_$]*/uy],
  ['symbol', /->>|<=>|!~~\*?|~~~|~~\*?|::|->|=>|:=|==|\/\/|\*\*|\|\||<>|<=|>=|!=|<<|>>|[\s\S]/y],
];

/** Comments and white space are left out. Text that no pattern knows becomes symbols of one character, so nothing is lost. */
export function tokenise(sql: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < sql.length) {
    const { kind, text } = tokenAt(sql, at);
    if (kind !== 'nothing') tokens.push({ kind, text, at });
    at += text.length;
  }
  return tokens;
}

function tokenAt(sql: string, at: number): { readonly kind: Token['kind'] | 'nothing'; readonly text: string } {
  for (const [kind, pattern] of PATTERNS) {
    pattern.lastIndex = at;
    const text = pattern.exec(sql)?.[0];
    if (text !== undefined) return { kind, text };
  }
  return { kind: 'symbol', text: sql.charAt(at) };
}

/** Is this token that keyword or symbol? Quoted names and strings never are. */
export function isToken(token: Token | undefined, text: string): boolean {
  return token !== undefined && (token.kind === 'word' || token.kind === 'symbol') && token.text.toUpperCase() === text;
}

/** Line and column, both from 1, of an offset in characters. */
export function placeOf(file: string, sql: string, at: number): Place {
  const before = sql.slice(0, at);
  const lineStart = before.lastIndexOf('\n') + 1;
  return { file, line: before.split('\n').length, column: at - lineStart + 1 };
}

/** The engine counts bytes of UTF-8 (`query_location`); JavaScript counts UTF-16 units. */
export function charactersOf(sql: string, bytes: number): number {
  return Buffer.from(sql, 'utf8').subarray(0, bytes).toString('utf8').length;
}

/** What a quoted name or a string says. */
export function unquoted(text: string, quote: '"' | "'"): string {
  return text.slice(1, -1).replaceAll(quote + quote, quote);
}
