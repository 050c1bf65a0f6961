// Portability rules of one SELECT as a whole: what its clauses mean together.
import type { Report } from './finding.js';
import { nodeOf, nodesOf, type SqlNode, textOf, textsOf, walk } from './sql-tree.js';

export function selectRules(node: SqlNode, report: Report): void {
  const type = textOf(node['type']);
  if (type === 'RECURSIVE_CTE_NODE') {
    report(
      node,
      'recursive',
      'a recursive CTE: Athena stops at ten levels',
      'unroll it, or flatten the hierarchy where it is read',
    );
  }
  if (node['setop_type'] === 'UNION_BY_NAME')
    report(node, 'by-name', 'UNION BY NAME: Trino has it not', 'name the columns in order');
  if (type !== 'SELECT_NODE' && type !== 'SET_OPERATION_NODE') return;
  modifierRules(node, report);
  const qualify = nodeOf(node['qualify']);
  if (qualify !== null) report(qualify, 'qualify', 'QUALIFY: Trino has it not', 'number rows in a CTE and filter it with WHERE');
  if (type === 'SELECT_NODE') {
    starOfJoin(node, report);
    aliasRules(node, report);
  }
}

function modifierRules(node: SqlNode, report: Report): void {
  const modifiers = nodesOf(node['modifiers']);
  const ordered = modifiers.some((modifier) => modifier['type'] === 'ORDER_MODIFIER');
  for (const modifier of modifiers) {
    const limit = nodeOf(modifier['limit']);
    const offset = nodeOf(modifier['offset']);
    if (modifier['type'] === 'LIMIT_PERCENT_MODIFIER')
      report(modifier, 'limit', 'LIMIT of a share: Trino has it not', 'use row_number');
    else if (limit !== null && !ordered) {
      report(limit, 'limit', 'LIMIT without ORDER BY: the engine chooses the rows', 'order by a total order first');
    }
    if (offset !== null) report(offset, 'offset', 'OFFSET: its place differs between engines', 'use row_number and WHERE');
    if (nodesOf(modifier['distinct_on_targets']).length > 0) {
      report(modifier, 'distinct-on', 'DISTINCT ON: Trino has it not', 'number rows in a CTE and take the first');
    }
  }
}

function starOfJoin(node: SqlNode, report: Report): void {
  const joined = nodeOf(node['from_table'])?.['type'] === 'JOIN';
  const star = nodesOf(node['select_list']).find((item) => item['type'] === 'STAR' && textOf(item['relation_name']) === '');
  if (joined && star !== undefined) {
    report(star, 'star-join', 'SELECT * of several tables: columns of one name meet', 'name the columns, or write table.*');
  }
}

/** DuckDB reads an alias of the same SELECT in its other clauses; Trino knows columns of FROM only. */
function aliasRules(node: SqlNode, report: Report): void {
  const aliases = new Set<string>();
  for (const item of nodesOf(node['select_list'])) {
    reportAliases(item, aliases, 'SELECT', report);
    const alias = textOf(item['alias']);
    if (alias !== '' && !mentions(item, alias)) aliases.add(alias.toLowerCase());
  }
  reportAliases(node['where_clause'], aliases, 'WHERE', report);
  reportAliases(node['group_expressions'], aliases, 'GROUP BY', report);
  reportAliases(node['having'], aliases, 'HAVING', report);
}

function reportAliases(clause: unknown, aliases: ReadonlySet<string>, name: string, report: Report): void {
  walk(clause, (node) => {
    const names = textsOf(node['column_names']);
    if (names.length === 1 && aliases.has((names[0] ?? '').toLowerCase())) {
      const message = `${names[0]} in ${name} is an alias of the same SELECT: only DuckDB reads it there`;
      report(node, 'alias-reuse', message, 'qualify it where it is a column (t.x), else repeat the expression or use a CTE');
    }
    // A query of its own has columns of its own.
    return node['type'] !== 'SUBQUERY';
  });
}

/** `upper(t.x) AS x` proves that `x` is a column too; what is meant by `x` elsewhere is that column. */
function mentions(item: SqlNode, alias: string): boolean {
  let found = false;
  walk(item, (node) => {
    found ||= textsOf(node['column_names']).at(-1)?.toLowerCase() === alias.toLowerCase();
    return !found;
  });
  return found;
}
