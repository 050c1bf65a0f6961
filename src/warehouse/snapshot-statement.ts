// What foreign SQL may call and read, judged by the engine's own parse tree: no text is searched, so no comment, quote or
// letter hides anything.
import { EngineError } from './warehouse.js';

/** Table functions that only compute or describe the marts. All others are refused by name: an engine's next version too. */
const TABLE_FUNCTIONS: ReadonlySet<string> = new Set([
  'unnest',
  'range',
  'generate_series',
  'generate_subscripts',
  'json_each',
  'json_tree',
  'duckdb_columns',
  'duckdb_tables',
  'duckdb_schemas',
  'duckdb_functions',
  'duckdb_types',
]);

/** They tell settings and paths, bind SQL that stands in text, write the engine's log, or only take time. */
const REFUSED_FUNCTIONS: ReadonlySet<string> = new Set([
  'current_setting',
  'getvariable',
  'json_serialize_plan',
  'write_log',
  'sleep_ms',
  'pg_sleep',
]);

/** Parts of the engine's own that take states and packed bytes on trust. */
const INTERNAL = /^(__internal_.*|finalize|combine|create_sort_key|variant_bytes_to_variant|variant_to_parquet_variant)$/;

type Node = Readonly<Record<string, unknown>>;

/** Null where the tree is one SELECT that may run. `systemViews` are the views that the engine brings along. */
export function refusalOf(tree: unknown, systemViews: ReadonlySet<string>): EngineError | null {
  const statements = isNode(tree) && Array.isArray(tree['statements']) ? tree['statements'].length : 0;
  if (statements !== 1) return new EngineError('Permission', `${statements} statements where one SELECT must be`, null);
  for (const node of nodesOf(tree)) {
    const reason = reasonAgainst(node, systemViews);
    if (reason !== null) return new EngineError('Permission', reason, placeOf(node));
  }
  return null;
}

function reasonAgainst(node: Node, systemViews: ReadonlySet<string>): string | null {
  if (node['type'] === 'TABLE_FUNCTION') {
    const name = nameIn(node['function'], 'function_name');
    return TABLE_FUNCTIONS.has(name) ? null : `the table function ${name} may not be called here`;
  }
  if (node['type'] === 'BASE_TABLE') {
    const name = nameIn(node, 'table_name');
    const isClosed = systemViews.has(name) && nameIn(node, 'schema_name') !== 'information_schema' && !TABLE_FUNCTIONS.has(name);
    return isClosed ? `the engine's own ${name} may not be read here` : null;
  }
  if (node['class'] === 'FUNCTION') {
    const name = nameIn(node, 'function_name');
    return REFUSED_FUNCTIONS.has(name) || INTERNAL.test(name) ? `the function ${name} may not be called here` : null;
  }
  return null;
}

/** Every object of the tree, the outer before the inner. */
function* nodesOf(tree: unknown): Generator<Node> {
  const waiting: unknown[] = [tree];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (!isNode(next)) continue;
    yield next;
    // Not spread: a list of values may be longer than a call can take.
    for (const inner of Object.values(next).reverse()) waiting.push(inner);
  }
}

function nameIn(node: unknown, key: string): string {
  return isNode(node) ? String(node[key] ?? '').toLowerCase() : '';
}

function placeOf(node: Node): number | null {
  const place = node['query_location'];
  return typeof place === 'number' && Number.isSafeInteger(place) ? place : null;
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null;
}
