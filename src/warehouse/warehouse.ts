// The engine seam. Rows come back as text or null: a DECIMAL or BIGINT never becomes a JavaScript number.

export type Cell = string | null;
export type Row = Readonly<Record<string, Cell>>;

export interface Column {
  readonly name: string;
  /** Type as the engine spells it, upper case: `DECIMAL(38,12)`. */
  readonly type: string;
}

export interface WrittenFile {
  readonly path: string;
  readonly rows: number;
  readonly bytes: number;
  readonly sha256: string;
}

export interface Warehouse extends AsyncDisposable {
  /** Runs one or more statements and returns nothing. */
  run(sql: string): Promise<void>;
  /** All rows of one query, never truncated. Parameters are bound by position (`$1`). */
  rows(sql: string, parameters?: readonly Cell[]): Promise<readonly Row[]>;
  /** The same, column by column: of many rows that is much less work. */
  columns(sql: string): Promise<readonly (readonly Cell[])[]>;
  /** Columns that a query would return, without running it. */
  describe(sql: string): Promise<readonly Column[]>;
  /** Appends rows of text to a table; the engine casts to the table's types and refuses what does not fit. */
  insert(table: string, columns: readonly string[], rows: Iterable<readonly Cell[]>): Promise<void>;
  /** The parse tree of one SELECT as the engine sees it (`json_serialize_sql`), or the engine's syntax error. */
  parse(sql: string): Promise<ParseResult>;
  interrupt(): void;
  /** The same tables for statements that run at the same time. To be disposed of before this one is. */
  beside(): Promise<Warehouse>;
}

/** The answer to one SELECT: whole before its first row is told, and text only a batch at a time. */
export interface Selection {
  readonly columns: readonly Column[];
  readonly batches: AsyncIterable<readonly (readonly Cell[])[]>;
}

export interface Selecting {
  /** Runs one statement; anything but a SELECT is refused before it runs. Parameters are texts by their name in it. */
  select(sql: string, parameters?: ReadonlyMap<string, string>): Promise<Selection>;
}

export type ParseResult =
  | { readonly kind: 'tree'; readonly tree: unknown }
  | { readonly kind: 'error'; readonly message: string; readonly position: number | null };

/** An engine error with the engine's own words, split so that callers can tell kinds apart. */
export class EngineError extends Error {
  override readonly name = 'EngineError';
  /** Such as `Binder`, `Conversion`, `Out of Range`, `IO`, `INTERRUPT`. */
  readonly exceptionType: string;
  /** Offset in the statement, where known. */
  readonly position: number | null;

  constructor(exceptionType: string, message: string, position: number | null, options?: ErrorOptions) {
    super(message, options);
    this.exceptionType = exceptionType;
    this.position = position;
  }
}
