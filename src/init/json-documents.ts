// JSON documents: dumps of cost APIs as their own readers see them, and by its shape what else comes as JSON.
import { monthOf } from '../kernel/period.js';
import { tabulate as tabulateAnthropic } from '../source/anthropic-costs.js';
import { isObject, type Json, type JsonObject, parseDocuments, textOf } from '../source/json-text.js';
import { readLanded } from '../source/landed-text.js';
import { tabulate as tabulateOpenai } from '../source/openai-costs.js';
import type { TextRow } from '../source/source.js';
import { type BillFacts, type Finding, unknown } from './finding.js';
import type { GivenFile } from './given.js';
import { asLanded } from './landed.js';

/** Larger documents are no dumps that somebody pulled; they would be held in memory whole. */
const LARGEST = 32_000_000;

export async function lookAtDocument(file: GivenFile): Promise<Finding> {
  if (file.bytes > LARGEST)
    return unknown(
      'is one JSON document of more than 32 MB',
      'pull costs in files of a month; write logs with one record a line (JSONL)',
    );
  const text = await readLanded(asLanded(file));
  let documents: readonly Json[];
  try {
    documents = parseDocuments(text);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return unknown(`is cut, or not JSON: ${message.slice(0, 120)}`, 'write it again, as a whole');
  }
  const kind = dumpKindOf(documents);
  return kind === null ? otherDocument(documents) : lookAtDump(file, kind);
}

type DumpKind = 'openai-costs' | 'anthropic-costs';

/** Told by the buckets: their time, and how an amount is written. */
function dumpKindOf(documents: readonly Json[]): DumpKind | null {
  const buckets = bucketsOf(documents);
  const [result] = buckets.flatMap(resultsOf);
  const isOf = (key: string) => buckets.length > 0 && buckets.every((bucket) => key in bucket && 'results' in bucket);
  if (isOf('start_time') && (result === undefined || isObject(result['amount']))) return 'openai-costs';
  return isOf('starting_at') && (result === undefined || typeof result['amount'] === 'string') ? 'anthropic-costs' : null;
}

function bucketsOf(documents: readonly Json[]): readonly JsonObject[] {
  const pages = documents.flatMap((document) => (Array.isArray(document) ? (document as readonly Json[]) : [document]));
  return pages.filter(isObject).flatMap((page) => objectsIn(page['data']));
}

function resultsOf(bucket: JsonObject): readonly JsonObject[] {
  return objectsIn(bucket['results']);
}

function objectsIn(value: Json | undefined): readonly JsonObject[] {
  return Array.isArray(value) ? (value as readonly Json[]).filter(isObject) : [];
}

async function lookAtDump(file: GivenFile, kind: DumpKind): Promise<Finding> {
  const { rows } = await (kind === 'openai-costs' ? tabulateOpenai : tabulateAnthropic)(asLanded(file));
  const bad = rows.find((row) => (row['reject'] ?? null) !== null);
  if (bad !== undefined)
    return unknown(
      `result ${bad['row']} of this cost dump cannot be booked: ${bad['reject']}`,
      'pull it again, and keep it as it came',
    );
  const facts = factsOf(rows);
  if (kind === 'openai-costs' && facts.accounts.length > 1)
    return unknown(
      `holds the costs of ${facts.accounts.length} organizations: ${facts.accounts.join(', ')}`,
      'pull the costs of each organization to files of its own',
    );
  return { kind, facts };
}

function factsOf(rows: readonly TextRow[]): BillFacts {
  const texts = (name: string) => [...new Set(rows.flatMap((row) => row[name] ?? []))].sort();
  const days = texts('bucket_start').map((start) => (/^\d+$/.test(start) ? secondsDay(start) : start.slice(0, 10)));
  return {
    lines: rows.filter((row) => row['empty_bucket'] !== 'true').length,
    isPart: false,
    currencies: texts('currency').map((currency) => currency.toUpperCase()),
    accounts: texts('organization_id'),
    months: [...new Set(days.map(monthOf))].sort(),
    lastDay: days.toSorted().at(-1) ?? null,
  };
}

function secondsDay(seconds: string): string {
  return new Date(Number(seconds) * 1000).toISOString().slice(0, 10);
}

function otherDocument(documents: readonly Json[]): Finding {
  const [first] = documents;
  if (Array.isArray(first))
    return unknown('is one JSON list of records', 'write one record a line (JSONL), as `jq -c ".[]"` does');
  if (!isObject(first)) return unknown('is JSON, and no record', 'give bills, or logs with one record a line (JSONL)');
  const keys = Object.keys(first);
  const known = DOCUMENTS.find(({ has }) => has(first, bucketsOf(documents)));
  if (known !== undefined) return unknown(known.reason, known.remedy);
  return unknown(
    `is one JSON document with the keys ${keys.slice(0, 6).join(', ')}: neither a cost dump nor a log`,
    'give a dump of a cost API, or a log with one record a line (JSONL)',
  );
}

interface KnownDocument {
  readonly has: (document: JsonObject, buckets: readonly JsonObject[]) => boolean;
  readonly reason: string;
  readonly remedy: string;
}

const DOCUMENTS: readonly KnownDocument[] = [
  {
    has: (_, buckets) => buckets.length > 0,
    reason: 'holds usage totals of a provider: they name no feature and no price',
    remedy: 'give the costs instead: GET /v1/organization/costs of OpenAI, GET /v1/organizations/cost_report of Anthropic',
  },
  {
    has: (document) => 'resourceSpans' in document,
    reason: 'is OpenTelemetry spans (OTLP), in one document over several lines',
    remedy: 'write one export request a line, as the file exporter of the collector does, or `jq -c .`',
  },
  {
    has: (document) => ['resourceLogs', 'resourceMetrics'].some((key) => key in document),
    reason: 'is OpenTelemetry logs or metrics (OTLP): usage is in the spans',
    remedy: 'have the collector write traces to a file: docs/usage-from-traces.md',
  },
  {
    has: (document) => Object.values(document).some((entry) => isObject(entry) && textOf(entry['input_cost_per_token']) !== null),
    reason: 'is a list of prices, not of what was used or billed',
    remedy: 'prices come from the price books; your contract prices go to negotiated.csv',
  },
];
