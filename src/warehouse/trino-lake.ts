// Lake files of DuckDB as Parquet that Trino and Athena read with the types of the contract. What DuckDB writes by itself they do not:
// an unsigned 64-bit number has no type there, a HUGEINT becomes a double, and a column that no file has is not in the file.
import { identifier, literal } from './sql-quote.js';

export interface LakeTarget {
  /** Columns of the contract, in order, with their DuckDB types. */
  readonly columns: readonly (readonly [name: string, type: string])[];
  /** Lake files of one table; none for a table without rows. */
  readonly paths: readonly string[];
  /** Columns that at least one of them has. */
  readonly present: readonly string[];
  /** The Parquet file to write. */
  readonly target: string;
}

/** The type of a column of a Parquet file that both engines read alike, as DuckDB, Hive (DDL) and Trino spell it. */
export interface SharedType {
  readonly duck: string;
  readonly hive: string;
  readonly trino: string;
}

const SHARED: Readonly<Record<string, SharedType>> = {
  VARCHAR: { duck: 'VARCHAR', hive: 'string', trino: 'VARCHAR' },
  BIGINT: { duck: 'BIGINT', hive: 'bigint', trino: 'BIGINT' },
  INTEGER: { duck: 'INTEGER', hive: 'int', trino: 'INTEGER' },
  BOOLEAN: { duck: 'BOOLEAN', hive: 'boolean', trino: 'BOOLEAN' },
  DATE: { duck: 'DATE', hive: 'date', trino: 'DATE' },
  TIMESTAMP: { duck: 'TIMESTAMP', hive: 'timestamp', trino: 'TIMESTAMP(6)' },
  'TIMESTAMP(6)': { duck: 'TIMESTAMP', hive: 'timestamp', trino: 'TIMESTAMP(6)' },
  UBIGINT: decimal(20, 0),
  HUGEINT: decimal(38, 0),
};

/** A type without a counterpart is a mistake in a contract. */
export function sharedType(type: string): SharedType {
  const known = SHARED[type.toUpperCase()];
  if (known !== undefined) return known;
  const [, precision, scale] = /^DECIMAL\((\d+), ?(\d+)\)$/i.exec(type) ?? [];
  if (precision === undefined) throw new Error(`no type of Trino and Athena holds ${type}`);
  return decimal(Number(precision), Number(scale));
}

function decimal(precision: number, scale: number): SharedType {
  const type = `(${precision},${scale})`;
  return { duck: `DECIMAL${type}`, hive: `decimal${type}`, trino: `DECIMAL${type}` };
}

/** One COPY; the rows in the order of the files. */
export function trinoLakeCopy({ columns, paths, present, target }: LakeTarget): string {
  if (paths.length === 0) return copyOf(columns, new Set(), 'WHERE false', target);
  const files = paths.map((path) => literal(path)).join(', ');
  return copyOf(columns, new Set(present), `FROM read_parquet([${files}], union_by_name = true)`, target);
}

/** The same of a table of the engine, or of any SELECT in brackets, that has all the columns. */
export function trinoTableCopy(columns: LakeTarget['columns'], table: string, target: string): string {
  return copyOf(columns, new Set(columns.map(([name]) => name)), `FROM ${table}`, target);
}

function copyOf(columns: LakeTarget['columns'], there: ReadonlySet<string>, from: string, target: string): string {
  const values = columns.map(([name, type]) => {
    const value = there.has(name) ? identifier(name) : 'NULL';
    return `CAST(${value} AS ${sharedType(type).duck}) AS ${identifier(name)}`;
  });
  return `COPY (SELECT ${values.join(', ')} ${from}) TO ${literal(target)} (FORMAT parquet, COMPRESSION zstd, PARQUET_VERSION v1, ROW_GROUP_SIZE 122880)`;
}
