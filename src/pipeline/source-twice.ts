// Two sources that tell of the same thing: money would reach the statement twice, billed usage would be compared twice.
import type { Problem } from '../kernel/failure.js';
import type { BilledUsageSource } from './pipeline.js';
import type { SourceSpec } from './spec-pipeline.js';
import { problem, quoted, type Report, type Spot } from './text.js';
import type { YamlFile } from './yaml-places.js';

export type BilledUsageSpec = Extract<SourceSpec, { kind: BilledUsageSource['kind'] }>;
export type BillSpec = Exclude<SourceSpec, { kind: 'usage' } | BilledUsageSpec>;

export function checkTwice(specs: readonly SourceSpec[], file: YamlFile, report: Report): void {
  checkOnce(specs.filter(isMoney), MONEY_TWICE, file, report);
  checkOnce(specs.filter(isBilledUsage), USAGE_TWICE, file, report);
}

/** What must not count twice, and how that is told. */
interface Twice {
  readonly what: string;
  readonly told: (spot: Spot, message: string) => Problem;
}

const MONEY_TWICE: Twice = {
  what: 'money',
  told: (spot, message) =>
    problem('money-twice', spot, message, 'give one of them `role: evidence`, or name a different `account` in each'),
};
const USAGE_TWICE: Twice = {
  what: 'billed usage',
  told: (spot, message) => problem('usage-twice', spot, message, 'keep one of them, or name a different `account` in each'),
};

function isMoney(spec: SourceSpec): spec is BillSpec {
  return 'role' in spec && spec.role === 'money';
}

function isBilledUsage(spec: SourceSpec): spec is BilledUsageSpec {
  return spec.kind === 'openai-usage' || spec.kind === 'anthropic-usage';
}

function checkOnce(specs: readonly (BillSpec | BilledUsageSpec)[], twice: Twice, file: YamlFile, report: Report): void {
  specs.forEach((spec, index) => {
    const other = specs.slice(0, index).find((earlier) => earlier.provider === spec.provider && sameAccount(earlier, spec));
    if (other === undefined) return;
    const account =
      spec.account === undefined || spec.account !== other.account ? 'every account' : `account ${quoted(spec.account ?? '')}`;
    const message = `${quoted(spec.id)} and ${quoted(other.id)} (line ${file.of(other, 'id').place.line}) both bring the ${twice.what} of ${account} of ${spec.provider}`;
    report(twice.told(file.of(spec, 'id'), message));
  });
}

function sameAccount(left: BillSpec | BilledUsageSpec, right: BillSpec | BilledUsageSpec): boolean {
  return left.account === undefined || right.account === undefined || left.account === right.account;
}
