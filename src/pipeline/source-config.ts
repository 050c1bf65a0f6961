// Where evidence comes from, a kind of source at a time.
import type { FocusVersion } from '../kernel/bill-lines.js';
import type { Place } from '../kernel/failure.js';
import type { Month } from '../kernel/period.js';
import type { UsageFormat } from '../kernel/usage-formats.js';
import type { S3Server } from './engine-config.js';

export type SourceConfig = UsageSource | LineSource;

/** Evidence whose lines are kept as text and cast at staging. */
export type LineSource = BillSource | BilledUsageSource;

interface SourceBase {
  readonly id: string;
  /** How objects are reached that `s3://` patterns name. Of no figure. */
  readonly s3: S3Server;
  readonly place: Place;
}

export interface UsageSource extends SourceBase {
  readonly kind: 'usage';
  /** Globs below the root, `/` separated, and `s3://bucket/key` globs. */
  readonly files: readonly string[];
  readonly format: UsageFormat;
  /** Canonical field → dotted path (JSONL) or column (CSV, Parquet). Unmapped fields go by their own name. */
  readonly map: Readonly<Record<string, string>>;
  /** Canonical field → value where the log carries none. */
  readonly constants: Readonly<Record<string, string>>;
  /** `inclusive`: `input_tokens` includes cached tokens (OpenAI, OpenTelemetry); `exclusive`: it does not (Anthropic, canonical). */
  readonly tokens: 'inclusive' | 'exclusive';
  /** `provider`: the record's `stated_cost` is the provider's own figure and beats the computed one. */
  readonly statedCost: 'ignore' | 'provider';
}

export type Basis = 'billed' | 'effective';

interface BillBase extends SourceBase {
  /** `money` reaches the statement; `evidence` only feeds controls. */
  readonly role: 'money' | 'evidence';
  /** Lower-case provider id, equal to the `provider` that usage events carry. */
  readonly provider: string;
  /** Billing account, or null: this bill is the only one of its provider. */
  readonly account: string | null;
  readonly basis: Basis;
  /** Does this bill cover metered usage of its provider, and what does it leave out? */
  readonly coversUsage: boolean;
  readonly leavesOutServiceTiers: readonly string[];
  /** Key of the tag that names the feature, or null. */
  readonly featureTag: string | null;
}

export type BillSource =
  | FocusSource
  | AwsCurSource
  | OpenAiCostsSource
  | AnthropicCostsSource
  | InvoiceCsvSource
  | JsonCostsSource;

export interface FocusSource extends BillBase {
  readonly kind: 'focus';
  readonly layout: FocusLayout;
  /** Declared, or `detect`: told from the columns, refused where they fit no version. */
  readonly version: FocusVersion | 'detect';
}

export type FocusLayout =
  /** Plain files; the same name delivered again replaces the old one. */
  | { readonly kind: 'files'; readonly files: readonly string[] }
  /** AWS Data Exports, below the root or in a bucket: `<path>/data/BILLING_PERIOD=…` and `<path>/metadata/BILLING_PERIOD=…/*-Manifest.json`. */
  | { readonly kind: 'aws-export'; readonly path: string }
  /** Cost Management exports: `<path>/<yyyymmdd-yyyymmdd>/<time>/<guid>/manifest.json` with its parts. */
  | { readonly kind: 'azure-export'; readonly path: string }
  /** Exports that a provider is asked for. */
  | { readonly kind: 'pull'; readonly pull: ExportPull };

/** Cost and Usage Reports of AWS: CUR 2.0 and the legacy CUR, told apart by their columns. */
export interface AwsCurSource extends BillBase {
  readonly kind: 'aws-cur';
  readonly layout: CurLayout;
}

export type CurLayout =
  | { readonly kind: 'files'; readonly files: readonly string[] }
  /** CUR 2.0, as AWS Data Exports delivers it. */
  | { readonly kind: 'aws-export'; readonly path: string }
  /** Legacy CUR: `<path>/<yyyymmdd-yyyymmdd>/<report>-Manifest.json`, files beside it or in a folder for each delivery. */
  | { readonly kind: 'aws-cur-legacy'; readonly path: string };

/** Bills that lie in files, or that the provider's API is asked for. */
export interface OpenAiCostsSource extends BillBase {
  readonly kind: 'openai-costs';
  /** Empty where they are pulled. */
  readonly files: readonly string[];
  readonly pull: ApiPull | null;
}

export interface AnthropicCostsSource extends BillBase {
  readonly kind: 'anthropic-costs';
  readonly files: readonly string[];
  readonly pull: ApiPull | null;
}

interface BilledUsageBase extends SourceBase {
  /** Lower-case provider id, equal to the `provider` that usage events carry. */
  readonly provider: string;
  /** Account that it tells of, or null: all of the provider's. */
  readonly account: string | null;
  /** Empty where they are pulled. */
  readonly files: readonly string[];
  readonly pull: ApiPull | null;
}

export interface OpenAiUsageSource extends BilledUsageBase {
  readonly kind: 'openai-usage';
}

export interface AnthropicUsageSource extends BilledUsageBase {
  readonly kind: 'anthropic-usage';
}

/** Quantities that a provider says were used: never money, only held beside what was logged. */
export type BilledUsageSource = OpenAiUsageSource | AnthropicUsageSource;

export type PulledSource = OpenAiCostsSource | AnthropicCostsSource | BilledUsageSource;

/** Which days are asked for, and when again. */
export interface PullTimes {
  /** First month, or null: that of the pipeline. */
  readonly from: Month | null;
  /** Days after its end that a month is still asked for each night. */
  readonly trailingDays: number;
  /** Whole days before today that are not asked for yet: a provider that is late has an empty day, which would be billed as zero. */
  readonly lagDays: number;
  /** That the host may have, from all sources that ask it; left out: no source says so. */
  readonly requestsPerMinute?: number | undefined;
}

export interface ExportPull extends PullTimes {
  readonly api: 'pinecone';
  readonly keyVariable: string;
  /** Null: the address of the provider. */
  readonly url: string | null;
}

export interface ApiPull extends PullTimes {
  /** Name of the environment variable that holds the key. The key itself is nowhere. */
  readonly keyVariable: string;
  /** Null: the address of the provider. */
  readonly url: string | null;
  readonly groupBy: readonly string[];
  /** Of a provider that has an endpoint for each kind of usage: those that are asked. Else empty. */
  readonly endpoints: readonly string[];
}

export interface InvoiceCsvSource extends BillBase {
  readonly kind: 'invoice-csv';
  readonly files: readonly string[];
  readonly csv: InvoiceCsvFormat;
}

export interface InvoiceCsvFormat {
  readonly delimiter: ',' | ';' | '\t' | '|';
  readonly encoding: 'utf8' | 'utf16le' | 'latin1';
  readonly decimal: '.' | ',';
  /** date-fns pattern of the date columns. */
  readonly dateFormat: string;
  /** Lines before the header. The header is the first line that holds every mapped column. */
  readonly columns: InvoiceColumns;
  /** Currency where no column carries it. */
  readonly currency: string | null;
  /** A line whose `column` matches `equals` (case-insensitive) is the printed total: excluded, and checked as a control. */
  readonly total: { readonly column: string; readonly equals: string } | null;
}

/** Canonical column → header of the CSV. Where an optional header is absent, the value is null. */
export interface InvoiceColumns {
  readonly invoice_id: string;
  readonly period_start: string;
  /** Last day billed, inclusive, as invoices print it. */
  readonly period_end: string;
  readonly item: string;
  readonly amount: string;
  readonly description?: string;
  readonly quantity?: string;
  readonly unit?: string;
  readonly currency?: string;
  readonly charge_start?: string;
  readonly charge_end?: string;
  readonly category?: string;
}

/** A bill from any API that answers in pages of JSON, or from such pages in files. */
export interface JsonCostsSource extends BillBase {
  readonly kind: 'json-costs';
  /** Empty where they are pulled. */
  readonly files: readonly string[];
  readonly pull: JsonPull | null;
  readonly json: JsonLines;
}

export interface JsonPull extends PullTimes {
  /** With placeholders for the days that are asked for, as in `query` and `body`. */
  readonly url: string;
  /** In order; a name may come several times. */
  readonly query: readonly (readonly [name: string, value: string])[];
  /** JSON that is posted, or null: the answer is got. */
  readonly body: string | null;
  readonly headers: readonly JsonHeader[];
  readonly page: JsonPaging;
  /** How many days one landed file is of. */
  readonly every: 'month' | 'day';
  /** Days back that the API tells of, or null: all. */
  readonly reachDays: number | null;
}

/** A header as it stands here, or from the environment, which is then a secret. */
export type JsonHeader =
  | { readonly name: string; readonly value: string }
  | { readonly name: string; readonly variable: string; readonly prefix: string };

/** How one page leads to the next. Paths are dotted, from the page's root. */
export type JsonPaging =
  | { readonly kind: 'none' }
  | { readonly kind: 'cursor'; readonly param: string; readonly next: string; readonly more: string | null }
  | {
      readonly kind: 'number';
      readonly param: string;
      readonly first: number;
      readonly more: string | null;
      /** Where a page says how many there are. */
      readonly pages: string | null;
    }
  | { readonly kind: 'offset'; readonly param: string; readonly more: string | null }
  /** The address of the next page stands at `next`, or where that is null in the `Link` header. */
  | { readonly kind: 'link'; readonly next: string | null };

/** What pages hold. */
export interface JsonLines {
  /** Path of the list of lines, or null: the page is the list. Lists on the way are walked through. */
  readonly records: string | null;
  /** Column → path in the line; each `^.` in front is one list outwards. */
  readonly map: Readonly<Partial<Record<JsonColumn, string>>>;
  readonly constants: Readonly<Partial<Record<JsonColumn, string>>>;
  /** How times are written: in ISO 8601, since 1970, or by a date-fns pattern. */
  readonly dates: string;
  /** `exclusive`: ends are the first moment after; `inclusive`: the last day. */
  readonly ends: 'exclusive' | 'inclusive';
  readonly amountUnit: AmountUnit;
  /** `double`: JSON numbers are sums of doubles, true to 15 digits. */
  readonly amountIs: 'exact' | 'double';
  /** Where a page says what all pages together come to, and how many lines they have. */
  readonly total: { readonly amount: string | null; readonly count: string | null };
}

export type AmountUnit = 'units' | 'cents' | 'micros';

export type JsonColumn = keyof InvoiceColumns | 'project';
