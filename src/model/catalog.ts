// sql/** → models in the order in which they can be built. Dependencies come from parsing the SQL, never from templating.
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { Failure, type Problem } from '../kernel/failure.js';
import type { Warehouse } from '../warehouse/warehouse.js';
import { type Contract, parseContract } from './contract.js';
import { type Emptiness, emptinessOf, type Functions, NEVER, through } from './emptiness.js';
import type { Macros } from './finding.js';
import { functionsOf } from './functions.js';
import { macrosOf } from './lint.js';
import { tablesRead } from './tables.js';

export const LAYERS = ['run', 'raw', 'staging', 'rating', 'allocation', 'reconciliation', 'marts'] as const;
export type Layer = (typeof LAYERS)[number];

export interface Model {
  /** `layer.table`, as SQL spells it. */
  readonly name: string;
  readonly layer: Layer;
  readonly table: string;
  /** Path below the package, for people. */
  readonly file: string;
  /** Null for inputs: contracts without a select. */
  readonly sql: string | null;
  readonly contract: Contract;
  readonly reads: readonly string[];
  /** What its contract's checks read beside: they need it to be there, and to be whole. */
  readonly checkReads: readonly string[];
  /** When its select has no rows for sure. */
  readonly emptyWhen: Emptiness;
  /** When each of its contract's checks has none. */
  readonly checksEmptyWhen: readonly Emptiness[];
  /** sha256 of the parse tree: what the fingerprint hashes, so that comments change nothing. */
  readonly tree: string;
}

export interface Catalog {
  /** Every model and input, each after all that it reads. */
  readonly models: readonly Model[];
  readonly macros: string;
}

const INPUT_LAYERS: readonly Layer[] = ['run', 'raw'];

/** Reads and orders everything below `sqlDir`; every problem at once. */
export async function readCatalog(sqlDir: string, warehouse: Warehouse): Promise<Catalog> {
  const macros = await readFile(join(sqlDir, 'macros', 'duckdb.sql'), 'utf8');
  const [known, functions] = [macrosOf(macros), await functionsOf(macros, warehouse)];
  const problems: Problem[] = [];
  const models: Model[] = [];
  for (const layer of LAYERS) {
    const names = (await readdir(join(sqlDir, layer))).sort();
    const tables = new Set(names.map((name) => name.replace(/\.(sql|yaml)$/, '')));
    for (const table of tables) {
      const model = await readModel({ sqlDir, layer, table, names, warehouse, problems, macros: known, functions });
      if (model !== null) models.push(model);
    }
  }
  problems.push(...unknownReads(models), ...lateReads(models));
  if (problems.length > 0) throw new Failure('user', problems);
  return { models: behindViews(inOrder(models)), macros };
}

interface ReadRequest {
  readonly sqlDir: string;
  readonly layer: Layer;
  readonly table: string;
  readonly names: readonly string[];
  readonly warehouse: Warehouse;
  readonly problems: Problem[];
  readonly macros: Macros;
  readonly functions: Functions;
}

async function readModel(request: ReadRequest): Promise<Model | null> {
  const { layer, table, names, problems } = request;
  const contract = await readContract(request);
  if (contract === null) return null;
  const base = { name: `${layer}.${table}`, layer, table, contract, ...(await readChecks(request, contract)) };
  if (INPUT_LAYERS.includes(layer))
    return { ...base, file: shown(request, 'yaml'), sql: null, reads: [], emptyWhen: NEVER, tree: '' };
  const file = shown(request, 'sql');
  if (!names.includes(`${table}.sql`)) {
    const message = `${base.name} has a contract but no select`;
    problems.push({ code: 'model/no-select', message, remedy: `write ${file}`, place: { file: shown(request, 'yaml') } });
    return null;
  }
  const sql = await readFile(pathOf(request, 'sql'), 'utf8');
  const parsed = await request.warehouse.parse(sql);
  if (parsed.kind === 'error') {
    const line = sql.slice(0, parsed.position ?? 0).split('\n').length;
    problems.push({ code: 'model/syntax', message: parsed.message, remedy: 'mend the select', place: { file, line } });
    return null;
  }
  const emptyWhen = emptinessOf(parsed.tree, request.functions);
  return { ...base, file, sql, reads: namesRead(parsed.tree, request.macros), emptyWhen, tree: treeHash(parsed.tree) };
}

function namesRead(tree: unknown, macros: Macros): readonly string[] {
  const reads = tablesRead(tree, macros).map(({ schema, table }) => (schema === '' ? table : `${schema}.${table}`));
  return [...new Set(reads)].sort();
}

/** A check that is no SQL is the engine's to refuse, when it runs. */
async function readChecks(
  { warehouse, macros, functions }: ReadRequest,
  { checks }: Contract,
): Promise<Pick<Model, 'checkReads' | 'checksEmptyWhen'>> {
  const found = new Set<string>();
  const checksEmptyWhen: Emptiness[] = [];
  for (const { select } of checks) {
    const parsed = await warehouse.parse(select);
    checksEmptyWhen.push(parsed.kind === 'tree' ? emptinessOf(parsed.tree, functions) : NEVER);
    if (parsed.kind === 'tree') for (const name of namesRead(parsed.tree, macros)) found.add(name);
  }
  return { checkReads: [...found].sort(), checksEmptyWhen };
}

/** What is said of a view is said of what it is made of. */
function behindViews(ordered: readonly Model[]): readonly Model[] {
  const views = new Map<string, Emptiness>();
  return ordered.map((model) => {
    const emptyWhen = through(model.emptyWhen, views);
    if (model.contract.build === 'view') views.set(model.name, emptyWhen);
    return { ...model, emptyWhen, checksEmptyWhen: model.checksEmptyWhen.map((each) => through(each, views)) };
  });
}

async function readContract(request: ReadRequest): Promise<Contract | null> {
  const { layer, table, names, problems } = request;
  const file = shown(request, 'yaml');
  if (!names.includes(`${table}.yaml`)) {
    const message = `${layer}.${table} has no contract`;
    problems.push({ code: 'model/no-contract', message, remedy: `write ${file}`, place: { file: shown(request, 'sql') } });
    return null;
  }
  const contract = parseContract(await readFile(pathOf(request, 'yaml'), 'utf8'), INPUT_LAYERS.includes(layer));
  const problem = problemOf(contract, layer);
  if (!('problem' in contract) && problem === null) return contract;
  const place = { file, line: 'problem' in contract ? contract.line : 1 };
  problems.push({ code: 'model/contract-form', message: problem ?? '', remedy: 'see sql/README.md for the form', place });
  return null;
}

/** What was published before has a say in marts alone: everything before them is a function of what landed. */
function problemOf(contract: ReturnType<typeof parseContract>, layer: Layer): string | null {
  if ('problem' in contract) return contract.problem;
  if (layer === 'marts' && contract.build === 'view')
    return 'build: view is for what marts are made of: what is published is a table';
  if (contract.made === 'history' && layer !== 'marts') return `made: history is for marts, and this is ${layer}`;
  if (contract.held !== 'rows' && contract.build !== 'view')
    return `held: ${contract.held} is for views: what is written is looked at`;
  return contract.held === 'checks' && contract.checks.length === 0 ? 'held: checks without checks is held: columns' : null;
}

function pathOf({ sqlDir, layer, table }: ReadRequest, ending: 'sql' | 'yaml'): string {
  return join(sqlDir, layer, `${table}.${ending}`);
}

function shown(request: ReadRequest, ending: 'sql' | 'yaml'): string {
  return join('sql', relative(request.sqlDir, pathOf(request, ending)));
}

/** Positions say where a word stands, not what it means. */
function treeHash(tree: unknown): string {
  const text = JSON.stringify(tree, (key, value: unknown) => (key === 'query_location' ? undefined : value));
  return createHash('sha256').update(text).digest('hex');
}

function unknownReads(models: readonly Model[]): readonly Problem[] {
  const known = new Set(models.map((model) => model.name));
  return models.flatMap((model) =>
    model.reads
      .filter((name) => !known.has(name))
      .map((name) => ({
        code: 'model/unknown-table',
        message: `${model.name} reads ${name}, which is no model`,
        remedy: 'name a table as layer.table',
        place: { file: model.file },
      })),
  );
}

/** A run builds nothing of what closing makes, so it cannot be read by what a run builds. */
function lateReads(models: readonly Model[]): readonly Problem[] {
  const late = new Set(models.filter(({ contract }) => contract.made === 'close').map(({ name }) => name));
  return models.flatMap((model) =>
    [...new Set([...model.reads, ...model.checkReads])]
      .filter((name) => late.has(name) && model.contract.made !== 'close')
      .map((name) => ({
        code: 'model/made',
        message: `${model.name} is made by every run and reads ${name}, which is made when a month closes`,
        remedy: 'write `made: close` in its contract too, or read what runs make',
        place: { file: model.file },
      })),
  );
}

/** Depth first over what is read; the append model of the level group is read by its own group, so that edge does not order. */
function inOrder(models: readonly Model[]): readonly Model[] {
  const byName = new Map(models.map((model) => [model.name, model]));
  const done = new Set<string>();
  const ordered: Model[] = [];
  const visit = (model: Model, path: readonly string[]): void => {
    if (done.has(model.name)) return;
    if (path.includes(model.name)) throw cycleOf([...path, model.name]);
    for (const name of model.reads) {
      const read = byName.get(name);
      if (read === undefined || (read.contract.build === 'append' && model.contract.build === 'level')) continue;
      visit(read, [...path, model.name]);
    }
    done.add(model.name);
    ordered.push(model);
  };
  for (const model of models) visit(model, []);
  return ordered;
}

function cycleOf(path: readonly string[]): Failure {
  const cycle = path.slice(path.indexOf(path.at(-1) ?? ''));
  return new Failure('user', [
    { code: 'model/cycle', message: `models read each other: ${cycle.join(' → ')}`, remedy: 'break the cycle' },
  ]);
}

/** The models that these are made of, directly or through others, and they themselves. */
export function neededFor(names: readonly string[], { models }: Catalog): ReadonlySet<string> {
  const needed = new Set(names);
  // A set that grows while it is gone through is gone through to its end.
  for (const each of needed) for (const read of models.find((model) => model.name === each)?.reads ?? []) needed.add(read);
  return needed;
}
