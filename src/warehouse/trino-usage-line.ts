// A line of text → the JSON object that it is, or null for what is none, on Trino and Athena. What one engine would read otherwise than
// the other is none either. No function here calls itself for each level of a value: a stack that is full ends the query, not the record.

/** The casts that come after do; no record of a log is as deep as this. */
const DEEPEST = 500;
const END = 'showback: end of the line';

export function isObject(json: string): string {
  return `coalesce(substr(json_format(${json}), 1, 1) = '{', false)`;
}

/** SELECT of `path`, `line` and the object, `j0`. */
export function withJson(lines: string): string {
  const lax = String.raw`regexp_like(line, '[nN][aA][nN]|[iI][nN][fF]|,[ \t\r\n]*[}\]]') AND NOT regexp_like(line, '[{\[,][ \t\r\n]*,[ \t\r\n]*[}\]]')`;
  const strict = `SELECT *, ${parsed('line')} AS strict FROM (${lines})`;
  const plain = `SELECT *, CASE WHEN strict IS NULL THEN CASE WHEN ${lax} THEN ${plainJson('line')} END END AS plain FROM (${strict})`;
  const any = `SELECT path, line, CASE WHEN plain IS NULL THEN strict ELSE ${parsed('plain')} END AS json FROM (${plain})`;
  return `SELECT path, line, CASE WHEN ${isObject('json')} THEN CASE WHEN ${isOdd('json_format(json)')} THEN NULL ELSE json END END AS j0 FROM (${any})`;
}

/** JSON and nothing after it. `concat` would fail at 1 MB. */
function parsed(text: string): string {
  const isWhole = `json_extract_scalar(array_join(ARRAY['[', ${text}, ',"${END}"]'], ''), '$[1]') = '${END}'`;
  return `CASE WHEN ${isWhole} THEN try(json_extract(${text}, '$')) END`;
}

/** What DuckDB takes for JSON too: NaN and infinities, as Python writes them, and a comma after the last value. */
function plainJson(line: string): string {
  const pattern = String.raw`("[^"\\]*(?:\\.[^"\\]*)*")|,([ \t\r\n]*[}\]])|(-?)(?:([nN][aA][nN])|([iI][nN][fF](?:[iI][nN][iI][tT][yY])?))([ \t]*:)?`;
  const number = `CASE WHEN p[6] IS NOT NULL THEN '?' ELSE concat('"', p[3], coalesce(p[4], p[5]), '"') END`;
  return `regexp_replace(${line}, '${pattern}', p -> coalesce(p[1], p[2], ${number}))`;
}

/** Bytes that are no UTF-8 (Trino reads U+FFFD), half a surrogate pair (it reads `?`), or nesting that no cast survives. */
function isOdd(text: string): string {
  const noUtf8 = `CASE WHEN strpos(${text}, chr(65533)) > 0 THEN line <> from_utf8(to_utf8(line)) ELSE false END`;
  const withoutPairs = String.raw`regexp_replace(${text}, '\\\\|\\u[dD][89abAB]..\\u[dD][c-fC-F]..', '')`;
  const half = String.raw`CASE WHEN strpos(${text}, '\uD') > 0 THEN regexp_like(${withoutPairs}, '\\u[dD][89a-fA-F]') ELSE false END`;
  const openings = `length(${text}) - length(replace(replace(${text}, '[', ''), '{', ''))`;
  const isDeep = `CASE WHEN ${openings} > ${DEEPEST} THEN ${depthOf(text)} > ${DEEPEST} ELSE false END`;
  return `CASE WHEN ${noUtf8} THEN true WHEN ${half} THEN true ELSE ${isDeep} END`;
}

function depthOf(text: string): string {
  const bare = String.raw`regexp_replace(replace(replace(${text}, '\\', ''), '\"', ''), '"[^"]*"', '')`;
  const step = `CASE WHEN sign IN ('[', '{') THEN 1 ELSE -1 END`;
  const next = `CAST(ROW(seen[1] + ${step}, greatest(seen[2], seen[1] + ${step})) AS ROW(INTEGER, INTEGER))`;
  const signs = String.raw`regexp_extract_all(${bare}, '[\[{}\]]')`;
  return `reduce(${signs}, CAST(ROW(0, 0) AS ROW(INTEGER, INTEGER)), (seen, sign) -> ${next}, seen -> seen[2])`;
}
