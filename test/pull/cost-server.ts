// The cost and usage APIs of OpenAI and Anthropic on loopback: documented parameters, limits, pages and envelopes, and faults on demand. What was
// not documented is refused, so that a request that the provider would not take fails here too.
import type { IncomingMessage } from 'node:http';
import { analyticsPage, refusalOfAnalytics } from './analytics-answers.js';
import { type Fault, type FaultyServer, type Reply, startFaultyServer } from './faulty-server.js';

export type Vendor = 'openai' | 'anthropic';

/** Results of a day, as the API would write them; JSON. Of a usage endpoint by its name and the day: `completions 2026-07-01`. */
export type Days = Map<string, readonly string[]>;

export interface CostServer extends FaultyServer {
  readonly key: string;
  readonly days: Days;
  /** Days of a page, whatever is asked for. */
  pageDays: number;
  /** No bucket for a day that nothing is known of, where the provider has an empty one. */
  knownDaysOnly: boolean;
  /** Of analytics: how far it knows, null where it does not say, and rows of a page. */
  refreshedAt: string | null;
  pageRows: number;
}

const DAY = 86_400_000;

export async function startCostServer(vendor: Vendor): Promise<CostServer> {
  const key = vendor === 'openai' ? 'sk-admin-of-the-tests' : 'sk-ant-admin-of-the-tests';
  const server = await startFaultyServer(({ request, url }, fault) => answerTo(vendor, request, url, costs, fault));
  const costs: CostServer = {
    ...server,
    key,
    days: new Map(),
    pageDays: 400,
    knownDaysOnly: false,
    refreshedAt: null,
    pageRows: 1000,
  };
  return costs;
}

function answerTo(vendor: Vendor, request: IncomingMessage, url: URL, costs: CostServer, fault: Fault | undefined): Reply {
  const refusal = vendor === 'openai' ? refusalOfOpenAi(request, url, costs) : refusalOfAnthropic(request, url, costs);
  return (
    refusal ?? {
      status: 200,
      body: fault?.kind === 'endless' ? anotherPage(costs) : pageOf(vendor, url, costs, fault?.kind === 'circle'),
    }
  );
}

function anotherPage({ log }: CostServer): string {
  return `{"data":[],"has_more":true,"next_page":"page_${log.length}"}`;
}

function refused(status: number, message: string): Reply {
  return { status, body: JSON.stringify({ error: { message, type: 'invalid_request_error' } }) };
}

const OF_MODELS = ['project_id', 'user_id', 'api_key_id', 'model'];
/** What each usage endpoint of OpenAI can be grouped by. */
const OPENAI_USAGE: Readonly<Record<string, readonly string[]>> = {
  completions: [...OF_MODELS, 'batch', 'service_tier'],
  embeddings: OF_MODELS,
  moderations: OF_MODELS,
  images: [...OF_MODELS, 'size', 'source'],
  audio_speeches: OF_MODELS,
  audio_transcriptions: OF_MODELS,
  vector_stores: ['project_id'],
  code_interpreter_sessions: ['project_id'],
  file_search_calls: ['project_id', 'user_id', 'api_key_id', 'vector_store_id'],
  web_search_calls: [...OF_MODELS, 'context_level'],
};
const ANTHROPIC_USAGE: Readonly<Record<string, readonly string[]>> = {
  messages: [
    'api_key_id',
    'workspace_id',
    'model',
    'service_tier',
    'context_window',
    'inference_geo',
    'account_id',
    'service_account_id',
  ],
};

/** Null: a path of costs. */
function usageEndpoint({ pathname }: URL): string | null {
  return /^\/v1\/(?:organization\/usage|organizations\/usage_report)\/(\w+)$/.exec(pathname)?.[1] ?? null;
}

function isAnalytics({ pathname }: URL): boolean {
  return /^\/v1\/organizations\/analytics\/(cost|usage)$/.test(pathname);
}

function refusalOfGroups(groups: readonly string[], known: readonly string[]): Reply | null {
  const unknown = groups.find((name) => !known.includes(name));
  return unknown === undefined ? null : refused(400, `group_by ${unknown} is not supported`);
}

function refusalOfOpenAi(request: IncomingMessage, url: URL, { key }: CostServer): Reply | null {
  const endpoint = usageEndpoint(url);
  const groups = endpoint === null ? ['project_id', 'line_item'] : OPENAI_USAGE[endpoint];
  if (groups === undefined || (endpoint === null && url.pathname !== '/v1/organization/costs'))
    return refused(404, 'Invalid URL');
  if (request.headers.authorization !== `Bearer ${key}`)
    return refused(401, `Incorrect API key provided: ${request.headers.authorization ?? ''}`);
  const known = ['start_time', 'end_time', 'bucket_width', 'limit', 'group_by', 'page'];
  return refusalOfGroups(url.searchParams.getAll('group_by'), groups) ?? refusalOf(url, known, endpoint === null ? 180 : 31);
}

function refusalOfAnthropic(request: IncomingMessage, url: URL, { key }: CostServer): Reply | null {
  if (isAnalytics(url)) {
    if (request.headers['x-api-key'] !== key) return refused(401, 'invalid x-api-key');
    const words = refusalOfAnalytics(url, String(request.headers['anthropic-beta']));
    return words === null ? null : refused(400, words);
  }
  const endpoint = usageEndpoint(url);
  const groups = endpoint === null ? ['workspace_id', 'description'] : ANTHROPIC_USAGE[endpoint];
  if (groups === undefined || (endpoint === null && url.pathname !== '/v1/organizations/cost_report'))
    return refused(404, 'Not found');
  if (request.headers['anthropic-version'] === undefined) return refused(400, 'anthropic-version: header is required');
  if (request.headers['x-api-key'] !== key) return refused(401, 'invalid x-api-key');
  const known = ['starting_at', 'ending_at', 'bucket_width', 'limit', 'group_by[]', 'page'];
  return refusalOfGroups(url.searchParams.getAll('group_by[]'), groups) ?? refusalOf(url, known, 31);
}

function refusalOf({ searchParams }: URL, known: readonly string[], most: number): Reply | null {
  const unknown = [...searchParams.keys()].find((name) => !known.includes(name));
  if (unknown !== undefined) return refused(400, `Unknown parameter: ${unknown}`);
  const limit = Number(searchParams.get('limit'));
  if (limit < 1 || limit > most) return refused(400, `limit must be between 1 and ${most}`);
  return searchParams.get('bucket_width') === '1d' ? null : refused(400, 'bucket_width must be 1d');
}

/** Days from the cursor, or from the start, up to the end; a cursor is opaque to who asks. */
function pageOf(vendor: Vendor, url: URL, costs: CostServer, isCircle: boolean): string {
  if (isAnalytics(url)) return analyticsPage(url, costs);
  const { searchParams } = url;
  const endpoint = usageEndpoint(url);
  const whose = endpoint === null ? '' : `${endpoint} `;
  const [first, end] = spanOf(vendor, searchParams);
  const cursor = searchParams.get('page');
  const from = cursor === null ? first : Number(Buffer.from(cursor.replace('page_', ''), 'base64url').toString());
  const count = Math.min(Number(searchParams.get('limit')), costs.pageDays);
  const to = Math.min(end, from + count * DAY);
  const buckets: string[] = [];
  for (let day = from; day < to; day += DAY) {
    if (!costs.knownDaysOnly || costs.days.has(whose + nameOf(day)))
      buckets.push(bucketOf(vendor, day, costs.days.get(whose + nameOf(day)) ?? []));
  }
  const next = to < end || isCircle ? `"page_${Buffer.from(String(isCircle ? first : to)).toString('base64url')}"` : 'null';
  const object = vendor === 'openai' ? '"object":"page",' : '';
  return `{${object}"data":[${buckets.join(',')}],"has_more":${to < end || isCircle},"next_page":${next}}`;
}

function spanOf(vendor: Vendor, query: URLSearchParams): readonly [number, number] {
  return vendor === 'openai'
    ? [Number(query.get('start_time')) * 1000, Number(query.get('end_time')) * 1000]
    : [Date.parse(query.get('starting_at') ?? ''), Date.parse(query.get('ending_at') ?? '')];
}

function nameOf(day: number): string {
  return new Date(day).toISOString().slice(0, 10);
}

function bucketOf(vendor: Vendor, day: number, known: readonly string[]): string {
  const name = nameOf(day);
  const results = known.join(',');
  return vendor === 'openai'
    ? `{"object":"bucket","start_time":${day / 1000},"end_time":${(day + DAY) / 1000},"results":[${results}]}`
    : `{"starting_at":"${name}T00:00:00Z","ending_at":"${new Date(day + DAY).toISOString()}","results":[${results}]}`;
}
