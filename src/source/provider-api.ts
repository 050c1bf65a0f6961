// Costs and usage that a provider tells by its API, a month at a time: all pages of the month in one landed file, the answers as they came.
// A month is asked for each day that it may still change, and once more when it is over.
import { open } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { Failure } from '../kernel/failure.js';
import { type Day, firstDay, type Month, monthOf, monthsThrough, plusDays, plusMonths } from '../kernel/period.js';
import type { ApiPull, PulledSource } from '../pipeline/pipeline.js';
import type { Arrival, Brought } from './arrival.js';
import { type Get, getText } from './http.js';
import { HttpProblem, httpFailure } from './http-failure.js';
import { isObject, parseDocuments, textOf } from './json-text.js';
import type { LandRequest } from './source.js';

/** Days, half-open. */
export interface Span {
  readonly from: Day;
  readonly to: Day;
}

/** How one provider is asked. */
export interface ProviderApi {
  readonly origin: string;
  /** What a month is asked in, one after the other. */
  readonly questions: (pull: ApiPull) => readonly Question[];
  readonly headers: (key: string) => Readonly<Record<string, string>>;
  /** What a key must be, in words. */
  readonly role: string;
}

export interface Question {
  /** Landed beside each page; null where there is but one, and its pages land bare. */
  readonly endpoint: string | null;
  readonly path: string;
  /** Parameters of the query but the page and the limit. */
  readonly query: (span: Span) => readonly (readonly [name: string, value: string])[];
  /** Beside those of the API. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Of an endpoint whose pages are rows instead of days: how many a page has. They land with the days that were asked for. */
  readonly rows?: number;
}

/** As many days as a month has, so that most months are one page; no API that is asked here takes more for days. */
const DAYS_A_PAGE = 31;
const MOST_PAGES = 1000;

export type PullRequest = LandRequest<PulledSource>;

/**
 * Months that the source has by now, oldest first. The day that is under way has no end yet, and days that a provider may not know yet
 * come empty, which is a bill of zero: until they are asked for they stay estimated.
 */
export function monthsToPull(request: PullRequest, api: ProviderApi): readonly Arrival[] {
  const pulling = pullingOf(request, api);
  const { pull } = pulling;
  const today = todayOf(request);
  const first = pull.from ?? request.outside.start;
  return monthsThrough(first, monthOf(plusDays(today, -pull.lagDays - 1))).map((month) => arrivalOf(month, today, pulling));
}

/** Asks for the day before, whatever the books need: is the key taken, before there is anything to pull? */
export async function probe(request: PullRequest, api: ProviderApi): Promise<void> {
  const today = todayOf(request);
  const pulling = pullingOf(request, api);
  for (const question of api.questions(pulling.pull)) {
    await pageOf(pulling, question, { from: plusDays(today, -1), to: today }, null, 1);
  }
}

function pullingOf(request: PullRequest, api: ProviderApi): Pulling {
  const { pull, id } = request.config;
  if (pull === null) throw new Error(`source ${id} is not pulled`);
  return { request, pull, api, key: keyOf(request, pull) };
}

function todayOf({ outside }: PullRequest): Day {
  return outside.now().toISOString().slice(0, 10);
}

/** The name that a month lands under, and whether a landed name is one. */
export function pulledName(kind: PulledSource['kind'], month: Month): string {
  return `${kind}/${month}.json`;
}

export function isPulledName(kind: PulledSource['kind'], name: string): boolean {
  return name.startsWith(`${kind}/`) && /^\d{4}-\d{2}\.json$/.test(name.slice(kind.length + 1));
}

interface Pulling {
  readonly request: PullRequest;
  readonly pull: ApiPull;
  readonly api: ProviderApi;
  readonly key: string;
}

function keyOf({ config, outside }: PullRequest, { keyVariable }: ApiPull): string {
  const key = outside.env[keyVariable]?.trim() ?? '';
  if (/^[\x21-\x7e]+$/.test(key)) return key;
  const message = `source \`${config.id}\`: the environment variable ${keyVariable} ${key === '' ? 'is not set' : 'holds no key: it has spaces or other signs'}`;
  const remedy = 'set it for the program that runs showback; keys never stand in the pipeline file';
  throw new Failure('user', [{ code: 'pull/no-key', message, remedy, place: config.place }]);
}

function arrivalOf(month: Month, today: Day, pulling: Pulling): Arrival {
  const { pull, request } = pulling;
  const end = firstDay(plusMonths(month, 1));
  const known = plusDays(today, -pull.lagDays);
  const span: Span = { from: firstDay(month), to: known < end ? known : end };
  // Never before its last day was asked for.
  const isOver = today > plusDays(end, Math.max(pull.trailingDays, pull.lagDays));
  // Asked otherwise, or on another day: another state.
  const asked = [pull.url, pull.groupBy, ...(pull.endpoints.length === 0 ? [] : [pull.endpoints])];
  const state = JSON.stringify([...asked, isOver ? 'over' : `on ${today} before ${span.to}`]);
  return {
    name: pulledName(request.config.kind, month),
    resume: null,
    state: async () => state,
    touch: async () => probe(request, pulling.api),
    bring: async (aside, { onBytes }) => ({ ...(await write(aside, await pagesOf(pulling, span, onBytes))), state }),
  };
}

async function write(aside: string, pages: readonly string[]): Promise<Omit<Brought, 'state'>> {
  const text = `[\n${pages.map((page) => page.trim()).join(',\n')}\n]\n`;
  await using file = await open(aside, 'wx');
  await file.writeFile(text);
  await file.sync();
  return { sha256: createHash('sha256').update(text).digest('hex'), bytes: Buffer.byteLength(text) };
}

type OnBytes = ((bytes: number) => void) | undefined;

/** Pages of several endpoints say whose they are: an empty one could be anybody's. */
async function pagesOf(pulling: Pulling, span: Span, onBytes: OnBytes): Promise<readonly string[]> {
  const pages: string[] = [];
  for (const question of pulling.api.questions(pulling.pull)) {
    const { endpoint } = question;
    const answers = await answersTo(question, pulling, span, onBytes);
    pages.push(...(endpoint === null ? answers : answers.map((text) => `{${asked(question, span)},"page":${text.trim()}}`)));
  }
  return pages;
}

function asked({ endpoint, rows }: Question, { from, to }: Span): string {
  const days = rows === undefined ? '' : `,"from":${JSON.stringify(from)},"to":${JSON.stringify(to)}`;
  return `"endpoint":${JSON.stringify(endpoint)}${days}`;
}

async function answersTo(question: Question, pulling: Pulling, span: Span, onBytes: OnBytes): Promise<readonly string[]> {
  const pages: string[] = [];
  const cursors = new Set<string>();
  for (let cursor: string | null = null; pages.length < MOST_PAGES; ) {
    const page = await pageOf(pulling, question, span, cursor, question.rows ?? DAYS_A_PAGE);
    pages.push(page.text);
    onBytes?.(Buffer.byteLength(page.text));
    if (page.next === null) return pages;
    if (cursors.has(page.next)) throw endless(pulling, `page ${pages.length} leads back to an earlier one`);
    cursors.add(page.next);
    cursor = page.next;
  }
  throw endless(pulling, `${MOST_PAGES} pages came, and there are more`);
}

interface Page {
  /** The answer as it came. */
  readonly text: string;
  /** Null: the last page. */
  readonly next: string | null;
}

async function pageOf(pulling: Pulling, asked: Question, span: Span, cursor: string | null, limit: number): Promise<Page> {
  const { request, pull, api, key } = pulling;
  const url = new URL(`${(pull.url ?? api.origin).replace(/\/+$/, '')}${asked.path}`);
  const query = [...asked.query(span), ['limit', String(limit)] as const];
  for (const [name, value] of cursor === null ? query : [...query, ['page', cursor] as const])
    url.searchParams.append(name, value);
  const get: Get = {
    url,
    headers: { ...api.headers(key), ...asked.headers },
    secrets: [key],
    signal: request.signal,
    ...request.outside.patience,
  };
  try {
    return await getText(get, pageIn);
  } catch (error) {
    if (!(error instanceof HttpProblem)) throw error;
    throw httpFailure(error, { ...askedOf(pulling), url: `${url.origin}${url.pathname}` });
  }
}

/** Nothing of a page is changed; it is only held to be one. Money stays text. */
function pageIn(text: string): Page {
  const [page, ...more] = documentsIn(text);
  if (!isObject(page) || more.length > 0 || !Array.isArray(page['data'])) {
    throw new HttpProblem('the answer is no page: it has no `data` list', null);
  }
  const next = textOf(page['next_page']);
  if (textOf(page['has_more']) !== 'true') return { text, next: null };
  if (next === null || next === '') throw new HttpProblem('the page says that there are more, and not where', null);
  return { text, next };
}

function documentsIn(text: string): ReturnType<typeof parseDocuments> {
  try {
    return parseDocuments(text);
  } catch (error) {
    throw new HttpProblem(`the answer is no JSON: ${error instanceof Error ? error.message : String(error)}`, null);
  }
}

function endless(pulling: Pulling, what: string): Failure {
  const { what: who } = askedOf(pulling);
  const remedy = 'run again later; should it stay so, put the pages into files and read those';
  return new Failure('unavailable', [
    { code: 'pull/endless', message: `${who}: ${what}`, remedy, place: pulling.request.config.place },
  ]);
}

function askedOf({ request, pull, api }: Pulling): { readonly what: string; readonly key: string; readonly role: string } {
  return { what: `source \`${request.config.id}\``, key: pull.keyVariable, role: api.role };
}
