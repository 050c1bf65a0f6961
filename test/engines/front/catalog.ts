// The catalog as Athena tells it: columns in Hive's types, partition keys, and the properties that a table was created with.
import { queryTrino, TrinoError, type TrinoAnswer } from '../trino.js';
import { Refusal } from './failures.js';
import type { TableName } from './statements.js';
import { hiveType, identifier, nameText, quoted } from './to-trino.js';

const AT_ONCE = 5;

type Described = Readonly<Record<string, unknown>>;

export class Catalog {
  readonly #trinoUrl: string;

  constructor(trinoUrl: string) {
    this.#trinoUrl = trinoUrl;
  }

  async database(name: string): Promise<Described> {
    const { rows } = await this.#ask(`SELECT 1 FROM information_schema.schemata WHERE schema_name = ${quoted(name)}`);
    if (rows.length === 0) throw notFound(`Database ${name} not found.`);
    return { Name: name };
  }

  async names(database: string, pattern: string | undefined): Promise<readonly string[]> {
    const { rows } = await this.#ask(`SHOW TABLES FROM ${identifier(database)}`);
    const wanted = pattern === undefined ? /(?:)/ : new RegExp(`^(${pattern.replaceAll('*', '.*')})$`);
    return rows.map(([name]) => name ?? '').filter((name) => wanted.test(name));
  }

  /** Without columns: asking for those of every table takes longer than a client waits for a page. */
  async listed(names: readonly TableName[]): Promise<readonly Described[]> {
    const all: Described[] = [];
    for (let at = 0; at < names.length; at += AT_ONCE)
      all.push(...(await Promise.all(names.slice(at, at + AT_ONCE).map(async (name) => this.#shown(name)))));
    return all;
  }

  async #shown(name: TableName): Promise<Described> {
    const parameters = await this.#parameters(name);
    return {
      Name: name.table,
      TableType: parameters === null ? 'VIRTUAL_VIEW' : 'EXTERNAL_TABLE',
      Parameters: parameters ?? { presto_view: 'true', comment: 'Presto View' },
    };
  }

  async table(name: TableName): Promise<Described> {
    const columns = await this.#ask(`SHOW COLUMNS FROM ${nameText(name)}`);
    const described = columns.rows.map(([column, type, extra, comment]) => ({
      partition: extra === 'partition key',
      column: { Name: column, Type: hiveType(type ?? ''), ...(comment == null || comment === '' ? {} : { Comment: comment }) },
    }));
    return {
      ...(await this.#shown(name)),
      Columns: described.filter(({ partition }) => !partition).map(({ column }) => column),
      PartitionKeys: described.filter(({ partition }) => partition).map(({ column }) => column),
    };
  }

  /** Null for a view. */
  async #parameters(name: TableName): Promise<Readonly<Record<string, string>> | null> {
    const [text] = (await this.#ask(`SHOW CREATE TABLE ${nameText(name)}`).catch(nullForView))?.rows.flat() ?? [];
    if (text == null) return null;
    const { columns, rows } = await this.#ask(`SELECT * FROM ${nameText({ ...name, table: `${name.table}$properties` })}`);
    const [values = []] = rows;
    const properties = columns.flatMap((column, index) => {
      const value = values[index];
      return value == null || TRINOS.test(column.name) ? [] : [[column.name, value] as const];
    });
    const location = /external_location = '([^']*)'/.exec(text)?.[1] ?? '';
    const format = /format = '(\w+)'/.exec(text)?.[1] === 'TEXTFILE' ? TEXT : PARQUET;
    return { ...Object.fromEntries(properties), EXTERNAL: 'TRUE', location, ...format };
  }

  async #ask(sql: string): Promise<TrinoAnswer> {
    try {
      return await queryTrino(this.#trinoUrl, sql);
    } catch (error) {
      if (error instanceof TrinoError && ['TABLE_NOT_FOUND', 'SCHEMA_NOT_FOUND'].includes(error.errorName))
        throw notFound('Entity Not Found');
      throw error;
    }
  }
}

/** What Trino notes of a table for itself. */
const TRINOS =
  /^(external|auto\.purge|stats_generated_via_stats_task|transactional|trino_.*|numfiles|numrows|rawdatasize|totalsize|presto_.*)$/;

const PARQUET = {
  inputformat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat',
  outputformat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat',
  'serde.serialization.lib': 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe',
};
const TEXT = {
  inputformat: 'org.apache.hadoop.mapred.TextInputFormat',
  outputformat: 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat',
  'serde.serialization.lib': 'org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe',
};

function nullForView(error: unknown): null {
  if (error instanceof TrinoError && error.errorName === 'NOT_SUPPORTED' && error.message.includes('is a view')) return null;
  throw error;
}

function notFound(message: string): Refusal {
  const told = `${message} (Service: AmazonDataCatalog; Status Code: 400; Error Code: EntityNotFoundException; Request ID: front; Proxy: null)`;
  return new Refusal('MetadataException', told);
}
