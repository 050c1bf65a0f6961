// The engines themselves: what other tests of this folder lean on.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { s3ClientOf } from './s3-server.js';
import { bucket, type Database, database, engines, s3Client, trino } from './started.js';
import { queryTrino, TrinoError } from './trino.js';

let own: Database;
beforeAll(async () => {
  own = await database('engines');
});

describe('Trino', () => {
  it('answers every value as its text', async () => {
    const { columns, rows } =
      await trino(`SELECT 9223372036854775807 AS big, CAST('-1.10' AS DECIMAL(38,12)) AS money, nan() AS nan,
      true AS yes, CAST(NULL AS VARCHAR) AS nothing, '' AS empty, ARRAY[1, NULL] AS list, TIMESTAMP '2026-01-02 03:04:05.678901' AS moment`);
    expect(rows).toEqual([
      ['9223372036854775807', '-1.100000000000', 'NaN', 'true', null, '', '[1,null]', '2026-01-02 03:04:05.678901'],
    ]);
    expect(columns.slice(0, 2)).toEqual([
      { name: 'big', type: 'bigint' },
      { name: 'money', type: 'decimal(38, 12)' },
    ]);
  });

  it('answers more rows than fit in one page', async () => {
    const { rows } = await trino('SELECT a * 10000 + b FROM unnest(sequence(1, 10)) s(a), unnest(sequence(1, 10000)) t(b)');
    expect(new Set(rows.flat()).size).toBe(100_000);
  });

  it('tells a mistake with its name, line and column', async () => {
    const error = await trino('SELECT 1,\n  nope').catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(TrinoError);
    expect(error).toMatchObject({ errorName: 'COLUMN_NOT_FOUND', errorType: 'USER_ERROR', line: 2, column: 3 });
  });

  it('stops a query when the signal does', async () => {
    const endless =
      'SELECT sum(a * b * c) AS endless FROM unnest(sequence(1, 9999)) s(a), unnest(sequence(1, 9999)) t(b), unnest(sequence(1, 9999)) u(c)';
    const controller = new AbortController();
    const reason = new Error('enough');
    const running = trino(endless, {
      signal: controller.signal,
      onProgress: ({ state }) => state === 'RUNNING' && controller.abort(reason),
    });
    await expect(running).rejects.toBe(reason);
    const ended = await trino(
      `SELECT error_code FROM system.runtime.queries WHERE query LIKE 'SELECT sum(a * b * c) AS endless%'`,
    );
    expect(ended.rows).toEqual([['USER_CANCELED']]);
  });

  it('reads and writes tables on S3, and says how much it read', async () => {
    await trino(`CREATE TABLE t WITH (external_location = '${own.location}t/', format = 'PARQUET') AS SELECT 1 AS a`, {
      schema: own.name,
    });
    const { rows, stats } = await trino('SELECT a FROM t', { schema: own.name });
    expect(rows).toEqual([['1']]);
    expect(stats.physicalInputBytes).toBeGreaterThan(0);
  });
});

describe('the S3 server', () => {
  const client = s3Client();
  afterAll(() => client.destroy());

  it('gives back what was put', async () => {
    const Bucket = await bucket('engines-own');
    await client.send(new PutObjectCommand({ Bucket, Key: 'a/b c=1', Body: 'text' }));
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: 'a/b c=1' }));
    expect(await Body?.transformToString()).toBe('text');
  });

  it('lets one of two create an object', async () => {
    const put = async () =>
      client.send(new PutObjectCommand({ Bucket: engines().bucket, Key: 'engines/once', Body: 'x', IfNoneMatch: '*' }));
    const ends = await Promise.allSettled([put(), put()]);
    expect(ends.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  it.each([
    ['access key', { accessKey: 'AKNOBODY' }, 'InvalidAccessKeyId'],
    ['secret', { secretKey: 'wrong' }, 'SignatureDoesNotMatch'],
    ['region', { region: 'us-west-2' }, 'AuthorizationHeaderMalformed'],
  ])('refuses a wrong %s', async (_what, wrong, name) => {
    const stranger = s3ClientOf({ ...engines(), ...wrong });
    await expect(stranger.send(new ListObjectsV2Command({ Bucket: engines().bucket }))).rejects.toMatchObject({ name });
    stranger.destroy();
  });
});

// The servers of a run are children of vitest; this one is killed before it can stop its own.
it('ends a server when the one who started it is killed', { timeout: 60_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'showback-orphan-'));
  const script = `import { startS3Server } from '${join(import.meta.dirname, 's3-server.ts')}';
    const { s3Endpoint } = await startS3Server('${folder}');
    console.log(s3Endpoint);`;
  const parent = spawn('node', ['--import', 'tsx', '--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [chunk] = (await once(parent.stdout, 'data')) as [Buffer];
  const endpoint = chunk.toString().trim();
  expect((await fetch(endpoint)).status).toBe(403);
  parent.kill('SIGKILL');
  await expect
    .poll(
      async () =>
        fetch(endpoint).then(
          () => 'up',
          () => 'gone',
        ),
      { timeout: 10_000 },
    )
    .toBe('gone');
  await rm(folder, { recursive: true });
});

it('says so when Trino cannot be reached', async () => {
  await expect(queryTrino('http://127.0.0.1:9', 'SELECT 1')).rejects.toThrow('fetch failed');
});
