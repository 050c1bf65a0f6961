// A file behind a link that is good for a while → onto disk. A body that is cut is read on from there; a link that ran out is asked for again.
import { Readable } from 'node:stream';
import pRetry from 'p-retry';
import { type Opened, downloadTo } from '../store/file-download.js';
import type { Downloaded } from '../store/store.js';
import { LONGEST_WAIT, MINUTE, problemOf, refusalOf } from './http.js';
import { HttpProblem, isPassing } from './http-failure.js';
import { type Env, routeOf } from './proxy.js';
import type { Patience } from './source.js';

export interface FileGet {
  /** A link that is good now. What stands behind its `?` is a secret. */
  readonly link: () => Promise<URL>;
  readonly env: Env;
  readonly signal: AbortSignal | undefined;
  readonly patience: Patience;
  readonly onBytes: ((bytes: number) => void) | undefined;
}

/** No month of costs is near it. */
const LARGEST = 8 * 1024 ** 3;
const TRIES = 4;

/** Throws `HttpProblem` where no try brought all of it; whatever `link` throws goes up as it is. */
export async function downloadFile(file: string, get: FileGet): Promise<Downloaded> {
  const signal = get.signal ?? new AbortController().signal;
  return downloadTo(file, {
    open: async (from) => opened(from, get, signal),
    cut: (words) => new HttpProblem(words, null),
    signal,
  });
}

async function opened(from: number, get: FileGet, signal: AbortSignal): Promise<Opened> {
  return pRetry(async () => openedOnce(from, await get.link(), get, signal), {
    retries: TRIES - 1,
    minTimeout: get.patience.pause ?? 1000,
    factor: 2,
    randomize: true,
    maxTimeout: MINUTE,
    signal,
    // The next link may be let in where this one is not.
    shouldRetry: ({ error }) =>
      error instanceof HttpProblem && (isPassing(error) || isClosed(error)) && (error.retryAfter ?? 0) <= LONGEST_WAIT,
  });
}

function isClosed({ status }: HttpProblem): boolean {
  return status !== null && [400, 401, 403, 404, 410].includes(status);
}

async function openedOnce(from: number, url: URL, { env, patience, onBytes }: FileGet, signal: AbortSignal): Promise<Opened> {
  const quiet = new AbortController();
  const { deadline = 2 * MINUTE } = patience;
  const late = new HttpProblem(`nothing came for ${Math.ceil(deadline / 1000)} s`, null);
  const timer = setTimeout(() => quiet.abort(late), deadline);
  const secrets = [url.search.slice(1)];
  const failed = (error: unknown): Error => {
    clearTimeout(timer);
    signal.throwIfAborted();
    return quiet.signal.aborted ? late : problemOf(error, secrets);
  };
  try {
    const route = await routeOf(env);
    secrets.push(...route.secrets);
    const answer = await route.fetch(url, {
      headers: from === 0 ? {} : { range: `bytes=${from}-` },
      signal: AbortSignal.any([signal, quiet.signal]),
      redirect: 'error',
    });
    if (!answer.ok) throw await refusalOf(answer, secrets);
    const bytes = lengthOf(answer, from);
    if (bytes > LARGEST) throw new HttpProblem(`the file has ${bytes} bytes, as no month of costs has`, null);
    const skip = answer.status === 206 ? 0 : from;
    const body = chunksOf(answer, skip, {
      came: (count) => {
        timer.refresh();
        onBytes?.(count);
      },
      ended: () => clearTimeout(timer),
      failed,
    });
    return { body: Readable.from(body), bytes };
  } catch (error) {
    throw failed(error);
  }
}

/** Of the whole file. One that does not say its length could be cut without a word. */
function lengthOf(answer: Response, from: number): number {
  const range = /^bytes (\d+)-\d+\/(\d+)$/.exec(answer.headers.get('content-range') ?? '');
  const told =
    answer.status === 206 ? (Number(range?.[1]) === from ? range?.[2] : undefined) : answer.headers.get('content-length');
  if (told === undefined || told === null || !/^\d+$/.test(told)) throw new HttpProblem('the file does not say its length', null);
  return Number(told);
}

interface Watch {
  readonly came: (bytes: number) => void;
  readonly ended: () => void;
  readonly failed: (error: unknown) => Error;
}

/** A server that begins anew where a part was asked for is read over. */
async function* chunksOf(answer: Response, skip: number, watch: Watch): AsyncIterable<Uint8Array> {
  let left = skip;
  try {
    for await (const chunk of (answer.body ?? []) as AsyncIterable<Uint8Array>) {
      watch.came(chunk.byteLength);
      const skipped = Math.min(left, chunk.byteLength);
      left -= skipped;
      if (skipped < chunk.byteLength) yield chunk.subarray(skipped);
    }
  } catch (error) {
    // As the connections of the store end.
    const ended: NodeJS.ErrnoException = watch.failed(error);
    ended.code = 'ECONNRESET';
    throw ended;
  } finally {
    watch.ended();
  }
}
