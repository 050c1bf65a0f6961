// The order in which price rows answer: negotiated → list, exact sku → alias, region, prompt length, time of day, latest row.
import type { AliasRow, PriceRow } from './pipeline.js';

/** How a logged name came to its sku. An alias is a name in full, a pattern matches a part of it. */
export type SkuMatch =
  | { readonly how: 'exact'; readonly sku: string }
  | { readonly how: 'alias' | 'pattern'; readonly sku: string; readonly rank: number; readonly conditions: readonly string[] };

/** One piece of usage as rating sees it. */
export interface RatedMoment {
  readonly meter: string;
  /** `YYYY-MM-DDTHH:MM` or longer, UTC. */
  readonly at: string;
  readonly serviceTier: string;
  readonly region: string;
  readonly promptTokens: number;
}

/** The exact sku where a book has it, else the alias, else the pattern of the lowest rank; null: no book knows the name. */
export function skuMatch(
  prices: readonly PriceRow[],
  aliases: readonly AliasRow[],
  provider: string,
  name: string,
): SkuMatch | null {
  if (prices.some((row) => row.provider === provider && row.sku === name)) return { how: 'exact', sku: name };
  const alternatives = new Map<string, AliasRow[]>();
  for (const alias of aliases.filter((row) => row.provider === provider)) {
    const key = JSON.stringify([alias.sku, alias.alternative]);
    alternatives.set(key, [...(alternatives.get(key) ?? []), alias]);
  }
  const [best] = [...alternatives.values()]
    .filter((terms) => terms.every((term) => aliasHolds(term, name.toLowerCase())))
    .sort(byRank);
  const first = best?.[0];
  if (best === undefined || first === undefined) return null;
  const conditions = best.map((term) => `${term.kind} ${term.pattern}`);
  return { how: isPattern(best) ? 'pattern' : 'alias', sku: first.sku, rank: first.rank, conditions };
}

const isPattern = (terms: readonly AliasRow[]): boolean => terms.some((term) => term.kind !== 'equals');

function byRank(a: readonly AliasRow[], b: readonly AliasRow[]): number {
  const [left, right] = [a[0], b[0]];
  if (left === undefined || right === undefined) return 0;
  const steps = [
    Number(isPattern(a)) - Number(isPattern(b)),
    left.rank - right.rank,
    left.sku < right.sku ? -1 : Number(left.sku > right.sku),
  ];
  return steps.find((step) => step !== 0) ?? left.alternative - right.alternative;
}

function aliasHolds(alias: AliasRow, name: string): boolean {
  switch (alias.kind) {
    case 'equals':
      return name === alias.pattern.toLowerCase();
    case 'starts_with':
      return name.startsWith(alias.pattern.toLowerCase());
    case 'ends_with':
      return name.endsWith(alias.pattern.toLowerCase());
    case 'contains':
      return name.includes(alias.pattern.toLowerCase());
    case 'regex':
      return new RegExp(alias.pattern).test(name);
  }
}

/** The row that prices this usage, or undefined: unpriced. `rows` are one sku's, in the order of the books. */
export function priceInForce(rows: readonly PriceRow[], moment: RatedMoment): PriceRow | undefined {
  return ranked(rows, moment)[0];
}

/**
 * Rows that fit, best first. In its slot (layer, region, hours, prompt length) the latest row counts, and an empty price ends the slot:
 * then the next slot or layer answers.
 */
export function ranked(rows: readonly PriceRow[], moment: RatedMoment): readonly PriceRow[] {
  const fitting = rows.map((row, index) => ({ row, index })).filter(({ row }) => fits(row, moment));
  const ordered = fitting.sort((a, b) => difference(a.row, b.row).order || b.index - a.index).map(({ row }) => row);
  const ended = new Set<string>();
  return ordered.filter((row) => {
    const slot = JSON.stringify([row.layer, row.region, row.promptOver, row.minuteFrom, row.minuteTo]);
    if (row.price === null) ended.add(slot);
    return row.price !== null && !ended.has(slot);
  });
}

function fits(row: PriceRow, moment: RatedMoment): boolean {
  const minute = Number(moment.at.slice(11, 13)) * 60 + Number(moment.at.slice(14, 16));
  const { minuteFrom: from, minuteTo: to } = row;
  return (
    row.meter === moment.meter &&
    instant(row.validFrom) <= instant(moment.at) &&
    row.serviceTier === moment.serviceTier &&
    (row.region === '' || row.region === moment.region) &&
    (row.promptOver === 0 || moment.promptTokens > row.promptOver) &&
    (from < to ? minute >= from && minute < to : minute >= from || minute < to)
  );
}

/** `2026-07-01`, `2026-07-01T00:00:00Z` and `2026-07-01 00:00` are one moment, and compare as text once padded. */
function instant(text: string): string {
  const begun = text.replace(' ', 'T').replace(/Z$/, '');
  return begun + '0000-00-00T00:00:00'.slice(begun.length);
}

/** What decides between two rows that fit, first difference first. Negative: `a` is ahead; 0: the one further down the books. */
export function difference(a: PriceRow, b: PriceRow): { readonly order: number; readonly why: string } {
  const steps: readonly (readonly [number, string])[] = [
    [layerOrder(a) - layerOrder(b), 'a negotiated price comes before a list price'],
    [Number(a.region === '') - Number(b.region === ''), 'a price of the region comes before one of every region'],
    [b.promptOver - a.promptOver, 'the longest prompt threshold passed counts'],
    [Number(isAllDay(a)) - Number(isAllDay(b)), 'a price of the time of day comes before one of all day'],
    [
      Number(instant(a.validFrom) < instant(b.validFrom)) - Number(instant(a.validFrom) > instant(b.validFrom)),
      'a later row is in force',
    ],
  ];
  const [order, why] = steps.find(([step]) => step !== 0) ?? [0, 'a row further down the books comes first'];
  return { order, why };
}

const layerOrder = (row: PriceRow): number => (row.layer === 'negotiated' ? 0 : 1);
const isAllDay = (row: PriceRow): boolean => row.minuteFrom === 0 && row.minuteTo === 1440;
