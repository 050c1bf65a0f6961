// Why a record is refused, on Trino and Athena: the reasons of usage-rejects.ts in their order, asked of the typed columns.
import { LARGEST_COUNT, type FieldKind, type RejectReason, USAGE_EVENT } from '../kernel/usage-event.js';
import type { UsageField } from '../kernel/usage-fields.js';
import { literal } from './sql-quote.js';
import { trinoInRange } from './trino-usage-values.js';
import { anyOf, NUMERIC, rowReasons, textReasons, WHOLE } from './usage-rejects.js';

type Test = (field: UsageField) => string;

const given: Test = (field) => `nullif(t_${field}, '') IS NOT NULL`;
const isMissing: Test = (field) => `nullif(t_${field}, '') IS NULL`;
const number: Test = (field) => `n_${field}`;

/** A reason that the record's texts give, over `t_<field>`, `n_<field>` and `<field>`. */
export function trinoReject(fields: readonly UsageField[]): string {
  const reasons = unique(textReasons(fields).map(([, why]) => why));
  const whens = reasons.map((why) => `WHEN ${whenOf(why, fields)} THEN ${literal(why)}`);
  return `CASE WHEN broken THEN 'malformed' ${whens.join(' ')} END`;
}

/** After it those that need the row, which are spelled alike on both engines. */
export function trinoRowReject(fields: readonly UsageField[]): string {
  const whens = rowReasons(fields).map(([when, why]) => `WHEN ${when} THEN ${literal(why)}`);
  return `CASE WHEN reject IS NOT NULL THEN reject ${whens.join(' ')} END`;
}

function whenOf(why: RejectReason, fields: readonly UsageField[]): string {
  const any = (kinds: readonly FieldKind[], test: Test) =>
    anyOf(fields.filter((field) => kinds.includes(USAGE_EVENT[field].kind)).map((field) => test(field)));
  const none = (field: UsageField) => (fields.includes(field) ? isMissing(field) : 'true');
  switch (why) {
    case 'missing_event_time':
      return none('event_time');
    case 'missing_provider':
      return none('provider');
    case 'bad_event_time':
      return any(['time'], (field) => `${given(field)} AND NOT coalesce(${trinoInRange(field)}, false)`);
    case 'bad_number':
      return any(NUMERIC, (field) => `${given(field)} AND ${number(field)} IS NULL`);
    case 'negative_quantity':
      return any([...WHOLE, 'milliseconds', 'quantity'], (field) => `${number(field)} < 0`);
    case 'fractional_quantity':
      return any(WHOLE, (field) => `${number(field)} <> floor(${number(field)})`);
    case 'quantity_too_large':
      return anyOf([
        any([...WHOLE, 'milliseconds'], (field) => `${number(field)} > ${LARGEST_COUNT}`),
        any(['quantity'], (field) => `${number(field)} IS NOT NULL AND ${field} IS NULL`),
      ]);
    case 'bad_sample_rate':
      return any(
        ['rate'],
        (field) => `${number(field)} IS NOT NULL AND NOT coalesce(${field} > 0 AND ${number(field)} <= 1, false)`,
      );
    case 'bad_boolean':
    case 'bad_stated_cost':
      return any([why === 'bad_boolean' ? 'flag' : 'money'], (field) => `${given(field)} AND ${field} IS NULL`);
    case 'bad_cache':
      return choiceOf('cache');
    case 'bad_workload_class':
      return choiceOf('workload_class');
    case 'malformed':
    case 'cached_exceeds_input':
    case 'missing_model':
      throw new Error(`${why} is no reason that texts give`);
  }
}

function choiceOf(field: UsageField): string {
  return `${field} NOT IN (${(USAGE_EVENT[field].values ?? []).map((value) => literal(value)).join(', ')})`;
}

function unique<T>(values: readonly T[]): readonly T[] {
  return [...new Set(values)];
}
