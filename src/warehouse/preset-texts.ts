// What a preset makes of a record. Each key or column that holds something is taken out once, as text; what lies within it is taken out of
// that text here, so that JSON in a cell, JSON in a text and an object are read alike.
import { USAGE_FIELDS, type UsageField } from '../kernel/usage-fields.js';
import type { UsageSource } from '../pipeline/pipeline.js';
import { literal } from './sql-quote.js';
import { type FieldPath, fieldPaths, type Places, placesOf, pointer, type TextName } from './usage-paths.js';
import type { Preset } from './usage-presets.js';

export interface PresetTexts {
  readonly places: Places;
  readonly fields: readonly UsageField[];
  /** From the texts of a reader: the fields of what is usage, or cannot be read. */
  readonly usage: (texts: string) => string;
  readonly leftOut: (texts: string) => string | null;
}

/** `found` is what the reader has of `places`; null: all of them. */
export function presetTexts(
  preset: Preset,
  config: UsageSource,
  found: Places | null,
  fields: readonly UsageField[] = USAGE_FIELDS,
): PresetTexts {
  const heads = new Heads(found);
  const at = heads.at.bind(heads);
  const values = fields.flatMap((field) => valueOf(field, preset, config, heads));
  const why = preset.leftOut.map(([reason, when]) => `WHEN ${when(at)} THEN ${literal(reason)}`);
  const told = [
    'file',
    'row',
    `coalesce(broken OR ${preset.isBroken(at)}, false) AS broken`,
    `${why.length === 0 ? 'NULL' : `CASE ${why.join(' ')} END`} AS why`,
    `coalesce(${preset.isEmbedding(at)}, false) AS is_embedding`,
    ...values.map(({ field, sql }) => `${sql} AS ${field}`),
  ];
  const named = values.map(({ field }) => field);
  const stated = statedCostPaths(preset, config);
  const records = (texts: string) => `SELECT ${told.join(', ')} FROM (${heads.opened(texts)})`;
  const isSplit = named.includes('input_tokens') && !named.includes('embedding_tokens');
  return {
    places: new Map<TextName, readonly FieldPath[]>([
      ...heads.places(),
      ...(stated.length === 0 ? [] : [['stated_cost', stated] as const]),
    ]),
    fields: isSplit ? [...named, 'embedding_tokens'] : named,
    usage: (texts) => {
      const columns = named.flatMap((field) => (isSplit && field === 'input_tokens' ? SPLIT : [field]));
      return `SELECT ${['file', 'row', 'broken', ...columns].join(', ')} FROM (${records(texts)}) WHERE broken OR why IS NULL`;
    },
    leftOut: (texts) =>
      why.length === 0
        ? null
        : `SELECT file, why, count(*) AS records FROM (${records(texts)}) WHERE NOT broken AND why IS NOT NULL GROUP BY file, why`,
  };
}

/** The keys and columns that a field is made of. */
export function headsOf(field: UsageField, preset: Preset, config: UsageSource): readonly FieldPath[] {
  const heads = new Heads(null);
  valueOf(field, preset, config, heads);
  return heads.places().flatMap(([, paths]) => paths);
}

const SPLIT = [
  'CASE WHEN NOT is_embedding THEN input_tokens END AS input_tokens',
  'CASE WHEN is_embedding THEN input_tokens END AS embedding_tokens',
];

interface Value {
  readonly field: UsageField;
  readonly sql: string;
}

/** None where no record of the log can have it. What a map names is taken as it stands. */
function valueOf(field: UsageField, preset: Preset, config: UsageSource, heads: Heads): readonly Value[] {
  // Digits of money are looked at before they are text, by the reader.
  if (field === 'stated_cost') return heads.isRead(field) && config.statedCost === 'provider' ? [{ field, sql: field }] : [];
  const mapped = config.map[field];
  const spots = mapped === undefined ? (preset.fields[field] ?? []).map(spotOf) : mappedSpots(mapped);
  if (spots.length === 0) return [];
  const text = heads.first(spots);
  if (!spots.some(({ head }) => heads.isThere(head))) return [];
  const as = mapped === undefined ? preset.as[field] : undefined;
  return [{ field, sql: as === undefined ? text : as(text, heads.at.bind(heads)) }];
}

function statedCostPaths(preset: Preset, config: UsageSource): readonly FieldPath[] {
  if (config.statedCost === 'ignore') return [];
  if (config.map['stated_cost'] !== undefined) return fieldPaths(config).get('stated_cost') ?? [];
  return (preset.fields.stated_cost ?? []).map((name) => [name]);
}

/** Where in a record a text is: a key or column, keys of the JSON in it, or a tag of the list in it. */
interface Spot {
  readonly head: string;
  readonly within: FieldPath;
  readonly tag: string | null;
}

function spotOf(place: string): Spot {
  const [path = '', tag] = place.split('#');
  const [head = '', ...within] = path.split('.');
  return { head, within, tag: tag ?? null };
}

function mappedSpots(path: string): readonly Spot[] {
  return placesOf(path).map(([head = '', ...within]) => ({ head, within, tag: null }));
}

/** The keys and columns that are read, numbered as they are asked for. */
class Heads {
  readonly #found: Places | null;
  readonly #within = new Map<string, FieldPath[]>();

  constructor(found: Places | null) {
    this.#found = found;
  }

  at(...places: readonly string[]): string {
    return this.first(places.map(spotOf));
  }

  first(spots: readonly Spot[]): string {
    const values = spots.map((spot) => this.#value(spot)).filter((value) => value !== null);
    return values.length === 0 ? 'CAST(NULL AS VARCHAR)' : `coalesce(${values.join(', ')})`;
  }

  isThere(head: string): boolean {
    const name = this.#nameOf(head);
    return this.isRead(name);
  }

  isRead(name: TextName): boolean {
    return this.#found === null || this.#found.has(name);
  }

  places(): readonly (readonly [TextName, readonly FieldPath[]])[] {
    return [...this.#within.keys()].map((head) => [this.#nameOf(head), [[head]]] as const);
  }

  /** The texts, with those that lie within them beside. A text that is no JSON has none. */
  opened(texts: string): string {
    const deep = [...this.#within].filter(([head, paths]) => paths.length > 0 && this.isThere(head));
    if (deep.length === 0) return texts;
    const lists = deep.map(([head, paths]) => {
      const name = this.#nameOf(head);
      const pointers = paths.map((path) => literal(pointer(path))).join(', ');
      return `CASE WHEN json_valid(${name}) THEN json_extract_string(${name}, [${pointers}]) END AS in_${name}`;
    });
    return `SELECT *, ${lists.join(', ')} FROM (${texts})`;
  }

  #value({ head, within, tag }: Spot): string | null {
    const name = this.#nameOf(head);
    const paths = this.#within.get(head) ?? [];
    if (within.length > 0 && !paths.some((path) => pointer(path) === pointer(within))) paths.push(within);
    if (!this.isThere(head)) return null;
    if (tag !== null) return `nullif(regexp_extract(${name}, ${literal(`"${tag}[:=]([^"]*)"`)}, 1), '')`;
    const place = paths.findIndex((path) => pointer(path) === pointer(within)) + 1;
    return `nullif(${within.length === 0 ? name : `in_${name}[${place}]`}, '')`;
  }

  #nameOf(head: string): TextName {
    if (!this.#within.has(head)) this.#within.set(head, []);
    return `raw_${[...this.#within.keys()].indexOf(head)}`;
  }
}
