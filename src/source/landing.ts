// landing/: every file as received, content-addressed and immutable, and an append-only index of which name held what, when.
import { randomUUID } from 'node:crypto';
import { appendFile, chmod, mkdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Arrival, BringOptions, Brought } from './arrival.js';
import type { LandedFile } from './source.js';

export interface IndexEntry {
  readonly source: string;
  readonly name: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly unit: string;
  readonly delivery: string;
  readonly receipt?: number;
}

export interface Blob {
  readonly name: string;
  readonly sha256: string;
  readonly bytes: number;
  /** As of a `LandedFile`. */
  readonly receipt?: number;
}

/** What the file system said of a file when it was hashed: while that stays so, it is not hashed again. */
interface Seen {
  readonly state: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly receipt?: number;
}

export class LandingStore {
  readonly #dir: string;
  readonly #sourceId: string;
  readonly #entries: IndexEntry[];
  readonly #seen: Map<string, Seen>;
  #seenChanged = false;
  /** One write at a time. */
  #remembered = Promise.resolve();

  private constructor(dir: string, sourceId: string, entries: IndexEntry[], seen: Map<string, Seen>) {
    this.#dir = dir;
    this.#sourceId = sourceId;
    this.#entries = entries;
    this.#seen = seen;
  }

  static async open(dir: string, sourceId: string): Promise<LandingStore> {
    await mkdir(path.join(dir, 'blobs'), { recursive: true });
    await mkdir(path.join(dir, 'arriving'), { recursive: true });
    const entries = (await readIndex(path.join(dir, 'index.ndjson'))).filter((entry) => entry.source === sourceId);
    return new LandingStore(dir, sourceId, entries, await readSeen(seenFile(dir, sourceId)));
  }

  /** All landings of this source, oldest first. */
  get entries(): readonly IndexEntry[] {
    return this.#entries;
  }

  /** Brings a file into the store, or knows it already: what has not changed since is not read again. */
  async receive(file: Arrival, options: BringOptions = {}): Promise<Blob> {
    const known = this.#seen.get(file.name);
    if (known !== undefined && (await isIn(file, known)) && (await this.#has(known))) {
      options.onBytes?.(known.bytes);
      return { name: file.name, ...told(known) };
    }
    const { state, ...brought } = await this.#bring(file, options);
    if (state !== null) this.#seen.set(file.name, { state, ...told(brought) });
    this.#seenChanged = true;
    return { name: file.name, ...told(brought) };
  }

  /** Appends what is new or changed, in one write, and makes it durable. */
  async record(landed: readonly Omit<IndexEntry, 'source'>[]): Promise<void> {
    const fresh = landed
      .map((entry) => ({
        source: this.#sourceId,
        name: entry.name,
        ...told(entry),
        unit: entry.unit,
        delivery: entry.delivery,
      }))
      .filter(
        (entry) =>
          !isSame(
            this.#entries.findLast((old) => old.name === entry.name),
            entry,
          ),
      );
    if (fresh.length > 0) await appendLines(path.join(this.#dir, 'index.ndjson'), fresh);
    this.#entries.push(...fresh);
    await this.remember();
  }

  /** Keeps what is known of files that were received, though they are not recorded yet: they are not brought again. */
  async remember(): Promise<void> {
    this.#remembered = this.#remembered.then(async () => {
      if (!this.#seenChanged) return;
      this.#seenChanged = false;
      await writeAside(seenFile(this.#dir, this.#sourceId), JSON.stringify([...this.#seen]));
    });
    return this.#remembered;
  }

  /** The newest landing of every name. */
  newest(): ReadonlyMap<string, IndexEntry> {
    return new Map(this.#entries.map((entry) => [entry.name, entry]));
  }

  landed(entry: IndexEntry): LandedFile {
    return landedFile(this.#dir, entry);
  }

  pathOf(sha256: string): string {
    return blobPath(this.#dir, sha256);
  }

  async #has({ sha256, bytes, receipt = bytes }: Content): Promise<boolean> {
    return stat(this.pathOf(sha256)).then(
      (found) => found.size === receipt,
      () => false,
    );
  }

  async #bring(file: Arrival, options: BringOptions): Promise<Brought> {
    const aside = path.join(this.#dir, 'arriving', file.resume ?? randomUUID());
    try {
      const brought = await file.bring(aside, options);
      await this.#keep(aside, brought);
      await rm(aside, { force: true });
      return brought;
    } catch (error) {
      if (file.resume === null) await rm(aside, { force: true });
      throw error;
    }
  }

  async #keep(aside: string, brought: Brought): Promise<void> {
    const { sha256 } = brought;
    if (await this.#has(brought)) {
      // The time of a blob is that of its last landing: what it replaces was replaced no earlier.
      const now = new Date();
      return utimes(this.pathOf(sha256), now, now);
    }
    await mkdir(path.dirname(this.pathOf(sha256)), { recursive: true });
    await chmod(aside, 0o444);
    await rename(aside, this.pathOf(sha256));
  }
}

async function isIn({ state, ofBytes }: Arrival, known: Seen): Promise<boolean> {
  return known.state === (await state()) || (ofBytes !== undefined && known.state === (await ofBytes()));
}

/** All landings of a source, oldest first, for those who bring nothing. */
export async function landingsOf(dir: string, sourceId: string): Promise<readonly IndexEntry[]> {
  return (await readIndex(path.join(dir, 'index.ndjson'))).filter((entry) => entry.source === sourceId);
}

export function landedFile(dir: string, { source, name, unit, delivery, ...content }: IndexEntry): LandedFile {
  return { sourceId: source, name, ...told(content), path: blobPath(dir, content.sha256), unit, delivery };
}

type Content = Pick<LandedFile, 'sha256' | 'bytes' | 'receipt'>;

function told({ sha256, bytes, receipt }: Content): Content {
  return { sha256, bytes, ...(receipt === undefined ? {} : { receipt }) };
}

/** Where the files lie that a run or a lock names. */
export function landedFiles(dir: string, files: readonly Omit<LandedFile, 'path'>[]): readonly LandedFile[] {
  return files.map((file) => landedFile(dir, { ...file, source: file.sourceId }));
}

function blobPath(dir: string, sha256: string): string {
  return path.join(dir, 'blobs', sha256.slice(0, 2), sha256);
}

/** What landed, each of its bytes once a source. */
export type LandedSize = Pick<IndexEntry, 'source' | 'name' | 'bytes'>;

/** Everything that the landing holds, what was replaced since too. */
export async function landedSizes(dir: string): Promise<readonly LandedSize[]> {
  const entries = await readIndex(path.join(dir, 'index.ndjson'));
  return [...new Map(entries.map((entry) => [JSON.stringify([entry.source, entry.sha256]), entry])).values()];
}

/** One line a landing. A last line that a crash cut is no landing: nothing was built on it. */
async function readIndex(file: string): Promise<readonly IndexEntry[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const lines = text.split('\n');
  return lines
    .slice(0, -1)
    .flatMap((line) => (line.startsWith('{') && line.endsWith('}') ? [JSON.parse(line) as IndexEntry] : []));
}

async function appendLines(file: string, entries: readonly IndexEntry[]): Promise<void> {
  const text = await readFile(file, 'utf8').catch(() => '');
  // After a cut line a new one begins, and the cut one stays what it is: no landing.
  const start = text === '' || text.endsWith('\n') ? '' : '\n';
  await appendFile(file, start + entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''), { flush: true });
}

async function readSeen(file: string): Promise<Map<string, Seen>> {
  try {
    return new Map(JSON.parse(await readFile(file, 'utf8')) as [string, Seen][]);
  } catch {
    return new Map();
  }
}

async function writeAside(file: string, text: string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(`${file}.new`, text);
  await rename(`${file}.new`, file);
}

function seenFile(dir: string, sourceId: string): string {
  return path.join(dir, 'seen', `${sourceId}.json`);
}

function isSame(old: IndexEntry | undefined, entry: IndexEntry): boolean {
  return old?.sha256 === entry.sha256 && old.unit === entry.unit && old.delivery === entry.delivery;
}
