// The tables of one run on Athena: their names, where their files lie, and the statements that make and remove them.
import { literal } from '../warehouse/sql-quote.js';
import { tableMark } from '../warehouse/athena-marks.js';
import type { Statement } from '../warehouse/athena-statement.js';
import type { Model } from './catalog.js';
import type { ContractColumn } from './contract.js';
import { hiveType } from './trino-types.js';

/** One making of a table. What is made again gets a number of its own: a table over other files is another table. */
export interface RunTable {
  /** As the catalogue has it: `r0123456789abcdef_rating_usage_day_2`. */
  readonly name: string;
  /** Of its files, relative to the output folder, with `/` at its end. */
  readonly prefix: string;
}

/** Every table of a run, by the number of its making. */
export class RunTables {
  readonly #database: string;
  readonly #run: string;
  readonly #made = new Map<string, number>();

  /** `run`: hexadecimal digits, at most 16. */
  constructor(database: string, run: string) {
    this.#database = database;
    this.#run = run;
  }

  /** Files of this run lie below it, and those of no other. */
  get prefix(): string {
    return runPrefix(this.#run);
  }

  next(layer: string, table: string): RunTable {
    const key = `${layer}.${table}`;
    this.#made.set(key, (this.#made.get(key) ?? 0) + 1);
    return this.now(layer, table);
  }

  /** As it was made last. */
  now(layer: string, table: string): RunTable {
    const number = this.#made.get(`${layer}.${table}`);
    if (number === undefined) throw new Error(`${layer}.${table} is read before it is made`);
    return { name: tableName(this.#run, layer, table, number), prefix: `${this.prefix}${layer}.${table}/${number}/` };
  }

  /** The name of every table that was made, each of its makings. */
  get names(): readonly string[] {
    return [...this.#made].flatMap(([key, count]) => {
      const [layer = '', table = ''] = key.split('.');
      return Array.from({ length: count }, (_, at) => tableName(this.#run, layer, table, at + 1));
    });
  }

  /** For a query. */
  quoted({ name }: RunTable): string {
    return `"${this.#database}"."${name}"`;
  }
}

export function runPrefix(run: string): string {
  return `run=${run}/`;
}

/** Is it the name of a table or view of that run? */
export function isOfRun(name: string, run: string): boolean {
  return name.startsWith(`r${run}_`);
}

function tableName(run: string, layer: string, table: string, number: number): string {
  return `r${run}_${layer}_${table}${number === 1 ? '' : `_${number}`}`;
}

/** A table that is to be made over files that lie there. */
export interface TableOver {
  readonly database: string;
  /** Whose it is. */
  readonly pipeline: string;
  readonly name: string;
  readonly location: string;
}

/** Over Parquet files that have these columns; timestamps are texts in them (`storedSelect`). */
export function externalTable(
  { database, pipeline, name, location }: TableOver,
  columns: readonly Pick<ContractColumn, 'name' | 'type'>[],
): string {
  const typed = columns
    .map((column) => `\`${column.name}\` ${column.type === 'TIMESTAMP' ? 'string' : hiveType(column.type)}`)
    .join(', ');
  return `CREATE EXTERNAL TABLE IF NOT EXISTS \`${database}\`.\`${name}\` (${typed}) STORED AS PARQUET LOCATION '${location}' ${tableMark(pipeline)}`;
}

/** Over logs as they were delivered, plain or packed: a line is one text, whatever is in it. */
export function textTable({ database, pipeline, name, location }: TableOver): string {
  const shape = "ROW FORMAT DELIMITED FIELDS TERMINATED BY '\\001' LINES TERMINATED BY '\\n' STORED AS TEXTFILE";
  return `CREATE EXTERNAL TABLE IF NOT EXISTS \`${database}\`.\`${name}\` (\`line\` string) ${shape} LOCATION '${location}' ${tableMark(pipeline)}`;
}

/** Types that are kept as others: see `storedSelect`. */
const STORED: Readonly<Record<string, string>> = { UBIGINT: 'DECIMAL(20,0)', TIMESTAMP: 'VARCHAR' };

/** Columns as tables of Athena have them. */
export function plainTypes({ contract }: Pick<Model, 'contract'>): string {
  return contract.columns
    .map(({ name, type }) => {
      const stored = STORED[type];
      return stored === undefined ? `"${name}"` : `CAST("${name}" AS ${stored}) AS "${name}"`;
    })
    .join(', ');
}

export function unload(select: string, location: string): string {
  return `UNLOAD (${select}) TO '${location}' WITH (format = 'PARQUET', compression = 'ZSTD')`;
}

export function dropTable(database: string, name: string): string {
  return `DROP TABLE IF EXISTS \`${database}\`.\`${name}\``;
}

export function dropPartition(database: string, table: string, values: Readonly<Record<string, string>>): string {
  const told = Object.entries(values).map(([name, value]) => `\`${name}\` = ${literal(value)}`);
  return `ALTER TABLE \`${database}\`.\`${table}\` DROP IF EXISTS PARTITION (${told.join(', ')})`;
}

export function dropView(database: string, name: string): string {
  return `DROP VIEW IF EXISTS "${database}"."${name}"`;
}

/** What a statement is for. */
export function ofModel(model: Model, name: string): Pick<Statement, 'name' | 'place'> {
  return { name, place: { file: model.file } };
}
