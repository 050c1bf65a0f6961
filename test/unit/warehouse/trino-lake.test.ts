// The COPY that makes a lake file readable for Trino and Athena; that they read it is held by test/engines/reader-lake.test.ts.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { openDuckDb } from '../../../src/warehouse/duckdb.js';
import { sharedType, trinoLakeCopy } from '../../../src/warehouse/trino-lake.js';

test.each([
  ['VARCHAR', 'string', 'VARCHAR'],
  ['UBIGINT', 'decimal(20,0)', 'DECIMAL(20,0)'],
  ['HUGEINT', 'decimal(38,0)', 'DECIMAL(38,0)'],
  ['TIMESTAMP', 'timestamp', 'TIMESTAMP(6)'],
  ['DECIMAL(38, 12)', 'decimal(38,12)', 'DECIMAL(38,12)'],
])('%s is %s in a DDL and %s in a query', (type, hive, trino) => {
  expect(sharedType(type)).toMatchObject({ hive, trino });
});

test.each(['DOUBLE', 'BLOB', 'DECIMAL', 'UUID'])('%s has no counterpart', (type) => {
  expect(() => sharedType(type)).toThrow(type);
});

test('names are names, and what no file has is a typed null', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "showback-it's-"));
  try {
    await using engine = await openDuckDb({ threads: 1 });
    const [one, two, target] = ['1', '2', '3'].map((name) => path.join(folder, `${name}.parquet`)) as [string, string, string];
    await engine.run(`COPY (SELECT 18446744073709551615::UBIGINT AS "a ""b") TO '${one.replaceAll("'", "''")}' (FORMAT parquet)`);
    await engine.run(`COPY (SELECT 1::UBIGINT AS "a ""b", 'x' AS other) TO '${two.replaceAll("'", "''")}' (FORMAT parquet)`);
    const columns = [
      ['a "b', 'UBIGINT'],
      ['other', 'VARCHAR'],
      ['gone', 'BOOLEAN'],
    ] as const;
    await engine.run(trinoLakeCopy({ columns, paths: [one, two], present: ['a "b', 'other'], target }));
    const written = `SELECT * FROM read_parquet('${target.replaceAll("'", "''")}')`;
    expect(await engine.describe(written)).toEqual([
      { name: 'a "b', type: 'DECIMAL(20,0)' },
      { name: 'other', type: 'VARCHAR' },
      { name: 'gone', type: 'BOOLEAN' },
    ]);
    expect(await engine.rows(written)).toEqual([
      { 'a "b': '18446744073709551615', other: null, gone: null },
      { 'a "b': '1', other: 'x', gone: null },
    ]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
