// A JSON number with a point or an exponent as DuckDB writes it: the shortest digits that are the same double, without an exponent from
// 0.000001 up to 10^21. Trino hands numbers on as Java spells them, before Java 19 at times with a digit too many (2e23).
import { letIn } from './trino-usage-values.js';

/** Up to here digits are sure to be the shortest: no two decimals of so few digits are one double. */
const SURE = 15;

/** What else than such a number is given (a whole number, `true`) stays as it is. */
export function duckNumber(text: string): string {
  const isSame = String.raw`NOT regexp_like(${text}, '[.E]') OR (length(${text}) <= ${SURE + 1} AND regexp_like(${text}, '^-?[0-9]+[.][0-9]+\z'))`;
  const sign = `CASE WHEN strpos(${text}, '-') = 1 THEN '-' ELSE '' END`;
  const spelled = letIn(scaled(text), 'exact', letIn(shortest('exact', text), 'short', plain('short')));
  return `CASE WHEN ${isSame} THEN ${text} ELSE concat(${sign}, ${spelled}) END`;
}

/** ROW(digits, power of ten of the last one), digits without zeros at either end. */
function scaled(text: string): string {
  const digits = String.raw`CAST(CAST(replace(regexp_extract(${text}, '[0-9]+[.][0-9]+'), '.', '') AS DECIMAL(38,0)) AS VARCHAR)`;
  const exponent = String.raw`coalesce(CAST(regexp_extract(${text}, 'E(-?[0-9]+)\z', 1) AS BIGINT), 0)`;
  return trimmed(digits, `${exponent} - length(regexp_extract(${text}, '[.]([0-9]+)', 1))`);
}

function trimmed(digits: string, power: string): string {
  const bare = String.raw`regexp_replace(whole, '0+\z', '')`;
  return letIn(digits, 'whole', `ROW(${bare}, ${power} + length(whole) - length(${bare}))`);
}

/** Rounded to fewer digits where that is still the same double. */
function shortest(exact: string, text: string): string {
  const cut = (places: number) =>
    `CAST(CAST(${exact}[1] AS DECIMAL(38,0)) / CAST(power(10, greatest(length(${exact}[1]) - ${places}, 0)) AS DECIMAL(38,0)) AS VARCHAR)`;
  const isSame = (places: number) =>
    `CAST(concat(${cut(places)}, 'E', CAST(${exact}[2] + length(${exact}[1]) - ${places} AS VARCHAR)) AS DOUBLE) = abs(CAST(${text} AS DOUBLE))`;
  const tries = [SURE, SURE + 1].map(
    (places) =>
      `WHEN length(${exact}[1]) > ${places} AND ${isSame(places)} THEN ${trimmed(cut(places), `${exact}[2] + length(${exact}[1]) - ${places}`)}`,
  );
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
