// What of an ingredient is not what it was: files, rows of books, rules, entries, by name and by their place in the configuration.
import type { Place } from '../kernel/failure.js';
import type { Feature, FeatureMapping, FxRow, Pipeline, PriceRow, Registry, Rule, SourceConfig } from '../pipeline/pipeline.js';
import type { LandedFile } from '../source/source.js';
import type { Change } from './diff-runs-api.js';
import { filesIn, type Ingredients, type Part, sourceIn } from './diff-runs-ingredients.js';
import { contentText } from './fingerprint.js';

export function changesOf(part: Part, before: Ingredients, after: Ingredients): readonly Change[] {
  const [was, is] = [before.pipeline, after.pipeline];
  switch (part.kind) {
    case 'as_of':
      return [changed('as-of day', before.asOf, after.asOf)];
    case 'source':
      return sourceChanges(part.sourceId, before, after);
    case 'prices':
      return priceChanges(was, is);
    case 'fx':
      return rowChanges(was.fx, is.fx, FX);
    case 'rules':
      return ruleChanges(was.rules, is.rules);
    case 'features':
    case 'fixed_costs':
    case 'revenue':
      return registryChanges(part.kind, was.registry, is.registry);
    case 'settings':
      return settingChanges(was, is);
    case 'closes':
      return rowChanges(
        closesOf(before),
        closesOf(after),
        named('closed', ({ month }) => month),
      );
    default:
      return part satisfies never;
  }
}

function registryChanges(kind: 'features' | 'fixed_costs' | 'revenue', was: Registry, is: Registry): readonly Change[] {
  if (kind === 'fixed_costs')
    return rowChanges(
      was.fixedCosts,
      is.fixedCosts,
      named('entry', ({ entryId }) => entryId),
    );
  if (kind === 'revenue')
    return rowChanges(
      was.revenue,
      is.revenue,
      named('revenue', ({ featureId, month }) => `${featureId} ${month}`),
    );
  const features = named<Feature>('feature', ({ featureId }) => featureId);
  const mappings = named<FeatureMapping>('mapping', (row) => `${row.kind} ${row.value}`);
  return [...rowChanges(was.features, is.features, features), ...rowChanges(was.mappings, is.mappings, mappings)];
}

function changed(what: string, before: string, after: string): Change {
  return { change: 'changed', what, place: null, before, after };
}

/** How rows of a kind are told. */
interface Telling<T> {
  readonly what: (row: T) => string;
  /** Rows of one key are the same thing at two times. */
  readonly key: (row: T) => string;
  /** What stands in a row, where it came or went. */
  readonly shown: (row: T) => string | null;
  /** How a row is told that is there at both times; by the fields that differ where nothing is said. */
  readonly again?: (old: T, row: T) => Omit<Change, 'change' | 'place'>;
  /** Fields that say nothing of their own. */
  readonly aside?: readonly string[];
}

function named<T>(kind: string, name: (row: T) => string): Telling<T> {
  const what = (row: T): string => `${kind} ${name(row)}`;
  return { what, key: what, shown: () => null };
}

/** Rows that both have count for nothing, wherever they stand. */
function rowChanges<T extends object>(before: readonly T[], after: readonly T[], telling: Telling<T>): readonly Change[] {
  const [gone, come] = [without(before, after, telling), without(after, before, telling)];
  const old = new Map(gone.map((row) => [telling.key(row), row]));
  const fresh = new Set(come.map(telling.key));
  return [
    ...come.map((row): Change => changeOf(old.get(telling.key(row)) ?? null, row, telling)),
    ...gone.filter((row) => !fresh.has(telling.key(row))).map((row): Change => changeOf(row, null, telling)),
  ];
}

function without<T extends object>(rows: readonly T[], others: readonly T[], telling: Telling<T>): readonly T[] {
  const left = new Map<string, number>();
  for (const row of others) left.set(meaningOf(row, telling), (left.get(meaningOf(row, telling)) ?? 0) + 1);
  return rows.filter((row) => {
    const count = left.get(meaningOf(row, telling)) ?? 0;
    left.set(meaningOf(row, telling), count - 1);
    return count <= 0;
  });
}

function meaningOf<T extends object>(row: T, { aside = [] }: Telling<T>): string {
  return contentText(Object.fromEntries(Object.entries(row).filter(([name]) => !aside.includes(name))));
}

function changeOf<T extends object>(old: T | null, row: T | null, telling: Telling<T>): Change {
  const told = row ?? old;
  if (told === null) throw new Error('a change of nothing');
  const common = { what: telling.what(told), place: placeText(told) };
  if (old === null || row === null)
    return {
      change: old === null ? 'added' : 'removed',
      ...common,
      before: old === null ? null : telling.shown(old),
      after: row === null ? null : telling.shown(row),
    };
  const again = telling.again?.(old, row) ?? differingFields(old, row, common.what, telling.aside ?? []);
  return { change: 'changed', ...common, ...again };
}

/** The fields that differ: one in the words of what changed, several by their names. */
function differingFields(old: object, row: object, what: string, aside: readonly string[]): Omit<Change, 'change' | 'place'> {
  const [was, is] = [fieldsOf(old, '', aside), fieldsOf(row, '', aside)];
  const names = [...new Set([...was.keys(), ...is.keys()])].filter((name) => was.get(name) !== is.get(name));
  const [only, ...others] = names;
  if (only !== undefined && others.length === 0)
    return { what: `${what}, ${only}`, before: was.get(only) ?? 'none', after: is.get(only) ?? 'none' };
  const text = (of: ReadonlyMap<string, string>): string =>
    names.flatMap((name) => (of.has(name) ? `${name} ${of.get(name) ?? ''}` : [])).join(', ');
  return { what, before: text(was), after: text(is) };
}

/** Also those of what is in it, lists aside: `method.feature_id`. */
function fieldsOf(row: object, within: string, aside: readonly string[]): ReadonlyMap<string, string> {
  const fields = Object.entries(row).filter(([name]) => name !== 'place' && !aside.includes(name));
  return new Map(
    fields.flatMap(([name, value]: readonly [string, unknown]): readonly (readonly [string, string])[] => {
      const isRecord = typeof value === 'object' && value !== null && !Array.isArray(value);
      return isRecord
        ? [...fieldsOf(value, `${within}${spelled(name)}.`, [])]
        : [[`${within}${spelled(name)}`, valueText(value)]];
    }),
  );
}

/** As configuration spells it. */
function spelled(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function valueText(value: unknown): string {
  return typeof value === 'string' ? value : value === null || value === undefined ? 'none' : contentText(value);
}

function placeText(row: object): string | null {
  if (!('place' in row)) return null;
  const { file, line } = row.place as Place;
  return line === undefined ? file : `${file}:${line}`;
}

function priceChanges(was: Pipeline, is: Pipeline): readonly Change[] {
  return [
    ...rowChanges(was.prices, is.prices, PRICE),
    ...rowChanges(
      was.aliases,
      is.aliases,
      named('alias', ({ provider, sku, kind, pattern }) => `${provider} ${sku}: ${kind} ${pattern}`),
    ),
    ...rowChanges(
      was.skus,
      is.skus,
      named('sku', ({ provider, sku }) => `${provider} ${sku}`),
    ),
    ...rowChanges(
      was.skuMap,
      is.skuMap,
      named('sku map', ({ provider, item }) => `${provider} ${item}`),
    ),
  ];
}

const PRICE: Telling<PriceRow> = {
  what: ({ layer, provider, sku, meter, serviceTier, validFrom }) =>
    [layer === 'list' ? '' : layer, provider, sku, meter, serviceTier, `from ${validFrom.replace(/ 00:00:00$/, '')}`]
      .filter((word) => word !== '' && word !== 'standard')
      .join(' '),
  key: ({ layer, provider, sku, meter, serviceTier, region, promptOver, minuteFrom, minuteTo, validFrom }) =>
    JSON.stringify([layer, provider, sku, meter, serviceTier, region, promptOver, minuteFrom, minuteTo, validFrom]),
  shown: ({ price, currency, unitExponent }) => (price === null ? 'no price' : `${price} ${currency} per ${UNITS[unitExponent]}`),
  aside: ['note', 'source'],
};

/** As books write them. */
const UNITS: Readonly<Record<PriceRow['unitExponent'], string>> = { 0: '1', 3: '1K', 6: '1M' };

const FX: Telling<FxRow> = {
  what: ({ month, from, to }) => `${from} in ${to}, ${month}`,
  key: ({ month, from, to }) => `${month} ${from} ${to}`,
  shown: ({ rate }) => rate,
  aside: ['source'],
};

/** Its number moves when a rule is put before it; of the rule itself that says nothing. */
const RULE: Telling<Rule> = {
  ...named('pool', ({ poolId }) => poolId),
  shown: ({ method }) => method.kind,
  aside: ['ruleNo', 'level'],
};

function ruleChanges(was: readonly Rule[], is: readonly Rule[]): readonly Change[] {
  const rows = rowChanges(was, is, RULE);
  const stay = (rules: readonly Rule[], others: readonly Rule[]): readonly string[] => {
    const known = new Set(others.map((rule) => meaningOf(rule, RULE)));
    return rules.filter((rule) => known.has(meaningOf(rule, RULE))).map(({ poolId }) => poolId);
  };
  const [before, after] = [stay(was, is).join(', '), stay(is, was).join(', ')];
  return before === after ? rows : [...rows, changed('order of the rules', before, after)];
}

function sourceChanges(id: string, before: Ingredients, after: Ingredients): readonly Change[] {
  const [was, is] = [sourceIn(before, id), sourceIn(after, id)];
  const own = rowChanges(
    was === null ? [] : [was],
    is === null ? [] : [is],
    named<SourceConfig>('source', (source) => source.id),
  );
  const files = fileChanges(filesIn(before, id), filesIn(after, id));
  if (own.length > 0 || files.length > 0) return [...own, ...files];
  return [{ change: 'changed', what: 'totals that its files state', place: null, before: null, after: null }];
}

type Told = Omit<LandedFile, 'path'>;

/** Of a billing period a name is one file; the same name in another period is another. */
export function fileChanges(before: readonly Told[], after: readonly Told[]): readonly Change[] {
  const telling: Telling<Told> = {
    what: ({ name }) => name,
    key: ({ sourceId, name, unit }) => JSON.stringify([sourceId, name, unit]),
    shown: ({ bytes }) => `${bytes} bytes`,
  };
  // Hashes say nothing to people: that it was delivered again, and in what size.
  const again = (old: Told, { name, bytes }: Told): Omit<Change, 'change' | 'place'> => {
    const what = `${name}, delivered again`;
    return { what, before: `${old.bytes} bytes`, after: `${bytes} bytes` };
  };
  return rowChanges(before.map(told), after.map(told), { ...telling, again });
}

/** Where a blob lies is nobody's matter. */
function told({ sourceId, name, unit, sha256, bytes, delivery }: Told): Told {
  return { sourceId, name, unit, sha256, bytes, delivery };
}

function settingChanges(was: Pipeline, is: Pipeline): readonly Change[] {
  const settings = (pipeline: Pipeline) => {
    const { name, currency, start, tags } = pipeline;
    return { name, currency, start, tags };
  };
  return [
    ...rowChanges([settings(was)], [settings(is)], { what: () => 'pipeline', key: () => '', shown: () => null }),
    ...rowChanges(
      was.invoices,
      is.invoices,
      named('invoice', ({ provider, invoiceId }) => `${provider} ${invoiceId}`),
    ),
    ...rowChanges(
      was.acceptUnpriced,
      is.acceptUnpriced,
      named('accept_unpriced', ({ provider, sku }) => `${provider} ${sku}`),
    ),
    ...rowChanges(
      was.variance,
      is.variance,
      named('variance', ({ provider }) => provider),
    ),
  ];
}

function closesOf({ books }: Ingredients): readonly { readonly month: string; readonly lock: string }[] {
  return books.closed.map(({ month, lockSha256 }) => ({ month, lock: lockSha256 }));
}
