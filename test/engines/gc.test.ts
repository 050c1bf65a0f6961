// `gc` on a real S3 server and a real Trino: what failed runs and old publications left goes; what is needed, or somebody else's, stays.
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { GcResult, WasteKind } from '../../src/run/api.js';
import { noteUploads } from '../../src/run/athena-uploads.js';
import { collectGarbage } from '../../src/run/gc.js';
import { registrarOf } from '../../src/run/register.js';
import { openStore } from '../../src/store/s3.js';
import type { ObjectStore } from '../../src/store/store.js';
import { openAthena } from '../../src/warehouse/athena-queries.js';
import { type Company, companyOf, run } from '../golden/company.js';
import { type Front, startAthenaFront } from './athena-front.js';
import { onAthena } from './company.js';
import { type Database, database, engines, trino } from './started.js';

const BASE = join(import.meta.dirname, '../../fixtures/errors/.base/running');
const LATER = new Date('2031-01-01T00:00:00Z');
const SLOW = 600_000;
const STATE = '.showback';

function storeAt(prefix: string): ObjectStore & Disposable {
  const { bucket, s3Endpoint, accessKey, secretKey, region } = engines();
  const credentials = { accessKeyId: accessKey, secretAccessKey: secretKey };
  const store = openStore({ bucket, prefix, region, endpoint: s3Endpoint, pathStyle: true, credentials });
  return { ...store, [Symbol.dispose]: () => store.close() };
}

async function keysOf(store: ObjectStore, prefix = ''): Promise<readonly string[]> {
  const keys: string[] = [];
  for await (const page of store.list(prefix)) keys.push(...page.map(({ key }) => key));
  return keys;
}

async function namesIn({ name }: Database): Promise<readonly string[]> {
  return (await trino('SHOW TABLES', { schema: name })).rows.map(([table]) => table ?? '');
}

/** A table of somebody else's, or one that says whose it is. */
async function plant({ name: schema, location }: Database, table: string, pipeline: string | null): Promise<void> {
  const mark = pipeline === null ? '' : `, extra_properties = MAP(ARRAY['showback.pipeline'], ARRAY['${pipeline}'])`;
  const where = `external_location = '${location}planted/', format = 'PARQUET'`;
  await trino(`CREATE TABLE "${table}" (x varchar) WITH (${where}${mark})`, { schema });
}

async function gc(company: Company, dryRun: boolean): Promise<GcResult> {
  return collectGarbage({ pipelineFile: company.pipelineFile, dryRun, listener: () => undefined, now: () => LATER });
}

function countsOf({ waste }: GcResult): Readonly<Partial<Record<WasteKind, number>>> {
  const counts: Partial<Record<WasteKind, number>> = {};
  for (const { kind } of waste) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

function pathsOf({ waste }: GcResult, kind: WasteKind): readonly string[] {
  return waste.filter((item) => item.kind === kind).map(({ path }) => path);
}

/** A run of another delivery, which fails at its first table. Gives its key, and its log as it goes up. */
async function failedRun(company: Company, front: Front, id: string): Promise<readonly [run: string, upload: string]> {
  const file = join(company.folder, 'usage/july.jsonl');
  const [first = ''] = (await readFile(file, 'utf8')).split('\n');
  const text = `${first}\n${first.replace(/"event_id":"[^"]*"/, `"event_id":"${id}"`)}\n`;
  await writeFile(file, text);
  const failure = { category: 2, type: 1000, retryable: false, message: 'SYNTAX_ERROR: planted' } as const;
  front.inject({ failNext: { ...failure, when: /^CREATE EXTERNAL/ } });
  const before = front.starts.length;
  await expect(run(company)).rejects.toThrow('planted');
  const made = front.starts.slice(before).find(({ text: sql }) => sql.startsWith('CREATE'))?.text ?? '';
  const upload = `${FOLDER}${createHash('sha256').update(text).digest('hex')}.jsonl`;
  return [/`r([0-9a-f]{16})_/.exec(made)?.[1] ?? '', upload];
}

const FOLDER = `landing/${Buffer.from('app').toString('hex')}/`;
const HEX = (digit: string): string => digit.repeat(16);
const THEIR_LOG = `${FOLDER}${'1'.repeat(64)}.jsonl`;

/** What is none of the pipeline's. */
function foreign(shared: string): Readonly<Record<string, string>> {
  return {
    [`run=${HEX('a')}/staging.x/1/data.parquet`]: 'theirs',
    [`run=${HEX('b')}/staging.x/1/data.parquet`]: 'theirs',
    [`run=${HEX('b')}/showback.json`]: JSON.stringify({ schema_version: 1, pipeline: 'other', mark: 'm' }),
    [`${FOLDER}${'0'.repeat(64)}.jsonl`]: '{}',
    [THEIR_LOG]: '{}',
    'owners/other.json': JSON.stringify({ schema_version: 1, pipeline: 'other', keys: [THEIR_LOG, shared] }),
    'notes.txt': 'theirs',
  };
}

async function plantTables(own: Database, old: string): Promise<void> {
  const schema = own.name;
  await plant(own, `r${old}_staging_x`, 'shop');
  await plant(own, `r${HEX('b')}_staging_x`, 'other');
  await plant(own, `r${HEX('c')}_staging_x`, null);
  await plant(own, 'theirs', null);
  await trino(`CREATE VIEW r${HEX('e')}_staging_y AS SELECT 1 AS x WHERE 'showback.pipeline=shop' IS NOT NULL`, { schema });
  await trino(`CREATE VIEW r${HEX('f')}_staging_y AS SELECT 1 AS x`, { schema });
}

const KEPT_TABLES = [`r${HEX('b')}_staging_x`, `r${HEX('c')}_staging_x`, `r${HEX('f')}_staging_y`, 'theirs'];

describe('what runs on Athena leave', () => {
  it('goes but for the newest run and what is somebody else’s; with --dry-run all of it stays', { timeout: SLOW }, async () => {
    await using company = await companyOf(BASE);
    await using athena = await onAthena(company, 'gc_athena', '\nretention: { runs: 3, deliveries_days: 0 }');
    using store = storeAt('gc_athena');
    const [old, first] = await failedRun(company, athena.front, 'one');
    await store.put(`run=${old}/staging.x/1/data.parquet`, 'rows');
    await sleep(1100);
    const [, second] = await failedRun(company, athena.front, 'two');
    await sleep(1100);
    const [newest, third] = await failedRun(company, athena.front, 'three');
    // The second log is another pipeline's too.
    const planted = foreign(second);
    await noteUploads(store, 'shop', [first, second, third]);
    for (const key of [first, second, third]) await store.put(key, 'a log');
    for (const [key, text] of Object.entries(planted)) await store.put(key, text);
    await plantTables(athena.database, old);
    const [keys, names] = [await keysOf(store), await namesIn(athena.database)];

    const would = await gc(company, true);
    expect(await keysOf(store)).toEqual(keys);
    expect(await namesIn(athena.database)).toEqual(names);
    const went = await gc(company, false);
    expect(went).toEqual(would);

    expect(countsOf(went)).toMatchObject({ 'athena-run': 2, 'athena-notes': 2, upload: 1 });
    expect(went.waste.find(({ path }) => path.endsWith(`run=${old}/`))).toMatchObject({ kind: 'athena-run', files: 2 });
    expect(pathsOf(went, 'athena-table')).toEqual(
      expect.arrayContaining([`gc_athena.r${old}_staging_x`, `gc_athena.r${HEX('e')}_staging_y`]),
    );
    expect(pathsOf(went, 'upload')).toEqual([store.url(first)]);
    expect(went.notes).toEqual([
      `1 folders run=… below ${store.url('')} do not say whose they are: they stay`,
      `1 files below ${store.url('landing/')} are noted by no pipeline: they stay`,
    ]);

    const left = await keysOf(store);
    expect(left).toEqual(expect.arrayContaining([...Object.keys(planted), second, third]));
    const ofRuns = left.filter((key) => key.startsWith('run=')).map((key) => key.slice(4, 20));
    expect(new Set(ofRuns)).toEqual(new Set([HEX('a'), HEX('b'), newest]));
    const isNewest = (name: string): boolean => name.startsWith(`r${newest}_`);
    const kept = await namesIn(athena.database);
    expect(kept.filter((name) => !isNewest(name))).toEqual(KEPT_TABLES);
    expect(kept.filter(isNewest)).toEqual(names.filter(isNewest));
    expect(await readdir(join(company.folder, STATE, 'athena'))).toEqual([newest]);
    expect((await gc(company, false)).waste).toEqual([]);
  });
});

const MART = 'showback_team_month';
const COLUMNS = { [MART]: [{ name: 'team', type: 'VARCHAR' }] };

/** A pipeline that publishes there; nothing of it is run. */
async function publisher(company: Company, front: Front, prefix: string): Promise<void> {
  const { s3Endpoint, region, accessKey, secretKey, bucket } = engines();
  process.env['AWS_ACCESS_KEY_ID'] = accessKey;
  process.env['AWS_SECRET_ACCESS_KEY'] = secretKey;
  const yaml = await readFile(company.pipelineFile, 'utf8');
  const more = `
retention: { runs: 3, deliveries_days: 0 }
publish:
  s3: s3://${bucket}/${prefix}/
  region: ${region}
  endpoint: "${s3Endpoint}"
  path_style: true
  keep_days: 0
  athena: { workgroup: showback, database: ${prefix}, endpoint: "${front.url}" }
`;
  await writeFile(company.pipelineFile, `${yaml}${more}`);
  await mkdir(join(company.folder, STATE), { recursive: true });
}

/** Runs on S3 and in the catalogue, as publishing leaves them, each a second younger than the one before. */
async function publishedRuns(company: Company, front: Front, own: Database, store: ObjectStore): Promise<readonly string[]> {
  const { accessKey, secretKey, region } = engines();
  await using queries = await openAthena({
    workgroup: 'showback',
    database: own.name,
    region,
    endpoint: front.url,
    credentials: { accessKeyId: accessKey, secretAccessKey: secretKey },
    output: own.location,
    tokenDir: join(company.folder, 'tokens'),
    runId: 'gc',
    budgetBytes: null,
    deadlineSeconds: 60,
  });
  const registrar = registrarOf({ queries, database: own.name, pipeline: 'shop', columns: COLUMNS, rows: new Map([[MART, 0]]) });
  const runs = ['run1', 'run2', 'run3', 'run4', 'run5'];
  for (const [at, runId] of runs.entries()) {
    await store.put(`runs/${runId}/csv/${MART}.csv`, 'team\r\n');
    await store.put(`runs/${runId}/current.json`, '{}');
    const marts = [{ name: MART, columns: COLUMNS[MART] ?? [], partitions: [] }];
    await registrar.register({ runId, fence: at + 1, location: store.url(`runs/${runId}/`), marts });
    await sleep(1100);
  }
  const pointer = { schema_version: 1, run_id: 'run5', fence: 5, previous: ['run4', 'run3'], registered: true, files: [] };
  await store.put('current.json', JSON.stringify(pointer));
  return runs;
}

async function partitionsOf({ name }: Database, table: string): Promise<readonly string[]> {
  const { rows } = await trino(`SELECT run FROM "${table}$partitions" ORDER BY 1`, { schema: name });
  return rows.map(([found]) => found ?? '');
}

describe('what publishing leaves on S3 and in the catalogue', () => {
  it('goes with its partitions, under the lease; tables of others stay as they are', { timeout: SLOW }, async () => {
    await using company = await companyOf(BASE);
    const front = await startAthenaFront(engines());
    try {
      const own = await database('gc_published');
      using store = storeAt('gc_published');
      await publisher(company, front, own.name);
      await publishedRuns(company, front, own, store);
      const [table = ''] = (await namesIn(own)).filter((name) => /^showback_team_month_[0-9a-f]{8}$/.test(name));
      // A mart of columns that no run has any more.
      const earlier = `${MART}_00000000`;
      const partition = async (name: string): Promise<unknown> =>
        trino(
          `CALL system.register_partition('${own.name}', '${name}', ARRAY['run'], ARRAY['run1'], '${own.location}runs/run1/')`,
        );
      for (const [name, owner] of [
        [earlier, 'shop'],
        ['theirs', 'other'],
        ['nobodys', null],
      ] as const) {
        const mark = owner === null ? '' : `, extra_properties = MAP(ARRAY['showback.pipeline'], ARRAY['${owner}'])`;
        const where = `external_location = '${own.location}planted/', format = 'PARQUET', partitioned_by = ARRAY['run']`;
        await trino(`CREATE TABLE "${name}" (x varchar, run varchar) WITH (${where}${mark})`, { schema: own.name });
        await partition(name);
      }
      await store.put('runs-of-theirs/file', 'theirs');
      await store.put(
        'lease.json',
        JSON.stringify({ holder: 'h', fence: 9, expires: '2031-01-02T00:00:00Z', released: false, nonce: 'n' }),
      );
      await expect(gc(company, false)).rejects.toMatchObject({ kind: 'locked' });
      expect(await partitionsOf(own, table)).toHaveLength(5);
      await store.put(
        'lease.json',
        JSON.stringify({ holder: 'h', fence: 9, expires: '2026-01-02T00:00:00Z', released: true, nonce: 'n' }),
      );

      const would = await gc(company, true);
      expect(await partitionsOf(own, table)).toHaveLength(5);
      const went = await gc(company, false);
      expect(went).toEqual(would);
      expect(went.waste.map(({ kind, path, files }) => [kind, path, files])).toEqual([
        ['athena-partition', `gc_published.${earlier}/run=run1`, 1],
        ['athena-table', `gc_published.${earlier}`, 1],
        ['athena-partition', `gc_published.${table}/run=run1`, 1],
        ['athena-partition', `gc_published.${table}/run=run2`, 1],
        ['s3-run', store.url('runs/run2/'), 2],
        ['s3-run', store.url('runs/run1/'), 2],
      ]);
      expect(await partitionsOf(own, table)).toEqual(['run3', 'run4', 'run5']);
      expect([await partitionsOf(own, 'theirs'), await partitionsOf(own, 'nobodys')]).toEqual([['run1'], ['run1']]);
      expect(await namesIn(own)).not.toContain(earlier);
      const keys = await keysOf(store);
      expect(keys.filter((key) => /^runs\/run[12]\//.test(key))).toEqual([]);
      expect(keys).toContain('runs-of-theirs/file');
      expect((await trino(`SELECT count(*) FROM ${MART}`, { schema: own.name })).rows).toEqual([['0']]);
      expect((await gc(company, false)).waste).toEqual([]);
    } finally {
      await front.stop();
    }
  });
});
