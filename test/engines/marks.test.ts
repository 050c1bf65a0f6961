// Whose tables are: what lies in the database under a name of ours and is not of this pipeline is told by name, and stays as it is.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Failure } from '../../src/kernel/failure.js';
import { registrarOf } from '../../src/run/register.js';
import { openAthena } from '../../src/warehouse/athena-queries.js';
import type { AthenaQueries } from '../../src/warehouse/athena-statement.js';
import { companyOf, run } from '../golden/company.js';
import { type Front, startAthenaFront } from './athena-front.js';
import { onAthena } from './company.js';
import { type Database, database, engines, trino } from './started.js';

const BASE = join(import.meta.dirname, '../../fixtures/errors/.base/running');
const MART = 'showback_team_month';
const COLUMNS = { [MART]: [{ name: 'team', type: 'VARCHAR' }] };
const SLOW = 300_000;

let front: Front;
let tokenDir: string;
const open: AthenaQueries[] = [];

beforeEach(async () => {
  tokenDir = mkdtempSync(join(tmpdir(), 'showback-marks-'));
  front = await startAthenaFront(engines());
});
afterEach(async () => {
  for (const queries of open.splice(0)) await queries[Symbol.asyncDispose]();
  await front.stop();
  rmSync(tokenDir, { recursive: true, force: true });
});

async function queriesOf(own: Database): Promise<AthenaQueries> {
  const { accessKey, secretKey, region } = engines();
  const queries = await openAthena({
    workgroup: 'showback',
    database: own.name,
    region,
    endpoint: front.url,
    credentials: { accessKeyId: accessKey, secretAccessKey: secretKey },
    output: own.location,
    tokenDir,
    runId: 'marks',
    budgetBytes: null,
    deadlineSeconds: 60,
  });
  open.push(queries);
  return queries;
}

/** Registers one mart without rows. */
async function register(own: Database, pipeline: string, fence = 1): Promise<void> {
  const queries = await queriesOf(own);
  const location = `${own.location}runs/run${fence}/`;
  const registrar = registrarOf({ queries, database: own.name, pipeline, columns: COLUMNS, rows: new Map([[MART, 0]]) });
  const marts = [{ name: MART, columns: COLUMNS[MART] ?? [], partitions: [] }];
  await registrar.register({ runId: `run${fence}`, fence, location, marts });
}

async function refusalOf(work: Promise<unknown>): Promise<readonly string[]> {
  const thrown: unknown = await work.catch((error: unknown) => error);
  if (!(thrown instanceof Failure)) throw new Error('not refused', { cause: thrown });
  expect(thrown.problems.map(({ code }) => code)).toEqual(thrown.problems.map(() => 'athena/table-taken'));
  return thrown.problems.map(({ message }) => message);
}

async function namesIn({ name }: Database): Promise<readonly (string | null | undefined)[]> {
  return (await trino('SHOW TABLES', { schema: name })).rows.map(([table]) => table);
}

/** A table of somebody else's. */
async function plant({ name: schema, location }: Database, table: string, properties = ''): Promise<void> {
  const where = `external_location = '${location}theirs/', format = 'PARQUET'`;
  await trino(`CREATE TABLE "${table}" (x varchar) WITH (${where}${properties})`, { schema });
}

describe('a name of a mart', () => {
  it('that a view without a mark has is refused, and the view stays', async () => {
    const own = await database('marks_view');
    await trino(`CREATE VIEW ${MART} AS SELECT 'theirs' AS team`, { schema: own.name });
    expect(await refusalOf(register(own, 'nightly'))).toEqual([
      `database marks_view has a view ${MART} that bears no mark of showback, and this run would take its place`,
    ]);
    expect(await namesIn(own)).toEqual([MART]);
    expect((await trino(`SELECT team FROM ${MART}`, { schema: own.name })).rows).toEqual([['theirs']]);
  });

  it('that a table without a mark has is refused, also the one of the views and the one below a view', async () => {
    const own = await database('marks_table');
    await register(await database('marks_elsewhere'), 'nightly');
    const shape = (await trino(`SHOW TABLES LIKE '${MART}\\__%' ESCAPE '\\'`, { schema: 'marks_elsewhere' })).rows[0]?.[0] ?? '';
    await plant(own, shape);
    expect(await refusalOf(register(own, 'nightly'))).toEqual([expect.stringContaining(`a table ${shape} that bears no mark`)]);
    await plant(own, 'showback_current');
    expect(await refusalOf(register(own, 'nightly'))).toEqual([
      expect.stringContaining('a table showback_current that bears no mark'),
    ]);
    expect(await namesIn(own)).toEqual(['showback_current', shape]);
  });

  it('is registered again by its own pipeline, and told to another one', async () => {
    const own = await database('marks_own');
    await register(own, 'nightly', 1);
    await register(own, 'nightly', 2);
    expect((await trino('SELECT run_id, pipeline FROM showback_current', { schema: own.name })).rows).toEqual([
      ['run2', 'nightly'],
    ]);
    expect(await refusalOf(register(own, 'month-close', 3))).toEqual([
      'database marks_own shows the marts of pipeline nightly, not those of month-close',
    ]);
    await trino('DROP VIEW showback_current', { schema: own.name });
    const told = await refusalOf(register(own, 'month-close', 3));
    expect(told).toHaveLength(2);
    for (const each of told) expect(each).toMatch(/^database marks_own has a (view|table) \S+ of pipeline nightly, /);
  });
});

describe('a table of a run', () => {
  it('that bears no mark, or that of another pipeline, stops the next start before any statement', {
    timeout: SLOW,
  }, async () => {
    await using company = await companyOf(BASE);
    await using athena = await onAthena(company, 'marks_run');
    const schema = athena.database.name;
    const failure = { category: 2, type: 1000, retryable: false, message: 'SYNTAX_ERROR: planted' } as const;
    athena.front.inject({ failNext: { ...failure, when: /^UNLOAD/ } });
    await expect(run(company)).rejects.toThrow('planted');
    const made = (await namesIn(athena.database)).map((name) => name ?? '').filter((name) => /^r[0-9a-f]{16}_run_/.test(name));
    expect(made.length).toBeGreaterThan(3);
    const [first = '', second = '', third = ''] = made;
    for (const name of [first, second, third]) await trino(`DROP TABLE "${name}"`, { schema });
    await plant(athena.database, first);
    await plant(athena.database, second, ", extra_properties = MAP(ARRAY['showback.pipeline'], ARRAY['other'])");
    await trino(`CREATE VIEW "${third}" AS SELECT 1 AS x`, { schema });
    const before = athena.front.starts.length;
    const told = await refusalOf(run(company));
    expect(told).toEqual([
      `database marks_run has a table ${first} that bears no mark of showback, and this run would take its place`,
      `database marks_run has a table ${second} of pipeline other, and this run would take its place`,
      `database marks_run has a view ${third} that bears no mark of showback, and this run would take its place`,
    ]);
    expect(athena.front.starts.slice(before).map(({ text }) => text)).toEqual([`SHOW CREATE VIEW ${third}`]);
    expect(await namesIn(athena.database)).toEqual(expect.arrayContaining([first, second, third]));
  });
});
