// Dumps of the cost APIs of OpenAI and Anthropic: pages of buckets of results, one page a file, an array of pages, or one a line.
import { type CostApi, monthsToPull, type PullRequest } from './cost-api.js';
import { isObject, type Json, type JsonObject, textOf } from './json-text.js';
import { pagesIn } from './landed-pages.js';
import { readLanded, unusable } from './landed-text.js';
import { landPlainFiles } from './plain-files.js';
import { landUnits } from './pulled-units.js';
import type { LandedFile, Landing, Tabulation, TextRow } from './source.js';

/** What the two envelopes call things. */
export interface PageDialect {
  readonly bucketStart: string;
  readonly bucketEnd: string;
  readonly isTime: (text: string) => boolean;
  /** Columns of one result, `reject` among them. */
  readonly lineOf: (result: JsonObject) => TextRow;
}

export async function landPages(request: PullRequest, dialect: PageDialect, api: CostApi): Promise<Landing> {
  const { config } = request;
  const files =
    config.pull === null
      ? await landPlainFiles(request, config.files)
      : await landUnits(request, monthsToPull(request, api), 'month');
  const tables = await Promise.all(files.map(async (file) => tabulatePages(file, dialect)));
  return { files, controls: tables.flatMap((table) => table.controls) };
}

export async function tabulatePages(file: LandedFile, dialect: PageDialect): Promise<Tabulation> {
  const pages = pagesOf(await readLanded(file), file);
  const buckets = pages.flatMap((page) => page);
  const times = new Map<string, number>();
  const lines = buckets.flatMap((bucket) => linesOf(bucket, file, times, dialect));
  const rows = lines.map((line, at) => ({ row: String(at + 1), ...line }));
  const control = {
    sourceId: file.sourceId,
    control: 'row_count',
    scope: file.name,
    currency: null,
    expected: String(rows.length),
  } as const;
  return { rows, controls: [control] };
}

function pagesOf(text: string, file: LandedFile): readonly (readonly Json[])[] {
  return pagesIn(text, file, { isPulled: false, isList: false }).pages.map((page) => {
    const data = isObject(page) ? page['data'] : undefined;
    if (Array.isArray(data)) return data as readonly Json[];
    throw unusable(
      'unavailable',
      file,
      'holds something that is no page of costs: it has no `data` list',
      'pull it again; keep the answers of the API as they are',
    );
  });
}

/** A bucket that comes again in one file is a later pull of the same day: it is a delivery of its own, and the later one counts. */
function linesOf(bucket: Json, file: LandedFile, times: Map<string, number>, dialect: PageDialect): readonly TextRow[] {
  const start = isObject(bucket) ? textOf(bucket[dialect.bucketStart]) : null;
  const end = isObject(bucket) ? textOf(bucket[dialect.bucketEnd]) : null;
  const results = isObject(bucket) ? bucket['results'] : undefined;
  const time = (times.get(start ?? '') ?? 0) + 1;
  times.set(start ?? '', time);
  const delivery = time === 1 ? file.name : `${file.name} (${String(time).padStart(6, '0')})`;
  const place = { delivery, bucket_start: start, bucket_end: end };
  if (start === null || end === null || !dialect.isTime(start) || !dialect.isTime(end) || !Array.isArray(results)) {
    return [{ ...place, empty_bucket: 'false', amount: null, reject: 'malformed' }];
  }
  if (results.length === 0) return [{ ...place, empty_bucket: 'true', amount: null, reject: null }];
  return (results as readonly Json[]).map((result) => {
    const line: TextRow = isObject(result) ? dialect.lineOf(result) : { amount: null, reject: 'malformed' };
    const withoutCurrency = line['reject'] === null && (line['currency'] ?? null) === null;
    return { ...place, empty_bucket: 'false', ...line, ...(withoutCurrency ? { amount: null, reject: 'missing_currency' } : {}) };
  });
}
