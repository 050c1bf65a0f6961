// Which tables a query needs rows of to have any itself. Said of the parse tree alone, for every engine: where these are empty nobody
// needs to ask one. Whatever is not understood here is taken to have rows.
import { nodeOf, nodesOf, type SqlNode, statementsOf, textOf, textsOf, walk } from './sql-tree.js';

/** When a query has no rows: never for sure, where a table has none, or where any or all of several hold. */
export type Emptiness =
  | { readonly kind: 'never' }
  | { readonly kind: 'table'; readonly name: string }
  | { readonly kind: 'any' | 'all'; readonly of: readonly Emptiness[] };

export const NEVER: Emptiness = { kind: 'never' };

/** What calls do, by names in lower case. */
export interface Functions {
  /** They make one row of many, and so of none. */
  readonly aggregates: ReadonlySet<string>;
  /** Macros that give rows of the tables whose names they take. */
  readonly relations: ReadonlyMap<string, Relation>;
}

export interface Relation {
  readonly parameters: readonly string[];
  /** With parameters in place of tables. */
  readonly emptyWhen: Emptiness;
}

type Scope = ReadonlyMap<string, Emptiness>;

/** Of one SELECT as the engine parses it. A table that it names by a parameter of a macro is called as that is. */
export function emptinessOf(tree: unknown, functions: Functions): Emptiness {
  const [statement, ...more] = statementsOf(tree);
  return statement === undefined || more.length > 0 ? NEVER : ofQuery(statement, new Map(), functions);
}

/** Tables whose rows decide it. */
export function decidingTables(emptiness: Emptiness): readonly string[] {
  switch (emptiness.kind) {
    case 'never':
      return [];
    case 'table':
      return [emptiness.name];
    case 'any':
    case 'all':
      return [...new Set(emptiness.of.flatMap(decidingTables))];
    default:
      return emptiness satisfies never;
  }
}

/** Whether it has no rows for sure, where those tables are empty that `isEmpty` says. */
export function holds(emptiness: Emptiness, isEmpty: (table: string) => boolean): boolean {
  switch (emptiness.kind) {
    case 'never':
      return false;
    case 'table':
      return isEmpty(emptiness.name);
    case 'any':
      return emptiness.of.some((each) => holds(each, isEmpty));
    case 'all':
      return emptiness.of.every((each) => holds(each, isEmpty));
    default:
      return emptiness satisfies never;
  }
}

/** With what others are made of in their place: a view has no rows of its own, nor has a parameter. */
export function through(emptiness: Emptiness, others: ReadonlyMap<string, Emptiness>): Emptiness {
  switch (emptiness.kind) {
    case 'never':
      return emptiness;
    case 'table':
      return others.get(emptiness.name) ?? emptiness;
    case 'any':
      return anyOf(emptiness.of.map((each) => through(each, others)));
    case 'all':
      return allOf(emptiness.of.map((each) => through(each, others)));
    default:
      return emptiness satisfies never;
  }
}

function anyOf(parts: readonly Emptiness[]): Emptiness {
  const [first = NEVER, ...others] = flat('any', parts).filter(({ kind }) => kind !== 'never');
  return others.length === 0 ? first : { kind: 'any', of: [first, ...others] };
}

function allOf(parts: readonly Emptiness[]): Emptiness {
  const [first = NEVER, ...others] = flat('all', parts);
  if (parts.some(({ kind }) => kind === 'never')) return NEVER;
  return others.length === 0 ? first : { kind: 'all', of: [first, ...others] };
}

/** One of each, and those below that are of the same kind among them. */
function flat(kind: 'any' | 'all', parts: readonly Emptiness[]): readonly Emptiness[] {
  const all = parts.flatMap((part) => (part.kind === kind ? part.of : [part]));
  return [...new Map(all.map((part) => [JSON.stringify(part), part])).values()];
}

function ofQuery(node: SqlNode, outer: Scope, functions: Functions): Emptiness {
  const scope = new Map(outer);
  for (const entry of nodesOf(nodeOf(node['cte_map'])?.['map'])) {
    const query = nodeOf(nodeOf(nodeOf(entry['value'])?.['query'])?.['node']);
    scope.set(textOf(entry['key']).toLowerCase(), query === null ? NEVER : ofQuery(query, scope, functions));
  }
  const side = (name: string): Emptiness => {
    const query = nodeOf(node[name]);
    return query === null ? NEVER : ofQuery(query, scope, functions);
  };
  switch (node['type']) {
    case 'SELECT_NODE':
      return isRowOfNone(node, functions) ? NEVER : ofSource(nodeOf(node['from_table']), scope, functions);
    case 'SET_OPERATION_NODE':
      if (node['setop_type'] === 'UNION') return allOf([side('left'), side('right')]);
      if (node['setop_type'] === 'INTERSECT') return anyOf([side('left'), side('right')]);
      return node['setop_type'] === 'EXCEPT' ? side('left') : NEVER;
    default:
      // A query that reads itself among them: engines end it in ways of their own.
      return NEVER;
  }
}

function ofSource(source: SqlNode | null, scope: Scope, functions: Functions): Emptiness {
  const side = (name: string): Emptiness => ofSource(nodeOf(source?.[name]), scope, functions);
  switch (source?.['type']) {
    case 'BASE_TABLE':
      return ofTable(source, scope);
    case 'SUBQUERY': {
      const query = nodeOf(nodeOf(source['subquery'])?.['node']);
      return query === null ? NEVER : ofQuery(query, scope, functions);
    }
    case 'JOIN':
      return source['ref_type'] === 'POSITIONAL' ? NEVER : ofJoin(textOf(source['join_type']), side);
    case 'TABLE_FUNCTION':
      return ofCall(nodeOf(source['function']), functions);
    default:
      return NEVER;
  }
}

function ofTable(source: SqlNode, scope: Scope): Emptiness {
  const [schema, table] = [textOf(source['schema_name']), textOf(source['table_name'])];
  if (schema === '') return scope.get(table.toLowerCase()) ?? NEVER;
  return { kind: 'table', name: `${schema}.${table}` };
}

function ofCall(call: SqlNode | null, { relations }: Functions): Emptiness {
  const name = textOf(call?.['function_name']).toLowerCase();
  const given = nodesOf(call?.['children']);
  const [parameter = ''] = textsOf(given[0]?.['column_names']);
  if (name === 'query_table') return parameter === '' ? NEVER : { kind: 'table', name: parameter };
  const relation = relations.get(name);
  const isByPlace = given.length === relation?.parameters.length && given.every((argument) => textOf(argument['alias']) === '');
  if (relation === undefined || !isByPlace) return NEVER;
  const tables = given.map((argument) => textOf(nodeOf(argument['value'])?.['value']));
  return through(
    relation.emptyWhen,
    new Map(relation.parameters.map((each, at): [string, Emptiness] => [each, tableOf(tables[at] ?? '')])),
  );
}

/** Named in a text, as macros take it; one without its layer is a part of the query, and not looked through. */
function tableOf(name: string): Emptiness {
  return name.includes('.') ? { kind: 'table', name } : NEVER;
}

function ofJoin(type: string, side: (name: 'left' | 'right') => Emptiness): Emptiness {
  switch (type) {
    case 'INNER':
    case 'SEMI':
      return anyOf([side('left'), side('right')]);
    case 'LEFT':
    case 'ANTI':
      return side('left');
    case 'RIGHT':
      return side('right');
    case 'FULL':
    case 'OUTER':
      return allOf([side('left'), side('right')]);
    default:
      return NEVER;
  }
}

/** Whether a select gives a row of no rows: it aggregates, and does not group, or groups by nothing too. */
function isRowOfNone(select: SqlNode, functions: Functions): boolean {
  // By which columns, only the engine knows: a word may be a day, or something that was selected beside it.
  if (select['aggregate_handling'] === 'FORCE_AGGREGATES') return true;
  const sets: readonly unknown[] = Array.isArray(select['group_sets']) ? select['group_sets'] : [];
  if (sets.length > 0) return sets.some((set) => !Array.isArray(set) || set.length === 0);
  if (select['having'] !== null) return true;
  const { cte_map: _ctes, from_table: _from, where_clause: _where, ...said } = select;
  return isAggregating(Object.values(said), functions);
}

/** In a subquery too: what it aggregates may be the columns of what is around it, and names do not tell. */
function isAggregating(said: readonly unknown[], { aggregates }: Functions): boolean {
  let found = false;
  walk(said, (node) => {
    found ||= node['class'] === 'FUNCTION' && aggregates.has(textOf(node['function_name']).toLowerCase());
    return true;
  });
  return found;
}
