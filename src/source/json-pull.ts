// The pages that a declared API is asked for, a month or a day at a time.
import { Failure } from '../kernel/failure.js';
import { plusDays } from '../kernel/period.js';
import type { JsonCostsSource, JsonPull } from '../pipeline/pipeline.js';
import type { Arrival } from './arrival.js';
import { type Get, getText } from './http.js';
import { HttpProblem, httpFailure, NO_PAGE } from './http-failure.js';
import { withDays } from './json-days.js';
import { isErrorSaid, moreSaid, nextOf, parameterOf, saysItsEnd } from './json-paging.js';
import { linesAt, listOn, valueAt } from './json-path.js';
import { isObject, type Json, parseJson, textOf } from './json-text.js';
import { askedThrough, pulledText } from './landed-pages.js';
import type { Page, Position } from './page.js';
import { allPages, type Walk } from './page-walk.js';
import { arrivalOf, daysOf, monthsOf, pulledName, type Span, todayOf, type Unit, type UnitPull } from './pulled-units.js';
import { secretOf } from './secret.js';
import type { LandedFile, LandRequest } from './source.js';

type JsonRequest = LandRequest<JsonCostsSource>;

interface Pulling {
  readonly request: JsonRequest;
  readonly pull: JsonPull;
  readonly headers: Readonly<Record<string, string>>;
  readonly secrets: readonly string[];
}

/** Months or days that the source has by now and can still be asked for, oldest first. */
export function unitsToPull(request: JsonRequest, pull: JsonPull): readonly Arrival[] {
  const pulling = pullingOf(request, pull);
  return unitsOf(request, pull)
    .filter((unit) => isInReach(unit, request, pull))
    .map((unit) => arrivalOf(unit, unitPullOf(pulling)));
}

/** What the books need, was never pulled through its last day, and the API no longer tells of. */
export async function unitsBeyondReach(
  request: JsonRequest,
  pull: JsonPull,
  landed: readonly LandedFile[],
): Promise<readonly Unit[]> {
  const beyond: Unit[] = [];
  for (const unit of unitsOf(request, pull)) {
    if (isInReach(unit, request, pull)) continue;
    const file = landed.find(({ name }) => name === pulledName(request, unit.key));
    const through = file === undefined ? null : await askedThrough(file.path);
    if (through === null || through < unit.to) beyond.push(unit);
  }
  return beyond;
}

function unitsOf({ outside }: JsonRequest, pull: JsonPull): readonly Unit[] {
  return (pull.every === 'day' ? daysOf : monthsOf)(outside, pull);
}

/** All of its days: of those in reach alone a month would lose what it had. */
function isInReach({ from }: Unit, { outside }: JsonRequest, { reachDays }: JsonPull): boolean {
  return reachDays === null || from >= plusDays(todayOf(outside), -reachDays);
}

/** Asks for the day before, whatever the books need: is the key taken, and is the answer what was declared? */
export async function probeJson(request: JsonRequest, pull: JsonPull): Promise<void> {
  const today = todayOf(request.outside);
  await pageAt(pullingOf(request, pull), { from: plusDays(today, -1), to: today }, null, null);
}

function pullingOf(request: JsonRequest, pull: JsonPull): Pulling {
  const headers: Record<string, string> = { accept: 'application/json' };
  const secrets: string[] = [];
  for (const header of pull.headers) {
    const secret = 'variable' in header ? secretOf(request, header.variable) : null;
    headers[header.name.toLowerCase()] = 'variable' in header ? `${header.prefix}${secret}` : header.value;
    if (secret !== null) secrets.push(secret, encodeURIComponent(secret));
  }
  return { request, pull, headers, secrets };
}

function unitPullOf(pulling: Pulling): UnitPull {
  const { request, pull } = pulling;
  return {
    request,
    times: pull,
    asked: [pull.url, pull.query, pull.body, pull.headers, pull.page, request.config.json.records],
    touch: async () => probeJson(request, pull),
    goesOn: pull.page.kind === 'cursor' || pull.page.kind === 'link',
    textOf: async (span, kept, options) => {
      const walk: Walk = {
        ask: async (position, before) => pageAt(pulling, span, position, before),
        endless: (what) => endless(pulling, what),
        check: (pages) => checkTotals(pulling, pages),
      };
      return pulledText(await allPages(walk, kept, options), span);
    },
  };
}

/** Totals that differ from page to page were true one after the other: what came is of no moment. */
function checkTotals(pulling: Pulling, pages: readonly string[]): void {
  const { amount, count } = pulling.request.config.json.total;
  for (const path of [amount, count]) {
    if (path === null) continue;
    const told = new Set(pages.map((page) => textOf(valueAt(parseJson(page), path))));
    if (told.size > 1) throw shifted(pulling, path);
  }
}

async function pageAt(pulling: Pulling, span: Span, position: Position, before: Page | null): Promise<Page> {
  const { request, pull, headers, secrets } = pulling;
  const { url, body } = whatIsAsked(pull, span, position);
  if (url.origin !== new URL(pull.url).origin) throw elsewhere(pulling, url);
  const { env, patience } = request.outside;
  const perMinute = pull.requestsPerMinute;
  const get: Get = { url, body, headers, secrets, signal: request.signal, env, perMinute, ...patience };
  const page = await asked(pulling, get, position);
  const isCounted = pull.page.kind === 'number' || pull.page.kind === 'offset';
  if (isCounted && before !== null && hasLinesOf(page, before, request.config.json.records))
    throw endless(pulling, 'a page has the same lines as the one before it');
  return page;
}

/** A parameter that is not taken gives the same page again, be it in another wrapping. */
function hasLinesOf(page: Page, before: Page, records: string | null): boolean {
  const [lines, others] = [page, before].map(({ text }) => (linesAt(parseJson(text), records) ?? []).map(({ value }) => value));
  return lines !== undefined && lines.length > 0 && JSON.stringify(lines) === JSON.stringify(others);
}

interface Asking {
  readonly url: URL;
  readonly body: string | undefined;
}

function whatIsAsked(pull: JsonPull, span: Span, position: Position): Asking {
  const body = pull.body === null ? undefined : withDays(pull.body, span);
  if (pull.page.kind === 'link' && position !== null) return { url: new URL(position), body };
  const url = new URL(withDays(pull.url, span));
  for (const [name, value] of pull.query) url.searchParams.append(name, withDays(value, span));
  const parameter = parameterOf(pull.page, position);
  if (parameter === null) return { url, body };
  const [name, value] = parameter;
  if (body !== undefined) return { url, body: JSON.stringify({ ...(JSON.parse(body) as object), [name]: value }) };
  url.searchParams.append(name, String(value));
  return { url, body };
}

async function asked(pulling: Pulling, get: Get, position: Position): Promise<Page> {
  const { url } = get;
  try {
    return await getText(get, (text, headers) => pageIn(pulling, { text, link: headers.get('link'), position, url }));
  } catch (error) {
    if (!(error instanceof HttpProblem)) throw error;
    throw httpFailure(error, { ...askedOf(pulling), url: `${url.origin}${url.pathname}` });
  }
}

interface Came {
  readonly text: string;
  readonly link: string | null;
  readonly position: Position;
  readonly url: URL;
}

/** Nothing of a page is changed; it is only held to be one, and asked where the next one is. */
function pageIn(pulling: Pulling, { text, ...came }: Came): Page {
  const { records } = pulling.request.config.json;
  const page = jsonIn(text);
  const lines = linesAt(page, records);
  if (lines === null) throw new HttpProblem(`the answer has no list at \`${records ?? '(the page)'}\`${namesIn(page)}`, NO_PAGE);
  if (lines.length === 0 && isErrorSaid(page))
    throw new HttpProblem('the answer has no lines, and says that something failed', NO_PAGE);
  const { page: paging } = pulling.pull;
  const answered = { ...came, page, count: listOn(page, records)?.length ?? 0 };
  const next = nextOf(paging, answered);
  const said = next === null && !saysItsEnd(paging) ? moreSaid(answered) : null;
  if (said !== null) throw undeclared(pulling, said);
  return { text, next };
}

function jsonIn(text: string): Json {
  try {
    return parseJson(text);
  } catch (error) {
    throw new HttpProblem(`the answer is no JSON: ${error instanceof Error ? error.message : String(error)}`, null);
  }
}

function namesIn(page: Json): string {
  if (!isObject(page)) return '';
  return `; it has ${Object.keys(page)
    .slice(0, 8)
    .map((name) => `\`${name.slice(0, 40)}\``)
    .join(', ')}`;
}

function askedOf({ request, pull }: Pulling): Parameters<typeof httpFailure>[1] {
  const variables = pull.headers.flatMap((header) => ('variable' in header ? [header.variable] : []));
  return {
    what: `source \`${request.config.id}\``,
    url: pull.url,
    key: variables.length === 0 ? '`pull.headers`' : variables.join(' and '),
    role: 'a key that may read costs',
    declared: true,
  };
}

function endless(pulling: Pulling, what: string): Failure {
  const remedy = 'correct `pull.page`; should the API be what goes in a circle, run again later or read its pages from files';
  return failureOf(pulling, 'unavailable', 'pull/endless', what, remedy);
}

function shifted(pulling: Pulling, path: string): Failure {
  const what = `pages state different totals at \`${path}\`: costs changed while they were read`;
  return failureOf(
    pulling,
    'unavailable',
    'pull/shifted',
    what,
    'run again; where it is no total of all pages, leave it out of `total`',
  );
}

function undeclared(pulling: Pulling, name: string): Failure {
  const what = `the answer says that there are more pages (\`${name}\`), and \`pull.page\` leads to none`;
  return failureOf(
    pulling,
    'user',
    'pull/more-pages',
    what,
    'declare the way to them in `pull.page`; a part of a bill is no bill',
  );
}

function elsewhere(pulling: Pulling, { origin }: URL): Failure {
  const what = `a page leads to another server, ${origin}, which was never meant to have the key`;
  return failureOf(
    pulling,
    'user',
    'pull/elsewhere',
    what,
    'ask the provider why; where it is meant, name that server in `pull.url`',
  );
}

function failureOf({ request }: Pulling, kind: 'user' | 'unavailable', code: string, what: string, remedy: string): Failure {
  const { id, place } = request.config;
  return new Failure(kind, [{ code, message: `source \`${id}\`: ${what}`, remedy, place }]);
}
