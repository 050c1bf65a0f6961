// What was used, and which of it the price books do not know: usage without a price stops a run unless somebody accepts it.
import { type Meter, METERS } from '../kernel/meters.js';
import type { AliasRow, PriceRow } from '../pipeline/pipeline.js';
import { priceInForce, skuMatch } from '../pipeline/rates-match.js';
import type { Row, Warehouse } from '../warehouse/warehouse.js';

export interface UsedModel {
  readonly provider: string;
  readonly model: string;
  /** Some of its usage has a price. */
  readonly hasPrice: boolean;
  /** Service tiers of which something has none. */
  readonly lacks: readonly string[];
  /** In the order of events that have them. */
  readonly meters: readonly Meter[];
}

/** Meters that are always charged for; others are counts beside those. */
const CHARGED: ReadonlySet<Meter> = new Set([
  'input_tokens',
  'cache_read_tokens',
  'cache_write_tokens',
  'cache_write_1h_tokens',
  'output_tokens',
  'embedding_tokens',
  'storage_gb_months',
  'egress_gb',
  'gpu_hours',
  'review_minutes',
]);
const MOST_MODELS = 5000;

export interface Books {
  readonly prices: readonly PriceRow[];
  readonly aliases: readonly AliasRow[];
}

export async function usedModels(engine: Warehouse, books: Books): Promise<readonly UsedModel[]> {
  const counts = METERS.map((meter) => `count(*) FILTER (${meter} > 0) AS ${meter}`).join(', ');
  const prompt = ['input_tokens', 'cache_read_tokens', 'cache_write_tokens', 'cache_write_1h_tokens']
    .map((meter) => `coalesce(${meter}, 0)`)
    .join(' + ');
  const rows = await engine.rows(
    `SELECT provider, coalesce(model, '') AS model, coalesce(region, '') AS region,
            CASE WHEN batch THEN 'batch' WHEN lower(coalesce(service_tier, '')) IN ('', 'auto', 'default', 'standard', 'on_demand') THEN 'standard'
                 ELSE lower(service_tier) END AS tier,
            strftime(min(event_time), '%Y-%m-%dT%H:%M') AS first_at, strftime(max(event_time), '%Y-%m-%dT%H:%M') AS last_at,
            max(${prompt}) AS prompt, ${counts}
     FROM usage_sample WHERE reject IS NULL AND cache IS DISTINCT FROM 'hit'
     GROUP BY 1, 2, 3, 4 ORDER BY count(*) DESC, 1, 2, 3, 4 LIMIT ${MOST_MODELS}`,
  );
  const models = new Map<string, UsedModel>();
  for (const row of rows) {
    const found = modelOf(row, books);
    const key = JSON.stringify([found.provider, found.model]);
    const before = models.get(key);
    models.set(key, before === undefined ? found : joined(before, found));
  }
  return [...models.values()];
}

function joined(before: UsedModel, found: UsedModel): UsedModel {
  return { ...before, hasPrice: before.hasPrice || found.hasPrice, lacks: [...new Set([...before.lacks, ...found.lacks])] };
}

function modelOf(row: Row, { prices, aliases }: Books): UsedModel {
  const [provider, model, tier, region] = [row['provider'] ?? '', row['model'] ?? '', row['tier'] ?? '', row['region'] ?? ''];
  const sku = skuMatch(prices, aliases, provider, model)?.sku ?? model;
  const rows = prices.filter((price) => price.provider === provider && price.sku === sku);
  const meters = METERS.filter((meter) => row[meter] !== '0').sort((a, b) => Number(row[b]) - Number(row[a]));
  const moments = [row['first_at'], row['last_at']].flatMap((at) =>
    [0, Number(row['prompt'] ?? 0)].map((promptTokens) => ({ at: at ?? '', promptTokens, serviceTier: tier, region })),
  );
  const isIn = (meter: Meter) => moments.every((moment) => priceInForce(rows, { ...moment, meter }) !== undefined);
  const hasPrice = METERS.some(isIn);
  const isWhole = meters.every((meter) => isIn(meter) || (hasPrice && !CHARGED.has(meter)));
  return { provider, model, hasPrice, lacks: isWhole ? [] : [tier], meters };
}

/** `openai gpt-5 (batch)`: what has no price, in words. */
export function lackText({ provider, model, lacks }: UsedModel): string {
  const tiers = lacks.filter((tier) => tier !== 'standard');
  return `${provider} ${model}${tiers.length === 0 ? '' : ` (${tiers.join(', ')})`}`;
}
