// Which months are closed, and what each was closed with. The journal says it: a line more for every close and reopening, never one
// less. A close is whole in a folder of its own before its line is written; a folder without a line does not count.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { Failure } from '../kernel/failure.js';
import { type Day, firstDay, type Month, plusMonths } from '../kernel/period.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import type { PublishedFile } from '../publish/directory.js';
import { landedFiles } from '../source/landing.js';
import type { ControlTotal, LandedFile } from '../source/source.js';
import type { ParameterTables } from './rule-parameters.js';
import { appendDurably, bytesIn, namesIn } from './state.js';

/** What a month was closed with, by hash, and by whom. No clock time is in it: the journal has that. */
export interface Lock {
  readonly schemaVersion: 1;
  readonly pipeline: string;
  readonly month: Month;
  readonly asOf: Day;
  /** Fingerprint of all that the month is a function of. */
  readonly inputs: string;
  /** Hash of rules, prices, registry and sources. */
  readonly rules: string;
  /** Hash of the models and macros. */
  readonly models: string;
  /** Of the program and of the engine. */
  readonly versions: string;
  /** Digest of the month's own evidence, as `allocation.month_evidence` has it. */
  readonly evidence: string;
  readonly landed: readonly Omit<LandedFile, 'path'>[];
  readonly controls: readonly ControlTotal[];
  /** As seen from its own folder. */
  readonly pipelineFile: string;
  readonly configuration: readonly LockedFile[];
  /** The published files of the month. */
  readonly files: readonly PublishedFile[];
  /** Files that closing made: the next run publishes them too. Absent from what earlier versions closed. */
  readonly atClose?: readonly PublishedFile[];
  readonly ledger: { readonly rows: number; readonly sha256: string };
  /** What the register gave the month, by entry and kind. */
  readonly register: readonly Readonly<Record<'entry_id' | 'kind' | 'currency' | 'amount', string>>[];
  /** Statement of the month, one a currency. */
  readonly totals: readonly { readonly currency: string; readonly amount: string; readonly statement: string }[];
  readonly preparedBy: string | null;
  readonly approvedBy: string;
  readonly reason: string;
}

/** One file of the configuration: its path as seen from the pipeline file, or its place among the built-in books. */
export interface LockedFile {
  readonly path: string;
  readonly builtin: boolean;
  readonly sha256: string;
  /** Name of the copy below `config/`. */
  readonly copy: string;
}

export interface ClosedMonth {
  readonly month: Month;
  /** Folder of the close, absolute. */
  readonly dir: string;
  readonly closedAt: string;
  readonly lockSha256: string;
  readonly lock: Lock;
}

/** Everything below `files/` of the close: what stays published of the month. */
export function filesOf({ files, atClose = [] }: Lock): readonly PublishedFile[] {
  return [...files, ...atClose];
}

export interface Books {
  /** Oldest first: the first months of the books, without a gap. */
  readonly closed: readonly ClosedMonth[];
  /** The month that is being closed or verified, or null. */
  readonly closing: Month | null;
}

export const NO_BOOKS: Books = { closed: [], closing: null };

export type JournalEntry =
  | {
      readonly entry: 'closed';
      readonly month: Month;
      /** Name of its folder. */
      readonly folder: string;
      /** sha256 of its `lock.json`. */
      readonly lock: string;
      readonly at: string;
      readonly preparedBy: string | null;
      readonly approvedBy: string;
      readonly reason: string;
    }
  | { readonly entry: 'reopened'; readonly month: Month; readonly at: string; readonly by: string; readonly reason: string };

const JOURNAL = 'journal.ndjson';
export const LOCK = 'lock.json';
export const LEDGER = 'ledger.parquet';
/** Below it lie the published files of the month, by their paths. */
export const FILES = 'files';

export function booksDir({ stateDir, name }: Pick<Pipeline, 'stateDir' | 'name'>): string {
  return join(stateDir, 'closed', name);
}

/**
 * Everything that was ever closed or reopened, oldest first. Throws `Failure('check')` where a line cannot be read: a closed month must
 * not open by damage. What a crash cut is the beginning of a line without its end, and says nothing.
 */
export async function readJournal(pipeline: Pick<Pipeline, 'stateDir' | 'name'>): Promise<readonly JournalEntry[]> {
  const path = join(booksDir(pipeline), JOURNAL);
  const text = Buffer.from((await bytesIn(path)) ?? '').toString('utf8');
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.flatMap((line, at) => {
    const entry = entryOf(line);
    if (entry !== null) return entry;
    const begins = BEGIN.startsWith(line) || line.startsWith(BEGIN);
    if (begins && !line.endsWith('}')) return [];
    throw new Failure('check', [damagedJournal(path, at + 1)]);
  });
}

/** How every line begins. */
const BEGIN = '{"entry":"';

function entryOf(line: string): JournalEntry | null {
  try {
    return JSON.parse(line) as JournalEntry;
  } catch {
    return null;
  }
}

function damagedJournal(path: string, line: number) {
  const remedy = 'put the folder back from a copy of the state folder';
  return { code: 'close/damaged', message: 'the journal of closed months was changed', remedy, place: { file: path, line } };
}

/** Appends one line and forces it to the disk. */
export async function writeJournal(pipeline: Pick<Pipeline, 'stateDir' | 'name'>, entry: JournalEntry): Promise<void> {
  await appendDurably(join(booksDir(pipeline), JOURNAL), JSON.stringify(entry));
}

/** Throws `Failure('check')` where a lock is not what the journal says. */
export async function readBooks(pipeline: Pick<Pipeline, 'stateDir' | 'name'>): Promise<Books> {
  const closed: ClosedMonth[] = [];
  for (const entry of inForce(await readJournal(pipeline))) {
    const close = await closedBy(pipeline, entry);
    if (close === null) throw new Failure('check', [damaged(entry.month, join(booksDir(pipeline), entry.folder, LOCK))]);
    closed.push(close);
  }
  return { closed, closing: null };
}

/** Every close whose folder is still whole, those among them that were opened again since. */
export async function everClosed(pipeline: Pick<Pipeline, 'stateDir' | 'name'>): Promise<readonly ClosedMonth[]> {
  const found: ClosedMonth[] = [];
  for (const entry of await readJournal(pipeline)) {
    const close = entry.entry === 'closed' ? await closedBy(pipeline, entry) : null;
    if (close !== null) found.push(close);
  }
  return found;
}

/** Null where the lock is not what the journal says. */
async function closedBy(pipeline: Pick<Pipeline, 'stateDir' | 'name'>, entry: Closing): Promise<ClosedMonth | null> {
  const dir = join(booksDir(pipeline), entry.folder);
  const bytes = await bytesIn(join(dir, LOCK));
  if (bytes === null || sha256Of(bytes) !== entry.lock) return null;
  const lock = JSON.parse(Buffer.from(bytes).toString('utf8')) as Lock;
  return { month: entry.month, dir, closedAt: entry.at, lockSha256: entry.lock, lock };
}

type Closing = Extract<JournalEntry, { readonly entry: 'closed' }>;

/** The closings that were not reopened since, by month. */
export function inForce(journal: readonly JournalEntry[]): readonly Closing[] {
  const closings = new Map<Month, Closing>();
  for (const entry of journal) {
    if (entry.entry === 'closed') closings.set(entry.month, entry);
    else closings.delete(entry.month);
  }
  return [...closings.values()].toSorted((a, b) => (a.month < b.month ? -1 : 1));
}

export function damaged(month: Month, path: string) {
  const message = `what ${month} was closed with is gone or was changed: ${path}`;
  const remedy = 'put the folder back from a copy of the state folder; a closed month is not made anew';
  return { code: 'close/damaged', message, remedy };
}

export function sha256Of(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/** The last closed month, or null. */
export function lastClosed({ closed }: Books): Month | null {
  return closed.at(-1)?.month ?? null;
}

/** The first month that is open. */
export function firstOpenMonth(pipeline: Pick<Pipeline, 'start'>, books: Books): Month {
  const last = lastClosed(books);
  return last === null || last < pipeline.start ? pipeline.start : plusMonths(last, 1);
}

/** Of a plan where nothing stays as it was published. */
export const NOTHING_BEFORE = { carried: [], books: NO_BOOKS, leaves: false } as const;

/** Rows of `run.closed_month` and `run.watched_month`. `rules`: the hash of those that are in force now. */
export function closedTables({ closed: months, closing }: Books, rules: string): ParameterTables {
  const closed = months.map(({ month, lock }) => ({
    billing_month: firstDay(month),
    evidence: lock.evidence,
    same_rules: String(lock.rules === rules),
  }));
  const register = months.flatMap(({ month, lock }) => lock.register.map((row) => ({ billing_month: firstDay(month), ...row })));
  const watched = [...months.map(({ month }) => month), ...(closing === null ? [] : [closing])];
  const days = watched.map((month) => ({ billing_month: firstDay(month) }));
  return { 'run.closed_month': closed, 'run.watched_month': days, 'run.closed_register': register };
}

/** Closes that were killed before they were whole. A whole folder without a line is never removed: its line may be what is lost. */
export async function booksLeftovers(stateDir: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const name of await namesIn(join(stateDir, 'closed'))) {
    const dir = booksDir({ stateDir, name });
    found.push(...(await namesIn(dir)).filter(isUnfinished).map((folder) => join(dir, folder)));
  }
  return found;
}

/** `2026-08.1`, on its way to be whole. */
function isUnfinished(folder: string): boolean {
  return /^\d{4}-\d{2}\.\d+\.partial$/.test(folder);
}

/** sha256 of everything in landing that a closed month stands on. */
export async function landedOfBooks(stateDir: string): Promise<ReadonlySet<string>> {
  const landed = new Set<string>();
  for (const name of await namesIn(join(stateDir, 'closed'))) {
    const { closed } = await readBooks({ stateDir, name });
    for (const { lock } of closed) for (const { sha256 } of lock.landed) landed.add(sha256);
  }
  return landed;
}

/**
 * The folder of the next close of a month: the first number that is free, or that holds this very lock without a line of the journal.
 * A whole folder that no line names is passed over, never written over.
 */
export async function nextFolder(
  pipeline: Pick<Pipeline, 'stateDir' | 'name'>,
  month: Month,
  lock: string | null,
): Promise<string> {
  const told = new Set((await readJournal(pipeline)).flatMap((entry) => (entry.entry === 'closed' ? entry.folder : [])));
  const there = new Set(await namesIn(booksDir(pipeline)));
  for (let number = 1; ; number += 1) {
    const folder = `${month}.${number}`;
    if (!there.has(folder)) return folder;
    const bytes = told.has(folder) || lock === null ? null : await bytesIn(join(booksDir(pipeline), folder, LOCK));
    if (bytes !== null && sha256Of(bytes) === lock) return folder;
  }
}

/** Where a landed file of a lock lies. */
export function landedOf(lock: Lock, stateDir: string): readonly LandedFile[] {
  return landedFiles(join(stateDir, 'landing'), lock.landed);
}
