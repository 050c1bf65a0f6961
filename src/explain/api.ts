// What is asked about a published figure, and the tree that answers.
import type { Month } from '../kernel/period.js';
import type { RunRequest } from '../run/api.js';

export interface ExplainRequest extends Pick<RunRequest, 'pipelineFile' | 'threads' | 'listener' | 'signal' | 'now' | 'env'> {
  readonly month: Month;
}

export interface Question {
  /** Without its layer: `showback_feature_month`. */
  readonly mart: string;
  /** Columns of the mart and what rows must have in them; as text. */
  readonly where: readonly Condition[];
  /** Parts of each figure that are told one by one; the others stand as one. */
  readonly most: number;
}

export interface Condition {
  readonly column: string;
  readonly value: string;
}

export interface Explained {
  readonly mart: string;
  readonly month: Month;
  /** Columns that tell rows of the mart apart, and what was asked for. */
  readonly grain: readonly string[];
  readonly where: readonly Condition[];
  /** The run that publishes the month. */
  readonly runId: string;
  readonly asOf: string;
  /** The month is closed: it is explained by what it was closed with. */
  readonly closed: boolean;
  /** A tree a currency, or one for figures that are no money. */
  readonly trees: readonly Figure[];
}

/**
 * How a figure stands to the one above it. `sum`: these add up to it, in amount where it has one, else in quantity. `of`: it is a part of
 * this one. `by`: the quantity by which it came to its part.
 */
export type Relation = 'sum' | 'of' | 'by';

export type FigureKind =
  /** All rows that were asked for. */
  | 'total'
  /** A row of the mart. */
  | 'row'
  /** What one rule gave of one kind of charge. */
  | 'charge'
  /** A closed month's row that later evidence changed. */
  | 'adjustment'
  /** The part of what was shared in one piece. */
  | 'share'
  /** The piece that was shared. */
  | 'pool'
  /** What a shared service got from another pool. */
  | 'received'
  /** A line of a bill. */
  | 'bill_line'
  /** A month of an entry of the register. */
  | 'register'
  /** The quantity that weighed, of all that did. */
  | 'driver'
  /** Usage of a price, with its quantity. */
  | 'usage'
  /** A declared share, or what a feature earned. */
  | 'declared'
  /** Cost that weighed. */
  | 'weighing_cost'
  /** Capacity that nothing used. */
  | 'idle_capacity'
  /** A cause of the variance bridge. */
  | 'cause'
  /** A day and tier of a key of the bridge. */
  | 'compared'
  | 'billed'
  | 'rated'
  /** A service month of a schedule. */
  | 'service_month'
  /** A row of the statement, rounded to the minor unit as it is charged. */
  | 'statement_row'
  /** What the owner of a record, a control or a finding says of it in its row. */
  | 'told'
  /** Parts that are not told one by one. */
  | 'rest';

export interface Figure {
  readonly kind: FigureKind;
  readonly relation: Relation;
  /** Exact, in the currency of its tree. */
  readonly amount: string | null;
  readonly quantity: string | null;
  /** What else is known of it, by name. */
  readonly facts: Readonly<Record<string, string | null>>;
  readonly parts: readonly Figure[];
}
