// Costs and usage that a provider tells by its API, a month at a time.
import { Failure } from '../kernel/failure.js';
import { plusDays } from '../kernel/period.js';
import type { ApiPull, PulledSource } from '../pipeline/pipeline.js';
import type { Arrival } from './arrival.js';
import { type Get, getText } from './http.js';
import { HttpProblem, httpFailure } from './http-failure.js';
import { isObject, parseDocuments, textOf } from './json-text.js';
import type { Page, Position } from './page.js';
import { allPages } from './page-walk.js';
import { arrivalOf, monthsOf, type Span, todayOf, type UnitPull } from './pulled-units.js';
import { secretOf } from './secret.js';
import type { LandRequest } from './source.js';

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

export type PullRequest = LandRequest<PulledSource>;

/** Months that the source has by now, oldest first. */
export function monthsToPull(request: PullRequest, api: ProviderApi): readonly Arrival[] {
  const pulling = pullingOf(request, api);
  return monthsOf(request.outside, pulling.pull).map((month) => arrivalOf(month, unitPullOf(pulling)));
}

function unitPullOf(pulling: Pulling): UnitPull {
  const { request, pull, api } = pulling;
  return {
    request,
    times: pull,
    asked: [pull.url, pull.groupBy, ...(pull.endpoints.length === 0 ? [] : [pull.endpoints])],
    touch: async () => probe(request, api),
    goesOn: true,
    textOf: async (span, kept, options) => {
      const ask = async (position: Position) => askedAt(position, span, pulling);
      const pages = await allPages({ ask, endless: (what) => endless(pulling, what) }, kept, options);
      return `[\n${pages.join(',\n')}\n]\n`;
    },
  };
}

/** Several questions are one walk: behind the last page of one comes the first page of the next. Where a page stands is its question and cursor. */
async function askedAt(position: Position, span: Span, pulling: Pulling): Promise<Page> {
  const questions = pulling.api.questions(pulling.pull);
  const [at, cursor] = position === null ? ([0, null] as const) : placeOf(position);
  const question = questions[at];
  if (question === undefined) throw new Error(`no question ${at}`);
  const page = await pageOf(pulling, question, span, cursor, question.rows ?? DAYS_A_PAGE);
  const isLast = page.next === null && at + 1 === questions.length;
  const next = page.next === null ? JSON.stringify([at + 1, null]) : JSON.stringify([at, page.next]);
  return { text: landedText(page.text, question, span), next: isLast ? null : next };
}

function placeOf(position: string): readonly [question: number, cursor: string | null] {
  return JSON.parse(position) as readonly [number, string | null];
}

/** Pages of several endpoints say whose they are: an empty one could be anybody's. */
function landedText(text: string, { endpoint, rows }: Question, { from, to }: Span): string {
  if (endpoint === null) return text;
  const days = rows === undefined ? '' : `,"from":${JSON.stringify(from)},"to":${JSON.stringify(to)}`;
  return `{"endpoint":${JSON.stringify(endpoint)}${days},"page":${text.trim()}}`;
}

/** Asks for the day before, whatever the books need: is the key taken, before there is anything to pull? */
export async function probe(request: PullRequest, api: ProviderApi): Promise<void> {
  const today = todayOf(request.outside);
  const pulling = pullingOf(request, api);
  for (const question of api.questions(pulling.pull)) {
    await pageOf(pulling, question, { from: plusDays(today, -1), to: today }, null, 1);
  }
}

function pullingOf(request: PullRequest, api: ProviderApi): Pulling {
  const { pull, id } = request.config;
  if (pull === null) throw new Error(`source ${id} is not pulled`);
  return { request, pull, api, key: secretOf(request, pull.keyVariable) };
}

interface Pulling {
  readonly request: PullRequest;
  readonly pull: ApiPull;
  readonly api: ProviderApi;
  readonly key: string;
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
    env: request.outside.env,
    perMinute: pull.requestsPerMinute,
    ...request.outside.patience,
  };
  try {
    return await getText(get, pageIn);
  } catch (error) {
    if (!(error instanceof HttpProblem)) throw error;
    throw httpFailure(error, { ...askedOf(pulling), url: `${url.origin}${url.pathname}`, choice: choiceOf(pulling, asked) });
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

/** Which endpoints are asked is up to the source, where it has `endpoints` or an `endpoint`; an address that is not there may be about that. */
function choiceOf({ request, pull }: Pulling, { endpoint }: Question): string | null {
  if (pull.endpoints.length === 0) return null;
  if (request.config.kind !== 'openai-usage') return `where there is no \`${endpoint}\`, leave \`pull.endpoint\` out`;
  return `where there is no \`${endpoint}\`, name the others in \`pull.endpoints\``;
}

function askedOf({ request, pull, api }: Pulling): { readonly what: string; readonly key: string; readonly role: string } {
  return { what: `source \`${request.config.id}\``, key: pull.keyVariable, role: api.role };
}
