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
    const maps = mapsOf(columns);
    const first = maps.map(({ object }, at) => `${object} AS ${mapName(at)}`);
    return { columns: [...values, `CAST(${tagsOf(columns, maps)} AS VARCHAR) AS tags`], first };
  };
}

/** Maps of CUR 2.0: what reports write before the keys of each that people gave, and what stands there instead. */
const MAPS: Readonly<Record<string, readonly (readonly [written: string, key: string])[]>> = {
  resource_tags: [
    ['user_', ''],
    ['user:', ''],
  ],
  tags: [
    ['resourceTags/user:', ''],
    ['resourceTags/user_', ''],
    ['resourceTags/', ''],
  ],
  cost_category: [['', 'costCategory/']],
};

/** One column a tag or cost category, in CSV and in Parquet; what is left is the key. */
const OF_A_TAG = /^(?:resourceTags\/(?:user:)?|resource_tags_(?:user_)?)(.+)$/;
const OF_A_CATEGORY = /^(?:costCategory\/|cost_category_)(.+)$/;

interface TagMap {
  readonly renamed: (typeof MAPS)[string];
  readonly text: string;
  /** The same in its shortest form where it is a JSON object, else null. */
  readonly object: string;
}

function mapsOf(columns: readonly FileColumn[]): readonly TagMap[] {
  return columns.flatMap(({ name, text, isMap }) => {
    const renamed = MAPS[name.toLowerCase()];
    const cell = cellValue(text);
    const shortest = `CASE WHEN json_valid(${cell}) AND starts_with(trim(${cell}), '{') THEN CAST(json(${cell}) AS VARCHAR) END`;
    return renamed === undefined ? [] : [{ renamed, text: cell, object: isMap ? text : shortest }];
  });
}

function mapName(at: number): string {
  return `"map of tags ${at}"`;
}

/**
 * All tags of a line as one JSON object, by the key that people gave them; null where it has none. Of two with one key the first counts. What is
 * no object is kept as it stands, so that it can be found.
 */
function tagsOf(columns: readonly FileColumn[], maps: readonly TagMap[]): string {
  const inner = maps.map(({ renamed }, at) => membersOf(mapName(at), renamed));
  const single = [...singleTags(columns)].map(([key, values]) => {
    const value = `coalesce(${values.join(', ')})`;
    return `CASE WHEN ${value} <> '' THEN ${literal(`${JSON.stringify(key)}:`)} || CAST(to_json(${value}) AS VARCHAR) END`;
  });
  if (inner.length + single.length === 0) return 'NULL';
  const json = `'{' || nullif(concat_ws(',', ${[...inner, ...single].join(', ')}), '') || '}'`;
  const odd = maps.map(({ text }, at) => `CASE WHEN ${mapName(at)} IS NULL THEN ${text} END`);
  return `coalesce(${[maps.length === 0 ? json : onceOf(json), ...odd].join(', ')})`;
}

/** What stands between the braces of a map. Quotes inside of values are escaped: one behind a brace or a comma begins a key. */
function membersOf(object: string, renamed: TagMap['renamed']): string {
  const text = renamed.reduce(
    (inner, [written, key]) =>
      ['{"', ',"'].reduce((all, sign) => `replace(${all}, ${literal(sign + written)}, ${literal(sign + key)})`, inner),
    object,
  );
  return `nullif(array_slice(${text}, 2, -2), '')`;
}

/** Two tags of a line may have one key once their prefixes are gone. */
function onceOf(json: string): string {
  const entries = `list_transform(json_keys(t), lambda key, i: {'k': key, 'v': json_extract_string(t, '$."' || replace(key, '"', '\\"') || '"')})`;
  const once = `list_filter(${entries}, lambda e, i: list_position(json_keys(t), e.k) = i)`;
  const repeats = `len(list_distinct(json_keys(t))) < len(json_keys(t))`;
  return `list_transform([${json}], lambda t: CASE WHEN ${repeats} THEN CAST(to_json(map_from_entries(${once})) AS VARCHAR) ELSE t END)[1]`;
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
