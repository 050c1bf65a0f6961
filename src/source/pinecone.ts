// Exports of cost and usage that Pinecone makes when it is asked: one at a time, a few an hour, each a ZIP of CSV in FOCUS 1.4.
import { z } from 'zod';
import type { ExportPull, FocusSource } from '../pipeline/pipeline.js';
import { Failure } from '../kernel/failure.js';
import { type Get, getText, LONGEST_WAIT, MINUTE, waitFor } from './http.js';
import { HttpProblem, httpFailure, isPassing } from './http-failure.js';
import type { KeptExport } from './kept-export.js';
import type { Span } from './pulled-units.js';
import { secretOf } from './secret.js';
import type { LandRequest } from './source.js';

export type ExportRequest = LandRequest<FocusSource>;

export interface Pulling {
  readonly request: ExportRequest;
  readonly pull: ExportPull;
  readonly key: string;
}

/** An export that is ready. */
export interface ReadyExport {
  readonly id: string;
  /** Lines of all its parts; null: it does not say. */
  readonly rows: number | null;
  /** As it is told: up to when costs are known. */
  readonly through: string | null;
}

const ORIGIN = 'https://api.pinecone.io';
const PATH = '/admin/cost-usage-exports';
const VERSION = '2026-07';
/** A run does not wait longer for one export; the next one goes on with it. */
const READY_WITHIN = 30 * MINUTE;
/** Of a creation that nobody answers. */
const TRIES = 6;
const GROWTH = 1.5;

const EXPORT = z.looseObject({
  id: z.string().regex(/^[A-Za-z0-9_-]{1,128}$/),
  status: z.string(),
  period_start: z.string(),
  period_end: z.string(),
  data_available_through: z.string().nullish(),
  row_count: z.int().min(0).nullish(),
  download_url: z.string().nullish(),
  finished_at: z.string().nullish(),
  file_expired: z.boolean().nullish(),
  error: z.unknown().optional(),
});

type Export = z.output<typeof EXPORT>;

export function pullingOf(request: ExportRequest, pull: ExportPull): Pulling {
  return { request, pull, key: secretOf(request, pull.keyVariable) };
}

/** Is the key taken? Asks for what was exported last, and makes nothing. */
export async function probeExports(request: ExportRequest, pull: ExportPull): Promise<void> {
  await asked(pullingOf(request, pull), '?limit=1', exportsIn);
}

/** The export of these days, made anew or gone on with. Its id is kept before anybody waits for it. */
export async function readyExport(pulling: Pulling, span: Span, kept: KeptExport): Promise<ReadyExport> {
  const { patience = {} } = pulling.request.outside;
  const until = Date.now() + (patience.ready ?? READY_WITHIN);
  let made = (await keptExport(pulling, span, kept)) ?? (await madeExport(pulling, span, until));
  await kept.keep(made.id);
  for (let pause = patience.pause ?? 1000; ; pause = Math.min(pause * GROWTH, MINUTE)) {
    const wrong = wrongWith(made, span);
    if (wrong !== null) {
      await kept.drop();
      throw failureOf(pulling, 'pull/export-failed', wrong.what, wrong.remedy);
    }
    if (isReady(made)) return { id: made.id, rows: made.row_count ?? null, through: made.data_available_through ?? null };
    if (Date.now() + pause > until) throw pending(pulling, made);
    await waitFor(pause, pulling.request.signal);
    made = await exportOf(pulling, made.id);
  }
}

/** A link that is good for an hour, as each look at an export has a new one. */
export async function linkOf(pulling: Pulling, id: string): Promise<URL> {
  const { download_url: link } = await exportOf(pulling, id);
  const url = link != null && URL.canParse(link) ? new URL(link) : null;
  if (url !== null && (url.protocol === 'https:' || url.protocol === urlOf(pulling, '').protocol)) return url;
  const what = 'its file is gone: the export has no link any more';
  throw failureOf(pulling, 'pull/export-failed', what, 'run again: another export is asked for then');
}

async function keptExport(pulling: Pulling, span: Span, kept: KeptExport): Promise<Export | null> {
  if (kept.id === null) return null;
  try {
    const known = await exportOf(pulling, kept.id);
    return wrongWith(known, span) === null ? known : null;
  } catch (error) {
    // Forgotten there, as exports are in time.
    if (error instanceof Failure && error.problems.some(({ code }) => ['pull/not-found', 'pull/refused'].includes(code)))
      return null;
    throw error;
  }
}

/** One export at a time: another one is waited for, and one of the same days that is under way is as good as ours. */
async function madeExport(pulling: Pulling, span: Span, until: number): Promise<Export> {
  const { patience = {} } = pulling.request.outside;
  const body = JSON.stringify({ period_start: instantOf(span.from), period_end: instantOf(span.to) });
  for (let tries = 1, pause = patience.pause ?? 1000; ; tries += 1, pause = Math.min(pause * GROWTH, MINUTE)) {
    try {
      return await getText({ ...getOf(pulling, ''), body, tries: 1 }, exportIn);
    } catch (error) {
      if (!(error instanceof HttpProblem)) throw error;
      const isBusy = error.status === 409 || error.status === 429;
      const wait = Math.max(pause, error.retryAfter ?? 0);
      if (!isPassing(error) || (!isBusy && tries === TRIES) || wait > LONGEST_WAIT) throw told(pulling, error);
      // An answer that was lost may have been that of an export that was begun.
      const begun = await runningExport(pulling, span);
      if (begun !== null) return begun;
      if (Date.now() + wait > until) throw error.status === 409 ? busy(pulling, error) : told(pulling, error);
      await waitFor(wait, pulling.request.signal);
    }
  }
}

/** Null where there is none, or nobody says. */
async function runningExport(pulling: Pulling, span: Span): Promise<Export | null> {
  try {
    const all = await asked(pulling, '', exportsIn);
    return all.find((each) => each.finished_at == null && !isReady(each) && wrongWith(each, span) === null) ?? null;
  } catch (error) {
    if (error instanceof Failure && error.kind === 'unavailable') return null;
    throw error;
  }
}

async function exportOf(pulling: Pulling, id: string): Promise<Export> {
  return asked(pulling, `/${id}`, exportIn);
}

function isReady({ download_url: link }: Export): boolean {
  return link != null && link !== '';
}

interface Wrong {
  readonly what: string;
  readonly remedy: string;
}

/** Which names states have besides `Pending` is documented nowhere: what else the export says is what counts. */
function wrongWith(made: Export, { from, to }: Span): Wrong | null {
  const words = errorWords(made.error);
  const again = 'run again: another export is asked for then; should it stay so, ask Pinecone with the id of the export';
  if (words !== null || /fail|cancel|error/i.test(made.status))
    return { what: `export ${made.id} failed (${made.status.slice(0, 40)}): ${words ?? 'no reason is given'}`, remedy: again };
  if (
    Date.parse(made.period_start) !== Date.parse(instantOf(from)) ||
    Date.parse(made.period_end) !== Date.parse(instantOf(to))
  ) {
    const what = `export ${made.id} is of ${made.period_start} to ${made.period_end}, and ${from} to ${to} was asked for`;
    return { what, remedy: 'check whether `pull.url` leads to the API of Pinecone, version 2026-07' };
  }
  if (made.file_expired === true) return { what: `the file of export ${made.id} is not kept any more`, remedy: again };
  if (made.finished_at != null && !isReady(made))
    return { what: `export ${made.id} ended (${made.status.slice(0, 40)}) without a file`, remedy: again };
  return null;
}

function errorWords(error: unknown): string | null {
  if (error == null || error === '') return null;
  const message = typeof error === 'object' && 'message' in error ? error.message : error;
  const text = typeof message === 'string' ? message : JSON.stringify(message);
  return text.replaceAll(/[\s\p{Cc}]+/gu, ' ').slice(0, 400);
}

function instantOf(day: string): string {
  return `${day}T00:00:00.000Z`;
}

function exportIn(text: string): Export {
  const parsed = EXPORT.safeParse(jsonIn(text));
  if (parsed.success) return parsed.data;
  throw new HttpProblem('the answer is no export: it has no `id`, `status` and period', null);
}

function exportsIn(text: string): readonly Export[] {
  const list = z.looseObject({ data: z.array(z.unknown()) }).safeParse(jsonIn(text));
  return list.success ? list.data.data.flatMap((each) => EXPORT.safeParse(each).data ?? []) : [];
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new HttpProblem(`the answer is no JSON: ${error instanceof Error ? error.message : String(error)}`, null);
  }
}

async function asked<T>(pulling: Pulling, more: string, parse: (text: string) => T): Promise<T> {
  try {
    return await getText(getOf(pulling, more), parse);
  } catch (error) {
    if (!(error instanceof HttpProblem)) throw error;
    throw told(pulling, error);
  }
}

function getOf(pulling: Pulling, more: string): Get {
  const { request, key } = pulling;
  return {
    url: urlOf(pulling, more),
    headers: { accept: 'application/json', authorization: `Bearer ${key}`, 'x-pinecone-api-version': VERSION },
    secrets: [key],
    signal: request.signal,
    env: request.outside.env,
    perMinute: pulling.pull.requestsPerMinute,
    ...request.outside.patience,
  };
}

function urlOf({ pull }: Pulling, more: string): URL {
  return new URL(`${(pull.url ?? ORIGIN).replace(/\/+$/, '')}${PATH}${more}`);
}

export function told(pulling: Pulling, problem: HttpProblem): Failure {
  const role = 'an access token of a service account that may read billing (they last for half an hour to a day)';
  const what = `source \`${pulling.request.config.id}\``;
  return httpFailure(problem, { what, url: urlOf(pulling, '').href, key: pulling.pull.keyVariable, role, about: '`pull.from`' });
}

function pending(pulling: Pulling, { id, status }: Export): Failure {
  const what = `export ${id} is not ready yet (${status.slice(0, 40)})`;
  return failureOf(pulling, 'pull/export-pending', what, 'run again later: the same day goes on with this export');
}

function busy(pulling: Pulling, { message }: HttpProblem): Failure {
  const what = `another export was under way all the time: ${message}`;
  return failureOf(
    pulling,
    'pull/export-pending',
    what,
    'run again later; Pinecone makes one export of an organization at a time',
  );
}

export function failureOf(pulling: Pulling, code: string, what: string, remedy: string): Failure {
  const message = `source \`${pulling.request.config.id}\`: ${what}`;
  return new Failure('unavailable', [{ code, message, remedy, place: pulling.request.config.place }]);
}
