// Words of other logs → ours, as SQL expressions over texts.
import { PROVIDER_SYNONYMS } from '../kernel/provider-names.js';
import { literal } from './sql-quote.js';

/** In any case of letters. Other words stay, or are `other`. */
export function wordOf(text: string, words: Readonly<Record<string, string>>, other?: string | null): string {
  const whens = Object.entries(words).map(([theirs, ours]) => `WHEN ${literal(theirs)} THEN ${literal(ours)}`);
  const rest = other === undefined ? `lower(${text})` : other === null ? 'NULL' : literal(other);
  return `CASE lower(${text}) ${whens.join(' ')} ELSE ${rest} END`;
}

/** False, not null, where there is no text. */
export function eitherOf(text: string, words: readonly string[]): string {
  return `coalesce(lower(${text}) IN (${words.map((word) => literal(word)).join(', ')}), false)`;
}

export function equalTo(text: string, word: string): string {
  return eitherOf(text, [word]);
}

/** The id that price books use, or the name that it has. */
export function providerOf(text: string): string {
  const names = Object.entries(PROVIDER_SYNONYMS).map(([name, id]) => `${literal(name)}: ${literal(id)}`);
  return `coalesce(MAP {${names.join(', ')}}[regexp_replace(lower(${text}), '[^a-z0-9]', '', 'g')], lower(${text}))`;
}

/** Two counts of which either may be absent. What is no count stays visible, to be refused as such. */
export function sumOf(left: string, right: string): string {
  const sum = `CAST(TRY_CAST(${left} AS BIGINT) + TRY_CAST(${right} AS BIGINT) AS VARCHAR)`;
  return `CASE WHEN ${left} IS NULL THEN ${right} WHEN ${right} IS NULL THEN ${left} ELSE coalesce(${sum}, ${left} || '+' || ${right}) END`;
}
