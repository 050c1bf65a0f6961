// What of the catalogue the list price book does not carry, by cause.
import { syncAliases } from './rates-aliases.js';
import { type Catalogue, type CatalogueModel, decimalText, modelsOf, priceMaps } from './rates-catalogue.js';
import { curvesOf, METER_RULES } from './rates-curve.js';

export interface CatalogueGap {
  readonly cause: string;
  /** `provider/sku`, in the order of the catalogue. */
  readonly models: readonly string[];
}

/** Largest first. Models that a provider lends to another count once, with their own provider. */
export function catalogueGaps(catalogue: Catalogue): readonly CatalogueGap[] {
  const gaps = new Map<string, string[]>();
  for (const model of catalogue.providers
    .flatMap((provider) => modelsOf(provider, catalogue))
    .filter(({ lentBy }) => lentBy === null)) {
    for (const cause of causesOf(model)) gaps.set(cause, [...(gaps.get(cause) ?? []), `${model.provider}/${model.sku}`]);
  }
  const unportable = syncAliases('', catalogue).unportable.map((term) => term.pattern);
  if (unportable.length > 0) gaps.set('match rule that RE2 cannot run', unportable);
  return [...gaps]
    .map(([cause, models]) => ({ cause, models }))
    .sort((a, b) => b.models.length - a.models.length || (a.cause < b.cause ? -1 : 1));
}

function causesOf({ model }: CatalogueModel): readonly string[] {
  const carried = new Set(METER_RULES.flatMap((rule) => rule.keys));
  const maps = priceMaps(model);
  const keys = [...new Set(maps.flatMap((prices) => Object.keys(prices)))];
  if (keys.length === 0) return ['no price in the catalogue'];
  const values = maps
    .flatMap((prices) => Object.values(prices))
    .flatMap((price) => (typeof price === 'object' ? [price.base, ...price.tiers.map((tier) => tier.price)] : [price ?? 0]));
  return [
    ...keys.filter((key) => !carried.has(key)).map((key) => `no meter for ${key}`),
    ...(curvesOf(model).length === 0 ? ['no meter for any of its prices'] : []),
    ...(values.some((value) => Number(decimalText(value)) !== value) ? ['price rounded to 8 decimals'] : []),
  ];
}
