// Answers of Anthropic's analytics as the API documents them: rows of a day and a group, pages of rows, and how far it knows.
const GROUPS = ['model', 'workspace_id', 'service_tier', 'context_window', 'inference_geo', 'api_key_id', 'user_profile_id'];
const FREE = ['cost_type', 'token_type'];
const KNOWN = ['starting_at', 'ending_at', 'time_bucket_width', 'limit', 'group_by[]', 'page'];
const DAY = 86_400_000;

export interface AnalyticsBook {
  /** `analytics 2026-07-01` → what each row of the day holds beside its times. */
  readonly days: ReadonlyMap<string, readonly string[]>;
  readonly refreshedAt: string | null;
  /** Rows of a page, whatever is asked for. */
  readonly pageRows: number;
}

/** Null: it would be answered. */
export function refusalOfAnalytics({ searchParams }: URL, beta: string | undefined): string | null {
  if (beta !== 'analytics-usage-cost-2026-08-24') return 'anthropic-beta: analytics-usage-cost-2026-08-24 is required';
  const unknown = [...searchParams.keys()].find((name) => !KNOWN.includes(name));
  if (unknown !== undefined) return `Unknown parameter: ${unknown}`;
  const groups = searchParams.getAll('group_by[]');
  const other = groups.find((name) => ![...GROUPS, ...FREE].includes(name));
  if (other !== undefined) return `group_by ${other} is not supported`;
  if (groups.filter((name) => !FREE.includes(name)).length > 5) return 'at most 5 groups';
  const limit = Number(searchParams.get('limit'));
  if (limit < 1 || limit > 1000) return 'limit must be between 1 and 1000';
  const [from, to] = spanOf(searchParams);
  if (!(to > from) || to - from > 31 * DAY) return 'the range must be between 1 and 31 days';
  return searchParams.get('time_bucket_width') === '1d' ? null : 'time_bucket_width must be 1d';
}

export function analyticsPage({ searchParams }: URL, book: AnalyticsBook): string {
  const [from, to] = spanOf(searchParams);
  const rows: string[] = [];
  for (let day = from; day < to; day += DAY) {
    const times = `"starting_at":"${isoOf(day)}","ending_at":"${isoOf(day + DAY)}"`;
    for (const row of book.days.get(`analytics ${isoOf(day).slice(0, 10)}`) ?? []) rows.push(`{${times},${row}}`);
  }
  const at = Number(searchParams.get('page') ?? '0');
  const end = at + Math.min(Number(searchParams.get('limit')), book.pageRows);
  const refreshed = book.refreshedAt === null ? '' : `,"data_refreshed_at":"${book.refreshedAt}"`;
  const next = end < rows.length ? `"${end}"` : 'null';
  return `{"data":[${rows.slice(at, end).join(',')}],"has_more":${end < rows.length},"next_page":${next}${refreshed}}`;
}

function spanOf(query: URLSearchParams): readonly [number, number] {
  return [Date.parse(query.get('starting_at') ?? ''), Date.parse(query.get('ending_at') ?? '')];
}

function isoOf(time: number): string {
  return new Date(time).toISOString().replace('.000', '');
}
