// A small company in a folder of its own, run in-process, and what the run published.
import { cp, mkdir, mkdtemp, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { RunResult, RunScope } from '../../src/run/api.js';
import { runPipeline } from '../../src/run/run.js';
import { openDuckDb } from '../../src/warehouse/duckdb.js';

export interface Company {
  readonly folder: string;
  readonly pipelineFile: string;
}

/** Long after every case: what a case does not pin would show at once. */
const NOW = new Date('2031-01-01T00:00:00Z');

/** Copies a case to a folder that goes away with the returned value. What the case expects stays behind. */
export async function companyOf(source: string): Promise<Company & AsyncDisposable> {
  const folder = await mkdtemp(join(tmpdir(), 'showback-case-'));
  await cp(source, folder, {
    recursive: true,
    filter: (path) => !['expected', 'then', 'case.yaml'].some((name) => path === join(source, name)),
  });
  return {
    folder,
    pipelineFile: join(folder, 'pipeline.yaml'),
    [Symbol.asyncDispose]: async () => rm(folder, { recursive: true, force: true }),
  };
}

export async function run(company: Company, scope: RunScope = {}, threads = 1): Promise<RunResult> {
  return runPipeline({ ...company, scope, threads, force: false, listener: () => undefined, now: () => NOW });
}

/** The single value of a query over the published warehouse. */
export async function valueOf(result: RunResult, select: string): Promise<string | null> {
  await using warehouse = await openDuckDb({ path: result.warehousePath, readOnly: true, threads: 1 });
  const rows = await warehouse.rows(select);
  const [value] = Object.values(rows[0] ?? {});
  if (rows.length !== 1) throw new Error(`${rows.length} rows instead of one value: ${select}`);
  return value ?? null;
}

/** What a case says of files that text in a repository cannot be. */
export interface Packed {
  /** Parquet file → CSV of the case that it is made of. */
  readonly parquet?: Readonly<Record<string, string>>;
  /** Files that are packed: `a.csv.gz` of `a.csv.txt`. */
  readonly gzip?: readonly string[];
}

/** Makes them of their texts. */
export async function packFiles(company: Company, { parquet = {}, gzip = [] }: Packed): Promise<void> {
  for (const [to, from] of Object.entries(parquet)) await writeParquet(company, from, to);
  for (const to of gzip) await pack(company, to);
}

/** Parquet from a CSV of the case: the engine writes it, with the types that it sees. */
export async function writeParquet(company: Company, from: string, to: string): Promise<void> {
  await using warehouse = await openDuckDb({ threads: 1 });
  const target = join(company.folder, to);
  await mkdir(dirname(target), { recursive: true });
  await warehouse.run(`COPY (FROM read_csv('${join(company.folder, from)}')) TO '${target}' (FORMAT parquet)`);
  await rm(join(company.folder, from));
}

/** `a.csv.gz` from `a.csv.txt` of the case. */
async function pack(company: Company, to: string): Promise<void> {
  const target = join(company.folder, to);
  const text = target.replace(/\.gz$/, '.txt');
  await writeFile(target, gzipSync(await readFile(text)));
  await rm(text);
}

/** Path below `folder` → bytes, links as where they lead. */
export async function bytesBelow(folder: string): Promise<Readonly<Record<string, string>>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const found: Record<string, string> = {};
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    const name = path.slice(folder.length + 1);
    if (entry.isSymbolicLink()) found[name] = `→ ${await readlink(path)}`;
    else if (entry.isFile()) found[name] = (await readFile(path)).toString('latin1');
  }
  return found;
}

function noFile(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null;
  throw error;
}

/**
 * File → text of the published CSVs of these marts, by `<month>/<mart>.csv`; what closing makes, of closed months only. Runs are told by their
 * as-of day: the rest of an id is of versions too.
 */
export async function csvsOf(result: RunResult, marts: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  for (const month of result.months) {
    for (const mart of marts) {
      const name = `${month}/${mart}.csv`;
      const text = await readFile(join(result.outDir, 'csv', name), 'utf8').catch(noFile);
      if (text !== null) files.set(name, text.replace(/\b(\d{4}-\d\d-\d\d)-[0-9a-f]{12}\b/g, '$1'));
    }
  }
  return files;
}
