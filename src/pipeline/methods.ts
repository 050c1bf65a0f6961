// How a rule divides: the written method → Method, its features and dates checked.
import type { Day } from '../kernel/period.js';
import type { Feature, GrainPart, Idle, Method, Share } from './pipeline.js';
import type { FeatureNames } from './registry.js';
import { checkShares } from './shares.js';
import { DEFAULT_WITHIN, type RuleSpec } from './spec-registry.js';
import { problem, quoted, type Report } from './text.js';
import type { YamlFile } from './yaml-places.js';

export interface MethodContext {
  readonly names: FeatureNames;
  readonly features: readonly Feature[];
  /** Where a share or a capacity names no date, it is in force from here. */
  readonly start: Day;
  /** The registry names revenue. */
  readonly hasRevenue: boolean;
}

type Spec<M extends RuleSpec['method']> = Extract<RuleSpec, { method: M }>;

export function methodOf(spec: RuleSpec, file: YamlFile, context: MethodContext, report: Report): Method {
  const { names, features } = context;
  switch (spec.method) {
    case 'direct':
      return { kind: 'direct', via: spec.via };
    case 'feature':
      names.check(spec.feature, file.of(spec, 'feature'), report, 'target');
      return { kind: 'feature', featureId: spec.feature };
    case 'by':
      return driverOf(spec, file, context, report);
    case 'shares':
      return { kind: 'shares', shares: sharesOf(spec, file, context, report) };
    case 'even':
      return { kind: 'even', features: evenOf(spec, file, names, features, report) };
    case 'revenue':
      return revenueOf(spec, file, context, report);
    case 'proportional':
      checkGrains(spec, file, report);
      return { kind: 'proportional', within: spec.within, providers: spec.providers };
    case 'follow':
      return { kind: 'follow' };
  }
}

/** Features that a method names itself. */
export function targetsOf(method: Method): readonly string[] {
  switch (method.kind) {
    case 'feature':
      return [method.featureId];
    case 'shares':
      return method.shares.map(({ featureId }) => featureId);
    case 'even':
    case 'revenue':
      return method.features;
    case 'driver':
      return method.idle?.action.kind === 'assigned' ? [method.idle.action.featureId] : [];
    default:
      return [];
  }
}

function driverOf(spec: Spec<'by'>, file: YamlFile, context: MethodContext, report: Report): Method {
  checkGrains(spec, file, report);
  return {
    kind: 'driver',
    driver: spec.driver,
    usageProvider: spec.usage.provider ?? null,
    usageSku: spec.usage.sku ?? null,
    within: spec.idle === undefined ? spec.within : idleGrain(spec, file, report),
    idle: idleOf(spec, file, context, report),
  };
}

/** A pool with a capacity is shared at the grain of that capacity, the month: a finer driver would call idle what another sku used. */
function idleGrain(spec: Spec<'by'>, file: YamlFile, report: Report): readonly (readonly GrainPart[])[] {
  const written = JSON.stringify(spec.within);
  if (written !== JSON.stringify([['month']]) && written !== JSON.stringify(DEFAULT_WITHIN)) {
    const remedy = 'write `within: [[month]]`, or leave it out';
    report(problem('bad-grain', file.of(spec, 'within'), 'a pool with `idle` is shared by the month of its capacity', remedy));
  }
  return [['month']];
}

function idleOf(spec: Spec<'by'>, file: YamlFile, { names, start }: MethodContext, report: Report): Idle | null {
  const { idle } = spec;
  if (idle === undefined) return null;
  const written = typeof idle.capacity === 'string' ? { [start.slice(0, 7)]: idle.capacity } : idle.capacity;
  const capacity = Object.entries(written).map(([month, quantity]) => ({ month, quantity }));
  if (capacity.length === 0)
    report(
      problem(
        'empty',
        file.of(spec, 'idle', 'capacity'),
        'no capacity is given',
        'write one, or `2026-07: "1000"` for each month in which it changes',
      ),
    );
  capacity.sort((left, right) => (left.month < right.month ? -1 : 1));
  if (idle.action !== 'assigned') {
    if (idle.feature !== undefined)
      report(
        problem(
          'bad-value',
          file.of(spec, 'idle', 'feature'),
          `\`feature\` says nothing with \`action: ${idle.action}\``,
          'remove it, or write `action: assigned`',
        ),
      );
    return { capacity, action: { kind: idle.action } };
  }
  if (idle.feature === undefined) {
    report(
      problem('missing-key', file.of(spec, 'idle', 'action'), '`action: assigned` needs a feature', 'add `feature:` beside it'),
    );
    return { capacity, action: { kind: 'shown' } };
  }
  names.check(idle.feature, file.of(spec, 'idle', 'feature'), report, 'target');
  return { capacity, action: { kind: 'assigned', featureId: idle.feature } };
}

function sharesOf(spec: Spec<'shares'>, file: YamlFile, { names, start }: MethodContext, report: Report): readonly Share[] {
  const shares = spec.shares.map(({ feature, share, from, to }) => ({
    featureId: feature,
    share,
    validFrom: from ?? start,
    validTo: to ?? null,
  }));
  spec.shares.forEach(({ feature }, index) => names.check(feature, file.of(spec, 'shares', index, 'feature'), report, 'target'));
  const spots = shares.map((_, index) => file.of(spec, 'shares', index));
  for (const found of checkShares(shares, spots, file.at([...file.pathOf(spec), 'shares']))) report(found);
  return shares;
}

function revenueOf(spec: Spec<'revenue'>, file: YamlFile, context: MethodContext, report: Report): Method {
  const { names, features, hasRevenue } = context;
  checkGrains(spec, file, report);
  if (!hasRevenue) {
    const remedy = 'add `revenue: [revenue.csv]` to `registry` of the pipeline: month,feature_id,amount,currency,source';
    report(problem('missing-key', file.of(spec, 'method'), 'a rule by revenue needs a file of revenue', remedy));
  }
  const listed = evenOf(spec, file, names, features, report);
  if (spec.features !== 'all')
    listed.forEach((feature, index) => {
      const message = `${quoted(feature)} is a shared service, which earns nothing itself`;
      const remedy = 'name the features that earn it';
      if (names.isPool(feature)) report(problem('bad-value', file.of(spec, 'features', index), message, remedy));
    });
  return { kind: 'revenue', features: listed, within: spec.within };
}

function evenOf(
  spec: Spec<'even'> | Spec<'revenue'>,
  file: YamlFile,
  names: FeatureNames,
  features: readonly Feature[],
  report: Report,
): readonly string[] {
  if (spec.features === 'all') return features.filter(({ kind }) => kind === 'feature').map(({ featureId }) => featureId);
  const listed = spec.features;
  listed.forEach((feature, index) => {
    const spot = file.of(spec, 'features', index);
    names.check(feature, spot, report, 'target');
    if (listed.indexOf(feature) !== index)
      report(
        problem(
          'duplicate-feature',
          spot,
          `\`${feature}\` is listed twice`,
          'name it once; for unequal parts use `method: shares`',
        ),
      );
  });
  return listed;
}

const SPANS = ['day', 'month', 'previous_month'] as const;

/** A grain lies in time: days, months, or the month before. The finest comes first, and none comes twice. */
function checkGrains(spec: Spec<'by'> | Spec<'proportional'> | Spec<'revenue'>, file: YamlFile, report: Report): void {
  const seen = new Set<string>();
  let coarsest = 0;
  spec.within.forEach((grain: readonly GrainPart[], index) => {
    const spot = file.of(spec, 'within', index);
    const [span, other] = SPANS.filter((part) => grain.includes(part));
    const rank = span === undefined || other !== undefined ? coarsest : SPANS.indexOf(span);
    if (span === undefined || other !== undefined)
      report(problem('bad-grain', spot, 'a grain holds one of `day`, `month` and `previous_month`', 'write one of the three'));
    else if (rank < coarsest) report(problem('bad-grain', spot, AFTER_COARSER[rank] ?? '', 'write the finest grain first'));
    const key = [...grain].sort().join();
    if (seen.has(key) || new Set(grain).size < grain.length)
      report(problem('bad-grain', spot, 'this grain says something twice', 'remove the repetition'));
    seen.add(key);
    coarsest = Math.max(coarsest, rank);
  });
}

/** By the rank of the grain that comes too late. */
const AFTER_COARSER = ['a grain of days comes after one of months', 'a grain of months comes after one of the month before'];
