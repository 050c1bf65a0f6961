// From the place of a file on S3 (`"$path"`) to the name that it was landed under.
import { literal } from './sql-quote.js';

export type LandedNames =
  /** The name is what follows `location`, which ends in `/`. For any number of files. */
  | { readonly kind: 'below'; readonly location: string }
  /** Place → name. Other files are not read. */
  | { readonly kind: 'each'; readonly names: ReadonlyMap<string, string> };

export function landedName(names: LandedNames): string {
  if (names.kind === 'below') return `substr(path, ${Array.from(names.location).length + 1})`;
  const json = literal(JSON.stringify(Object.fromEntries(names.names)));
  return `element_at(CAST(json_parse(${json}) AS MAP(VARCHAR, VARCHAR)), path)`;
}

/** Files are left out by their place before they are opened. */
export function landedWhere(names: LandedNames): string {
  if (names.kind === 'below') return '';
  const paths = [...names.names.keys()].map((path) => literal(path));
  return paths.length === 0 ? ' AND false' : ` AND "$path" IN (${paths.join(', ')})`;
}
