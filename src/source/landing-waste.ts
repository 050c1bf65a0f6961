// What of landing/ nobody needs: deliveries that a newer one replaced long ago, and blobs that never got their line in the index.
// The newest landing of every name, and of every billing period of an export, is history and is never among them.
import { open, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { RESUMED } from './arrival.js';
import type { IndexEntry } from './landing.js';
import { supersededBy } from './superseded.js';

export interface LandingNeeds {
  /** Ids of the sources whose old deliveries may go. */
  readonly sources: ReadonlySet<string>;
  /** sha256 of blobs that kept runs were made of. */
  readonly runs: ReadonlySet<string>;
  /** Milliseconds: what was replaced later than this stays. */
  readonly replacedBefore: number;
}

export interface LandingWaste {
  /** The index without the lines that go; null: no line goes. It is written before a blob is removed. */
  readonly index: string | null;
  /** Paths of blobs. */
  readonly deliveries: readonly string[];
  readonly unnamed: readonly string[];
  /** sha256 of the blobs that stay. */
  readonly kept: ReadonlySet<string>;
  /** sha256 of deliveries that go: lines of the index that nothing needs any more. */
  readonly dropped: ReadonlySet<string>;
  readonly notes: readonly string[];
}

interface Line {
  readonly text: string;
  /** Null: nobody can read the line. It stays, and so do the blobs that it names. */
  readonly entry: IndexEntry | null;
}

/** Objects that came in part are gone on with; after this many days nobody will. */
const RESUMED_WITHIN_DAYS = 7;
const DAY = 86_400_000;

/** What a killed run left half-way. */
export async function landingLeftovers(dir: string): Promise<readonly string[]> {
  const arriving = await arrivingLeftovers(path.join(dir, 'arriving'));
  const seen = (await namesIn(path.join(dir, 'seen'))).filter((name) => name.endsWith('.json.new'));
  const own = (await namesIn(dir)).filter((name) => name === 'index.ndjson.new');
  return [...arriving, ...seen.map((name) => path.join(dir, 'seen', name)), ...own.map((name) => path.join(dir, name))];
}

async function arrivingLeftovers(folder: string): Promise<readonly string[]> {
  const files = (await namesIn(folder)).map((name) => ({ name, file: path.join(folder, name) }));
  const old = await Promise.all(
    files.map(
      async ({ name, file }) => !name.startsWith(RESUMED) || (await stat(file)).mtimeMs < Date.now() - RESUMED_WITHIN_DAYS * DAY,
    ),
  );
  return files.filter((_, at) => old[at]).map(({ file }) => file);
}

export async function landingWaste(dir: string, needs: LandingNeeds): Promise<LandingWaste> {
  const lines = await linesOf(path.join(dir, 'index.ndjson'));
  const blobs = await blobsOf(dir);
  if (lines.every((line) => line.entry === null)) return nothingNamed(blobs, dir);
  const dropped = await droppedLines(lines, blobs, needs);
  const kept = lines.filter((line) => !dropped.has(line));
  const named = new Set([...kept.flatMap(namedBy), ...needs.runs]);
  const gone = new Set([...dropped].flatMap(namedBy).filter((sha256) => !named.has(sha256)));
  const left = [...blobs].filter(([sha256]) => !named.has(sha256));
  return {
    index: dropped.size === 0 ? null : kept.map((line) => line.text).join(''),
    deliveries: left.filter(([sha256]) => gone.has(sha256)).map(([, file]) => file),
    unnamed: left.filter(([sha256]) => !gone.has(sha256)).map(([, file]) => file),
    kept: new Set([...blobs.keys()].filter((sha256) => named.has(sha256))),
    dropped: gone,
    notes: [],
  };
}

/** Takes the place of the index at once: aside, made durable, renamed, and the folder made durable before any blob goes. */
export async function replaceIndex(dir: string, text: string): Promise<void> {
  const index = path.join(dir, 'index.ndjson');
  await writeFile(`${index}.new`, text, { flush: true });
  await rename(`${index}.new`, index);
  await using folder = await open(dir, 'r');
  await folder.sync();
}

function nothingNamed(blobs: ReadonlyMap<string, string>, dir: string): LandingWaste {
  const note = `${dir} holds files and its index.ndjson names none: they stay; restore the index, or remove the folder by hand`;
  return {
    index: null,
    deliveries: [],
    unnamed: [],
    kept: new Set(blobs.keys()),
    dropped: new Set(),
    notes: blobs.size === 0 ? [] : [note],
  };
}

async function droppedLines(
  lines: readonly Line[],
  blobs: ReadonlyMap<string, string>,
  needs: LandingNeeds,
): Promise<ReadonlySet<Line>> {
  const readable = lines.flatMap((line) => (line.entry === null ? [] : [{ line, entry: line.entry }]));
  const entries = readable.map(({ entry }) => entry);
  const times = await landingTimes(entries, blobs);
  const replaced = supersededBy(entries);
  const drops = readable.filter(({ entry }, at) => {
    const since = times[replaced[at] ?? -1];
    return (
      since !== undefined && since < needs.replacedBefore && needs.sources.has(entry.source) && !needs.runs.has(entry.sha256)
    );
  });
  return new Set(drops.map(({ line }) => line));
}

/**
 * When each line was landed, at the earliest: the time of its blob, but never before that of a line above it. So a blob that came
 * while the clock was set back does not look older than it is.
 */
async function landingTimes(entries: readonly IndexEntry[], blobs: ReadonlyMap<string, string>): Promise<readonly number[]> {
  const times = new Map<string, number>();
  for (const [sha256, file] of blobs) times.set(sha256, (await stat(file)).mtimeMs);
  let latest = 0;
  return entries.map(({ sha256 }) => (latest = Math.max(latest, times.get(sha256) ?? 0)));
}

function namedBy({ text, entry }: Line): readonly string[] {
  return entry === null ? (text.match(/[0-9a-f]{64}/g) ?? []) : [entry.sha256];
}

async function linesOf(file: string): Promise<readonly Line[]> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    // Anything else than absence is no empty index.
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  return (text.match(/[^\n]*\n|[^\n]+$/g) ?? []).map((line) => ({
    text: line,
    entry: line.endsWith('\n') ? entryOf(line) : null,
  }));
}

function entryOf(line: string): IndexEntry | null {
  try {
    const entry = JSON.parse(line) as Partial<IndexEntry> | null;
    const texts = [entry?.source, entry?.name, entry?.sha256, entry?.unit, entry?.delivery];
    return texts.every((text) => typeof text === 'string') ? (entry as IndexEntry) : null;
  } catch {
    return null;
  }
}

async function blobsOf(dir: string): Promise<ReadonlyMap<string, string>> {
  const blobs = new Map<string, string>();
  for (const folder of await namesIn(path.join(dir, 'blobs'))) {
    for (const name of await namesIn(path.join(dir, 'blobs', folder)))
      if (/^[0-9a-f]{64}$/.test(name) && name.startsWith(folder)) blobs.set(name, path.join(dir, 'blobs', folder, name));
  }
  return blobs;
}

async function namesIn(folder: string): Promise<readonly string[]> {
  const names: string[] = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return [];
    throw error;
  });
  return names.sort();
}
