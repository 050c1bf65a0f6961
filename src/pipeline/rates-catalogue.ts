// The public price catalogue (`@pydantic/genai-prices`): its data, never its float arithmetic.
import type { MatchLogic, ModelInfo, ModelPrice, Provider } from '@pydantic/genai-prices';
import { Failure } from '../kernel/failure.js';

/** What the `source` column of a synchronised row says. A test holds it to the pinned version of the package. */
export const CATALOGUE_SOURCE = 'genai-prices 0.1.8';

export interface Catalogue {
  readonly source: string;
  readonly providers: readonly Provider[];
}

/** One model as one provider sells it. A provider's fallback providers lend it their models, after its own. */
export interface CatalogueModel {
  readonly provider: string;
  readonly sku: string;
  /** 1, 2, … in the order in which the catalogue tries them: the first match wins. */
  readonly rank: number;
  /** The provider whose prices these are, where it is another one. */
  readonly lentBy: string | null;
  readonly model: ModelInfo;
}

/** Loaded late: the data are half a megabyte that only `rates sync` needs. */
export async function loadCatalogue(): Promise<Catalogue> {
  const { waitForUpdate } = await import('@pydantic/genai-prices');
  const providers = await waitForUpdate();
  if (providers === null) throw new Failure('unavailable', [emptyCatalogue]);
  return { source: CATALOGUE_SOURCE, providers };
}

const emptyCatalogue = {
  code: 'rates/no-catalogue',
  message: 'the price catalogue @pydantic/genai-prices holds no data',
  remedy: 'reinstall the package (npm ci); the price books in rates/ are untouched',
};

/** Every model of a provider, its own and then those of its fallback providers, under a sku that no other match of the provider steals. */
export function modelsOf(provider: Provider, catalogue: Catalogue): readonly CatalogueModel[] {
  const lenders = (provider.fallback_model_providers ?? []).flatMap((id) =>
    catalogue.providers.filter((other) => other.id === id),
  );
  const candidates = [provider, ...lenders].flatMap((owner) => owner.models.map((model) => ({ owner, model })));
  return candidates.map(({ owner, model }, index) => {
    const found = candidates.find((candidate) => matches(candidate.model.match, model.id.toLowerCase()));
    const free = found === undefined || found.model === model;
    return {
      provider: provider.id,
      sku: free ? model.id : `${owner.id}/${model.id}`,
      rank: index + 1,
      lentBy: owner === provider ? null : owner.id,
      model,
    };
  });
}

/** The catalogue's own matching: lower-cased, except for regular expressions, which see the lower-cased name. */
export function matches(rule: MatchLogic, name: string): boolean {
  if ('or' in rule) return rule.or.some((part) => matches(part, name));
  if ('and' in rule) return rule.and.every((part) => matches(part, name));
  if ('equals' in rule) return name === rule.equals.toLowerCase();
  if ('starts_with' in rule) return name.startsWith(rule.starts_with.toLowerCase());
  if ('ends_with' in rule) return name.endsWith(rule.ends_with.toLowerCase());
  if ('contains' in rule) return name.includes(rule.contains.toLowerCase());
  return new RegExp(rule.regex).test(name);
}

/** All price maps of a model, whatever their condition. */
export function priceMaps(model: ModelInfo): readonly ModelPrice[] {
  return Array.isArray(model.prices) ? model.prices.map((conditional) => conditional.prices) : [model.prices];
}

// A price of 1M units with 8 decimals is one of a unit with 14, which is what rating multiplies with.
const DECIMALS = 8;

/**
 * The exact decimal of a catalogue price: the shortest text that reads back as the same number is what was typed.
 * A few prices upstream are quotients with float noise (0.08333333333333334); those are rounded half-even to 8 decimals.
 */
export function decimalText(value: number): string {
  const [mantissa = '', exponent = '0'] = String(value).split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  const digits = `${whole}${fraction}`;
  const scale = fraction.length - Number(exponent);
  if (scale <= 0) return digits + '0'.repeat(-scale);
  const kept = scale > DECIMALS ? rounded(BigInt(digits), 10n ** BigInt(scale - DECIMALS)) : BigInt(digits);
  const text = kept.toString().padStart(Math.min(scale, DECIMALS) + 1, '0');
  const point = text.length - Math.min(scale, DECIMALS);
  return `${text.slice(0, point)}.${text.slice(point)}`.replace(/\.?0+$/, '');
}

function rounded(value: bigint, divisor: bigint): bigint {
  const floor = value / divisor;
  const twice = (value % divisor) * 2n;
  if (twice === divisor) return floor + (floor % 2n);
  return twice > divisor ? floor + 1n : floor;
}
