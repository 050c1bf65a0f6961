// One catalogue model → the prices of our meters over time, by prompt length and time of day, with every fallback spelled out.
import type { ConditionalPrice, ModelInfo, ModelPrice, StartDateConstraint, TimeOfDateConstraint } from '@pydantic/genai-prices';
import { Failure } from '../kernel/failure.js';
import type { Day } from '../kernel/period.js';
import { decimalText, priceMaps } from './rates-catalogue.js';

/** In force since ever, as far as the catalogue knows. */
export const BASE_DAY: Day = '2020-01-01';

export interface PricePoint {
  readonly from: Day;
  /** Null: from this day on the catalogue has no such price. */
  readonly price: string | null;
  readonly note: string;
}

export interface PriceCurve {
  readonly meter: string;
  readonly unit: '1K' | '1M';
  readonly tier: string;
  /** Changes only, by day. */
  readonly points: readonly PricePoint[];
}

interface MeterRule {
  readonly meter: string;
  readonly unit: '1K' | '1M';
  /** Price keys of the catalogue, the first present one counts: tokens without a price of their own class cost as their parent class. */
  readonly keys: readonly string[];
  readonly applies: (model: ModelInfo) => boolean;
}

const always = (): boolean => true;
const hasKey = (key: string) => (model: ModelInfo) => priceMaps(model).some((prices) => key in prices);

/** Models that return no text sell embeddings (or rerank scores); a few embedding models have an output price all the same. */
export function isEmbeddingModel(model: ModelInfo): boolean {
  return hasKey('input_mtok')(model) && (!hasKey('output_mtok')(model) || /embed/i.test(model.id));
}

export const METER_RULES: readonly MeterRule[] = [
  { meter: 'input_tokens', unit: '1M', keys: ['input_mtok'], applies: always },
  { meter: 'cache_read_tokens', unit: '1M', keys: ['cache_read_mtok', 'input_mtok'], applies: always },
  { meter: 'cache_write_tokens', unit: '1M', keys: ['cache_write_mtok', 'input_mtok'], applies: always },
  // Hour-long cache writes exist only where cache writes are sold; a price elsewhere would be invented.
  {
    meter: 'cache_write_1h_tokens',
    unit: '1M',
    keys: ['cache_write_1h_mtok', 'cache_write_mtok', 'input_mtok'],
    applies: hasKey('cache_write_mtok'),
  },
  { meter: 'output_tokens', unit: '1M', keys: ['output_mtok'], applies: always },
  { meter: 'embedding_tokens', unit: '1M', keys: ['input_mtok'], applies: isEmbeddingModel },
  { meter: 'requests', unit: '1K', keys: ['requests_kcount'], applies: always },
  { meter: 'search_queries', unit: '1K', keys: ['web_searches_kcount'], applies: always },
];

/** Minutes of the UTC day, [from, to); `from` > `to` wraps midnight. Null: all day, where no time condition holds. */
type Band = { readonly from: number; readonly to: number } | null;

export function curvesOf(model: ModelInfo): readonly PriceCurve[] {
  const conditionals = Array.isArray(model.prices) ? model.prices : [{ prices: model.prices }];
  const days = [...new Set([BASE_DAY, ...conditionals.flatMap(startDay)])].sort();
  const prompts = [...new Set([0, ...priceMaps(model).flatMap(thresholds)])].sort((a, b) => a - b);
  const bands = bandsOf(conditionals);
  const rules = METER_RULES.filter((rule) => rule.applies(model));
  return bands.flatMap((band) =>
    prompts.flatMap((prompt) =>
      rules.flatMap((rule) => {
        const points = changes(days.map((day) => pointAt(rule, pricesAt(conditionals, day, band), prompt, day)));
        return points.length === 0 ? [] : [{ meter: rule.meter, unit: rule.unit, tier: tierText(prompt, band), points }];
      }),
    ),
  );
}

/** As the catalogue resolves: the last entry whose condition holds, an entry without one always holds, else the first. */
function pricesAt(conditionals: readonly ConditionalPrice[], day: Day, band: Band): ModelPrice {
  const holds = ({ constraint }: ConditionalPrice): boolean => {
    if (constraint === undefined) return true;
    if (constraint.type === 'start_date') return day >= constraint.start_date;
    return band !== null && within(band.from, windowOf(constraint));
  };
  return (conditionals.findLast(holds) ?? conditionals[0])?.prices ?? {};
}

function pointAt(rule: MeterRule, prices: ModelPrice, prompt: number, day: Day): PricePoint {
  const key = rule.keys.find((candidate) => prices[candidate] !== undefined);
  const value = key === undefined ? undefined : prices[key];
  if (key === undefined || value === undefined) return { from: day, price: null, note: '' };
  // The whole request is repriced once its prompt is longer than a threshold.
  const price =
    typeof value === 'number'
      ? value
      : (value.tiers
          .filter((tier) => tier.start <= prompt)
          .sort(byStart)
          .at(-1)?.price ?? value.base);
  const text = decimalText(price);
  const notes = [
    key === rule.keys[0] ? '' : `no ${rule.keys[0]} price: as ${key}`,
    Number(text) === price ? '' : `rounded from ${price}`,
  ];
  return { from: day, price: text, note: notes.filter((note) => note !== '').join('; ') };
}

const byStart = (a: { readonly start: number }, b: { readonly start: number }): number => a.start - b.start;

function changes(points: readonly PricePoint[]): readonly PricePoint[] {
  return points.filter((point, index) => point.price !== (points[index - 1]?.price ?? null));
}

function startDay({ constraint }: ConditionalPrice): readonly Day[] {
  return constraint?.type === 'start_date' ? [(constraint satisfies StartDateConstraint).start_date] : [];
}

function thresholds(prices: ModelPrice): readonly number[] {
  return Object.values(prices).flatMap((price) => (typeof price === 'object' ? price.tiers.map((tier) => tier.start) : []));
}

/** All day, and every stretch of the day in which the same time conditions hold. */
function bandsOf(conditionals: readonly ConditionalPrice[]): readonly Band[] {
  const windows = conditionals.flatMap(({ constraint }) => (constraint?.type === 'time_of_date' ? [windowOf(constraint)] : []));
  const cuts = [...new Set(windows.flatMap((window) => [window.from, window.to]))].sort((a, b) => a - b);
  const stretches = cuts.map((from, index) => ({ from, to: cuts[index + 1] ?? cuts[0] ?? from }));
  return [null, ...stretches.filter((stretch) => windows.some((window) => within(stretch.from, window)))];
}

function within(minute: number, window: { readonly from: number; readonly to: number }): boolean {
  return window.to < window.from ? minute >= window.from || minute < window.to : minute >= window.from && minute < window.to;
}

function windowOf(constraint: TimeOfDateConstraint): { readonly from: number; readonly to: number } {
  return { from: utcMinute(constraint.start_time), to: utcMinute(constraint.end_time) };
}

function utcMinute(text: string): number {
  const parts = /^(\d{2}):(\d{2}):00(?:\.0+)?(?:Z|([+-])(\d{2}):(\d{2}))$/.exec(text);
  if (parts === null) throw new Failure('check', [oddTime(text)]);
  const [, hour, minute, sign, offsetHour = '0', offsetMinute = '0'] = parts;
  const offset = (Number(offsetHour) * 60 + Number(offsetMinute)) * (sign === '-' ? -1 : 1);
  return (Number(hour) * 60 + Number(minute) - offset + 1440) % 1440;
}

const oddTime = (text: string) => ({
  code: 'rates/odd-time',
  message: `the price catalogue changes a price at ${JSON.stringify(text)}, which is no whole minute of a day`,
  remedy: 'price that model in a book of your own; the list stays as it was',
});

function tierText(prompt: number, band: Band): string {
  const clock = (minute: number): string =>
    `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
  const parts = [prompt === 0 ? '' : `prompt>${prompt}`, band === null ? '' : `hours:${clock(band.from)}-${clock(band.to)}`];
  return parts.filter((part) => part !== '').join('+');
}
