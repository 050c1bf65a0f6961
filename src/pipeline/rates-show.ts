// `rates show`: which price rows are in force for a model on a day, and why.
import type { AliasRow, PriceRow } from './pipeline.js';
import { difference, type RatedMoment, ranked, type SkuMatch, skuMatch } from './rates-match.js';

export interface RatesQuery {
  /** Null: every provider that knows the model. */
  readonly provider: string | null;
  readonly model: string;
  /** `YYYY-MM-DD`, or a UTC moment `YYYY-MM-DDTHH:MM`; a day alone shows every time band. */
  readonly on: string;
  readonly serviceTier?: string | undefined;
  readonly region?: string | undefined;
  readonly promptTokens?: number | undefined;
}

export interface ShownRate {
  readonly meter: string;
  readonly row: PriceRow;
  readonly why: string;
  /** Rows that would have priced the same usage, had this one not been there; best first, with what put each behind. */
  readonly lost: readonly { readonly row: PriceRow; readonly why: string }[];
}

export interface ShownProvider {
  readonly provider: string;
  readonly match: SkuMatch;
  /** Empty: the sku has no price in force, its usage is unpriced. */
  readonly rates: readonly ShownRate[];
}

/** `prices` in the order of the books, as the pipeline holds them. An empty answer: no book knows the model. */
export function ratesShow(
  prices: readonly PriceRow[],
  aliases: readonly AliasRow[],
  query: RatesQuery,
): readonly ShownProvider[] {
  const every = [...new Set([...prices, ...aliases].map((row) => row.provider))].sort();
  return (query.provider === null ? every : [query.provider.toLowerCase()]).flatMap((provider) => {
    const match = skuMatch(prices, aliases, provider, query.model);
    if (match === null) return [];
    const rows = prices.filter((row) => row.provider === provider && row.sku === match.sku);
    return [{ provider, match, rates: ratesOf(rows, match, query) }];
  });
}

/** Every rate that some usage of that day would get: each band of the books is tried with usage that falls into it. */
function ratesOf(rows: readonly PriceRow[], match: SkuMatch, query: RatesQuery): readonly ShownRate[] {
  const shown = new Map<PriceRow, ShownRate>();
  for (const meter of [...new Set(rows.map((row) => row.meter))].sort()) {
    const own = rows.filter((row) => row.meter === meter);
    for (const moment of momentsOf(own, meter, query)) {
      const [best, ...others] = ranked(own, moment);
      if (best === undefined || shown.has(best)) continue;
      const lost = others.map((row) => ({ row, why: difference(best, row).why }));
      shown.set(best, { meter, row: best, why: reason(best, match), lost });
    }
  }
  return [...shown.values()];
}

function momentsOf(rows: readonly PriceRow[], meter: string, query: RatesQuery): readonly RatedMoment[] {
  const tiers = query.serviceTier === undefined ? ['standard', ...rows.map((row) => row.serviceTier)] : [query.serviceTier];
  const regions = query.region === undefined ? ['', ...rows.map((row) => row.region)] : [query.region];
  const prompts =
    query.promptTokens === undefined
      ? [0, ...rows.filter((row) => row.promptOver > 0).map((row) => row.promptOver + 1)]
      : [query.promptTokens];
  const minutes = [...new Set([0, ...rows.flatMap((row) => [row.minuteFrom, row.minuteTo % 1440])])].sort((a, b) => a - b);
  const times = query.on.length > 10 ? [query.on] : minutes.map((minute) => `${query.on}T${clock(minute)}`);
  return [...new Set(tiers)].flatMap((serviceTier) =>
    [...new Set(regions)].flatMap((region) =>
      [...new Set(prompts)].flatMap((promptTokens) => times.map((at) => ({ meter, at, serviceTier, region, promptTokens }))),
    ),
  );
}

function clock(minute: number): string {
  return `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
}

function reason(row: PriceRow, match: SkuMatch): string {
  const name =
    match.how === 'exact' ? `exact sku ${match.sku}` : `sku ${match.sku} by ${match.how} (${match.conditions.join(' and ')})`;
  return `${row.layer} price, ${name}, in force since ${row.validFrom.replace(' 00:00:00', '')}`;
}
