// What a lint rule says of one spot; lint.ts adds file, line and column.
import type { SqlNode } from './sql-tree.js';

export interface Finding {
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
  /** Offset in characters; null for the file as a whole. */
  readonly at: number | null;
}

/** Names that `sql/macros/` defines on both engines. */
export interface Macros {
  readonly scalars: ReadonlySet<string>;
  readonly tables: ReadonlySet<string>;
}

/** Reports a rule broken at a node. */
export type Report = (node: SqlNode, code: string, message: string, remedy: string) => void;
