// Publishing to a folder: write aside, hash, force to the disk, give it its name, then flip one link. A reader that resolves
// `current` once sees one whole run; a crash at any point leaves the old run where it was.
import { mkdir, open, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { directoryFailure } from './directory-failure.js';
import { checkLinks, currentRun, ensureFixedLinks, FOLDERS, flipCurrent } from './links.js';
import {
  isIntact,
  MANIFEST_NAME,
  type Manifest,
  manifestText,
  type PublishedFile,
  type RunFacts,
  readManifest,
  type StagedFile,
  sealed,
} from './manifest.js';
import { noteCurrent, partialPath, removeOldRuns, removePartials, removeRun } from './retention.js';

export type { MadeMonth, Manifest, PublishedFile, RunFacts, StagedFile } from './manifest.js';

export interface PublishRequest {
  readonly outDir: string;
  readonly runId: string;
  /** Writes the run's files below `dir` (`csv/`, `parquet/` and `arrow/` are there) and tells every one of them. */
  readonly stage: (dir: string) => Promise<readonly StagedFile[]>;
  readonly manifest: RunFacts;
  /** Old runs to keep beside the current one; never fewer than two. */
  readonly keep?: number;
}

export interface Published {
  /** `flipped`: the very same run was there already. */
  readonly outcome: 'published' | 'flipped';
  /** `<out>/runs/<id>` */
  readonly dir: string;
  readonly manifest: Manifest;
  readonly removed: readonly string[];
}

/** One writer at a time: the caller holds the lock of the run. */
export async function publishRun(request: PublishRequest): Promise<Published> {
  checkRunId(request.runId);
  try {
    return await publish(request);
  } catch (error) {
    throw directoryFailure(error, request.outDir) ?? error;
  }
}

/** What readers see now, or null before the first publish. */
export async function readPublished(outDir: string): Promise<Manifest | null> {
  return readManifest(join(outDir, 'current'));
}

async function publish(request: PublishRequest): Promise<Published> {
  const { outDir, runId } = request;
  const runsDir = join(outDir, 'runs');
  await checkLinks(outDir);
  await mkdir(runsDir, { recursive: true });
  await removePartials(runsDir);
  const partial = partialPath(runsDir, runId);
  const manifest = await staged(request, partial).catch(async (error: unknown) => {
    await rm(partial, { recursive: true, force: true }).catch(() => undefined);
    throw error;
  });
  const outcome = await named(runsDir, partial, manifest);
  await noteCurrent(runsDir, runId);
  await syncFolder(runsDir);
  const before = await currentRun(outDir);
  // Before the flip: a run that is killed behind it is over, and nobody would make them.
  await ensureFixedLinks(outDir);
  await flipCurrent(outDir, runId);
  await syncFolder(outDir);
  const removed = before === runId && outcome === 'flipped' ? [] : await removeOldRuns(runsDir, runId, request.keep);
  return { outcome, dir: join(runsDir, runId), manifest, removed };
}

/** Few enough for any limit of open files. */
const SEALED_AT_ONCE = 32;

async function staged(request: PublishRequest, partial: string): Promise<Manifest> {
  for (const folder of FOLDERS) await mkdir(join(partial, folder), { recursive: true });
  const told = await request.stage(partial);
  const found = await filesBelow(partial);
  checkStaged(told, found);
  const inOrder = [...told].sort((a, b) => (a.path < b.path ? -1 : 1));
  const files: PublishedFile[] = [];
  // Some at once: the disk is waited for once for all of them.
  for (let at = 0; at < inOrder.length; at += SEALED_AT_ONCE) {
    const some = inOrder.slice(at, at + SEALED_AT_ONCE);
    files.push(...(await Promise.all(some.map(async (file) => ({ ...file, ...(await sealed(join(partial, file.path))) })))));
  }
  const manifest = { ...request.manifest, runId: request.runId, files };
  await writeFile(join(partial, MANIFEST_NAME), manifestText(manifest), { flush: true });
  for (const folder of await foldersBelow(partial)) await syncFolder(folder);
  return manifest;
}

/** Gives the folder its name. The same run, whole, is left alone; a damaged one is replaced. */
async function named(runsDir: string, partial: string, manifest: Manifest): Promise<Published['outcome']> {
  const path = join(runsDir, manifest.runId);
  const there = await readManifest(path);
  if (there !== null && manifestText(there) === manifestText(manifest) && (await isIntact(path, there))) {
    await rm(partial, { recursive: true });
    return 'flipped';
  }
  if ((await readdir(runsDir)).includes(manifest.runId)) await removeRun(runsDir, manifest.runId);
  await rename(partial, path);
  return 'published';
}

/** The id becomes the name of a folder. */
function checkRunId(runId: string): void {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(runId) || runId.endsWith('.partial')) {
    throw new Error(`a run id cannot be the name of a folder: ${JSON.stringify(runId)}`);
  }
}

/** The manifest tells every file and no other: what it leaves out could be torn without anybody noticing. */
function checkStaged(told: readonly StagedFile[], found: readonly string[]): void {
  const paths = told.map((file) => file.path);
  const untold = found.filter((path) => !paths.includes(path));
  const missing = paths.filter((path, at) => !found.includes(path) || paths.indexOf(path) !== at);
  if (untold.length > 0) throw new Error(`staged but not told: ${untold.join(', ')}`);
  if (missing.length > 0) throw new Error(`told but not staged, or told twice: ${missing.join(', ')}`);
}

async function filesBelow(dir: string): Promise<readonly string[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => !entry.isDirectory());
  return files.map((entry) =>
    join(entry.parentPath, entry.name)
      .slice(dir.length + 1)
      .split(sep)
      .join('/'),
  );
}

async function foldersBelow(dir: string): Promise<readonly string[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  return [...entries.filter((entry) => entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name)), dir];
}

/** A new name is safe from a power cut only when its folder is on the disk too. */
async function syncFolder(dir: string): Promise<void> {
  await using handle = await open(dir, 'r');
  await handle.sync();
}
