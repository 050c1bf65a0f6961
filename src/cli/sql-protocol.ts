// What the parent and the child that runs foreign SQL say to each other.
import type { Cell, Column } from '../warehouse/warehouse.js';

export interface SqlRequest {
  readonly warehousePath: string;
  readonly sql: string;
  readonly rows: number;
  readonly seconds: number;
  /** Such as `1GB`. */
  readonly memory: string;
  readonly threads: number;
}

export type SqlMessage =
  | { readonly kind: 'columns'; readonly columns: readonly Column[] }
  | { readonly kind: 'rows'; readonly rows: readonly (readonly Cell[])[] }
  | { readonly kind: 'end'; readonly truncated: boolean }
  | { readonly kind: 'refused'; readonly exceptionType: string; readonly message: string; readonly position: number | null };
