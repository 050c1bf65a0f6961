// Tags and measured usage → one line of a usage log. Whatever the reader would refuse is left out and noted, so that the rest counts.
import { AMOUNTS, CHOICES, COUNTS, TEXTS } from './fields.js';
import type { Measured } from './measure.js';
import type { Note } from './problems.js';
import { at, attempted, isCount } from './reading.js';

export type Field = string | number | boolean;
type Usage = Extract<Measured, { readonly kind: 'usage' }>;

/** Ids are short. What is longer is no id, and would make lines without bound. */
const LONGEST_TEXT = 512;
/** Twelve digits before the point are as many as the reader takes. */
const LARGEST_AMOUNT = 1e12;

export interface Stamp {
  readonly eventId: string;
  readonly now: Date;
}

/** The last of `layers` that says something of a field counts, then what was measured. */
export function recordOf(layers: readonly unknown[], usage: Usage, stamp: Stamp, note: Note): ReadonlyMap<string, Field> {
  const latestFirst = layers.filter((layer) => layer !== undefined && layer !== null).toReversed();
  const given = <T extends Field>(field: string, take: (value: unknown) => T | undefined): T | undefined => {
    for (const layer of latestFirst) {
      const value = at(layer, field, note);
      if (value === undefined || value === null) continue;
      const taken = attempted(() => take(value));
      if (taken !== undefined) return taken;
      note({ kind: 'bad_value', field });
    }
    return undefined;
  };
  const record = new Map<string, Field>([['event_id', stamp.eventId]]);
  const put = (field: string, value: Field | undefined): void => void (value === undefined || record.set(field, value));
  put('event_time', given('event_time', time) ?? stamp.now.toISOString());
  for (const field of TEXTS) put(field, given(field, text) ?? usage.texts[field]);
  put('batch', given('batch', flag));
  for (const [field, values] of Object.entries(CHOICES)) put(field, given(field, oneOf(values)));
  put('sample_rate', given('sample_rate', rate));
  for (const field of COUNTS) put(field, given(field, count) ?? usage.counts[field]);
  for (const field of AMOUNTS) put(field, given(field, amount));
  noteMissing(record, note);
  return record;
}

function noteMissing(record: ReadonlyMap<string, Field>, note: Note): void {
  const isMetered = [...COUNTS, ...AMOUNTS].some((field) => !UNPRICED.has(field) && Number(record.get(field) ?? 0) > 0);
  for (const field of ['provider', 'feature_id', ...(isMetered ? ['model'] : [])]) {
    if (!record.has(field)) note({ kind: 'missing', field });
  }
}

/** Numbers that nothing is charged by, and minutes of review, which are priced by themselves. */
const UNPRICED: ReadonlySet<string> = new Set(['attempt', 'run_ms', 'queue_ms', 'review_minutes']);

/** A control character or half a surrogate pair would make the whole line unreadable to some reader. */
function text(value: unknown): string | undefined {
  const said = typeof value === 'number' || typeof value === 'bigint' ? String(value) : value;
  if (typeof said !== 'string' || said.length === 0 || said.length > LONGEST_TEXT) return undefined;
  return /[\p{Cc}\p{Surrogate}]/u.test(said) ? undefined : said;
}

/** A text without an offset would be a time of this machine. */
function time(value: unknown): string | undefined {
  const isTime = typeof value === 'string' ? /(Z|[+-]\d\d:\d\d)$/.test(value) : value instanceof Date;
  const date = isTime ? new Date(value as Date | string) : undefined;
  const year = date?.getUTCFullYear() ?? Number.NaN;
  return year >= 2000 && year < 2100 ? date?.toISOString() : undefined;
}

function flag(value: unknown): boolean | undefined {
  return typeof value === 'boolean' ? value : undefined;
}

function oneOf(values: readonly string[]): (value: unknown) => string | undefined {
  return (value) => values.find((one) => one === value);
}

function count(value: unknown): number | undefined {
  return isCount(value) ? value : undefined;
}

function amount(value: unknown): number | undefined {
  return typeof value === 'number' && value >= 0 && value < LARGEST_AMOUNT ? value : undefined;
}

/** Finer than six decimals a rate would be read as 0. */
function rate(value: unknown): number | undefined {
  return typeof value === 'number' && value >= 0.000001 && value <= 1 ? value : undefined;
}
