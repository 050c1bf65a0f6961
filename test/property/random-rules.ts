// Rules of a random company: every method, pools that feed pools along a random DAG, feeds that nobody declared.
import { FEATURES, POOLS, type TableRow, type Tables } from './random-company.js';
import type { Dice } from './random-dice.js';

interface Draft {
  readonly condition: readonly [field: string, pattern: string];
  readonly method: 'direct' | 'shares' | 'driver' | 'revenue' | 'proportional' | 'follow';
  readonly feeds: readonly string[];
  /** Shared service that the rule empties. */
  readonly empties: string | null;
}

const TAKEN = [
  ['provider', 'openai'],
  ['provider', 'anthropic'],
  ['provider', 'pinecone'],
  ['service', 'Bedrock'],
  ['service', 'S%'],
  ['entry', '%'],
  ['category', 'Usage'],
  ['account', 'a-1'],
] as const;

export function randomRules(dice: Dice): { readonly tables: Tables; readonly levels: number } {
  const drafts = draftRules(dice);
  const levels = levelsOf(drafts);
  const rows = drafts.map((draft, at) => ruleRows(dice, draft, at + 1, levels[at] ?? 1));
  const tables: Record<string, TableRow[]> = {};
  for (const row of rows) for (const [name, more] of Object.entries(row)) tables[name] = [...(tables[name] ?? []), ...more];
  return { tables, levels: Math.max(...levels) };
}

function draftRules(dice: Dice): readonly Draft[] {
  const charges = dice.shuffled(TAKEN).slice(0, 4 + dice.below(5));
  const some = (pools: readonly string[]): readonly string[] => pools.filter(() => dice.flip());
  return [
    ...charges.map((condition) => ({
      condition,
      method: dice.of(['direct', 'shares', 'driver', 'driver', 'revenue', 'proportional'] as const),
      feeds: some(POOLS),
      empties: null,
    })),
    ...POOLS.filter(() => dice.below(5) > 0).map((pool) => ({
      condition: ['pool', pool] as const,
      method: dice.of(['shares', 'driver', 'revenue'] as const),
      feeds: some(POOLS.slice(POOLS.indexOf(pool) + 1)),
      empties: pool,
    })),
    ...['Tax', 'Credit', 'Adjustment'].map((category) => ({
      condition: ['category', category] as const,
      method: 'follow' as const,
      feeds: [],
      empties: null,
    })),
  ].map((draft) => (draft.method === 'proportional' || draft.method === 'follow' ? { ...draft, feeds: [] } : draft));
}

/** Pools are emptied after all that feed them; what weighs by earlier cost comes last. */
function levelsOf(drafts: readonly Draft[]): readonly number[] {
  const levels = drafts.map(() => 1);
  for (const pool of POOLS) {
    const at = drafts.findIndex(({ empties }) => empties === pool);
    if (at < 0) continue;
    const feeding = levels.filter((_, other) => drafts[other]?.feeds.includes(pool));
    levels[at] = Math.max(0, ...feeding) + 1;
  }
  const last = Math.max(...levels) + 1;
  return drafts.map(({ method }, at) => (method === 'proportional' || method === 'follow' ? last : (levels[at] ?? 1)));
}

const GRAINS = ['day+sku+meter', 'month+sku+meter', 'day', 'month', 'previous_month+sku', 'previous_month'];

const REVENUE_GRAINS = [['month'], ['month', 'previous_month']];

function ruleRows(dice: Dice, draft: Draft, ruleNo: number, level: number): Tables {
  const rule_no = String(ruleNo);
  const [field, pattern] = draft.condition;
  const driver = draft.method === 'driver' ? dice.of(['rated_cost', 'rated_cost', 'gpu_hours', 'input_tokens', 'images']) : null;
  const capacity = driver === 'gpu_hours' && dice.flip();
  const grains = capacity ? ['month'] : GRAINS.slice(dice.below(3)).filter((_, at) => at === 0 || dice.flip());
  const tried = { shares: ['day'], driver: grains, revenue: dice.of(REVENUE_GRAINS), proportional: ['month'], direct: [] };
  const within = draft.method === 'follow' ? ['invoice+service', 'provider+account+month'] : tried[draft.method];
  return {
    'run.rule': [
      {
        rule_no,
        pool_id: `pool ${rule_no}`,
        level: String(level),
        method: draft.method,
        method_name: driver ?? draft.method,
        driver,
        usage_provider: dice.of([null, null, 'o%']),
        via_tag: String(dice.flip()),
        via_account: String(dice.flip()),
        via_principal: String(dice.flip()),
        idle_feature: capacity ? dice.of(['(idle)', 'agent', null]) : null,
        on_no_match: 'warn',
        place: `rules.yaml:${rule_no}`,
      },
    ],
    'run.condition': [{ owner_kind: 'rule', owner_key: rule_no, condition_no: '1', condition_count: '1', field, pattern }],
    'run.rule_grain': within.map((grain, at) => ({ rule_no, rank: String(at + 1), grain })),
    'run.rule_feed': draft.feeds.map((feature_id) => ({ rule_no, feature_id })),
    'run.rule_share': ['shares', 'revenue'].includes(draft.method) ? shareRows(dice, draft, rule_no) : [],
    'run.rule_capacity': capacity ? [{ rule_no, month: '2026-07-01', capacity: String(dice.below(4_000)) }] : [],
  };
}

/** Even and uneven shares, some of them from a day on; now and then to a service that the rule does not declare. */
function shareRows(dice: Dice, draft: Draft, rule_no: string): readonly TableRow[] {
  const own = draft.empties === null ? POOLS : POOLS.slice(POOLS.indexOf(draft.empties as (typeof POOLS)[number]) + 1);
  const targets = [...FEATURES, '(platform)', '(idle)', ...draft.feeds, ...(dice.below(4) === 0 ? own.slice(-1) : [])];
  return [...new Set(targets)].map((feature_id) => ({
    rule_no,
    feature_id,
    share: dice.of(['1', '0.25', '0.333333333333']),
    valid_from: dice.of(['0001-01-01', '0001-01-01', '2026-07-20']),
    valid_through: dice.of([null, null, '2026-08-10']),
  }));
}
