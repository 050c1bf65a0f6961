// One answer of an API as text: asked again while that may help, within its time, and never longer than a run is wanted.
import pRetry from 'p-retry';
import { HttpProblem, isPassing, PROXY, without } from './http-failure.js';
import { turnsOf } from './host-turns.js';
import { type Env, routeOf } from './proxy.js';

export interface Get {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON that is posted; left out: nothing is, and the answer is got. */
  readonly body?: string | undefined;
  /** Where the proxy stands, if there is one. */
  readonly env?: Env;
  /** What must not be shown, should an answer repeat it. */
  readonly secrets: readonly string[];
  readonly signal?: AbortSignal | undefined;
  /** Requests that the host may have in a minute, where the source says so. */
  readonly perMinute?: number | undefined;
  /** Milliseconds for one try, the body among it; it begins when it is the try's turn. */
  readonly deadline?: number;
  /** Milliseconds before the second try; each next one waits about twice as long. */
  readonly pause?: number;
  /** Left out: as often as helps. One that asks for something to be done is not asked twice without a look whether it was. */
  readonly tries?: number;
  /** Bytes of an answer; no page of costs or usage is near the usual limit. */
  readonly largest?: number;
}

const NO_ENV: Env = {};
const TRIES = 6;
export const MINUTE = 60_000;
/** A provider that asks for more is asked again by the next run. */
export const LONGEST_WAIT = 5 * MINUTE;
const LARGEST = 256 * 1024 * 1024;
/** Of what a provider says, in characters. */
const WORDS = 400;

/** Throws `HttpProblem`: the last one, where trying again did not help. `parse` throws where the text is no answer. */
export async function getText<T>(get: Get, parse: (text: string, headers: Headers) => T): Promise<T> {
  const { signal, pause = 1000, tries = TRIES, env = NO_ENV } = get;
  const turns = turnsOf(env, get.url);
  const tryOnce = async (): Promise<T> => {
    using _ = await turns.take(get);
    const { text, headers } = await once(get).catch((error: unknown) => {
      // Before the turn is given back, so that nobody takes it too early.
      if (isToWait(error)) turns.hold(error.retryAfter);
      throw error;
    });
    return parse(text, headers);
  };
  return pRetry(tryOnce, {
    retries: tries - 1,
    minTimeout: pause,
    factor: 2,
    randomize: true,
    maxTimeout: MINUTE,
    ...(signal === undefined ? {} : { signal }),
    shouldRetry: ({ error }) => error instanceof HttpProblem && isPassing(error) && (error.retryAfter ?? 0) <= LONGEST_WAIT,
  });
}

interface Answer {
  readonly text: string;
  readonly headers: Headers;
}

async function once(get: Get): Promise<Answer> {
  const { url, headers, body, env = NO_ENV, signal, deadline = 2 * MINUTE, largest = LARGEST } = get;
  const overdue = AbortSignal.timeout(deadline);
  const either = signal === undefined ? overdue : AbortSignal.any([signal, overdue]);
  let { secrets } = get;
  try {
    const route = await routeOf(env);
    secrets = [...secrets, ...route.secrets];
    const answer = await route.fetch(url, { ...requestOf(headers, body), signal: either, redirect: 'error' });
    if (!answer.ok) throw await refusalOf(answer, secrets, largest);
    return { text: await bodyOf(answer, largest), headers: answer.headers };
  } catch (error) {
    signal?.throwIfAborted();
    const late = `no whole answer within ${Math.ceil(deadline / 1000)} s`;
    throw overdue.aborted && !(error instanceof HttpProblem) ? new HttpProblem(late, null) : problemOf(error, secrets);
  }
}

/** An answer that is none of what was asked for, in its own words. */
export async function refusalOf(answer: Response, secrets: readonly string[], largest = LARGEST): Promise<HttpProblem> {
  const text = await bodyOf(answer, largest);
  // Cut at last: a key that stands across the cut would not be found.
  return new HttpProblem(without(wordsIn(text, answer.statusText), secrets).slice(0, WORDS), answer.status, waitOf(answer));
}

/** What kept an answer from coming. */
export function problemOf(error: unknown, secrets: readonly string[]): HttpProblem {
  if (error instanceof HttpProblem) return error;
  const reason = reasonOf(error);
  if (/proxy/i.test(reason) && /\b407\b/.test(reason)) return new HttpProblem('who are you?', PROXY);
  return new HttpProblem(without(reason, secrets), null);
}

function requestOf(headers: Readonly<Record<string, string>>, body: string | undefined): RequestInit {
  if (body === undefined) return { headers };
  return { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body };
}

async function bodyOf(answer: Response, largest: number): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of (answer.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += part.byteLength;
    if (bytes > largest) throw new HttpProblem(`the answer has more than ${largest} bytes, as no page of an API has`, null);
    parts.push(part);
  }
  return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(parts));
}

/** `{"error": {"message": …}}` as both providers write it, or the beginning of whatever it is. */
function wordsIn(text: string, otherwise: string): string {
  const message = /"message"\s*:\s*"((?:[^"\\]|\\.){1,2000})"/.exec(text)?.[1] ?? text;
  const plain = message
    .replaceAll(/\\["\\/]/g, (escaped) => escaped.slice(1))
    .replaceAll(/[\s\p{Cc}]+/gu, ' ')
    .trim();
  return plain === '' ? otherwise : plain;
}

/** Of what `fetch` throws, the causes tell what happened. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const reasons: string[] = [];
  for (let cause = error.cause; cause instanceof Error; cause = cause.cause)
    if (cause.message !== '') reasons.push(cause.message);
  return reasons.length === 0 ? error.message : `${error.message} (${reasons.join('; ')})`;
}

/** `Retry-After` in seconds or as a date. */
function waitOf(answer: Response): number | null {
  const told = answer.headers.get('retry-after');
  if (told === null) return null;
  const seconds = /^\d+(\.\d+)?$/.test(told) ? Number(told) : (Date.parse(told) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, seconds * 1000) : null;
}

/** The server says how long it wants no requests, and that is not too long for us. */
function isToWait(error: unknown): error is HttpProblem & { readonly retryAfter: number } {
  if (!(error instanceof HttpProblem) || error.retryAfter === null) return false;
  return isPassing(error) && error.retryAfter <= LONGEST_WAIT;
}

/** Ends at once, with its reason, where the signal does. */
export async function waitFor(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener('abort', () => (clearTimeout(timer), reject(signal.reason as Error)), { once: true });
  });
}
