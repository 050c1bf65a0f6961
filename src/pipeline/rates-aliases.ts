// The catalogue's match rules, flattened: a logged name is a sku where all conditions of one of its alternatives hold.
import type { MatchLogic } from '@pydantic/genai-prices';
import { Failure, type Problem } from '../kernel/failure.js';
import { readAliases } from './books.js';
import type { AliasRow } from './pipeline.js';
import { type Catalogue, type CatalogueModel, matches, modelsOf } from './rates-catalogue.js';

export const ALIAS_COLUMNS = ['provider', 'sku', 'alternative', 'kind', 'pattern', 'rank'] as const;

type Term = Pick<AliasRow, 'kind' | 'pattern'>;

export interface AliasResult {
  readonly csv: string;
  readonly rows: readonly AliasRow[];
  /** Regular expressions that RE2 (and so DuckDB) cannot run and that have no known equivalent: their alternatives are left out. */
  readonly unportable: readonly Term[];
}

// Models that left the catalogue keep their names behind all others, so that history still finds their prices.
const COMPACT_DATES = 10_000;
const RETIRED = 20_000;

/** `existing` is the last aliases.csv, or ''. Everything of a listed provider is rebuilt; only rows of vanished skus stay. */
export function syncAliases(existing: string, catalogue: Catalogue): AliasResult {
  const unportable: Term[] = [];
  const live = catalogue.providers.flatMap((provider) => {
    const models = modelsOf(provider, catalogue);
    return models.flatMap((model) => rowsOf(model, models, unportable));
  });
  const skus = new Set(live.map((row) => `${row.provider}\t${row.sku}`));
  const gone = rowsOfBook(existing).filter((row) => !skus.has(`${row.provider}\t${row.sku}`));
  const rows = [...live, ...gone.map(retired)].sort(byPlace);
  const lines = rows.map((row) => ALIAS_COLUMNS.map((column) => cell(String(row[column]))).join(','));
  return { csv: [ALIAS_COLUMNS.join(','), ...lines, ''].join('\n'), rows, unportable };
}

function rowsOf(
  { provider, sku, rank, model }: CatalogueModel,
  models: readonly CatalogueModel[],
  unportable: Term[],
): readonly AliasRow[] {
  const alternatives = unique(alternativesOf(model.match)).flatMap((terms) => {
    const portable = terms.map(re2);
    if (portable.every((term) => term !== null)) return [portable];
    unportable.push(...terms.filter((_, index) => portable[index] === null));
    return [];
  });
  const plain = alternatives.map((terms) => ({ terms, rank }));
  // A name that nothing matches is tried again with its dates written YYYY-MM-DD; here the pattern is written compactly instead.
  const compact = alternatives
    .filter((terms) => terms.some(hasDate))
    .map((terms) => ({ terms: terms.map(compacted), rank: rank + COMPACT_DATES }));
  const reachable = [...plain, ...compact].filter(
    ({ terms }) => named(terms) === null || resolve(models, named(terms) ?? '')?.model === model,
  );
  return reachable.flatMap((alternative, index) =>
    alternative.terms.map((term) => ({ provider, sku, alternative: index + 1, ...term, rank: alternative.rank })),
  );
}

// A whole name comes before every pattern in rating. Where the catalogue lets an earlier pattern have that name, its row is left out.
const named = ([term, ...more]: readonly Term[]): string | null =>
  term?.kind === 'equals' && more.length === 0 ? term.pattern : null;

function resolve(models: readonly CatalogueModel[], name: string): CatalogueModel | undefined {
  const first = (text: string): CatalogueModel | undefined => models.find(({ model }) => matches(model.match, text));
  return first(name) ?? first(name.replace(COMPACT_DATE, '-$1-$2-$3'));
}

/** Disjunctive normal form: alternatives, each a list of conditions. */
function alternativesOf(rule: MatchLogic): readonly (readonly Term[])[] {
  if ('or' in rule) return rule.or.flatMap(alternativesOf);
  if ('and' in rule) {
    return rule.and
      .map(alternativesOf)
      .reduce((left, right) => left.flatMap((terms) => right.map((more) => [...terms, ...more])), [[]]);
  }
  if ('equals' in rule) return [[{ kind: 'equals', pattern: rule.equals.toLowerCase() }]];
  if ('starts_with' in rule) return [[{ kind: 'starts_with', pattern: rule.starts_with.toLowerCase() }]];
  if ('ends_with' in rule) return [[{ kind: 'ends_with', pattern: rule.ends_with.toLowerCase() }]];
  if ('contains' in rule) return [[{ kind: 'contains', pattern: rule.contains.toLowerCase() }]];
  return [[{ kind: 'regex', pattern: rule.regex }]];
}

// No segment between hyphens, after the first, is exactly `tts`: what the look-ahead says, without one.
const EQUIVALENT: Readonly<Record<string, string>> = {
  '^(?!.*-[tT][tT][sS](?:$|-))': '^[^-]*(?:-(?:t?t?|[^-t][^-]*|t[^-t][^-]*|tt[^-s][^-]*|tts[^-]+))*$',
};

function re2(term: Term): Term | null {
  if (term.kind !== 'regex') return term;
  const equivalent = EQUIVALENT[term.pattern];
  if (equivalent !== undefined) return { kind: 'regex', pattern: equivalent };
  return /\(\?[=!<]|\\[1-9]/.test(term.pattern) ? null : term;
}

const DATE = /-(20\d{2})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])(?=-|:|$)/g;
const COMPACT_DATE = /-(20\d{2})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?=-|:|$)/g;
const REGEX_DATE = '-\\d{4}-\\d{2}-\\d{2}';

function hasDate(term: Term): boolean {
  return term.kind === 'regex' ? term.pattern.includes(REGEX_DATE) : term.pattern.search(DATE) >= 0;
}

function compacted(term: Term): Term {
  if (term.kind === 'regex') return { ...term, pattern: term.pattern.replaceAll(REGEX_DATE, '-20\\d{2}[01]\\d[0-3]\\d') };
  return { ...term, pattern: term.pattern.replaceAll(DATE, '-$1$2$3') };
}

function unique(alternatives: readonly (readonly Term[])[]): readonly (readonly Term[])[] {
  return [...new Map(alternatives.map((terms) => [JSON.stringify(terms), terms])).values()];
}

function rowsOfBook(text: string): readonly AliasRow[] {
  if (text.trim() === '') return [];
  const problems: Problem[] = [];
  const rows = readAliases('aliases.csv', text, new Map(), (problem) => problems.push(problem));
  if (problems.length > 0) throw new Failure('user', problems);
  return rows;
}

function retired(row: AliasRow): AliasRow {
  return row.rank >= RETIRED ? row : { ...row, rank: row.rank + RETIRED };
}

function byPlace(a: AliasRow, b: AliasRow): number {
  if (a.provider !== b.provider) return a.provider < b.provider ? -1 : 1;
  if (a.rank !== b.rank) return a.rank - b.rank;
  if (a.sku !== b.sku) return a.sku < b.sku ? -1 : 1;
  return a.alternative - b.alternative;
}

function cell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
