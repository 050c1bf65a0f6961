// Which lake files a pipeline needs now. A state folder may serve several pipelines, so each notes its own files before it loads
// them, and a lake file goes only when none of them needs it. The lake is a cache of landing: what is gone is read again.
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';

interface Use {
  /** The pipeline file, as seen from the lake: the company folder may move. */
  readonly pipeline: string;
  /** Names of lake files, without what they end in. */
  readonly lake: readonly string[];
}

export interface LakeWaste {
  /** In the order in which they go: what says that a lake file is whole goes before the file. */
  readonly paths: readonly string[];
  readonly notes: readonly string[];
}

const USES = 'uses';
const SUMS = 'sums';

export async function noteUse(lakeDir: string, pipelineFile: string, keys: readonly string[]): Promise<void> {
  const use: Use = { pipeline: path.relative(lakeDir, pipelineFile), lake: [...keys].sort() };
  const aside = path.join(lakeDir, `${randomUUID()}.new`);
  await mkdir(path.join(lakeDir, USES), { recursive: true });
  await writeFile(aside, `${JSON.stringify(use, null, 2)}\n`, { flush: true });
  await rename(aside, useFile(lakeDir, pipelineFile));
}

/** Where the sums of a pipeline's days are kept, under the name of its note. */
export function sumsDir(lakeDir: string, pipelineFile: string): string {
  return path.join(lakeDir, SUMS, pipelineKey(lakeDir, pipelineFile));
}

/** What a killed run left half-way. */
export async function lakeLeftovers(lakeDir: string): Promise<readonly string[]> {
  return (await namesIn(lakeDir)).filter((name) => name.endsWith('.new')).map((name) => path.join(lakeDir, name));
}

/** Bytes of the lake files that a pipeline read the last time; null where it did not say so yet. */
export async function usedLakeBytes(lakeDir: string, pipelineFile: string): Promise<number | null> {
  const use = await readUse(useFile(lakeDir, pipelineFile));
  if (use === null) return null;
  const sizes = await Promise.all(
    use.lake.map(async (name) =>
      stat(path.join(lakeDir, `${name}.parquet`)).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** Lake files that no pipeline of this lake needs, and notes and sums of pipelines whose file is gone. */
export async function lakeWaste(lakeDir: string, pipelineFile: string): Promise<LakeWaste> {
  const names = await namesIn(path.join(lakeDir, USES));
  const uses = await Promise.all(names.map(async (name) => readUse(path.join(lakeDir, USES, name))));
  const files = (await namesIn(lakeDir)).filter((name) => /^[0-9a-f]{64}-[0-9a-f]{16}\.(parquet|json)$/.test(name));
  if (!names.includes(path.basename(useFile(lakeDir, pipelineFile))) || uses.includes(null)) {
    const note = `${lakeDir} does not say which of its files are in use: they stay until the pipeline has loaded again`;
    return { paths: [], notes: files.length === 0 ? [] : [note] };
  }
  const stale = await Promise.all(uses.map(async (use) => use !== null && !(await isThere(path.resolve(lakeDir, use.pipeline)))));
  const live = new Set(names.filter((_, at) => stale[at] !== true).map((name) => path.basename(name, '.json')));
  const sums = (await namesIn(path.join(lakeDir, SUMS))).filter((name) => /^[0-9a-f]{16}$/.test(name) && !live.has(name));
  const needed = new Set(uses.filter((_, at) => stale[at] !== true).flatMap((use) => use?.lake ?? []));
  const unused = files.filter((name) => !needed.has(name.replace(/\.(parquet|json)$/, '')));
  return {
    paths: [
      ...names.filter((_, at) => stale[at] === true).map((name) => path.join(lakeDir, USES, name)),
      ...sums.sort().map((name) => path.join(lakeDir, SUMS, name)),
      // `<key>.json` sorts before `<key>.parquet`.
      ...unused.sort().map((name) => path.join(lakeDir, name)),
    ],
    notes: [],
  };
}

function useFile(lakeDir: string, pipelineFile: string): string {
  return path.join(lakeDir, USES, `${pipelineKey(lakeDir, pipelineFile)}.json`);
}

function pipelineKey(lakeDir: string, pipelineFile: string): string {
  return createHash('sha256').update(path.relative(lakeDir, pipelineFile)).digest('hex').slice(0, 16);
}

/** Null where nobody can read it. */
async function readUse(file: string): Promise<Use | null> {
  try {
    const use = JSON.parse(await readFile(file, 'utf8')) as Partial<Use> | null;
    return typeof use?.pipeline === 'string' && Array.isArray(use.lake) ? (use as Use) : null;
  } catch {
    return null;
  }
}

async function isThere(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
}
