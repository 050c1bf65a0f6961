// What the registry files (features, fixed costs, rules) may say.
import { z } from 'zod';
import { METERS } from '../kernel/meters.js';
import type { GrainPart } from './rule.js';
import { amount, currency, day, featureId, horizon, id, month, ownerName, provider, quantity, share, text } from './fields.js';

const ownerPeriod = z
  .strictObject({
    owner: ownerName,
    from: day.optional().describe('First day in force; left out: since ever.'),
    to: day.optional().describe('First day that is not included; left out: it goes on.'),
  })
  .meta({ id: 'owner_period' });

const owner = z
  .union([ownerName, z.array(ownerPeriod).min(1, 'is empty → name an owner, or leave the role out')])
  .optional()
  .describe('A name, or a list of names with the days on which they held the role.');

const owners = z.strictObject({ feature: owner, platform: owner, business: owner });

const featureSpec = z.strictObject({
  id: featureId,
  name: text.optional(),
  kind: z.enum(['feature', 'pool']).default('feature').describe('`pool`: a shared service whose cost a rule passes on.'),
  team: text,
  cost_center: text,
  category: text,
  owners: owners.prefault({}),
});

const targets = z.record(z.string(), featureId);

export const featuresSpec = z.strictObject({
  features: z.array(featureSpec).min(1, 'is empty → register at least one feature'),
  accounts: targets.default({}).describe('Provider account, project or sub account → feature.'),
  principals: targets.default({}).describe('Principal → feature.'),
});

const patterns = z.union([text, z.array(text).min(1, 'is empty → name at least one pattern')]).meta({ id: 'patterns' });

export const CONDITION_FIELDS = [
  'source',
  'provider',
  'account',
  'sub_account',
  'service',
  'item',
  'sku',
  'meter',
  'category',
  'charge_class',
  'cause',
  'description',
  'resource',
  'commitment',
  'commitment_status',
  'invoice',
  'entry',
  'pool',
] as const;

const condition = Object.fromEntries(CONDITION_FIELDS.map((field) => [field, patterns.optional()]));

/** Field → pattern or patterns; `tag:<key>` is a field too. Unknown fields are refused where the rule is read. */
export const matchSpec = z
  .object(condition)
  .catchall(patterns)
  .meta({ id: 'match', description: 'All fields must match; `*` stands for any text.' });

/** One match, which may be written as the only entry of a list. */
const billSpec = z.preprocess(
  (value): unknown => (Array.isArray(value) && value.length === 1 ? value[0] : value),
  z.union([
    z.literal('none', { error: 'is neither `none` nor a match → write `bill: none`, or the fields of the bill lines it pays' }),
    matchSpec,
  ]),
);

const entry = { id, description: text, currency, provider, bill: billSpec };

const fixedCostSpec = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.enum(['owned', 'prepaid']),
    ...entry,
    cost: amount,
    in_service_on: day,
    horizon_months: horizon,
    disposal: z.strictObject({ on: day, proceeds: amount }).optional(),
    horizon_changes: z
      .array(z.strictObject({ on: day, horizon_months: horizon }))
      .max(1, 'has several changes → an entry changes its horizon once; dispose of it and enter the rest anew')
      .default([]),
  }),
  z.strictObject({
    kind: z.literal('recurring'),
    ...entry,
    monthly_amount: amount,
    from: day,
    through: day.optional().describe('Last day, included.'),
  }),
]);

export const fixedCostsSpec = z.strictObject({ fixed_costs: z.array(fixedCostSpec) });

const GRAIN_PARTS = ['day', 'month', 'previous_month', 'sku', 'meter', 'provider', 'account', 'invoice', 'service'] as const;

/** The grains that a rule by usage tries where it names none: the charge's own day, then its month. */
export const DEFAULT_WITHIN: GrainPart[][] = [
  ['day', 'sku', 'meter'],
  ['month', 'sku', 'meter'],
];

const within = z
  .array(z.array(z.enum(GRAIN_PARTS)).min(1, 'is empty → name `day`, `month` or `previous_month`'))
  .min(1, 'is empty → name at least one grain');

const rule = {
  pool: id.describe('Unique name of what this rule allocates together.'),
  match: matchSpec,
  feeds: z.array(featureId).default([]).describe('Features of kind `pool` that this rule may pass cost to.'),
  on_no_match: z
    .enum(['warn', 'stop', 'ignore'])
    .default('warn')
    .describe('What happens where the rule has taken nothing since `start`: a warning, a failing control, or nothing.'),
};

const featureTarget = text.describe(
  'A feature; `(platform)`: what a rule gives to the platform owner on purpose; or `(idle)`: what was paid for and not used.',
);

const idle = z.strictObject({
  capacity: z
    .union([quantity, z.record(month, quantity)])
    .describe("A month's capacity in the driver's unit, or first month → capacity."),
  action: z.enum(['shown', 'spread', 'assigned']).default('shown'),
  feature: featureId.optional().describe('With `action: assigned`.'),
});

const ruleSpec = z.discriminatedUnion('method', [
  z.strictObject({
    method: z.literal('direct'),
    ...rule,
    via: z
      .array(z.enum(['tag', 'account', 'principal']))
      .min(1, 'is empty → leave it out for all three')
      .default(['tag', 'account', 'principal']),
  }),
  z.strictObject({ method: z.literal('feature'), ...rule, feature: featureTarget }),
  z.strictObject({
    method: z.literal('by'),
    ...rule,
    driver: z.enum([...METERS, 'rated_cost']),
    usage: z.strictObject({ provider: text.optional(), sku: text.optional() }).prefault({}),
    within: within.default(DEFAULT_WITHIN),
    idle: idle.optional(),
  }),
  z.strictObject({
    method: z.literal('shares'),
    ...rule,
    shares: z
      .array(
        z.strictObject({
          feature: featureTarget,
          share,
          from: day.optional(),
          to: day.optional().describe('First day that is not included.'),
        }),
      )
      .min(1, 'is empty → name at least one share'),
  }),
  z.strictObject({
    method: z.literal('even'),
    ...rule,
    features: z.union([z.literal('all'), z.array(featureTarget).min(1, 'is empty → name features, or write `all`')]),
  }),
  z.strictObject({
    method: z.literal('revenue'),
    ...rule,
    features: z
      .union([z.literal('all'), z.array(featureId).min(1, 'is empty → name features, or write `all`')])
      .default('all')
      .describe('Whose revenue weighs.'),
    within: z
      .array(z.array(z.enum(['month', 'previous_month'])).min(1, 'is empty → name `month` or `previous_month`'))
      .min(1, 'is empty → name at least one grain')
      .default([['month']]),
  }),
  z.strictObject({
    method: z.literal('proportional'),
    ...rule,
    within: within.default([['month']]),
    providers: z.array(provider).default([]),
  }),
  z.strictObject({ method: z.literal('follow'), ...rule }),
]);

export const rulesSpec = z.strictObject({ rules: z.array(ruleSpec) });

export type FeatureSpec = z.output<typeof featureSpec>;
export type FixedCostSpec = z.output<typeof fixedCostSpec>;
export type MatchSpec = z.output<typeof matchSpec>;
export type RuleSpec = z.output<typeof ruleSpec>;
