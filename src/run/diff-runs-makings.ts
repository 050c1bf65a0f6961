// Of what each published month was made, as far as it is still there: by the run that made it, or by the lock of its close.
import { join } from 'node:path';
import { Failure } from '../kernel/failure.js';
import type { Month } from '../kernel/period.js';
import type { Catalog } from '../model/catalog.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import type { MadeMonth } from '../publish/directory.js';
import { landedFiles } from '../source/landing.js';
import type { LandedFile } from '../source/source.js';
import { type Books, type ClosedMonth, everClosed, landedOf } from './books.js';
import { readCopiedPipeline, readLockedPipeline } from './config-copy.js';
import type { KeptRun } from './diff-runs-find.js';
import type { Ingredients } from './diff-runs-ingredients.js';
import { modelsHash } from './fingerprint.js';
import { makerOf, type RunManifest, type StoredRun, storedRuns } from './manifest.js';
import { isThere } from './state.js';

export interface Making {
  readonly kind: 'making';
  /** Equal keys are made of the same. */
  readonly key: string;
  readonly ingredients: Ingredients;
  readonly versions: string;
  /** Is it of the program and the models that are at work now? Then it comes out again as it was published. */
  readonly current: boolean;
}

export interface UnknownMaking {
  readonly kind: 'unknown';
  readonly key: string;
  readonly why: string;
}

/** The program that looks back. */
export interface Today {
  readonly pipeline: Pipeline;
  readonly catalog: Catalog;
  readonly versions: string;
}

/** Every making is read once. */
export class Makings {
  readonly #today: Today;
  readonly #stored: readonly StoredRun[];
  readonly #closings: readonly ClosedMonth[];
  readonly #read = new Map<string, Promise<Making | UnknownMaking>>();

  private constructor(today: Today, stored: readonly StoredRun[], closings: readonly ClosedMonth[]) {
    this.#today = today;
    this.#stored = stored;
    this.#closings = closings;
  }

  static async open(today: Today): Promise<Makings> {
    return new Makings(today, await storedRuns(today.pipeline.stateDir), await everClosed(today.pipeline));
  }

  async of({ id, stored }: KeptRun, month: Month): Promise<Making | UnknownMaking> {
    const recipe = stored?.manifest?.recipe ?? null;
    if (recipe === null) return unknown(id, `run ${id} is of an earlier version, which kept no copy of its configuration`);
    const made = recipe.made.find((each) => each.month === month);
    if (made === undefined) return unknown(id, `run ${id} does not say what ${month} was made of`);
    if (made.closed === true)
      return this.#once(`closed ${month} ${made.inputs}`, async (key) => this.#closed(key, made, recipe.closed));
    return this.#once(`made ${made.inputs}`, async (key) => this.#open(key, made));
  }

  async #once(key: string, read: (key: string) => Promise<Making | UnknownMaking>): Promise<Making | UnknownMaking> {
    const known = this.#read.get(key);
    if (known !== undefined) return known;
    const reading = read(key).catch((error: unknown) => {
      if (!(error instanceof Failure)) throw error;
      return unknown(key, error.problems[0]?.message ?? error.message);
    });
    this.#read.set(key, reading);
    return reading;
  }

  /** By the run that made it, or by any other one that was made of the same: the month may have come along from there. */
  async #open(key: string, made: MadeMonth): Promise<Making | UnknownMaking> {
    const maker = makerOf(this.#stored, this.#today.pipeline.name, made);
    if (maker === null || maker.recipe === null)
      return unknown(key, `${made.month} came along from a run that is not kept any more, or is of an earlier version`);
    const { run, recipe, evidence } = maker;
    const { pipeline } = this.#today;
    const dir = join(run.path, recipe.folder);
    const read = await readCopiedPipeline(recipe, dir, pipeline);
    if (read === null) return unknown(key, `the copy of the configuration of run ${run.id} is gone or was changed`);
    const books = this.#books(recipe.closed);
    if (books === null) return unknown(key, GONE);
    const files = landedFiles(join(pipeline.stateDir, 'landing'), evidence.files);
    const ingredients = { pipeline: read, asOf: recipe.asOf, files, controls: evidence.controls, books };
    return this.#making(key, ingredients, recipe);
  }

  async #closed(key: string, { month, inputs }: MadeMonth, closed: Recipe['closed']): Promise<Making | UnknownMaking> {
    const books = this.#books(closed);
    const close = books?.closed.find((each) => each.month === month && each.lock.inputs === inputs);
    if (books === null || close === undefined) return unknown(key, GONE);
    const { lock } = close;
    const { pipeline } = this.#today;
    const ingredients = {
      pipeline: await readLockedPipeline(close, pipeline),
      ...{ asOf: lock.asOf, files: landedOf(lock, pipeline.stateDir), controls: lock.controls },
      books: { closed: books.closed.filter((each) => each.month < month), closing: null },
    };
    return this.#making(key, ingredients, lock);
  }

  async #making(
    key: string,
    ingredients: Ingredients,
    { models, versions }: Pick<Recipe, 'models' | 'versions'>,
  ): Promise<Making | UnknownMaking> {
    const gone = await collected(ingredients.files);
    if (gone !== null) return unknown(key, `\`${gone.name}\`, of which it was made, is no longer in landing`);
    const { catalog, versions: now } = this.#today;
    return { kind: 'making', key, ingredients, versions, current: versions === now && models === modelsHash(catalog) };
  }

  /** The books of then: months that were opened again since are in them. Null where one is gone. */
  #books(closed: Recipe['closed']): Books | null {
    const found = this.#closings.filter(({ lockSha256 }) => closed.some(({ lock }) => lock === lockSha256));
    const byMonth = found.toSorted((a, b) => (a.month < b.month ? -1 : 1));
    return byMonth.length === closed.length ? { closed: byMonth, closing: null } : null;
  }
}

const GONE = 'what a month was closed with is gone';

type Recipe = NonNullable<RunManifest['recipe']>;

function unknown(key: string, why: string): UnknownMaking {
  return { kind: 'unknown', key, why };
}

async function collected(files: readonly LandedFile[]): Promise<LandedFile | null> {
  for (const file of files) if (!(await isThere(file.path))) return file;
  return null;
}
