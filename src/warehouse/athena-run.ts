// The executor itself. A statement takes a slot, then is attempted until it is done, cannot be done, or its time is up.
import { setMaxListeners } from 'node:events';
import { ApiError, type AthenaApi, type CatalogTable, type QueryStatus, type TablePage } from './athena-api.js';
import { attempt, DeadlinePassed, type Ended, type Ground } from './athena-attempt.js';
import { budgetFailure, deadlineFailure, queryFailure, tooLong } from './athena-failures.js';
import { categoryOf, isRetried } from './athena-faults.js';
import type { Asked, Journal } from './athena-journal.js';
import { Poller } from './athena-poller.js';
import { lookBefore } from './athena-preflight.js';
import { refusal, type Whereabouts } from './athena-refusals.js';
import { rowsOf } from './athena-results.js';
import { Scans } from './athena-scans.js';
import { Slots } from './athena-slots.js';
import type { AthenaEvent, AthenaQueries, Done, Scanned, Statement } from './athena-statement.js';
import { answered, deadline, jittered, type Timing } from './athena-timing.js';
import type { Row } from './warehouse.js';

export interface RunParts {
  readonly api: AthenaApi;
  readonly journal: Journal;
  readonly where: Whereabouts;
  /** Where results of SELECTs go, unless the workgroup says it. */
  readonly results: string;
  readonly timing: Timing;
  readonly budgetBytes: bigint | null;
  readonly concurrency: number;
  readonly deadlineMs: number;
  readonly attempts: number;
  readonly signal: AbortSignal | undefined;
  readonly listener: (event: AthenaEvent) => void;
}

interface Flight {
  readonly status: QueryStatus;
  readonly attached: boolean;
}

/** Bytes of a statement that Athena takes. */
const LONGEST_SQL = 262_144;
/** Attempts of processes before, and tokens that lead nowhere, are passed over at most so often. */
const MOST_OLD = 50;
/** By how much Athena's clock and ours may differ. */
const CLOCK_SKEW_MS = 300_000;

export class AthenaRun implements AthenaQueries {
  readonly #parts: RunParts;
  readonly #ground: Ground;
  readonly #scans: Scans;
  readonly #slots: Slots;
  readonly #names = new Map<string, string>();
  readonly #flights = new Map<string, Promise<Flight>>();
  readonly #ending = new AbortController();
  readonly #onSignal = (): void => this.#end(this.#parts.signal?.reason);
  #results: string | null;

  constructor(parts: RunParts) {
    const { api, journal, timing, where, deadlineMs, listener, signal } = parts;
    this.#parts = parts;
    this.#results = parts.results;
    this.#scans = new Scans(parts.budgetBytes, journal.scans());
    this.#slots = new Slots(parts.concurrency);
    this.#ground = {
      ...{ api, journal, timing, where, deadlineMs, listener },
      poller: new Poller(api, timing, (status) => this.#seen(status)),
      results: () => this.#results,
      flies: (queryId, statement) => this.#names.set(queryId, statement.name),
      isHurried: () => signal?.aborted === true,
    };
    if (signal?.aborted === true) this.#onSignal();
    // As many wait for it as there are statements.
    setMaxListeners(0, this.#ending.signal);
    signal?.addEventListener('abort', this.#onSignal, { once: true });
  }

  async preflight(): Promise<void> {
    const { api, where, results } = this.#parts;
    const facts = await lookBefore(api, where, (call) => this.#called(call, null, this.#ending.signal));
    this.#results = facts.enforced || facts.managedResults ? null : results;
  }

  async execute(statement: Statement): Promise<Done> {
    const { status, attached } = await this.#flight(statement);
    return doneOf(status, attached);
  }

  async rows(select: Statement): Promise<readonly Row[]> {
    const { status, attached } = await this.#flight(select);
    const time = this.#deadline();
    const signal = AbortSignal.any([this.#ending.signal, time.signal]);
    const read = (of: QueryStatus): Promise<readonly Row[]> =>
      rowsOf(this.#parts.api, select, of, (call) => answered(call, this.#parts.timing, signal));
    try {
      return await read(status).catch(async (error: unknown) => {
        if (!attached || !isGone(error)) throw error;
        // Results are files, and somebody tidied up since: the query is made anew.
        await this.#parts.journal.gone(select.name, select.sql);
        return read((await this.#flight(select)).status);
      });
    } catch (error) {
      throw this.#told(error, select, signal, status.queryId);
    } finally {
      time.clear();
    }
  }

  async tables(): Promise<readonly CatalogTable[]> {
    const all: CatalogTable[] = [];
    for (let next: string | null = null, isLast = false; !isLast; ) {
      const from: string | null = next;
      const page: TablePage = await this.#called(() => this.#parts.api.tables(from), null, this.#ending.signal);
      all.push(...page.tables);
      ({ next } = page);
      isLast = next === null;
    }
    return all;
  }

  scanned(): Scanned {
    return { bytes: this.#scans.bytes, byName: this.#scans.byName().filter(([, bytes]) => bytes > 0n) };
  }

  /** Stops what still runs. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#end(new Error('the executor was closed'));
    this.#parts.signal?.removeEventListener('abort', this.#onSignal);
    await Promise.allSettled(this.#flights.values());
    await this.#parts.journal.close();
    this.#parts.api.close();
  }

  #end(reason: unknown): void {
    if (!this.#ending.signal.aborted) this.#ending.abort(reason instanceof Error ? reason : new Error('stopped'));
  }

  #seen({ queryId, scannedBytes }: QueryStatus): void {
    this.#scans.seen(queryId, this.#names.get(queryId) ?? queryId, scannedBytes);
    // What is done counts as done; all else that runs is stopped.
    if (this.#scans.isOver) this.#end(budgetFailure(this.#scans));
  }

  /** The same statement asked for twice at once is one query. */
  #flight(statement: Statement): Promise<Flight> {
    const key = JSON.stringify([statement.name, statement.sql]);
    const known = this.#flights.get(key);
    if (known !== undefined) return known;
    const flight = this.#fly(statement);
    this.#flights.set(key, flight);
    const over = (): void => void this.#flights.delete(key);
    flight.then(over, over);
    return flight;
  }

  async #fly(statement: Statement): Promise<Flight> {
    const size = Buffer.byteLength(statement.sql);
    if (size > LONGEST_SQL) throw tooLong(statement, size, LONGEST_SQL);
    using _slot = await this.#slots.take(this.#ending.signal);
    const time = this.#deadline();
    const signal = AbortSignal.any([this.#ending.signal, time.signal]);
    try {
      const flight = await this.#attempts(statement, signal);
      this.#parts.listener({ kind: 'done', name: statement.name, ...doneOf(flight.status, flight.attached) });
      return flight;
    } catch (error) {
      throw this.#told(error, statement, signal, null);
    } finally {
      time.clear();
    }
  }

  async #attempts(statement: Statement, signal: AbortSignal): Promise<Flight> {
    const { timing, listener, where, attempts: most } = this.#parts;
    for (let failed = 0, old = 0; ; ) {
      signal.throwIfAborted();
      if (this.#scans.isOver) throw budgetFailure(this.#scans);
      const asked = await this.#asked(statement);
      const askedAt = timing.clock.now();
      const ended = await attempt(this.#ground, statement, asked, signal);
      if ('status' in ended && ended.status.state === 'SUCCEEDED') return { status: ended.status, attached: asked.isOld };
      const isOld = isOfBefore(ended, asked, askedAt);
      if (isOld) old += 1;
      else failed += 1;
      if ('void' in ended) {
        if (old === MOST_OLD) throw refusal(ended.void, where, statement);
        continue;
      }
      const why = categoryOf(ended.status);
      const isLast = isOld ? old === MOST_OLD : failed === most || !isRetried(why, ended.status.fault);
      if (isLast) throw queryFailure(statement, ended.status, why, failed);
      listener({ kind: 'retried', name: statement.name, attempt: asked.attempt, why, words: ended.status.fault.words });
      if (!isOld) await this.#pause(failed, signal);
    }
  }

  /** The attempt to make. Its token is on disk before Athena hears of it. */
  async #asked(statement: Statement): Promise<Asked> {
    const { journal } = this.#parts;
    const { name, sql, beforeRetry, anew } = statement;
    const known = journal.next(name, sql);
    if (known.isOld && anew !== true) return known;
    if (known.isOld) await journal.gone(name, sql);
    const asked = journal.next(name, sql);
    if (asked.attempt > 1) await beforeRetry?.();
    await journal.asked(name, sql, asked);
    return asked;
  }

  async #pause(failed: number, signal: AbortSignal): Promise<void> {
    const { clock, random, timers } = this.#parts.timing;
    await clock.sleep(jittered(Math.min(timers.backoffMost, timers.backoff * 2 ** failed), random), signal);
  }

  #deadline(): { signal: AbortSignal; clear: () => void } {
    const { deadlineMs, timing } = this.#parts;
    return deadline(deadlineMs, () => new DeadlinePassed(), timing.clock);
  }

  async #called<T>(call: () => Promise<T>, statement: Statement | null, signal: AbortSignal): Promise<T> {
    try {
      return await answered(call, this.#parts.timing, signal);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      throw error instanceof ApiError ? refusal(error, this.#parts.where, statement) : error;
    }
  }

  /** What is thrown, in words that a person can act on. */
  #told(error: unknown, statement: Statement, signal: AbortSignal, queryId: string | null): unknown {
    if (error instanceof DeadlinePassed || (error instanceof ApiError && error.passes && signal.reason instanceof DeadlinePassed))
      return deadlineFailure(statement, this.#parts.deadlineMs / 1000, queryId, error instanceof ApiError ? error : null);
    if (!(error instanceof ApiError)) return error;
    return signal.aborted && error.passes ? signal.reason : refusal(error, this.#parts.where, statement);
  }
}

function doneOf({ queryId, scannedBytes, milliseconds }: QueryStatus, attached: boolean): Done {
  return { queryId, scannedBytes, seconds: milliseconds / 1000, attached };
}

/** A query that a process before asked for, even where what was written of it is lost: its end says nothing of today. */
function isOfBefore(ended: Ended, asked: Asked, askedAt: number): boolean {
  if (asked.isOld || 'void' in ended) return true;
  const { submittedAt } = ended.status;
  return submittedAt !== null && submittedAt < askedAt - CLOCK_SKEW_MS;
}

function isGone(error: unknown): boolean {
  return (
    error instanceof ApiError &&
    !error.passes &&
    /RESULT_NOT_FOUND|NoSuchKey|Could not find results/i.test(`${error.code} ${error.message}`)
  );
}
