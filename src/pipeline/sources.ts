// `sources:` → SourceConfig[]: layouts, values of constants, and one source of money for a provider's account.
import { type FieldKind, USAGE_EVENT } from '../kernel/usage-event.js';
import type { UsageField } from '../kernel/usage-fields.js';
import { tokensOf } from '../kernel/usage-formats.js';
import { suggest } from '../kernel/nearest.js';
import { isDatePattern } from './date-pattern.js';
import { serverOf } from './elsewhere.js';
import { jsonCostsOf } from './json-source.js';
import { focusLayoutOf, layoutOf } from './layout.js';
import type {
  ApiPull,
  BilledUsageSource,
  BillSource,
  InvoiceColumns,
  PulledSource,
  S3Server,
  SourceConfig,
  UsageSource,
} from './pipeline.js';
import { type BilledUsageSpec, type BillSpec, checkTwice } from './source-twice.js';
import type { SourceSpec } from './spec-pipeline.js';
import { ANTHROPIC_COST_GROUPS } from './spec-pull.js';
import { problem, quoted, type Report } from './text.js';
import type { Path, YamlFile } from './yaml-places.js';

type Spec<K extends SourceSpec['kind']> = Extract<SourceSpec, { kind: K }>;

export function readSources(specs: readonly SourceSpec[], file: YamlFile, report: Report): readonly SourceConfig[] {
  const lines = new Map<string, number | undefined>();
  for (const spec of specs) {
    const spot = file.of(spec, 'id');
    if (lines.has(spec.id))
      report(
        problem(
          'duplicate-source',
          spot,
          `a source is called ${quoted(spec.id)} already, in line ${lines.get(spec.id)}`,
          'give this one an id of its own',
        ),
      );
    else lines.set(spec.id, spot.place.line);
  }
  checkTwice(specs, file, report);
  for (const spec of specs) checkServer(spec, file, report);
  return specs.map((spec) => sourceOf(spec, file, report));
}

function sourceOf(spec: SourceSpec, file: YamlFile, report: Report): SourceConfig {
  switch (spec.kind) {
    case 'usage':
      return usageOf(spec, file, report);
    case 'focus':
      return { kind: 'focus', ...billOf(spec, file), layout: focusLayoutOf(spec, file, report), version: spec.version };
    case 'aws-cur':
      return { kind: 'aws-cur', ...billOf(spec, file), layout: layoutOf(spec, file, report) };
    case 'invoice-csv':
      return invoiceOf(spec, file, report);
    case 'openai-usage':
    case 'anthropic-usage':
      checkPlace(spec, file, report);
      return { kind: spec.kind, ...billedUsageOf(spec, file, report) };
    case 'json-costs':
      checkPlace(spec, file, report);
      return { kind: spec.kind, ...billOf(spec, file), files: spec.files ?? [], ...jsonCostsOf(spec, file, report) };
    case 'openai-costs':
    case 'anthropic-costs':
      checkPlace(spec, file, report);
      return { kind: spec.kind, ...billOf(spec, file), files: spec.files ?? [], pull: pullOf(spec, file, report) };
    default:
      return spec satisfies never;
  }
}

function billedUsageOf(spec: BilledUsageSpec, file: YamlFile, report: Report): Omit<BilledUsageSource, 'kind'> {
  const { id, provider, account = null, files = [] } = spec;
  return { id, place: file.of(spec).place, s3: s3Of(spec), provider, account, files, pull: pullOf(spec, file, report) };
}

function s3Of({ s3 }: SourceSpec): S3Server {
  return serverOf(s3 ?? { path_style: false });
}

/** Settings of a server that nothing is asked of are a mistake somewhere. */
function checkServer(spec: SourceSpec, file: YamlFile, report: Report): void {
  const named = [...(spec.files ?? []), ...('path' in spec ? [spec.path ?? ''] : [])];
  if (spec.s3 === undefined || named.some((pattern) => pattern.startsWith('s3://'))) return;
  const message = '`s3` says nothing: this source names no object';
  report(problem('bad-value', file.of(spec, 's3'), message, 'name objects as s3://bucket/key, or remove it'));
}

type BillBase = Omit<Extract<BillSource, { kind: 'openai-costs' }>, 'kind' | 'files' | 'pull'>;

/** Days in files and days of the API would overlap, and nobody could say which count. */
function checkPlace(spec: Spec<PulledSource['kind'] | 'json-costs'>, file: YamlFile, report: Report): void {
  const { files, pull } = spec;
  if (files === undefined && pull === undefined) {
    const remedy =
      spec.kind === 'json-costs'
        ? 'add `pull:` with the address of the API, or `files:`'
        : 'add `pull:` with the name of the variable that holds the key, or `files:`';
    const message = `nothing says where ${'role' in spec ? 'these costs come' : 'this usage comes'} from`;
    report(problem('missing-key', file.of(spec), message, remedy));
  }
  if (files !== undefined && pull !== undefined) {
    const two = 'role' in spec ? '; two sources, one of them with `role: evidence`, may have both' : '';
    const remedy = `keep one of them${two}`;
    report(problem('bad-value', file.of(spec, 'pull'), '`files` and `pull` are both there', remedy));
  }
}

function pullOf(spec: Spec<PulledSource['kind']>, file: YamlFile, report: Report): ApiPull | null {
  const { pull } = spec;
  if (pull === undefined) return null;
  const { key, url, group_by: named, from, trailing_days: trailingDays, lag_days: lagDays } = pull;
  const endpoints =
    'endpoints' in pull ? pull.endpoints : 'endpoint' in pull && pull.endpoint === 'analytics' ? ['analytics'] : [];
  const groups = spec.kind === 'anthropic-costs' ? (ANTHROPIC_COST_GROUPS[spec.pull?.endpoint ?? ''] ?? []) : (named ?? []);
  checkGroups(spec, groups, file, report);
  return {
    keyVariable: key.env,
    url: url ?? null,
    groupBy: named ?? groups,
    endpoints,
    from: from ?? null,
    trailingDays,
    lagDays,
    requestsPerMinute: pull.requests_per_minute,
  };
}

/** The two endpoints of Anthropic's costs know different groups. */
function checkGroups(spec: Spec<PulledSource['kind']>, groups: readonly string[], file: YamlFile, report: Report): void {
  for (const [at, name] of (spec.pull?.group_by ?? []).entries()) {
    if (groups.includes(name)) continue;
    const message = `${quoted(name)} is nothing that this endpoint groups by`;
    report(problem('bad-value', file.of(spec, 'pull', 'group_by', at), message, `use some of: ${groups.join(', ')}`));
  }
}

function billOf(spec: BillSpec, file: YamlFile): BillBase {
  return {
    id: spec.id,
    place: file.of(spec).place,
    s3: s3Of(spec),
    role: spec.role,
    provider: spec.provider,
    account: spec.account ?? null,
    basis: spec.basis,
    coversUsage: spec.covers_usage,
    leavesOutServiceTiers: spec.leaves_out?.service_tiers ?? [],
    featureTag: spec.feature_tag ?? null,
  };
}

function invoiceOf(spec: Spec<'invoice-csv'>, file: YamlFile, report: Report): SourceConfig {
  const { delimiter, encoding, decimal, date_format: dateFormat } = spec.csv;
  const written = Object.entries(spec.columns).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const columns = Object.fromEntries(written);
  checkHeaders(spec, columns, file, report);
  const refuse = (path: Path, message: string, remedy: string) =>
    report(problem('bad-value', file.of(spec, ...path), message, remedy));
  if (delimiter === decimal)
    refuse(['csv', 'decimal'], 'the decimal sign is the delimiter too', 'with a decimal comma the delimiter is usually `;`');
  if (!isDatePattern(dateFormat)) {
    refuse(
      ['csv', 'date_format'],
      `${quoted(dateFormat)} does not name a day`,
      'write a date-fns pattern with day, month and year, such as dd.MM.yyyy',
    );
  }
  if (columns['currency'] === undefined && spec.currency === undefined) {
    report(
      problem(
        'missing-key',
        file.of(spec),
        'nothing says the currency of this invoice',
        'add `currency:`, or map a column to it',
      ),
    );
  }
  const csv = {
    delimiter,
    encoding,
    decimal,
    dateFormat,
    columns: columns as unknown as InvoiceColumns,
    currency: spec.currency ?? null,
  };
  return { kind: 'invoice-csv', ...billOf(spec, file), files: spec.files, csv: { ...csv, total: spec.total ?? null } };
}

function checkHeaders(
  spec: Spec<'invoice-csv'>,
  columns: Readonly<Record<string, string>>,
  file: YamlFile,
  report: Report,
): void {
  // One printed date may be both ends of a period; no other header means two things.
  const isDate = (column: string | undefined) => column !== undefined && /_(start|end)$/.test(column);
  for (const [column, header] of Object.entries(columns)) {
    const first = Object.keys(columns).find((other) => columns[other] === header);
    if (first === column || (isDate(first) && isDate(column))) continue;
    report(
      problem('bad-value', file.of(spec, 'columns', column), `header ${quoted(header)} is mapped twice`, 'map it to one column'),
    );
  }
}

function usageOf(spec: Spec<'usage'>, file: YamlFile, report: Report): UsageSource {
  for (const [field, value] of Object.entries(spec.constants)) {
    const wrong = constantError(field as UsageField, value ?? '');
    if (wrong !== null)
      report(
        problem(
          'bad-value',
          file.of(spec, 'constants', field),
          `constant \`${field}\` ${quoted(value ?? '')} ${wrong.what}`,
          wrong.remedy,
        ),
      );
  }
  return {
    kind: 'usage',
    id: spec.id,
    place: file.of(spec).place,
    s3: s3Of(spec),
    files: spec.files,
    format: spec.format,
    map: spec.map,
    constants: spec.constants,
    tokens: spec.tokens ?? tokensOf(spec.format),
    statedCost: spec.stated_cost,
  };
}

interface Refusal {
  readonly what: string;
  readonly remedy: string;
}

const CONSTANTS: Readonly<Partial<Record<FieldKind, Refusal & { readonly accepts: RegExp }>>> = {
  rate: {
    accepts: /^(0\.(?=\d*[1-9])\d{1,6}|1(\.0{1,6})?)$/,
    what: 'is no rate',
    remedy: 'write a decimal above 0 and up to 1, with at most 6 decimals',
  },
  flag: { accepts: /^(true|false)$/, what: 'is neither true nor false', remedy: 'write true or false' },
  count: { accepts: /^\d{1,15}$/, what: 'is no whole number', remedy: 'write digits' },
  ordinal: { accepts: /^\d{1,15}$/, what: 'is no whole number', remedy: 'write digits' },
  milliseconds: { accepts: /^\d{1,15}$/, what: 'is no whole number', remedy: 'write digits' },
  quantity: { accepts: /^\d{1,12}(\.\d{1,6})?$/, what: 'is no quantity', remedy: 'write digits with at most 6 decimals' },
};

/** What tells one record from another; the same value in all of them would merge or move them. */
const OF_ONE_RECORD: readonly string[] = ['event_id', 'event_time', 'recorded_at', 'call_id', 'run_id', 'stated_cost'];

function constantError(field: UsageField, value: string): Refusal | null {
  if (OF_ONE_RECORD.includes(field))
    return { what: 'cannot be the same for every record', remedy: 'map the field of the log that has it' };
  const { kind, values } = USAGE_EVENT[field];
  if (values !== undefined) return values.includes(value) ? null : { what: 'is not known', remedy: suggest(value, values) };
  if (kind === 'lower' && value !== value.toLowerCase())
    return { what: 'is not in lower case', remedy: `write ${value.toLowerCase()}` };
  const rule = CONSTANTS[kind];
  if (value === '') return { what: 'is empty', remedy: 'give it a value, or leave it out' };
  return rule === undefined || rule.accepts.test(value) ? null : rule;
}
