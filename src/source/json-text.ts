// JSON whose numbers stay the text that they were written as: money and ids never pass through a double.
import { type LosslessNumber, isLosslessNumber, parse } from 'lossless-json';

export type Json = string | boolean | null | LosslessNumber | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json | undefined;
}

export function parseJson(text: string): Json {
  return parse(text) as Json;
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isLosslessNumber(value);
}

/** A text, or a number or boolean as written; null for what is absent, empty or a structure. */
export function textOf(value: Json | undefined): string | null {
  if (typeof value === 'string') return value === '' ? null : value;
  if (typeof value === 'boolean') return String(value);
  return isNumber(value) ? value.value : null;
}

export function isNumber(value: Json | undefined): value is LosslessNumber {
  return isLosslessNumber(value);
}

/** Every document of a file: one, or one a line. Says where the first line is that cannot be read. */
export function parseDocuments(text: string): readonly Json[] {
  try {
    return [parseJson(text)];
  } catch (whole) {
    return parseLines(text, whole);
  }
}

function parseLines(text: string, whole: unknown): readonly Json[] {
  const documents: Json[] = [];
  for (const [at, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    try {
      documents.push(parseJson(line));
    } catch (error) {
      // The first line alone is no document: this is one document over many lines, and its own error is the better one.
      throw documents.length === 0
        ? whole
        : new SyntaxError(`line ${at + 1}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
  }
  return documents;
}
