// What each operation answers, in the shapes of Athena's API.
import type { TrinoColumn } from '../trino.js';
import type { Catalog } from './catalog.js';
import type { Execution, Executions, StartRequest } from './executions.js';
import { invalidRequest, Refusal } from './failures.js';
import type { Statement } from './statements.js';
import type { WorkGroups } from './workgroups.js';

export interface Parts {
  readonly executions: Executions;
  readonly workgroups: WorkGroups;
  readonly catalog: Catalog;
}

type Answer = Readonly<Record<string, unknown>>;
type Operation = (parts: Parts, input: never) => Answer | Promise<Answer>;

interface ById {
  readonly QueryExecutionId: string;
}

interface Paged {
  readonly MaxResults?: number;
  readonly NextToken?: string;
}

interface InCatalog {
  readonly CatalogName: string;
  readonly DatabaseName: string;
}

const OPERATIONS: Readonly<Record<string, Operation>> = {
  StartQueryExecution: ({ executions, workgroups }, input: StartRequest) => {
    const workgroup = input.WorkGroup ?? 'primary';
    const output = workgroups.outputOf(workgroup, input.ResultConfiguration?.OutputLocation);
    return { QueryExecutionId: executions.start(input, { workgroup, output, cutoff: () => workgroups.get(workgroup).cutoff }) };
  },
  GetQueryExecution: ({ executions, workgroups }, { QueryExecutionId }: ById) => ({
    QueryExecution: described(executions.get(QueryExecutionId), workgroups),
  }),
  BatchGetQueryExecution: (
    { executions, workgroups },
    { QueryExecutionIds }: { readonly QueryExecutionIds: readonly string[] },
  ) => {
    if (QueryExecutionIds.length === 0 || QueryExecutionIds.length > 50)
      throw invalidRequest('QueryExecutionIds must be 1 to 50.');
    const found = QueryExecutionIds.flatMap((id) => executions.find(id) ?? []);
    const missing = QueryExecutionIds.filter((id) => executions.find(id) === undefined);
    return {
      QueryExecutions: found.map((execution) => described(execution, workgroups)),
      UnprocessedQueryExecutionIds: missing.map((id) => ({
        QueryExecutionId: id,
        ErrorCode: 'QUERY_EXECUTION_NOT_FOUND',
        ErrorMessage: `QueryExecution ${id} was not found`,
      })),
    };
  },
  StopQueryExecution: ({ executions }, { QueryExecutionId }: ById) => {
    executions.stop(QueryExecutionId);
    return {};
  },
  GetQueryResults: ({ executions }, input: ById & Paged) => results(executions.get(input.QueryExecutionId), input),
  GetWorkGroup: ({ workgroups }, { WorkGroup }: { readonly WorkGroup: string }) => ({
    WorkGroup: workgroups.describe(WorkGroup),
  }),
  GetDatabase: async ({ catalog }, { DatabaseName }: InCatalog) => ({ Database: await catalog.database(DatabaseName) }),
  GetTableMetadata: async ({ catalog }, { DatabaseName, TableName }: InCatalog & { readonly TableName: string }) => ({
    TableMetadata: await catalog.table({ database: DatabaseName.toLowerCase(), table: TableName.toLowerCase() }),
  }),
  ListTableMetadata: async ({ catalog }, input: InCatalog & Paged & { readonly Expression?: string }) => {
    const names = await catalog.names(input.DatabaseName, input.Expression);
    const { page, next } = pageOf(names, input, 50);
    const tables = await catalog.listed(page.map((table) => ({ database: input.DatabaseName, table })));
    return { TableMetadataList: tables, ...next };
  },
};

export async function answer(parts: Parts, operation: string, input: unknown): Promise<Answer> {
  const answering = OPERATIONS[operation];
  if (answering === undefined) throw new Refusal('UnknownOperationException', `This front has no ${operation}.`);
  return answering(parts, input as never);
}

function described(execution: Execution, workgroups: WorkGroups): Answer {
  const { id, request, state, failure, reason, submitted, started, completed, outcome, scanned, workgroup, output } = execution;
  const version = workgroups.get(workgroup).engineVersion;
  const kind = KINDS[execution.statement.kind];
  const end = completed ?? Date.now();
  return {
    QueryExecutionId: id,
    Query: request.QueryString,
    StatementType: kind.type,
    SubstatementType: kind.sub,
    ResultConfiguration: { OutputLocation: kind.type === 'DML' ? `${output}${id}.csv` : `${output}${id}.txt` },
    QueryExecutionContext: request.QueryExecutionContext ?? {},
    WorkGroup: workgroup,
    EngineVersion: { SelectedEngineVersion: 'AUTO', EffectiveEngineVersion: version },
    Status: {
      State: state,
      SubmissionDateTime: submitted / 1000,
      ...(completed === null ? {} : { CompletionDateTime: completed / 1000 }),
      ...(reason === null ? {} : { StateChangeReason: reason }),
      ...(failure === null
        ? {}
        : {
            AthenaError: {
              ErrorCategory: failure.category,
              ErrorType: failure.type,
              Retryable: failure.retryable,
              ErrorMessage: failure.message,
            },
          }),
    },
    Statistics: {
      DataScannedInBytes: scanned,
      QueryQueueTimeInMillis: (started ?? end) - submitted,
      EngineExecutionTimeInMillis: end - (started ?? end),
      TotalExecutionTimeInMillis: end - submitted,
      ...(outcome?.manifest == null ? {} : { DataManifestLocation: outcome.manifest }),
    },
  };
}

const KINDS: Readonly<Record<Statement['kind'], { readonly type: 'DML' | 'DDL'; readonly sub: string }>> = {
  select: { type: 'DML', sub: 'SELECT' },
  unload: { type: 'DML', sub: 'UNLOAD' },
  table: { type: 'DDL', sub: 'CREATE_TABLE' },
  view: { type: 'DDL', sub: 'CREATE_VIEW' },
  'drop-table': { type: 'DDL', sub: 'DROP_TABLE' },
  'drop-view': { type: 'DDL', sub: 'DROP_VIEW' },
  'add-partition': { type: 'DDL', sub: 'ALTER_TABLE_ADD_PARTITION' },
  'drop-partition': { type: 'DDL', sub: 'ALTER_TABLE_DROP_PARTITION' },
  'show-view': { type: 'DDL', sub: 'SHOW_CREATE_VIEW' },
  'show-partitions': { type: 'DDL', sub: 'SHOW_PARTITIONS' },
};

function results({ id, state, outcome }: Execution, input: Paged): Answer {
  if (state === 'QUEUED' || state === 'RUNNING') throw invalidRequest(`Query has not yet finished. Current state: ${state}`);
  if (outcome === null || state !== 'SUCCEEDED')
    throw invalidRequest(`Query did not finish successfully. Final query state: ${state}`);
  const { columns, rows, header, updateCount } = outcome;
  const all = header ? [columns.map(({ name }) => name), ...rows] : rows;
  const { page, next } = pageOf(all, input, 1000, id);
  return {
    // A NULL is a Datum without a value.
    ResultSet: {
      Rows: page.map((row) => ({ Data: row.map((value) => (value === null ? {} : { VarCharValue: value })) })),
      ResultSetMetadata: { ColumnInfo: columns.map((column) => columnInfo(column)) },
    },
    UpdateCount: Number(updateCount ?? 0),
    ...next,
  };
}

function columnInfo({ name, type }: TrinoColumn): Answer {
  const [, base = type, first = '0', second = '0'] = /^(\w+)(?:\((\d+)(?:, ?(\d+))?\))?/.exec(type) ?? [];
  const numbers = base === 'decimal' ? { Precision: Number(first), Scale: Number(second) } : { Precision: 0, Scale: 0 };
  const rest = { CatalogName: 'hive', SchemaName: '', TableName: '', Nullable: 'UNKNOWN', CaseSensitive: base === 'varchar' };
  return { Name: name, Label: name, Type: base, ...numbers, ...rest };
}

function pageOf<T>(all: readonly T[], { MaxResults, NextToken }: Paged, most: number, salt = 'page') {
  const count = MaxResults ?? most;
  if (count < 1 || count > most) throw invalidRequest(`MaxResults is not between 1 and ${most}.`);
  const from =
    NextToken === undefined ? 0 : Number(NextToken.startsWith(`${salt}:`) ? NextToken.slice(salt.length + 1) : Number.NaN);
  if (!Number.isInteger(from)) throw invalidRequest('NextToken is not valid.');
  const more = from + count < all.length;
  return { page: all.slice(from, from + count), next: more ? { NextToken: `${salt}:${from + count}` } : {} };
}
