// Dumps of the cost APIs of OpenAI and Anthropic: pages of buckets of results, one page a file, an array of pages, or one a line.
import { type CostApi, isPulledName, monthsToPull, type PullRequest } from './cost-api.js';
import { isObject, type Json, type JsonObject, parseDocuments, textOf } from './json-text.js';
import { readLanded, unusable } from './landed-text.js';
import { LandingStore } from './landing.js';
import { byName } from './listing.js';
import { landPlainFiles, receiveAll } from './plain-files.js';
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
  const files = config.pull === null ? await landPlainFiles(request, config.files) : await landPulled(request, api);
  const tables = await Promise.all(files.map(async (file) => tabulatePages(file, dialect)));
  return { files, controls: tables.flatMap((table) => table.controls) };
}

/** A month that was pulled before counts as it came then, where it is over. */
async function landPulled(request: PullRequest, api: CostApi): Promise<readonly LandedFile[]> {
  const { config, landingDir } = request;
  const months = monthsToPull(request, api);
  const store = await LandingStore.open(landingDir, config.id);
  const blobs = await receiveAll(store, months, request);
  await store.record(blobs.map((blob) => ({ ...blob, unit: blob.name, delivery: blob.name })));
  const landed = [...store.newest().values()].filter(
    (entry) => entry.unit === entry.name && isPulledName(config.kind, entry.name),
  );
  return landed.map((entry) => store.landed(entry)).sort(byName);
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
  if (text.trim() === '')
    throw unusable('unavailable', file, 'is empty: an answer without costs still has a page', 'pull it again');
  const documents = documentsOf(text, file);
  return documents
    .flatMap((document) => (Array.isArray(document) ? (document as readonly Json[]) : [document]))
    .map((page) => {
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

function documentsOf(text: string, file: LandedFile): readonly Json[] {
  try {
    return parseDocuments(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw unusable(
      'unavailable',
      file,
      error instanceof RangeError ? 'is nested too deeply to be an answer of the API' : `is cut or not JSON: ${reason}`,
      'pull it again; write it aside and rename it when it is whole',
    );
  }
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
