// How one text becomes one value, as SQL expressions.

/** Empty text is no text. */
export function orNull(text: string): string {
  return `nullif(${text}, '')`;
}

/** A finite number, or null for anything else: `true`, `NaN`, `0x10`, infinity. */
export function numberOf(text: string): string {
  const number = `TRY_CAST(${text} AS DOUBLE)`;
  return `CASE WHEN regexp_matches(${text}, '^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?$') AND isfinite(${number}) THEN ${number} END`;
}

/**
 * RFC 3339 with its offset applied (none: UTC), or seconds or milliseconds since 1970, told apart by size.
 * A cast to TIMESTAMP drops offsets, so only what ends in Z takes that quick way.
 */
export function timeOf(text: string, cast: 'CAST' | 'TRY_CAST'): string {
  const number = `${cast}(${text} AS DECIMAL(24,6))`;
  const micros = `CASE WHEN ${number} < 100000000000 THEN ${number} * 1000000 WHEN ${number} < 100000000000000 THEN ${number} * 1000 END`;
  return [
    'CASE',
    `WHEN suffix(${text}, 'Z') THEN ${cast}(${text} AS TIMESTAMP)`,
    `WHEN ${text} = '' THEN NULL`,
    `WHEN regexp_matches(${text}, '^[0-9]+([.][0-9]+)?$') THEN make_timestamp(CAST(${micros} AS BIGINT))`,
    `ELSE CAST(${cast}(${text} AS TIMESTAMPTZ) AS TIMESTAMP) END`,
  ].join(' ');
}

/** Outside of this a time is a mistake of units or of clocks. */
export function isInRange(time: string): string {
  return `${time} >= TIMESTAMP '2000-01-01' AND ${time} < TIMESTAMP '2100-01-01'`;
}

export function millisecondsOf(number: string): string {
  return `CAST(round(${number}) AS BIGINT)`;
}

/**
 * A number's text → a decimal of few places. The engine rounds what has an exponent by whichever digit it drops last: 5.5e-8 is 0.000001
 * to it. With 24 places nothing that matters is dropped.
 */
export function decimalOf(text: string, type: string, cast: 'CAST' | 'TRY_CAST'): string {
  return `CASE WHEN contains(lower(${text}), 'e') THEN ${cast}(${cast}(${text} AS DECIMAL(38,24)) AS ${type}) ELSE ${cast}(${text} AS ${type}) END`;
}

const PLAIN_MONEY = '^[+]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]{1,4})?$';

/** Decimal text → DECIMAL(38,12), rounded half-even; null for what is negative, no decimal, too large or finer than 24 decimals. */
export function moneyOf(text: string): string {
  const fraction = `length(regexp_extract(${text}, '[.]([0-9]*?)0*([eE]|$)', 1))`;
  const exponent = `coalesce(TRY_CAST(regexp_extract(${text}, '[eE]([+-]?[0-9]+)$', 1) AS INTEGER), 0)`;
  const zero = `regexp_matches(${text}, '^[+]?[0.]+([eE]|$)')`;
  const fine = `TRY_CAST(${text} AS DECIMAL(38,24))`;
  const up = `CAST(${fine} AS DECIMAL(38,12))`;
  const tie = `TRY_CAST(${up} AS DECIMAL(38,24)) - ${fine} = 0.0000000000005 AND right(CAST(${up} AS VARCHAR), 1) IN ('1', '3', '5', '7', '9')`;
  const even = `CASE WHEN ${tie} THEN ${up} - 0.000000000001 ELSE ${up} END`;
  const value = `CASE WHEN ${zero} THEN 0 WHEN ${fraction} - ${exponent} <= 24 THEN ${even} END`;
  return `CAST(CASE WHEN regexp_matches(${text}, '${PLAIN_MONEY}') THEN ${value} END AS DECIMAL(38,12))`;
}
