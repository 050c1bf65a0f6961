// What is read of an AWS Cost and Usage Report: CUR 2.0 (`line_item_unblended_cost`, tags in maps), and the legacy report as CSV
// (`lineItem/UnblendedCost`, a column for each tag) and as Parquet (`resource_tags_user_x`). They are the same columns under other names.
import { CUR_COLUMNS, CUR_NEEDED } from '../kernel/bill-lines.js';
import { Failure } from '../kernel/failure.js';
import { nearest } from '../kernel/nearest.js';
import type { LandedFile } from '../source/source.js';
import { cellValue, type FileColumn, type PickColumns } from './bill-table.js';
import { literal } from './sql-quote.js';

/** `lineItem/UnblendedCost` and `line_item_unblended_cost` are one name. */
export function plainCur(name: string): string {
  return name.replace(/[^A-Za-z0-9]/g, '').toLowerCase();
}

export function curColumns(file: LandedFile): PickColumns {
  if (/\.zip$/i.test(file.name))
    throw refuse(file, 'is a ZIP, which is not read', 'choose GZIP or Parquet in the settings of the report');
  return (columns) => {
    refuseOthers(
      columns.map(({ name }) => name),
      file,
    );
    const places = new Map(columns.map(({ name, text }) => [plainCur(name), text] as const).reverse());
    const values = CUR_COLUMNS.map((name) => `CAST(${cellValue(places.get(plainCur(name)))} AS VARCHAR) AS ${name}`);
    return [...values, `CAST(${tagsOf(columns)} AS VARCHAR) AS tags`];
  };
}

/** Maps of CUR 2.0, and what stands before the keys of each. */
const MAPS: Readonly<Record<string, string>> = { resource_tags: '', tags: '', cost_category: 'costCategory/' };
/** One column a tag or cost category, in CSV and in Parquet; what is left is the key. */
const OF_A_TAG = /^(?:resourceTags\/(?:user:)?|resource_tags_(?:user_)?)(.+)$/;
const OF_A_CATEGORY = /^(?:costCategory\/|cost_category_)(.+)$/;
/** What reports write before the key of a tag that people made. */
const USER_TAG = String.raw`^(resourceTags/)?(user[:_])?`;

/**
 * All tags of a line as one JSON object, by the key that people gave them; null where it has none. Of two columns with one key the first
 * that has a value counts.
 */
function tagsOf(columns: readonly FileColumn[]): string {
  const maps = columns.flatMap(({ name, text }) => {
    const prefix = MAPS[name.toLowerCase()];
    return prefix === undefined ? [] : [{ prefix, text: cellValue(text) }];
  });
  const single = [...singleTags(columns)].map(([key, values]) => `{'k': ${literal(key)}, 'v': coalesce(${values.join(', ')})}`);
  if (maps.length === 0 && single.length === 0) return 'NULL';
  const entries = [
    ...maps.map(({ prefix, text }) => entriesOf(text, prefix)),
    ...(single.length === 0 ? [] : [`[${single.join(', ')}]`]),
  ];
  const told = `list_filter(${entries.join(' || ')}, lambda e: e.v <> '')`;
  // Keys of maps may be the same once their prefixes are gone; those of columns are told apart above.
  const keys = `list_transform(${told}, lambda o: o.k)`;
  const once = maps.length === 0 ? told : `list_filter(${told}, lambda e, i: list_position(${keys}, e.k) = i)`;
  const json = `nullif(CAST(to_json(map_from_entries(${once})) AS VARCHAR), '{}')`;
  // What is no object is kept as it stands, so that it can be found.
  const odd = maps.map(({ text }) => `CASE WHEN ${mapOf(text)} IS NULL THEN ${text} END`);
  return odd.length === 0 ? json : `coalesce(${[json, ...odd].join(', ')})`;
}

/** Key → the cells that may hold its value. */
function singleTags(columns: readonly FileColumn[]): ReadonlyMap<string, readonly string[]> {
  const cells = new Map<string, readonly string[]>();
  for (const { name, text } of columns) {
    const [tag, category] = [OF_A_TAG.exec(name)?.[1], OF_A_CATEGORY.exec(name)?.[1]];
    const key = tag ?? (category === undefined ? null : `costCategory/${category}`);
    if (key !== null) cells.set(key, [...(cells.get(key) ?? []), cellValue(text)]);
  }
  return cells;
}

function mapOf(text: string): string {
  return `TRY_CAST(TRY_CAST(${text} AS JSON) AS MAP(VARCHAR, VARCHAR))`;
}

function entriesOf(text: string, prefix: string): string {
  const key = `${literal(prefix)} || regexp_replace(e.key, ${literal(USER_TAG)}, '')`;
  const entries = `list_transform(map_entries(${mapOf(text)}), lambda e: {'k': ${key}, 'v': e.value})`;
  return `coalesce(${entries}, [])`;
}

function refuseOthers(header: readonly string[], file: LandedFile): void {
  const names = header.map((name) => plainCur(name));
  const twice = CUR_COLUMNS.filter((name) => names.filter((other) => other === plainCur(name)).length > 1);
  if (twice.length > 0) throw refuse(file, `has ${twice.join(', ')} twice`, 'export the file again');
  const missing = CUR_NEEDED.filter((name) => !names.includes(plainCur(name)));
  if (missing.length === 0) return;
  if (names.includes('billedcost')) throw refuse(file, 'is a FOCUS bill, no Cost and Usage Report', 'read it with `kind: focus`');
  const unknown = header.filter((name) => !CUR_COLUMNS.some((known) => plainCur(known) === plainCur(name)));
  const near = missing.flatMap((name) => {
    const other = nearest(name, unknown);
    return other === null ? [] : [`\`${other}\` should be \`${name}\``];
  });
  const remedy =
    near.length > 0
      ? `did you mean: ${near.join(', ')}?`
      : 'add them to the query of the export, or correct the pattern of the source';
  throw refuse(file, `is no Cost and Usage Report that can be booked: it lacks ${missing.join(', ')}`, remedy);
}

function refuse(file: LandedFile, what: string, remedy: string): Failure {
  return new Failure('user', [
    { code: 'cur/columns', message: `\`${file.name}\` ${what}`, remedy, place: { file: file.name, line: 1 } },
  ]);
}
