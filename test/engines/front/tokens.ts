// Statements as tokens with their places. Strings differ: Hive's DDL knows backslashes, Trino's SQL doubles the quote.

export class StatementError extends Error {
  override readonly name = 'StatementError';
}

export type Dialect = 'hive' | 'trino';

export interface Token {
  readonly kind: 'word' | 'name' | 'string' | 'symbol';
  /** Words as written; names and strings without their quotes. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const BLANK = /\s+|--[^\n]*|\/\*[\s\S]*?\*\//y;
const WORD = /[A-Za-z_0-9.]+/y;
const QUOTED = {
  name: /`((?:[^`]|``)*)`|"((?:[^"]|"")*)"/y,
  hive: /'((?:[^'\\]|\\[\s\S])*)'/y,
  trino: /'((?:[^']|'')*)'/y,
} as const;

export function tokensOf(text: string, dialect: Dialect, most = Number.POSITIVE_INFINITY): readonly Token[] {
  const tokens: Token[] = [];
  for (let at = skipBlank(text, 0); at < text.length && tokens.length < most; at = skipBlank(text, at)) {
    const token = tokenAt(text, at, dialect);
    tokens.push(token);
    at = token.end;
  }
  return tokens;
}

function tokenAt(text: string, start: number, dialect: Dialect): Token {
  const name = match(QUOTED.name, text, start);
  if (name !== null) {
    const inner = name[1]?.replaceAll('``', '`') ?? name[2]?.replaceAll('""', '"') ?? '';
    return { kind: 'name', text: inner, start, end: start + name[0].length };
  }
  const string = match(QUOTED[dialect], text, start);
  if (string !== null) return { kind: 'string', text: unquoted(string[1] ?? '', dialect), start, end: start + string[0].length };
  if (/['"`]/.test(text.charAt(start))) throw new StatementError(`${placeOf(text, start)}: a quote that does not end`);
  const word = match(WORD, text, start);
  if (word !== null) return { kind: 'word', text: word[0], start, end: start + word[0].length };
  return { kind: 'symbol', text: text.charAt(start), start, end: start + 1 };
}

const ESCAPED: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '0': '\0' };

function unquoted(inner: string, dialect: Dialect): string {
  if (dialect === 'trino') return inner.replaceAll("''", "'");
  return inner.replace(/\\([0-3][0-7]{2}|[\s\S])/g, (_whole, code: string) =>
    code.length === 3 ? String.fromCharCode(Number.parseInt(code, 8)) : (ESCAPED[code] ?? code),
  );
}

function skipBlank(text: string, from: number): number {
  let at = from;
  for (let blank = match(BLANK, text, at); blank !== null; blank = match(BLANK, text, at)) at += blank[0].length;
  return at;
}

function match(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  const sticky = new RegExp(pattern.source, 'y');
  sticky.lastIndex = at;
  return sticky.exec(text);
}

/** `line 2:5`, counted from 1, as both engines tell it. */
export function placeOf(text: string, at: number): string {
  const before = text.slice(0, at).split('\n');
  return `line ${before.length}:${(before.at(-1) ?? '').length + 1}`;
}
