// The complete, frozen pipeline: everything a run is a function of, besides what landed.
// Every amount, price, share and quantity is decimal TEXT; only SQL turns it into a number.
import type { Place } from '../kernel/failure.js';
import type { Day, Month } from '../kernel/period.js';
import type { EngineConfig, S3Publish } from './engine-config.js';
import type { Condition, Rule } from './rule.js';
import type { SourceConfig } from './source-config.js';

export type * from './engine-config.js';
export type * from './rule.js';
export type * from './source-config.js';

export interface Pipeline {
  readonly name: string;
  /** The YAML file, absolute. */
  readonly file: string;
  /** The company folder, absolute: inputs, registry, state and output live below it. */
  readonly root: string;
  /** Reporting currency, ISO 4217, upper case. */
  readonly currency: string;
  readonly start: Month;
  /** Pinned in the YAML, or null: yesterday (UTC) unless given on the command line. */
  readonly asOf: Day | null;
  /** Months before that of the as-of day that stay open, or null: all since `start`. */
  readonly lookBack: number | null;
  readonly stateDir: string;
  readonly outDir: string;
  readonly retention: Retention;
  readonly engine: EngineConfig;
  /** Where a run is published besides `outDir`, or null. */
  readonly publish: S3Publish | null;
  /** Usage tags kept beside the feature in the day aggregate. */
  readonly tags: readonly UsageTag[];
  readonly sources: readonly SourceConfig[];
  readonly registry: Registry;
  readonly rules: readonly Rule[];
  readonly prices: readonly PriceRow[];
  readonly aliases: readonly AliasRow[];
  readonly skus: readonly SkuRow[];
  readonly skuMap: readonly SkuMapRow[];
  readonly fx: readonly FxRow[];
  readonly invoices: readonly InvoiceRow[];
  readonly acceptUnpriced: readonly AcceptUnpriced[];
  readonly variance: readonly VarianceTolerance[];
  /** What a month must be before it can be closed. Of no figure. */
  readonly close: CloseLimits;
  /** Where a closed month is posted, or null: closing makes no journal. Of no figure of a run. */
  readonly chargeback: Chargeback | null;
  /** Every configuration file read, with the sha256 of its bytes: part of the run's fingerprint. */
  readonly files: readonly ConfigFile[];
}

/** What stays when `gc` collects. Of no figure. */
export interface Retention {
  /** Published runs, the current one among them. */
  readonly runs: number;
  /** Days that a delivery stays after a newer one replaced it. */
  readonly deliveriesDays: number;
}

export interface ConfigFile {
  readonly path: string;
  readonly sha256: string;
}

export type UsageTag = 'customer_id';

export interface Registry {
  readonly features: readonly Feature[];
  readonly mappings: readonly FeatureMapping[];
  readonly fixedCosts: readonly FixedCost[];
  readonly revenue: readonly RevenueRow[];
}

export interface Feature {
  readonly featureId: string;
  /** `pool`: a shared service whose cost a rule passes on; it never reaches the statement itself where a rule takes it. */
  readonly kind: 'feature' | 'pool';
  readonly name: string;
  readonly team: string;
  readonly costCenter: string;
  readonly category: string;
  readonly owners: readonly Owner[];
  readonly place: Place;
}

/** Who builds a feature, runs it, or answers for its money. */
export const OWNER_ROLES = ['feature', 'platform', 'business'] as const;

export type OwnerRole = (typeof OWNER_ROLES)[number];

/** Of each role one at most is in force on any day; on days between two of them it is nobody. */
export interface Owner {
  readonly role: OwnerRole;
  readonly owner: string;
  /** Null: since ever. */
  readonly validFrom: Day | null;
  /** The first day that is not included; null: for ever. */
  readonly validTo: Day | null;
}

/** `account` or `principal` that maps to a feature where a record or a bill line carries no feature tag. */
export interface FeatureMapping {
  readonly kind: 'account' | 'principal';
  readonly value: string;
  readonly featureId: string;
  readonly place: Place;
}

export interface FixedCost {
  readonly entryId: string;
  readonly description: string;
  readonly terms: FixedCostTerms;
  readonly currency: string;
  readonly provider: string;
  /** Charges that this entry capitalises, or null for `bill: none`. */
  readonly bill: readonly Condition[] | null;
  readonly place: Place;
}

/** What a feature earned in a month, in the reporting currency: the weight of rules by revenue. */
export interface RevenueRow {
  readonly month: Month;
  readonly featureId: string;
  readonly amount: string;
  readonly source: string;
}

export type FixedCostTerms =
  | {
      readonly kind: 'owned' | 'prepaid';
      readonly cost: string;
      readonly inServiceOn: Day;
      /** 12–36. */
      readonly horizonMonths: number;
      readonly changes: readonly FixedCostChange[];
    }
  | { readonly kind: 'recurring'; readonly monthlyAmount: string; readonly from: Day; readonly through: Day | null };

export type FixedCostChange =
  | { readonly kind: 'disposal'; readonly on: Day; readonly proceeds: string }
  /** The carrying amount spreads over the months that remain of the new horizon. */
  | { readonly kind: 'horizon'; readonly on: Day; readonly horizonMonths: number };

export interface PriceRow {
  readonly layer: 'negotiated' | 'list';
  readonly provider: string;
  readonly sku: string;
  readonly meter: string;
  /** The number of units the price is for, as a power of ten: 0, 3 or 6. */
  readonly unitExponent: 0 | 3 | 6;
  /** Decimal text, or null: ends this layer's earlier row. */
  readonly price: string | null;
  readonly currency: string;
  readonly serviceTier: string;
  readonly region: string;
  /** Applies to requests whose prompt has more tokens than this; 0 for the base price. */
  readonly promptOver: number;
  /** Minutes of the UTC day, [from, to); 0–1440 for all day. `from` > `to` wraps midnight. */
  readonly minuteFrom: number;
  readonly minuteTo: number;
  readonly validFrom: string;
  readonly source: string;
  readonly note: string;
  readonly place: Place;
}

/** One condition of one alternative: a logged model name is `sku` where all conditions of one alternative hold. */
export interface AliasRow {
  readonly provider: string;
  readonly sku: string;
  readonly alternative: number;
  readonly kind: 'equals' | 'starts_with' | 'ends_with' | 'contains' | 'regex';
  readonly pattern: string;
  /** Lower wins where several skus match. */
  readonly rank: number;
}

/** What a sku is, where that is not its price: `charged_by: pool` makes its price a weight and never a cost. */
export interface SkuRow {
  readonly provider: string;
  readonly sku: string;
  readonly chargedBy: 'usage' | 'pool';
}

/** Charges that follow others where no rule takes them. A sku map may name them where the bill itself does not: `(tax)` in its column `meter`. */
export const CHARGE_CAUSES = ['credit', 'tax', 'minimum_commitment', 'support', 'correction'] as const;
export type ChargeCause = (typeof CHARGE_CAUSES)[number];

/** A bill's own words for a thing (`line item`, SkuId, invoice item; `*` = any text) → sku and meter. Null meter: no usage explains it. */
export interface SkuMapRow {
  readonly provider: string;
  readonly item: string;
  readonly sku: string;
  readonly meter: string | null;
  /** What no usage explains, by the name that the variance bridge has for it; null for all else. */
  readonly cause: ChargeCause | null;
  /** Units of the meter in one unit of the bill's quantity, decimal text. */
  readonly factor: string;
}

export interface FxRow {
  readonly month: Month;
  readonly from: string;
  readonly to: string;
  readonly rate: string;
  readonly source: string;
}

export interface InvoiceRow {
  readonly provider: string;
  readonly invoiceId: string;
  readonly billingMonth: Month;
  readonly total: string;
  readonly currency: string;
}

export interface CloseLimits {
  /** Decimal text from 0 to 1, or null: nothing is asked. */
  readonly coverage: string | null;
  readonly unallocated: string | null;
  readonly twoPeople: boolean;
}

export interface Chargeback {
  /** Who a line is of. */
  readonly by: 'feature' | 'team';
  readonly expenseAccount: string;
  /** Of features of a category, where it is another. */
  readonly expenseAccounts: readonly { readonly category: string; readonly account: string }[];
  readonly clearingAccount: string;
  /** Of what has none in the registry. */
  readonly costCenter: string;
}

/** What of a month's bill may stay unexplained; both the amount and the ratio must hold. */
export interface VarianceTolerance {
  /** `*` stands for any text. */
  readonly provider: string;
  readonly amount: string;
  readonly ratio: string;
  readonly onBreach: 'stop' | 'warn';
}

export interface AcceptUnpriced {
  readonly provider: string;
  readonly sku: string;
  readonly reason: string;
  readonly expiresOn: Day;
}
