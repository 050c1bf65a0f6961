// The configuration of a month or of a run, kept as it was: every file that the pipeline was read from, and how to read it from there again.
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { Failure, type Problem } from '../kernel/failure.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import { readPipeline } from '../pipeline/read.js';
import { READ_EFFECTS } from '../pipeline/read-files.js';
import { damaged, type ClosedMonth, type Lock, type LockedFile, sha256Of } from './books.js';
import { bytesIn, nameDurably, removeFolder, writeBytes } from './state.js';

const CONFIG = 'config';
const BUILTIN = 'builtin:';

export type ConfigurationCopy = Pick<Lock, 'pipelineFile' | 'configuration'>;

/** The bytes that a pipeline was read from, by absolute path: files may change while a run is at work. */
export type ConfigurationBytes = ReadonlyMap<string, Uint8Array>;

export interface ReadConfiguration {
  readonly pipeline: Pipeline;
  readonly configuration: ConfigurationBytes;
}

/** Reads a pipeline, and remembers what it was read from. */
export async function readWithBytes(pipelineFile: string): Promise<ReadConfiguration> {
  const configuration = new Map<string, Uint8Array>();
  const readFile = async (path: string): Promise<Uint8Array> => {
    const bytes = await READ_EFFECTS.readFile(path);
    // What was read first is what the pipeline holds to its hash.
    if (!configuration.has(path)) configuration.set(path, bytes);
    return bytes;
  };
  return { pipeline: await readPipeline(pipelineFile, { ...READ_EFFECTS, readFile }), configuration };
}

/** Copies the files of the configuration below `dir`. Throws where one is not any more what the pipeline was read from. */
export async function copyConfiguration(pipeline: Pipeline, dir: string): Promise<ConfigurationCopy> {
  return copied(pipeline, join(dir, CONFIG), { bytesOf: bytesIn, changed: changedAtClose });
}

/** Keeps what a run was read from below its folder, whole or not at all; gives the name of the folder of the copies. */
export async function keepConfiguration(
  pipeline: Pipeline,
  configuration: ConfigurationBytes,
  runDir: string,
): Promise<ConfigurationCopy & { readonly folder: string }> {
  const aside = join(runDir, `${CONFIG}.partial`);
  await removeFolder(aside);
  const copy = await copied(pipeline, aside, {
    bytesOf: async (path) => configuration.get(path) ?? null,
    changed: changedInRun,
  });
  // Named by what is in it: a run that is made again with other comments leaves the copy whole that its manifest names.
  const folder = `${CONFIG}-${sha256Of(JSON.stringify(copy)).slice(0, 12)}`;
  if (await isWhole(copy, join(runDir, folder))) await removeFolder(aside);
  else {
    await removeFolder(join(runDir, folder));
    await nameDurably(aside, join(runDir, folder));
  }
  return { ...copy, folder };
}

async function isWhole({ configuration }: ConfigurationCopy, dir: string): Promise<boolean> {
  for (const { copy, sha256 } of configuration) {
    const bytes = await bytesIn(join(dir, copy));
    if (bytes === null || sha256Of(bytes) !== sha256) return false;
  }
  return true;
}

async function copied(
  pipeline: Pipeline,
  dir: string,
  {
    bytesOf,
    changed,
  }: { readonly bytesOf: (path: string) => Promise<Uint8Array | null>; readonly changed: (path: string) => Problem },
): Promise<ConfigurationCopy> {
  const files: LockedFile[] = [];
  for (const [at, { path, sha256 }] of pipeline.files.entries()) {
    const builtin = path.startsWith(BUILTIN);
    const name = path.slice(builtin ? BUILTIN.length : 0);
    const absolute = builtin ? join(READ_EFFECTS.ratesDir, name) : resolve(pipeline.root, name);
    const bytes = await bytesOf(absolute);
    if (bytes === null || sha256Of(bytes) !== sha256) throw new Failure('unavailable', [changed(path)]);
    const copy = `${String(at + 1).padStart(2, '0')}-${basename(name)}`;
    await writeBytes(join(dir, copy), bytes);
    const seen = builtin ? name : relative(dirname(pipeline.file), absolute).split(sep).join('/');
    files.push({ path: seen, builtin, sha256, copy });
  }
  return { pipelineFile: basename(pipeline.file), configuration: files };
}

function changedAtClose(path: string): Problem {
  return {
    code: 'close/changed-meanwhile',
    message: `${path} was changed while the month was being closed`,
    remedy: 'close it again',
  };
}

function changedInRun(path: string): Problem {
  return { code: 'run/changed-meanwhile', message: `${path} was changed while the pipeline was being read`, remedy: 'run again' };
}

/** The pipeline that a month was closed with, its folders and sources as they are found from the pipeline file of today. */
export async function readLockedPipeline({ dir, month, lock }: ClosedMonth, today: Pipeline): Promise<Pipeline> {
  const from = join(dir, CONFIG);
  const pipeline = await readCopiedPipeline(lock, from, today);
  if (pipeline === null) throw new Failure('check', [damaged(month, from)]);
  return pipeline;
}

/** The pipeline of a copy, its paths as seen from the pipeline file of today; null where a file of the copy is gone or not what it was. */
export async function readCopiedPipeline(
  { pipelineFile, configuration }: ConfigurationCopy,
  dir: string,
  today: Pipeline,
): Promise<Pipeline | null> {
  const here = dirname(today.file);
  const copies = new Map(
    configuration.map((file) => [file.builtin ? join(READ_EFFECTS.ratesDir, file.path) : resolve(here, file.path), file]),
  );
  const readCopy = async (path: string): Promise<Uint8Array> => {
    const file = copies.get(path);
    const bytes = file === undefined ? null : await bytesIn(join(dir, file.copy));
    if (bytes === null || sha256Of(bytes) !== file?.sha256) throw LOST;
    return bytes;
  };
  return readPipeline(resolve(here, pipelineFile), { ...READ_EFFECTS, readFile: readCopy }).catch((error: unknown) => {
    if (error === LOST) return null;
    throw error;
  });
}

const LOST = new Error('a copied file is gone, or not what it was');
