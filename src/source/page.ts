// One page of an answer, and where it stands.

/** Where a page stands: a cursor, a number or an address, as text. Null: the first one. */
export type Position = string | null;

export interface Page {
  /** The answer as it came. */
  readonly text: string;
  /** Null: the last page. */
  readonly next: Position;
}
