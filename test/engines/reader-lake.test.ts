// Lake files rewritten for Trino and Athena: every column of every raw contract is read back as it was.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { openDuckDb } from '../../src/warehouse/duckdb.js';
import { literal } from '../../src/warehouse/sql-quote.js';
import { sharedType, trinoLakeCopy } from '../../src/warehouse/trino-lake.js';
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

/** Two lake files: one with every column, one without every third. */
async function lakeOf(name: string, columns: Columns): Promise<readonly string[]> {
  const some = columns.filter((_, at) => at % 3 !== 2);
  const paths = [columns, some].map((_, at) => path.join(folder, `${name}-${at}.parquet`));
  for (const [at, given] of [columns, some].entries()) {
    const rows = [0, 1, 2, 3].map(
      (row) =>
        `SELECT ${given.map(([column, type]) => `CAST(${row === 3 ? 'NULL' : textLiteral(samples(type)[row] ?? '')} AS ${type}) AS "${column}"`).join(', ')}`,
    );
    await engine.run(
      `COPY (${rows.join(' UNION ALL ')}) TO ${literal(paths[at] ?? '')} (FORMAT parquet, PARQUET_VERSION v2, COMPRESSION lz4_raw)`,
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

async function readBack(
  name: string,
  columns: Columns,
  paths: readonly string[],
): Promise<{ readonly duck: unknown; readonly trino: unknown }> {
  const target = path.join(folder, `${name}.parquet`);
  await engine.run(trinoLakeCopy({ columns, paths, present: columns.map(([column]) => column), target }));
  await put(`${own.name}/${name}/part.parquet`, await readFile(target));
  const types = columns.map(([column, type]) => `"${column}" ${sharedType(type).trino}`);
  await trino(
    `CREATE TABLE ${name} (${types.join(', ')}) WITH (format = 'PARQUET', external_location = '${own.location}${name}/')`,
    { schema: own.name },
  );
  const { rows } = await trino(`SELECT ${columns.map(([column]) => `CAST("${column}" AS VARCHAR)`).join(', ')} FROM ${name}`, {
    schema: own.name,
  });
  const files = paths.map((file) => literal(file)).join(', ');
  const source =
    paths.length === 0
      ? []
      : await engine.rows(
          `SELECT ${columns.map((column, at) => `${duckText(column)} AS c${at}`).join(', ')} FROM read_parquet([${files}], union_by_name = true)`,
        );
  return {
    duck: source
      .map((row) => columns.map((_, at) => row[`c${at}`] ?? null))
      .map(String)
      .sort(),
    trino: rows.map(String).sort(),
  };
}

test.each(contracts)('every column of raw.%s is read back as it was', { timeout: 300_000 }, async (contract) => {
  const columns = await columnsOf(contract);
  const { duck, trino: read } = await readBack(contract, columns, await lakeOf(contract, columns));
  expect(read).toEqual(duck);
  expect(read).toHaveLength(8);
});

test('so are the types that no raw table has', { timeout: 300_000 }, async () => {
  const { duck, trino: read } = await readBack('others', OTHERS, await lakeOf('others', OTHERS));
  expect(read).toEqual(duck);
});

test('a table without a file is an empty one', { timeout: 300_000 }, async () => {
  expect(await readBack('nothing', OTHERS, [])).toEqual({ duck: [], trino: [] });
});
