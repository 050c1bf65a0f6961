// `sources:` → SourceConfig[]: layouts, values of constants, and one source of money for a provider's account.
import type { BillSource, SourceConfig, UsageSource } from './pipeline.js';
import type { SourceSpec } from './spec-pipeline.js';
import { isMeter } from '../kernel/meters.js';
import { problem, quoted, type Report } from './text.js';
import type { YamlFile } from './yaml-places.js';

type Spec<K extends SourceSpec['kind']> = Extract<SourceSpec, { kind: K }>;
type BillSpec = Exclude<SourceSpec, { kind: 'usage' }>;

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
  checkMoney(specs, file, report);
  return specs.map((spec) => sourceOf(spec, file, report));
}

function sourceOf(spec: SourceSpec, file: YamlFile, report: Report): SourceConfig {
  switch (spec.kind) {
    case 'usage':
      return usageOf(spec, file, report);
    case 'focus':
      return { kind: 'focus', ...billOf(spec, file), layout: layoutOf(spec, file, report), version: spec.version };
    case 'invoice-csv':
      return invoiceOf(spec, file, report);
    default:
      return { kind: spec.kind, ...billOf(spec, file), files: spec.files };
  }
}

type BillBase = Omit<Extract<BillSource, { kind: 'openai-costs' }>, 'kind' | 'files'>;

function billOf(spec: BillSpec, file: YamlFile): BillBase {
  return {
    id: spec.id,
    place: file.of(spec).place,
    role: spec.role,
    provider: spec.provider,
    account: spec.account ?? null,
    basis: spec.basis,
    coversUsage: spec.covers_usage,
    leavesOutServiceTiers: spec.leaves_out?.service_tiers ?? [],
    featureTag: spec.feature_tag ?? null,
  };
}

function layoutOf(spec: Spec<'focus'>, file: YamlFile, report: Report): Extract<SourceConfig, { kind: 'focus' }>['layout'] {
  const [needed, other] = spec.layout === 'files' ? (['files', 'path'] as const) : (['path', 'files'] as const);
  if (spec[needed] === undefined)
    report(
      problem(
        'missing-key',
        file.of(spec),
        `\`${needed}\` is missing: \`layout: ${spec.layout}\` needs it`,
        `add \`${needed}:\` here`,
      ),
    );
  if (spec[other] !== undefined)
    report(
      problem(
        'bad-value',
        file.of(spec, other),
        `\`${other}\` says nothing with \`layout: ${spec.layout}\``,
        'remove it, or change the layout',
      ),
    );
  return spec.layout === 'files' ? { kind: 'files', files: spec.files ?? [] } : { kind: 'aws-export', path: spec.path ?? '' };
}

function invoiceOf(spec: Spec<'invoice-csv'>, file: YamlFile, report: Report): SourceConfig {
  const { delimiter, encoding, decimal, date_format: dateFormat } = spec.csv;
  const entries = Object.entries(spec.columns).filter(([, header]) => header !== undefined);
  for (const [index, [column, header]] of entries.entries()) {
    const first = entries.findIndex(([, other]) => other === header);
    // An invoice may print one date that is both ends of a period; no other header means two things.
    const isDate = /_(start|end)$/.test(column) && /_(start|end)$/.test(entries[first]?.[0] ?? '');
    if (first !== index && !isDate)
      report(
        problem(
          'bad-value',
          file.of(spec, 'columns', column),
          `header ${quoted(header ?? '')} is mapped twice`,
          'map it to one column',
        ),
      );
  }
  if (delimiter === decimal)
    report(
      problem(
        'bad-value',
        file.of(spec, 'csv', 'decimal'),
        'the decimal sign is the delimiter too',
        'with a decimal comma the delimiter is usually `;`',
      ),
    );
  if (spec.columns.currency === undefined && spec.currency === undefined) {
    report(
      problem(
        'missing-key',
        file.of(spec),
        'nothing says the currency of this invoice',
        'add `currency:`, or map a column to it',
      ),
    );
  }
  const columns = Object.fromEntries(entries) as unknown as Extract<SourceConfig, { kind: 'invoice-csv' }>['csv']['columns'];
  const csv = { delimiter, encoding, decimal, dateFormat, columns, currency: spec.currency ?? null, total: spec.total ?? null };
  return { kind: 'invoice-csv', ...billOf(spec, file), files: spec.files, csv };
}

function usageOf(spec: Spec<'usage'>, file: YamlFile, report: Report): UsageSource {
  for (const [field, value] of Object.entries(spec.constants)) {
    const wrong = constantError(field, value ?? '');
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
    files: spec.files,
    format: spec.format,
    map: spec.map as UsageSource['map'],
    constants: spec.constants as UsageSource['constants'],
    tokens: spec.tokens,
    statedCost: spec.stated_cost,
  };
}

interface ConstantRule {
  readonly accepts: RegExp;
  readonly what: string;
  readonly remedy: string;
}

const CONSTANTS: Readonly<Record<string, ConstantRule>> = {
  sample_rate: {
    accepts: /^(0\.(?=\d*[1-9])\d{1,6}|1(\.0{1,6})?)$/,
    what: 'is no sample rate',
    remedy: 'write a decimal above 0 and up to 1, with at most 6 decimals',
  },
  batch: { accepts: /^(true|false)$/, what: 'is neither true nor false', remedy: 'write true or false' },
  cache: { accepts: /^(hit|miss)$/, what: 'is neither hit nor miss', remedy: 'write hit or miss' },
  workload_class: {
    accepts: /^(interactive|batch|background|peak)$/,
    what: 'is no workload class',
    remedy: 'write interactive, batch, background or peak',
  },
};

const COUNT: ConstantRule = { accepts: /^\d{1,15}$/, what: 'is no whole number', remedy: 'write digits' };
const QUANTITY: ConstantRule = {
  accepts: /^\d{1,12}(\.\d{1,6})?$/,
  what: 'is no quantity',
  remedy: 'write digits with at most 6 decimals',
};
const UNIQUE: ConstantRule = {
  accepts: /$./,
  what: 'cannot be the same for every record',
  remedy: 'map the field of the log that has it',
};

function constantError(field: string, value: string): ConstantRule | null {
  const rule = CONSTANTS[field] ?? ruleByName(field);
  return rule === null || rule.accepts.test(value) ? null : rule;
}

function ruleByName(field: string): ConstantRule | null {
  if (['event_id', 'event_time', 'recorded_at', 'call_id', 'run_id', 'stated_cost'].includes(field)) return UNIQUE;
  if (/^(attempt|run_ms|queue_ms)$/.test(field)) return COUNT;
  if (!isMeter(field)) return null;
  return /_(gb|gb_months|hours|minutes)$/.test(field) ? QUANTITY : COUNT;
}

/** The same spend must not reach the statement twice. */
function checkMoney(specs: readonly SourceSpec[], file: YamlFile, report: Report): void {
  const money = specs.filter((spec): spec is BillSpec => spec.kind !== 'usage' && spec.role === 'money');
  money.forEach((spec, index) => {
    const other = money.slice(0, index).find((earlier) => earlier.provider === spec.provider && sameAccount(earlier, spec));
    if (other === undefined) return;
    const account =
      spec.account === undefined || spec.account !== other.account ? 'every account' : `account ${quoted(spec.account ?? '')}`;
    const message = `${quoted(spec.id)} and ${quoted(other.id)} (line ${file.of(other, 'id').place.line}) both bring the money of ${account} of ${spec.provider}`;
    report(
      problem(
        'money-twice',
        file.of(spec, 'id'),
        message,
        'give one of them `role: evidence`, or name a different `account` in each',
      ),
    );
  });
}

function sameAccount(left: BillSpec, right: BillSpec): boolean {
  return left.account === undefined || right.account === undefined || left.account === right.account;
}
