// Which tables a select reads, from the engine's own parse tree. CTE names are scoped here; a relation macro's text arguments count.

type Node = Readonly<Record<string, unknown>>;

/** Macros that take table names as text. */
const RELATION_MACROS = new Set(['apportion', 'statement_rounding']);

/** `layer.table` names, sorted, without CTE names. */
export function tablesRead(tree: unknown): readonly string[] {
  const found = new Set<string>();
  walk(tree, new Set(), found);
  return [...found].sort();
}

function walk(value: unknown, scope: ReadonlySet<string>, found: Set<string>): void {
  if (Array.isArray(value)) {
    for (const item of value) walk(item, scope, found);
    return;
  }
  if (!isNode(value)) return;
  const inner = withCtes(value, scope);
  if (value['type'] === 'BASE_TABLE') addTable(value, inner, found);
  if (value['type'] === 'TABLE_FUNCTION') addArguments(value, found);
  for (const child of Object.values(value)) walk(child, inner, found);
}

function withCtes(node: Node, scope: ReadonlySet<string>): ReadonlySet<string> {
  const map = node['cte_map'];
  const entries = isNode(map) && Array.isArray(map['map']) ? map['map'] : [];
  const names = entries.flatMap((entry: unknown) => (isNode(entry) && typeof entry['key'] === 'string' ? [entry['key']] : []));
  return names.length === 0 ? scope : new Set([...scope, ...names]);
}

function addTable(node: Node, scope: ReadonlySet<string>, found: Set<string>): void {
  const schema = String(node['schema_name'] ?? '');
  const table = String(node['table_name'] ?? '');
  if (schema !== '') found.add(`${schema}.${table}`);
  else if (!scope.has(table)) found.add(table);
}

function addArguments(node: Node, found: Set<string>): void {
  const call = node['function'];
  if (!isNode(call) || !RELATION_MACROS.has(String(call['function_name']))) return;
  const children = Array.isArray(call['children']) ? call['children'] : [];
  for (const child of children) {
    const constant = isNode(child) ? child['value'] : undefined;
    if (isNode(constant) && typeof constant['value'] === 'string') found.add(constant['value']);
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
