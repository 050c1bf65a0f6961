// Statements replace statements: what else lies where they go is somebody's, and stays.
import { join } from 'node:path';
import { Failure } from '../kernel/failure.js';
import { hashOfFile } from '../publish/manifest.js';
import { literal } from '../warehouse/sql-quote.js';
import type { Warehouse } from '../warehouse/warehouse.js';
import { INDEX } from './statement-names.js';
import { isThere, namesIn } from './state.js';

export interface Coming {
  readonly pipeline: string;
  readonly files: readonly string[];
}

/** Throws where `dir` holds anything but statements of this pipeline as they were written, each of which is written again. */
export async function refuseInTheWay(engine: Warehouse, dir: string, coming: Coming): Promise<void> {
  if (!(await isThere(dir))) return;
  const found = await inTheWay(engine, dir, coming);
  if (found === null) return;
  const message = `${join(dir, found.name)} ${found.why}`;
  const remedy = 'move it away, or name another folder: --out DIR';
  throw new Failure('user', [{ code: 'statements/in-the-way', message, remedy }]);
}

interface InTheWay {
  readonly name: string;
  readonly why: string;
}

async function inTheWay(engine: Warehouse, dir: string, { pipeline, files }: Coming): Promise<InTheWay | null> {
  const names = [...(await namesIn(dir))].sort();
  // A file has nothing in it, not even itself.
  if (!(await isThere(`${dir}/.`))) return { name: '', why: 'is no folder' };
  const index = await readIndex(engine, join(dir, INDEX));
  const other = [...index.values()].find((line) => line.pipeline !== pipeline);
  if (other !== undefined) return { name: INDEX, why: `is of the pipeline ${other.pipeline}` };
  const again = new Set(files);
  for (const name of names) {
    if (name === INDEX) continue;
    const line = index.get(name);
    if (line === undefined) return { name, why: 'was not written here' };
    if ((await hashOfFile(join(dir, name))) !== line.sha256) return { name, why: 'was changed since it was written' };
    if (!again.has(name)) return { name, why: 'is the statement of a customer who is not written now' };
  }
  return index.size > 0 || !names.includes(INDEX) ? null : { name: INDEX, why: 'is no index of statements' };
}

interface IndexLine {
  readonly pipeline: string;
  readonly sha256: string;
}

/** By file; empty where there is no index, or none that is ours. */
async function readIndex(engine: Warehouse, path: string): Promise<ReadonlyMap<string, IndexLine>> {
  if (!(await isThere(path))) return new Map();
  const read = `read_csv(${literal(path)}, header = true, all_varchar = true, delim = ',', quote = '"', escape = '"')`;
  const rows = await engine.rows(`SELECT pipeline, line, file, sha256 FROM ${read}`).catch(() => []);
  return new Map(rows.map(({ file, pipeline, sha256 }) => [file ?? '', { pipeline: pipeline ?? '', sha256: sha256 ?? '' }]));
}
