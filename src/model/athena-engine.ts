// Models on Athena: each is unloaded as Parquet below the folder of its run, gets a table over it, and is held to its contract. What the
// run knows of itself comes from here as Parquet; marts come back here.
import { join } from 'node:path';
import type { Problem } from '../kernel/failure.js';
import { Failure } from '../kernel/failure.js';
import type { ObjectStore } from '../store/store.js';
import type { AthenaQueries } from '../warehouse/athena-statement.js';
import { markedView } from '../warehouse/athena-marks.js';
import { literal } from '../warehouse/sql-quote.js';
import type { Cell, Row, Warehouse } from '../warehouse/warehouse.js';
import { dropTable, dropView, externalTable, ofModel, plainTypes, type RunTable, RunTables, unload } from './athena-tables.js';
import { downloaded, filled, lostRows } from './athena-fetch.js';
import { athenaVerdict } from './athena-verdict.js';
import { createEmpty, fillInput, prepareWarehouse } from './build.js';
import type { Catalog, Model } from './catalog.js';
import { NEVER } from './emptiness.js';
import { EmptyTables, emptyOnes } from './empty-tables.js';
import type { ModelEngine } from './engine.js';
import { withValues } from './sql-values.js';
import type { TrinoMacros } from './trino-macros.js';
import { readTable, renderTrino, storedSelect } from './trino-render.js';
import type { Verdict } from './verify.js';

export interface AthenaEngineOptions {
  readonly queries: AthenaQueries;
  /** At the output folder. */
  readonly store: ObjectStore;
  /** Parses, writes inputs as Parquet and takes the marts. */
  readonly local: Warehouse;
  readonly catalog: Catalog;
  readonly macros: TrinoMacros;
  readonly database: string;
  /** Whose tables they are. */
  readonly pipeline: string;
  /** Of what the run is made of: hexadecimal digits, at most 16. */
  readonly run: string;
  /** For files on their way; it is there and goes with the run. */
  readonly scratchDir: string;
  readonly lanes: number;
}

/** A table that is made of files, or of a query that is Athena's own. */
export interface AthenaTables {
  /** An input of the rows that it has on the engine here. */
  adopt(model: Model): Promise<void>;
  /** Adds the rows of a query that is written for Athena to an input that was adopted. */
  append(model: Model, select: string): Promise<void>;
  /** Of a table of the run, for a query that is written for Athena. */
  nameOf(model: Model): string;
  ask(what: string, athenaSelect: string): Promise<readonly Row[]>;
  execute(what: string, statement: string): Promise<void>;
}

export class AthenaEngine implements ModelEngine, AthenaTables, AsyncDisposable {
  readonly kind = 'athena';
  readonly lanes: number;
  readonly #options: AthenaEngineOptions;
  readonly #tables: RunTables;
  /** Passes of a table that grows, and files of an input. */
  readonly #parts = new Map<string, number>();
  readonly #views = new Set<string>();
  /** All that is written comes through here: nothing is asked, and what is not known has rows. */
  readonly #empty = new EmptyTables();
  /** The engine here has one connection: who works with it waits for those before. */
  #local: Promise<unknown> = Promise.resolve();

  constructor(options: AthenaEngineOptions) {
    this.#options = options;
    this.lanes = options.lanes;
    this.#tables = new RunTables(options.database, options.run);
  }

  async prepare(catalog: Catalog): Promise<void> {
    await this.#here(async (local) => prepareWarehouse(local, catalog));
    const empty = catalog.models.filter((model) => model.layer === 'run' || model.contract.build === 'append');
    await Promise.all(empty.map(async (model) => this.createEmpty(model)));
  }

  async createEmpty(model: Model): Promise<void> {
    await this.#tableOver(model, this.#tables.next(model.layer, model.table));
    this.#empty.note(model.name, true);
  }

  async fill(model: Model, rows: readonly Readonly<Record<string, Cell>>[]): Promise<void> {
    if (rows.length === 0) return;
    await this.#here(async (local) => {
      await createEmpty(local, model);
      await fillInput(local, model, rows);
    });
    await this.#put(model);
  }

  async setLevel(model: Model, level: number): Promise<void> {
    await this.createEmpty(model);
    await this.fill(model, [{ level: String(level) }]);
  }

  async adopt(model: Model): Promise<void> {
    await this.createEmpty(model);
    if ((await this.#here(async (local) => emptyOnes(local, [model.name]))).includes(false)) await this.#put(model);
  }

  async append(model: Model, select: string): Promise<void> {
    await this.#unloadPart(model, storedSelect(model, select));
    this.#empty.note(model.name, false);
  }

  async filled(models: readonly Model[]): Promise<readonly Model[]> {
    const filled = await this.#empty.filledOf(models.map(({ name }) => name));
    return models.filter(({ name }) => filled.has(name));
  }

  async build(model: Model): Promise<number | null> {
    if (model.contract.build === 'view') return this.#buildAsked(model);
    if (await this.#empty.decide(model.emptyWhen)) return this.#buildEmpty(model);
    const rows = await this.#buildAsked(model);
    if (rows !== null) this.#empty.note(model.name, rows === 0);
    return rows;
  }

  /** What has no rows for sure is no query. Checks that could find something are asked all the same. */
  async #buildEmpty(model: Model): Promise<number> {
    if (model.contract.build === 'append') return this.#count(model);
    await this.createEmpty(model);
    const isVoid = await Promise.all(
      model.contract.checks.map(async (_, at) => this.#empty.decide(model.checksEmptyWhen[at] ?? NEVER)),
    );
    const rows = isVoid.includes(false) ? this.#held(model, await this.#verdict(model)) : 0;
    if (rows !== 0)
      throw lostRows(model, 0, String(rows), this.#options.store.url(this.#tables.now(model.layer, model.table).prefix));
    if (model.layer === 'marts') await this.#here(async (local) => createEmpty(local, model));
    return 0;
  }

  async #buildAsked(model: Model): Promise<number | null> {
    const select = storedSelect(model, await this.#rendered(model.file, model.sql ?? ''));
    switch (model.contract.build) {
      case 'view':
        await this.#view(model, select);
        if (model.contract.held === 'columns') return null;
        break;
      case 'append':
        return this.#append(model, select);
      case 'table':
      case 'level':
      case 'input':
        await this.#unloaded(model, select);
        break;
      default:
        return model.contract.build satisfies never;
    }
    const rows = this.#held(model, await this.#verdict(model));
    if (model.layer === 'marts' && rows !== null) await this.#fetch(model, rows);
    return rows;
  }

  async breaches(model: Model, rows: boolean): Promise<readonly Problem[]> {
    return rows ? (await this.#verdict(model, 'rows')).breaches : [];
  }

  async rows(select: string, parameters: readonly Cell[] = []): Promise<readonly Row[]> {
    return this.#asked('ask', select, parameters);
  }

  /** Statements that remove every table and view that was made. Files are not theirs. */
  get drops(): readonly string[] {
    const { database } = this.#options;
    const tables = this.#tables.names.filter((name) => !this.#views.has(name));
    return [...[...this.#views].map((name) => dropView(database, name)), ...tables.map((name) => dropTable(database, name))];
  }

  nameOf(model: Model): string {
    return this.#tables.quoted(this.#tables.now(model.layer, model.table));
  }

  async ask(what: string, athenaSelect: string): Promise<readonly Row[]> {
    return this.#options.queries.rows({ name: what, sql: athenaSelect });
  }

  async execute(what: string, statement: string): Promise<void> {
    await this.#options.queries.execute({ name: what, sql: statement });
  }

  /** The client of Athena keeps order among those who ask at once. */
  async beside(): Promise<ModelEngine & AsyncDisposable> {
    return Promise.resolve(this);
  }

  /** Whoever opened what it works with closes that. */
  async [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  async #unloaded(model: Model, select: string): Promise<void> {
    const table = this.#tables.next(model.layer, model.table);
    await this.#unload(model, select, table.prefix, table.name);
    await this.#tableOver(model, table);
  }

  async #append(model: Model, select: string): Promise<number> {
    await this.#unloadPart(model, select);
    return this.#count(model);
  }

  /** Named after the parts that are there: a statement of the same name and text is asked once. */
  async #count(model: Model): Promise<number> {
    const part = this.#parts.get(this.#tables.now(model.layer, model.table).name) ?? 0;
    const [count] = await this.#asked('count', `SELECT count(*) AS n FROM ${model.name}`, [], `after part ${part}`);
    return Number(count?.['n'] ?? 0);
  }

  /** Rows beside those that are there: the table reads every folder below its own. */
  async #unloadPart(model: Model, select: string): Promise<void> {
    const table = this.#tables.now(model.layer, model.table);
    const part = this.#nextPart(table);
    await this.#unload(model, select, `${table.prefix}${part}/`, `${table.name} part ${part}`);
  }

  async #unload(model: Model, select: string, prefix: string, name: string): Promise<void> {
    const { queries, store } = this.#options;
    const clean = async (): Promise<void> => {
      for await (const page of store.list(prefix)) await store.remove(page.map(({ key }) => key));
    };
    await queries.execute({ ...ofModel(model, name), sql: unload(select, store.url(prefix)), beforeRetry: clean });
  }

  async #tableOver(model: Model, table: RunTable): Promise<void> {
    const { queries, store, database, pipeline } = this.#options;
    const over = { database, pipeline, name: table.name, location: store.url(table.prefix) };
    await queries.execute({ ...ofModel(model, `${table.name} table`), sql: externalTable(over, model.contract.columns) });
  }

  async #view(model: Model, select: string): Promise<void> {
    const table = this.#tables.next(model.layer, model.table);
    this.#views.add(table.name);
    const sql = `CREATE OR REPLACE VIEW ${this.#tables.quoted(table)} AS ${markedView(select, this.#options.pipeline)}`;
    await this.#options.queries.execute({ ...ofModel(model, `${table.name} view`), sql });
  }

  /** The rows that the engine here has of a table, as a file of the table there. */
  async #put(model: Model): Promise<void> {
    const { store, scratchDir } = this.#options;
    const file = join(scratchDir, `${model.name}.parquet`);
    const select = `SELECT ${plainTypes(model)} FROM ${model.name}`;
    await this.#here(async (local) => local.run(`COPY (${select}) TO ${literal(file)} (FORMAT parquet, COMPRESSION zstd)`));
    const table = this.#tables.now(model.layer, model.table);
    await store.putOnce(`${table.prefix}${this.#nextPart(table)}.parquet`, file);
    this.#empty.note(model.name, false);
  }

  #nextPart({ name }: RunTable): number {
    const part = (this.#parts.get(name) ?? 0) + 1;
    this.#parts.set(name, part);
    return part;
  }

  async #verdict(model: Model, held = model.contract.held): Promise<Verdict> {
    return athenaVerdict(model, held, async (what, select) => this.#asked(what, select, [], '', model));
  }

  #held(model: Model, { breaches, rows }: Verdict): number | null {
    if (breaches.length > 0) throw new Failure('check', breaches);
    if (rows === null && model.contract.held === 'rows') throw new Error(`nobody counted the rows of ${model.name}`);
    return rows;
  }

  async #asked(what: string, select: string, parameters: readonly Cell[], more = '', model?: Model): Promise<readonly Row[]> {
    const sql = await this.#rendered(model?.file ?? 'a question of the run', withValues(select, parameters));
    const name = `${what} ${model?.name ?? ''} ${more}`.trim();
    return this.#options.queries.rows({ ...(model === undefined ? {} : ofModel(model, name)), name, sql });
  }

  async #rendered(file: string, sql: string): Promise<string> {
    const parsed = await this.#here(async (local) => local.parse(sql));
    if (parsed.kind === 'error') throw new Error(`${file}: ${parsed.message}`);
    return renderTrino({ file, sql, tree: parsed.tree, macros: this.#options.macros, tableName: this.#tableName });
  }

  readonly #tableName = (layer: string, table: string): string => {
    const model = this.#options.catalog.models.find((candidate) => candidate.name === `${layer}.${table}`);
    if (model === undefined) throw new Error(`no model ${layer}.${table}`);
    return readTable(model, this.#tables.quoted(this.#tables.now(layer, table)));
  };

  /** The rows of a mart, as a table here. */
  async #fetch(model: Model, rows: number): Promise<void> {
    const { store, scratchDir } = this.#options;
    const table = this.#tables.now(model.layer, model.table);
    const files = await downloaded(store, table, scratchDir);
    const found = await this.#here(async (local) => filled(local, model, files));
    if (found !== String(rows)) throw lostRows(model, rows, found, store.url(table.prefix));
  }

  async #here<T>(work: (local: Warehouse) => Promise<T>): Promise<T> {
    const turn = this.#local.then(async () => work(this.#options.local));
    // What fails is told to who asked; the next in turn goes on.
    this.#local = turn.catch(() => undefined);
    return turn;
  }
}
