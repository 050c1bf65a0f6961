// What the command line asks of closed months, and what it gets back.
import type { Month } from '../kernel/period.js';
import type { RunRequest } from './api.js';

/** Who closes or opens a month, and why: it stands in the journal for ever. */
export interface CloseRequest extends Omit<RunRequest, 'scope' | 'force'> {
  readonly month: Month;
  /** Null where one person does both. */
  readonly preparedBy: string | null;
  readonly approvedBy: string;
  readonly reason: string;
}

export interface CloseResult {
  readonly month: Month;
  readonly approvedBy: string;
  readonly preparedBy: string | null;
  /** sha256 of all that the month was closed with. */
  readonly lock: string;
  readonly dir: string;
  readonly files: number;
  /** Statement of the month, one a currency. */
  readonly totals: readonly { readonly currency: string; readonly amount: string; readonly statement: string }[];
  /** What the general ledger is posted, or null where the pipeline names no accounts. */
  readonly journal: ClosedJournal | null;
}

export interface ClosedJournal {
  /** Its CSV, where it was closed. */
  readonly path: string;
  readonly lines: number;
  /** What is debited, and credited, one a currency. */
  readonly totals: readonly { readonly currency: string; readonly posted: string }[];
}

export interface ReopenRequest extends Pick<RunRequest, 'pipelineFile' | 'wait' | 'listener' | 'now' | 'signal'> {
  readonly month: Month;
  readonly by: string;
  readonly reason: string;
}

export interface VerifyRequest extends Omit<RunRequest, 'scope' | 'force' | 'wait'> {
  readonly month: Month;
}

export interface StatementsRequest extends Pick<RunRequest, 'pipelineFile' | 'signal'> {
  readonly month: Month;
  /** Absolute; the statements go to a folder of the month's name in it. */
  readonly dir: string;
  /** All where none is named. */
  readonly customers: readonly string[];
}

export interface StatementsResult {
  readonly month: Month;
  readonly pipeline: string;
  /** Where they lie. */
  readonly dir: string;
  readonly statements: number;
  /** In minor units: what is stated, of customers that were not asked for, of no customer, and all, which is what was closed. */
  readonly totals: readonly Readonly<Record<'currency' | 'stated' | 'others' | 'nobody' | 'total', string>>[];
}

/** One thing that was compared. */
export interface Verified {
  readonly what: string;
  readonly holds: boolean;
}

export interface VerifyResult {
  readonly month: Month;
  readonly closedAt: string;
  readonly approvedBy: string;
  readonly lock: string;
  readonly checked: readonly Verified[];
}
