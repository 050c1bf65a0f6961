// The only importer of the DuckDB client. Exactness rule: every value leaves as text or null.
import { setImmediate } from 'node:timers/promises';
import {
  type DuckDBConnection,
  DuckDBInstance,
  type DuckDBPreparedStatement,
  type DuckDBType,
  DuckDBTypeId,
  type DuckDBValue,
  JsonDuckDBValueConverter,
  StatementType,
} from '@duckdb/node-api';
import {
  type Cell,
  type Column,
  EngineError,
  type ParseResult,
  type Row,
  type Selecting,
  type Selection,
  type Warehouse,
} from './warehouse.js';

export interface DuckDbOptions {
  /** Database file; in memory when absent. */
  readonly path?: string;
  readonly readOnly?: boolean;
  readonly threads?: number;
  /** Such as `2GB`. */
  readonly memoryLimit?: string;
  /** Where it spills; nothing spills when absent. */
  readonly tempDirectory?: string;
  /** Rows may leave a COPY in any order: faster, for files whose order nobody reads. */
  readonly unordered?: boolean;
  /** Keeps nothing outside of memory: no spilling, no stored secrets. */
  readonly confined?: boolean;
  /** When it aborts, what runs is interrupted and what comes is refused with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Opens the engine with the settings that both engines share: UTC, nulls last, no downloads of extensions. */
export async function openDuckDb(options: DuckDbOptions = {}): Promise<Warehouse & Selecting> {
  const instance = await DuckDBInstance.create(options.path ?? ':memory:', configOf(options)).catch((error: unknown) => {
    throw engineError(error);
  });
  return connected(instance, true, options.signal);
}

/** A connection with the settings that all of them share. `isFirst`: the engine goes with it. */
async function connected(instance: DuckDBInstance, isFirst: boolean, signal: AbortSignal | undefined): Promise<DuckDb> {
  const warehouse = new DuckDb(instance, await instance.connect(), isFirst, signal);
  await warehouse.run("SET TimeZone = 'UTC'");
  await warehouse.run("SET default_null_order = 'nulls_last'");
  await warehouse.run('SET ieee_floating_point_ops = false');
  await warehouse.run('SET errors_as_json = true');
  return warehouse;
}

function configOf(options: DuckDbOptions): Record<string, string> {
  return {
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    allow_community_extensions: 'false',
    // In memory there is nothing to write down, but the engine would go through its tables all the same: a second in the largest steps.
    ...(options.path === undefined ? { checkpoint_threshold: '1TB' } : {}),
    ...(options.readOnly === true ? { access_mode: 'READ_ONLY' } : {}),
    ...(options.threads === undefined ? {} : { threads: String(options.threads) }),
    ...(options.memoryLimit === undefined ? {} : { memory_limit: options.memoryLimit }),
    ...(options.tempDirectory === undefined ? {} : { temp_directory: options.tempDirectory }),
    ...(options.unordered === true ? { preserve_insertion_order: 'false' } : {}),
    ...(options.confined === true ? { temp_directory: '', allow_persistent_secrets: 'false' } : {}),
  };
}

class DuckDb implements Warehouse, Selecting {
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;
  readonly #isFirst: boolean;
  readonly #signal: AbortSignal | undefined;
  readonly #pending = new Set<Promise<unknown>>();
  readonly #onAbort = (): void => void this.#quiet();
  #closed = false;

  constructor(instance: DuckDBInstance, connection: DuckDBConnection, isFirst: boolean, signal?: AbortSignal) {
    this.#instance = instance;
    this.#connection = connection;
    this.#isFirst = isFirst;
    this.#signal = signal;
    signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  async run(sql: string): Promise<void> {
    await this.#guard(async () => this.#connection.run(sql));
  }

  async rows(sql: string, parameters: readonly Cell[] = []): Promise<readonly Row[]> {
    const reader = await this.#guard(async () => this.#connection.runAndReadAll(sql, [...parameters]));
    const names = reader.deduplicatedColumnNames();
    const columns = reader.getColumnsJson();
    const cellAt = (column: number, row: number): Cell => textOf(columns[column]?.[row]);
    return Array.from({ length: reader.currentRowCount }, (_, row) =>
      Object.fromEntries(names.map((name, column) => [name, cellAt(column, row)])),
    );
  }

  async columns(sql: string): Promise<readonly (readonly Cell[])[]> {
    const result = await this.#guard(async () => this.#connection.run(sql));
    const chunks = await this.#guard(async () => result.fetchAllChunks());
    const columns: Cell[][] = [];
    while (columns.length < result.columnCount) {
      const at = columns.length;
      columns.push(chunks.flatMap((chunk) => chunk.convertColumnValues(at, JsonDuckDBValueConverter).map(textOf)));
      // What waits for other connections goes on meanwhile.
      await setImmediate();
    }
    return columns;
  }

  async select(sql: string, parameters: ReadonlyMap<string, string> = new Map()): Promise<Selection> {
    const result = await this.#guard(async () => {
      const statements = await this.#connection.extractStatements(sql);
      if (statements.count !== 1)
        throw new EngineError('Parser', `${statements.count} statements where one SELECT must be`, null);
      const statement = await statements.prepare(0);
      if (statement.statementType !== StatementType.SELECT) throw new EngineError('Parser', 'only a SELECT may run here', null);
      await bindTexts(this.#connection, statement, parameters);
      // Not streamed: the client ends a stream that fails or is interrupted as if it were whole.
      return statement.run();
    });
    const types = result.columnTypes();
    const columns = result.deduplicatedColumnNames().map((name, at) => ({ name, type: String(types[at]) }));
    return { columns, batches: this.#batches(result.yieldConvertedRows(JsonDuckDBValueConverter)) };
  }

  async *#batches(chunks: AsyncIterableIterator<readonly (readonly unknown[])[]>): AsyncGenerator<readonly (readonly Cell[])[]> {
    for (;;) {
      const next = await this.#guard(async () => chunks.next());
      if (next.done === true) return;
      yield next.value.map((row) => row.map(textOf));
    }
  }

  async describe(sql: string): Promise<readonly Column[]> {
    // Prepared, not run: `DESCRIBE` takes twice as long.
    return this.#guard(async () => {
      const statement = await this.#connection.prepare(sql);
      try {
        return Array.from({ length: statement.columnCount }, (_, at) => {
          const type = statement.columnType(at);
          return { name: statement.columnName(at), type: type.alias ?? String(type) };
        });
      } finally {
        statement.destroySync();
      }
    });
  }

  async insert(table: string, columns: readonly string[], rows: Iterable<readonly Cell[]>): Promise<void> {
    const list = columns.map((name) => `"${name}"`).join(', ');
    const staging = `temp."insert ${table}"`;
    await this.run(`CREATE OR REPLACE TEMP TABLE "insert ${table}" (${columns.map((name) => `"${name}" VARCHAR`).join(', ')})`);
    await this.#guard(async () => {
      const appender = await this.#connection.createAppender(`insert ${table}`, null, 'temp');
      for (const row of rows) {
        for (const cell of row) cell === null ? appender.appendNull() : appender.appendVarchar(cell);
        appender.endRow();
      }
      appender.closeSync();
    });
    await this.run(`INSERT INTO ${table} (${list}) SELECT ${list} FROM ${staging}; DROP TABLE ${staging}`);
  }

  async parse(sql: string): Promise<ParseResult> {
    const [row] = await this.rows('SELECT json_serialize_sql($1::VARCHAR) AS tree', [sql]);
    const tree: unknown = JSON.parse(row?.['tree'] ?? 'null');
    const failed = isRecord(tree) && tree['error'] === true;
    if (!failed) return { kind: 'tree', tree };
    return { kind: 'error', message: String(tree['error_message']), position: numberOrNull(tree['position']) };
  }

  interrupt(): void {
    this.#connection.interrupt();
  }

  async beside(): Promise<Warehouse> {
    return connected(this.#instance, false, this.#signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#signal?.removeEventListener('abort', this.#onAbort);
    await this.#quiet();
    this.#connection.closeSync();
    if (this.#isFirst) this.#instance.closeSync();
  }

  async #guard<T>(work: () => Promise<T>): Promise<T> {
    this.#signal?.throwIfAborted();
    const working = work();
    this.#pending.add(working);
    try {
      return await working;
    } catch (error) {
      throw engineError(error);
    } finally {
      this.#pending.delete(working);
    }
  }

  /** Interrupts until nothing runs: a query that is about to begin does not hear the first call, and closing under one crashes. */
  async #quiet(): Promise<void> {
    while (this.#pending.size > 0) {
      this.#connection.interrupt();
      await Promise.race([Promise.allSettled(this.#pending), new Promise((resolve) => setTimeout(resolve, 20))]);
    }
  }
}

/** Types that a text can be cast to by their name alone. */
const NAMED_TYPE = /^[A-Z_ ]+(\(\d+,\d+\))?$/;

/** Each text becomes a value of the type that the statement finds for its parameter; where it finds none it stays a text. */
async function bindTexts(
  connection: DuckDBConnection,
  statement: DuckDBPreparedStatement,
  texts: ReadonlyMap<string, string>,
): Promise<void> {
  const asked = Array.from({ length: statement.parameterCount }, (_, at) => statement.parameterName(at + 1));
  const spare = [...texts.keys()].find((name) => !asked.includes(name));
  if (spare !== undefined) throw new EngineError('Parameter', `the query has no parameter $${spare}`, null);
  for (const [at, name] of asked.entries()) {
    const text = texts.get(name);
    if (text === undefined) throw new EngineError('Parameter', `the query asks for $${name}, and no value is given`, null);
    const isKnown = statement.parameterTypeId(at + 1) !== DuckDBTypeId.INVALID;
    const type = isKnown ? statement.parameterType(at + 1) : null;
    if (type === null || !NAMED_TYPE.test(String(type))) statement.bindVarchar(at + 1, text);
    else statement.bindValue(at + 1, await typedValue(connection, { name, text, type }), type);
  }
}

async function typedValue(
  connection: DuckDBConnection,
  { name, text, type }: { readonly name: string; readonly text: string; readonly type: DuckDBType },
): Promise<DuckDBValue> {
  try {
    const reader = await connection.runAndReadAll(`SELECT CAST($1 AS ${String(type)})`, [text]);
    return reader.getRows()[0]?.[0] ?? null;
  } catch (error) {
    throw new EngineError('Parameter', `$${name} is '${text}', which is no ${String(type)}`, null, { cause: error });
  }
}

/** JSON forms of the client: DECIMAL, BIGINT and dates are already text; small integers and booleans are exact as text too. */
function textOf(value: unknown): Cell {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string') return value;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function engineError(error: unknown): EngineError {
  if (error instanceof EngineError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const details = parsedDetails(message);
  if (details === null) {
    const type = /^([A-Z][A-Za-z ]*) Error: /.exec(message)?.[1] ?? 'Unknown';
    return new EngineError(type, message, null, { cause: error });
  }
  const position = numberOrNull(details['position']);
  return new EngineError(String(details['exception_type']), String(details['exception_message']), position, { cause: error });
}

function parsedDetails(message: string): Record<string, unknown> | null {
  const start = message.indexOf('{');
  if (start < 0) return null;
  try {
    const details: unknown = JSON.parse(message.slice(start));
    return isRecord(details) && 'exception_message' in details ? details : null;
  } catch {
    return null;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function numberOrNull(value: unknown): number | null {
  const number = typeof value === 'string' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : null;
}
