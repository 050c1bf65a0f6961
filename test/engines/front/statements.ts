// The statement forms that this front takes, which are those that the program sends to Athena, and no other: a form that Athena would
// take and this refuses is seen in a test, one that Athena would refuse and this lets through is not.
import { Cursor, type TableName } from './cursor.js';
import { placeOf, StatementError, tokensOf } from './tokens.js';

export type { TableName } from './cursor.js';

export interface Column {
  readonly name: string;
  readonly type: string;
}

export type Statement =
  | { readonly kind: 'select'; readonly text: string }
  | { readonly kind: 'unload'; readonly select: string; readonly at: number; readonly target: string }
  | ({ readonly kind: 'table' } & Table)
  | { readonly kind: 'view'; readonly text: string }
  | { readonly kind: 'drop-table'; readonly name: TableName }
  | { readonly kind: 'drop-view'; readonly name: TableName }
  | {
      readonly kind: 'add-partition';
      readonly name: TableName;
      readonly values: Readonly<Record<string, string>>;
      readonly location: string;
    }
  | { readonly kind: 'drop-partition'; readonly name: TableName; readonly values: Readonly<Record<string, string>> }
  | { readonly kind: 'show-partitions'; readonly name: TableName }
  | { readonly kind: 'show-view'; readonly table: string };

export interface Table {
  readonly name: TableName;
  readonly columns: readonly Column[];
  readonly partitions: readonly Column[];
  readonly format: 'PARQUET' | 'TEXTFILE';
  readonly location: string;
  readonly properties: Readonly<Record<string, string>>;
}

const HIVE_TYPE = /^(string|bigint|int|boolean|date|timestamp|decimal\(\d+,\d+\))$/;

/** Reads one statement; throws a StatementError that tells line and column. */
export function readStatement(given: string): Statement {
  const text = given.replace(/;?\s*$/, '');
  // The dialect of the rest is known by the first words.
  const words = tokensOf(text, 'trino', 2).map((token) => token.text);
  const first = words.join(' ').toUpperCase();
  if (/^(SELECT|WITH)\b/.test(first)) return { kind: 'select', text };
  if (/^UNLOAD\b/.test(first)) return readUnload(new Cursor(text, 'trino'), text);
  if (first === 'CREATE OR') return readView(new Cursor(text, 'trino'), text);
  if (first === 'DROP VIEW') return readDropView(new Cursor(text, 'trino'));
  const cursor = new Cursor(text, 'hive');
  if (first === 'CREATE EXTERNAL') return readTable(cursor);
  if (first === 'DROP TABLE')
    return ended(cursor, { kind: 'drop-table', name: cursor.keywords('DROP TABLE IF EXISTS').backticked() });
  if (first === 'ALTER TABLE') return readPartition(cursor);
  if (first === 'SHOW PARTITIONS')
    return ended(cursor, { kind: 'show-partitions', name: cursor.keywords('SHOW PARTITIONS').backticked() });
  if (first === 'SHOW CREATE') return ended(cursor, { kind: 'show-view', table: cursor.keywords('SHOW CREATE VIEW').word() });
  throw new StatementError(`${placeOf(text, 0)}: not a statement that this front takes: '${first}'`);
}

function readUnload(cursor: Cursor, text: string): Statement {
  cursor.keywords('UNLOAD');
  const open = cursor.symbol('(');
  const close = cursor.closing();
  cursor.keywords('TO');
  const target = location(cursor);
  cursor.keywords('WITH');
  const options = cursor.properties('name or word');
  const told = Object.entries(options).map(([name, value]) => `${name} ${value}`.toUpperCase());
  const wanted = ['COMPRESSION ZSTD', 'FORMAT PARQUET'];
  if (told.sort().join() !== wanted.join()) throw cursor.error("format = 'PARQUET', compression = 'ZSTD'");
  return ended(cursor, { kind: 'unload', select: text.slice(open.end, close.start), at: open.end, target });
}

function readView(cursor: Cursor, text: string): Statement {
  cursor.keywords('CREATE OR REPLACE VIEW').doubleQuoted(text);
  cursor.keywords('AS');
  if (!/^(SELECT|WITH)$/i.test(cursor.words(1).join())) throw cursor.error('SELECT');
  return { kind: 'view', text };
}

function readDropView(cursor: Cursor): Statement {
  return ended(cursor, { kind: 'drop-view', name: cursor.keywords('DROP VIEW IF EXISTS').dotted() });
}

function readTable(cursor: Cursor): Statement {
  const name = cursor.keywords('CREATE EXTERNAL TABLE IF NOT EXISTS').backticked();
  const columns = columnsOf(cursor);
  const partitions = cursor.is('PARTITIONED') ? columnsOf(cursor.keywords('PARTITIONED BY')) : [];
  const format = cursor.is('ROW') ? readTextFormat(cursor) : readParquetFormat(cursor);
  cursor.keywords('LOCATION');
  const where = location(cursor);
  const properties = cursor.is('TBLPROPERTIES') ? cursor.keywords('TBLPROPERTIES').properties('string') : {};
  return ended(cursor, { kind: 'table', name, columns, partitions, format, location: where, properties });
}

function readParquetFormat(cursor: Cursor): 'PARQUET' {
  cursor.keywords('STORED AS PARQUET');
  return 'PARQUET';
}

/** One column that holds the whole line: the separator is a character that JSON lines do not hold unescaped. */
function readTextFormat(cursor: Cursor): 'TEXTFILE' {
  if (cursor.keywords('ROW FORMAT DELIMITED FIELDS TERMINATED BY').string() !== '\u0001') throw cursor.error("'\\001'");
  if (cursor.keywords('LINES TERMINATED BY').string() !== '\n') throw cursor.error("'\\n'");
  cursor.keywords('STORED AS TEXTFILE');
  return 'TEXTFILE';
}

function columnsOf(cursor: Cursor): readonly Column[] {
  return cursor.list(() => {
    const name = cursor.name();
    let type = cursor.word().toLowerCase();
    if (cursor.isSymbol('(')) type += `(${cursor.list(() => cursor.word()).join(',')})`;
    if (!HIVE_TYPE.test(type)) throw cursor.error('a type of Hive');
    return { name: name.toLowerCase(), type };
  });
}

function readPartition(cursor: Cursor): Statement {
  const name = cursor.keywords('ALTER TABLE').backticked();
  if (!cursor.is('DROP')) return readAddPartition(cursor, name);
  const values = cursor.keywords('DROP IF EXISTS PARTITION').properties('name or word');
  return ended(cursor, { kind: 'drop-partition', name, values });
}

function readAddPartition(cursor: Cursor, name: TableName): Statement {
  cursor.keywords('ADD IF NOT EXISTS PARTITION');
  const values = cursor.properties('name or word');
  cursor.keywords('LOCATION');
  return ended(cursor, { kind: 'add-partition', name, values, location: location(cursor) });
}

function location(cursor: Cursor): string {
  const where = cursor.string();
  if (!/^s3:\/\/[^/]+\/(.*\/)?$/.test(where)) throw cursor.error("'s3://bucket/prefix/'");
  return where;
}

function ended(cursor: Cursor, statement: Statement): Statement {
  cursor.end();
  return statement;
}
