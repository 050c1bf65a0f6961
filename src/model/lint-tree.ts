// Portability rules over the engine's parse tree, one node at a time.
import type { Macros, Report } from './finding.js';
import { selectRules } from './lint-select.js';
import {
  AMBIENT,
  CAST_TYPES,
  EXPRESSIONS,
  FUNCTION_ADVICE,
  FUNCTIONS,
  INTERVAL,
  OPERATORS,
  WINDOW_FUNCTIONS,
} from './portable.js';
import { nodeOf, nodesOf, type SqlNode, statementsOf, textOf, textsOf, walk } from './sql-tree.js';

const UNKNOWN_TABLE_REFS = new Set(['SHOW_REF', 'PIVOT', 'BOUND_TABLE_REF', 'COLUMN_DATA', 'DELIM_GET']);

export function treeRules(tree: unknown, macros: Macros, report: Report): void {
  const statements = statementsOf(tree);
  if (statements.length !== 1) report(statements[1] ?? {}, 'one-select', `${statements.length} statements`, 'one SELECT a file');
  walk(statements, (node) => {
    selectRules(node, report);
    tableRules(node, macros, report);
    return expressionRules(node, macros, report);
  });
}

function tableRules(node: SqlNode, macros: Macros, report: Report): void {
  const type = textOf(node['type']);
  if (type === 'JOIN') joinRules(node, report);
  if (type === 'BASE_TABLE' && (textOf(node['catalog_name']) !== '' || /\W/.test(textOf(node['table_name'])))) {
    report(node, 'table-name', `${textOf(node['table_name'])}: not a table of ours`, 'name tables layer.table');
  }
  const call = type === 'TABLE_FUNCTION' ? nodeOf(node['function']) : null;
  if (call !== null && textOf(call['function_name']) !== 'unnest' && !macros.tables.has(textOf(call['function_name']))) {
    const name = textOf(call['function_name']);
    report(
      node,
      'table-function',
      `${name}: no table function of both engines`,
      'use a relation macro of sql/macros/, or UNNEST',
    );
  }
  const sampled = nodeOf(node['sample']) !== null;
  if (sampled) report(node, 'sample', 'a sample answers differently each time', 'read all rows');
  if (UNKNOWN_TABLE_REFS.has(type)) report(node, 'construct', `${type}: only DuckDB has it`, 'write a plain SELECT');
}

function joinRules(node: SqlNode, report: Report): void {
  const kind = textOf(node['ref_type']);
  const type = textOf(node['join_type']);
  if (!['REGULAR', 'CROSS'].includes(kind)) {
    report(
      node,
      'join',
      `${kind} JOIN: not in Trino, or by names alone`,
      'write JOIN … ON, and row_number over a range for ASOF',
    );
  } else if (!['INNER', 'LEFT', 'RIGHT', 'OUTER', 'FULL'].includes(type)) {
    report(node, 'join', `${type} JOIN: Trino has no such join`, 'write EXISTS, or NOT EXISTS');
  }
  if (textsOf(node['using_columns']).length > 0) {
    report(node, 'using', 'USING: the joined column goes by other names on Trino', 'write ON a.x = b.x');
  }
}

/** False: stay out of the node, since what is below it is part of what was reported. */
function expressionRules(node: SqlNode, macros: Macros, report: Report): boolean {
  const type = textOf(node['type']);
  if (typeof node['class'] !== 'string' || node['class'] === '') return true;
  if (node['class'] === 'WINDOW') return windowRules(node, report);
  if (type === 'FUNCTION') return functionRules(node, macros, report);
  if (type === 'OPERATOR_CAST') castRules(node, report);
  else if (type === 'STAR') starRules(node, report);
  else if (type === 'COLUMN_REF') columnRules(node, report);
  else if (!EXPRESSIONS.has(type))
    report(node, 'construct', `${type}: not in Trino, or answered otherwise`, 'write it in the portable subset');
  return true;
}

function windowRules(node: SqlNode, report: Report): boolean {
  const name = textOf(node['function_name']);
  if (!WINDOW_FUNCTIONS.has(name))
    report(node, 'function', `${name} OVER: not a window function of both engines`, 'use a common one');
  if ((node['type'] !== 'WINDOW_AGGREGATE' || name === 'array_agg') && nodesOf(node['orders']).length === 0) {
    report(node, 'window-order', `${name} without ORDER BY: the engine chooses the order`, 'name a total order in OVER (…)');
  }
  if (node['ignore_nulls'] === true)
    report(node, 'ignore-nulls', 'IGNORE NULLS: spelled in another place on Trino', 'filter nulls first');
  if (node['distinct'] === true)
    report(node, 'window-distinct', 'DISTINCT in a window: Trino has it not', 'make rows distinct first');
  const exclude = textOf(node['exclude_clause']);
  if (exclude !== '' && exclude !== 'NO_OTHER')
    report(node, 'window-exclude', `EXCLUDE ${exclude}: Trino has it not`, 'leave rows out first');
  return true;
}

function functionRules(node: SqlNode, macros: Macros, report: Report): boolean {
  const name = textOf(node['function_name']);
  if (INTERVAL.test(name)) {
    report(node, 'interval', 'an interval: adding it to a DATE answers TIMESTAMP on DuckDB', 'use add_days or add_months');
    return false;
  }
  const known =
    macros.scalars.has(name) || macros.tables.has(name) || FUNCTIONS.has(name) || OPERATORS.has(name) || name === 'unnest';
  const advice = FUNCTION_ADVICE.get(name) ?? {
    message: `${name}: not among the functions that both engines answer alike`,
    remedy: 'use one that is (src/model/portable.ts), or add a macro to sql/macros/ for both engines',
  };
  if (!known) report(node, node['is_operator'] === true ? 'operator' : 'function', advice.message, advice.remedy);
  const ordered = nodesOf(nodeOf(node['order_bys'])?.['orders']).length > 0;
  if (ordered) report(node, 'aggregate-order', `ORDER BY inside ${name}`, 'use list_text, or order in a CTE');
  if (node['distinct'] === true && name !== 'count')
    report(node, 'aggregate-distinct', `${name}(DISTINCT …)`, 'make rows distinct first');
  const top = (name === 'min' || name === 'max') && nodesOf(node['children']).length > 1;
  if (top) report(node, 'function', `${name} of n values: Trino answers an array of its own order`, 'use row_number');
  return true;
}

function castRules(node: SqlNode, report: Report): void {
  const id = textOf(nodeOf(node['cast_type'])?.['id']);
  if (CAST_TYPES.has(id)) return;
  const message =
    id === 'DOUBLE' || id === 'FLOAT' ? `a cast to ${id}: not exact` : `a cast to ${id}: not a type of both engines`;
  report(node, 'cast-type', message, `cast to one of ${[...CAST_TYPES].join(', ')}(…)`);
}

function starRules(node: SqlNode, report: Report): void {
  const lists = ['exclude_list', 'qualified_exclude_list', 'replace_list', 'rename_list'];
  const changed = lists.some((list) => Array.isArray(node[list]) && node[list].length > 0);
  if (changed || node['columns'] === true || nodeOf(node['expr']) !== null) {
    report(node, 'star-modifier', 'EXCLUDE, REPLACE, RENAME, COLUMNS or ALL: Trino has none of them', 'name the columns');
  }
}

function columnRules(node: SqlNode, report: Report): void {
  const names = textsOf(node['column_names']);
  if (names.length !== 1 || !AMBIENT.has((names[0] ?? '').toLowerCase())) return;
  report(node, 'clock', `${names[0]}: a run is a function of its inputs`, 'take the day of the run from run.period');
}
