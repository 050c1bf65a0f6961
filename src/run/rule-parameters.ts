// Allocation rules as rows of the `run` tables.
import { type Day, firstDay, type Month, monthsThrough, plusDays, plusMonths } from '../kernel/period.js';
import type { Condition, Pipeline, Rule } from '../pipeline/pipeline.js';
import type { Cell } from '../warehouse/warehouse.js';

/** Rows of one table, columns by name. Values are text; the engine casts to the contract's types. */
export type ParameterTables = Readonly<Record<string, readonly Readonly<Record<string, Cell>>[]>>;

/** Capacities are in force until the next one, so they get a row for every month through `lastMonth`. */
export function ruleTables(pipeline: Pipeline, lastMonth: Month): ParameterTables {
  const { rules } = pipeline;
  const pools = new Set(
    pipeline.registry.features.filter((feature) => feature.kind === 'pool').map((feature) => feature.featureId),
  );
  const all = pipeline.registry.features.filter((feature) => feature.kind === 'feature').map((feature) => feature.featureId);
  const conditions = [
    ...rules.flatMap((rule) => conditionRows('rule', String(rule.ruleNo), rule.match)),
    ...pipeline.registry.fixedCosts.flatMap((entry) => conditionRows('entry', entry.entryId, entry.bill ?? [])),
  ];
  const shares = rules.flatMap((rule) => shareRows(rule, all));
  const feeds = rules.flatMap((rule) => {
    const named = shares.filter((row) => row['rule_no'] === String(rule.ruleNo)).map((row) => String(row['feature_id']));
    const fed = new Set([...rule.feeds, ...named].filter((id) => pools.has(id)));
    return [...fed].map((id) => ({ rule_no: String(rule.ruleNo), feature_id: id }));
  });
  return {
    'run.rule': rules.map(ruleRow),
    'run.condition': conditions,
    'run.rule_grain': rules.flatMap(grainRows),
    'run.rule_share': shares,
    'run.rule_feed': feeds,
    'run.rule_capacity': rules.flatMap((rule) => capacityRows(rule, lastMonth)),
    'run.rule_provider': rules.flatMap((rule) =>
      rule.method.kind === 'proportional'
        ? rule.method.providers.map((provider) => ({ rule_no: String(rule.ruleNo), provider }))
        : [],
    ),
  };
}

function capacityRows(rule: Rule, lastMonth: Month): readonly Record<string, Cell>[] {
  if (rule.method.kind !== 'driver' || rule.method.idle === null) return [];
  const { capacity } = rule.method.idle;
  return capacity.flatMap(({ month, quantity }, index) => {
    const next = capacity[index + 1];
    const months = monthsThrough(month, next === undefined ? lastMonth : plusMonths(next.month, -1));
    return months.map((each) => ({ rule_no: String(rule.ruleNo), month: firstDay(each), capacity: quantity }));
  });
}

/** `even`, `feature` and `shares` are one method to the SQL: weights that the rule file states. */
function methodOf(rule: Rule): string {
  switch (rule.method.kind) {
    case 'direct':
    case 'driver':
    case 'revenue':
    case 'proportional':
    case 'follow':
      return rule.method.kind;
    case 'feature':
    case 'shares':
    case 'even':
      return 'shares';
    default:
      return rule.method satisfies never;
  }
}

function ruleRow(rule: Rule): Record<string, Cell> {
  const { method } = rule;
  const via = method.kind === 'direct' ? method.via : [];
  const driver = method.kind === 'driver' ? method : null;
  const line = rule.place.line === undefined ? '' : `:${rule.place.line}`;
  return {
    rule_no: String(rule.ruleNo),
    pool_id: rule.poolId,
    level: String(rule.level),
    method: methodOf(rule),
    method_name: driver === null ? method.kind : driver.driver,
    driver: driver?.driver ?? null,
    usage_provider: driver?.usageProvider == null ? null : likePattern(driver.usageProvider),
    usage_sku: driver?.usageSku == null ? null : likePattern(driver.usageSku),
    via_tag: String(via.includes('tag')),
    via_account: String(via.includes('account')),
    via_principal: String(via.includes('principal')),
    idle_feature: idleFeature(rule),
    on_no_match: rule.onNoMatch,
    place: `${rule.place.file}${line}`,
  };
}

function idleFeature(rule: Rule): string | null {
  if (rule.method.kind !== 'driver' || rule.method.idle === null) return null;
  const { action } = rule.method.idle;
  switch (action.kind) {
    case 'shown':
      return '(idle)';
    case 'spread':
      return null;
    case 'assigned':
      return action.featureId;
    default:
      return action satisfies never;
  }
}

function grainRows(rule: Rule): readonly Record<string, Cell>[] {
  return grainsOf(rule).map((grain, at) => ({ rule_no: String(rule.ruleNo), rank: String(at + 1), grain: grain.join('+') }));
}

function grainsOf(rule: Rule): readonly (readonly string[])[] {
  switch (rule.method.kind) {
    case 'driver':
    case 'revenue':
    case 'proportional':
      return rule.method.within;
    case 'follow':
      return [
        ['invoice', 'service'],
        ['provider', 'account', 'month'],
      ];
    case 'feature':
    case 'shares':
    case 'even':
      return [['day']];
    case 'direct':
      return [];
    default:
      return rule.method satisfies never;
  }
}

const ALWAYS = '0001-01-01';

function shareRows(rule: Rule, all: readonly string[]): readonly Record<string, Cell>[] {
  const row = (feature: string, share: string, from: Day, through: Day | null): Record<string, Cell> => ({
    rule_no: String(rule.ruleNo),
    feature_id: feature,
    share,
    valid_from: from,
    valid_through: through,
  });
  const { method } = rule;
  if (method.kind === 'shares')
    return method.shares.map((share) =>
      row(share.featureId, share.share, share.validFrom, share.validTo === null ? null : plusDays(share.validTo, -1)),
    );
  if (method.kind === 'feature') return [row(method.featureId, '1', ALWAYS, null)];
  if (method.kind !== 'even' && method.kind !== 'revenue') return [];
  return (method.features.length === 0 ? all : method.features).map((feature) => row(feature, '1', ALWAYS, null));
}

function conditionRows(kind: 'rule' | 'entry', key: string, conditions: readonly Condition[]): readonly Record<string, Cell>[] {
  return conditions.flatMap((condition, at) =>
    condition.patterns.map((pattern) => ({
      owner_kind: kind,
      owner_key: key,
      condition_no: String(at + 1),
      condition_count: String(conditions.length),
      field: condition.field.startsWith('tag:') ? 'tag' : condition.field,
      tag_key: condition.field.startsWith('tag:') ? condition.field.slice('tag:'.length) : null,
      pattern: likePattern(pattern),
    })),
  );
}

/** `*` is any text; everything else stands for itself. */
export function likePattern(pattern: string): string {
  return pattern.replace(/[\\%_]/g, (character) => `\\${character}`).replaceAll('*', '%');
}
