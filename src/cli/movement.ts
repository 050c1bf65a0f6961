// How what is published of a month moved from run to run, from the warehouse file of a run. Sums and rounding are the engine's; everything arrives as text.
import { Failure } from '../kernel/failure.js';
import { openDuckDb } from '../warehouse/duckdb.js';
import type { Row, Warehouse } from '../warehouse/warehouse.js';
import { minorDigits } from './figures-text.js';
import { unknownMonth } from './published-run.js';

/** One published run that moved the month. */
export interface MovementStep {
  readonly runId: string;
  readonly asOf: string;
  /** The least final of what the month holds since then; null where it holds nothing. */
  readonly finality: string | null;
  readonly amount: string;
  readonly movement: string;
  /** Of the movement, what lies on days that were counted before; null in the first step. */
  readonly restated: string | null;
}

/** What the last of them changed of one feature, categories together. */
export interface MovedFeature {
  readonly featureId: string;
  readonly previousFinality: string | null;
  readonly finality: string | null;
  readonly previousAmount: string;
  readonly amount: string;
  readonly movement: string;
  readonly restated: string | null;
}

/** Of a month in one currency. */
export interface Movement {
  readonly month: string;
  readonly currency: string;
  readonly steps: readonly MovementStep[];
  readonly features: readonly MovedFeature[];
}

export interface MovementAsked {
  /** Null: the last that is published. */
  readonly month: string | null;
  /** Amounts in the minor unit of their currency; else with every digit. */
  readonly rounded: boolean;
}

export async function movementsIn(path: string, { month, rounded }: MovementAsked): Promise<readonly Movement[]> {
  await using warehouse = await openDuckDb({ path, readOnly: true, threads: 1 });
  const tables = await warehouse.rows("SELECT table_name FROM information_schema.tables WHERE table_schema = 'marts'");
  if (!tables.some((row) => row['table_name'] === 'estimate_movement')) {
    const message = 'the run is of a version that told no movement';
    throw new Failure('user', [{ code: 'cli/no-movement', message, remedy: 'make it: showback run --force' }]);
  }
  const published = await warehouse.rows('SELECT DISTINCT billing_month AS month FROM marts.estimate_movement ORDER BY 1');
  const months = published.map((row) => row['month'] ?? '');
  const asked = month ?? months.at(-1) ?? '';
  if (!months.includes(asked)) throw unknownMonth(asked, months);
  const currencies = await warehouse.rows(
    'SELECT DISTINCT currency FROM marts.estimate_movement WHERE billing_month = $1 ORDER BY 1',
    [asked],
  );
  const found: Movement[] = [];
  for (const { currency } of currencies) found.push(await movementOf(warehouse, asked, currency ?? '', rounded));
  return found;
}

async function movementOf(warehouse: Warehouse, month: string, currency: string, rounded: boolean): Promise<Movement> {
  const digits = rounded ? minorDigits(currency) : 12;
  const steps = await warehouse.rows(stepsSelect(digits), [month, currency]);
  const features = await warehouse.rows(featuresSelect(digits), [month, currency]);
  return { month, currency, steps: steps.map(stepOf), features: features.map(featureOf) };
}

function stepOf(row: Row): MovementStep {
  const { run_id: runId, as_of: asOf, finality = null, amount, movement, restated = null } = row;
  return { runId: runId ?? '', asOf: asOf ?? '', finality, amount: amount ?? '', movement: movement ?? '', restated };
}

function featureOf(row: Row): MovedFeature {
  const { feature_id: featureId, previous_finality: previousFinality = null, finality = null, restated = null } = row;
  const { previous_amount: previousAmount, amount, movement } = row;
  const amounts = { previousAmount: previousAmount ?? '', amount: amount ?? '', movement: movement ?? '', restated };
  return { featureId: featureId ?? '', previousFinality, finality, ...amounts };
}

/** Every feature, category and month of origin at every step: as the last row before it left them. Absent is null. */
const STANDING = `
  WITH told AS (
    SELECT * FROM marts.estimate_movement WHERE billing_month = $1 AND currency = $2
  ), step AS (
    SELECT step, any_value(run_id) AS run_id, any_value(as_of) AS as_of, sum(movement) AS movement, sum(restated) AS restated FROM told GROUP BY step
  ), standing AS (
    SELECT s.step, t.feature_id, arg_max(t.finality, t.step) AS finality, sum(t.movement) AS amount
    FROM step AS s JOIN told AS t ON t.step <= s.step GROUP BY s.step, t.original_month, t.feature_id, t.category
  ), ranked AS (
    SELECT *, list_position(['estimated', 'provisional', 'final', 'closed'], finality) AS place FROM standing
  )`;

const NAME_OF = (place: string): string => `['estimated', 'provisional', 'final', 'closed'][${place}]`;

function stepsSelect(digits: number): string {
  return `${STANDING}
    SELECT s.run_id, CAST(s.as_of AS VARCHAR) AS as_of, ${NAME_OF('min(r.place)')} AS finality, ${amountIn('sum(r.amount)', digits)} AS amount,
           ${amountIn('any_value(s.movement)', digits)} AS movement, ${amountIn('any_value(s.restated)', digits)} AS restated
    FROM step AS s JOIN ranked AS r ON r.step = s.step GROUP BY s.step, s.run_id, s.as_of ORDER BY s.step`;
}

/** What moved most stands first. */
function featuresSelect(digits: number): string {
  return `${STANDING}, last AS (
      SELECT feature_id, sum(movement) AS movement, sum(restated) AS restated FROM told WHERE step = (SELECT max(step) FROM told) GROUP BY feature_id
    ), feature AS (
      SELECT step, feature_id, ${NAME_OF('min(place)')} AS finality, sum(amount) AS amount FROM ranked GROUP BY step, feature_id
    ), edge AS (SELECT max(step) AS now, max(step) - 1 AS before FROM told)
    SELECT l.feature_id, b.finality AS previous_finality, n.finality, ${amountIn('coalesce(b.amount, 0)', digits)} AS previous_amount,
           ${amountIn('n.amount', digits)} AS amount, ${amountIn('l.movement', digits)} AS movement, ${amountIn('l.restated', digits)} AS restated
    FROM last AS l CROSS JOIN edge AS e
    JOIN feature AS n ON n.feature_id = l.feature_id AND n.step = e.now
    LEFT JOIN feature AS b ON b.feature_id = l.feature_id AND b.step = e.before
    ORDER BY abs(l.movement) DESC, l.feature_id`;
}

function amountIn(amount: string, digits: number): string {
  return `CAST(CAST(${amount} AS DECIMAL(38,${digits})) AS VARCHAR)`;
}
