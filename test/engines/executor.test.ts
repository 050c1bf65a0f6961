// The executor on a real engine: the real client, Athena's protocol over Trino, a real S3 server; and processes that are killed.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { GetQueryExecutionCommand } from '@aws-sdk/client-athena';
import { DeleteObjectsCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Failure } from '../../src/kernel/failure.js';
import { refuseLostPartitions } from '../../src/warehouse/athena-partitions.js';
import { type AthenaOptions, openAthena } from '../../src/warehouse/athena-queries.js';
import type { AthenaQueries, Statement } from '../../src/warehouse/athena-statement.js';
import { athenaClientOf, type Front, startAthenaFront } from './athena-front.js';
import { type Database, database, engines, s3Client } from './started.js';

const TSX = fileURLToPath(new URL('../../node_modules/.bin/tsx', import.meta.url));
const CHILD = fileURLToPath(new URL('executor-child.ts', import.meta.url));

const s3 = s3Client();
let own: Database;
let front: Front;
let tokenDir: string;
const open: AthenaQueries[] = [];
const children: ChildProcess[] = [];

beforeAll(async () => {
  own = await database('executor');
});
afterAll(() => s3.destroy());

beforeEach(async () => {
  tokenDir = mkdtempSync(join(tmpdir(), 'showback-executor-'));
  front = await startAthenaFront(engines());
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const athena of open.splice(0)) await athena[Symbol.asyncDispose]();
  await front.stop();
  rmSync(tokenDir, { recursive: true, force: true });
});

function options(more: Partial<AthenaOptions> = {}): AthenaOptions {
  const { accessKey, secretKey, region } = engines();
  return {
    workgroup: 'showback',
    database: own.name,
    region,
    endpoint: front.url,
    credentials: { accessKeyId: accessKey, secretAccessKey: secretKey },
    output: own.location,
    tokenDir,
    // Tokens are the front's, and each test has a front of its own.
    runId: 'run-1',
    budgetBytes: null,
    deadlineSeconds: 60,
    timers: { poll: 30, pollMost: 300, backoff: 30, backoffMost: 300, stop: 20_000, grace: 20_000 },
    ...more,
  };
}

async function athenaOf(more: Partial<AthenaOptions> = {}): Promise<AthenaQueries> {
  const athena = await openAthena(options(more));
  open.push(athena);
  return athena;
}

async function keysBelow(folder: string): Promise<readonly string[]> {
  const { Contents = [] } = await s3.send(
    new ListObjectsV2Command({ Bucket: engines().bucket, Prefix: `${own.name}/${folder}/` }),
  );
  return Contents.map(({ Key }) => Key ?? '');
}

async function clean(folder: string): Promise<void> {
  const keys = await keysBelow(folder);
  if (keys.length === 0) return;
  await s3.send(new DeleteObjectsCommand({ Bucket: engines().bucket, Delete: { Objects: keys.map((Key) => ({ Key })) } }));
}

const unload = (folder: string, select: string): Statement => ({
  name: folder,
  sql: `UNLOAD (${select}) TO '${own.location}${folder}/' WITH (format = 'PARQUET', compression = 'ZSTD')`,
  place: { file: `sql/marts/${folder}.sql` },
  sourceLine: (line) => line,
  beforeRetry: () => clean(folder),
});

const table = (folder: string, columns: string): Statement => ({
  name: `table ${folder}`,
  sql: `CREATE EXTERNAL TABLE IF NOT EXISTS \`${own.name}\`.\`${folder}\` (${columns}) STORED AS PARQUET LOCATION '${own.location}${folder}/'`,
});

const COSTS = `SELECT CAST(id AS bigint) AS id, CAST(amount AS decimal(38,12)) AS amount, CAST(note AS varchar) AS note
FROM (VALUES (1, '0.000000000001', NULL), (2, '12345678901234567890123456.789012345678', ''), (3, '-1', 'NULL')) AS t (id, amount, note)`;
const COST_COLUMNS = '`id` bigint, `amount` decimal(38,12), `note` string';
const ROWS = [
  { id: '1', amount: '0.000000000001', note: null },
  { id: '2', amount: '12345678901234567890123456.789012345678', note: '' },
  { id: '3', amount: '-1.000000000000', note: 'NULL' },
];

async function failureOf(promise: Promise<unknown>): Promise<Failure> {
  const thrown = await promise.then(
    () => new Error('no failure'),
    (error: unknown) => error,
  );
  if (thrown instanceof Failure) return thrown;
  throw thrown;
}

const started = (): readonly string[] => front.starts.filter(({ repeated }) => !repeated).map(({ id }) => id);
const tokens = (): number => new Set(front.starts.map(({ token }) => token)).size;

describe('statements', () => {
  it('write Parquet, make a table over it, and answer its rows to the last digit', async () => {
    const athena = await athenaOf();
    await athena.preflight();
    await athena.execute(unload('happy', COSTS));
    expect((await keysBelow('happy')).length).toBeGreaterThan(0);
    await athena.execute(table('happy', COST_COLUMNS));
    const select = { name: 'read', sql: `SELECT id, amount, note FROM "${own.name}"."happy" ORDER BY id` };
    expect(await athena.rows(select)).toEqual(ROWS);
    await athena.execute({
      name: 'view',
      sql: `CREATE OR REPLACE VIEW "${own.name}"."seen" AS SELECT id FROM "${own.name}"."happy"`,
    });
    expect(await athena.rows({ name: 'through', sql: `SELECT count(*) AS n FROM "${own.name}"."seen"` })).toEqual([{ n: '3' }]);
    await athena.execute({ name: 'drop view', sql: `DROP VIEW IF EXISTS "${own.name}"."seen"` });
    await athena.execute({ name: 'drop table', sql: `DROP TABLE IF EXISTS \`${own.name}\`.\`happy\`` });
    expect(athena.scanned().bytes).toBeGreaterThan(0n);
  });

  it('answer more rows than one page has', async () => {
    const athena = await athenaOf();
    const rows = await athena.rows({ name: 'long', sql: 'SELECT n FROM UNNEST(sequence(1, 2500)) AS t (n) ORDER BY n' });
    expect(rows).toHaveLength(2500);
    expect([rows[0], rows[1000], rows.at(-1)]).toEqual([{ n: '1' }, { n: '1001' }, { n: '2500' }]);
  });

  it('answer partitions without a header', async () => {
    const athena = await athenaOf();
    await athena.execute(unload('days/day=1', 'SELECT CAST(1 AS bigint) AS id'));
    const name = `\`${own.name}\`.\`days\``;
    await athena.execute({
      name: 'table days',
      sql: `CREATE EXTERNAL TABLE IF NOT EXISTS ${name} (\`id\` bigint) PARTITIONED BY (\`day\` string) STORED AS PARQUET LOCATION '${own.location}days/'`,
    });
    await athena.execute({
      name: 'day 1',
      sql: `ALTER TABLE ${name} ADD IF NOT EXISTS PARTITION (\`day\` = '1') LOCATION '${own.location}days/day=1/'`,
    });
    expect(await athena.rows({ name: 'parts', sql: `SHOW PARTITIONS ${name}` })).toEqual([{ partition: 'day=1' }]);
    expect(await athena.rows({ name: 'ids', sql: `SELECT id, day FROM "${own.name}"."days"` })).toEqual([{ id: '1', day: '1' }]);
  });

  it('are done once each through throttling, failures, lost starts and lost looks', async () => {
    const athena = await athenaOf({ concurrency: 3 });
    front.inject({ throttle: 3 });
    front.inject({ lostStarts: 2 });
    front.inject({ lostPolls: 4 });
    front.inject({
      failNext: {
        category: 1,
        type: 200,
        retryable: true,
        message: 'Query engine had an internal error',
        times: 2,
        when: /UNLOAD/,
      },
    });
    const folders = ['rough1', 'rough2', 'rough3', 'rough4'];
    await Promise.all(folders.map((folder) => athena.execute(unload(folder, COSTS))));
    for (const folder of folders) {
      await athena.execute(table(folder, COST_COLUMNS));
      const rows = await athena.rows({ name: `read ${folder}`, sql: `SELECT * FROM "${own.name}"."${folder}" ORDER BY id` });
      expect(rows, folder).toEqual(ROWS);
    }
    expect(started()).toHaveLength(4 + 2 + 4 + 4);
  });

  it('stay within a budget', async () => {
    const athena = await athenaOf({ budgetBytes: 1n });
    await athena.execute(unload('dear', COSTS));
    await athena.execute(table('dear', COST_COLUMNS));
    const asked = async (): Promise<void> => {
      // Where it is looked at while it runs, the first is stopped; where it was faster than a look, the second is not begun.
      await athena.rows({ name: 'sum', sql: `SELECT sum(amount) AS s FROM "${own.name}"."dear"` });
      await athena.rows({ name: 'again', sql: `SELECT max(amount) AS m FROM "${own.name}"."dear"` });
    };
    const failure = await failureOf(asked());
    expect(failure.problems.map(({ code }) => code)).toEqual(['athena/budget']);
    expect(failure.message).toContain('sum ');
  });
});

describe('what the engine refuses', () => {
  const codes = async (promise: Promise<unknown>) =>
    (await failureOf(promise)).problems.map(({ code, place }) => ({ code, place }));

  it('has the line of the model', async () => {
    const athena = await athenaOf();
    const sql = 'SELECT 1 AS a,\n  price\nFROM (VALUES 1) AS t (cost)';
    const model = { name: 'marts.priced', sql, place: { file: 'sql/marts/priced.sql' }, sourceLine: (line: number) => line };
    expect(await codes(athena.execute(model))).toEqual([
      { code: 'athena/sql', place: { file: 'sql/marts/priced.sql', line: 2 } },
    ]);
    expect(await codes(athena.execute({ ...model, sql: 'SELECT 1 AS a\nFORM x y' }))).toEqual([
      { code: 'athena/sql', place: { file: 'sql/marts/priced.sql', line: 2 } },
    ]);
  });

  it.each([
    ['athena/no-table', 'SELECT * FROM "executor"."nobody_made_it"'],
    ['athena/sql', 'SELECT 1 / (n - n) AS x FROM (VALUES 1) AS t (n)'],
  ])('is %s', async (code, sql) => {
    const athena = await athenaOf();
    expect(await codes(athena.execute({ name: 'bad', sql }))).toEqual([{ code, place: undefined }]);
    expect(started()).toHaveLength(1);
  });

  it('is a type that changed below a table', async () => {
    const athena = await athenaOf();
    await athena.execute(unload('typed', "SELECT CAST('x' AS varchar) AS id"));
    await athena.execute(table('typed', '`id` bigint'));
    expect(await codes(athena.rows({ name: 'typed rows', sql: `SELECT sum(id) AS s FROM "${own.name}"."typed"` }))).toEqual([
      { code: 'athena/type-changed', place: undefined },
    ]);
  });

  it('is no partition that went away: its rows are missing without a word, so tables are looked at before', async () => {
    const athena = await athenaOf();
    await athena.execute(unload('gone/day=1', 'SELECT CAST(1 AS bigint) AS id'));
    const name = `\`${own.name}\`.\`gone\``;
    const location = `${own.location}gone/day=1/`;
    await athena.execute({
      name: 'table gone',
      sql: `CREATE EXTERNAL TABLE IF NOT EXISTS ${name} (\`id\` bigint) PARTITIONED BY (\`day\` string) STORED AS PARQUET LOCATION '${own.location}gone/'`,
    });
    await athena.execute({
      name: 'day 1',
      sql: `ALTER TABLE ${name} ADD IF NOT EXISTS PARTITION (\`day\` = '1') LOCATION '${location}'`,
    });
    await clean('gone/day=1');
    expect(await athena.rows({ name: 'gone rows', sql: `SELECT id FROM "${own.name}"."gone"` })).toEqual([]);
    const wanted = { database: own.name, table: 'gone', names: ['day=1', 'day=2'] };
    const failure = await failureOf(refuseLostPartitions(athena, wanted));
    expect(failure.message).toContain('1 of 2 partitions are not there: day=2');
  });

  it('is a file that is none', async () => {
    const athena = await athenaOf();
    await s3.send(
      new PutObjectCommand({ Bucket: engines().bucket, Key: `${own.name}/broken/a.parquet`, Body: 'not a Parquet file at all' }),
    );
    await athena.execute(table('broken', '`id` bigint'));
    expect(await codes(athena.rows({ name: 'broken rows', sql: `SELECT id FROM "${own.name}"."broken"` }))).toEqual([
      { code: 'athena/type-changed', place: undefined },
    ]);
  });

  it('is a target with files in it', async () => {
    const athena = await athenaOf();
    await athena.execute(unload('full', COSTS));
    const { name, ...again } = unload('full', COSTS);
    expect(await codes(athena.execute({ ...again, name: `${name} again` }))).toMatchObject([{ code: 'athena/target-taken' }]);
  });

  it('is more than the workgroup lets a query scan', async () => {
    const athena = await athenaOf();
    await athena.execute(unload('wide', COSTS));
    await athena.execute(table('wide', COST_COLUMNS));
    front.inject({ scanLimit: 1 });
    expect(await codes(athena.rows({ name: 'scan', sql: `SELECT sum(amount) AS s FROM "${own.name}"."wide"` }))).toEqual([
      { code: 'athena/scan-limit', place: undefined },
    ]);
  });

  it('is a call without permission, and a workgroup, database or credentials that are not right', async () => {
    front.inject({ accessDenied: ['StartQueryExecution'] });
    const athena = await athenaOf();
    const denied = await failureOf(athena.execute({ name: 'one', sql: 'SELECT 1 AS a' }));
    expect(denied.message).toContain('no permission for athena:StartQueryExecution');
    const codesBefore = async (more: Partial<AthenaOptions>) =>
      codes((await athenaOf(more)).preflight()).then((all) => all.map(({ code }) => code));
    expect(await codesBefore({ workgroup: 'nobody' })).toContain('athena/no-workgroup');
    expect(await codesBefore({ workgroup: 'primary' })).toContain('athena/no-cutoff');
    expect(await codesBefore({ database: 'nowhere' })).toEqual(['athena/no-database']);
    expect(await codesBefore({ credentials: { accessKeyId: 'AKNOBODY00', secretAccessKey: 'none-of-ours' } })).toEqual([
      'athena/credentials',
      'athena/credentials',
    ]);
  });
});

describe('processes', () => {
  const slow = () => unload('slow', COSTS);

  /** A process that runs the statements; it is killed when the test ends. */
  function child(statements: readonly Statement[], more: Partial<AthenaOptions> = {}) {
    const { budgetBytes: _, ...given } = options(more);
    const made = spawn(TSX, [CHILD, JSON.stringify({ options: given, statements })], { stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(made);
    const events: { readonly kind: string; readonly queryId?: string; readonly attached?: boolean }[] = [];
    createInterface({ input: made.stdout }).on('line', (line) => events.push(JSON.parse(line) as (typeof events)[number]));
    const started = async (): Promise<string> => {
      await expect.poll(() => events.find(({ kind }) => kind === 'started'), { timeout: 40_000 }).toBeDefined();
      return events.find(({ kind }) => kind === 'started')?.queryId ?? '';
    };
    const exit = once(made, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
    return { events, started, exit, kill: (signal: NodeJS.Signals) => made.kill(signal) };
  }

  async function stateOf(QueryExecutionId: string): Promise<string | undefined> {
    const client = athenaClientOf(front, engines());
    try {
      const { QueryExecution } = await client.send(new GetQueryExecutionCommand({ QueryExecutionId }));
      return QueryExecution?.Status?.State;
    } finally {
      client.destroy();
    }
  }

  it('that are killed while a query runs leave it to the next, which finds it and starts nothing', async () => {
    front.inject({ slow: { milliseconds: 6000, times: 1 } });
    const killed = child([slow()]);
    const queryId = await killed.started();
    killed.kill('SIGKILL');
    expect(await killed.exit).toEqual([null, 'SIGKILL']);
    expect(await stateOf(queryId)).toMatch(/QUEUED|RUNNING/);

    const next = child([slow()]);
    expect(await next.exit).toEqual([0, null]);
    expect(next.events.find(({ kind }) => kind === 'done')).toMatchObject({ queryId, attached: true });
    expect(started()).toEqual([queryId]);
    expect(tokens()).toBe(1);
    expect(front.calls['StartQueryExecution']).toBe(1);

    const athena = await athenaOf();
    expect(await athena.execute(slow())).toMatchObject({ queryId, attached: true });
    await athena.execute(table('slow', COST_COLUMNS));
    expect(await athena.rows({ name: 'read slow', sql: `SELECT * FROM "${own.name}"."slow" ORDER BY id` })).toEqual(ROWS);
  });

  it('that are killed before they hear the id of a query find it by its token', async () => {
    front.inject({ hang: { times: 1, when: /token/ }, lostStarts: 1 });
    // It never hears again: its next call waits for longer than it lives.
    const statement = { name: 'token', sql: "SELECT 'token' AS t" };
    const killed = child([statement], { timers: { backoff: 60_000, backoffMost: 60_000 } });
    await expect.poll(() => front.starts.length, { timeout: 40_000 }).toBe(1);
    killed.kill('SIGKILL');
    await killed.exit;
    const athena = await athenaOf({ deadlineSeconds: 1 });
    const failure = await failureOf(athena.execute(statement));
    expect(failure.message).toContain('took longer than 1 s');
    expect(front.starts.map(({ repeated }) => repeated)).toEqual([false, true]);
    expect(tokens()).toBe(1);
    expect(await stateOf(started()[0] ?? '')).toBe('CANCELLED');
  });

  it('that are told to stop by SIGTERM stop their queries and say so', async () => {
    front.inject({ hang: { times: 2, when: /hang/ } });
    const stopped = child([
      { name: 'one', sql: "SELECT 'hang 1' AS a" },
      { name: 'two', sql: "SELECT 'hang 2' AS a" },
    ]);
    await expect.poll(() => stopped.events.filter(({ kind }) => kind === 'started').length, { timeout: 40_000 }).toBe(2);
    stopped.kill('SIGTERM');
    expect(await stopped.exit).toEqual([143, null]);
    expect(stopped.events.filter(({ kind }) => kind === 'stopped')).toHaveLength(2);
    for (const id of started()) expect(await stateOf(id)).toBe('CANCELLED');
    const athena = await athenaOf();
    expect(await athena.execute({ name: 'one', sql: "SELECT 'hang 1' AS a" })).toMatchObject({ attached: false });
  });
});
