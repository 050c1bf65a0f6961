// Work with an engine of its own beside any run: nothing is published, and no line of the ledger tells of it.
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Catalog } from '../model/catalog.js';
import { duckDbEngine } from '../model/engine.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import type { ControlTotal, LandedFile } from '../source/source.js';
import { openDuckDb } from '../warehouse/duckdb.js';
import type { RunRequest } from './api.js';
import { type Books, NO_BOOKS } from './books.js';
import type { RunContext } from './execute.js';
import { NO_LEDGER } from './ledger.js';
import { loadHere } from './load.js';
import type { Period } from './parameters.js';
import { MOST_LANES } from './side-by-side.js';
import { linkFiles } from './state.js';

export type ScratchRequest = Pick<RunRequest, 'threads' | 'listener' | 'signal' | 'now' | 'env'>;

export interface ScratchWork {
  /** Its `stateDir` holds the lake: scratch too, or one that there is. */
  readonly pipeline: Pipeline;
  readonly catalog: Catalog;
  readonly period: Period;
  /** Where the engine spills. */
  readonly tempDirectory: string;
  /** What landed, where it is known already. */
  readonly files?: readonly LandedFile[];
  readonly controls?: readonly ControlTotal[];
  readonly books?: Books;
}

/** Gives `work` an engine that is ready for the first step, and closes it. */
export async function inScratch<T>(
  request: ScratchRequest,
  of: ScratchWork,
  work: (context: RunContext) => Promise<T>,
): Promise<T> {
  await using context = await openScratch(request, of);
  return await work(context);
}

/** An engine that is ready for the first step; whoever opened it closes it. */
export async function openScratch(
  { threads = availableParallelism(), listener, signal, now, env = {} }: ScratchRequest,
  { pipeline, catalog, period, tempDirectory, files = [], controls = [], books = NO_BOOKS }: ScratchWork,
): Promise<RunContext & AsyncDisposable> {
  const warehouse = await openDuckDb({ threads, tempDirectory, unordered: true, signal });
  const engine = duckDbEngine(warehouse, Math.min(threads, MOST_LANES));
  await engine.prepare(catalog).catch(async (error: unknown) => {
    await warehouse[Symbol.asyncDispose]();
    throw error;
  });
  return {
    // Wherever the pipeline has its models built: what lands beside a run comes here, and nothing is written elsewhere.
    pipeline: { ...pipeline, engine: { kind: 'duckdb' } },
    ...{ catalog, period, warehouse, engine, load: loadHere, threads, listener, signal, books },
    outside: { now, env },
    ledger: NO_LEDGER,
    files: [...files],
    controls: [...controls],
    kept: null,
    unchanged: null,
    configuration: null,
    [Symbol.asyncDispose]: async () => warehouse[Symbol.asyncDispose](),
  };
}

export function tempOf(scratch: string): string {
  return join(scratch, 'tmp');
}

/** The lake of the state serves here too: what it has read already is not read again. */
export async function borrowLake(stateDir: string, scratch: string): Promise<void> {
  await linkFiles(join(stateDir, 'lake'), join(scratch, 'lake'), /^[0-9a-f]{64}-[0-9a-f]{16}\.(parquet|json)$/);
}
