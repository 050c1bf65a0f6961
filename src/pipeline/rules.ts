// rules.yaml → rules with their levels, and the implicit rule behind them.
import { type Month, firstDay } from '../kernel/period.js';
import { isProportional, levelsOf, takes, type Unleveled } from './levels.js';
import { conditionsOf, type KnownNames } from './match.js';
import { methodOf, targetsOf } from './methods.js';
import { CHARGE_CAUSES, type Condition, type Feature, type Rule } from './pipeline.js';
import type { FeatureRegistry } from './registry.js';
import { readSections } from './sections.js';
import { type RuleSpec, rulesSpec } from './spec-registry.js';
import { problem, quoted, type Report, type Spot } from './text.js';
import type { YamlFile } from './yaml-places.js';

export interface RuleContext {
  readonly known: KnownNames;
  readonly registry: FeatureRegistry;
  readonly featureSpot: (feature: Feature) => Spot;
  readonly start: Month;
  readonly hasRevenue: boolean;
  /** Shown as the place of the implicit rule. */
  readonly pipelineFile: string;
}

interface Read {
  readonly spec: RuleSpec;
  readonly rule: Unleveled;
}

/** `file` is null where the pipeline names no rules. */
export function readRules(file: YamlFile | null, context: RuleContext, report: Report): readonly Rule[] {
  const specs = file === null ? [] : readSections(rulesSpec, file, report)?.rules;
  if (specs === undefined) return [];
  const read = file === null ? [] : specs.map((spec, index) => ({ spec, rule: ruleOf(spec, index + 1, file, context, report) }));
  if (file !== null) {
    checkNames(read, file, report);
    checkReach(read, file, report);
  }
  // A rule that could not be read may be the one that feeds or takes a pool.
  const named = read.every(({ spec }) => spec.feeds.every((pool) => context.known.features.isPool(pool)));
  const complete = file === null || (named && specs.length === entriesOf(file));
  if (complete) checkPools(read, file, context, report);
  return leveled([...read.map(({ rule }) => rule), implicitRule(read.length + 1, context.pipelineFile)], read, file, report);
}

function entriesOf(file: YamlFile): number {
  const { rules } = file.value as { readonly rules?: unknown };
  return Array.isArray(rules) ? rules.length : 0;
}

function ruleOf(spec: RuleSpec, ruleNo: number, file: YamlFile, context: RuleContext, report: Report): Unleveled {
  const { known, registry } = context;
  const match = conditionsOf(spec.match, file, [...file.pathOf(spec), 'match'], known, report);
  const method = methodOf(
    spec,
    file,
    { names: known.features, features: registry.features, start: firstDay(context.start), hasRevenue: context.hasRevenue },
    report,
  );
  spec.feeds.forEach((pool, index) => known.features.check(pool, file.of(spec, 'feeds', index), report, 'pool'));
  const mapped =
    method.kind === 'direct'
      ? registry.mappings.filter(({ kind }) => method.via.includes(kind)).map(({ featureId }) => featureId)
      : [];
  const takesPools = match.some(({ field }) => field === 'pool');
  // Accounts and principals are those of bill lines; what comes out of a pool has none.
  const implied = [...targetsOf(method), ...(takesPools ? [] : mapped)].filter((id) => known.features.isPool(id));
  const feeds = [...new Set([...spec.feeds, ...implied])];
  return { ruleNo, poolId: spec.pool, match, method, feeds, onNoMatch: spec.on_no_match, place: file.of(spec).place };
}

function implicitRule(ruleNo: number, file: string): Unleveled {
  const match: readonly Condition[] = [{ field: 'cause', patterns: CHARGE_CAUSES }];
  return { ruleNo, poolId: '(follow)', match, method: { kind: 'follow' }, feeds: [], onNoMatch: 'ignore', place: { file } };
}

function checkNames(read: readonly Read[], file: YamlFile, report: Report): void {
  const lines = new Map<string, number | undefined>();
  for (const { spec, rule } of read) {
    if (lines.has(rule.poolId)) {
      const message = `a rule is called ${quoted(rule.poolId)} already, in line ${lines.get(rule.poolId)}`;
      report(problem('duplicate-pool', file.of(spec, 'pool'), message, 'give this one a name of its own'));
    } else lines.set(rule.poolId, rule.place.line);
  }
}

/** The first match wins, so a rule behind its own likeness, or behind one that takes everything, never gets a charge. */
function checkReach(read: readonly Read[], file: YamlFile, report: Report): void {
  const seen = new Map<string, Unleveled>();
  let everything: Unleveled | null = null;
  for (const { spec, rule } of read) {
    const key = rule.match
      .map((condition) => JSON.stringify([condition.field, [...new Set(condition.patterns)].sort()]))
      .sort()
      .join();
    const earlier: Unleveled | undefined = everything ?? seen.get(key);
    if (earlier !== undefined) {
      const why = earlier === everything ? 'takes every charge' : 'has the same match';
      const message = `rule ${quoted(rule.poolId)} is never reached: ${quoted(earlier.poolId)} in line ${earlier.place.line} ${why}`;
      report(
        problem(
          'unreachable-rule',
          file.of(spec, 'pool'),
          message,
          'remove it, narrow the earlier match, or put this rule before it',
        ),
      );
    }
    seen.set(key, rule);
    if (Object.keys(spec.match).length === 0) everything = everything ?? rule;
  }
}

/** Cost that enters a pool must leave it, and a rule that takes a pool must have one that feeds it. */
function checkPools(read: readonly Read[], file: YamlFile | null, { registry, featureSpot }: RuleContext, report: Report): void {
  const pools = registry.features.filter(({ kind }) => kind === 'pool');
  for (const pool of pools) {
    const name = quoted(pool.featureId);
    if (!read.some(({ rule }) => takes(rule, pool.featureId))) {
      const message = `no rule takes the cost of pool ${name}, so it would never reach a feature`;
      report(
        problem(
          'pool-not-taken',
          featureSpot(pool),
          message,
          `add a rule with \`match: { pool: ${pool.featureId} }\`, or drop \`kind: pool\``,
        ),
      );
    }
  }
  if (file === null) return;
  for (const { spec, rule } of read) {
    for (const pattern of rule.match.find(({ field }) => field === 'pool')?.patterns ?? []) {
      const fed = pools.filter(({ featureId }) => takes({ match: [{ field: 'pool', patterns: [pattern] }] }, featureId));
      if (fed.length === 0 || fed.some(({ featureId }) => read.some((other) => other.rule.feeds.includes(featureId)))) continue;
      report(
        problem(
          'pool-not-fed',
          file.of(spec, 'match', 'pool'),
          `no rule feeds pool ${quoted(pattern)}`,
          `add it to \`feeds:\` of the rule that passes cost to it`,
        ),
      );
    }
  }
}

function leveled(rules: readonly Unleveled[], read: readonly Read[], file: YamlFile | null, report: Report): readonly Rule[] {
  const found = levelsOf(rules);
  if (found.kind === 'levels') return rules.map((rule, index) => ({ ...rule, level: found.levels[index] ?? 1 }));
  const spec = read.find(({ rule }) => rule === found.at)?.spec;
  const spot = spec === undefined || file === null ? { place: found.at.place } : file.of(spec, 'pool');
  const proportional = rules.some((rule) => found.path.includes(rule.poolId) && isProportional(rule));
  const remedy = proportional
    ? 'a proportional rule comes after all others: it cannot feed a pool that one of them takes'
    : 'let one of these rules feed something else';
  report(problem('pool-cycle', spot, `pools feed each other: ${found.path.join(' -> ')}`, remedy));
  return [];
}
