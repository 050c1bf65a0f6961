// landing/: every file as received, content-addressed and immutable, and an append-only index of which name held what, when.
import { createHash, type Hash, randomUUID } from 'node:crypto';
import { appendFile, chmod, type FileHandle, mkdir, open, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Failure, type Problem } from '../kernel/failure.js';
import { BOMB, integrityOf } from './integrity.js';
import type { ListedFile } from './listing.js';
import type { LandedFile } from './source.js';

const CHUNK = 1 << 22;

export interface IndexEntry {
  readonly source: string;
  readonly name: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly unit: string;
  readonly delivery: string;
}

export interface Blob {
  readonly name: string;
  readonly sha256: string;
  readonly bytes: number;
}

/** What the file system said of a file when it was hashed: while that stays so, it is not hashed again. */
interface Seen {
  readonly state: string;
  readonly sha256: string;
  readonly bytes: number;
}

export class LandingStore {
  readonly #dir: string;
  readonly #sourceId: string;
  readonly #entries: IndexEntry[];
  readonly #seen: Map<string, Seen>;
  #seenChanged = false;

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

  /** Copies a file into the store, or knows it already. A file that changes meanwhile, or is cut, is refused. */
  async receive(file: ListedFile, signal?: AbortSignal): Promise<Blob> {
    const before = await stateOf(file);
    const known = this.#seen.get(file.name);
    if (known !== undefined && known.state === before.state && (await this.#has(known))) return { name: file.name, ...known };
    const startedAt = Date.now();
    const blob = await this.#copy(file, before.state, signal);
    // A file written in this very moment may change again without its time changing: it is hashed again next time.
    if (startedAt - before.changedAt > 2000)
      this.#seen.set(file.name, { state: before.state, sha256: blob.sha256, bytes: blob.bytes });
    this.#seenChanged = true;
    return blob;
  }

  /** Appends what is new or changed, in one write, and makes it durable. */
  async record(landed: readonly Omit<IndexEntry, 'source'>[]): Promise<void> {
    const fresh = landed
      .map((entry) => ({
        source: this.#sourceId,
        name: entry.name,
        sha256: entry.sha256,
        bytes: entry.bytes,
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
    if (this.#seenChanged) await writeAside(seenFile(this.#dir, this.#sourceId), JSON.stringify([...this.#seen]));
    this.#seenChanged = false;
  }

  /** The newest landing of every name. */
  newest(): ReadonlyMap<string, IndexEntry> {
    return new Map(this.#entries.map((entry) => [entry.name, entry]));
  }

  landed(entry: IndexEntry): LandedFile {
    const { source, name, sha256, bytes, unit, delivery } = entry;
    return { sourceId: source, name, sha256, bytes, path: this.pathOf(sha256), unit, delivery };
  }

  pathOf(sha256: string): string {
    return path.join(this.#dir, 'blobs', sha256.slice(0, 2), sha256);
  }

  async #has(blob: { readonly sha256: string; readonly bytes: number }): Promise<boolean> {
    return stat(this.pathOf(blob.sha256)).then(
      (found) => found.size === blob.bytes,
      () => false,
    );
  }

  async #copy(file: ListedFile, state: string, signal: AbortSignal | undefined): Promise<Blob> {
    const aside = path.join(this.#dir, 'arriving', randomUUID());
    try {
      const { sha256, bytes } = await copyWhole(file, aside, signal);
      if ((await stateOf(file)).state !== state) throw changed(file.name);
      if (await this.#has({ sha256, bytes })) {
        // The time of a blob is that of its last landing: what it replaces was replaced no earlier.
        const now = new Date();
        await utimes(this.pathOf(sha256), now, now);
      } else {
        await mkdir(path.dirname(this.pathOf(sha256)), { recursive: true });
        await chmod(aside, 0o444);
        await rename(aside, this.pathOf(sha256));
      }
      return { name: file.name, sha256, bytes };
    } finally {
      await rm(aside, { force: true });
    }
  }
}

async function copyWhole(
  file: ListedFile,
  aside: string,
  signal: AbortSignal | undefined,
): Promise<{ readonly sha256: string; readonly bytes: number }> {
  await using source = await open(file.path, 'r').catch((error: unknown) => {
    throw unreadable(file.name, error);
  });
  await using target = await open(aside, 'wx');
  const hash = createHash('sha256');
  const { bytes, problem } = await pump(source, target, hash, file.name, signal);
  if (problem !== null) throw broken(file.name, problem);
  await target.sync();
  return { sha256: hash.digest('hex'), bytes };
}

async function pump(
  source: FileHandle,
  target: FileHandle,
  hash: Hash,
  name: string,
  signal: AbortSignal | undefined,
): Promise<{ bytes: number; problem: string | null }> {
  const buffer = Buffer.allocUnsafe(CHUNK);
  const integrity = integrityOf(name);
  let bytes = 0;
  for (;;) {
    signal?.throwIfAborted();
    const { bytesRead } = await source.read(buffer, 0, CHUNK, null);
    if (bytesRead === 0) return { bytes, problem: await integrity.finish() };
    const chunk = buffer.subarray(0, bytesRead);
    const written = target.write(chunk);
    hash.update(chunk);
    await Promise.all([written, integrity.take(chunk)]);
    bytes += bytesRead;
  }
}

async function stateOf(file: ListedFile): Promise<{ readonly state: string; readonly changedAt: number }> {
  const found = await stat(file.path, { bigint: true }).catch((error: unknown) => {
    throw unreadable(file.name, error);
  });
  return { state: [found.size, found.mtimeNs, found.ctimeNs, found.ino, found.dev].join(' '), changedAt: Number(found.ctimeMs) };
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

function unreadable(name: string, error: unknown): Failure {
  const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
  return whole(
    'source/unreadable',
    name,
    `\`${name}\` cannot be read (${reason})`,
    'check that the file is there and that you may read it, then run again',
  );
}

function changed(name: string): Failure {
  return whole(
    'source/changed',
    name,
    `\`${name}\` changed while it was being copied`,
    'run again once it is written; let writers write aside and rename',
  );
}

function broken(name: string, reason: string): Failure {
  if (reason === BOMB)
    return whole(
      'source/bomb',
      name,
      `\`${name}\` is refused: ${reason}`,
      'find out who packed it; a true file of that kind is delivered unpacked, or in smaller files',
    );
  const message = `\`${name}\` is cut or damaged: ${reason}`;
  return whole(
    'source/truncated',
    name,
    message,
    'deliver the whole file again; a part of it is not used, so that no month is part of a month',
  );
}

function whole(code: string, file: string, message: string, remedy: string): Failure {
  const problem: Problem = { code, message, remedy, place: { file } };
  return new Failure('unavailable', [problem]);
}
