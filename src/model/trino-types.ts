// The types of contracts as Trino spells them in a query, and as Hive spells them in Athena's CREATE EXTERNAL TABLE.
import { Failure } from '../kernel/failure.js';

interface Spelling {
  readonly trino: string;
  readonly hive: string;
}

/** Integers that Trino has no type for are decimals wide enough. A timestamp has microseconds on DuckDB. */
const SPELLINGS: ReadonlyMap<string, Spelling> = new Map([
  ['VARCHAR', { trino: 'VARCHAR', hive: 'string' }],
  ['BIGINT', { trino: 'BIGINT', hive: 'bigint' }],
  ['INTEGER', { trino: 'INTEGER', hive: 'int' }],
  ['BOOLEAN', { trino: 'BOOLEAN', hive: 'boolean' }],
  ['DATE', { trino: 'DATE', hive: 'date' }],
  ['TIMESTAMP', { trino: 'TIMESTAMP(6)', hive: 'timestamp' }],
  ['UBIGINT', { trino: 'DECIMAL(20,0)', hive: 'decimal(20,0)' }],
  ['HUGEINT', { trino: 'DECIMAL(38,0)', hive: 'decimal(38,0)' }],
]);

/** For CAST in a query. */
export function trinoType(contractType: string): string {
  return spellingOf(contractType).trino;
}

/** For columns of CREATE EXTERNAL TABLE. */
export function hiveType(contractType: string): string {
  return spellingOf(contractType).hive;
}

function spellingOf(contractType: string): Spelling {
  const type = contractType.replaceAll(' ', '').toUpperCase();
  const digits = /^DECIMAL\((\d+),(\d+)\)$/.exec(type);
  const known = digits === null ? SPELLINGS.get(type) : { trino: type, hive: type.toLowerCase() };
  if (known !== undefined) return known;
  const message = `${contractType}: Athena has no such type`;
  const remedy = `declare one of ${[...SPELLINGS.keys()].join(', ')}, DECIMAL(p,s)`;
  throw new Failure('user', [{ code: 'model/trino-type', message, remedy }]);
}
