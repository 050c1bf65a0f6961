// Parameters of a question, for an engine that takes whole statements.
import { literal } from '../warehouse/sql-quote.js';
import type { Cell } from '../warehouse/warehouse.js';
import { tokenise } from './sql-text.js';

/** Each `$1` becomes the text that it stands for; one without a value is null. */
export function withValues(select: string, parameters: readonly Cell[]): string {
  let out = '';
  let end = 0;
  const tokens = tokenise(select);
  for (const [at, token] of tokens.entries()) {
    const number = tokens[at + 1];
    if (token.text !== '$' || number?.kind !== 'number') continue;
    const value = parameters[Number(number.text) - 1] ?? null;
    out += select.slice(end, token.at) + (value === null ? 'CAST(NULL AS VARCHAR)' : literal(value));
    end = number.at + number.text.length;
  }
  return out + select.slice(end);
}
