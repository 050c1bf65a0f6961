// Somebody else's SQL on published marts. Read-only alone is not enough on this engine: a COPY overwrites the attached file, and a
// table function called from a SELECT writes logs. So: an instance in memory, the marts attached read-only, the file system closed
// behind them, the settings locked, and one SELECT whose table functions are known.
import { openDuckDb } from './duckdb.js';
import { EngineError, type Selecting, type Selection, type Warehouse } from './warehouse.js';

export interface SnapshotLimits {
  /** Such as `1GB`; more is a clean error. */
  readonly memory: string;
  readonly threads: number;
}

/** Table functions that only compute. Everything else that stands where a table may stand is refused by name. */
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

export class Snapshot implements AsyncDisposable {
  readonly #warehouse: Warehouse & Selecting;

  private constructor(warehouse: Warehouse & Selecting) {
    this.#warehouse = warehouse;
  }

  static async open(path: string, limits: SnapshotLimits): Promise<Snapshot> {
    return new Snapshot(await openClosed(path, limits));
  }

  /** Refuses all but one SELECT without foreign table functions, by the engine's own parse tree. */
  async select(sql: string): Promise<Selection> {
    const parsed = await this.#warehouse.parse(sql);
    if (parsed.kind === 'error') throw refusal(parsed.message, parsed.position);
    const statements = statementsOf(parsed.tree);
    if (statements !== 1) throw new EngineError('Permission', `${statements} statements where one SELECT must be`, null);
    const [foreign] = tableFunctions(parsed.tree).filter((name) => !TABLE_FUNCTIONS.has(name));
    if (foreign !== undefined) throw new EngineError('Permission', `the table function ${foreign} may not be called here`, null);
    return this.#warehouse.select(sql);
  }

  interrupt(): void {
    this.#warehouse.interrupt();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#warehouse[Symbol.asyncDispose]();
  }
}

/** An engine that sees the published warehouse file, its schema `marts` by plain names, and nothing else of the world. */
export async function openClosed(path: string, limits: SnapshotLimits): Promise<Warehouse & Selecting> {
  const warehouse = await openDuckDb({ confined: true, memoryLimit: limits.memory, threads: limits.threads });
  await warehouse.run(`ATTACH '${path.replaceAll("'", "''")}' AS showback (READ_ONLY)`);
  await warehouse.run('USE showback.marts');
  // In this order: closing the file systems is refused while files may be opened, and nothing may be set behind the lock.
  await warehouse.run('SET enable_external_access = false');
  await warehouse.run("SET disabled_filesystems = 'LocalFileSystem'");
  await warehouse.run('SET lock_configuration = true');
  return warehouse;
}

function refusal(message: string, position: number | null): EngineError {
  if (message.startsWith('Only SELECT')) return new EngineError('Permission', 'only a SELECT may run here', null);
  return new EngineError('Parser', message, position);
}

function statementsOf(tree: unknown): number {
  const statements = typeof tree === 'object' && tree !== null && 'statements' in tree ? tree.statements : null;
  return Array.isArray(statements) ? statements.length : 0;
}

function tableFunctions(node: unknown): readonly string[] {
  if (typeof node !== 'object' || node === null) return [];
  const below = Object.values(node).flatMap(tableFunctions);
  if (!('type' in node) || node.type !== 'TABLE_FUNCTION' || !('function' in node)) return below;
  const called: unknown = node.function;
  const name = typeof called === 'object' && called !== null && 'function_name' in called ? String(called.function_name) : '';
  return [name.toLowerCase(), ...below];
}
