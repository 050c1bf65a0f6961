// How what is published of the run's own months moves by it. What was published lies in files of this machine, whatever engine built the
// rest: so marts that remember are built here, on the embedded one.
import { Failure } from '../kernel/failure.js';
import { buildModel, createEmpty, fillInput } from '../model/build.js';
import type { Model } from '../model/catalog.js';
import { contractBreaches } from '../model/verify.js';
import type { KeptFile } from '../publish/kept.js';
import type { Row } from '../warehouse/warehouse.js';
import { computedMonths } from './carried.js';
import { type Amounts, modelOf, type RunContext } from './execute.js';
import { plainColumns } from './export.js';
import { type RunName, rowsIn } from './history.js';

/** Fills what was published before, builds the marts that remember, and tells of what people counted on. */
export async function compareWithPublished(context: RunContext, name: RunName): Promise<Amounts> {
  const { warehouse, catalog } = context;
  await fillPublished(context, name);
  let rows = 0;
  for (const model of catalog.models.filter(({ contract }) => contract.made === 'history'))
    rows += (await buildModel(warehouse, model)) ?? 0;
  for (const row of await warehouse.rows(MOVED, [name.runId]))
    context.listener({ kind: 'note', level: 'info', message: textOf(row) });
  return { rows };
}

async function fillPublished(context: RunContext, { runId, before: all }: RunName): Promise<void> {
  const { warehouse } = context;
  const months = computedMonths(context);
  const before = all.filter(({ month }) => months.includes(month));
  const publication = modelOf(context, 'run.publication');
  await createEmpty(warehouse, publication);
  const rows = months.map((month) => {
    const known = before.find((each) => each.month === month);
    return { billing_month: month, run_id: runId, previous_run_id: known?.runId ?? null, previous_as_of: known?.asOf ?? null };
  });
  await fillInput(warehouse, publication, rows);
  const movement = modelOf(context, 'run.published_movement');
  const told = before.flatMap((month) => month.movement ?? []);
  await addFrom(context, movement, told, (from) => `SELECT ${plainColumns(movement)} FROM ${from}`);
  const cost = modelOf(context, 'run.published_cost');
  const grain = cost.contract.grain.join(', ');
  const costs = before.map((month) => month.cost);
  await addFrom(context, cost, costs, (from) => `SELECT ${grain}, money_sum(amount) AS amount FROM ${from} GROUP BY ${grain}`);
  for (const model of [publication, movement, cost]) {
    const breaches = await contractBreaches(warehouse, model, true);
    if (breaches.length > 0) throw new Failure('check', breaches);
  }
}

/** A backfill fills it for each of its months. */
async function addFrom(
  { warehouse }: RunContext,
  model: Model,
  files: readonly KeptFile[],
  select: (from: string) => string,
): Promise<void> {
  await createEmpty(warehouse, model);
  if (files.length > 0) await warehouse.run(`INSERT INTO ${model.name} (${plainColumns(model)}) ${select(rowsIn(files))}`);
}

/**
 * One row a month and currency where days that were counted before cost a feature something else now, in minor units. That a new day
 * adds its cost surprises nobody, and what is adjusted of closed months is told by itself.
 */
const MOVED = `
  WITH own AS (
    SELECT * FROM marts.estimate_movement WHERE original_month = billing_month
  ), feature AS (
    SELECT m.billing_month AS month, m.currency, any_value(c.minor_exponent) AS digits, m.previous_as_of AS since, m.feature_id,
           sum(m.movement) AS movement, sum(m.restated) AS restated
    FROM own AS m JOIN run.currency AS c ON c.currency = m.currency
    WHERE m.run_id = $1 AND m.previous_run_id IS NOT NULL GROUP BY ALL
  ), summed AS (
    SELECT month, currency, any_value(digits) AS digits, any_value(since) AS since, sum(movement) AS movement, sum(restated) AS restated,
           max(abs(restated)) AS largest, arg_max(feature_id, (abs(restated), feature_id)) AS most, arg_max(restated, (abs(restated), feature_id)) AS of_most
    FROM feature GROUP BY month, currency
  ), total AS (
    SELECT billing_month AS month, currency, sum(movement) AS amount FROM own GROUP BY billing_month, currency
  )
  SELECT month, currency, CAST(since AS VARCHAR) AS since, ${minor('t.amount - s.movement')} AS before, ${minor('t.amount')} AS now, ${minor('s.movement')} AS movement,
         ${minor('s.restated')} AS restated, most, ${minor('of_most')} AS of_most
  FROM summed AS s JOIN total AS t USING (month, currency)
  WHERE CAST(${minor('largest')} AS DECIMAL(38,4)) <> 0
  ORDER BY month, currency`;

/** In the minor unit of the currency, as a statement would print it. */
function minor(amount: string): string {
  const rounded = [0, 2, 3].map((digits) => `WHEN ${digits} THEN CAST(CAST(${amount} AS DECIMAL(38,${digits})) AS VARCHAR)`);
  return `CASE digits ${rounded.join(' ')} ELSE CAST(CAST(${amount} AS DECIMAL(38,4)) AS VARCHAR) END`;
}

function textOf({ month, currency, since, before, now, movement, restated, most, of_most: ofMost }: Row): string {
  const days = restated === movement ? '' : `, of which ${signed(restated)} on days that were counted before`;
  const moved = `${before ?? ''} → ${now ?? ''} ${currency ?? ''} since ${since ?? ''} (${signed(movement)}${days}, most on ${most ?? ''} ${signed(ofMost)})`;
  return `${month ?? ''}: ${moved} → showback show --by movement --month ${month ?? ''}`;
}

function signed(amount: string | null | undefined): string {
  return amount?.startsWith('-') === true ? amount : `+${amount ?? ''}`;
}
