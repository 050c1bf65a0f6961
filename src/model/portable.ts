// What DuckDB and Trino (Athena) have in common and answer alike; measured, not remembered. Everything else is a macro.

function words(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/));
}

/** Scalar functions and aggregates that answer alike. Those that differ only in the result's type are left out too. */
export const FUNCTIONS: ReadonlySet<string> = words(`
  count count_star min max bool_and bool_or
  abs sign floor ceil ceiling mod nullif
  lower upper trim ltrim rtrim lpad rpad replace reverse length chr translate
  substr substring strpos position starts_with concat_ws
  year month day
`);

export const WINDOW_FUNCTIONS: ReadonlySet<string> = words(`
  row_number rank dense_rank ntile lag lead first_value last_value
  sum count count_star min max array_agg
`);

/** `~~` is LIKE. */
export const OPERATORS: ReadonlySet<string> = words('+ - * % || ~~ !~~ like_escape not_like_escape');

export const CAST_TYPES: ReadonlySet<string> = words('VARCHAR BIGINT INTEGER BOOLEAN DATE TIMESTAMP DECIMAL');

/** Expressions of the parse tree that both engines have. */
export const EXPRESSIONS: ReadonlySet<string> = words(`
  COLUMN_REF VALUE_CONSTANT FUNCTION CASE_EXPR OPERATOR_CAST SUBQUERY STAR GROUPING_FUNCTION
  CONJUNCTION_AND CONJUNCTION_OR OPERATOR_NOT OPERATOR_IS_NULL OPERATOR_IS_NOT_NULL OPERATOR_COALESCE
  COMPARE_EQUAL COMPARE_NOTEQUAL COMPARE_LESSTHAN COMPARE_GREATERTHAN COMPARE_LESSTHANOREQUALTO
  COMPARE_GREATERTHANOREQUALTO COMPARE_IN COMPARE_NOT_IN COMPARE_BETWEEN COMPARE_NOT_BETWEEN
  COMPARE_DISTINCT_FROM COMPARE_NOT_DISTINCT_FROM OPERATOR_NULLIF ARRAY_CONSTRUCTOR
`);

export interface Advice {
  readonly message: string;
  readonly remedy: string;
}

const CLOCK = 'take the day of the run from run.period';
const DIVISION = 'divide with a macro of sql/macros/ (ratio, divide_by_rate); money is divided by apportion alone';

/** Why a function or operator outside the lists is refused, where there is more to say than that. */
export const FUNCTION_ADVICE: ReadonlyMap<string, Advice> = new Map([
  ['/', { message: 'division: DuckDB answers DOUBLE, Trino an integer or a rounded decimal', remedy: DIVISION }],
  ['//', { message: '`//`: Trino has no such operator, and on decimals DuckDB answers DOUBLE', remedy: DIVISION }],
  ['~~*', { message: 'ILIKE: Trino has no such operator', remedy: 'compare lower(…) LIKE …' }],
  ['!~~*', { message: 'NOT ILIKE: Trino has no such operator', remedy: 'compare lower(…) NOT LIKE …' }],
  ['avg', { message: 'avg: DuckDB answers DOUBLE', remedy: 'take ratio(quantity_sum(x), count(x))' }],
  [
    'sum',
    {
      message: 'bare sum: no check of the 39th digit on DuckDB, and another type on Trino',
      remedy: 'sum money with money_sum, quantities with quantity_sum, whole numbers with count_sum',
    },
  ],
  ['now', { message: 'now: a run is a function of its inputs, not of the clock', remedy: CLOCK }],
  ['today', { message: 'today: a run is a function of its inputs, not of the clock', remedy: CLOCK }],
  ['random', { message: 'random: a run is a function of its inputs', remedy: 'order and choose by data' }],
  ['uuid', { message: 'uuid: a run is a function of its inputs', remedy: 'make a key of the row’s own columns' }],
  ['list_value', { message: 'list literal: Trino has no `[…]`', remedy: 'write ARRAY[…], or rows in VALUES' }],
  ['struct_pack', { message: 'struct literal: Trino has no `{…}`', remedy: 'keep columns apart' }],
  ['timezone', { message: 'AT TIME ZONE: the engines differ for timestamps without a zone', remedy: 'use utc_timestamp' }],
  ['date_trunc', { message: 'date_trunc: DuckDB answers TIMESTAMP for a DATE, Trino DATE', remedy: 'use month_start or day_of' }],
  ['date_diff', { message: 'date_diff: units other than days are counted differently', remedy: 'use days_between' }],
  ['date_part', { message: 'EXTRACT: days of the week and epochs are counted differently', remedy: 'use year, month or day' }],
  ['round', { message: 'round: the result has another scale on Trino', remedy: 'use half_even_12, or CAST to the scale' }],
  ['greatest', { message: 'greatest: DuckDB skips nulls, Trino answers null', remedy: 'write a CASE' }],
  ['least', { message: 'least: DuckDB skips nulls, Trino answers null', remedy: 'write a CASE' }],
  ['concat', { message: 'concat: DuckDB skips nulls, Trino answers null', remedy: 'write a || b, with coalesce where null' }],
  ['any_value', { message: 'any_value: which row answers is left to the engine', remedy: 'take min or max' }],
  ['arbitrary', { message: 'arbitrary: which row answers is left to the engine', remedy: 'take min or max' }],
  ['split_part', { message: 'split_part: beyond the last part DuckDB answers an empty text, Trino null', remedy: 'use a macro' }],
]);

/** Names that stand for the clock or the user without parentheses. */
export const AMBIENT: ReadonlySet<string> = words(`
  current_date current_time current_timestamp localtime localtimestamp
  current_user session_user user current_role current_schema current_catalog
`);

/** Interval literals become these functions in the tree. */
export const INTERVAL =
  /^to_(years|months|days|hours|minutes|seconds|milliseconds|microseconds|weeks|quarters|decades|centuries|millennia)$/;
