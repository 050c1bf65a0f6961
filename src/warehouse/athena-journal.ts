// What was asked of Athena, kept in the state of a run: a restarted process finds its queries here and pays for none of them twice.
import { createHash } from 'node:crypto';
import { type FileHandle, mkdir, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { diskFailure } from '../kernel/disk-failure.js';

/**
 * `asked`: the token is settled, the query may or may not have been started · `started`: Athena gave it an id ·
 * `refused`: it was not started, the token is still free · `ended`: succeeded or not; `VOID` where the token leads nowhere any more.
 */
type Entry =
  | {
      readonly entry: 'asked';
      readonly run: string;
      readonly name: string;
      readonly attempt: number;
      readonly sql: string;
      readonly token: string;
    }
  | { readonly entry: 'started'; readonly token: string; readonly query: string }
  | { readonly entry: 'refused'; readonly token: string }
  | { readonly entry: 'ended'; readonly token: string; readonly state: EndState; readonly bytes: string };

export type EndState = 'SUCCEEDED' | 'FAILED' | 'CANCELLED' | 'VOID';

/** One attempt at a statement, as it is to be made now. */
export interface Asked {
  readonly attempt: number;
  readonly token: string;
  /** Of a process before, or of an earlier call: it may be at work. */
  readonly isOld: boolean;
  readonly queryId: string | null;
}

interface Attempt {
  readonly attempt: number;
  readonly token: string;
  readonly name: string;
  readonly queryId: string | null;
  readonly state: EndState | 'open' | 'refused';
  readonly bytes: bigint;
}

export interface Scan {
  readonly queryId: string;
  readonly name: string;
  readonly bytes: bigint;
}

export const JOURNAL_FILE = 'athena-queries.ndjson';

/** Athena takes 32 to 128 characters. */
export function requestToken(runId: string, name: string, attempt: number, sql: string): string {
  return digest(JSON.stringify([runId, name, attempt, sql]));
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

export async function openJournal(dir: string, runId: string): Promise<Journal> {
  const file = join(dir, JOURNAL_FILE);
  try {
    await mkdir(dir, { recursive: true });
    const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null;
      throw error;
    });
    const handle = await open(file, 'a');
    if (text === null) await syncFolder(dir);
    return new Journal(handle, file, runId, text ?? '');
  } catch (error) {
    throw unwritten(error, file);
  }
}

function unwritten(error: unknown, file: string): unknown {
  return diskFailure(error, { doing: 'write down what was asked of Athena', place: file }) ?? error;
}

export class Journal {
  readonly #handle: FileHandle;
  readonly #file: string;
  readonly #runId: string;
  readonly #attempts = new Map<string, Attempt>();
  /** Of tokens: which statement they belong to. */
  readonly #keys = new Map<string, string>();
  readonly #ended = new Map<string, Attempt>();
  #torn: boolean;
  #writing: Promise<void> = Promise.resolve();

  constructor(handle: FileHandle, file: string, runId: string, text: string) {
    this.#handle = handle;
    this.#file = file;
    this.#runId = runId;
    this.#torn = text !== '' && !text.endsWith('\n');
    for (const line of text.split('\n')) this.#apply(entryOf(line));
  }

  /** The attempt that is to be made of a statement: the one that is open or done, else a new one. Nothing is written yet. */
  next(name: string, sql: string): Asked {
    const last = this.#attempts.get(keyOf(this.#runId, name, digest(sql)));
    if (last === undefined) return this.#fresh(name, sql, 1);
    if (last.state === 'refused') return this.#fresh(name, sql, last.attempt);
    if (last.state === 'open' || last.state === 'SUCCEEDED') return { ...last, isOld: true };
    return this.#fresh(name, sql, last.attempt + 1);
  }

  #fresh(name: string, sql: string, attempt: number): Asked {
    return { attempt, token: requestToken(this.#runId, name, attempt, sql), isOld: false, queryId: null };
  }

  async asked(name: string, sql: string, { attempt, token }: Asked): Promise<void> {
    await this.#write({ entry: 'asked', run: this.#runId, name, attempt, sql: digest(sql), token });
  }

  async started(token: string, query: string): Promise<void> {
    await this.#write({ entry: 'started', token, query });
  }

  async refused(token: string): Promise<void> {
    await this.#write({ entry: 'refused', token });
  }

  async ended(token: string, state: EndState, bytes: bigint): Promise<void> {
    await this.#write({ entry: 'ended', token, state, bytes: String(bytes) });
  }

  /** The query of a statement is of no use any more: the next attempt is a new one. */
  async gone(name: string, sql: string): Promise<void> {
    const last = this.#attempts.get(keyOf(this.#runId, name, digest(sql)));
    if (last !== undefined) await this.ended(last.token, 'VOID', last.bytes);
  }

  /** What ended queries of the run scanned, those of processes before too. */
  scans(): readonly Scan[] {
    return [...this.#ended.values()].flatMap(({ queryId, name, bytes }) => (queryId === null ? [] : [{ queryId, name, bytes }]));
  }

  async close(): Promise<void> {
    await this.#writing.catch(() => undefined);
    await this.#handle.close();
  }

  /** On disk when it returns; lines come one after the other. */
  #write(entry: Entry): Promise<void> {
    this.#apply(entry);
    this.#writing = this.#writing.catch(() => undefined).then(() => this.#append(JSON.stringify(entry)));
    return this.#writing;
  }

  async #append(line: string): Promise<void> {
    // A line that a kill or a full disk cut keeps to itself.
    const start = this.#torn ? '\n' : '';
    this.#torn = true;
    try {
      await this.#handle.appendFile(`${start}${line}\n`);
      await this.#handle.datasync();
    } catch (error) {
      throw unwritten(error, this.#file);
    }
    this.#torn = false;
  }

  #apply(entry: Entry | null): void {
    if (entry === null) return;
    if (entry.entry === 'asked') {
      if (entry.run !== this.#runId) return;
      const key = keyOf(entry.run, entry.name, entry.sql);
      const { attempt, token, name } = entry;
      this.#keys.set(token, key);
      this.#attempts.set(key, { attempt, token, name, queryId: null, state: 'open', bytes: 0n });
      return;
    }
    const key = this.#keys.get(entry.token);
    const known = key === undefined ? undefined : this.#attempts.get(key);
    if (key === undefined || known?.token !== entry.token) return;
    this.#attempts.set(key, changed(known, entry));
    if (entry.entry === 'ended') this.#ended.set(entry.token, changed(known, entry));
  }
}

function changed(known: Attempt, entry: Exclude<Entry, { entry: 'asked' }>): Attempt {
  switch (entry.entry) {
    case 'started':
      return { ...known, queryId: entry.query };
    case 'refused':
      return { ...known, state: 'refused' };
    case 'ended':
      return { ...known, state: entry.state, bytes: BigInt(entry.bytes) };
    default:
      return entry satisfies never;
  }
}

function keyOf(run: string, name: string, sqlDigest: string): string {
  return JSON.stringify([run, name, sqlDigest]);
}

/** Null for a line that was cut, or that no version of ours has written. */
function entryOf(line: string): Entry | null {
  try {
    const value: unknown = JSON.parse(line);
    return isEntry(value) ? value : null;
  } catch {
    return null;
  }
}

const FIELDS: Readonly<Record<Entry['entry'], readonly string[]>> = {
  asked: ['run', 'name', 'sql', 'token'],
  started: ['token', 'query'],
  refused: ['token'],
  ended: ['token', 'state', 'bytes'],
};

const END_STATES = new Set(['SUCCEEDED', 'FAILED', 'CANCELLED', 'VOID']);

function isEntry(value: unknown): value is Entry {
  if (typeof value !== 'object' || value === null) return false;
  const entry = value as Readonly<Record<string, unknown>>;
  const kind = String(entry['entry']);
  if (!Object.hasOwn(FIELDS, kind)) return false;
  const texts = FIELDS[kind as Entry['entry']];
  if (!texts.every((name) => typeof entry[name] === 'string')) return false;
  if (kind === 'asked') return Number.isSafeInteger(entry['attempt']) && Number(entry['attempt']) >= 1;
  return kind !== 'ended' || (END_STATES.has(String(entry['state'])) && /^\d{1,30}$/.test(String(entry['bytes'])));
}

/** So that the file's name, too, outlives a crash. */
async function syncFolder(dir: string): Promise<void> {
  const folder = await open(dir, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
