// Holds models to the SQL that DuckDB and Trino (Athena) read alike and answer alike. sql/macros/ is where they may differ.
import type { Problem } from '../kernel/failure.js';
import type { ParseResult } from '../warehouse/warehouse.js';
import type { Finding, Macros } from './finding.js';
import { textFindings } from './lint-text.js';
import { treeRules } from './lint-tree.js';
import { charactersOf, placeOf, tokenise } from './sql-text.js';
import { locationOf } from './sql-tree.js';

export type { Macros } from './finding.js';

export interface SqlFile {
  /** As people are shown it: `sql/marts/coverage_month.sql`. */
  readonly file: string;
  readonly text: string;
  readonly parsed: ParseResult;
}

/** A model fits one screen: more is two models. */
const MAX_LINES = 59;

/** Every breach of the portable subset in one model, in the order of its text. */
export function lintSql(sql: SqlFile, macros: Macros): readonly Problem[] {
  const findings = [...sizeFindings(sql.text), ...textFindings(tokenise(sql.text)), ...treeFindings(sql, macros)];
  // `CASE x WHEN …` holds x once a branch in the tree: one spot, one finding.
  const once = new Map(findings.map((finding) => [`${finding.at} ${finding.code} ${finding.message}`, finding]));
  return [...once.values()].toSorted((a, b) => (a.at ?? 0) - (b.at ?? 0)).map((finding) => problemOf(sql, finding));
}

/** Names of the macros that a file of `CREATE MACRO` statements defines. */
export function macrosOf(text: string): Macros {
  const defined = [...text.matchAll(/\bMACRO\s+(\w+)\s*\([^)]*\)\s*AS\s+(TABLE\b)?/gi)];
  const names = (table: boolean) =>
    new Set(defined.filter(([, , kind]) => (kind !== undefined) === table).map(([, name]) => (name ?? '').toLowerCase()));
  return { scalars: names(false), tables: names(true) };
}

function sizeFindings(text: string): readonly Finding[] {
  const lines = text.trimEnd().split('\n').length;
  if (lines <= MAX_LINES) return [];
  const message = `${lines} lines: a model has at most ${MAX_LINES}`;
  return [{ code: 'sql/too-long', message, remedy: 'split it into models that each answer one question', at: null }];
}

function treeFindings(sql: SqlFile, macros: Macros): readonly Finding[] {
  const { parsed, text } = sql;
  if (parsed.kind === 'error') {
    // The place of a syntax error is counted in characters, unlike places in the tree.
    return [{ code: 'sql/syntax', message: parsed.message, remedy: 'write one SELECT that DuckDB reads', at: parsed.position }];
  }
  const findings: Finding[] = [];
  treeRules(parsed.tree, macros, (node, code, message, remedy) => {
    const bytes = locationOf(node);
    findings.push({ code: `sql/${code}`, message, remedy, at: bytes === null ? null : charactersOf(text, bytes) });
  });
  return findings;
}

function problemOf(sql: SqlFile, finding: Finding): Problem {
  const { code, message, remedy, at } = finding;
  if (at === null) return { code, message, remedy, place: { file: sql.file } };
  const place = placeOf(sql.file, sql.text, at);
  return { code, message, remedy, place, excerpt: (sql.text.split('\n')[(place.line ?? 1) - 1] ?? '').trim() };
}
