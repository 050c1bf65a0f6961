// Results of the usage APIs as figures: every number of a result is one, as number or as text, whether we know its meter or not.
import { isNumber, isObject, type Json, type JsonObject, textOf } from './json-text.js';
import { quantityOf } from './money-text.js';
import type { TextRow } from './source.js';

/** Columns that say whose figures these are, by their name in the result. */
export function figuresOf(result: JsonObject, dimensions: readonly string[]): readonly TextRow[] {
  const whose = Object.fromEntries(dimensions.map((name) => [name, textOf(result[name])]));
  const figures = numbersIn(result, '').filter(([figure]) => !dimensions.includes(figure));
  if (figures.length === 0) return [{ ...whose, reject: 'missing_quantity' }];
  return figures.map(([figure, value]) => ({ ...whose, figure, ...quantityOf(value) }));
}

/** What these hold is a quantity, or should be one. */
const QUANTITY_NAME = /_(tokens|requests|bytes|sessions)$|^(images|characters|seconds)$/;
const DIGITS = /^[+-]?\d+(\.\d+)?$/;

function isFigure(name: string, value: Json | undefined): boolean {
  if (value === undefined || value === null || name.endsWith('_id')) return false;
  return isNumber(value) || QUANTITY_NAME.test(name) || (typeof value === 'string' && DIGITS.test(value));
}

/** Names of nested ones are joined by a dot: `cache_creation.ephemeral_5m_input_tokens`. */
function numbersIn(object: JsonObject, above: string): readonly (readonly [figure: string, value: Json | undefined])[] {
  return Object.entries(object).flatMap(([name, value]) => {
    if (isObject(value) && above === '') return numbersIn(value, `${name}.`);
    return isFigure(name, value) ? [[`${above}${name}`, value] as const] : [];
  });
}
