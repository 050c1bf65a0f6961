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

interface Renamed {
  /** What reports write before the keys that people gave, as a regular expression, and what stands there instead. */
  readonly written: string;
  readonly key: string;
}

/** Maps of CUR 2.0. */
const MAPS: Readonly<Record<string, Renamed>> = {
  resource_tags: { written: 'user[_:]', key: '' },
  tags: { written: 'resourceTags/(?:user[:_])?', key: '' },
  cost_category: { written: '', key: 'costCategory/' },
};

/** One column a tag or cost category, in CSV and in Parquet; what is left is the key. */
const OF_A_TAG = /^(?:resourceTags\/(?:user:)?|resource_tags_(?:user_)?)(.+)$/;
const OF_A_CATEGORY = /^(?:costCategory\/|cost_category_)(.+)$/;

interface TagMap {
  readonly column: string;
  readonly renamed: Renamed;
  readonly text: string;
  /** The same in its shortest form where it is a JSON object, else null. */
  readonly object: string;
}

function mapsOf(columns: readonly FileColumn[]): readonly TagMap[] {
  return columns.flatMap(({ name, text, isMap }) => {
    const renamed = MAPS[name.toLowerCase()];
    const cell = cellValue(text);
    const shortest = `CASE WHEN json_valid(${cell}) AND starts_with(trim(${cell}), '{') THEN CAST(json(${cell}) AS VARCHAR) END`;
    return renamed === undefined ? [] : [{ column: name.toLowerCase(), renamed, text: cell, object: isMap ? text : shortest }];
  });
}

function mapName(at: number): string {
  return `"map of tags ${at}"`;
}

/**
 * All tags of a line as one JSON object, by the key that people gave them; null where it has none. Of two with one key the first counts. A map
 * that is no object is kept as the text that it is, under the name of its column, so that it can be found.
 */
function tagsOf(columns: readonly FileColumn[], maps: readonly TagMap[]): string {
  const inner = maps.map(({ renamed }, at) => membersOf(mapName(at), renamed));
  const single = [...singleTags(columns)].map(([key, values]) => memberOf(key, `coalesce(${values.join(', ')})`));
  const odd = maps.map(({ column, text }, at) => memberOf(column, `CASE WHEN ${mapName(at)} IS NULL THEN ${text} END`));
  if (inner.length + single.length === 0) return 'NULL';
  const json = `'{' || nullif(concat_ws(',', ${[...inner, ...single, ...odd].join(', ')}), '') || '}'`;
  return maps.length === 0 ? json : onceOf(json);
}

/** One member with a text, null where there is none. */
function memberOf(key: string, value: string): string {
  return `${literal(`${JSON.stringify(key)}:`)} || CAST(to_json(${value}) AS VARCHAR)`;
}

/** What is nested, or a text that ends with a comma: there a quote behind a brace or a comma need not begin a key. */
const NEEDS_CARE = ',"[:,}]|.[{\\[]';

/** What stands between the braces of a map, which is cut into its members only where it must be. Quotes inside of values are escaped. */
function membersOf(object: string, { written, key }: Renamed): string {
  const plain = `regexp_replace(${object}, ${literal(`([{,]")(?:${written})`)}, ${literal(`\\1${key}`)}, 'g')`;
  const careful = joined(entriesOf(object), `regexp_replace(e.key, ${literal(`^(?:${written})`)}, ${literal(key)})`);
  return `nullif(CASE WHEN regexp_matches(${object}, ${literal(NEEDS_CARE)}, 's') THEN ${careful} ELSE array_slice(${plain}, 2, -2) END, '')`;
}

/** Two tags of a line may have one key once their prefixes are gone. */
function onceOf(json: string): string {
  const once = `list_filter(${entriesOf('t')}, lambda e, i: list_position(json_keys(t), e.key) = i)`;
  const repeats = `len(list_distinct(json_keys(t))) < len(json_keys(t))`;
  return `list_transform([${json}], lambda t: CASE WHEN ${repeats} THEN '{' || ${joined(once, 'e.key')} || '}' ELSE t END)[1]`;
}

/** Members of an object, those with the same key too: `key` as text, `value` as JSON. */
function entriesOf(object: string): string {
  return `map_entries(CAST(CAST(${object} AS JSON) AS MAP(VARCHAR, JSON)))`;
}

function joined(entries: string, key: string): string {
  const member = `CAST(to_json(${key}) AS VARCHAR) || ':' || coalesce(CAST(e.value AS VARCHAR), 'null')`;
  return `array_to_string(list_transform(${entries}, lambda e: ${member}), ',')`;
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
