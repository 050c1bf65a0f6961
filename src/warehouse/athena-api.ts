// What the executor asks of Athena, in our own types: the client itself is known to athena-client.ts alone.

export type QueryState = 'QUEUED' | 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'CANCELLED';

/** Why a query did not succeed, as Athena tells it. The numbers are those of its error catalogue. */
export interface EngineFault {
  /** 1 system, 2 user, 3 other. */
  readonly category: number | null;
  readonly type: number | null;
  readonly retryable: boolean | null;
  readonly words: string;
}

export interface QueryStatus {
  readonly queryId: string;
  readonly state: QueryState;
  /** A SELECT is DML; results of anything else have no header row. */
  readonly statement: 'DDL' | 'DML' | 'UTILITY' | null;
  readonly scannedBytes: bigint;
  readonly milliseconds: number;
  /** By Athena's clock, in milliseconds. */
  readonly submittedAt: number | null;
  readonly fault: EngineFault;
}

export interface WorkgroupFacts {
  readonly enabled: boolean;
  /** Such as `Athena engine version 3`. */
  readonly engine: string | null;
  readonly cutoffBytes: bigint | null;
  /** Where the workgroup puts results; null where it leaves that to the client. */
  readonly output: string | null;
  /** The workgroup's settings win over the client's. */
  readonly enforced: boolean;
  /** Athena keeps results itself, in no bucket of the account. */
  readonly managedResults: boolean;
}

export interface StartRequest {
  readonly sql: string;
  readonly token: string;
  /** Null where the workgroup says it. */
  readonly output: string | null;
}

export interface ResultPage {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | null)[])[];
  readonly next: string | null;
}

/** A table or view of the database, as the catalogue tells of it. */
export interface CatalogTable {
  readonly name: string;
  readonly isView: boolean;
  readonly properties: Readonly<Record<string, string>>;
}

export interface TablePage {
  readonly tables: readonly CatalogTable[];
  readonly next: string | null;
}

export interface AthenaApi {
  workgroup(): Promise<WorkgroupFacts>;
  database(): Promise<void>;
  /** All tables and views of the database, page by page. */
  tables(next: string | null): Promise<TablePage>;
  start(request: StartRequest): Promise<string>;
  status(queryId: string): Promise<QueryStatus>;
  /** Of at most 50; one that Athena cannot tell of is left out. */
  statuses(queryIds: readonly string[]): Promise<readonly QueryStatus[]>;
  stop(queryId: string): Promise<void>;
  results(queryId: string, next: string | null): Promise<ResultPage>;
  close(): void;
}

export type Operation =
  | 'GetWorkGroup'
  | 'GetDatabase'
  | 'ListTableMetadata'
  | 'StartQueryExecution'
  | 'GetQueryExecution'
  | 'BatchGetQueryExecution'
  | 'StopQueryExecution'
  | 'GetQueryResults';

/**
 * `lost`: no answer, or one that says nothing of the request; it may have been heeded · `throttled`, `quota`: refused for now ·
 * `denied`: no permission · `credentials`: none, or not valid · `refused`: the request itself is not right.
 */
export type ApiFault = 'lost' | 'throttled' | 'quota' | 'denied' | 'credentials' | 'refused';

/** A call that failed. Its message is fit to be shown. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly operation: Operation;
  readonly fault: ApiFault;
  /** Athena's own code, such as `MALFORMED_QUERY`, else the name of the exception. */
  readonly code: string;

  constructor(operation: Operation, fault: ApiFault, code: string, message: string) {
    super(message);
    this.operation = operation;
    this.fault = fault;
    this.code = code;
  }

  /** The same request may be answered a moment later. */
  get passes(): boolean {
    return this.fault === 'lost' || this.fault === 'throttled' || this.fault === 'quota';
  }
}

export function isTerminal(state: QueryState): boolean {
  return state !== 'QUEUED' && state !== 'RUNNING';
}
