// Dumps of the cost and usage APIs of OpenAI and Anthropic: pages of buckets of results, one page a file, an array of pages, or one a line.
// A page of several endpoints may lie in `{ "endpoint", "page" }`, as pulled ones do.
import type { Day } from '../kernel/period.js';
import { type Bucket, bucketsOfRows, type FlatDialect, type FlatPage, flatPageOf } from './flat-pages.js';
import { monthsToPull, type ProviderApi, type PullRequest } from './provider-api.js';
import { isObject, type Json, type JsonObject, textOf } from './json-text.js';
import { pagesIn } from './landed-pages.js';
import { readLanded, unusable } from './landed-text.js';
import { landPlainFiles } from './plain-files.js';
import { landUnits, tellOfUnknown } from './pulled-units.js';
import type { ControlTotal, LandedFile, Landing, Tabulation, TextRow } from './source.js';

/** What an envelope calls things, and what its results hold. */
export interface PageDialect {
  /** In words. */
  readonly what: 'costs' | 'usage';
  readonly bucketStart: string;
  readonly bucketEnd: string;
  readonly isTime: (text: string) => boolean;
  /** Whose page it is, where it does not say so itself; null where nobody can tell. Without it endpoints are no column. */
  readonly endpointOf?: (results: readonly JsonObject[]) => string | null;
  /** Where the API has an endpoint whose answers are rows instead of buckets. */
  readonly flat?: FlatDialect;
  /** Lines of one result, `reject` among their columns. */
  readonly linesOf: (result: JsonObject, endpoint: string | null) => readonly TextRow[];
}

interface Page {
  readonly endpoint: string | null;
  readonly buckets: readonly Bucket[];
}

export async function landPages(request: PullRequest, dialect: PageDialect, api: ProviderApi): Promise<Landing> {
  const { config } = request;
  const files =
    config.pull === null
      ? await landPlainFiles(request, config.files)
      : await landUnits(request, monthsToPull(request, api), 'month');
  // One after the other, and none of their lines is kept: a year of usage has millions.
  const controls: ControlTotal[] = [];
  const without: { readonly name: string; readonly days: number }[] = [];
  for (const file of files) {
    const { count, early, nameless } = counted(await linesIn(file, dialect));
    controls.push(rowCount(file, count));
    if (dialect.endpointOf !== undefined && nameless > 0) without.push({ name: file.name, days: nameless });
    const [month] = /\d{4}-\d{2}(?=\.json$)/.exec(file.name) ?? [];
    if (config.pull !== null && month !== undefined && early !== null) tellOfUnknown(request, config.pull, month, early);
  }
  tellOfNameless(request, without);
  return { files, controls };
}

export async function tabulatePages(file: LandedFile, dialect: PageDialect): Promise<Tabulation> {
  const rows = [...(await linesIn(file, dialect))];
  return { rows, controls: [rowCount(file, rows.length)] };
}

function rowCount({ sourceId, name }: LandedFile, rows: number): ControlTotal {
  return { sourceId, control: 'row_count', scope: name, currency: null, expected: String(rows) };
}

/** An empty page says nothing of whose it is: no meter is known to be zero, and it replaces nothing that came before. */
function tellOfNameless(
  { config, listener }: PullRequest,
  files: readonly { readonly name: string; readonly days: number }[],
): void {
  const [first] = files;
  if (first === undefined) return;
  const days = files.reduce((sum, file) => sum + file.days, 0);
  const where = files.length === 1 ? `\`${first.name}\`` : `${files.length} files, \`${first.name}\` the first,`;
  const told = `${days === 1 ? '1 empty day' : `${days} empty days`} of an endpoint that nobody can tell, which count as nothing`;
  const message = `source \`${config.id}\`: ${where} ${files.length === 1 ? 'has' : 'have'} ${told}; put each answer beside its endpoint: {"endpoint":"completions","page":{…}}`;
  listener({ kind: 'note', level: 'warning', message });
}

interface Counted {
  readonly count: number;
  /** The first day that the provider did not know all of. */
  readonly early: Day | null;
  /** Empty days of no endpoint. */
  readonly nameless: number;
}

function counted(lines: Iterable<TextRow>): Counted {
  let count = 0;
  let nameless = 0;
  let early: Day | null = null;
  for (const { empty_bucket: empty, bucket_start: start, endpoint = null } of lines) {
    count += 1;
    if (empty === 'true' && endpoint === null) nameless += 1;
    const day = empty === 'early' ? (start?.slice(0, 10) ?? null) : null;
    if (day !== null && (early === null || day < early)) early = day;
  }
  return { count, early, nameless };
}

async function linesIn(file: LandedFile, dialect: PageDialect): Promise<Iterable<TextRow>> {
  return linesOfPages(pagesOf(await readLanded(file), file, dialect), { file, dialect, times: new Map(), results: 0, rows: 0 });
}

function* linesOfPages(pages: readonly Page[], reading: Reading): Generator<TextRow, void, undefined> {
  for (const { buckets, endpoint } of pages) for (const bucket of buckets) yield* linesOf(bucket, endpoint, reading);
}

function pagesOf(text: string, file: LandedFile, dialect: PageDialect): readonly Page[] {
  const { pages: documents } = pagesIn(text, file, { isPulled: false, isList: false, what: dialect.what });
  const pages: Page[] = [];
  let pulled: FlatPage[] = [];
  for (const document of documents) {
    const rows = rowsOf(document, dialect);
    if (rows === null) pages.push(pageOf(document, file, dialect));
    else pulled = [...pulled, rows];
    // A page that is the last of its pull ends it: what comes after is another one.
    if (rows === null || textOf(rows.page['has_more']) === 'true') continue;
    pages.push(pageOfRows(pulled, file, dialect));
    pulled = [];
  }
  if (pulled.length > 0) throw unusable('unavailable', file, 'ends before the last page of what was asked for', 'pull it again');
  return pages;
}

function rowsOf(document: Json, { flat }: PageDialect): FlatPage | null {
  if (flat === undefined || !isObject(document) || textOf(document['endpoint']) !== flat.endpoint) return null;
  return flatPageOf(document);
}

function pageOfRows(pages: readonly FlatPage[], file: LandedFile, { flat }: PageDialect): Page {
  const buckets = flat === undefined ? null : bucketsOfRows(pages, flat);
  if (flat !== undefined && buckets !== null) return { endpoint: flat.endpoint, buckets };
  const what = 'does not say how far the provider knew: a page has no `data_refreshed_at`';
  throw unusable('unavailable', file, what, 'pull it again; keep the answers of the API as they are');
}

function pageOf(document: Json, file: LandedFile, { what, endpointOf }: PageDialect): Page {
  const named = isObject(document) && endpointOf !== undefined && isObject(document['page']) ? document : null;
  const page = named === null ? document : named['page'];
  const data = isObject(page) ? page['data'] : undefined;
  if (!Array.isArray(data)) {
    throw unusable(
      'unavailable',
      file,
      `holds something that is no page of ${what}: it has no \`data\` list`,
      'pull it again; keep the answers of the API as they are',
    );
  }
  const buckets = data as readonly Json[];
  const told = named === null ? null : textOf(named['endpoint']);
  const endpoint = told ?? endpointOf?.(buckets.flatMap(resultsOf)) ?? null;
  return { endpoint, buckets: buckets.map((json) => ({ json, isEarly: false })) };
}

function resultsOf(bucket: Json): readonly JsonObject[] {
  const results = isObject(bucket) ? bucket['results'] : undefined;
  return Array.isArray(results) ? (results as readonly Json[]).filter(isObject) : [];
}

/** Of one file. */
interface Reading {
  readonly file: LandedFile;
  readonly dialect: PageDialect;
  /** How often each bucket came. */
  readonly times: Map<string, number>;
  /** Results so far. */
  results: number;
  /** Lines so far. */
  rows: number;
}

/** A bucket that comes again in one file is a later pull of the same day: it is a delivery of its own, and the later one counts. */
function* linesOf(
  { json: bucket, isEarly }: Bucket,
  endpoint: string | null,
  reading: Reading,
): Generator<TextRow, void, undefined> {
  const { dialect, file, times } = reading;
  const start = isObject(bucket) ? textOf(bucket[dialect.bucketStart]) : null;
  const end = isObject(bucket) ? textOf(bucket[dialect.bucketEnd]) : null;
  const results = isObject(bucket) ? bucket['results'] : undefined;
  // Costs of a day are one bucket, whichever of a provider's APIs tells of them; usage is one an endpoint.
  const key = JSON.stringify([dialect.endpointOf === undefined ? null : endpoint, start ?? '']);
  const time = (times.get(key) ?? 0) + 1;
  times.set(key, time);
  const delivery = time === 1 ? file.name : `${file.name} (${String(time).padStart(6, '0')})`;
  const place: Place = { delivery, endpoint, start, end, empty: 'false', result: null };
  if (start === null || end === null || !dialect.isTime(start) || !dialect.isTime(end) || !Array.isArray(results)) {
    yield lineAt(place, MALFORMED, reading);
    return;
  }
  if (results.length === 0) yield lineAt({ ...place, empty: 'true' }, NOTHING, reading);
  for (const result of results as readonly Json[]) {
    reading.results += 1;
    const here: Place = { ...place, empty: isEarly ? 'early' : 'false', result: String(reading.results) };
    const lines = isObject(result) ? dialect.linesOf(result, endpoint) : [MALFORMED];
    for (const line of lines) yield lineAt(here, line, reading);
  }
}

const MALFORMED: TextRow = { reject: 'malformed' };
const NOTHING: TextRow = { reject: null };

interface Place {
  readonly delivery: string;
  readonly endpoint: string | null;
  readonly start: string | null;
  readonly end: string | null;
  readonly empty: 'true' | 'false' | 'early';
  readonly result: string | null;
}

/** Filled name by name: there are hundreds of thousands, and spreading one object into another costs ten times as much. */
function lineAt({ delivery, endpoint, start, end, empty, result }: Place, line: TextRow, reading: Reading): TextRow {
  reading.rows += 1;
  const row: Record<string, string | null> = {
    row: String(reading.rows),
    delivery,
    endpoint,
    bucket_start: start,
    bucket_end: end,
    empty_bucket: empty,
    result,
  };
  for (const name of Object.keys(line)) row[name] = line[name] ?? null;
  return row;
}

/** A line of costs without a currency is no money. */
export function inItsCurrency(line: TextRow): TextRow {
  const isWithout = line['reject'] === null && (line['currency'] ?? null) === null;
  return isWithout ? { ...line, amount: null, reject: 'missing_currency' } : line;
}
