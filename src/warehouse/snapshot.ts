// Somebody else's SQL on published marts. Read-only alone is not enough on this engine: a COPY overwrites the attached file, and a
// table function called from a SELECT writes logs. So: an instance in memory, the marts attached read-only, the file system closed
// behind them, the settings locked, and one SELECT that calls and reads nothing but what is known.
import { openDuckDb } from './duckdb.js';
import { refusalOf } from './snapshot-statement.js';
import { EngineError, type Selecting, type Selection, type Warehouse } from './warehouse.js';

export interface SnapshotLimits {
  /** Such as `1GB`; more is a clean error. */
  readonly memory: string;
  readonly threads: number;
}

export class Snapshot implements AsyncDisposable {
  readonly #warehouse: Warehouse & Selecting;
  readonly #systemViews: ReadonlySet<string>;

  private constructor(warehouse: Warehouse & Selecting, systemViews: ReadonlySet<string>) {
    this.#warehouse = warehouse;
    this.#systemViews = systemViews;
  }

  static async open(path: string, limits: SnapshotLimits): Promise<Snapshot> {
    const warehouse = await openClosed(path, limits);
    const views = await warehouse.rows(
      "SELECT view_name FROM duckdb_views() WHERE internal AND schema_name <> 'information_schema'",
    );
    return new Snapshot(warehouse, new Set(views.map((row) => String(row['view_name']).toLowerCase())));
  }

  /** Parameters by their name in the query, `$month` or `$1`; each becomes what the query compares it with. */
  async select(sql: string, parameters: ReadonlyMap<string, string> = new Map()): Promise<Selection> {
    // Where texts end with it, what is looked at is not what runs.
    if (sql.includes('\0')) throw new EngineError('Permission', 'a query may not hold the character NUL', sql.indexOf('\0'));
    const parsed = await this.#warehouse.parse(sql);
    if (parsed.kind === 'error') throw syntaxError(parsed.message, parsed.position);
    const refused = refusalOf(parsed.tree, this.#systemViews);
    if (refused !== null) throw refused;
    return this.#warehouse.select(sql, parameters);
  }

  interrupt(): void {
    this.#warehouse.interrupt();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#warehouse[Symbol.asyncDispose]();
  }
}

/** An engine that sees the warehouse file, its schema `marts` by plain names, and nothing else of the world. */
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

function syntaxError(message: string, position: number | null): EngineError {
  if (message.startsWith('Only SELECT')) return new EngineError('Permission', 'only a SELECT may run here', null);
  return new EngineError('Parser', message, position);
}
