// What is asked of Athena, and what is told of it.
import type { Place } from '../kernel/failure.js';
import type { CatalogTable } from './athena-api.js';
import type { FaultCategory } from './athena-faults.js';
import type { Row } from './warehouse.js';

export interface Statement {
  /** The model, or what the statement is for. A name and its text are run once in a run: ask anew under another name. */
  readonly name: string;
  readonly sql: string;
  /** The model's file. */
  readonly place?: Place;
  /** The line of that file of a line of `sql`, counted from 1. */
  readonly sourceLine?: (line: number) => number | null;
  /** Before another attempt: an UNLOAD needs an empty target, and one that failed leaves files. */
  readonly beforeRetry?: () => Promise<void>;
  /** It looks at what others may change: each call asks Athena anew, and none is answered by an earlier query. */
  readonly anew?: boolean;
}

export interface Done {
  readonly queryId: string;
  readonly scannedBytes: bigint;
  readonly seconds: number;
  /** A process before this one started the query, or this one did for an earlier call. */
  readonly attached: boolean;
}

export interface Scanned {
  readonly bytes: bigint;
  /** Of each statement that scanned anything, the most first. */
  readonly byName: readonly (readonly [name: string, bytes: bigint])[];
}

export interface AthenaQueries extends AsyncDisposable {
  /** Whether the workgroup and the database can be used; everything that is wrong is one `Failure`. */
  preflight(): Promise<void>;
  /** Runs a statement, or finds the query that a process before started of it. */
  execute(statement: Statement): Promise<Done>;
  /** The rows of a SELECT or SHOW, all of them: null is null, every other value text. */
  rows(select: Statement): Promise<readonly Row[]>;
  /** Every table and view of the database, as it is now. */
  tables(): Promise<readonly CatalogTable[]>;
  /** By this run, earlier starts of it and found queries included. */
  scanned(): Scanned;
}

interface Named {
  readonly name: string;
  readonly queryId: string;
}

/** What is told while statements run. Names are those of statements. */
export type AthenaEvent =
  | (Named & { readonly kind: 'started'; readonly attempt: number; readonly attached: boolean })
  | {
      readonly kind: 'retried';
      readonly name: string;
      readonly attempt: number;
      readonly why: FaultCategory;
      readonly words: string;
    }
  | (Named & Done & { readonly kind: 'done' })
  | (Named & { readonly kind: 'stopped' | 'not-stopped' });

/** The file, and its line where the engine names one and the statement knows which it is. */
export function placeIn(statement: Statement, words: string): Place | undefined {
  const { place, sourceLine } = statement;
  const told = /\bline (\d+):\d+/.exec(words)?.[1];
  const line = told === undefined ? null : (sourceLine?.(Number(told)) ?? null);
  if (place === undefined || line === null) return place;
  return { file: place.file, line };
}
