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

/** What came from the child, held to its form: a child that was taken over may say anything. Null where it is no answer. */
export function answerFrom(said: unknown): SqlAnswer | null {
  if (!isRecord(said)) return null;
  const { kind, columns, rows, exceptionType, message, position } = said;
  if (kind === 'ready' || kind === 'end') return { kind };
  if (kind === 'columns' && isListOf(columns, isColumn)) return { kind, columns };
  if (kind === 'rows' && isListOf(rows, isRow)) return { kind, rows };
  if (kind !== 'refused' || typeof exceptionType !== 'string' || typeof message !== 'string') return null;
  return { kind, exceptionType, message, position: typeof position === 'number' ? position : null };
}

function isListOf<T>(value: unknown, is: (each: unknown) => each is T): value is readonly T[] {
  return Array.isArray(value) && value.every(is);
}

function isRow(value: unknown): value is readonly Cell[] {
  return Array.isArray(value) && value.every((cell) => cell === null || typeof cell === 'string');
}

function isColumn(value: unknown): value is Column {
  return isRecord(value) && typeof value['name'] === 'string' && typeof value['type'] === 'string';
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
