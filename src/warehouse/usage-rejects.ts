// Why a record of the slow lane is refused, in the order in which reasons are looked for. `n_<field>` is its number, or null.
import { METERS } from '../kernel/meters.js';
import { type FieldKind, LARGEST_COUNT, type RejectReason, SQL_TYPE, USAGE_EVENT } from '../kernel/usage-event.js';
import type { UsageField } from '../kernel/usage-fields.js';
import { literal } from './sql-quote.js';
import { decimalOf, isInRange, moneyOf, orNull, timeOf } from './usage-values.js';

export type Reason = readonly [when: string, why: RejectReason];

interface FieldTest {
  readonly kinds: readonly FieldKind[];
  readonly test: (field: UsageField) => string;
  readonly why: RejectReason;
}

export const WHOLE: readonly FieldKind[] = ['count', 'ordinal'];
export const NUMERIC: readonly FieldKind[] = ['count', 'ordinal', 'milliseconds', 'quantity', 'rate'];

const TESTS: readonly FieldTest[] = [
  { kinds: NUMERIC, test: (field) => `${given(field)} AND n_${field} IS NULL`, why: 'bad_number' },
  { kinds: [...WHOLE, 'milliseconds', 'quantity'], test: (field) => `n_${field} < 0`, why: 'negative_quantity' },
  { kinds: WHOLE, test: (field) => `n_${field} <> floor(n_${field})`, why: 'fractional_quantity' },
  { kinds: [...WHOLE, 'milliseconds'], test: (field) => `n_${field} > ${LARGEST_COUNT}`, why: 'quantity_too_large' },
  { kinds: ['quantity'], test: (field) => `n_${field} IS NOT NULL AND ${tryCast(field)} IS NULL`, why: 'quantity_too_large' },
  {
    kinds: ['rate'],
    test: (field) => `n_${field} IS NOT NULL AND NOT coalesce(${tryCast(field)} > 0 AND n_${field} <= 1, false)`,
    why: 'bad_sample_rate',
  },
  { kinds: ['flag'], test: notOneOf(['true', 'false']), why: 'bad_boolean' },
  { kinds: ['money'], test: (field) => `${given(field)} AND ${moneyOf(field)} IS NULL`, why: 'bad_stated_cost' },
];

/** Reasons that the texts of a record give. */
export function textReasons(fields: readonly UsageField[]): readonly Reason[] {
  const notInTime = (field: UsageField) => `${given(field)} AND NOT coalesce(${isInRange(timeOf(field, 'TRY_CAST'))}, false)`;
  return [
    [missing('event_time', fields), 'missing_event_time'],
    ...reasonsOf(fields, { kinds: ['time'], test: notInTime, why: 'bad_event_time' }),
    [missing('provider', fields), 'missing_provider'],
    ...TESTS.flatMap((test) => reasonsOf(fields, test)),
    ...choiceReason('cache', 'bad_cache', fields),
    ...choiceReason('workload_class', 'bad_workload_class', fields),
  ];
}

/** Reasons that need the typed row. */
export function rowReasons(fields: readonly UsageField[]): readonly Reason[] {
  const cached: readonly Reason[] = fields.includes('input_tokens') ? [['input_tokens < 0', 'cached_exceeds_input']] : [];
  return [...cached, ...missingModel(fields).map((when): Reason => [when, 'missing_model'])];
}

/** A quantity that is charged for needs something to be priced as; minutes of review are priced by themselves. */
export function missingModel(fields: readonly UsageField[]): readonly string[] {
  const metered = METERS.filter((meter) => fields.includes(meter) && meter !== 'review_minutes');
  if (metered.length === 0) return [];
  const any = metered.map((meter) => `coalesce(${meter}, 0) > 0`).join(' OR ');
  return [fields.includes('model') ? `(model IS NULL AND (${any}))` : `(${any})`];
}

/** Text that is there and none of `values`. */
export function notOneOf(values: readonly string[]): (field: UsageField) => string {
  return (field) => `lower(${orNull(field)}) NOT IN (${values.map((value) => literal(value)).join(', ')})`;
}

export function anyOf(conditions: readonly string[]): string {
  return conditions.length === 0 ? 'false' : `(${conditions.map((condition) => `coalesce(${condition}, false)`).join(' OR ')})`;
}

function reasonsOf(fields: readonly UsageField[], { kinds, test, why }: FieldTest): readonly Reason[] {
  const tests = fields.filter((field) => kinds.includes(USAGE_EVENT[field].kind)).map((field) => test(field));
  return tests.length === 0 ? [] : [[anyOf(tests), why]];
}

function choiceReason(choice: UsageField, why: RejectReason, fields: readonly UsageField[]): readonly Reason[] {
  return fields.includes(choice) ? [[notOneOf(USAGE_EVENT[choice].values ?? [])(choice), why]] : [];
}

function missing(field: UsageField, fields: readonly UsageField[]): string {
  return fields.includes(field) ? `${orNull(field)} IS NULL` : 'true';
}

function given(field: UsageField): string {
  return `${orNull(field)} IS NOT NULL`;
}

function tryCast(field: UsageField): string {
  return decimalOf(field, SQL_TYPE[USAGE_EVENT[field].kind], 'TRY_CAST');
}
