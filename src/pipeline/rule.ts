// How cost is allocated: rules, what they match, and how they divide.
import type { Place } from '../kernel/failure.js';
import type { Day, Month } from '../kernel/period.js';

/** One condition; true where the field matches any of the patterns (`*` = any text). All conditions of a rule must hold. */
export interface Condition {
  readonly field: ConditionField;
  readonly patterns: readonly string[];
}

export type ConditionField =
  | 'source'
  | 'provider'
  | 'account'
  | 'sub_account'
  | 'service'
  | 'item'
  | 'sku'
  | 'meter'
  | 'category'
  | 'charge_class'
  | 'cause'
  | 'description'
  | 'resource'
  | 'commitment'
  | 'commitment_status'
  | 'invoice'
  | 'entry'
  | 'pool'
  | `tag:${string}`;

/** `previous_month`: a month is weighed by what the month before it logged. */
export type GrainPart = 'day' | 'month' | 'previous_month' | 'sku' | 'meter' | 'provider' | 'account' | 'invoice' | 'service';

export interface Rule {
  /** 1, 2, … in file order; the implicit rules follow. */
  readonly ruleNo: number;
  readonly poolId: string;
  readonly match: readonly Condition[];
  readonly method: Method;
  /** Pools (features of kind `pool`) that this rule may pass cost to. */
  readonly feeds: readonly string[];
  /** 1 for rules that depend on no other; a rule depends on those that feed it, and a proportional one on all direct ones. */
  readonly level: number;
  /** Where it took nothing since the books begin. */
  readonly onNoMatch: 'warn' | 'stop' | 'ignore';
  readonly place: Place;
}

export type Method =
  /** The charge's own tag, account or principal names the feature. */
  | { readonly kind: 'direct'; readonly via: readonly ('tag' | 'account' | 'principal')[] }
  | { readonly kind: 'feature'; readonly featureId: string }
  | {
      readonly kind: 'driver';
      /** A meter name, or `rated_cost`. */
      readonly driver: string;
      /** Restricts the usage that weighs: provider and sku patterns. Empty: all. */
      readonly usageProvider: string | null;
      readonly usageSku: string | null;
      readonly within: readonly (readonly GrainPart[])[];
      readonly idle: Idle | null;
    }
  | { readonly kind: 'shares'; readonly shares: readonly Share[] }
  | { readonly kind: 'even'; readonly features: readonly string[] }
  /** By what the features earned in the month; none named: all features. */
  | { readonly kind: 'revenue'; readonly features: readonly string[]; readonly within: readonly (readonly GrainPart[])[] }
  | { readonly kind: 'proportional'; readonly within: readonly (readonly GrainPart[])[]; readonly providers: readonly string[] }
  /** Tax, credit, support: follows the charges of [invoice, service], then [provider, account, month]. */
  | { readonly kind: 'follow' };

export interface Share {
  readonly featureId: string;
  /** Exact decimal text; the shares in force on any day sum to 1. */
  readonly share: string;
  readonly validFrom: Day;
  /** The first day that is not included, as everywhere: days are half-open. */
  readonly validTo: Day | null;
}

export interface Idle {
  /** A month's capacity in the driver's unit, in force from `month` until the next entry; by month, ascending. */
  readonly capacity: readonly { readonly month: Month; readonly quantity: string }[];
  readonly action:
    | { readonly kind: 'shown' }
    | { readonly kind: 'spread' }
    | { readonly kind: 'assigned'; readonly featureId: string };
}
