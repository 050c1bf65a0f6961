// What a published month was made of: an open one as its run found and kept it, a closed one as its close locked it.
import { join } from 'node:path';
import { Failure } from '../kernel/failure.js';
import type { Month } from '../kernel/period.js';
import type { Catalog } from '../model/catalog.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import { readPipeline } from '../pipeline/read.js';
import { type Manifest, readPublished } from '../publish/directory.js';
import { type Books, type ClosedMonth, landedOf } from '../run/books.js';
import { booksOf } from '../run/books-held.js';
import { readCopiedPipeline, readLockedPipeline } from '../run/config-copy.js';
import { makerOf, type Recipe, storedRuns } from '../run/manifest.js';
import { refuseCollected } from '../run/over-landed.js';
import { type ScratchWork, tempOf } from '../run/scratch.js';
import { landedFiles } from '../source/landing.js';

export type Ground = Omit<ScratchWork, 'catalog' | 'tempDirectory'> & {
  readonly books: Books;
  readonly manifest: Manifest;
  /** The folder of what is published, and that of the state. */
  readonly outDir: string;
  readonly stateDir: string;
  readonly closed: boolean;
};

/** A run makes its own months; one that stays as it is published is made by a backfill. */
export function madeAgain(month: Month): string {
  return `publish the month again: showback backfill --from ${month} --to ${month} --force`;
}

export async function groundOf(pipelineFile: string, month: Month): Promise<Ground> {
  const pipeline = await readPipeline(pipelineFile);
  const manifest = await readPublished(pipeline.outDir);
  if (manifest?.months.includes(month) !== true) throw unknownMonth(month, manifest?.months ?? []);
  const books = await booksOf(pipeline);
  const closed = books.closed.find((each) => each.month === month);
  const { outDir, stateDir } = pipeline;
  const told = { manifest, outDir, stateDir, closed: closed !== undefined };
  const made =
    closed === undefined ? await openGround(pipeline, manifest, books, month) : await closedGround(pipeline, books, closed);
  await refuseCollected(made.files ?? [], {
    code: 'explain/collected',
    whose: month,
    remedy:
      closed === undefined
        ? madeAgain(month)
        : 'bring it back to landing from a copy: a closed month is explained by what it was closed with',
  });
  return { ...told, ...made };
}

type Made = Pick<ScratchWork, 'pipeline' | 'period' | 'files' | 'controls'> & { readonly books: Books };

async function openGround(pipeline: Pipeline, manifest: Manifest, books: Books, month: Month): Promise<Made> {
  const made = manifest.made.find((each) => each.month === month);
  const maker = made === undefined ? null : makerOf(await storedRuns(pipeline.stateDir), pipeline.name, made);
  if (made === undefined || maker === null) {
    const message = `nothing in the state says what ${month} was made of`;
    throw new Failure('user', [{ code: 'explain/unknown-evidence', message, remedy: madeAgain(month) }]);
  }
  const { run, evidence, recipe } = maker;
  return {
    ...(recipe === null ? { pipeline, books } : await rulesOf(run.path, recipe, pipeline, books)),
    period: { asOf: made.asOf, firstMonth: month, lastMonth: month },
    files: landedFiles(join(pipeline.stateDir, 'landing'), evidence.files),
    controls: evidence.controls,
  };
}

/** The configuration and the books that the run had; of what it kept and is gone, those of today. */
async function rulesOf(dir: string, recipe: Recipe, today: Pipeline, books: Books): Promise<Pick<Made, 'pipeline' | 'books'>> {
  const pipeline = (await readCopiedPipeline(recipe, join(dir, recipe.folder), today)) ?? today;
  const known = new Set(recipe.closed.map(({ lock }) => lock));
  return { pipeline, books: { ...books, closed: books.closed.filter(({ lockSha256 }) => known.has(lockSha256)) } };
}

async function closedGround(pipeline: Pipeline, books: Books, closed: ClosedMonth): Promise<Made> {
  const { month, lock } = closed;
  return {
    pipeline: await readLockedPipeline(closed, pipeline),
    period: { asOf: lock.asOf, firstMonth: month, lastMonth: month },
    files: landedOf(lock, pipeline.stateDir),
    controls: lock.controls,
    books: { closed: books.closed.filter((each) => each.month < month), closing: month },
  };
}

function unknownMonth(month: Month, months: readonly Month[]): Failure {
  const remedy = months.length === 0 ? 'run the pipeline first: showback run' : `use one of ${months.join(', ')}`;
  return new Failure('user', [{ code: 'explain/month', message: `nothing is published of ${month}`, remedy }]);
}

/** Of `catalog`, with what is rebuilt in `scratch`. */
export function workOf({ pipeline, period, files, controls, books }: Ground, catalog: Catalog, scratch: string): ScratchWork {
  return {
    pipeline: { ...pipeline, stateDir: scratch },
    ...{ catalog, period, books, tempDirectory: tempOf(scratch) },
    ...(files === undefined ? {} : { files }),
    ...(controls === undefined ? {} : { controls }),
  };
}
