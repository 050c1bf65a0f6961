// Figures of a month from its ingredients, in scratch: the models of today up to the ledger, as a run builds them.
import { Failure } from '../kernel/failure.js';
import type { Month } from '../kernel/period.js';
import { type Catalog, neededFor } from '../model/catalog.js';
import { executeSteps } from './builds.js';
import { closedTables } from './books.js';
import type { Figures } from './diff-runs-figures.js';
import { differingParts, type Ingredients } from './diff-runs-ingredients.js';
import { modelOf, type RunContext } from './execute.js';
import { rulesHash } from './fingerprint.js';
import { type ParameterTables, parameterTables } from './parameters.js';
import { evidenceSteps, type Step } from './plan.js';
import { isNeeded } from './restate.js';
import { openScratch, type ScratchRequest, tempOf } from './scratch.js';
import { evidenceStep } from './session.js';

const LEDGER = 'allocation.cost';

export interface Workshop {
  readonly request: ScratchRequest;
  readonly catalog: Catalog;
  /** Holds the lake and what closed months come to. */
  readonly scratch: string;
  readonly months: readonly Month[];
}

/** What stands in the engine now. */
interface Built {
  readonly made: Ingredients;
  readonly context: RunContext & AsyncDisposable;
}

/** One mixture after the other. What a mixture has as the one before it is not built again, where that can be told from what models read. */
export class Mixtures implements AsyncDisposable {
  readonly #workshop: Workshop;
  #built: Built | null = null;

  constructor(workshop: Workshop) {
    this.#workshop = workshop;
  }

  /** Throws `Failure` where models refuse the mixture. */
  async figures(made: Ingredients): Promise<Figures> {
    const before = this.#built;
    // Whatever is half-built when something fails is not gone on with.
    this.#built = null;
    const reused = before !== null && isOfConfiguration(before.made, made) ? before : null;
    if (reused === null) await before?.context[Symbol.asyncDispose]();
    const context = reused === null ? await this.#open(made) : { ...reused.context, pipeline: this.#inScratch(made) };
    try {
      await executeSteps(context, await this.#due(context, reused), async (step) => evidenceStep(context, step));
    } catch (error) {
      await context[Symbol.asyncDispose]();
      throw error;
    }
    this.#built = { made, context };
    return ledgerOf(context, this.#workshop.months);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#built?.context[Symbol.asyncDispose]();
    this.#built = null;
  }

  #inScratch({ pipeline }: Ingredients): Ingredients['pipeline'] {
    return { ...pipeline, stateDir: this.#workshop.scratch };
  }

  async #open(made: Ingredients): Promise<Built['context']> {
    const { request, catalog, scratch, months } = this.#workshop;
    const { asOf, files, controls, books } = made;
    const period = { asOf, firstMonth: months[0] ?? made.pipeline.start, lastMonth: months.at(-1) ?? made.pipeline.start };
    const work = { pipeline: this.#inScratch(made), catalog, period, files, controls, books, tempDirectory: tempOf(scratch) };
    return openScratch({ ...request, listener: () => undefined }, work);
  }

  /** All steps up to the ledger, or those that read what is not as it was. */
  async #due(context: RunContext, reused: Built | null): Promise<readonly Step[]> {
    const { pipeline, catalog, books } = context;
    const needed = neededFor([LEDGER], catalog);
    const steps = evidenceSteps(pipeline, catalog, books).filter((step) => step.kind === 'restate' || isNeeded(step, needed));
    if (reused === null) return steps;
    const changed = await refilled(context, tablesOf(reused.context), tablesOf(context));
    const reads = (model: string): boolean => [...neededFor([model], catalog)].some((name) => changed.includes(name));
    return steps.filter((step) => step.kind === 'level' || (step.kind === 'build' && reads(step.model)));
  }
}

/** Evidence, days and closed months reach into everything; what configuration alone changes is told by the tables that it fills. */
function isOfConfiguration(before: Ingredients, after: Ingredients): boolean {
  const isApart = differingParts(before, after).some(({ kind }) => kind === 'as_of' || kind === 'source' || kind === 'closes');
  return !isApart && after.books.closed.length === 0;
}

function tablesOf({ pipeline, period, books }: RunContext): ParameterTables {
  return { ...parameterTables(pipeline, period), ...closedTables(books, rulesHash(pipeline)) };
}

/** Fills the tables anew that hold other rows, and gives their names. */
async function refilled(context: RunContext, before: ParameterTables, after: ParameterTables): Promise<readonly string[]> {
  const { engine } = context;
  const changed = Object.keys(after).filter((name) => JSON.stringify(after[name]) !== JSON.stringify(before[name]));
  for (const name of changed) {
    const model = modelOf(context, name);
    await engine.createEmpty(model);
    await engine.fill(model, after[name] ?? []);
    const breaches = await engine.breaches(model, true);
    if (breaches.length > 0) throw new Failure('check', breaches);
  }
  return changed;
}

async function ledgerOf({ warehouse }: RunContext, months: readonly Month[]): Promise<Figures> {
  return warehouse.rows(
    `SELECT month_text(billing_month) AS month, currency, feature_id, money_sum(amount) AS amount
     FROM ${LEDGER} WHERE list_contains(CAST($1 AS VARCHAR[]), month_text(billing_month))
     GROUP BY month_text(billing_month), currency, feature_id ORDER BY ALL`,
    [`[${months.join()}]`],
  );
}
