// How one text becomes one value on Trino and Athena: what usage-values.ts makes of it on DuckDB, or null, never another value.
// `\z` and not `$`: there `$` also stands before a line end that closes the text.

/** A finite number, or null for anything else. */
export function trinoNumber(text: string): string {
  const number = `CAST(${text} AS DOUBLE)`;
  const isNumber = String.raw`regexp_like(${text}, '^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?\z')`;
  return `CASE WHEN ${isNumber} THEN CASE WHEN is_finite(${number}) THEN ${number} END END`;
}

function exponentOf(text: string): string {
  return String.raw`TRY_CAST(regexp_extract(${text}, '[eE]([+-]?[0-9]+)\z', 1) AS INTEGER)`;
}

/**
 * Text of a finite number → decimal, or null. With an exponent it goes through 24 places, as on DuckDB, which counts the digits before
 * the point and those that the exponent adds. An exponent of more than three digits would be multiplied out.
 */
export function trinoDecimal(text: string, type: string): string {
  return `CASE WHEN regexp_like(${text}, '[eE]') THEN TRY_CAST(${fromExponent(text)} AS ${type}) ELSE TRY_CAST(${text} AS ${type}) END`;
}

function fromExponent(text: string): string {
  const whole = `coalesce(length(regexp_extract(${text}, '^[+-]?0*([0-9]*)', 1)), 0)`;
  const exponent = exponentOf(text);
  const fits = `${exponent} BETWEEN -999 AND 999 AND ${whole} + greatest(${exponent}, 0) <= 14`;
  const isZero = String.raw`regexp_like(${text}, '^[+-]?[0.]+[eE]')`;
  return `CASE WHEN ${isZero} THEN CAST(0 AS DECIMAL(38,24)) WHEN ${fits} THEN TRY_CAST(${text} AS DECIMAL(38,24)) END`;
}

const DATE = '[0-9]{4}(-[0-9]{1,2}-|/[0-9]{1,2}/)[0-9]{1,2}';
const MINUTE = '[0-9]{1,2}:[0-9]{1,2}';
const ZONE = '(Z| UTC|[+-][0-9]{2}(:?[0-9]{2}|:[0-9]{2}:[0-9]{2})?)?';

/** RFC 3339 with its offset applied (none: UTC), or seconds or milliseconds since 1970, told apart by size. */
export function trinoTime(text: string): string {
  const date = `replace(regexp_extract(${text}, '${DATE}'), '/', '-')`;
  const clock = `regexp_extract(${text}, '[T ](${MINUTE}(:[0-9]{1,2})?)', 1)`;
  const micros = `rpad(substr(coalesce(regexp_extract(${text}, '[.]([0-9]+)', 1), ''), 1, 6), 6, '0')`;
  const quick = String.raw`'^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,6})?Z\z'`;
  return [
    `CASE WHEN regexp_like(${text}, ${quick})`,
    `THEN TRY_CAST(concat(substr(${text}, 1, 10), ' ', substr(${text}, 12, length(${text}) - 12)) AS TIMESTAMP(6))`,
    String.raw`WHEN regexp_like(${text}, '^[0-9]+([.][0-9]+)?\z') THEN ${epochTime(text)}`,
    String.raw`WHEN regexp_like(${text}, '^ *${DATE}((T| +)${MINUTE})? *\z')`,
    `THEN TRY_CAST(concat(${date}, ' ', coalesce(${clock}, '0:0')) AS TIMESTAMP(6))`,
    String.raw`WHEN regexp_like(${text}, '^ *${DATE}(T| +)${MINUTE}:[0-9]{1,2}([.][0-9]*)?${ZONE} *\z')`,
    `THEN date_add('second', -${offsetOf(text)}, TRY_CAST(concat(${date}, ' ', ${clock}, '.', ${micros}) AS TIMESTAMP(6))) END`,
  ].join(' ');
}

function epochTime(text: string): string {
  const number = `TRY_CAST(${text} AS DECIMAL(24,6))`;
  const micros = `CASE WHEN ${number} < 100000000000 THEN ${number} * 1000000 WHEN ${number} < 100000000000000 THEN ${number} * 1000 END`;
  const nanos = `CAST(CAST(${micros} AS BIGINT) AS DECIMAL(38,0)) * 1000`;
  return `CAST(from_unixtime_nanos(${nanos}) AT TIME ZONE 'UTC' AS TIMESTAMP(6))`;
}

/** Seconds that a text's offset is ahead of UTC. */
function offsetOf(text: string): string {
  const part = (at: number) =>
    String.raw`coalesce(TRY_CAST(substr(replace(regexp_extract(${text}, '([+-][0-9:]+) *\z', 1), ':', ''), ${at}, 2) AS BIGINT), 0)`;
  const sign = String.raw`CASE WHEN regexp_like(${text}, '-[0-9:]+ *\z') THEN -1 ELSE 1 END`;
  return `(${sign} * (${part(2)} * 3600 + ${part(4)} * 60 + ${part(6)}))`;
}

export function trinoInRange(time: string): string {
  return `${time} >= TIMESTAMP '2000-01-01 00:00:00' AND ${time} < TIMESTAMP '2100-01-01 00:00:00'`;
}

/** Decimal text → DECIMAL(38,24), from which `trinoMoney` rounds; null for what is negative, no decimal, too large or finer than that. */
export function trinoFine(text: string): string {
  const isPlain = String.raw`regexp_like(${text}, '^[+]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]{1,4})?\z')`;
  const isZero = String.raw`regexp_like(${text}, '^[+]?[0.]+([eE]|\z)')`;
  const fraction = String.raw`coalesce(length(regexp_extract(${text}, '[.]([0-9]*?)0*([eE]|\z)', 1)), 0)`;
  const isCoarse = `${fraction} - coalesce(${exponentOf(text)}, 0) <= 24`;
  const zero = 'CAST(0 AS DECIMAL(38,24))';
  return `CASE WHEN ${isPlain} THEN CASE WHEN ${isZero} THEN ${zero} WHEN ${isCoarse} THEN ${trinoDecimal(text, 'DECIMAL(38,24)')} END END`;
}

/** Half-even. */
export function trinoMoney(fine: string): string {
  const up = `CAST(${fine} AS DECIMAL(38,12))`;
  const isTie = `TRY_CAST(${up} AS DECIMAL(38,24)) - ${fine} = DECIMAL '0.0000000000005'`;
  const isOdd = `substr(CAST(${up} AS VARCHAR), -1) IN ('1', '3', '5', '7', '9')`;
  return `CASE WHEN ${isTie} AND ${isOdd} THEN CAST(${up} - DECIMAL '0.000000000001' AS DECIMAL(38,12)) ELSE ${up} END`;
}
