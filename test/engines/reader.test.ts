// Usage logs read by DuckDB into the lake and by Trino from lines of text are the same rows.
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { UsageSource } from '../../src/pipeline/pipeline.js';
import { trinoLineOf, trinoUsageSelect } from '../../src/warehouse/trino-usage.js';
import { usage } from '../contract/company.js';
import { duckReading, type Files, type Parting, partings, type TextTables } from './both-readers.js';
import { hostileFiles } from './hostile-logs.js';
import { ODD, PARTED, raw, record, REJECTED } from './reader-corpus.js';
import { anyRecords, check } from './random-records.js';
import { database } from './started.js';
import { textTables, zstd } from './text-tables.js';
import { TrinoError } from './trino-client.js';

let tables: TextTables;
const compared = { records: 0, rejected: 0 };
const STATED: Partial<UsageSource> = { statedCost: 'provider' };
const WHOLE = [record({ event_id: 'f' }), record({ event_id: undefined })].join('\n');

beforeAll(async () => {
  tables = textTables(await database('reader'));
});
afterAll(() => {
  process.stderr.write(`readers: ${compared.records} records compared, ${compared.rejected} of them refused by both\n`);
});

async function same(files: Files, more: Partial<UsageSource> = {}): Promise<Parting> {
  const parting = await partings(files, tables, more);
  expect({ duck: parting.duck, trino: parting.trino }).toEqual({ duck: [], trino: [] });
  expect(parting.trinoRejects).toEqual(parting.rejects);
  compared.records += parting.records;
  compared.rejected += parting.records - (parting.rejects['counts'] ?? 0);
  return parting;
}

describe('DuckDB and Trino', { timeout: 600_000 }, () => {
  test('judge every record of the corpus alike, packed or not', async () => {
    const odd = Buffer.from(ODD.join('\n'));
    const files = {
      'a.jsonl': odd,
      'b.jsonl.gz': gzipSync(REJECTED.join('\r\n')),
      'c.jsonl.zst': zstd(Buffer.from(REJECTED.join('\n'))),
    };
    const { rejects } = await same(files, STATED);
    expect(Object.keys(rejects).sort()).toEqual(
      [
        'bad_boolean',
        'bad_cache',
        'bad_event_time',
        'bad_number',
        'bad_sample_rate',
        'bad_stated_cost',
        'bad_workload_class',
        'counts',
      ]
        .concat([
          'fractional_quantity',
          'malformed',
          'missing_event_time',
          'missing_model',
          'missing_provider',
          'negative_quantity',
          'quantity_too_large',
        ])
        .sort(),
    );
  });

  test('read what counts alike where no other record is odd', async () => {
    const { records } = await duckReading(
      { 'a.jsonl': ODD.map((line, at) => line.replace('{', `{"principal_id":"${at}",`)).join('\n') },
      STATED,
    );
    const counts = new Set(
      records.filter((text) => !text.includes(' reject=')).map((text) => Number(/ principal_id="(\d+)"/.exec(text)?.[1] ?? -1)),
    );
    expect(counts.size).toBeGreaterThan(600);
    await same({ 'a.jsonl': ODD.filter((_, at) => counts.has(at)).join('\n') }, STATED);
  });

  test('part at these alone, which Trino refuses', async () => {
    const parting = await partings({ 'a.jsonl': [...PARTED, record()].join('\n') }, tables);
    expect(parting.rejects).toEqual({ counts: PARTED.length + 1 });
    expect(parting.trinoRejects).toEqual({ counts: 1, malformed: PARTED.length });
  });

  test('read fields wherever the map says, whatever they are called', async () => {
    const map = {
      event_time: 'at',
      model: 'gen.model',
      account_id: `it's "a\\b"]['x`,
      principal_id: 'τ~/é',
      input_tokens: 'usage.0.tokens',
      region: 'x.y.z',
      customer_id: '$.a',
    };
    const constants = { provider: 'OpenAI', feature_id: "o'prod", model: 'none' };
    const base = { at: '2026-07-01T00:00:00Z', output_tokens: 1, cache_read_tokens: 2, cache_write_1h_tokens: 1 };
    const lines: readonly object[] = [
      {
        ...base,
        [map.account_id]: 'r',
        'τ~/é': 't',
        'gen.model': 'a',
        gen: { model: 'b' },
        usage: [{ tokens: 9 }],
        'x.y.z': 'flat',
        '$.a': 'c',
      },
      { ...base, gen: { model: 'b' }, usage: { 0: { tokens: 2 } }, x: { 'y.z': 'none', y: { z: 'deep' } }, $: { a: 'd' } },
      { ...base, gen: { model: null }, usage: [], x: [1], provider: '', feature_id: 'dev' },
      { ...base, gen: 'text', usage: [7], x: { y: [3] }, provider: 'x' },
      { ...base, gen: { model: '' }, 'usage.0.tokens': 4, x: { y: { z: { a: 1.5 } } } },
    ];
    const twice = JSON.stringify({ ...base, gen: { model: 'c' } });
    const files = {
      'a b/%20é.jsonl': [
        ...lines.map((line) => JSON.stringify(line)),
        twice.replace('"model"', '"model":"a","model"'),
        twice.replace('"model"', '"other":"a","other":1,"model"'),
        twice.replace('{"model"', '{"model":"a"},"gen":{"model"'),
      ].join('\n'),
    };
    const { rejects } = await same(files, { map, constants, tokens: 'inclusive' });
    expect(rejects).toMatchObject({ malformed: 2 });
  });

  test('know which keys are to be there once: those of fields that are read, and of a record without an id all', async () => {
    const map = { run_id: 'ctx.run', feature_id: 'tags.route', customer_id: 'ctx.customer' };
    const told = (id: object, more: string) =>
      JSON.stringify({ ...id, event_time: '2026-07-01T00:00:00Z', provider: 'p' }).replace('{', `{${more},`);
    const lets = [
      '"route":"a","route":"b"',
      '"run_id":"a","run_id":"b"',
      '"ctx":{"run":1,"run":2}',
      '"ctx":{"model":1,"model":2,"customer":"c"}',
      '"status":"a","status":"b","tags":{"route":"f"}',
    ];
    const refuses = [
      '"tags":{"route":"a","route":"b"}',
      '"ctx":{"customer":"a","customer":"b"}',
      '"ctx":{"run":1},"ctx":{"run":1}',
    ];
    const ids = [...lets, ...refuses].map((more, at) => told({ event_id: `e-${at}` }, more));
    const without = [...lets, ...refuses].map((more) => told({}, more));
    const empty = [...lets, ...refuses].map((more) => told({ event_id: '' }, more));
    expect((await same({ 'a.jsonl': ids.join('\n') }, { map })).rejects).toEqual({ counts: 5, malformed: 3 });
    // `run_id` itself is no field of this map, `ctx.model` neither; `route`, `status` and `ctx.run` are.
    for (const lines of [without, empty])
      expect((await same({ 'a.jsonl': lines.join('\n') }, { map })).rejects).toEqual({ counts: 2, malformed: 6 });
  });

  test('read the hostile logs alike', async () => {
    const files = await hostileFiles();
    const { records } = await same(files);
    expect(records).toBeGreaterThan(40);
  });

  test('read the logs of the demo alike', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'showback-demo-'));
    try {
      await promisify(execFile)('npx', ['tsx', 'fixtures/demo/generate/main.ts', '--days', '3', '--out', folder]);
      const logs = path.join(folder, 'usage/app');
      const names = (await readdir(logs, { recursive: true })).filter((name) => name.endsWith('.gz'));
      const files = await Promise.all(names.map(async (name) => [name, await readFile(path.join(logs, name))] as const));
      const { records } = await same(Object.fromEntries(files));
      expect(records).toBeGreaterThan(5000);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  test('read random records alike', async () => {
    await check(anyRecords, async (lines) => void (await same({ 'a.jsonl': lines.join('\n') }, STATED)));
  });
});

describe('where Trino cannot know better', { timeout: 300_000 }, () => {
  test.each([
    ['a CR alone ends a line', `${record()}\r${record()}\n`, { malformed: 1, counts: 2 }, { counts: 4 }],
    ['what follows the sign of columns is lost', `${record()}\u0001x\n`, { malformed: 1, counts: 2 }, { counts: 3 }],
  ])('%s', async (_what, text, duck, seen) => {
    const parting = await partings({ 'a.jsonl': text + WHOLE }, tables);
    expect([parting.rejects, parting.trinoRejects]).toEqual([duck, seen]);
  });

  test('a file does without its first mark of UTF-8, and no other record does', async () => {
    await same({ 'a.jsonl': `\ufeff${WHOLE}\n\ufeff${record()}` });
  });
});

/** Objects that went from bucket to bucket were opened by nobody before. */
describe('a packed log that is damaged ends the query', { timeout: 300_000 }, () => {
  const lines = Array.from({ length: 5000 }, (_, at) => record({ event_id: `e${at}` })).join('\n');
  const whole = gzipSync(lines);
  const packed = zstd(Buffer.from(lines));
  test.each([
    ['gzip, cut', 'a.jsonl.gz', whole.subarray(0, whole.length / 2)],
    ['gzip, cut in its last bytes', 'a.jsonl.gz', whole.subarray(0, whole.length - 4)],
    ['gzip, with a byte that is another', 'a.jsonl.gz', Buffer.from(whole).fill(0, 2000, 2100)],
    ['zstd, cut', 'a.jsonl.zst', packed.subarray(0, packed.length / 2)],
  ])('%s', async (_what, name, body) => {
    const table = await tables.table({ [name]: body });
    await expect(tables.trino(`SELECT count(*) FROM ${table.name}`)).rejects.toThrow(TrinoError);
  });

  test('but for what follows a gzip that is whole and begins none: it is not read, as docs/athena.md says', async () => {
    const first = gzipSync(`${lines}\n`);
    const second = Buffer.from(first);
    const counted = async (body: Uint8Array) => {
      const { name } = await tables.table({ 'a.jsonl.gz': body });
      return (await tables.trino(`SELECT CAST(count(*) AS VARCHAR) FROM ${name}`)).rows;
    };
    expect(await counted(Buffer.concat([first, second]))).toEqual([['10000']]);
    second[0] = 0;
    expect(await counted(Buffer.concat([first, second]))).toEqual([['5000']]);
  });
});

describe('the row of a record', { timeout: 300_000 }, () => {
  test('is the same in every reading, and tells its line', async () => {
    const lines = [record(), record(), raw('input_tokens', '-1'), record({ note: 'é' }), '{', '{', '\\N'];
    const first = await tables.table({ 'a.jsonl': lines.join('\n') });
    const again = await tables.table({ 'a.jsonl': [...lines].reverse().join('\n') });
    const rowsOf = async (table: typeof first) => {
      const select = trinoUsageSelect({
        config: usage(),
        textTable: table.name,
        fileOf: { kind: 'below', location: table.location },
      });
      return (await tables.trino(`SELECT "row", reject FROM (${select}) ORDER BY 1`)).rows;
    };
    const rows = await rowsOf(first);
    expect(await rowsOf(again)).toEqual(rows);
    const negative = rows.find(([, reject]) => reject === 'negative_quantity')?.[0] ?? '';
    const found = await tables.trino(`SELECT line FROM ${first.name} WHERE ${trinoLineOf(negative)}`);
    expect(found.rows).toEqual([[lines[2]]]);
  });

  test('comes only from files that were landed', async () => {
    const { name, location } = await tables.table({ 'a.jsonl': record(), 'b.jsonl': record() });
    const names = new Map([[`${location}b.jsonl`, `it's "b"`]]);
    const select = trinoUsageSelect({ config: usage(), textTable: name, fileOf: { kind: 'each', names } });
    expect((await tables.trino(`SELECT file, event_id FROM (${select})`)).rows).toEqual([[`it's "b"`, 'e']]);
  });
});
