// Which tables a query reads, from the engine's parse tree. Names of CTEs are scoped as SQL scopes them.
import type { Macros } from './finding.js';
import { locationOf, nodeOf, nodesOf, type SqlNode, statementsOf, textOf } from './sql-tree.js';

export interface TableRead {
  /** Empty where the query names none. */
  readonly schema: string;
  readonly table: string;
  /** What the query calls it; empty where by its own name. */
  readonly alias: string;
  /** Where the name stands, in bytes of the text: what an executor of a shared catalog rewrites. */
  readonly at: number | null;
  /** Named in a string that a relation macro takes. */
  readonly inMacro: boolean;
}

type Scope = ReadonlySet<string>;

/** In the order of the text, repeated where read repeatedly. A relation macro's arguments count. */
export function tablesRead(tree: unknown, macros: Macros): readonly TableRead[] {
  const reads = readsOf(statementsOf(tree), new Set(), macros);
  return reads.toSorted((a, b) => (a.at ?? 0) - (b.at ?? 0));
}

function readsOf(value: unknown, scope: Scope, macros: Macros): readonly TableRead[] {
  if (Array.isArray(value)) return value.flatMap((item: unknown) => readsOf(item, scope, macros));
  const node = nodeOf(value);
  if (node === null) return [];
  if (node['type'] === 'BASE_TABLE') return tableOf(node, scope);
  if (node['type'] === 'TABLE_FUNCTION') return argumentsOf(node, scope, macros);
  const { reads, inner } = commonTables(node, scope, macros);
  const rest = Object.entries(node).filter(([key]) => key !== 'cte_map');
  return [...reads, ...rest.flatMap(([, child]) => readsOf(child, inner, macros))];
}

function tableOf(node: SqlNode, scope: Scope): readonly TableRead[] {
  const schema = textOf(node['schema_name']);
  const table = textOf(node['table_name']);
  if (schema === '' && scope.has(table.toLowerCase())) return [];
  return [{ schema, table, alias: textOf(node['alias']), at: locationOf(node), inMacro: false }];
}

/** Each CTE sees those before it, and itself where it is recursive; the query sees all. */
function commonTables(
  node: SqlNode,
  scope: Scope,
  macros: Macros,
): { readonly reads: readonly TableRead[]; readonly inner: Scope } {
  const inner = new Set(scope);
  const reads: TableRead[] = [];
  for (const entry of nodesOf(nodeOf(node['cte_map'])?.['map'])) {
    const query = nodeOf(nodeOf(entry['value'])?.['query'])?.['node'];
    const name = textOf(entry['key']).toLowerCase();
    const recursive = nodeOf(query)?.['type'] === 'RECURSIVE_CTE_NODE';
    reads.push(...readsOf(query, recursive ? new Set([...inner, name]) : inner, macros));
    inner.add(name);
  }
  return { reads, inner };
}

function argumentsOf(node: SqlNode, scope: Scope, macros: Macros): readonly TableRead[] {
  const call = nodeOf(node['function']);
  if (call === null || !macros.tables.has(textOf(call['function_name']))) return readsOf(call, scope, macros);
  return nodesOf(call['children']).flatMap((child) => {
    const name = textOf(nodeOf(child['value'])?.['value']);
    const [table = '', schema = ''] = name.split('.').toReversed();
    if (name === '') return readsOf(child, scope, macros);
    return schema === '' && scope.has(table.toLowerCase())
      ? []
      : [{ schema, table, alias: '', at: locationOf(child), inMacro: true }];
  });
}
