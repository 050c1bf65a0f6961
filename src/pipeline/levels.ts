// The order in which rules allocate: a rule comes after those that feed its pool, a proportional one after all others.
import { matchesPattern } from './match.js';
import type { Rule } from './pipeline.js';

export type Unleveled = Omit<Rule, 'level'>;

export type Levels =
  /** By rule, in the order given. */
  | { readonly kind: 'levels'; readonly levels: readonly number[] }
  | { readonly kind: 'cycle'; readonly at: Unleveled; readonly path: readonly string[] };

export function levelsOf(rules: readonly Unleveled[]): Levels {
  const levels = new Map<Unleveled, number>();
  const open: Unleveled[] = [];
  const visit = (rule: Unleveled): readonly string[] | number => {
    const known = levels.get(rule);
    if (known !== undefined) return known;
    if (open.includes(rule)) return [...open.slice(open.indexOf(rule)), rule].map(({ poolId }) => poolId);
    open.push(rule);
    let level = 1;
    for (const needed of rules.filter((other) => dependsOn(rule, other))) {
      const found = visit(needed);
      if (typeof found !== 'number') return found;
      level = Math.max(level, found + 1);
    }
    open.pop();
    levels.set(rule, level);
    return level;
  };
  for (const rule of rules) {
    const found = visit(rule);
    // Money flows from the feeding rule to the fed one, against the dependency.
    if (typeof found !== 'number') return { kind: 'cycle', at: rule, path: found.toReversed() };
  }
  return { kind: 'levels', levels: rules.map((rule) => levels.get(rule) ?? 1) };
}

function dependsOn(rule: Unleveled, other: Unleveled): boolean {
  return feedsMatchOf(rule, other) || (isProportional(rule) && !isProportional(other));
}

function feedsMatchOf(rule: Unleveled, other: Unleveled): boolean {
  return other.feeds.some((pool) => takes(rule, pool));
}

/** Does the rule take the charges of a pool? */
export function takes(rule: Pick<Rule, 'match'>, pool: string): boolean {
  return rule.match.some(({ field, patterns }) => field === 'pool' && patterns.some((pattern) => matchesPattern(pattern, pool)));
}

/** Rules that weigh by cost allocated before; they do not see each other. */
export function isProportional({ method }: Pick<Rule, 'method'>): boolean {
  return method.kind === 'proportional' || method.kind === 'follow';
}
