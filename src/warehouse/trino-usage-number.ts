// A JSON number with a point or an exponent as DuckDB writes it: the shortest digits that are the same double, without an exponent from
// 0.000001 up to 10^21. Trino hands numbers on as Java spells them, before Java 19 at times with a digit or two too many (2e23), at times
// with digits of 17 that are not the nearest.

/** Up to here digits are sure to be the shortest: no two decimals of so few digits are one double. */
const SURE = 15;
const TRIED = [SURE, SURE + 1, SURE + 2];
const PLAIN = `length(f) <= ${SURE + 1} AND regexp_like(f, '${String.raw`^-?[0-9]+[.][0-9]+\z`}')`;

/**
 * Adds `number`, an array beside `value` (JSON): the text where a number has to be spelled anew, null elsewhere. A step a subquery, not
 * a lambda in a lambda: the planner reads those again and again.
 */
export function withNumbers(sql: string): string {
  const odd = `CASE WHEN substr(f, 1, 1) IN ('"', 'n', 't', 'f', '{', '[') THEN NULL WHEN regexp_like(f, '[.E]') AND NOT (${PLAIN}) THEN f END`;
  const texts = `SELECT *, transform(transform(value, v -> json_format(v)), f -> ${odd}) AS java FROM (${sql})`;
  const exact = `SELECT *, CASE WHEN any_match(java, f -> f IS NOT NULL) THEN transform(java, f -> ${scaled('f')}) END AS exact FROM (${texts})`;
  const short = `SELECT *, zip_with(exact, java, (n, f) -> ${shortest('n', 'f')}) AS short FROM (${exact})`;
  const sign = `CASE WHEN strpos(f, '-') = 1 THEN '-' ELSE '' END`;
  const spelled = `zip_with(short, java, (n, f) -> CASE WHEN f IS NOT NULL THEN concat(${sign}, ${plain('n')}) END)`;
  return `SELECT *, coalesce(${spelled}, java) AS number FROM (${short})`;
}

/** ROW(digits, power of ten of the last one), digits without zeros at either end. */
function scaled(text: string): string {
  const digits = `CAST(CAST(replace(regexp_extract(${text}, '[0-9]+[.][0-9]+'), '.', '') AS DECIMAL(38,0)) AS VARCHAR)`;
  const exponent = String.raw`coalesce(CAST(regexp_extract(${text}, 'E(-?[0-9]+)\z', 1) AS BIGINT), 0)`;
  const spelled = trimmed(digits, `${exponent} - length(regexp_extract(${text}, '[.]([0-9]+)', 1))`);
  return `CASE WHEN ${isWhole(text)} THEN ${trimmed(whole(text), '0')} ELSE ${spelled} END`;
}

/** From 2^53 a double is a whole number, and Java's digits are not enough to tell which decimal is the nearest; from 2^103 they were, of millions tried. */
function isWhole(text: string): string {
  return `abs(CAST(${text} AS DOUBLE)) >= power(2, 53) AND abs(CAST(${text} AS DOUBLE)) < power(2, 103)`;
}

/** All digits of the whole number that a double is: above and below 2^40 it is exact as BIGINT. */
function whole(text: string): string {
  const value = `abs(CAST(${text} AS DOUBLE))`;
  const above = `floor(${value} / power(2, 40))`;
  const below = `CAST(CAST(${value} - ${above} * power(2, 40) AS BIGINT) AS DECIMAL(38,0))`;
  return `CAST(CAST(CAST(${above} AS BIGINT) AS DECIMAL(24,0)) * DECIMAL '1099511627776' + ${below} AS VARCHAR)`;
}

function trimmed(digits: string, power: string): string {
  const bare = String.raw`regexp_replace(${digits}, '0+\z', '')`;
  return `CAST(ROW(${bare}, ${power} + length(${digits}) - length(${bare})) AS ROW(VARCHAR, BIGINT))`;
}

/** Rounded to fewer digits where that is still the same double. */
function shortest(exact: string, text: string): string {
  const [digits, power] = [`${exact}[1]`, `${exact}[2]`];
  const tries = TRIED.map((places) => {
    const cut = `CAST(CAST(${digits} AS DECIMAL(38,0)) / CAST(power(10, greatest(length(${digits}) - ${places}, 0)) AS DECIMAL(38,0)) AS VARCHAR)`;
    const scale = `${power} + length(${digits}) - ${places}`;
    const isSame = `CAST(concat(${cut}, 'E', CAST(${scale} AS VARCHAR)) AS DOUBLE) = abs(CAST(${text} AS DOUBLE))`;
    return `WHEN length(${digits}) > ${places} AND ${isSame} THEN ${trimmed(cut, scale)}`;
  });
  return `CASE ${tries.join(' ')} ELSE ${exact} END`;
}

function plain(short: string): string {
  const digits = `${short}[1]`;
  const point = `(length(${digits}) + ${short}[2])`;
  const rest = `CASE WHEN length(${digits}) > 1 THEN concat('.', substr(${digits}, 2)) ELSE '' END`;
  return [
    `CASE WHEN length(${digits}) <= ${point} AND ${point} <= 21 THEN concat(rpad(${digits}, ${point}, '0'), '.0')`,
    `WHEN ${point} BETWEEN 1 AND 21 THEN concat(substr(${digits}, 1, ${point}), '.', substr(${digits}, ${point} + 1))`,
    `WHEN ${point} BETWEEN -5 AND 0 THEN concat('0.', lpad('', -${point}, '0'), ${digits})`,
    `ELSE concat(substr(${digits}, 1, 1), ${rest}, 'e', CAST(${point} - 1 AS VARCHAR)) END`,
  ].join(' ');
}
