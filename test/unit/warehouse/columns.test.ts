// Rows and columns of an answer are the same texts, over any number of the engine's chunks.
import { afterAll, expect, it } from 'vitest';
import { openDuckDb } from '../../../src/warehouse/duckdb.js';

const engine = await openDuckDb({ threads: 1 });
afterAll(async () => engine[Symbol.asyncDispose]());

const SELECT = `SELECT i AS n, CASE WHEN i % 3 = 0 THEN NULL ELSE 'text ' || i END AS word, CAST(i AS DECIMAL(38,12)) / 8 AS amount,
  DATE '2026-07-01' + CAST(i AS INTEGER) AS day, i % 2 = 0 AS even, {'a': i} AS nested FROM range(5000) AS r(i)`;

it.each([5000, 1, 0])('of %d rows', async (rows) => {
  const sql = `SELECT * FROM (${SELECT}) WHERE n < ${rows} ORDER BY n`;
  const told = await engine.rows(sql);
  const columns = await engine.columns(sql);
  const names = ['n', 'word', 'amount', 'day', 'even', 'nested'];
  expect(told.length).toBe(rows);
  expect(columns).toEqual(names.map((name) => told.map((row) => row[name])));
});

it('of every kind of value', async () => {
  const fourth = await engine.columns(`${SELECT} ORDER BY n LIMIT 1 OFFSET 3`);
  expect(fourth.flat()).toEqual(['3', null, expect.stringMatching(/^0\.375/), '2026-07-04', 'false', '{"a":"3"}']);
});
