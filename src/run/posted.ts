// Closed months in a run: what is posted of them, and what evidence that came since adjusts.
import { join } from 'node:path';
import type { Listener } from '../kernel/event.js';
import { Failure } from '../kernel/failure.js';
import type { Model } from '../model/catalog.js';
import type { ModelEngine } from '../model/engine.js';
import { hashOfFile } from '../publish/manifest.js';
import { literal } from '../warehouse/sql-quote.js';
import type { Row, Warehouse } from '../warehouse/warehouse.js';
import { type Books, damaged, LEDGER } from './books.js';
import { plainColumns } from './export.js';
import type { Period } from './parameters.js';

/** The ledgers of closed months, as they were closed. */
export async function fillPosted(warehouse: Warehouse, { closed }: Books, model: Model): Promise<number> {
  for (const { month, dir, lock } of closed) {
    if ((await hashOfFile(join(dir, LEDGER))) !== lock.ledger.sha256)
      throw new Failure('check', [damaged(month, join(dir, LEDGER))]);
  }
  const paths = closed.map(({ dir }) => join(dir, LEDGER));
  return paths.length === 0 ? 0 : addRows(warehouse, model, paths);
}

/** Adds the rows of Parquet files to an input; gives the number of those that came. */
export async function addRows(warehouse: Warehouse, model: Model, paths: readonly string[]): Promise<number> {
  const list = plainColumns(model);
  const from = `read_parquet([${paths.map(literal).join(', ')}])`;
  await warehouse.run(`INSERT INTO ${model.name} (${list}) SELECT ${list} FROM ${from}`);
  const [count] = await warehouse.rows(`SELECT count(*) AS n FROM ${from}`);
  return Number(count?.['n'] ?? 0);
}

interface Telling {
  readonly engine: ModelEngine;
  readonly books: Books;
  readonly period: Period;
  readonly listener: Listener;
}

/** Closed months do not change; who looks on should know what later evidence books elsewhere. */
export async function tellOfAdjustments({ engine, books, listener, period }: Telling): Promise<void> {
  if (books.closed.length === 0) return;
  const rows = await engine.rows(
    `SELECT month_text(original_month) AS month, month_text(billing_month) AS booked, currency, money_sum(amount) AS amount, count(*) AS entries
     FROM allocation.adjustment WHERE billing_month BETWEEN CAST($1 AS DATE) AND CAST($2 AS DATE)
     GROUP BY original_month, billing_month, currency ORDER BY original_month, currency`,
    [`${period.firstMonth}-01`, `${period.lastMonth}-01`],
  );
  for (const row of rows) listener({ kind: 'note', level: 'info', message: adjustmentText(row) });
}

function adjustmentText({ month, booked, currency, amount, entries }: Row): string {
  const sum = (amount ?? '').replace(/(\.\d\d\d*?)0*$/, '$1');
  const moved = sum.startsWith('-') ? sum : `+${sum}`;
  return `${month ?? ''} is closed; what came since changes it by ${moved} ${currency ?? ''}, booked in ${booked ?? ''} (${entries ?? ''} entries of adjustment_month)`;
}
