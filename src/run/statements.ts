// Statements of a closed month: one CSV a customer, with the rows of that customer only, and an index whose totals are those of the close.
import { join, resolve } from 'node:path';
import { diskFailure } from '../kernel/disk-failure.js';
import { Failure, type Problem } from '../kernel/failure.js';
import { suggest } from '../kernel/nearest.js';
import type { Month } from '../kernel/period.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import { readPipeline } from '../pipeline/read.js';
import { hashOfFile } from '../publish/manifest.js';
import { openDuckDb } from '../warehouse/duckdb.js';
import { literal } from '../warehouse/sql-quote.js';
import type { Warehouse } from '../warehouse/warehouse.js';
import { type ClosedMonth, damaged, FILES, readBooks } from './books.js';
import { closedMonth } from './close-refusals.js';
import type { StatementsRequest, StatementsResult } from './closing-api.js';
import { CSV_OPTIONS, safeColumns } from './export.js';
import { INDEX, statementFile } from './statement-names.js';
import { refuseInTheWay } from './statement-place.js';
import { besideFolder, isThere, makeFolder, nameDurably, removeFolder } from './state.js';

/** Writes `<dir>/<month>`, whole or not at all. Reads what the month was closed with, and nothing else. */
export async function writeStatements(request: StatementsRequest): Promise<StatementsResult> {
  const pipeline = await readPipeline(request.pipelineFile);
  refusePlace(pipeline, request.dir);
  const closed = closedMonth(await readBooks(pipeline), request.month);
  const source = await lockedStatement(closed);
  await using engine = await openDuckDb({ threads: 1, signal: request.signal });
  await engine.run(
    `CREATE TABLE statement AS SELECT * FROM read_parquet(${literal(source)}, hive_partitioning = false) ORDER BY customer_id`,
  );
  const customers = await chosen(engine, request.customers, closed.month);
  try {
    return await written(engine, { ...request, pipeline: pipeline.name, customers });
  } catch (error) {
    throw diskFailure(error, { doing: 'write statements', place: request.dir }) ?? error;
  }
}

/** What publishing and collecting remove or swap is no place for anything else. */
function refusePlace({ outDir, stateDir }: Pipeline, dir: string): void {
  const within = [outDir, stateDir].find((own) => `${resolve(dir)}/`.startsWith(`${own}/`));
  if (within === undefined) return;
  const message = `${dir} lies in ${within}, where runs put and remove files`;
  throw new Failure('user', [{ code: 'statements/place', message, remedy: 'name a folder elsewhere: --out DIR' }]);
}

async function lockedStatement({ month, dir, lock }: ClosedMonth): Promise<string> {
  const file = lock.atClose?.find(({ mart, path }) => mart === 'customer_statement' && path.startsWith('parquet/'));
  if (file === undefined) {
    const message = `${month} was closed by a version that made no statements of customers (${lock.versions})`;
    const remedy = `only a close makes them: showback reopen ${month}, run, and close it again; or take a later month`;
    throw new Failure('user', [{ code: 'statements/none', message, remedy }]);
  }
  const path = join(dir, FILES, file.path);
  if ((await hashOfFile(path)) !== file.sha256) throw new Failure('check', [damaged(month, path)]);
  return path;
}

/** What the ledger says where it knows no customer: nobody's statement. */
const NOBODY = "customer_id IN ('(unallocated)', '(idle)')";

/** Those who were asked for, each once; all where nobody was. */
async function chosen(engine: Warehouse, asked: readonly string[], month: Month): Promise<readonly string[]> {
  const rows = await engine.rows(`SELECT DISTINCT customer_id FROM statement WHERE NOT ${NOBODY} ORDER BY customer_id`);
  const known = rows.map((row) => row['customer_id'] ?? '');
  const there = new Set(known);
  const unknown = [...new Set(asked)].filter((customer) => !there.has(customer));
  if (unknown.length > 0)
    throw new Failure(
      'user',
      unknown.map((customer) => unknownCustomer(customer, known, month)),
    );
  return asked.length === 0 ? known : [...new Set(asked)].sort();
}

function unknownCustomer(customer: string, known: readonly string[], month: Month): Problem {
  const message = `no cost of ${month} is of a customer \`${customer}\``;
  const others = `${known.length} customers have cost in ${month}: leave --customer out, and _index.csv names them`;
  const none = `no cost of ${month} names any customer: log \`customer_id\` with usage`;
  const remedy = known.length === 0 ? none : suggest(customer, known, others);
  return { code: 'statements/unknown-customer', message, remedy };
}

interface Work extends Pick<StatementsRequest, 'month' | 'dir'> {
  readonly pipeline: string;
  readonly customers: readonly string[];
}

async function written(engine: Warehouse, work: Work): Promise<StatementsResult> {
  const { month, customers } = work;
  const dir = join(work.dir, month);
  await refuseInTheWay(engine, dir, { pipeline: work.pipeline, files: customers.map(statementFile) });
  await makeFolder(work.dir);
  const aside = await besideFolder(work.dir);
  try {
    const fresh = await makeFolder(join(aside, 'new'));
    await writeFiles(engine, customers, fresh);
    await writeIndex(engine, work.pipeline, join(fresh, INDEX));
    await inPlaceOf(dir, fresh, join(aside, 'old'));
  } finally {
    await removeFolder(aside);
  }
  return { month, pipeline: work.pipeline, dir, statements: customers.length, totals: await totalsOf(engine) };
}

/** What was there is put back where the new folder does not get its name. */
async function inPlaceOf(dir: string, fresh: string, old: string): Promise<void> {
  if (!(await isThere(dir))) return nameDurably(fresh, dir);
  await nameDurably(dir, old);
  await nameDurably(fresh, dir).catch(async (error: unknown) => {
    await nameDurably(old, dir);
    throw error;
  });
}

/** And notes in `sheet` which file is whose. */
async function writeFiles(engine: Warehouse, customers: readonly string[], dir: string): Promise<void> {
  const columns = safeColumns(await engine.describe('SELECT * FROM statement'));
  const sheet: (readonly string[])[] = [];
  for (const customer of customers) {
    const file = statementFile(customer);
    const own = `SELECT ${columns} FROM statement AS s WHERE s.customer_id = ${literal(customer)} ORDER BY ALL`;
    await engine.run(`COPY (${own}) TO ${literal(join(dir, file))} (${CSV_OPTIONS})`);
    sheet.push([customer, file, (await hashOfFile(join(dir, file))) ?? '']);
  }
  await engine.run('CREATE TABLE sheet (customer_id VARCHAR, file VARCHAR, sha256 VARCHAR)');
  await engine.insert('sheet', ['customer_id', 'file', 'sha256'], sheet);
}

/** Customers that were not asked for stand in one line, so that the lines of a currency always sum to its statement. */
const INDEXED = `SELECT CASE WHEN i.file IS NOT NULL THEN 'statement' WHEN ${NOBODY} THEN 'no customer' ELSE 'other customers' END AS line,
    i.file, CASE WHEN i.file IS NOT NULL OR ${NOBODY} THEN s.customer_id END AS customer_id, i.sha256, s.currency, s.billing_month, s.amount, s.statement_amount
  FROM statement AS s LEFT JOIN sheet AS i USING (customer_id)`;

async function writeIndex(engine: Warehouse, pipeline: string, path: string): Promise<void> {
  await engine.run(`CREATE TABLE indexed AS ${INDEXED}`);
  await engine.run(`CREATE TABLE index_line AS
    SELECT ${literal(pipeline)} AS pipeline, billing_month, line, coalesce(file, '') AS file, coalesce(customer_id, '') AS customer_id, currency, count(*) AS "rows",
      CAST(sum(amount) AS DECIMAL(38,12)) AS amount, CAST(sum(statement_amount) AS DECIMAL(38,4)) AS statement_amount, coalesce(sha256, '') AS sha256
    FROM indexed GROUP BY ALL
    UNION ALL
    SELECT ${literal(pipeline)}, billing_month, 'total', '', '', currency, count(*), CAST(sum(amount) AS DECIMAL(38,12)), CAST(sum(statement_amount) AS DECIMAL(38,4)), ''
    FROM indexed GROUP BY ALL`);
  const columns = safeColumns(await engine.describe('SELECT * FROM index_line'));
  const order =
    "CASE i.line WHEN 'statement' THEN 1 WHEN 'other customers' THEN 2 WHEN 'no customer' THEN 3 ELSE 4 END, i.customer_id, i.currency";
  await engine.run(`COPY (SELECT ${columns} FROM index_line AS i ORDER BY ${order}) TO ${literal(path)} (${CSV_OPTIONS})`);
}

async function totalsOf(engine: Warehouse): Promise<StatementsResult['totals']> {
  const of = (line: string) => `CAST(coalesce(sum(statement_amount) FILTER (line = '${line}'), 0) AS DECIMAL(38,4))`;
  const rows = await engine.rows(
    `SELECT currency, ${of('statement')} AS stated, ${of('other customers')} AS others, ${of('no customer')} AS nobody, ${of('total')} AS total
     FROM index_line GROUP BY currency ORDER BY currency`,
  );
  return rows.map(({ currency, stated, others, nobody, total }) => ({
    ...{ currency: currency ?? '', stated: stated ?? '', others: others ?? '', nobody: nobody ?? '', total: total ?? '' },
  }));
}
