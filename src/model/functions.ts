// What functions do with rows: which make one of many, and which macros give rows of tables that they are told.
import type { Warehouse } from '../warehouse/warehouse.js';
import { emptinessOf, type Functions, type Relation } from './emptiness.js';

interface Macro {
  readonly name: string;
  readonly parameters: readonly string[];
  readonly isRelation: boolean;
  readonly body: string;
}

/** Those of the engine, and macros of a file of `CREATE MACRO` statements. */
export async function functionsOf(macros: string, warehouse: Pick<Warehouse, 'rows' | 'parse'>): Promise<Functions> {
  const own = macrosIn(macros);
  const aggregates = await aggregatesOf(own, warehouse);
  const relations = new Map<string, Relation>();
  for (const { name, parameters, body } of own.filter(({ isRelation }) => isRelation)) {
    const parsed = await warehouse.parse(body);
    if (parsed.kind !== 'tree') continue;
    relations.set(name, { parameters, emptyWhen: emptinessOf(parsed.tree, { aggregates, relations }) });
  }
  return { aggregates, relations };
}

/** A macro is one of them where it is written of one. Of words alone: one too many means that more is asked of the engine. */
async function aggregatesOf(own: readonly Macro[], warehouse: Pick<Warehouse, 'rows'>): Promise<ReadonlySet<string>> {
  const known = await warehouse.rows(
    `SELECT DISTINCT lower(function_name) AS name, function_type, macro_definition FROM duckdb_functions()
     WHERE function_type = 'aggregate' OR (function_type = 'macro' AND internal)`,
  );
  const [built, written] = [
    known.filter((row) => row['function_type'] === 'aggregate'),
    known.filter((row) => row['function_type'] === 'macro'),
  ];
  const aggregates = new Set(built.map(({ name }) => name ?? ''));
  const calling = [...written.map(({ name, macro_definition: body }) => ({ name: name ?? '', body: body ?? '' })), ...own].map(
    ({ name, body }) => ({ name, calls: [...body.matchAll(/(\w+)"?\s*\(/g)].map(([, called = '']) => called.toLowerCase()) }),
  );
  for (let count = -1; count < aggregates.size; ) {
    count = aggregates.size;
    for (const { name, calls } of calling) if (calls.some((each) => aggregates.has(each))) aggregates.add(name);
  }
  return aggregates;
}

function macrosIn(text: string): readonly Macro[] {
  return [...text.matchAll(/\bMACRO\s+(\w+)\s*\(([^)]*)\)\s*AS\b(\s+TABLE\b)?(.*?);\s*$/gims)].map(
    ([, name = '', parameters = '', table, body = '']) => ({
      name: name.toLowerCase(),
      parameters: parameters.split(',').map((each) => each.trim()),
      isRelation: table !== undefined,
      body,
    }),
  );
}
