// The engine's parse tree (`json_serialize_sql`) as plain nodes, without a type for each of its shapes.

export type SqlNode = Readonly<Record<string, unknown>>;

export function isSqlNode(value: unknown): value is SqlNode {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The statements' query nodes: one for a model. */
export function statementsOf(tree: unknown): readonly SqlNode[] {
  return isSqlNode(tree) ? nodesOf(tree['statements']).map((statement) => nodeOf(statement['node']) ?? statement) : [];
}

export function nodeOf(value: unknown): SqlNode | null {
  return isSqlNode(value) ? value : null;
}

export function nodesOf(value: unknown): readonly SqlNode[] {
  return Array.isArray(value) ? value.filter((item: unknown) => isSqlNode(item)) : [];
}

export function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item: unknown) => typeof item === 'string') : [];
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** Visits a node, then all below it in the order written; `visit` returns false to stay out of a node. */
export function walk(value: unknown, visit: (node: SqlNode) => boolean): void {
  if (Array.isArray(value)) {
    for (const item of value) walk(item, visit);
  } else if (isSqlNode(value) && visit(value)) {
    for (const child of Object.values(value)) walk(child, visit);
  }
}

/** Offset in bytes where a node starts: its own, else the first that is known below it, else null. */
export function locationOf(node: SqlNode): number | null {
  const own = node['query_location'];
  // An unknown place is the greatest 64-bit number.
  if (typeof own === 'number' && Number.isSafeInteger(own)) return own;
  let first: number | null = null;
  walk(Object.values(node), (child) => {
    const at = child['query_location'];
    if (typeof at === 'number' && Number.isSafeInteger(at) && (first === null || at < first)) first = at;
    return true;
  });
  return first;
}
