// Trino's REST protocol: POST a statement, follow `nextUri` until there is none. Every value comes back as the text that Trino sent.
import { isLosslessNumber, parse, stringify } from 'lossless-json';

export interface TrinoColumn {
  readonly name: string;
  readonly type: string;
}

/** What Trino counts of a query while it runs and at its end. */
export interface TrinoStats {
  readonly state: string;
  readonly processedBytes: number;
  readonly physicalInputBytes: number;
  readonly processedRows: number;
}

export interface TrinoAnswer {
  readonly id: string;
  readonly columns: readonly TrinoColumn[];
  readonly rows: readonly (readonly (string | null)[])[];
  readonly stats: TrinoStats;
  /** `CREATE TABLE AS`, `DROP TABLE` …; null for a SELECT. */
  readonly updateType: string | null;
  readonly updateCount: string | null;
}

export interface TrinoOptions {
  readonly schema?: string;
  readonly user?: string;
  /** Session properties; those of the catalog as `hive.name`. */
  readonly session?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  readonly onProgress?: (stats: TrinoStats) => void;
}

export class TrinoError extends Error {
  override readonly name = 'TrinoError';
  readonly errorName: string;
  /** USER_ERROR, INTERNAL_ERROR, INSUFFICIENT_RESOURCES or EXTERNAL. */
  readonly errorType: string;
  readonly line: number | null;
  readonly column: number | null;

  constructor(
    message: string,
    errorName: string,
    errorType: string,
    place: { readonly line: number; readonly column: number } | null,
  ) {
    super(message);
    this.errorName = errorName;
    this.errorType = errorType;
    this.line = place?.line ?? null;
    this.column = place?.column ?? null;
  }
}

interface Page {
  readonly id: string;
  readonly nextUri?: string;
  readonly columns?: readonly TrinoColumn[];
  readonly data?: readonly (readonly unknown[])[];
  readonly stats: Readonly<Record<string, unknown>>;
  readonly updateType?: string;
  readonly updateCount?: unknown;
  readonly error?: {
    readonly message: string;
    readonly errorName: string;
    readonly errorType: string;
    readonly errorLocation?: { readonly lineNumber: unknown; readonly columnNumber: unknown };
  };
}

const NOT_YET_UP = 'NO_NODES_AVAILABLE';

/** Runs one statement to its end; an aborted signal cancels it on the server. */
export async function queryTrino(url: string, sql: string, options: TrinoOptions = {}): Promise<TrinoAnswer> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await once(url, sql, options);
    } catch (error) {
      // A server that says it is up has not announced its catalogs for some seconds.
      if (!(error instanceof TrinoError) || error.errorName !== NOT_YET_UP || attempt > 60) throw error;
      await pause(250);
    }
  }
}

async function once(url: string, sql: string, options: TrinoOptions): Promise<TrinoAnswer> {
  const { signal, onProgress } = options;
  signal?.throwIfAborted();
  let page = await call(`${url}/v1/statement`, { method: 'POST', headers: headersOf(options), body: sql });
  const { id } = page;
  try {
    let columns: readonly TrinoColumn[] = [];
    const rows: (readonly (string | null)[])[] = [];
    for (;;) {
      onProgress?.(statsOf(page));
      signal?.throwIfAborted();
      if (page.error !== undefined) throw errorOf(page.error);
      if (page.columns !== undefined) columns = page.columns.map(({ name, type }) => ({ name, type }));
      for (const row of page.data ?? []) rows.push(row.map((value) => textOf(value)));
      if (page.nextUri === undefined) return answerOf(page, columns, rows);
      // A server that is busy with the query may not answer for long: who stops does not wait for that.
      page = await call(page.nextUri, signal === undefined ? {} : { signal });
    }
  } catch (error) {
    if (signal?.aborted === true) await cancel(`${url}/v1/query/${id}`, headersOf(options));
    throw error;
  }
}

/** By the id of the query: `nextUri` may be one that the server has left behind. Tried until it is taken; a query that is over is gone. */
async function cancel(query: string, headers: Readonly<Record<string, string>>): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    const response = await fetch(query, { method: 'DELETE', headers, signal: AbortSignal.timeout(5000) }).catch(() => null);
    if (response?.ok === true || [404, 410].includes(response?.status ?? 0)) return;
    if (attempt > 10) throw new Error(`Trino: ${query} cannot be cancelled: HTTP ${String(response?.status ?? 'none')}`);
    await pause(100 + 50 * attempt);
  }
}

function headersOf({ schema, user, session = {} }: TrinoOptions): Record<string, string> {
  const properties = Object.entries(session).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  return {
    'X-Trino-User': user ?? 'showback',
    'X-Trino-Catalog': 'hive',
    'X-Trino-Schema': schema ?? 'default',
    'X-Trino-Time-Zone': 'UTC',
    // Without it timestamps come back cut to milliseconds.
    'X-Trino-Client-Capabilities': 'PARAMETRIC_DATETIME',
    ...(properties.length === 0 ? {} : { 'X-Trino-Session': properties.join(',') }),
  };
}

/** 502, 503 and 504 mean: the same request again, a little later. */
async function call(url: string, init: RequestInit): Promise<Page> {
  for (let attempt = 0; ; attempt += 1) {
    const response = await fetch(url, init);
    const text = await response.text();
    if (response.ok) return parse(text) as Page;
    if (![502, 503, 504].includes(response.status) || attempt > 60) throw new Error(`Trino: HTTP ${response.status}: ${text}`);
    await pause(100 + 50 * attempt);
  }
}

function answerOf(page: Page, columns: readonly TrinoColumn[], rows: TrinoAnswer['rows']): TrinoAnswer {
  const { id, updateType, updateCount } = page;
  const count = updateCount === undefined ? null : textOf(updateCount);
  return { id, columns, rows, stats: statsOf(page), updateType: updateType ?? null, updateCount: count };
}

function statsOf({ stats }: Page): TrinoStats {
  const number = (name: string) => Number(textOf(stats[name]) ?? 0);
  return {
    state: String(stats['state']),
    processedBytes: number('processedBytes'),
    physicalInputBytes: number('physicalInputBytes'),
    processedRows: number('processedRows'),
  };
}

function errorOf({ message, errorName, errorType, errorLocation }: NonNullable<Page['error']>): TrinoError {
  const place =
    errorLocation === undefined ? null : { line: Number(errorLocation.lineNumber), column: Number(errorLocation.columnNumber) };
  return new TrinoError(message, errorName, errorType, place);
}

/** Numbers keep their digits; arrays, maps and rows are their JSON. */
function textOf(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string') return value;
  if (isLosslessNumber(value)) return value.value;
  if (typeof value === 'boolean') return String(value);
  return stringify(value) ?? null;
}

async function pause(milliseconds: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
}
