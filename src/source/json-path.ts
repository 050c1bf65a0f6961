// Dotted paths into a page of JSON, and the lines that lie below one.
import { isObject, type Json } from './json-text.js';

/** One element of a list, with what encloses it: the page first, the nearest last. */
export interface JsonLine {
  readonly value: Json;
  readonly around: readonly Json[];
}

/** Names apart by dots; a number is a place in a list. Undefined: there is nothing. */
export function valueAt(value: Json | undefined, path: string): Json | undefined {
  return path.split('.').reduce<Json | undefined>((within, name) => stepInto(within, name), value);
}

function stepInto(value: Json | undefined, name: string): Json | undefined {
  if (Array.isArray(value)) return /^\d{1,6}$/.test(name) ? (value as readonly Json[])[Number(name)] : undefined;
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

/** Each `^.` in front leads one list outwards. */
export function valueOfLine({ value, around }: JsonLine, path: string): Json | undefined {
  const up = /^(\^\.)*/.exec(path)?.[0].length ?? 0;
  const from = up === 0 ? value : around.at(-up / 2);
  return valueAt(from, path.slice(up));
}

/** Every element of the list at the path, lists on the way walked through; null: there is no list. No path: the page is the list. */
export function linesAt(page: Json, path: string | null): readonly JsonLine[] | null {
  return walk(page, path === null ? [] : path.split('.'), isObject(page) ? [page] : []);
}

/** The first list on the way to the lines, whose elements an API counts; null where some programs write a list without elements so. */
export function listOn(page: Json, path: string | null): readonly Json[] | null {
  let value: Json | undefined = page;
  for (const name of path === null ? [] : path.split('.')) {
    if (Array.isArray(value)) break;
    value = stepInto(value, name);
  }
  return Array.isArray(value) ? (value as readonly Json[]) : null;
}

function walk(value: Json | undefined, path: readonly string[], around: readonly Json[]): readonly JsonLine[] | null {
  if (Array.isArray(value)) {
    const elements = value as readonly Json[];
    if (path.length === 0) return elements.map((element) => ({ value: element, around }));
    // An element that lacks its list is a line that nobody can read, not none.
    return elements.flatMap((element) => walk(element, path, [...around, element]) ?? [{ value: null, around }]);
  }
  const [name, ...rest] = path;
  // Some programs write a list without elements as null.
  if (name === undefined) return value === null ? [] : null;
  return isObject(value) ? walk(stepInto(value, name), rest, around) : null;
}
