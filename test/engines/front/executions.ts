// Queries from QUEUED to their end: SUCCEEDED, FAILED or CANCELLED.
import { randomUUID } from 'node:crypto';
import { type Context, type Engine, type Outcome, QueryFailed } from './engine.js';
import { failureOf, invalidRequest, type QueryFailure, Refusal } from './failures.js';
import type { Faults, QueryFault } from './injection.js';
import { readStatement, type Statement } from './statements.js';
import { StatementError } from './tokens.js';

export type State = 'QUEUED' | 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'CANCELLED';

export interface StartRequest {
  readonly QueryString: string;
  readonly ClientRequestToken?: string;
  readonly QueryExecutionContext?: { readonly Database?: string; readonly Catalog?: string };
  readonly ResultConfiguration?: { readonly OutputLocation?: string };
  readonly WorkGroup?: string;
}

/** One StartQueryExecution that was answered, as tests look at it. */
export interface Start {
  readonly token: string;
  readonly text: string;
  readonly id: string;
  /** The token was known: no query was started. */
  readonly repeated: boolean;
}

export interface Execution {
  readonly id: string;
  readonly request: StartRequest;
  readonly statement: Statement;
  readonly workgroup: string;
  readonly output: string;
  readonly submitted: number;
  readonly cutoff: () => number | null;
  readonly controller: AbortController;
  /** Of the query that was started next, though it be stopped before it runs: never of another one. */
  readonly fault: QueryFault | null;
  state: State;
  started: number | null;
  completed: number | null;
  scanned: number;
  failure: QueryFailure | null;
  reason: string | null;
  outcome: Outcome | null;
}

interface Limits {
  /** Queries that run at a time; others are QUEUED. */
  readonly running: number;
  /** Queries QUEUED and RUNNING; more are refused. */
  readonly active: number;
}

const STOPPED = 'Query was cancelled by user.';
const OVER_CUTOFF = 'Bytes scanned limit was exceeded';
const LONGEST = 262_144;

export class Executions {
  readonly starts: Start[] = [];
  readonly #all = new Map<string, Execution>();
  readonly #byToken = new Map<string, Execution>();
  readonly #waiting: Execution[] = [];
  readonly #engine: Engine;
  readonly #faults: Faults;
  readonly #limits: Limits;
  readonly #running = new Set<Promise<void>>();

  constructor(engine: Engine, faults: Faults, limits: Limits) {
    this.#engine = engine;
    this.#faults = faults;
    this.#limits = limits;
  }

  start(request: StartRequest, place: Pick<Execution, 'workgroup' | 'output' | 'cutoff'>): string {
    const token = request.ClientRequestToken ?? '';
    if (token.length < 32 || token.length > 128) throw invalidRequest('ClientRequestToken must have 32 to 128 characters.');
    const known = this.#byToken.get(token);
    if (known !== undefined) {
      if (JSON.stringify(comparable(known.request)) !== JSON.stringify(comparable(request)))
        throw invalidRequest('Idempotent parameters do not match.', 'IDEMPOTENT_PARAMETER_MISMATCH');
      this.starts.push({ token, text: request.QueryString, id: known.id, repeated: true });
      return known.id;
    }
    const execution = this.#made(request, place);
    this.#all.set(execution.id, execution);
    this.#byToken.set(token, execution);
    this.starts.push({ token, text: request.QueryString, id: execution.id, repeated: false });
    this.#waiting.push(execution);
    // A moment later, so that somebody can see it QUEUED.
    setTimeout(() => this.#next(), 5);
    return execution.id;
  }

  #made(request: StartRequest, place: Pick<Execution, 'workgroup' | 'output' | 'cutoff'>): Execution {
    if (request.QueryString.length > LONGEST) throw invalidRequest(`QueryString is longer than ${LONGEST} characters.`);
    const active = [...this.#all.values()].filter(({ state }) => state === 'QUEUED' || state === 'RUNNING').length;
    if (active >= this.#limits.active)
      throw new Refusal(
        'TooManyRequestsException',
        'You have exceeded the limit for the number of queries you can run concurrently.',
        {
          Reason: 'CONCURRENT_QUERY_LIMIT_EXCEEDED',
        },
      );
    const began = {
      state: 'QUEUED',
      started: null,
      completed: null,
      scanned: 0,
      failure: null,
      reason: null,
      outcome: null,
    } as const;
    const statement = statementOf(request.QueryString);
    const fault = this.#faults.ofQuery(request.QueryString);
    const controller = new AbortController();
    return { id: randomUUID(), request, statement, ...place, submitted: Date.now(), controller, fault, ...began };
  }

  #next(): void {
    while (this.#running.size < this.#limits.running) {
      const execution = this.#waiting.shift();
      if (execution === undefined) return;
      if (execution.state !== 'QUEUED') continue;
      const running = this.#run(execution).finally(() => {
        this.#running.delete(running);
        this.#next();
      });
      this.#running.add(running);
    }
  }

  async #run(execution: Execution): Promise<void> {
    execution.state = 'RUNNING';
    execution.started = Date.now();
    try {
      execution.outcome = await this.#outcome(execution);
      end(execution, 'SUCCEEDED', null);
    } catch (error) {
      if (execution.controller.signal.aborted) end(execution, 'CANCELLED', reasonOf(execution.controller.signal));
      else this.#fail(execution, error instanceof QueryFailed ? error.failure : failureOf(error, (message) => message));
    }
  }

  #fail(execution: Execution, failure: QueryFailure): void {
    execution.failure = failure;
    end(execution, 'FAILED', failure.message);
  }

  async #outcome(execution: Execution): Promise<Outcome> {
    const { id, request, statement, output, controller, fault } = execution;
    const { signal } = controller;
    if (fault?.kind === 'fail') throw new QueryFailed(fault.failure);
    if (fault?.kind === 'hang') return aborted(signal);
    const onScanned = (bytes: number) => {
      execution.scanned = Math.max(execution.scanned, bytes);
      const limit = this.#faults.scanLimit ?? execution.cutoff();
      if (limit !== null && execution.scanned > limit) controller.abort(OVER_CUTOFF);
    };
    const context: Context = { id, database: request.QueryExecutionContext?.Database, output, signal, onScanned };
    const outcome = await this.#engine.run(statement, request.QueryString, context);
    if (fault?.kind === 'slow') await Promise.race([aborted(signal), pause(fault.milliseconds)]);
    signal.throwIfAborted();
    return outcome;
  }

  get(id: string): Execution {
    const execution = this.#all.get(id);
    if (execution === undefined) throw invalidRequest(`QueryExecution ${id} was not found`);
    return execution;
  }

  find(id: string): Execution | undefined {
    return this.#all.get(id);
  }

  stop(id: string): void {
    const execution = this.get(id);
    if (execution.state === 'QUEUED') end(execution, 'CANCELLED', STOPPED);
    else if (execution.state === 'RUNNING') execution.controller.abort(STOPPED);
  }

  /** Nothing runs any more, on Trino neither. */
  async stopAll(): Promise<void> {
    for (const id of this.#all.keys()) this.stop(id);
    await Promise.all(this.#running);
  }
}

function statementOf(text: string): Statement {
  try {
    return readStatement(text);
  } catch (error) {
    if (error instanceof StatementError) throw invalidRequest(error.message, 'MALFORMED_QUERY');
    throw error;
  }
}

function comparable({ QueryString, QueryExecutionContext, ResultConfiguration, WorkGroup }: StartRequest): readonly unknown[] {
  return [QueryString, QueryExecutionContext ?? {}, ResultConfiguration ?? {}, WorkGroup ?? 'primary'];
}

function end(execution: Execution, state: State, reason: string | null): void {
  execution.state = state;
  execution.reason = reason;
  execution.completed = Date.now();
}

function reasonOf(signal: AbortSignal): string {
  return String(signal.reason);
}

async function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const stop = () => reject(new Error(reasonOf(signal)));
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
  });
}

async function pause(milliseconds: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
}
