// Costs that a provider tells by its API, a month at a time.
import { Failure } from '../kernel/failure.js';
import { plusDays } from '../kernel/period.js';
import type { CostPull, PulledSource } from '../pipeline/pipeline.js';
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
export interface CostApi {
  readonly origin: string;
  readonly path: string;
  /** Parameters of the query but the page. */
  readonly query: (span: Span, groupBy: readonly string[]) => readonly (readonly [name: string, value: string])[];
  /** Name of the parameter for how many days a page has. */
  readonly limit: string;
  readonly headers: (key: string) => Readonly<Record<string, string>>;
  /** What a key must be, in words. */
  readonly role: string;
}

/** As many days as a month has, so that most months are one page. */
const DAYS_A_PAGE = 31;

export type PullRequest = LandRequest<PulledSource>;

/** Months that the source has by now, oldest first. */
export function monthsToPull(request: PullRequest, api: CostApi): readonly Arrival[] {
  const pulling = pullingOf(request, api);
  return monthsOf(request.outside, pulling.pull).map((month) => arrivalOf(month, unitPullOf(pulling)));
}

function unitPullOf(pulling: Pulling): UnitPull {
  const { request, pull, api } = pulling;
  return {
    request,
    times: pull,
    asked: [pull.url, pull.groupBy],
    touch: async () => probe(request, api),
    goesOn: true,
    textOf: async (span, kept, options) => {
      const ask = async (cursor: Position) => pageOf(pulling, span, cursor, DAYS_A_PAGE);
      const pages = await allPages({ ask, endless: (what) => endless(pulling, what) }, kept, options);
      return `[\n${pages.join(',\n')}\n]\n`;
    },
  };
}

/** Asks for the day before, whatever the books need: is the key taken, before there is anything to pull? */
export async function probe(request: PullRequest, api: CostApi): Promise<void> {
  const today = todayOf(request.outside);
  await pageOf(pullingOf(request, api), { from: plusDays(today, -1), to: today }, null, 1);
}

function pullingOf(request: PullRequest, api: CostApi): Pulling {
  const { pull, id } = request.config;
  if (pull === null) throw new Error(`source ${id} is not pulled`);
  return { request, pull, api, key: secretOf(request, pull.keyVariable) };
}

interface Pulling {
  readonly request: PullRequest;
  readonly pull: CostPull;
  readonly api: CostApi;
  readonly key: string;
}

async function pageOf(pulling: Pulling, span: Span, cursor: string | null, limit: number): Promise<Page> {
  const { request, pull, api, key } = pulling;
  const url = new URL(`${(pull.url ?? api.origin).replace(/\/+$/, '')}${api.path}`);
  const query = [...api.query(span, pull.groupBy), [api.limit, String(limit)] as const];
  for (const [name, value] of cursor === null ? query : [...query, ['page', cursor] as const])
    url.searchParams.append(name, value);
  const get: Get = {
    url,
    headers: api.headers(key),
    secrets: [key],
    signal: request.signal,
    env: request.outside.env,
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
