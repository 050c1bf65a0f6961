// The configuration of a month, kept with its close: every file that the pipeline reads, and how to read it from there again.
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { Failure } from '../kernel/failure.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import { readPipeline } from '../pipeline/read.js';
import { READ_EFFECTS } from '../pipeline/read-files.js';
import { damaged, type ClosedMonth, type Lock, type LockedFile, sha256Of } from './books.js';
import { bytesIn, writeBytes } from './state.js';

const CONFIG = 'config';
const BUILTIN = 'builtin:';

/** Copies the files of the configuration below `dir`. Throws where one is not any more what the pipeline was read from. */
export async function copyConfiguration(pipeline: Pipeline, dir: string): Promise<Pick<Lock, 'pipelineFile' | 'configuration'>> {
  const files: LockedFile[] = [];
  for (const [at, { path, sha256 }] of pipeline.files.entries()) {
    const builtin = path.startsWith(BUILTIN);
    const name = path.slice(builtin ? BUILTIN.length : 0);
    const absolute = builtin ? join(READ_EFFECTS.ratesDir, name) : resolve(pipeline.root, name);
    const bytes = await bytesIn(absolute);
    if (bytes === null || sha256Of(bytes) !== sha256) throw new Failure('unavailable', [changedMeanwhile(path)]);
    const copy = `${String(at + 1).padStart(2, '0')}-${basename(name)}`;
    await writeBytes(join(dir, CONFIG, copy), bytes);
    const seen = builtin ? name : relative(dirname(pipeline.file), absolute).split(sep).join('/');
    files.push({ path: seen, builtin, sha256, copy });
  }
  return { pipelineFile: basename(pipeline.file), configuration: files };
}

function changedMeanwhile(path: string) {
  return {
    code: 'close/changed-meanwhile',
    message: `${path} was changed while the month was being closed`,
    remedy: 'close it again',
  };
}

/** The pipeline that a month was closed with, its folders and sources as they are found from the pipeline file of today. */
export async function readLockedPipeline({ dir, month, lock }: ClosedMonth, today: Pipeline): Promise<Pipeline> {
  const here = dirname(today.file);
  const copies = new Map(
    lock.configuration.map((file) => [file.builtin ? join(READ_EFFECTS.ratesDir, file.path) : resolve(here, file.path), file]),
  );
  const readCopy = async (path: string): Promise<Uint8Array> => {
    const file = copies.get(path);
    const bytes = file === undefined ? null : await bytesIn(join(dir, CONFIG, file.copy));
    if (bytes === null || sha256Of(bytes) !== file?.sha256) throw new Failure('check', [damaged(month, join(dir, CONFIG))]);
    return bytes;
  };
  return readPipeline(resolve(here, lock.pipelineFile), { ...READ_EFFECTS, readFile: readCopy });
}
