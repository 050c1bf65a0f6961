// What a run was made of, in its folder of the state: which landed bytes, and where it was meant to be published. It is written
// before anything else of the run, so that nothing that a kept run stands on is ever collected.
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { writeAside, writeBytes } from './state.js';

const NAME = 'manifest.json';

export interface RunManifest {
  readonly pipeline: string;
  /** Output folders, as seen from the state folder: the company folder may move. */
  readonly outs: readonly string[];
  /** sha256 of landed files. */
  readonly landed: readonly string[];
}

/** One folder below `<state>/runs`. */
export interface StoredRun {
  readonly id: string;
  readonly path: string;
  /** Null: none that this version can read. */
  readonly manifest: RunManifest | null;
}

export interface MadeOf {
  readonly pipeline: string;
  readonly outDir: string;
  readonly landed: readonly { readonly sha256: string }[];
}

/** The same run may be published in two folders, by two pipeline files that differ in nothing else: it names both. */
export async function noteMadeOf(stateDir: string, runId: string, { pipeline, outDir, landed }: MadeOf): Promise<void> {
  const path = join(stateDir, 'runs', runId, NAME);
  const before = (await readRunManifest(path))?.outs ?? [];
  const manifest: RunManifest = {
    pipeline,
    outs: [...new Set([...before, relative(stateDir, outDir)])].sort(),
    landed: [...new Set(landed.map((file) => file.sha256))].sort(),
  };
  const text = JSON.stringify({ schema_version: 1, run_id: runId, ...manifest }, null, 2);
  await writeAside(path, async (aside) => writeBytes(aside, Buffer.from(`${text}\n`)));
}

export async function storedRuns(stateDir: string): Promise<readonly StoredRun[]> {
  const runsDir = join(stateDir, 'runs');
  const entries = await readdir(runsDir, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const ids = entries.filter((entry) => entry.isDirectory() && /^\d{4}-\d{2}-\d{2}-[0-9a-f]{12}$/.test(entry.name));
  const names = ids.map((entry) => entry.name).sort();
  return Promise.all(
    names.map(async (id) => ({ id, path: join(runsDir, id), manifest: await readRunManifest(join(runsDir, id, NAME)) })),
  );
}

async function readRunManifest(path: string): Promise<RunManifest | null> {
  try {
    const told = JSON.parse(await readFile(path, 'utf8')) as Partial<RunManifest> | null;
    return typeof told?.pipeline === 'string' && Array.isArray(told.outs) && Array.isArray(told.landed)
      ? { pipeline: told.pipeline, outs: told.outs, landed: told.landed }
      : null;
  } catch {
    return null;
  }
}
