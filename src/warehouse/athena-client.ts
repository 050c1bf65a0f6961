// The only importer of the Athena client. Its answers leave as our own types, its errors as `ApiError` without secrets.
import {
  AthenaClient,
  type AthenaClientConfig,
  BatchGetQueryExecutionCommand,
  GetDatabaseCommand,
  GetQueryExecutionCommand,
  GetQueryResultsCommand,
  GetWorkGroupCommand,
  ListTableMetadataCommand,
  type QueryExecution,
  StartQueryExecutionCommand,
  StopQueryExecutionCommand,
  type TableMetadata,
} from '@aws-sdk/client-athena';
import {
  ApiError,
  type AthenaApi,
  type CatalogTable,
  type Operation,
  type QueryStatus,
  type ResultPage,
  type StartRequest,
  type TablePage,
  type WorkgroupFacts,
} from './athena-api.js';
import { faultOf, type Thrown } from './athena-exceptions.js';
import { shownWords } from './athena-words.js';

export interface AthenaCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface ClientOptions {
  readonly workgroup: string;
  readonly database: string;
  /** As the environment says when absent. */
  readonly region?: string | undefined;
  readonly endpoint?: string | undefined;
  /** The chain of the SDK (environment, profile, role) when absent. */
  readonly credentials?: AthenaCredentials | undefined;
  /** A call without an answer is given up after that. */
  readonly requestMs: number;
}

const CATALOG = 'AwsDataCatalog';
/** The most that Athena answers in one page. */
const PAGE_ROWS = 1000;

export function openAthenaClient(options: ClientOptions): AthenaApi {
  return new Client(options);
}

class Client implements AthenaApi {
  readonly #client: AthenaClient;
  readonly #workgroup: string;
  readonly #database: string;

  constructor({ workgroup, database, region, endpoint, credentials, requestMs }: ClientOptions) {
    const config: AthenaClientConfig = {
      ...(region === undefined ? {} : { region }),
      // One attempt: the executor repeats calls itself, so that deadlines and signals hold over all of them.
      maxAttempts: 1,
      requestHandler: { connectionTimeout: requestMs, requestTimeout: requestMs, throwOnRequestTimeout: true },
      ...(endpoint === undefined ? {} : { endpoint }),
      ...(credentials === undefined ? {} : { credentials }),
    };
    this.#client = new AthenaClient(config);
    this.#workgroup = workgroup;
    this.#database = database;
  }

  async workgroup(): Promise<WorkgroupFacts> {
    const command = new GetWorkGroupCommand({ WorkGroup: this.#workgroup });
    const { WorkGroup: found } = await this.#told('GetWorkGroup', () => this.#client.send(command));
    const settings = found?.Configuration;
    const cutoff = settings?.BytesScannedCutoffPerQuery;
    return {
      enabled: found?.State === 'ENABLED',
      engine: settings?.EngineVersion?.EffectiveEngineVersion ?? settings?.EngineVersion?.SelectedEngineVersion ?? null,
      cutoffBytes: cutoff === undefined ? null : BigInt(cutoff),
      output: settings?.ResultConfiguration?.OutputLocation ?? null,
      enforced: settings?.EnforceWorkGroupConfiguration === true,
      managedResults: settings?.ManagedQueryResultsConfiguration?.Enabled === true,
    };
  }

  async database(): Promise<void> {
    const command = new GetDatabaseCommand({ CatalogName: CATALOG, DatabaseName: this.#database, WorkGroup: this.#workgroup });
    await this.#told('GetDatabase', () => this.#client.send(command));
  }

  async tables(next: string | null): Promise<TablePage> {
    const command = new ListTableMetadataCommand({
      CatalogName: CATALOG,
      DatabaseName: this.#database,
      WorkGroup: this.#workgroup,
      ...(next === null ? {} : { NextToken: next }),
    });
    const { TableMetadataList: found, NextToken: following } = await this.#told('ListTableMetadata', () =>
      this.#client.send(command),
    );
    return { tables: (found ?? []).map(tableOf), next: following ?? null };
  }

  async start({ sql, token, output }: StartRequest): Promise<string> {
    const command = new StartQueryExecutionCommand({
      QueryString: sql,
      ClientRequestToken: token,
      QueryExecutionContext: { Catalog: CATALOG, Database: this.#database },
      WorkGroup: this.#workgroup,
      ...(output === null ? {} : { ResultConfiguration: { OutputLocation: output } }),
    });
    const { QueryExecutionId: id } = await this.#told('StartQueryExecution', () => this.#client.send(command));
    return id ?? withoutAnswer('StartQueryExecution');
  }

  async status(queryId: string): Promise<QueryStatus> {
    const command = new GetQueryExecutionCommand({ QueryExecutionId: queryId });
    const { QueryExecution: found } = await this.#told('GetQueryExecution', () => this.#client.send(command));
    return statusOf(found) ?? withoutAnswer('GetQueryExecution');
  }

  async statuses(queryIds: readonly string[]): Promise<readonly QueryStatus[]> {
    const command = new BatchGetQueryExecutionCommand({ QueryExecutionIds: [...queryIds] });
    const { QueryExecutions: found } = await this.#told('BatchGetQueryExecution', () => this.#client.send(command));
    return (found ?? []).flatMap((each) => statusOf(each) ?? []);
  }

  async stop(queryId: string): Promise<void> {
    const command = new StopQueryExecutionCommand({ QueryExecutionId: queryId });
    await this.#told('StopQueryExecution', () => this.#client.send(command));
  }

  async results(queryId: string, next: string | null): Promise<ResultPage> {
    const command = new GetQueryResultsCommand({
      QueryExecutionId: queryId,
      MaxResults: PAGE_ROWS,
      ...(next === null ? {} : { NextToken: next }),
    });
    const { ResultSet: found, NextToken: following } = await this.#told('GetQueryResults', () => this.#client.send(command));
    const columns = (found?.ResultSetMetadata?.ColumnInfo ?? []).map(({ Name: name }) => name ?? '');
    // A null has no text at all; an empty text has one.
    const rows = (found?.Rows ?? []).map(({ Data: cells }) => (cells ?? []).map((cell) => cell.VarCharValue ?? null));
    return { columns, rows, next: following ?? null };
  }

  close(): void {
    this.#client.destroy();
  }

  async #told<T>(operation: Operation, send: () => Promise<T>): Promise<T> {
    try {
      return await send();
    } catch (error) {
      // The error itself holds the signed request: it goes no further, not even as a cause.
      const { fault, code } = faultOf(error as Thrown);
      const words = error instanceof Error ? error.message : String(error);
      throw new ApiError(operation, fault, code, shownWords(words, await this.#secrets()));
    }
  }

  async #secrets(): Promise<readonly string[]> {
    // Without credentials there is nothing to hide.
    const held = await this.#client.config.credentials().catch(() => null);
    return held === null ? [] : [held.secretAccessKey, held.sessionToken ?? '', held.accessKeyId];
  }
}

function tableOf({ Name: name, TableType: type, Parameters: properties }: TableMetadata): CatalogTable {
  return { name: name ?? '', isView: type === 'VIRTUAL_VIEW', properties: properties ?? {} };
}

function withoutAnswer(operation: Operation): never {
  throw new ApiError(operation, 'lost', 'EmptyAnswer', 'the answer holds nothing');
}

function statusOf(found: QueryExecution | undefined): QueryStatus | null {
  const state = found?.Status?.State;
  if (found?.QueryExecutionId === undefined || state === undefined) return null;
  const { AthenaError: error, StateChangeReason: reason, SubmissionDateTime: submitted } = found.Status ?? {};
  return {
    queryId: found.QueryExecutionId,
    state,
    statement: found.StatementType ?? null,
    scannedBytes: BigInt(found.Statistics?.DataScannedInBytes ?? 0),
    milliseconds: found.Statistics?.TotalExecutionTimeInMillis ?? 0,
    submittedAt: submitted?.getTime() ?? null,
    fault: {
      category: error?.ErrorCategory ?? null,
      type: error?.ErrorType ?? null,
      retryable: error?.Retryable ?? null,
      words: shownWords(reason ?? error?.ErrorMessage ?? ''),
    },
  };
}
