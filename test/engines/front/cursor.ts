// A place in the tokens of a statement that only goes on; what does not fit is an error with its line and column.
import { type Dialect, placeOf, StatementError, type Token, tokensOf } from './tokens.js';

export interface TableName {
  readonly database: string;
  readonly table: string;
}

export class Cursor {
  readonly #text: string;
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(text: string, dialect: Dialect) {
    this.#text = text;
    this.#tokens = tokensOf(text, dialect);
  }

  error(expected: string): StatementError {
    const before = this.#tokens[this.#at - 1];
    const token = this.#tokens[this.#at] ?? before;
    const found = this.#tokens[this.#at]?.text ?? '<EOF>';
    return new StatementError(`${placeOf(this.#text, token?.start ?? 0)}: mismatched input '${found}' expecting ${expected}`);
  }

  /** The next words, without a step. */
  words(count: number): readonly string[] {
    return this.#tokens.slice(this.#at, this.#at + count).map(({ text }) => text);
  }

  is(word: string): boolean {
    return this.#tokens[this.#at]?.kind === 'word' && this.words(1).join().toUpperCase() === word;
  }

  isSymbol(symbol: string): boolean {
    return this.#tokens[this.#at]?.kind === 'symbol' && this.words(1).join() === symbol;
  }

  #take(kinds: readonly Token['kind'][], expected: string): Token {
    const token = this.#tokens[this.#at];
    if (token === undefined || !kinds.includes(token.kind)) throw this.error(expected);
    this.#at += 1;
    return token;
  }

  keywords(expected: string): this {
    for (const word of expected.split(' ')) {
      if (!this.is(word)) throw this.error(word);
      this.#at += 1;
    }
    return this;
  }

  symbol(symbol: string): Token {
    if (!this.isSymbol(symbol)) throw this.error(`'${symbol}'`);
    return this.#take(['symbol'], symbol);
  }

  word(): string {
    return this.#take(['word'], 'a word').text;
  }

  name(): string {
    return this.#take(['name'], 'a quoted name').text;
  }

  string(): string {
    return this.#take(['string'], 'a string').text;
  }

  /** `"db"."t"` or `` `db`.`t` ``. */
  dotted(): TableName {
    const database = this.name();
    if (this.word() !== '.') throw this.error("'.'");
    return { database: database.toLowerCase(), table: this.name().toLowerCase() };
  }

  backticked(): TableName {
    const start = this.#tokens[this.#at]?.start ?? 0;
    if (this.#text.charAt(start) !== '`') throw this.error('a name in backticks');
    return this.dotted();
  }

  doubleQuoted(text: string): TableName {
    if (text.charAt(this.#tokens[this.#at]?.start ?? 0) !== '"') throw this.error('a name in double quotes');
    return this.dotted();
  }

  /** `(a, b, c)` */
  list<T>(item: () => T): readonly T[] {
    this.symbol('(');
    const items = [item()];
    while (this.isSymbol(',')) {
      this.symbol(',');
      items.push(item());
    }
    this.symbol(')');
    return items;
  }

  /** `('a' = 'b', …)` */
  properties(key: 'string' | 'name or word'): Readonly<Record<string, string>> {
    const pairs = this.list(() => {
      const name = key === 'string' ? this.string() : this.#take(['name', 'word'], 'a name').text;
      this.symbol('=');
      return [name, this.string()] as const;
    });
    return Object.fromEntries(pairs);
  }

  /** The parenthesis that closes the one just taken. */
  closing(): Token {
    for (let depth = 1; ; ) {
      const token = this.#take(['word', 'name', 'string', 'symbol'], "')'");
      if (token.kind === 'symbol' && token.text === '(') depth += 1;
      if (token.kind === 'symbol' && token.text === ')') depth -= 1;
      if (depth === 0) return token;
    }
  }

  end(): void {
    if (this.#tokens[this.#at] !== undefined) throw this.error('<EOF>');
  }
}
