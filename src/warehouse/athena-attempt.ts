// One attempt at a statement: its query is started or found, waited for, and stopped where its time is up.
import { Failure } from '../kernel/failure.js';
import { ApiError, type AthenaApi, type QueryStatus } from './athena-api.js';
import { deadlineFailure, notStopped } from './athena-failures.js';
import type { Asked, Journal } from './athena-journal.js';
import type { Poller } from './athena-poller.js';
import { refusal, type Whereabouts } from './athena-refusals.js';
import type { AthenaEvent, Statement } from './athena-statement.js';
import { answered, deadline, jittered, type Timing } from './athena-timing.js';

export interface Ground {
  readonly api: AthenaApi;
  readonly journal: Journal;
  readonly poller: Poller;
  readonly timing: Timing;
  readonly where: Whereabouts;
  readonly deadlineMs: number;
  readonly listener: (event: AthenaEvent) => void;
  /** Where results go; null where the workgroup says it. */
  readonly results: () => string | null;
  /** What a look at the query tells is of this statement. */
  readonly flies: (queryId: string, statement: Statement) => void;
  /** The process has little time left. */
  readonly isHurried: () => boolean;
}

/** How an attempt ended: by the query, or since its token or id leads nowhere any more. */
export type Ended = { readonly status: QueryStatus } | { readonly void: ApiError };

/** The reason of a signal that aborts since the time of a statement is up. */
export class DeadlinePassed extends Error {
  override readonly name = 'DeadlinePassed';
}

/** A query that was started a moment ago may not be known everywhere yet. */
const UNKNOWN_TRIES = 6;

export async function attempt(ground: Ground, statement: Statement, asked: Asked, signal: AbortSignal): Promise<Ended> {
  const { journal } = ground;
  const begun = asked.queryId ?? (await start(ground, statement, asked, signal));
  if (begun instanceof ApiError) {
    await journal.ended(asked.token, 'VOID', 0n);
    return { void: begun };
  }
  ground.flies(begun, statement);
  try {
    if (asked.queryId === null) await journal.started(asked.token, begun);
    const { name } = statement;
    ground.listener({ kind: 'started', name, queryId: begun, attempt: asked.attempt, attached: asked.isOld });
    const status = await watched(ground, begun, asked, signal);
    if (status instanceof ApiError) {
      await journal.ended(asked.token, 'VOID', 0n);
      return { void: status };
    }
    return { status: await noted(ground, asked, status) };
  } catch (error) {
    return { status: await given(ground, statement, asked, begun, error) };
  }
}

async function noted({ journal }: Ground, { token }: Asked, status: QueryStatus): Promise<QueryStatus> {
  const { state } = status;
  if (state !== 'QUEUED' && state !== 'RUNNING') await journal.ended(token, state, status.scannedBytes);
  return status;
}

/** The id of the query; the error where Athena knows the token for another text or place. */
async function start(ground: Ground, statement: Statement, asked: Asked, signal: AbortSignal): Promise<string | ApiError> {
  const { api, timing, journal, where } = ground;
  // Somebody may have heeded an earlier call whose answer nobody heard: then a refusal now says nothing of the query.
  let isHeard = !asked.isOld;
  const ask = async (): Promise<string> => {
    try {
      return await api.start({ sql: statement.sql, token: asked.token, output: ground.results() });
    } catch (error) {
      isHeard &&= !(error instanceof ApiError && error.fault === 'lost');
      throw error;
    }
  };
  try {
    signal.throwIfAborted();
    // Never left while it is asked: its answer says what there is to stop.
    return await answered(ask, timing, signal);
  } catch (error) {
    const last = error instanceof ApiError ? error : null;
    if (last?.passes === false) {
      if (/idempotent/i.test(`${last.code} ${last.message}`)) return last;
      if (isHeard) await journal.refused(asked.token);
      throw refusal(last, where, statement);
    }
    if (signal.aborted) throw endOf(signal.reason, ground, statement, null, last);
    throw last === null ? error : refusal(last, where, statement);
  }
}

/** The status it ended with; the error where Athena knows no such query. */
async function watched(ground: Ground, queryId: string, asked: Asked, signal: AbortSignal): Promise<QueryStatus | ApiError> {
  const { poller, timing } = ground;
  for (let tries = 1; ; tries += 1) {
    try {
      return await poller.ended(queryId, signal, asked.isOld);
    } catch (error) {
      if (!(error instanceof ApiError) || !isUnknown(error)) throw error;
      if (asked.queryId !== null) return error;
      if (tries === UNKNOWN_TRIES) throw error;
      await timing.clock.sleep(jittered(timing.timers.backoff * tries, timing.random), signal);
    }
  }
}

function isUnknown({ fault, code, message }: ApiError): boolean {
  return fault === 'refused' && (code === 'QUERY_EXECUTION_NOT_FOUND' || /QueryExecution \S+ was not found/i.test(message));
}

/** Waiting is over before the query is: it is stopped. One that succeeded in the meantime is done all the same. */
async function given(ground: Ground, statement: Statement, asked: Asked, queryId: string, error: unknown): Promise<QueryStatus> {
  const stopped = await stop(ground, queryId);
  const isOver = !(stopped instanceof Error);
  ground.listener({ kind: isOver ? 'stopped' : 'not-stopped', name: statement.name, queryId });
  const failure = endOf(error, ground, statement, queryId, null);
  if (!isOver) throw failure instanceof Failure ? withProblem(failure, statement, queryId, stopped) : failure;
  await noted(ground, asked, stopped);
  if (stopped.state === 'SUCCEEDED' && failure instanceof Failure) return stopped;
  throw failure;
}

function withProblem(failure: Failure, statement: Statement, queryId: string, last: Error): Failure {
  const told = last instanceof DeadlinePassed ? null : last;
  return new Failure(failure.kind, [...failure.problems, notStopped(statement, queryId, told)]);
}

/** The status it ended with, or why that is not known: nobody waits for longer than a bounded time. */
async function stop({ api, poller, timing, isHurried }: Ground, queryId: string): Promise<QueryStatus | Error> {
  const { stop: most, grace } = timing.timers;
  const time = deadline(isHurried() ? grace : most, () => new DeadlinePassed('it did not end in time'), timing.clock);
  const passed = new Promise<Error>((resolve) => {
    time.signal.addEventListener('abort', () => resolve(time.signal.reason as Error), { once: true });
  });
  const ended = async (): Promise<QueryStatus> => {
    await answered(() => api.stop(queryId), timing, time.signal);
    return poller.ended(queryId, time.signal, true);
  };
  try {
    return await Promise.race([ended().catch(errorOf), passed]);
  } finally {
    time.clear();
  }
}

function endOf(reason: unknown, ground: Ground, statement: Statement, queryId: string | null, last: ApiError | null): Error {
  if (reason instanceof DeadlinePassed) return deadlineFailure(statement, ground.deadlineMs / 1000, queryId, last);
  return reason instanceof ApiError ? refusal(reason, ground.where, statement) : errorOf(reason);
}

function errorOf(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
