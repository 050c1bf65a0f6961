// Results of the usage APIs as figures: every number of a result is one, as number or as text,
// however deep it lies and whether we know its meter or not.
import { isNumber, isObject, type Json, type JsonObject, textOf } from './json-text.js';
import { quantityOf } from './money-text.js';
import type { TextRow } from './source.js';

/** Columns that say whose figures these are, by their name in the result. */
export function figuresOf(result: JsonObject, dimensions: readonly string[]): readonly TextRow[] {
  const lines: TextRow[] = [];
  const line = (): Record<string, string | null> => {
    const whose: Record<string, string | null> = {};
    for (const name of dimensions) whose[name] = textOf(result[name]);
    return whose;
  };
  for (const [figure, value] of numbersIn(result)) {
    if (dimensions.includes(figure)) continue;
    const { quantity, reject } = quantityOf(value);
    const row = line();
    row['figure'] = figure;
    row['quantity'] = quantity;
    row['reject'] = reject;
    lines.push(row);
  }
  return lines.length === 0 ? [{ ...line(), reject: 'missing_quantity' }] : lines;
}

/** What these hold is a quantity, or should be one. */
const QUANTITY_NAME = /_(tokens|requests|bytes|sessions)$|^(images|characters|seconds)$/;
const DIGITS = /^[+-]?\d+(\.\d+)?$/;

function isFigure(name: string, value: Json | undefined): boolean {
  if (value === undefined || value === null || /_ids?$/.test(name)) return false;
  return isNumber(value) || QUANTITY_NAME.test(name) || (typeof value === 'string' && DIGITS.test(value));
}

type Named = readonly [figure: string, value: Json | undefined];

function numbersIn(result: JsonObject): readonly Named[] {
  const found: Named[] = [];
  for (const [name, value] of Object.entries(result)) gather({ path: name, name, depth: 1 }, value, found);
  return found;
}

/** What lies deeper is refused as one figure: no provider nests so far, and no file may exhaust the stack. */
const DEEPEST = 16;

interface Spot {
  readonly path: string;
  readonly name: string;
  readonly depth: number;
}

/**
 * Names of nested ones are joined by a dot, `cache_creation.ephemeral_5m_input_tokens`, and those in a list say so, `by_size[].images`,
 * each a figure of its own. A structure where a quantity should be is refused as one.
 */
function gather({ path, name, depth }: Spot, value: Json | undefined, found: Named[]): void {
  const items = Array.isArray(value) ? (value as readonly Json[]) : null;
  const isStructure = items !== null || isObject(value);
  if (isFigure(name, value) || (isStructure && depth > DEEPEST)) found.push([path, value]);
  else if (items !== null) for (const item of items) gather({ path: `${path}[]`, name, depth: depth + 1 }, item, found);
  else if (isObject(value)) {
    for (const [inner, within] of Object.entries(value))
      gather({ path: `${path}.${inner}`, name: inner, depth: depth + 1 }, within, found);
  }
}
