// An API of nobody in particular: lines of days in pages, each way of paging that a source can declare, a total and a count of all pages.
// What it does not know is refused.
import { type FaultyServer, type Reply, startFaultyServer, type Asked, type Fault } from './faulty-server.js';

export interface DeclaredServer extends FaultyServer {
  readonly key: string;
  /** Lines as JSON, by day. */
  readonly days: Map<string, readonly string[]>;
  /** Bodies that were posted. */
  readonly bodies: string[];
  /** Lines of a page. */
  pageSize: number;
  paging: 'none' | 'cursor' | 'page' | 'offset' | 'link' | 'linkHeader';
  /** Stated with every page, as JSON. */
  total: string;
  count: string | null;
  /** Parameters of the query that it takes besides. */
  also: readonly string[];
  /** Cursors of before are not taken any more. */
  forgetsCursors: boolean;
  /** Where links lead. */
  linkTo: string;
  /** Answers with lines of all days, whatever is asked for. */
  ignoresDays: boolean;
}

export async function startDeclaredServer(): Promise<DeclaredServer> {
  const server = await startFaultyServer((asked, fault) => answerTo(api, asked, fault));
  const api: DeclaredServer = {
    ...server,
    key: 'vendor-key-of-the-tests',
    days: new Map(),
    bodies: [],
    pageSize: 2,
    paging: 'cursor',
    total: '"0"',
    count: null,
    also: [],
    forgetsCursors: false,
    linkTo: server.url,
    ignoresDays: false,
  };
  return api;
}

function answerTo(api: DeclaredServer, { request, url, body }: Asked, fault: Fault | undefined): Reply {
  if (url.pathname !== '/v1/costs') return refused(404, 'no such path');
  if (request.headers.authorization !== `Bearer ${api.key}`)
    return refused(401, `unknown key ${request.headers.authorization ?? ''}`);
  if (request.method === 'POST') api.bodies.push(body);
  const query = request.method === 'POST' ? new URLSearchParams(JSON.parse(body) as Record<string, string>) : url.searchParams;
  const known = ['start', 'end', 'cursor', 'page', 'offset', ...api.also];
  const unknown = [...query.keys()].find((name) => !known.includes(name));
  if (unknown !== undefined) return refused(400, `unknown parameter ${unknown}`);
  if (api.forgetsCursors && query.has('cursor')) return refused(410, 'the cursor is gone');
  if (fault?.kind === 'endless') return page(api, [], { next: `c${api.log.length}`, more: true });
  return pageOf(api, query, fault?.kind === 'circle');
}

function refused(status: number, message: string): Reply {
  return { status, body: JSON.stringify({ message }) };
}

function pageOf(api: DeclaredServer, query: URLSearchParams, isCircle: boolean): Reply {
  const [start, end] = [query.get('start') ?? '', query.get('end') ?? ''];
  const days = [...api.days]
    .filter(([day]) => api.ignoresDays || (day >= start && day < end))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const lines = days.flatMap(([, each]) => each);
  const at = placeOf(api, query);
  const to = at + api.pageSize;
  const isMore = to < lines.length || isCircle;
  const next = isCircle ? 'c0' : isMore ? `c${to}` : null;
  const shown = api.paging === 'none' ? lines : lines.slice(at, to);
  const count = api.count ?? String(lines.length);
  const link = `${api.linkTo}/v1/costs?start=${start}&end=${end}&offset=${isCircle ? 0 : to}`;
  const about = { next, more: isMore, link: isMore ? link : null, pages: Math.ceil(lines.length / api.pageSize), count };
  return page(
    api,
    shown,
    about,
    isMore && api.paging === 'linkHeader' ? { link: `<${link}>; rel="next", <${link}>; rel="last"` } : {},
  );
}

function placeOf({ paging, pageSize }: DeclaredServer, query: URLSearchParams): number {
  if (paging === 'page') return (Number(query.get('page') ?? '1') - 1) * pageSize;
  return Number(query.get('offset') ?? query.get('cursor')?.slice(1) ?? '0');
}

function page(
  api: DeclaredServer,
  lines: readonly string[],
  about: object,
  headers: Readonly<Record<string, string>> = {},
): Reply {
  const meta = api.paging === 'none' ? '{}' : JSON.stringify(about).replace(/\}$/, `,"total":${api.total}}`);
  return { status: 200, body: `{"data":{"items":[${lines.join(',')}]},"meta":${meta}}`, headers };
}
