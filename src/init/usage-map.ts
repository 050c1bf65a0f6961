// From the keys of a log and some of its values to the map of a usage source.
import { LARGEST_COUNT, USAGE_EVENT } from '../kernel/usage-event.js';
import { USAGE_FIELDS, type UsageField } from '../kernel/usage-fields.js';
import type { UsageShape } from './finding.js';
import { bare, FIELD_NAMES, type FieldNames, INCLUSIVE_NAMES, MONEY_NAMES } from './usage-names.js';

/** A place of a record as `map` writes it, with the values that the first records have there. */
export interface Key {
  readonly path: string;
  /** How many keys deep. */
  readonly depth: number;
  readonly values: readonly string[];
}

/** No log has it: what is mapped here is not read. */
export const NOWHERE = '(not read)';

/** The best map of these keys; provider and tokens are settled later, by what the reader makes of it. */
export function shapeOf(keys: readonly Key[]): UsageShape {
  const map: Partial<Record<UsageField, string>> = {};
  const guesses: UsageField[] = [];
  const taken = new Set<string>();
  for (const names of FIELD_NAMES) {
    const found = keyOf(
      names,
      keys.filter(({ path }) => !taken.has(path)),
    );
    if (found === null) {
      // A key of the field's own name is read unless it is sent elsewhere, and what is in it would refuse its records.
      if (keys.some(({ path }) => path === names.field)) map[names.field] = NOWHERE;
      continue;
    }
    taken.add(found.key.path);
    if (found.key.path !== names.field) map[names.field] = found.key.path;
    if (found.isGuess) guesses.push(names.field);
  }
  const money = MONEY_NAMES.map((name) => keys.find((key) => key.depth === 1 && bare(key.path) === name)).find(
    (key) => key !== undefined,
  );
  const isRead = ({ path }: Key): boolean => taken.has(path) || USAGE_FIELDS.some((field) => field === path);
  const unread = keys.filter((key) => !isRead(key) && key !== money && !isWhole(key)).map(({ path }) => path);
  return { map, constants: {}, tokens: tokensOf(map), moneyKey: money?.path ?? null, guesses, unread: unread.sort() };
}

/** A key that holds others: those are keys of their own. */
function isWhole({ values }: Key): boolean {
  return values.some((value) => /^[[{]/.test(value));
}

/** Where the shape finds a field among these keys, or null. */
export function placeOf(field: UsageField, shape: Pick<UsageShape, 'map'>, keys: readonly Key[]): string | null {
  const path = shape.map[field] ?? field;
  return keys.some((key) => key.path === path) ? path : null;
}

/** A record without a time, or without anything that is counted or named, is no usage. */
export function missingIn(shape: UsageShape, keys: readonly Key[]): string | null {
  const has = (field: UsageField) => placeOf(field, shape, keys) !== null;
  if (!has('event_time')) return 'no key holds a time';
  const counted = USAGE_FIELDS.filter((field) => ['count', 'quantity'].includes(USAGE_EVENT[field].kind));
  return has('model') || has('feature_id') || counted.some(has) ? null : 'no key names a model, a feature or a quantity';
}

function keyOf(
  { field, names, atTop = [], guesses = [], endings }: FieldNames,
  keys: readonly Key[],
): { readonly key: Key; readonly isGuess: boolean } | null {
  const fitting = keys.filter((key) => holds(field, key));
  const own = fitting.find((key) => key.path === field);
  if (own !== undefined) return { key: own, isGuess: false };
  const first = (candidates: readonly string[], matching: (key: Key, name: string) => boolean) =>
    candidates.flatMap((name) => fitting.filter((key) => matching(key, name)).sort((a, b) => a.depth - b.depth))[0];
  const whole = first(names, (key, name) => bare(key.path) === name);
  const last = first(names, (key, name) => isLast(key, name));
  const top = first(atTop, (key, name) => key.depth === 1 && bare(key.path) === name);
  const sure = whole ?? last ?? top;
  if (sure !== undefined) return { key: sure, isGuess: false };
  const ending = fitting.find((key) => key.depth === 1 && endings?.test(bare(key.path)) === true);
  const guess = first(guesses, (key, name) => bare(key.path) === name || isLast(key, name)) ?? ending;
  return guess === undefined ? null : { key: guess, isGuess: true };
}

/** `usage.prompt_tokens` by its last key; a key with dots of its own counts as one. */
function isLast({ path }: Key, name: string): boolean {
  return bare(path.split('.').at(-1) ?? '') === name;
}

const TIME = /^(\d{4}-\d{2}-\d{2}([T ].*)?|\d{9,14}(\.\d+)?)$/;
const WHOLE = /^\d{1,16}(\.0+)?$/;
const NUMBER = /^\d+(\.\d+)?([eE][+-]?\d+)?$/;

/** Do the values that were seen fit the field? No value fits every field. */
function holds(field: UsageField, { values }: Key): boolean {
  const { kind, values: choices } = USAGE_EVENT[field];
  const every = (pattern: RegExp) => values.every((value) => pattern.test(value));
  switch (kind) {
    case 'time':
      return every(TIME) && (field !== 'event_time' || values.length > 0);
    case 'count':
    case 'ordinal':
      return every(WHOLE) && values.every((value) => value.length < LARGEST_COUNT.length || value <= LARGEST_COUNT);
    case 'quantity':
    case 'milliseconds':
      return every(NUMBER);
    case 'rate':
      return every(/^(0?\.\d*[1-9]\d*|1(\.0+)?)$/);
    case 'flag':
      return every(/^(true|false)$/i);
    case 'choice':
      return values.every((value) => choices?.includes(value.toLowerCase()) === true);
    case 'text':
    case 'lower':
    case 'money':
      return !values.some((value) => /^[[{]/.test(value));
    default:
      return kind satisfies never;
  }
}

function tokensOf(map: UsageShape['map']): UsageShape['tokens'] {
  const [input, cached] = [bare(map.input_tokens ?? ''), bare(map.cache_read_tokens ?? '')];
  return INCLUSIVE_NAMES.test(input) || INCLUSIVE_NAMES.test(cached) ? 'inclusive' : 'exclusive';
}
