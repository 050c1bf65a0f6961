// What the parent and the child that runs foreign SQL say to each other. Each order but `interrupt` has one answer, so that the
// child never runs ahead of whoever reads.
import type { Cell, Column } from '../warehouse/warehouse.js';

export interface SqlRequest {
  readonly sql: string;
  /** Values by their name in the query. */
  readonly parameters: readonly (readonly [string, string])[];
}

export type SqlOrder =
  | { readonly kind: 'open'; readonly path: string; readonly memoryMb: number; readonly threads: number }
  | { readonly kind: 'select'; readonly request: SqlRequest }
  | { readonly kind: 'more' }
  | { readonly kind: 'interrupt' };

export type SqlAnswer =
  | { readonly kind: 'ready' }
  | { readonly kind: 'columns'; readonly columns: readonly Column[] }
  | { readonly kind: 'rows'; readonly rows: readonly (readonly Cell[])[] }
  | { readonly kind: 'end' }
  | { readonly kind: 'refused'; readonly exceptionType: string; readonly message: string; readonly position: number | null };

/** What the child may hold beside the engine's memory: its own heap, and what the engine takes without counting it. */
export const HEADROOM_MB = 1024;
/** The longest value of one cell, in characters. */
export const CELL_LIMIT = 16 * 1024 * 1024;
