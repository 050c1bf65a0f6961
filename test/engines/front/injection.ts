// Faults on order: of requests, and of queries as they run.
import type { QueryFailure } from './failures.js';

/** Which queries, and how many of them. */
export interface Some {
  readonly times: number;
  /** Only queries whose text matches. */
  readonly when?: RegExp;
}

export interface Injection {
  /** The next requests are refused: a number stands for that many StartQueryExecution with TooManyRequestsException. */
  readonly throttle?:
    | number
    | {
        readonly times: number;
        readonly operation?: string;
        readonly error?: 'TooManyRequestsException' | 'ThrottlingException';
      };
  /** The query that is started next fails, once it is RUNNING, without being run. */
  readonly failNext?: QueryFailure & Partial<Some>;
  /** The queries that are started next stay RUNNING until they are stopped. */
  readonly hang?: number | Some;
  /** The queries that are started next stay RUNNING for so many milliseconds after they are done. */
  readonly slow?: { readonly milliseconds: number } & Some;
  /** The next GetQueryExecution and BatchGetQueryExecution are not answered: connections that end and HTTP 500, in turn. */
  readonly lostPolls?: number;
  /** The next StartQueryExecution start their query, and their answer is lost. */
  readonly lostStarts?: number;
  /** These operations are refused with AccessDeniedException, until this is set again. */
  readonly accessDenied?: readonly string[];
  /** Bytes that a query may scan in any workgroup; null: as the workgroups say. */
  readonly scanLimit?: number | null;
}

export type QueryFault =
  | { readonly kind: 'fail'; readonly failure: QueryFailure }
  | { readonly kind: 'hang' }
  | { readonly kind: 'slow'; readonly milliseconds: number };

interface Counted<T> {
  readonly fault: T;
  readonly when: RegExp;
  left: number;
}

/** Also used up by what it is asked for. */
export class Faults {
  readonly #queries: Counted<QueryFault>[] = [];
  readonly #throttled: Counted<'TooManyRequestsException' | 'ThrottlingException'>[] = [];
  #lostPolls = 0;
  #lostStarts = 0;
  #denied: readonly string[] = [];
  #scanLimit: number | null = null;

  add(injection: Injection): void {
    const { throttle, failNext, hang, slow } = injection;
    if (throttle !== undefined) {
      const some: Exclude<Injection['throttle'], number | undefined> =
        typeof throttle === 'number' ? { times: throttle } : throttle;
      const { times, operation = 'StartQueryExecution', error = 'TooManyRequestsException' } = some;
      this.#throttled.push({ fault: error, when: new RegExp(`^${operation}$`), left: times });
    }
    if (failNext !== undefined) this.#query({ kind: 'fail', failure: failNext }, { times: 1, ...failNext });
    if (hang !== undefined) this.#query({ kind: 'hang' }, typeof hang === 'number' ? { times: hang } : hang);
    if (slow !== undefined) this.#query({ kind: 'slow', milliseconds: slow.milliseconds }, slow);
    this.#lostPolls += injection.lostPolls ?? 0;
    this.#lostStarts += injection.lostStarts ?? 0;
    if (injection.accessDenied !== undefined) this.#denied = injection.accessDenied;
    if (injection.scanLimit !== undefined) this.#scanLimit = injection.scanLimit;
  }

  #query(fault: QueryFault, { times, when = /(?:)/ }: Some): void {
    this.#queries.push({ fault, when, left: times });
  }

  get scanLimit(): number | null {
    return this.#scanLimit;
  }

  denied(operation: string): boolean {
    return this.#denied.includes(operation);
  }

  throttled(operation: string): 'TooManyRequestsException' | 'ThrottlingException' | null {
    return taken(this.#throttled, operation);
  }

  ofQuery(text: string): QueryFault | null {
    return taken(this.#queries, text);
  }

  lostPoll(): 'drop' | 'error' | null {
    if (this.#lostPolls === 0) return null;
    this.#lostPolls -= 1;
    return this.#lostPolls % 2 === 0 ? 'drop' : 'error';
  }

  lostStart(): boolean {
    if (this.#lostStarts === 0) return false;
    this.#lostStarts -= 1;
    return true;
  }
}

/** The global flag would make a pattern forget where it stood. */
function taken<T>(faults: readonly Counted<T>[], text: string): T | null {
  const found = faults.find(({ when, left }) => left > 0 && text.search(when) >= 0);
  if (found === undefined) return null;
  found.left -= 1;
  return found.fault;
}
