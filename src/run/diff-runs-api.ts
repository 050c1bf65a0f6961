// What is asked of a comparison of two runs, and what it tells.
import type { Day, Month } from '../kernel/period.js';
import type { RunRequest } from './api.js';

/** Runs are named by the beginnings of their ids. Without `to` the published run; without `from` the one that was published before it. */
export interface RunDiffRequest extends Omit<RunRequest, 'scope' | 'wait' | 'force'> {
  readonly from?: string;
  readonly to?: string;
  /** This month only. */
  readonly month?: Month;
  /** This feature only. */
  readonly feature?: string;
  /** Builds both ends again too, although this very program published them. */
  readonly anew: boolean;
}

export interface ComparedRun {
  readonly runId: string;
  /** When it was begun; null where the ledger does not know. */
  readonly at: string | null;
  readonly asOf: Day;
  readonly months: readonly Month[];
}

/**
 * `program`: the same ingredients, by another version · `source`: what landed of it, and how it is read · `closes`: which months were
 * closed · `month`: only one of the runs published it · `unknown`: nobody can say.
 */
export type IngredientKind =
  | 'program'
  | 'as_of'
  | 'source'
  | 'prices'
  | 'fx'
  | 'rules'
  | 'features'
  | 'fixed_costs'
  | 'revenue'
  | 'settings'
  | 'closes';

/** One thing that is not what it was. */
export interface Change {
  readonly change: 'added' | 'removed' | 'changed';
  readonly what: string;
  /** `file:line` in the configuration of the run that has it, the later one where both do. */
  readonly place: string | null;
  readonly before: string | null;
  readonly after: string | null;
}

export interface Ingredient {
  readonly kind: IngredientKind | 'month' | 'unknown';
  /** Of a source. */
  readonly sourceId: string | null;
  readonly changes: readonly Change[];
}

/** What moved figures: one ingredient, or several that cannot be told apart. */
export interface Cause {
  readonly ingredients: readonly Ingredient[];
  /** Why it is not told apart, or not known; null where it is. */
  readonly note: string | null;
}

/** Moved months that come out of the same two makings. */
export interface Chain {
  readonly months: readonly Month[];
  /** In the order in which ingredients of the one run were replaced by those of the other. */
  readonly causes: readonly Cause[];
  /** How often models were built for it. */
  readonly builds: number;
}

export interface Contribution {
  /** Place in the causes of its chain, from 0. */
  readonly cause: number;
  readonly amount: string;
}

/** Exact amounts; the contributions sum to the difference. */
export interface FigureMove {
  readonly month: Month;
  readonly currency: string;
  /** Null: the whole month. */
  readonly featureId: string | null;
  readonly before: string;
  readonly after: string;
  readonly difference: string;
  /** Place of its chain, from 0. */
  readonly chain: number;
  readonly contributions: readonly Contribution[];
}

export interface RunDiff {
  readonly before: ComparedRun;
  readonly after: ComparedRun;
  readonly chains: readonly Chain[];
  /** Month by month and currency by currency: what moved the most first, the whole month last, unless one feature is asked for. */
  readonly figures: readonly FigureMove[];
  /** Figures of features that did not move. */
  readonly unmoved: number;
}
