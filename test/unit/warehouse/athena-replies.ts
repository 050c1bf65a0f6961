// Athena's protocol (awsJson1_1) as its documentation and the client's own types write it, in this process and by script: no SQL is
// run. What each query comes to, and which calls fail how, is the test's to say; tokens, states and pages are kept as Athena keeps them.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Body = Readonly<Record<string, unknown>>;

export interface Call {
  readonly operation: string;
  readonly body: Body;
}

/** What happens to one call instead of its answer, or to its answer once it was heeded. */
export type Fault =
  | { readonly kind: 'error'; readonly status: number; readonly type: string; readonly message: string; readonly more?: Body }
  /** The connection goes before the call is heeded, or after. */
  | { readonly kind: 'drop'; readonly heeded: boolean }
  /** An answer that is cut in the middle. */
  | { readonly kind: 'cut' }
  | { readonly kind: 'hang' };

export interface Outcome {
  /** Looks until it ends; it never does with Infinity. */
  readonly looks?: number;
  readonly state?: 'SUCCEEDED' | 'FAILED' | 'CANCELLED';
  readonly reason?: string;
  readonly error?: { readonly category: number; readonly type: number; readonly retryable: boolean };
  readonly scanned?: number;
  readonly statement?: 'DDL' | 'DML' | 'UTILITY';
  readonly columns?: readonly string[];
  readonly rows?: readonly (readonly (string | null)[])[];
  /** A StopQueryExecution is answered, and heeded by nobody. */
  readonly deaf?: boolean;
  readonly submittedAt?: number;
}

interface Execution {
  readonly id: string;
  readonly token: string;
  readonly sql: string;
  readonly place: string;
  readonly outcome: Outcome;
  readonly submittedAt: number;
  looks: number;
  state: string;
}

export interface Script {
  /** Of the nth query (from 1) of this text. */
  readonly outcome?: (sql: string, nth: number) => Outcome;
  /** Of the nth call (from 1) of this operation. */
  readonly fault?: (operation: string, nth: number, body: Body) => Fault | null | undefined;
  readonly workgroup?: Body;
  readonly pageRows?: number;
}

export const CREDENTIALS = {
  accessKeyId: 'AKIAEXECUTORTEST0001',
  secretAccessKey: 'secretOfTheExecutorTest',
  sessionToken: 'tokenOfTheSession',
};

export const WORKGROUP: Body = {
  Name: 'finops',
  State: 'ENABLED',
  Configuration: {
    BytesScannedCutoffPerQuery: 1_099_511_627_776,
    EnforceWorkGroupConfiguration: false,
    EngineVersion: { SelectedEngineVersion: 'AUTO', EffectiveEngineVersion: 'Athena engine version 3' },
  },
};

export class Replies implements AsyncDisposable {
  readonly calls: Call[] = [];
  readonly executions: Execution[] = [];
  /** The most queries that ever were queued or running at once. */
  most = 0;
  script: Script;
  #port = 0;
  readonly #server = createServer((request, response) => void this.#answer(request, response));

  private constructor(script: Script) {
    this.script = script;
  }

  static async open(script: Script = {}): Promise<Replies> {
    const replies = new Replies(script);
    await new Promise<void>((resolve) => replies.#server.listen(0, '127.0.0.1', resolve));
    replies.#port = (replies.#server.address() as AddressInfo).port;
    return replies;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  count(operation: string): number {
    return this.calls.filter((call) => call.operation === operation).length;
  }

  /** Distinct tokens that queries were asked for with. */
  get tokens(): readonly string[] {
    const starts = this.calls.filter(({ operation }) => operation === 'StartQueryExecution');
    return [...new Set(starts.map(({ body }) => String(body['ClientRequestToken'])))];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const operation = String(request.headers['x-amz-target']).replace('AmazonAthena.', '');
    const text = await textOf(request).catch(() => null);
    if (text === null) return;
    const isSigned = String(request.headers.authorization).startsWith('AWS4-HMAC-SHA256 ');
    if (!isSigned || request.headers['content-type'] !== 'application/x-amz-json-1.1')
      throw new Error('not a call of the client');
    const body = JSON.parse(text) as Body;
    this.calls.push({ operation, body });
    const fault = this.script.fault?.(operation, this.count(operation), body) ?? null;
    if (fault?.kind === 'hang') return;
    if (fault?.kind === 'drop' && !fault.heeded) return void request.socket.destroy();
    const { status, reply } = fault?.kind === 'error' ? refusal(fault) : this.#heeded(operation, body);
    const whole = JSON.stringify(reply);
    if (fault?.kind === 'drop') return void request.socket.destroy();
    const sent = fault?.kind === 'cut' ? whole.slice(0, whole.length / 2) : whole;
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1', 'content-length': Buffer.byteLength(sent) });
    response.end(sent);
  }

  #heeded(operation: string, body: Body): { status: number; reply: Body } {
    const id = String(body['QueryExecutionId']);
    switch (operation) {
      case 'GetWorkGroup':
        return answer({ WorkGroup: this.script.workgroup ?? WORKGROUP });
      case 'GetDatabase':
        return answer({ Database: { Name: body['DatabaseName'] } });
      case 'StartQueryExecution':
        return this.#start(body);
      case 'GetQueryExecution':
        return this.#known(id, (execution) => answer({ QueryExecution: this.#look(execution) }));
      case 'BatchGetQueryExecution': {
        const ids = body['QueryExecutionIds'] as readonly string[];
        const found = ids.flatMap((each) => this.executions.filter((execution) => execution.id === each));
        const lost = ids.filter((each) => !found.some((execution) => execution.id === each));
        return answer({
          QueryExecutions: found.map((execution) => this.#look(execution)),
          UnprocessedQueryExecutionIds: lost.map((each) => ({
            QueryExecutionId: each,
            ErrorCode: 'INVALID_INPUT',
            ErrorMessage: 'lost',
          })),
        });
      }
      case 'StopQueryExecution':
        return this.#known(id, (execution) => this.#stop(execution));
      case 'GetQueryResults':
        return this.#known(id, (execution) => this.#page(execution, body));
      default:
        return refused(`no such operation: ${operation}`, 'INVALID_INPUT');
    }
  }

  #known(id: string, then: (execution: Execution) => { status: number; reply: Body }): { status: number; reply: Body } {
    const execution = this.executions.find((each) => each.id === id);
    return execution === undefined ? refused(`QueryExecution ${id} was not found`, 'QUERY_EXECUTION_NOT_FOUND') : then(execution);
  }

  #start(body: Body): { status: number; reply: Body } {
    const token = String(body['ClientRequestToken']);
    const sql = String(body['QueryString']);
    if (token.length < 32 || token.length > 128) return refused('clientRequestToken has a wrong length', 'INVALID_INPUT');
    const place = JSON.stringify([body['QueryExecutionContext'], body['ResultConfiguration']]);
    const known = this.executions.find((each) => each.token === token);
    if (known !== undefined && (known.sql !== sql || known.place !== place))
      return refused('Idempotent parameters do not match', 'IDEMPOTENT_PARAMETER_MISMATCH');
    if (known !== undefined) return answer({ QueryExecutionId: known.id });
    const nth = this.executions.filter((each) => each.sql === sql).length + 1;
    const id = `query-${String(this.executions.length + 1).padStart(4, '0')}`;
    const outcome = this.script.outcome?.(sql, nth) ?? {};
    const submittedAt = outcome.submittedAt ?? Date.now();
    this.executions.push({ id, token, sql, place, outcome, submittedAt, looks: 0, state: 'QUEUED' });
    const active = this.executions.filter(({ state }) => state === 'QUEUED' || state === 'RUNNING').length;
    this.most = Math.max(this.most, active);
    return answer({ QueryExecutionId: id });
  }

  #look(execution: Execution): Body {
    const { id, sql, outcome, submittedAt } = execution;
    execution.looks += 1;
    const isOver = execution.looks >= (outcome.looks ?? 2);
    if (execution.state === 'QUEUED' || execution.state === 'RUNNING')
      execution.state = isOver ? (outcome.state ?? 'SUCCEEDED') : 'RUNNING';
    const { state } = execution;
    const failed = state === 'FAILED' || state === 'CANCELLED';
    const error = outcome.error ?? null;
    return {
      QueryExecutionId: id,
      Query: sql,
      StatementType: outcome.statement ?? 'DML',
      Status: {
        State: state,
        SubmissionDateTime: submittedAt / 1000,
        ...(failed ? { StateChangeReason: state === outcome.state ? outcome.reason : 'Query cancelled by user' } : {}),
        ...(state === 'FAILED' && error !== null
          ? {
              AthenaError: {
                ErrorCategory: error.category,
                ErrorType: error.type,
                Retryable: error.retryable,
                ErrorMessage: outcome.reason,
              },
            }
          : {}),
      },
      Statistics: {
        // Grows while it runs.
        DataScannedInBytes:
          isOver || outcome.looks === Infinity ? (outcome.scanned ?? 0) : Math.floor((outcome.scanned ?? 0) / 2),
        TotalExecutionTimeInMillis: 1500,
        EngineExecutionTimeInMillis: 1200,
      },
    };
  }

  #stop(execution: Execution): { status: number; reply: Body } {
    const isActive = execution.state === 'QUEUED' || execution.state === 'RUNNING';
    if (isActive && execution.outcome.deaf !== true) execution.state = 'CANCELLED';
    return answer({});
  }

  #page({ state, outcome }: Execution, body: Body): { status: number; reply: Body } {
    if (state !== 'SUCCEEDED') return refused('Query did not finish successfully.', 'INVALID_QUERY_EXECUTION_STATE');
    const columns = outcome.columns ?? [];
    const isSelect = (outcome.statement ?? 'DML') === 'DML' && columns.length > 0;
    const all = [...(isSelect ? [columns] : []), ...(outcome.rows ?? [])];
    const size = Math.min(Number(body['MaxResults'] ?? 1000), this.script.pageRows ?? 1000);
    const from = Number(body['NextToken'] ?? 0);
    const more = from + size < all.length ? { NextToken: String(from + size) } : {};
    return answer({
      ResultSet: {
        ResultSetMetadata: {
          ColumnInfo: columns.map((name) => ({ Name: name, Label: name, Type: 'varchar', CatalogName: 'hive' })),
        },
        // A null has no VarCharValue.
        Rows: all
          .slice(from, from + size)
          .map((row) => ({ Data: row.map((cell) => (cell === null ? {} : { VarCharValue: cell })) })),
      },
      UpdateCount: 0,
      ...more,
    });
  }
}

export const throttled: Fault = { kind: 'error', status: 400, type: 'ThrottlingException', message: 'Rate exceeded' };
export const tooMany: Fault = {
  kind: 'error',
  status: 400,
  type: 'TooManyRequestsException',
  message: 'You have exceeded the limit for the number of queries you can run concurrently.',
  more: { Reason: 'CONCURRENT_QUERY_LIMIT_EXCEEDED' },
};
export const broken: Fault = { kind: 'error', status: 500, type: 'InternalServerException', message: 'try again' };

export function deny(action: string): Fault {
  const message = `User: arn:aws:iam::123456789012:user/finops is not authorized to perform: ${action} because no identity-based policy allows the ${action} action`;
  return { kind: 'error', status: 400, type: 'AccessDeniedException', message };
}

export function invalid(message: string, code: string): Fault {
  return {
    kind: 'error',
    status: 400,
    type: 'InvalidRequestException',
    message,
    more: { AthenaErrorCode: code, ErrorCode: code },
  };
}

function refusal({ status, type, message, more }: Extract<Fault, { kind: 'error' }>): { status: number; reply: Body } {
  return { status, reply: { __type: type, Message: message, ...more } };
}

function refused(message: string, code: string): { status: number; reply: Body } {
  return { status: 400, reply: { __type: 'InvalidRequestException', Message: message, AthenaErrorCode: code, ErrorCode: code } };
}

function answer(reply: Body): { status: number; reply: Body } {
  return { status: 200, reply };
}

async function textOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString('utf8');
}
