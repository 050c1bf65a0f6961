// What a look at a file tells: what it is and what is in it, or why nobody reads it.
import type { UsageField } from '../kernel/usage-fields.js';
import type { Day, Month } from '../kernel/period.js';
import type { PresetFormat } from '../kernel/usage-formats.js';
import type { InvoiceCsvFormat } from '../pipeline/pipeline.js';
import type { GivenFile } from './given.js';

/** What bills say of themselves. */
export interface BillFacts {
  readonly lines: number;
  /** Only the first lines were looked at. */
  readonly isPart: boolean;
  readonly currencies: readonly string[];
  /** Billing accounts, or organizations. */
  readonly accounts: readonly string[];
  readonly months: readonly Month[];
  /** The last day that it tells of. */
  readonly lastDay: Day | null;
}

/** Key of a tag → value → lines that have it. */
export type TagCounts = ReadonlyMap<string, ReadonlyMap<string, number>>;

export interface FocusFacts extends BillFacts {
  readonly vendors: readonly string[];
  readonly services: readonly string[];
  readonly tags: TagCounts;
}

/** How a log becomes usage events. */
export interface UsageShape {
  /** Whose records they are, where that says what is in them. */
  readonly format?: PresetFormat;
  readonly map: Readonly<Partial<Record<UsageField, string>>>;
  readonly constants: Readonly<Partial<Record<UsageField, string>>>;
  readonly tokens: 'inclusive' | 'exclusive';
  /** A key that holds money of each event; it is not read unless the source says so. */
  readonly moneyKey: string | null;
  /** What is only guessed, by field. */
  readonly guesses: readonly UsageField[];
  /** Keys that no field takes; money has its own word. */
  readonly unread: readonly string[];
}

export interface UsageFacts {
  readonly records: number;
  readonly isPart: boolean;
  readonly rejected: number;
  readonly firstDay: Day | null;
  readonly lastDay: Day | null;
}

export type Finding =
  | { readonly kind: 'focus' | 'aws-cur'; readonly facts: FocusFacts }
  | {
      readonly kind: 'aws-export';
      readonly path: string;
      readonly layout: 'aws-export' | 'aws-cur-legacy';
      /** What its files are. */
      readonly of: 'focus' | 'aws-cur';
      readonly facts: FocusFacts;
    }
  | { readonly kind: 'openai-costs' | 'anthropic-costs'; readonly facts: BillFacts }
  | {
      readonly kind: 'invoice-csv';
      readonly csv: InvoiceCsvFormat;
      readonly vendor: string | null;
      readonly doubts: readonly string[];
      readonly facts: BillFacts;
    }
  | { readonly kind: 'usage'; readonly shape: UsageShape; readonly facts: UsageFacts }
  | Unknown;

export interface Unknown {
  readonly kind: 'unknown';
  readonly reason: string;
  readonly remedy: string;
  /** `unlike`: what it was looked at for, it is not · `noise`: no figures are expected in it, and it is told last. */
  readonly how: 'broken' | 'unlike' | 'noise';
}

export interface Found {
  readonly file: GivenFile;
  readonly finding: Finding;
  /** False: taken for what others of its series are. */
  readonly opened: boolean;
}

export function unknown(reason: string, remedy: string): Unknown {
  return { kind: 'unknown', reason, remedy, how: 'broken' };
}

export function noise(reason: string, remedy: string): Unknown {
  return { ...unknown(reason, remedy), how: 'noise' };
}

export function unlike(reason: string, remedy: string): Unknown {
  return { ...unknown(reason, remedy), how: 'unlike' };
}

export interface NotTaken {
  readonly file: string;
  readonly reason: string;
  readonly remedy: string;
}

/** What may hold figures comes first. */
export function notTakenOf(found: readonly Found[]): readonly NotTaken[] {
  const unknowns = found.flatMap(({ file, finding }) => (finding.kind === 'unknown' ? [{ file: file.name, ...finding }] : []));
  return unknowns
    .toSorted((a, b) => Number(a.how === 'noise') - Number(b.how === 'noise'))
    .map(({ file, reason, remedy }) => ({ file, reason, remedy }));
}
