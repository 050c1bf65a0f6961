// Marts that lie on S3 as tables and views of Athena. Every table has one partition a run; every view shows that of the run which one
// more view names. So one statement switches all marts, and no reader sees two runs.
import { createHash } from 'node:crypto';
import { Failure } from '../kernel/failure.js';
import { hiveType } from '../model/trino-types.js';
import type { MartColumn, RegisteredMart, Registrar, Registration } from '../publish/s3.js';
import type { CatalogTable } from '../warehouse/athena-api.js';
import { ownerOf, refuseForeign, tableMark, viewMark } from '../warehouse/athena-marks.js';
import type { AthenaQueries } from '../warehouse/athena-statement.js';
import { literal } from '../warehouse/sql-quote.js';

export interface Registering {
  readonly queries: AthenaQueries;
  readonly database: string;
  /** Its name: one database shows the marts of one pipeline. */
  readonly pipeline: string;
  readonly columns: Registrar['columns'];
  /** Rows that each mart has in the run. */
  readonly rows: ReadonlyMap<string, number>;
}

/** Which run the views show. */
export const POINTER = 'showback_current';

export function registrarOf(registering: Registering): Registrar {
  return { columns: registering.columns, register: async (registration) => register(registering, registration) };
}

async function register(to: Registering, registration: Registration): Promise<void> {
  const tables = await to.queries.tables();
  const shown = await pointerOf(to, tables);
  if (shown !== null) refuseOther(to, registration, shown);
  const names = new Set(registration.marts.flatMap((mart) => [mart.name, tableOf(mart)]));
  await refuseForeign(to.queries, tables, { ...to, wanted: (name) => names.has(name) });
  await Promise.all(registration.marts.map(async (mart) => registerMart(to, registration, mart)));
  const point = async (): Promise<void> => run(to, `show run ${registration.runId}`, pointerView(to, registration));
  // A view of marts reads the pointer, so it has to be there first; where it is, the views come first, and all marts change at once.
  if (shown === null) await point();
  await Promise.all(registration.marts.map(async (mart) => run(to, `view ${mart.name}`, martView(to, mart))));
  if (shown !== null) await point();
}

async function registerMart(to: Registering, { runId, location }: Registration, mart: RegisteredMart): Promise<void> {
  const table = `\`${to.database}\`.\`${tableOf(mart)}\``;
  const columns = mart.columns.map(({ name, type }) => `\`${name}\` ${hiveType(type)}`).join(', ');
  const folder = `${location}parquet/${mart.name}/`;
  await run(
    to,
    `table ${mart.name}`,
    `CREATE EXTERNAL TABLE IF NOT EXISTS ${table} (${columns}) PARTITIONED BY (\`run\` string) STORED AS PARQUET LOCATION '${baseOf(location)}${mart.name}/' ${tableMark(to.pipeline)}`,
  );
  await run(
    to,
    `partition of ${mart.name}`,
    `ALTER TABLE ${table} ADD IF NOT EXISTS PARTITION (\`run\` = ${literal(runId)}) LOCATION '${folder}'`,
  );
  const [found] = await to.queries.rows({
    name: `rows of ${mart.name}`,
    sql: `SELECT count(*) AS n FROM "${to.database}"."${tableOf(mart)}" WHERE "run" = ${literal(runId)}`,
    anew: true,
  });
  const expected = String(to.rows.get(mart.name) ?? 0);
  if (found?.['n'] !== expected) throw otherRows(to, mart, expected, found?.['n'] ?? 'no');
}

/** Where a table says it lies; its partitions lie with the runs. */
function baseOf(location: string): string {
  return location.replace(/runs\/[^/]+\/$/, 'tables/');
}

/** A mart of other columns is another table. */
function tableOf({ name, columns }: RegisteredMart): string {
  const shape = createHash('sha256').update(JSON.stringify(columns)).digest('hex').slice(0, 8);
  return `${name}_${shape}`;
}

function martView({ database, pipeline }: Registering, mart: RegisteredMart): string {
  const columns = mart.columns.map(({ name }: MartColumn) => `"${name}"`).join(', ');
  const shown = `SELECT run_id FROM "${database}"."${POINTER}"`;
  return `CREATE OR REPLACE VIEW "${database}"."${mart.name}" AS SELECT ${columns} FROM "${database}"."${tableOf(mart)}" WHERE "run" = (${shown}) AND ${viewMark(pipeline)}`;
}

function pointerView({ database, pipeline }: Registering, { runId, fence }: Registration): string {
  const told = `${literal(runId)} AS run_id, ${literal(pipeline)} AS pipeline, CAST(${fence} AS BIGINT) AS fence`;
  return `CREATE OR REPLACE VIEW "${database}"."${POINTER}" AS SELECT ${told} WHERE ${viewMark(pipeline)}`;
}

interface Shown {
  readonly pipeline: string;
  readonly fence: string;
}

/** Null before the first run that is registered here. */
async function pointerOf(to: Registering, tables: readonly CatalogTable[]): Promise<Shown | null> {
  const there = tables.find(({ name }) => name === POINTER);
  if (there === undefined) return null;
  // Somebody else's is refused by name; that of another pipeline can be read, and tells which it is.
  if (!there.isView || (await ownerOf(to.queries, there)) === null)
    await refuseForeign(to.queries, tables, { ...to, wanted: (name) => name === POINTER });
  const sql = `SELECT pipeline, CAST(fence AS VARCHAR) AS fence FROM "${to.database}"."${POINTER}"`;
  const [row] = await to.queries.rows({ name: 'which run is shown', sql, anew: true });
  return row === undefined ? null : { pipeline: row['pipeline'] ?? '', fence: row['fence'] ?? '0' };
}

function refuseOther({ database, pipeline }: Registering, { fence }: Registration, shown: Shown): void {
  if (shown.pipeline !== pipeline) {
    const message = `database ${database} shows the marts of pipeline ${shown.pipeline}, not those of ${pipeline}`;
    throw owned(message, 'name a database of its own for each pipeline');
  }
  if (BigInt(shown.fence) > BigInt(fence)) {
    const message = `a later publisher (fence ${shown.fence}) registered its run in ${database} while this one (fence ${fence}) was at work`;
    throw new Failure('locked', [
      { code: 'athena/fenced', message, remedy: 'let that run stand; the next one publishes what is new' },
    ]);
  }
}

async function run({ queries }: Registering, name: string, sql: string): Promise<void> {
  await queries.execute({ name, sql, anew: true });
}

function owned(message: string, remedy: string): Failure {
  return new Failure('user', [{ code: 'athena/table-taken', message, remedy }]);
}

function otherRows({ database }: Registering, mart: RegisteredMart, expected: string, found: string): Failure {
  const message = `${mart.name} has ${expected} rows in this run, and Athena finds ${found} of them in ${database}.${tableOf(mart)}`;
  const remedy = 'look whether somebody changed the table or removed its files: drop it, then run again';
  return new Failure('check', [{ code: 'athena/partition-lost', message, remedy }]);
}
