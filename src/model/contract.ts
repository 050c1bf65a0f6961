// A contract says what a table is: its grain, its columns, what must hold of its rows, and examples of its model as given/expect rows.
import { LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import type { Column } from '../warehouse/warehouse.js';

/**
 * How the executor builds a model: `table` and `view` once; `level` anew at each level of pools; `append` once a level, adding rows;
 * `input` is filled from outside (the lake, the parameters of the run).
 */
export type Build = 'table' | 'view' | 'level' | 'append' | 'input';

/**
 * When a mart is made, and of what: by every run of its inputs (`run`), by every run of those and of the run that was published before
 * (`history`), or once, when a month closes; then it stays with the close (`close`). Only what every run makes comes out of landing again.
 */
export type Made = (typeof MADE)[number];

const MADE = ['run', 'history', 'close'] as const;

/**
 * What a model is held to whenever it is built: its columns, its checks and its rows (nulls, one a grain). Where contracts of tables that a
 * view reads, or that read every row of it, prove its rows, it is held to its `checks`; its SQL or DECISIONS.md says which. Views of events,
 * whose rows are read often enough, are held to their `columns` alone, and so is what this run only writes down and the next one looks at.
 */
export type Held = (typeof HELD)[number];

const HELD = ['rows', 'checks', 'columns'] as const;

export interface ContractColumn extends Column {
  readonly nullable: boolean;
  readonly about: string;
}

/** A query that returns the rows that break a promise; none is a pass. */
export interface ContractCheck {
  readonly name: string;
  readonly select: string;
  readonly remedy: string;
}

export type ExampleRow = Readonly<Record<string, string | null>>;

export interface Example {
  readonly it: string;
  readonly given: Readonly<Record<string, readonly ExampleRow[]>>;
  /** Columns left out are not compared. Order does not matter. */
  readonly expect: readonly ExampleRow[];
}

export interface Contract {
  readonly about: string;
  readonly grain: readonly string[];
  readonly build: Build;
  readonly made: Made;
  readonly held: Held;
  readonly columns: readonly ContractColumn[];
  readonly checks: readonly ContractCheck[];
  readonly examples: readonly Example[];
}

const cell = z
  .union([z.string(), z.number(), z.boolean(), z.null()])
  .transform((value) => (value === null ? null : String(value)));
const rows = z.array(z.record(z.string(), cell));
const SPEC = z.strictObject({
  about: z.string().min(1),
  grain: z.array(z.string()),
  build: z.enum(['table', 'view', 'level', 'append']).optional(),
  made: z.enum(MADE).default('run'),
  held: z.enum(HELD).default('rows'),
  columns: z.record(z.string(), z.string()),
  checks: z.array(z.strictObject({ name: z.string(), select: z.string(), remedy: z.string() })).default([]),
  examples: z.array(z.strictObject({ it: z.string(), given: z.record(z.string(), rows).default({}), expect: rows })).default([]),
});

/** Reads one contract, or says in which line it breaks the form. */
export function parseContract(text: string, isInput: boolean): Contract | { readonly problem: string; readonly line: number } {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, schema: 'failsafe', uniqueKeys: true });
  const [fault] = document.errors;
  if (fault !== undefined) return { problem: fault.message, line: lines.linePos(fault.pos[0]).line };
  const spec = SPEC.safeParse(nullsOf(document.toJS()));
  if (!spec.success) return { problem: z.prettifyError(spec.error), line: 1 };
  const columns = Object.entries(spec.data.columns).map(([name, told]) => columnOf(name, told));
  const lost = spec.data.grain.filter((name) => !columns.some((column) => column.name === name));
  if (lost.length > 0) return { problem: `grain names no column: ${lost.join(', ')}`, line: 1 };
  return { ...spec.data, build: isInput ? 'input' : (spec.data.build ?? 'table'), columns };
}

/** `DECIMAL(38,12)? Price of one unit`: the type, a question mark where null is allowed, and the meaning. */
function columnOf(name: string, told: string): ContractColumn {
  const match = /^([A-Z0-9_]+(?:\([0-9, ]+\))?)(\??)(?:\s+(.*))?$/s.exec(told);
  if (match === null) return { name, type: told, nullable: true, about: '' };
  return { name, type: (match[1] ?? '').replaceAll(' ', ''), nullable: match[2] === '?', about: (match[3] ?? '').trim() };
}

/** Every scalar is text (decimals keep their digits); the bare word `null` is null. */
function nullsOf(value: unknown): unknown {
  if (value === 'null') return null;
  if (Array.isArray(value)) return value.map(nullsOf);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, nullsOf(inner)]));
}
