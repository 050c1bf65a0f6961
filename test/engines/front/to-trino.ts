// What Trino is told for a statement of Athena. Where the text changes, places in Trino's messages are told as those of the text given.
import type { Column, Statement, Table, TableName } from './statements.js';

/** MILLISECONDS is what Athena has: it refuses to write and cuts off what is finer. */
export type TimestampPrecision = 'MILLISECONDS' | 'MICROSECONDS';

export interface TrinoText {
  readonly sql: string;
  /** A message of Trino with the places of the statement as it was given. */
  readonly told: (message: string) => string;
}

const asGiven = (message: string) => message;

/** UNLOAD is a CREATE TABLE AS into a table that goes at once; Trino leaves the files of a table with a location of its own. */
export function unloadText(statement: Statement & { kind: 'unload' }, given: string, scratch: TableName): TrinoText {
  const lines = given.slice(0, statement.at).split('\n');
  const head = `CREATE TABLE ${nameText(scratch)} WITH (external_location = ${quoted(statement.target)}, format = 'PARQUET') AS `;
  const shift = head.length - (lines.at(-1) ?? '').length;
  const told = (message: string) =>
    message.replace(/^line (\d+):(\d+):/, (whole, line: string, column: string) =>
      Number(line) === lines.length ? `line ${line}:${Math.max(Number(column), head.length + 1) - shift}:` : whole,
    );
  return { sql: `${'\n'.repeat(lines.length - 1)}${head}${statement.select}`, told };
}

export function tableText(table: Table, precision: TimestampPrecision): TrinoText {
  const columns = [...table.columns, ...table.partitions].map((column) => columnText(column, precision));
  const options = [`external_location = ${quoted(table.location)}`, `format = '${table.format}'`];
  if (table.format === 'TEXTFILE') options.push("textfile_field_separator = U&'\\0001'");
  if (table.partitions.length > 0) options.push(`partitioned_by = ${arrayText(table.partitions.map(({ name }) => name))}`);
  const properties = Object.entries(table.properties);
  if (properties.length > 0)
    options.push(
      `extra_properties = MAP(${arrayText(properties.map(([name]) => name))}, ${arrayText(properties.map(([, value]) => value))})`,
    );
  const sql = `CREATE TABLE IF NOT EXISTS ${nameText(table.name)} (${columns.join(', ')}) WITH (${options.join(', ')})`;
  return { sql, told: asGiven };
}

function columnText({ name, type }: Column, precision: TimestampPrecision): string {
  return `${identifier(name)} ${trinoType(type, precision)}`;
}

function trinoType(type: string, precision: TimestampPrecision): string {
  if (type === 'string') return 'varchar';
  if (type === 'int') return 'integer';
  if (type === 'timestamp') return precision === 'MILLISECONDS' ? 'timestamp(3)' : 'timestamp(6)';
  return type;
}

export function hiveType(type: string): string {
  if (type.startsWith('varchar')) return 'string';
  if (type === 'integer') return 'int';
  if (type.startsWith('timestamp')) return 'timestamp';
  return type.replace(', ', ',');
}

export function addPartitionText({ name, values, location }: Statement & { kind: 'add-partition' }): TrinoText {
  const given = [arrayText(Object.keys(values).map((column) => column.toLowerCase())), arrayText(Object.values(values))];
  const sql = `CALL system.register_partition(${quoted(name.database)}, ${quoted(name.table)}, ${given.join(', ')}, ${quoted(location)})`;
  return { sql, told: asGiven };
}

export function dropPartitionText({ name, values }: Statement & { kind: 'drop-partition' }): TrinoText {
  const given = [arrayText(Object.keys(values).map((column) => column.toLowerCase())), arrayText(Object.values(values))];
  const sql = `CALL system.unregister_partition(${quoted(name.database)}, ${quoted(name.table)}, ${given.join(', ')})`;
  return { sql, told: asGiven };
}

export function showPartitionsText(name: TableName): TrinoText {
  return { sql: `SELECT * FROM ${nameText({ ...name, table: `${name.table}$partitions` })}`, told: asGiven };
}

export function showViewText(database: string, table: string): TrinoText {
  return { sql: `SHOW CREATE VIEW ${nameText({ database, table })}`, told: asGiven };
}

export function dropText(what: 'TABLE' | 'VIEW', name: TableName): TrinoText {
  return { sql: `DROP ${what} IF EXISTS ${nameText(name)}`, told: asGiven };
}

export function asIs(sql: string): TrinoText {
  return { sql, told: asGiven };
}

export function nameText({ database, table }: TableName): string {
  return `${identifier(database)}.${identifier(table)}`;
}

export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

export function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function arrayText(texts: readonly string[]): string {
  return `ARRAY[${texts.map((text) => quoted(text)).join(', ')}]`;
}
