// Results of the usage APIs as figures: every number of a result is one, as number or as text, whether we know its meter or not.
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
  if (value === undefined || value === null || name.endsWith('_id')) return false;
  return isNumber(value) || QUANTITY_NAME.test(name) || (typeof value === 'string' && DIGITS.test(value));
}

type Named = readonly [figure: string, value: Json | undefined];

/** Names of nested ones are joined by a dot: `cache_creation.ephemeral_5m_input_tokens`. */
function numbersIn(object: JsonObject, above = ''): readonly Named[] {
  const found: Named[] = [];
  for (const [name, value] of Object.entries(object)) {
    if (isObject(value) && above === '') found.push(...numbersIn(value, `${name}.`));
    else if (isFigure(name, value)) found.push([`${above}${name}`, value]);
  }
  return found;
}
