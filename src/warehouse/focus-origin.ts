// Split cost allocation: allocated charges stand in place of the charge that they split, their origin. A file that has both would be charged twice.
import { Failure } from '../kernel/failure.js';
import type { LandedFile } from '../source/source.js';
import { literal } from './sql-quote.js';
import type { Warehouse } from './warehouse.js';

/** What allocated charges have in common with their origin, as the specification has it. */
const SHARED = [
  'billing_account_id',
  'sub_account_id',
  'billing_currency',
  'billing_period_start',
  'charge_period_start',
  'charge_period_end',
  'charge_category',
  'charge_class',
  'pricing_category',
  'service_name',
  'sku_id',
  'sku_price_id',
  'resource_id',
  'region_id',
  'commitment_discount_id',
  'commitment_discount_status',
  'invoice_id',
] as const;

/** Of a charge that is part of another one; what nobody used has no resource, but a method. */
const IS_PART = '(allocated_method_id IS NOT NULL OR allocated_resource_id IS NOT NULL)';

/**
 * Refuses a loaded file in which charges that nobody allocated come to what the allocated ones beside them come to, in billed
 * and in effective cost. Amounts finer than 10^-12 may differ by that much a charge.
 */
export async function refuseOrigins(engine: Warehouse, file: LandedFile, loaded: string): Promise<void> {
  const lines = `read_parquet(${literal(loaded)})`;
  const [part] = await engine.rows(`SELECT "row" FROM ${lines} WHERE ${IS_PART} LIMIT 1`);
  const [found] = part === undefined ? [] : await engine.rows(originsIn(lines));
  if (found === undefined) return;
  const message = `\`${file.name}\` row ${found['row']} is the origin of ${found['parts']} allocated charges that stand beside it: its cost would count twice`;
  const remedy = 'export the charges either as billed or as allocated; what is left of an origin has an AllocatedMethodId too';
  throw new Failure('user', [{ code: 'focus/origin', message, remedy, place: { file: file.name } }]);
}

/** The first origin, and how many parts it has. Only where a resource has both in one period are all dimensions compared: few lines of a large bill. */
function originsIn(lines: string): string {
  const mixed = `SELECT coalesce(resource_id, '') AS resource, coalesce(charge_period_start, '') AS period FROM ${lines}
    WHERE reject IS NULL GROUP BY ALL HAVING bool_or(${IS_PART}) AND NOT bool_and(${IS_PART})`;
  const amount = (cost: string) => `coalesce(TRY_CAST(${cost} AS DECIMAL(25,12)), 0)`;
  const sums = ['billed', 'effective'].map(
    (cost) =>
      `sum(${amount(`${cost}_cost`)}) FILTER (${IS_PART}) AS ${cost}_parts, sum(${amount(`${cost}_cost`)}) FILTER (NOT ${IS_PART}) AS ${cost}_rest`,
  );
  const comesTo = (cost: string) => `abs(${cost}_parts - ${cost}_rest) <= lines * CAST('0.000000000001' AS DECIMAL(12,12))`;
  return `WITH mixed AS (${mixed}), charge AS (
      SELECT min("row") FILTER (NOT ${IS_PART}) AS origin, count(*) FILTER (${IS_PART}) AS parts, count(*) AS lines, ${sums.join(', ')}
      FROM ${lines} SEMI JOIN mixed ON mixed.resource = coalesce(resource_id, '') AND mixed.period = coalesce(charge_period_start, '')
      WHERE reject IS NULL GROUP BY ${SHARED.join(', ')})
    SELECT CAST(origin AS VARCHAR) AS row, CAST(parts AS VARCHAR) AS parts FROM charge
    WHERE (billed_parts <> 0 OR effective_parts <> 0) AND ${comesTo('billed')} AND ${comesTo('effective')}
    ORDER BY origin LIMIT 1`;
}
