// Figures of a month from its ingredients, in scratch: the models of today up to the ledger, as a run builds them.
import { join } from 'node:path';
import type { Month } from '../kernel/period.js';
import { type Catalog, neededFor } from '../model/catalog.js';
import { executeSteps } from './builds.js';
import type { Figures } from './diff-runs-figures.js';
import type { Ingredients } from './diff-runs-ingredients.js';
import { evidenceSteps } from './plan.js';
import { isNeeded } from './restate.js';
import { inScratch, type ScratchRequest, tempOf } from './scratch.js';
import { evidenceStep } from './session.js';
import { linkFiles } from './state.js';

const LEDGER = 'allocation.cost';

export interface Workshop {
  readonly request: ScratchRequest;
  readonly catalog: Catalog;
  /** Holds the lake and what closed months come to. */
  readonly scratch: string;
}

/** The lake of the state serves here too: what it has read already is not read again. */
export async function borrowLake(stateDir: string, scratch: string): Promise<void> {
  await linkFiles(join(stateDir, 'lake'), join(scratch, 'lake'), /^[0-9a-f]{64}-[0-9a-f]{16}\.(parquet|json)$/);
}

/** Throws `Failure` where models refuse the mixture. */
export async function builtFigures(
  { request, catalog, scratch }: Workshop,
  { pipeline: made, asOf, files, controls, books }: Ingredients,
  months: readonly Month[],
): Promise<Figures> {
  const pipeline = { ...made, stateDir: scratch };
  const period = { asOf, firstMonth: months[0] ?? made.start, lastMonth: months.at(-1) ?? made.start };
  const needed = neededFor([LEDGER], catalog);
  const steps = evidenceSteps(pipeline, catalog, books).filter((step) => step.kind === 'restate' || isNeeded(step, needed));
  const work = { pipeline, catalog, period, files, controls, books, tempDirectory: tempOf(scratch) };
  return inScratch({ ...request, listener: () => undefined }, work, async (context) => {
    await executeSteps(context, steps, async (step) => evidenceStep(context, step));
    return context.warehouse.rows(
      `
      SELECT month_text(billing_month) AS month, currency, feature_id, money_sum(amount) AS amount
      FROM ${LEDGER} WHERE list_contains(CAST($1 AS VARCHAR[]), month_text(billing_month))
      GROUP BY month_text(billing_month), currency, feature_id ORDER BY ALL`,
      [`[${months.join()}]`],
    );
  });
}
