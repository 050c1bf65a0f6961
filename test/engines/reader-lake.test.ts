// Lake files rewritten for Trino and Athena: every column of every raw contract is read back as it was.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { openDuckDb } from '../../src/warehouse/duckdb.js';
import { literal } from '../../src/warehouse/sql-quote.js';
import { sharedType, trinoLakeCopy, trinoTableCopy } from '../../src/warehouse/trino-lake.js';
import type { Warehouse } from '../../src/warehouse/warehouse.js';
import { type Database, database, trino } from './started.js';
import { put } from './text-tables.js';

type Columns = readonly (readonly [name: string, type: string])[];

const RAW = path.join(import.meta.dirname, '../../sql/raw');
const OTHERS: Columns = [
  ['whole', 'HUGEINT'],
  ['small', 'INTEGER'],
  ['day', 'DATE'],
  ['moment', 'TIMESTAMP(6)'],
  ['cents', 'DECIMAL(9, 2)'],
  ['key', 'UBIGINT'],
];

let own: Database;
let engine: Warehouse;
let folder: string;
beforeAll(async () => {
  own = await database('reader_lake');
  engine = await openDuckDb({ threads: 1 });
  folder = await mkdtemp(path.join(tmpdir(), 'showback-lake-'));
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const contracts = (await readdir(RAW)).filter((name) => name.endsWith('.yaml')).map((name) => name.replace('.yaml', ''));

/** Three values a type: the least, the greatest, an odd one. */
function samples(type: string): readonly string[] {
  const [, precision, scale] = /^DECIMAL\((\d+), ?(\d+)\)$/.exec(type) ?? [];
  if (precision !== undefined) {
    const nines = '9'.repeat(Number(precision));
    const most = `${nines.slice(0, Number(precision) - Number(scale))}.${nines.slice(0, Number(scale))}`;
    return [most, `-${most}`, '0'];
  }
  switch (type) {
    case 'BIGINT':
      return ['9223372036854775807', '-9223372036854775808', '0'];
    case 'UBIGINT':
      return ['18446744073709551615', '9223372036854775808', '0'];
    case 'HUGEINT':
      return ['99999999999999999999999999999999999999', '-99999999999999999999999999999999999999', '0'];
    case 'INTEGER':
      return ['2147483647', '-2147483648', '0'];
    case 'BOOLEAN':
      return ['true', 'false', 'true'];
    case 'DATE':
      return ['2026-02-28', '1969-12-31', '2099-12-31'];
    case 'TIMESTAMP':
    case 'TIMESTAMP(6)':
      return ['2026-07-01 00:00:00.123456', '1969-12-31 23:59:59.999999', '2099-12-31 23:59:59.999999'];
    default:
      return ['', 'é😀\n"\'\\', `a\u0000b`];
  }
}

async function columnsOf(contract: string): Promise<Columns> {
  const { columns } = parse(await readFile(path.join(RAW, `${contract}.yaml`), 'utf8')) as { columns: Record<string, string> };
  return Object.entries(columns).map(([name, told]) => [name, told.split(' ')[0]?.replace('?', '') ?? '']);
}

function duckText([name, type]: Columns[number]): string {
  return type.startsWith('TIMESTAMP') ? `strftime("${name}", '%Y-%m-%d %H:%M:%S.%f')` : `CAST("${name}" AS VARCHAR)`;
}

/** The samples of each column, and a row of nulls. */
function rowsOf(columns: Columns): string {
  const value = ([column, type]: Columns[number], row: number) =>
    `CAST(${row === 3 ? 'NULL' : textLiteral(samples(type)[row] ?? '')} AS ${type}) AS "${column}"`;
  return [0, 1, 2, 3].map((row) => `SELECT ${columns.map((column) => value(column, row)).join(', ')}`).join(' UNION ALL ');
}

/** Two lake files: one with every column, one without every third. */
async function lakeOf(name: string, columns: Columns): Promise<readonly string[]> {
  const some = columns.filter((_, at) => at % 3 !== 2);
  const paths = [columns, some].map((_, at) => path.join(folder, `${name}-${at}.parquet`));
  for (const [at, given] of [columns, some].entries()) {
    await engine.run(
      `COPY (${rowsOf(given)}) TO ${literal(paths[at] ?? '')} (FORMAT parquet, PARQUET_VERSION v2, COMPRESSION lz4_raw)`,
    );
  }
  return paths;
}

/** The client ends a statement at a NUL. */
function textLiteral(text: string): string {
  return text
    .split('\u0000')
    .map((part) => literal(part))
    .join(' || chr(0) || ');
}

interface ReadBack {
  readonly duck: readonly string[];
  readonly trino: readonly string[];
}

/** Rows of `source` as DuckDB has them, and as Trino reads the file that `copy` wrote. */
async function readBack(name: string, columns: Columns, copy: (target: string) => string, source: string): Promise<ReadBack> {
  const target = path.join(folder, `${name}.parquet`);
  await engine.run(copy(target));
  await put(`${own.name}/${name}/part.parquet`, await readFile(target));
  const types = columns.map(([column, type]) => `"${column}" ${sharedType(type).trino}`);
  const place = `WITH (format = 'PARQUET', external_location = '${own.location}${name}/')`;
  await trino(`CREATE TABLE ${name} (${types.join(', ')}) ${place}`, { schema: own.name });
  const texts = columns.map(([column]) => `CAST("${column}" AS VARCHAR)`).join(', ');
  const { rows } = await trino(`SELECT ${texts} FROM ${name}`, { schema: own.name });
  const duck = await engine.rows(
    `SELECT ${columns.map((column, at) => `${duckText(column)} AS c${at}`).join(', ')} FROM ${source}`,
  );
  const asText = (cells: readonly (string | null)[]) => JSON.stringify(cells);
  return {
    duck: duck.map((row) => asText(columns.map((_, at) => row[`c${at}`] ?? null))).sort(),
    trino: rows.map((row) => asText(row)).sort(),
  };
}

test.each(contracts)('every column of raw.%s is read back as it was', { timeout: 300_000 }, async (contract) => {
  const columns = await columnsOf(contract);
  const paths = await lakeOf(contract, columns);
  const present = columns.map(([column]) => column);
  const source = `read_parquet([${paths.map((file) => literal(file)).join(', ')}], union_by_name = true)`;
  const back = await readBack(contract, columns, (target) => trinoLakeCopy({ columns, paths, present, target }), source);
  expect(back.trino).toEqual(back.duck);
  expect(back.trino).toHaveLength(8);
});

test('so are the types that no raw table has', { timeout: 300_000 }, async () => {
  await engine.run(`CREATE TABLE others AS ${rowsOf(OTHERS)}`);
  const back = await readBack('others', OTHERS, (target) => trinoTableCopy(OTHERS, 'others', target), 'others');
  expect(back.trino).toEqual(back.duck);
  expect(back.trino).toHaveLength(4);
});

test('a column that no file has is null, and a table without a file is empty', { timeout: 300_000 }, async () => {
  const columns: Columns = [...OTHERS, ['gone', 'BOOLEAN']];
  const paths = [path.join(folder, 'gone.parquet')];
  await engine.run(`COPY (SELECT 1::INTEGER AS small) TO ${literal(paths[0] ?? '')} (FORMAT parquet)`);
  const nulls = `(SELECT 1::INTEGER AS small, ${columns
    .filter(([name]) => name !== 'small')
    .map(([name, type]) => `NULL::${type} AS "${name}"`)
    .join(', ')})`;
  const one = await readBack('one', columns, (target) => trinoLakeCopy({ columns, paths, present: ['small'], target }), nulls);
  expect(one.trino).toEqual(one.duck);
  const none = await readBack(
    'none',
    columns,
    (target) => trinoLakeCopy({ columns, paths: [], present: ['small'], target }),
    `${nulls} WHERE false`,
  );
  expect(none).toEqual({ duck: [], trino: [] });
});
