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

/**
 * Refuses a loaded file in which charges that nobody allocated come to what the allocated ones beside them come to, in billed
 * and in effective cost. Amounts finer than 10^-12 may differ by that much a charge.
 */
export async function refuseOrigins(engine: Warehouse, file: LandedFile, loaded: string): Promise<void> {
  const [found] = await engine.rows(originsIn(`read_parquet(${literal(loaded)})`));
  if (found === undefined) return;
  const message = `\`${file.name}\` row ${found['row']} is the origin of ${found['parts']} allocated charges that stand beside it: its cost would count twice`;
  const remedy = 'export the charges either as billed or as allocated; what is left of an origin has an AllocatedMethodId too';
  throw new Failure('user', [{ code: 'focus/origin', message, remedy, place: { file: file.name } }]);
}

function originsIn(lines: string): string {
  const isPart = '(allocated_method_id IS NOT NULL OR allocated_resource_id IS NOT NULL)';
  const where = "(coalesce(resource_id, ''), coalesce(charge_period_start, ''))";
  const sumOf = (cost: string, which: string) =>
    `coalesce(sum(TRY_CAST(${cost} AS DECIMAL(25,12))) FILTER (${which}), CAST(0 AS DECIMAL(38,12)))`;
  const comesTo = (cost: string) =>
    `abs(${sumOf(cost, isPart)} - ${sumOf(cost, `NOT ${isPart}`)}) <= CAST('0.000000000001' AS DECIMAL(12,12)) * count(*)`;
  const costs = ['billed_cost', 'effective_cost'];
  return `SELECT CAST(min("row") FILTER (NOT ${isPart}) AS VARCHAR) AS row, CAST(count(*) FILTER (${isPart}) AS VARCHAR) AS parts
    FROM ${lines} WHERE reject IS NULL AND ${where} IN (SELECT ${where} FROM ${lines} WHERE ${isPart})
    GROUP BY ${SHARED.join(', ')}
    HAVING count(*) FILTER (${isPart}) > 0 AND count(*) FILTER (NOT ${isPart}) > 0
      AND (${costs.map((cost) => `${sumOf(cost, isPart)} <> 0`).join(' OR ')}) AND ${costs.map(comesTo).join(' AND ')}
    ORDER BY min("row") LIMIT 1`;
}
