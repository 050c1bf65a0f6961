// The front by the real clients: every operation, every statement form on a real Trino and S3 server, every fault on order.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import {
  type AthenaClient,
  BatchGetQueryExecutionCommand,
  GetDatabaseCommand,
  GetQueryExecutionCommand,
  GetQueryResultsCommand,
  GetTableMetadataCommand,
  GetWorkGroupCommand,
  ListTableMetadataCommand,
  ListWorkGroupsCommand,
  type QueryExecution,
  StartQueryExecutionCommand,
  StopQueryExecutionCommand,
} from '@aws-sdk/client-athena';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDuckDb } from '../../src/warehouse/duckdb.js';
import { athenaClientOf, type Front, type FrontOptions, startAthenaFront } from './athena-front.js';
import { type Database, database, engines, s3Client, trino } from './started.js';

const s3 = s3Client();
let front: Front;
let athena: AthenaClient;
let own: Database;
let token = 0;

beforeAll(async () => {
  own = await database('front');
  front = await startAthenaFront(engines());
  athena = athenaClientOf(front, engines());
});
afterAll(async () => {
  athena.destroy();
  await front.stop();
  s3.destroy();
});

/** Of what comes at once where nothing else runs. */
const PATIENT = { timeout: 20_000 };

const fresh = () => `front-test-token-${String((token += 1)).padStart(32, '0')}`;

function startOf(QueryString: string, ClientRequestToken = fresh()): StartQueryExecutionCommand {
  return new StartQueryExecutionCommand({
    QueryString,
    ClientRequestToken,
    WorkGroup: 'showback',
    QueryExecutionContext: { Database: own.name },
  });
}

async function start(sql: string, client = athena): Promise<string> {
  const { QueryExecutionId } = await client.send(startOf(sql));
  return QueryExecutionId ?? '';
}

async function look(id: string, client = athena): Promise<QueryExecution> {
  const { QueryExecution } = await client.send(new GetQueryExecutionCommand({ QueryExecutionId: id }));
  return QueryExecution ?? {};
}

async function stateOf(id: string, client = athena): Promise<string | undefined> {
  return (await look(id, client)).Status?.State;
}

async function ended(id: string, client = athena): Promise<QueryExecution> {
  await expect.poll(async () => stateOf(id, client), { timeout: 60_000, interval: 30 }).not.toMatch(/QUEUED|RUNNING/);
  return look(id, client);
}

/** Runs a statement that must succeed, and gives the rows of its results, the header among them. */
async function run(sql: string): Promise<readonly (readonly (string | null)[])[]> {
  const { QueryExecutionId: id, Status } = await ended(await start(sql));
  if (Status?.State !== 'SUCCEEDED') throw new Error(`${Status?.State}: ${Status?.StateChangeReason}`);
  const { ResultSet } = await athena.send(new GetQueryResultsCommand({ QueryExecutionId: id ?? '' }));
  return (ResultSet?.Rows ?? []).map(({ Data = [] }) => Data.map(({ VarCharValue }) => VarCharValue ?? null));
}

async function failed(sql: string, client = athena): Promise<QueryExecution['Status']> {
  const { Status } = await ended(await start(sql, client), client);
  expect(Status?.State).toBe('FAILED');
  return Status;
}

async function keysBelow(prefix: string): Promise<readonly string[]> {
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: engines().bucket, Prefix: prefix }));
  return Contents.map(({ Key }) => Key ?? '');
}

async function put(key: string, body: string | Uint8Array): Promise<void> {
  await s3.send(new PutObjectCommand({ Bucket: engines().bucket, Key: `${own.name}/${key}`, Body: body }));
}

async function withFront(options: FrontOptions, test: (other: Front, client: AthenaClient) => Promise<void>): Promise<void> {
  const other = await startAthenaFront(engines(), options);
  const client = athenaClientOf(other, engines());
  try {
    await test(other, client);
  } finally {
    client.destroy();
    await other.stop();
  }
}

const unload = (select: string, to: string) =>
  `UNLOAD (${select}) TO '${own.location}${to}/' WITH (format = 'PARQUET', compression = 'ZSTD')`;

describe('who may ask', () => {
  it.each([
    ['access key', { accessKey: 'AKNOBODY' }, 'UnrecognizedClientException'],
    ['secret', { secretKey: 'wrong' }, 'InvalidSignatureException'],
    ['region', { region: 'us-west-2' }, 'InvalidSignatureException'],
  ])('refuses a wrong %s', async (_what, wrong, name) => {
    const stranger = athenaClientOf(front, { ...engines(), ...wrong });
    await expect(stranger.send(startOf('SELECT 1'))).rejects.toMatchObject({ name });
    stranger.destroy();
  });

  it('refuses what is not signed at all, and operations that it has not', async () => {
    const bare = await fetch(front.url, { method: 'POST', headers: { 'x-amz-target': 'AmazonAthena.GetWorkGroup' }, body: '{}' });
    expect([bare.status, await bare.json()]).toMatchObject([400, { __type: 'MissingAuthenticationTokenException' }]);
    await expect(athena.send(new ListWorkGroupsCommand({}))).rejects.toMatchObject({ name: 'UnknownOperationException' });
  });
});

describe('a query', () => {
  it('goes from QUEUED to SUCCEEDED and says what it took', async () => {
    const id = await start('SELECT 1 AS one');
    expect((await look(id)).Status?.State).toMatch(/QUEUED|RUNNING/);
    const { Status, Statistics, StatementType, WorkGroup, EngineVersion, ResultConfiguration } = await ended(id);
    expect(Status).toMatchObject({
      State: 'SUCCEEDED',
      SubmissionDateTime: expect.any(Date),
      CompletionDateTime: expect.any(Date),
    });
    expect(Statistics).toMatchObject({ DataScannedInBytes: 0, TotalExecutionTimeInMillis: expect.any(Number) });
    expect([StatementType, WorkGroup, EngineVersion?.EffectiveEngineVersion]).toEqual([
      'DML',
      'showback',
      'Athena engine version 3',
    ]);
    expect(ResultConfiguration?.OutputLocation).toBe(`s3://${engines().bucket}/athena-results/${id}.csv`);
  });

  it('answers its rows with a header first, NULL apart from the empty text', async () => {
    expect(
      await run(`SELECT CAST('-0.10' AS DECIMAL(38,12)) AS money, CAST(NULL AS VARCHAR) AS nothing, '' AS empty, true AS yes`),
    ).toEqual([
      ['money', 'nothing', 'empty', 'yes'],
      ['-0.100000000000', null, '', 'true'],
    ]);
  });

  it('answers in pages, the header in the first alone', async () => {
    const { QueryExecutionId: id = '' } = await ended(await start('SELECT a FROM unnest(sequence(1, 2500)) t(a) ORDER BY a'));
    const sizes: number[] = [];
    const values: string[] = [];
    for (let NextToken: string | undefined, more = true; more; more = NextToken !== undefined) {
      const page = await athena.send(new GetQueryResultsCommand({ QueryExecutionId: id, NextToken }));
      const rows = (page.ResultSet?.Rows ?? []).map(({ Data }) => Data?.[0]?.VarCharValue ?? '');
      sizes.push(rows.length);
      values.push(...rows);
      NextToken = page.NextToken;
    }
    expect(sizes).toEqual([1000, 1000, 501]);
    expect(values).toEqual(['a', ...Array.from({ length: 2500 }, (_none, index) => String(index + 1))]);
    const columns = (await athena.send(new GetQueryResultsCommand({ QueryExecutionId: id, MaxResults: 1 }))).ResultSet;
    expect(columns?.ResultSetMetadata?.ColumnInfo).toMatchObject([{ Name: 'a', Type: 'bigint' }]);
    await expect(athena.send(new GetQueryResultsCommand({ QueryExecutionId: id, MaxResults: 1001 }))).rejects.toThrow('1000');
    await expect(athena.send(new GetQueryResultsCommand({ QueryExecutionId: id, NextToken: 'x' }))).rejects.toThrow('NextToken');
  });

  it('is the same query for the same token, and refuses another text for it', async () => {
    const same = fresh();
    const first = await athena.send(startOf('SELECT 1 AS one', same));
    expect(await athena.send(startOf('SELECT 1 AS one', same))).toMatchObject({ QueryExecutionId: first.QueryExecutionId });
    await expect(athena.send(startOf('SELECT 2 AS two', same))).rejects.toMatchObject({ name: 'InvalidRequestException' });
    expect(front.starts.filter((each) => each.token === same)).toEqual([
      { token: same, text: 'SELECT 1 AS one', id: first.QueryExecutionId, repeated: false },
      { token: same, text: 'SELECT 1 AS one', id: first.QueryExecutionId, repeated: true },
    ]);
    await expect(athena.send(startOf('SELECT 1', 'short'))).rejects.toMatchObject({ name: 'InvalidRequestException' });
  });

  it('tells what it scanned', async () => {
    await run(unload('SELECT a FROM unnest(sequence(1, 9999)) t(a)', 'scanned'));
    await run(
      `CREATE EXTERNAL TABLE IF NOT EXISTS \`front\`.\`scanned\` (\`a\` bigint) STORED AS PARQUET LOCATION '${own.location}scanned/'`,
    );
    const { Statistics } = await ended(await start('SELECT sum(a) AS s FROM scanned'));
    expect(Statistics?.DataScannedInBytes).toBeGreaterThan(1000);
  });

  it('fails with the place of the mistake in the text that was sent', async () => {
    expect(await failed('SELECT 1 AS one,\n  nope AS two')).toMatchObject({
      StateChangeReason: expect.stringMatching(/^COLUMN_NOT_FOUND: line 2:3: /),
      AthenaError: { ErrorCategory: 2, Retryable: false },
    });
    expect((await failed(unload('SELECT nope AS two', 'never')))?.StateChangeReason).toContain('line 1:16: ');
    expect((await failed(unload('\nSELECT 1 AS one,\n  nope AS two', 'never')))?.StateChangeReason).toContain('line 3:3: ');
    expect((await failed('SELECT 1 FROM missing'))?.AthenaError).toMatchObject({ ErrorCategory: 2, ErrorType: 1110 });
    expect((await failed('SELECT 1 / 0 AS x'))?.AthenaError).toMatchObject({ ErrorCategory: 2, ErrorType: 1001 });
  });

  it('has no results before its end nor without success', async () => {
    front.inject({ hang: 1 });
    const id = await start('SELECT 1 AS one');
    await expect(athena.send(new GetQueryResultsCommand({ QueryExecutionId: id }))).rejects.toThrow('has not yet finished');
    await athena.send(new StopQueryExecutionCommand({ QueryExecutionId: id }));
    await ended(id);
    await expect(athena.send(new GetQueryResultsCommand({ QueryExecutionId: id }))).rejects.toThrow('CANCELLED');
  });

  it('that is stopped before it runs leaves its fault to no other', async () => {
    await withFront({ running: 1 }, async (other, client) => {
      other.inject({ hang: { times: 2, when: /hang/ } });
      const first = await start("SELECT 'hang 1' AS a", client);
      const waits = await start("SELECT 'hang 2' AS a", client);
      expect(await stateOf(waits, client)).toBe('QUEUED');
      for (const id of [waits, first]) await client.send(new StopQueryExecutionCommand({ QueryExecutionId: id }));
      for (const id of [waits, first]) expect((await ended(id, client)).Status?.State).toBe('CANCELLED');
      expect((await ended(await start("SELECT 'hang 3' AS a", client), client)).Status?.State).toBe('SUCCEEDED');
    });
  });

  it('is told of among others; unknown ones are told apart', async () => {
    const ids = [await start('SELECT 1'), await start('SELECT 2')];
    const batch = new BatchGetQueryExecutionCommand({ QueryExecutionIds: [...ids, 'nobody'] });
    const { QueryExecutions = [], UnprocessedQueryExecutionIds: unknown } = await athena.send(batch);
    expect(QueryExecutions.map(({ QueryExecutionId }) => QueryExecutionId)).toEqual(ids);
    expect(unknown).toMatchObject([{ QueryExecutionId: 'nobody', ErrorCode: 'QUERY_EXECUTION_NOT_FOUND' }]);
    await expect(look('nobody')).rejects.toMatchObject({ name: 'InvalidRequestException' });
    for (const id of ids) await ended(id);
  });

  it('stops on Trino too', async () => {
    const endless = `SELECT sum(a * b * c) AS stopped FROM unnest(sequence(1, 9999)) s(a), unnest(sequence(1, 9999)) t(b), unnest(sequence(1, 9999)) u(c)`;
    const id = await start(endless);
    await expect.poll(async () => stateOf(id), PATIENT).toBe('RUNNING');
    await expect.poll(async () => running('stopped'), PATIENT).toBe(1);
    await athena.send(new StopQueryExecutionCommand({ QueryExecutionId: id }));
    expect((await ended(id)).Status).toMatchObject({ State: 'CANCELLED', StateChangeReason: 'Query was cancelled by user.' });
    await expect.poll(async () => running('stopped'), PATIENT).toBe(0);
    await athena.send(new StopQueryExecutionCommand({ QueryExecutionId: id }));
    expect(await stateOf(id)).toBe('CANCELLED');
  });

  it('waits while others run, and is refused when too many wait', async () => {
    await withFront({ running: 1, active: 2 }, async (other, client) => {
      other.inject({ hang: 1 });
      const first = await start('SELECT 1', client);
      await expect.poll(async () => stateOf(first, client), PATIENT).toBe('RUNNING');
      const second = await start('SELECT 2', client);
      const many = athenaClientOf(other, engines(), 1);
      await expect(many.send(startOf('SELECT 3'))).rejects.toMatchObject({ name: 'TooManyRequestsException' });
      many.destroy();
      expect(await stateOf(second, client)).toBe('QUEUED');
      await client.send(new StopQueryExecutionCommand({ QueryExecutionId: first }));
      expect((await ended(second, client)).Status?.State).toBe('SUCCEEDED');
    });
  });
});

async function running(name: string): Promise<number> {
  const { rows } = await trino(
    `SELECT query FROM system.runtime.queries WHERE state = 'RUNNING' AND query LIKE 'SELECT sum(a * b * c) AS ${name}%'`,
  );
  return rows.length;
}

describe('UNLOAD and tables', () => {
  const SELECT = `SELECT * FROM (VALUES
    (BIGINT '9223372036854775807', CAST('99999999999999999999999999.999999999999' AS DECIMAL(38,12)), TIMESTAMP '2026-03-29 02:30:00.123456', DATE '0001-01-01', true, 'it''s «é»'),
    (BIGINT '-9223372036854775808', CAST('-0.000000000001' AS DECIMAL(38,12)), TIMESTAMP '1582-10-05 23:59:59.999999', DATE '9999-12-31', false, ''),
    (NULL, NULL, NULL, NULL, NULL, NULL)) t(n, money, moment, day, yes, words)`;
  const ROWS = [
    [
      '9223372036854775807',
      '99999999999999999999999999.999999999999',
      '2026-03-29 02:30:00.123456',
      '0001-01-01',
      'true',
      "it's «é»",
    ],
    ['-9223372036854775808', '-0.000000000001', '1582-10-05 23:59:59.999999', '9999-12-31', 'false', ''],
    [null, null, null, null, null, null],
  ];
  const COLUMNS = '`n` bigint, `money` decimal(38,12), `moment` timestamp, `day` date, `yes` boolean, `words` string';

  it('gives back what was written, to the last digit, to Trino and to DuckDB', async () => {
    await run(unload(SELECT, 'exact'));
    await run(
      `CREATE EXTERNAL TABLE IF NOT EXISTS \`front\`.\`exact\` (${COLUMNS}) STORED AS PARQUET LOCATION '${own.location}exact/'`,
    );
    const [, ...rows] = await run('SELECT n, money, moment, day, yes, words FROM exact ORDER BY n DESC NULLS LAST');
    expect(rows).toEqual(ROWS);

    const folder = await mkdtemp(join(tmpdir(), 'showback-unload-'));
    for (const [index, key] of (await keysBelow(`${own.name}/exact/`)).entries()) {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: engines().bucket, Key: key }));
      await writeFile(join(folder, `${index}.parquet`), (await Body?.transformToByteArray()) ?? '');
    }
    await using duck = await openDuckDb({ threads: 1 });
    const read = await duck.rows(`SELECT * FROM read_parquet('${folder}/*.parquet') ORDER BY n DESC NULLS LAST`);
    expect(read.map((row) => Object.values(row))).toEqual(ROWS);
    const types = await duck.describe(`SELECT money FROM read_parquet('${folder}/*.parquet')`);
    expect(types).toEqual([{ name: 'money', type: 'DECIMAL(38,12)' }]);
    await rm(folder, { recursive: true });
  });

  it('keeps the files and no table of its own, and lists them in a manifest', async () => {
    const id = await start(unload('SELECT 1 AS one', 'listed'));
    const { Statistics } = await ended(id);
    const keys = await keysBelow(`${own.name}/listed/`);
    expect(keys).toHaveLength(1);
    const place = /^s3:\/\/([^/]+)\/(.*)$/.exec(Statistics?.DataManifestLocation ?? '');
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: place?.[1], Key: place?.[2] }));
    expect(await Body?.transformToString()).toBe(`s3://${engines().bucket}/${keys[0]}\n`);
    const tables = await trino('SHOW TABLES FROM athena_front_scratch');
    expect(tables.rows.flat()).not.toContain(`unload_${id.replaceAll('-', '_')}`);
  });

  it('refuses to write where something lies', async () => {
    await run(unload('SELECT 1 AS one', 'taken'));
    const Status = await failed(unload('SELECT 2 AS two', 'taken'));
    expect(Status?.StateChangeReason).toContain('HIVE_PATH_ALREADY_EXISTS');
    expect(Status?.AthenaError).toMatchObject({ ErrorCategory: 2, Retryable: false });
    expect(await keysBelow(`${own.name}/taken/`)).toHaveLength(1);
  });

  it('writes nothing where there are no rows, which is a table without rows', async () => {
    await run(unload('SELECT 1 AS one WHERE false', 'none'));
    await run(
      `CREATE EXTERNAL TABLE IF NOT EXISTS \`front\`.\`none\` (\`one\` int) STORED AS PARQUET LOCATION '${own.location}none/'`,
    );
    expect(await run('SELECT count(*) AS n FROM none')).toEqual([['n'], ['0']]);
  });

  it('runs side by side, on two fronts too', async () => {
    await withFront({}, async (_other, client) => {
      const ids = await Promise.all([1, 2, 3].map(async (n) => start(unload(`SELECT ${n} AS n`, `side-${n}`))));
      const others = await Promise.all([4, 5, 6].map(async (n) => start(unload(`SELECT ${n} AS n`, `side-${n}`), client)));
      for (const id of ids) expect((await ended(id)).Status?.State).toBe('SUCCEEDED');
      for (const id of others) expect((await ended(id, client)).Status?.State).toBe('SUCCEEDED');
    });
    expect(await keysBelow(`${own.name}/side-`)).toHaveLength(6);
  });

  it('tells a missing bucket', async () => {
    const Status = await failed(
      `UNLOAD (SELECT 1 AS one) TO 's3://no-such-bucket/x/' WITH (format = 'PARQUET', compression = 'ZSTD')`,
    );
    expect(Status?.AthenaError).toMatchObject({ ErrorCategory: 2, ErrorType: 1306 });
  });

  it('describes a table as it was made', async () => {
    await run(`CREATE EXTERNAL TABLE IF NOT EXISTS \`front\`.\`marked\` (\`n\` int, ${COLUMNS.replace('`n` bigint, ', '')}) PARTITIONED BY (\`p\` string)
      STORED AS PARQUET LOCATION '${own.location}marked/' TBLPROPERTIES ('showback.run' = 'abc', 'showback.owner' = 'it\\'s {"a": 1}')`);
    const again = `CREATE EXTERNAL TABLE IF NOT EXISTS \`front\`.\`marked\` (\`n\` int) STORED AS PARQUET LOCATION '${own.location}x/' TBLPROPERTIES ('showback.run' = 'x')`;
    await run(again);
    const ask = new GetTableMetadataCommand({ CatalogName: 'AwsDataCatalog', DatabaseName: 'front', TableName: 'marked' });
    const { TableMetadata } = await athena.send(ask);
    expect(TableMetadata).toMatchObject({
      Name: 'marked',
      TableType: 'EXTERNAL_TABLE',
      Columns: [
        { Name: 'n', Type: 'int' },
        { Name: 'money', Type: 'decimal(38,12)' },
        { Name: 'moment', Type: 'timestamp' },
        { Name: 'day', Type: 'date' },
        { Name: 'yes', Type: 'boolean' },
        { Name: 'words', Type: 'string' },
      ],
      PartitionKeys: [{ Name: 'p', Type: 'string' }],
      Parameters: {
        'showback.run': 'abc',
        'showback.owner': 'it\'s {"a": 1}',
        EXTERNAL: 'TRUE',
        location: `${own.location}marked/`,
      },
    });
    await run('DROP TABLE IF EXISTS `front`.`marked`');
    await run('DROP TABLE IF EXISTS `front`.`marked`');
    await expect(athena.send(ask)).rejects.toMatchObject({
      name: 'MetadataException',
      message: expect.stringContaining('EntityNotFound'),
    });
  });

  it('lists tables, and tells a database that is not there', async () => {
    const other = await database('front_list');
    for (const name of ['a1', 'a2', 'b1'])
      await run(
        `CREATE EXTERNAL TABLE IF NOT EXISTS \`front_list\`.\`${name}\` (\`n\` int) STORED AS PARQUET LOCATION '${other.location}${name}/'`,
      );
    const list = { CatalogName: 'AwsDataCatalog', DatabaseName: 'front_list' };
    const first = await athena.send(new ListTableMetadataCommand({ ...list, MaxResults: 2 }));
    expect(first.TableMetadataList?.map(({ Name }) => Name)).toEqual(['a1', 'a2']);
    const second = await athena.send(new ListTableMetadataCommand({ ...list, MaxResults: 2, NextToken: first.NextToken }));
    expect([second.TableMetadataList?.map(({ Name }) => Name), second.NextToken]).toEqual([['b1'], undefined]);
    const some = await athena.send(new ListTableMetadataCommand({ ...list, Expression: 'a*' }));
    expect(some.TableMetadataList?.map(({ Name }) => Name)).toEqual(['a1', 'a2']);
    expect(await athena.send(new GetDatabaseCommand(list))).toMatchObject({ Database: { Name: 'front_list' } });
    const missing = { ...list, DatabaseName: 'nowhere' };
    await expect(athena.send(new GetDatabaseCommand(missing))).rejects.toMatchObject({ name: 'MetadataException' });
    await expect(athena.send(new ListTableMetadataCommand(missing))).rejects.toMatchObject({ name: 'MetadataException' });
  });

  it('has milliseconds alone where it is to be as Athena', async () => {
    await withFront({ timestamps: 'MILLISECONDS' }, async (_other, client) => {
      const Status = await failed(unload(`SELECT TIMESTAMP '2026-01-01 00:00:00.123456' AS moment`, 'fine'), client);
      expect(Status?.StateChangeReason).toContain('the configured precision is MILLISECONDS');
      const { Status: cut } = await ended(await start('SELECT moment FROM exact', client), client);
      expect(cut?.State).toBe('SUCCEEDED');
    });
  });
});

describe('text tables', () => {
  const LINES = ['{"a": 1}', '{"a": "é \\u0001 \\"q\\" \\\\, |"}', '{"half', '', 'not\tjson, |', '[1, 2]'];

  it('gives lines as they are, plain, gzip and zstd, malformed JSON among them', async () => {
    const text = `${LINES.join('\n')}\n`;
    await put('logs/plain.jsonl', text);
    await put('logs/day=2/packed.jsonl.gz', gzipSync(text));
    await put('logs/day=3/packed.jsonl.zst', await zstd(LINES));
    await run(
      `CREATE EXTERNAL TABLE IF NOT EXISTS \`front\`.\`logs\` (\`line\` string) ROW FORMAT DELIMITED FIELDS TERMINATED BY '\\001' LINES TERMINATED BY '\\n' STORED AS TEXTFILE LOCATION '${own.location}logs/'`,
    );
    const [, ...rows] = await run(`SELECT "$path", line FROM logs ORDER BY 1`);
    for (const name of ['plain.jsonl', 'day=2/packed.jsonl.gz', 'day=3/packed.jsonl.zst'])
      expect(new Set(rows.filter(([path]) => path === `${own.location}logs/${name}`).map(([, line]) => line))).toEqual(
        new Set(LINES),
      );
    const parsed = await run(`SELECT count(*) AS lines, count(try(json_parse(line))) AS parsed,
      count(json_extract_scalar(try(json_parse(line)), '$.a')) AS a FROM logs`);
    expect(parsed[1]).toEqual(['18', '9', '6']);
  });

  it('has no rows where nothing lies', async () => {
    await run(
      `CREATE EXTERNAL TABLE IF NOT EXISTS \`front\`.\`no_logs\` (\`line\` string) ROW FORMAT DELIMITED FIELDS TERMINATED BY '\\001' LINES TERMINATED BY '\\n' STORED AS TEXTFILE LOCATION '${own.location}no-logs/'`,
    );
    expect(await run('SELECT count(*) AS n FROM no_logs')).toEqual([['n'], ['0']]);
  });
});

/** Node 20 has no zstd; DuckDB writes it. */
async function zstd(lines: readonly string[]): Promise<Uint8Array> {
  const folder = await mkdtemp(join(tmpdir(), 'showback-zstd-'));
  await using duck = await openDuckDb({ threads: 1 });
  await duck.run('CREATE TABLE l (n INTEGER, line VARCHAR)');
  await duck.insert(
    'l',
    ['n', 'line'],
    lines.map((line, index) => [String(index), line]),
  );
  const options = `FORMAT csv, HEADER false, QUOTE '', ESCAPE '', DELIMITER '\x01', COMPRESSION zstd`;
  await duck.run(`COPY (SELECT line FROM l ORDER BY n) TO '${folder}/l.zst' (${options})`);
  const bytes = await readFile(join(folder, 'l.zst'));
  await rm(folder, { recursive: true });
  return bytes;
}

describe('partitions', () => {
  it('are added once, listed, read, and missed when somebody drops one', async () => {
    await run(
      `CREATE EXTERNAL TABLE IF NOT EXISTS \`front\`.\`parts\` (\`a\` int) PARTITIONED BY (\`month\` string) STORED AS PARQUET LOCATION '${own.location}parts/'`,
    );
    await run(unload('SELECT 7 AS a', 'parts-elsewhere'));
    const add = `ALTER TABLE \`front\`.\`parts\` ADD IF NOT EXISTS PARTITION (\`month\` = '2026-07') LOCATION '${own.location}parts-elsewhere/'`;
    await run(add);
    await run(add);
    await run(
      `ALTER TABLE \`front\`.\`parts\` ADD IF NOT EXISTS PARTITION (\`month\` = 'a b/c') LOCATION '${own.location}parts-none/'`,
    );
    expect(await run('SHOW PARTITIONS `front`.`parts`')).toEqual([['month=2026-07'], ['month=a b%2Fc']]);
    expect(await run('SELECT a, month FROM parts')).toEqual([
      ['a', 'month'],
      ['7', '2026-07'],
    ]);
    await trino(`CALL hive.system.unregister_partition('front', 'parts', ARRAY['month'], ARRAY['2026-07'])`);
    expect(await run('SHOW PARTITIONS `front`.`parts`')).toEqual([['month=a b%2Fc']]);
    expect(await run('SELECT a FROM parts')).toEqual([['a']]);
  });

  it('fail on a column that does not part the table', async () => {
    const Status = await failed(
      `ALTER TABLE \`front\`.\`parts\` ADD IF NOT EXISTS PARTITION (\`day\` = '1') LOCATION '${own.location}x/'`,
    );
    expect(Status?.AthenaError?.ErrorCategory).toBe(2);
  });
});

describe('views', () => {
  it('are switched at once: who reads meanwhile sees one side whole', async () => {
    for (const side of ['blue', 'green']) {
      await run(unload(`SELECT '${side}' AS side, a FROM unnest(sequence(1, 100)) t(a)`, side));
      await run(
        `CREATE EXTERNAL TABLE IF NOT EXISTS \`front\`.\`${side}\` (\`side\` string, \`a\` bigint) STORED AS PARQUET LOCATION '${own.location}${side}/'`,
      );
    }
    const point = async (side: string) => run(`CREATE OR REPLACE VIEW "front"."mart" AS SELECT side, a FROM "front"."${side}"`);
    await point('blue');
    const reads = Array.from({ length: 12 }, async () => run('SELECT side, count(*) AS n FROM mart GROUP BY side'));
    await point('green');
    const seen = (await Promise.all(reads)).map((rows) => JSON.stringify(rows.slice(1)));
    for (const each of seen) expect(['[["blue","100"]]', '[["green","100"]]']).toContain(each);
    expect(await run('SELECT DISTINCT side FROM mart')).toEqual([['side'], ['green']]);
    const ask = new GetTableMetadataCommand({ CatalogName: 'AwsDataCatalog', DatabaseName: 'front', TableName: 'mart' });
    expect((await athena.send(ask)).TableMetadata).toMatchObject({
      TableType: 'VIRTUAL_VIEW',
      Columns: [{ Name: 'side', Type: 'string' }, {}],
    });
    await run('DROP VIEW IF EXISTS "front"."mart"');
    await expect(athena.send(ask)).rejects.toMatchObject({ name: 'MetadataException' });
  });
});

describe('workgroups', () => {
  it('are told as they are set', async () => {
    const ask = new GetWorkGroupCommand({ WorkGroup: 'showback' });
    const { WorkGroup } = await athena.send(ask);
    expect(WorkGroup).toMatchObject({
      Name: 'showback',
      State: 'ENABLED',
      Configuration: {
        EnforceWorkGroupConfiguration: true,
        BytesScannedCutoffPerQuery: 10 * 1024 ** 3,
        ResultConfiguration: { OutputLocation: `s3://${engines().bucket}/athena-results/` },
        EngineVersion: { EffectiveEngineVersion: 'Athena engine version 3' },
      },
    });
    await withFront(
      { workgroups: { other: { cutoff: null, enforce: false, engineVersion: 'Athena engine version 2' } } },
      async (other, client) => {
        const { WorkGroup: changed } = await client.send(new GetWorkGroupCommand({ WorkGroup: 'other' }));
        expect(changed?.Configuration).toMatchObject({ EnforceWorkGroupConfiguration: false });
        expect(changed?.Configuration?.BytesScannedCutoffPerQuery).toBeUndefined();
        other.workgroup('showback', { state: 'DISABLED' });
        await expect(client.send(startOf('SELECT 1'))).rejects.toThrow('disabled');
        await expect(client.send(new GetWorkGroupCommand({ WorkGroup: 'nobody' }))).rejects.toThrow('not found');
        const nowhere = new StartQueryExecutionCommand({ QueryString: 'SELECT 1', WorkGroup: 'primary' });
        await expect(client.send(nowhere)).rejects.toThrow('No output location provided');
      },
    );
  });

  it('cut a query off that scans too much', async () => {
    await withFront({}, async (other, client) => {
      other.workgroup('showback', { cutoff: 100 });
      const { Status } = await ended(await start('SELECT sum(a) AS s FROM scanned', client), client);
      expect(Status).toMatchObject({ State: 'CANCELLED', StateChangeReason: 'Bytes scanned limit was exceeded' });
      other.inject({ scanLimit: 10_000_000 });
      expect((await ended(await start('SELECT sum(a) AS s FROM scanned', client), client)).Status?.State).toBe('SUCCEEDED');
    });
  });
});

describe('faults on order', () => {
  it.each(['TooManyRequestsException', 'ThrottlingException'] as const)('throttles with %s, and then no more', async (error) => {
    await withFront({}, async (other, client) => {
      other.inject({ throttle: { times: 2, error } });
      expect((await ended(await start('SELECT 1', client), client)).Status?.State).toBe('SUCCEEDED');
      expect(other.calls['StartQueryExecution']).toBe(3);
      expect(other.starts).toHaveLength(1);
      other.inject({ throttle: 1 });
      const impatient = athenaClientOf(other, engines(), 1);
      await expect(impatient.send(startOf('SELECT 1'))).rejects.toMatchObject({ name: 'TooManyRequestsException' });
      impatient.destroy();
    });
  });

  it('fails the query that it is told to fail', async () => {
    const failure = { category: 1, type: 200, retryable: true, message: 'Query engine had an internal error' } as const;
    front.inject({ failNext: { ...failure, when: /AS fails/ } });
    expect(await run('SELECT 1 AS works')).toEqual([['works'], ['1']]);
    expect(await failed('SELECT 1 AS fails')).toMatchObject({
      StateChangeReason: failure.message,
      AthenaError: { ErrorCategory: 1, ErrorType: 200, Retryable: true, ErrorMessage: failure.message },
    });
    expect(await run('SELECT 1 AS fails')).toEqual([['fails'], ['1']]);
  });

  it('lets a query be slow', async () => {
    front.inject({ slow: { milliseconds: 400, times: 1 } });
    const before = Date.now();
    await run('SELECT 1');
    expect(Date.now() - before).toBeGreaterThanOrEqual(400);
  });

  it('loses polls: a connection that ends, a server error', async () => {
    await withFront({}, async (other, client) => {
      const id = await start('SELECT 1', client);
      other.inject({ lostPolls: 2 });
      expect((await look(id, client)).QueryExecutionId).toBe(id);
      expect(other.calls['GetQueryExecution']).toBe(3);
      other.inject({ lostPolls: 1 });
      const impatient = athenaClientOf(other, engines(), 1);
      await expect(look(id, impatient)).rejects.toThrow(/socket hang up|ECONNRESET/);
      impatient.destroy();
    });
  });

  it('loses the answer of a start; the client comes again and starts nothing twice', async () => {
    await withFront({}, async (other, client) => {
      other.inject({ lostStarts: 1 });
      const id = await start('SELECT 1', client);
      expect(other.starts.map(({ repeated }) => repeated)).toEqual([false, true]);
      expect(new Set(other.starts.map((each) => each.id))).toEqual(new Set([id]));
    });
  });

  it('denies operations until it is told otherwise', async () => {
    front.inject({ accessDenied: ['StartQueryExecution'] });
    await expect(start('SELECT 1')).rejects.toMatchObject({ name: 'AccessDeniedException' });
    front.inject({ accessDenied: [] });
    expect(await run('SELECT 1 AS one')).toEqual([['one'], ['1']]);
  });
});

it.each([
  ['another kind of statement', 'INSERT INTO t SELECT 1'],
  ['Trino’s own DDL', 'CREATE TABLE t AS SELECT 1 AS one'],
  ['backticks in a view', 'CREATE OR REPLACE VIEW `front`.`v` AS SELECT 1 AS one'],
  ['double quotes in a table', `DROP TABLE IF EXISTS "front"."t"`],
  ['another format', `UNLOAD (SELECT 1) TO 's3://b/x/' WITH (format = 'ORC', compression = 'ZSTD')`],
  ['a prefix without its slash', `UNLOAD (SELECT 1) TO 's3://b/x' WITH (format = 'PARQUET', compression = 'ZSTD')`],
  [
    'a type that Hive does not know',
    "CREATE EXTERNAL TABLE IF NOT EXISTS `d`.`t` (`a` varchar) STORED AS PARQUET LOCATION 's3://b/x/'",
  ],
  ['a parenthesis that stays open', `UNLOAD (SELECT (1) TO 's3://b/x/' WITH (format = 'PARQUET')`],
  ['a quote that stays open', 'DROP TABLE IF EXISTS `d`.`t'],
  ['two statements', 'DROP TABLE IF EXISTS `d`.`t`; DROP TABLE IF EXISTS `d`.`u`'],
])('refuses %s', async (_what, sql) => {
  await expect(start(sql)).rejects.toMatchObject({
    name: 'InvalidRequestException',
    AthenaErrorCode: 'MALFORMED_QUERY',
    message: expect.stringMatching(/^line \d+:\d+: /),
  });
});
