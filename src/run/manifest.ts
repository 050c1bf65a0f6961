// What a run was made of, in its folder of the state: which landed bytes, and where it was meant to be published. It is written
// before anything else of the run, so that nothing that a kept run stands on is ever collected.
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { Day, Month } from '../kernel/period.js';
import type { MadeMonth } from '../publish/directory.js';
import type { ControlTotal, LandedFile } from '../source/source.js';
import type { ConfigurationCopy } from './config-copy.js';
import { writeAside, writeBytes } from './state.js';

const NAME = 'manifest.json';

export interface RunManifest {
  readonly pipeline: string;
  /** Output folders, as seen from the state folder: the company folder may move. */
  readonly outs: readonly string[];
  /** sha256 of landed files. */
  readonly landed: readonly string[];
  /** What its months are a function of, besides the configuration; null in what earlier versions wrote. */
  readonly evidence: Evidence | null;
  /** The configuration, and all else that a figure is a function of; null in what earlier versions wrote. */
  readonly recipe: Recipe | null;
}

/** What landed when the run was made, and its fingerprint with all else. */
export interface Evidence {
  readonly inputs: string;
  readonly files: readonly Omit<LandedFile, 'path'>[];
  readonly controls: readonly ControlTotal[];
}

export interface Recipe extends ConfigurationCopy {
  /** Folder of the copies, beside this manifest. */
  readonly folder: string;
  readonly asOf: Day;
  /** Hash of the models and macros. */
  readonly models: string;
  /** Of the program and of the engine. */
  readonly versions: string;
  /** Months that were closed, with the hash of each lock. */
  readonly closed: readonly { readonly month: Month; readonly lock: string }[];
  /** Every month that the run published: its own, and others as they came along. */
  readonly made: readonly MadeMonth[];
}

/** One folder below `<state>/runs`. */
export interface StoredRun {
  readonly id: string;
  readonly path: string;
  /** Null: none that this version can read. */
  readonly manifest: RunManifest | null;
}

export interface MadeOf extends Omit<Evidence, 'files'> {
  readonly pipeline: string;
  readonly outDir: string;
  readonly files: readonly LandedFile[];
  readonly recipe: Recipe;
}

/** The same run may be published in two folders, by two pipeline files that differ in nothing else: it names both. */
export async function noteMadeOf(stateDir: string, runId: string, { pipeline, outDir, recipe, ...made }: MadeOf): Promise<void> {
  const path = join(runFolder(stateDir, runId), NAME);
  const before = (await readRunManifest(path))?.outs ?? [];
  const manifest: RunManifest = {
    pipeline,
    outs: [...new Set([...before, relative(stateDir, outDir)])].sort(),
    landed: [...new Set(made.files.map((file) => file.sha256))].sort(),
    evidence: evidenceOf(made),
    recipe,
  };
  const text = JSON.stringify({ schema_version: 1, run_id: runId, ...manifest }, null, 2);
  await writeAside(path, async (aside) => writeBytes(aside, Buffer.from(`${text}\n`)));
}

export function runFolder(stateDir: string, runId: string): string {
  return join(stateDir, 'runs', runId);
}

/** Where blobs lie is the landing's matter. */
export function evidenceOf({ inputs, files, controls }: Omit<MadeOf, 'pipeline' | 'outDir' | 'recipe'>): Evidence {
  return { inputs, files: files.map(({ path: _path, ...file }) => file), controls };
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

/**
 * Who says what a month was made of: the run that made it, else one that was made of the same. Equal inputs give equal figures, but the files
 * of another run may have other places.
 */
export function makerOf(
  runs: readonly StoredRun[],
  pipeline: string,
  { inputs, run }: Pick<MadeMonth, 'inputs' | 'run'>,
): { readonly run: StoredRun; readonly evidence: Evidence; readonly recipe: Recipe | null } | null {
  const makers = runs.flatMap((each) => {
    const { manifest } = each;
    const isMaker = manifest?.pipeline === pipeline && manifest.evidence?.inputs === inputs;
    return isMaker && manifest.evidence !== null ? [{ run: each, evidence: manifest.evidence, recipe: manifest.recipe }] : [];
  });
  return makers.find((maker) => maker.run.id === run) ?? makers.find(({ recipe }) => recipe !== null) ?? makers[0] ?? null;
}

async function readRunManifest(path: string): Promise<RunManifest | null> {
  try {
    const told = JSON.parse(await readFile(path, 'utf8')) as Partial<RunManifest> | null;
    return typeof told?.pipeline === 'string' && Array.isArray(told.outs) && Array.isArray(told.landed)
      ? {
          pipeline: told.pipeline,
          outs: told.outs,
          landed: told.landed,
          evidence: told.evidence ?? null,
          recipe: told.recipe ?? null,
        }
      : null;
  } catch {
    return null;
  }
}
