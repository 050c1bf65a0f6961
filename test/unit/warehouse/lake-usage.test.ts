// Usage logs in the lake: each way in which a record or a file can be wrong has one outcome, and read = loaded + rejected.
import { readFile, writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { UsageSource } from '../../../src/pipeline/pipeline.js';
import { openDuckDb } from '../../../src/warehouse/duckdb.js';
import { writeUsage } from '../../../src/warehouse/load-usage.js';
import type { Row } from '../../../src/warehouse/warehouse.js';
import { Company, usage } from '../../contract/company.js';

const GOOD = { event_id: 'e', event_time: '2026-07-01T00:00:00Z', provider: 'openai', model: 'm', input_tokens: 5 };

function line(more: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({ ...GOOD, ...more });
}

/** The GOOD line with one value as raw JSON text. */
function raw(field: string, json: string): string {
  return line({ [field]: '@' }).replace('"@"', json);
}

async function read(
  name: string,
  content: string | Uint8Array,
  columns: string,
  more: Partial<UsageSource> = {},
): Promise<readonly Row[]> {
  await using company = await Company.make({ [`logs/${name}`]: content });
  const config = usage(more);
  const { files } = await company.load([config]);
  const rows = await company.ask([config], `SELECT ${columns} FROM raw.usage_event ORDER BY row`);
  const [counts] = await company.ask([config], 'SELECT count(*) AS records, count(reject) AS rejected FROM raw.usage_event');
  expect({ records: String(files[0]?.records), rejected: String(files[0]?.rejected) }).toEqual(counts);
  return rows;
}

/** The lanes that a log is read through, in order. */
async function lanesOf(content: string): Promise<readonly string[]> {
  await using company = await Company.make({ 'logs/a.jsonl': content });
  const [file] = (await company.land(usage())).files;
  await using engine = await openDuckDb({ threads: 1 });
  const lanes: string[] = [];
  const seen = new Proxy(engine, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      return (...given: readonly unknown[]) => {
        const text = String(given[0]);
        if (text.startsWith('COPY'))
          lanes.push(text.includes('without an id') ? 'ids' : text.includes('not a plain') ? 'keys' : 'each');
        return value.apply(target, given) as unknown;
      };
    },
  });
  if (file === undefined) throw new Error('nothing landed');
  await writeUsage(seen, [file], usage(), company.path('a.parquet'));
  return lanes;
}

const REJECTS: readonly (readonly [what: string, record: string, reject: string | null])[] = [
  ['a cut line', '{"event_id":"e"', 'malformed'],
  ['no object', '[1]', 'malformed'],
  ['a number', '3', 'malformed'],
  ['null', 'null', 'malformed'],
  ['a key given twice', line().replace('{', '{"event_id":"d",'), 'malformed'],
  ['another key given twice', line().replace('{', '{"other":1,"other":2,'), null],
  ['a key that nobody asks for given twice', line().replace('{', '{"run_id":"a","run_id":"b",'), null],
  [
    'the same without an id, which it may be told by',
    line({ event_id: undefined }).replace('{', '{"run_id":"a","run_id":"b",'),
    'malformed',
  ],
  ['the same with an empty id', line({ event_id: '' }).replace('{', '{"run_id":"a","run_id":"b",'), 'malformed'],
  ['a key that is only checked given twice', line().replace('{', '{"attempt":1,"attempt":2,'), 'malformed'],
  ['that without an id', line({ event_id: undefined }).replace('{', '{"attempt":1,"attempt":2,'), 'malformed'],
  ['text for an attempt, which is only checked', line({ attempt: 'many' }), 'bad_number'],
  ['a negative run time, which is only checked', line({ run_ms: -1 }), 'negative_quantity'],
  ['an object for what nobody asks for', line({ run_id: { a: 1 } }), null],
  ['a NUL byte in a text', line().replace('"m"', '"m\u0000"'), 'malformed'],
  ['two objects in a line', `${line()}${line()}`, 'malformed'],
  ['no time', line({ event_time: undefined }), 'missing_event_time'],
  ['an empty time', line({ event_time: '' }), 'missing_event_time'],
  ['no time at all', line({ event_time: 'yesterday' }), 'bad_event_time'],
  ['a time in microseconds', line({ event_time: 1782864000000000 }), 'bad_event_time'],
  ['an infinite time', line({ event_time: 'infinity' }), 'bad_event_time'],
  ['a time object', line({ event_time: { at: 1 } }), 'bad_event_time'],
  ['a bad recorded_at', line({ recorded_at: 'x' }), 'bad_event_time'],
  ['no provider', line({ provider: undefined }), 'missing_provider'],
  ['an empty provider', line({ provider: '' }), 'missing_provider'],
  ['true for a count', raw('input_tokens', 'true'), 'bad_number'],
  ['text for a count', line({ input_tokens: 'many' }), 'bad_number'],
  ['an object for a count', line({ input_tokens: {} }), 'bad_number'],
  ['1e400', raw('input_tokens', '1e400'), 'bad_number'],
  ['NaN', raw('input_tokens', 'NaN'), 'bad_number'],
  ['true for a quantity', raw('gpu_hours', 'true'), 'bad_number'],
  ['a negative count', line({ input_tokens: -1 }), 'negative_quantity'],
  ['a negative quantity', line({ egress_gb: -0.1 }), 'negative_quantity'],
  ['a fractional count', line({ output_tokens: 1.5 }), 'fractional_quantity'],
  ['a count beyond 2^53', raw('input_tokens', '9007199254740993'), 'quantity_too_large'],
  ['a huge quantity', raw('gpu_hours', '1e13'), 'quantity_too_large'],
  ['no model', line({ model: null }), 'missing_model'],
  ['no model, nothing metered', line({ model: null, input_tokens: 0 }), null],
  ['no model, review minutes', line({ model: null, input_tokens: null, review_minutes: 5 }), null],
  ['sample rate 0', line({ sample_rate: 0 }), 'bad_sample_rate'],
  ['sample rate 2', line({ sample_rate: 2 }), 'bad_sample_rate'],
  ['sample rate below the scale', line({ sample_rate: 1e-9 }), 'bad_sample_rate'],
  ['sample rate 1', line({ sample_rate: 1 }), null],
  ['another cache', line({ cache: 'warm' }), 'bad_cache'],
  ['another class', line({ workload_class: 'lunch' }), 'bad_workload_class'],
  ['no boolean', line({ batch: 'perhaps' }), 'bad_boolean'],
  ['a whole decimal', raw('input_tokens', '100.0'), null],
  ['a count as text', line({ input_tokens: '12' }), null],
];

describe('a JSONL record', () => {
  test('is judged the same whatever stands beside it', async () => {
    const together = await read('all.jsonl', REJECTS.map(([, record]) => record).join('\n'), 'row, reject');
    expect(together.map((row, at) => [REJECTS[at]?.[0], row['row'], row['reject']])).toEqual(
      REJECTS.map(([what, , reject], at) => [what, String(at + 1), reject]),
    );
    await using company = await Company.make(Object.fromEntries(REJECTS.map(([, record], at) => [`logs/${at}.jsonl`, record])));
    // Each by itself, with no other line that could send it through the slow lane.
    const alone = await company.ask([usage()], 'SELECT file, reject FROM raw.usage_event');
    const byFile = new Map(alone.map((row) => [row['file'], row['reject']]));
    expect(REJECTS.map(([what], at) => [what, byFile.get(`logs/${at}.jsonl`)])).toEqual(
      REJECTS.map(([what, , reject]) => [what, reject]),
    );
  });

  test('without a stated cost counts, whatever stands beside it', async () => {
    const lines = [line(), line({ stated_cost: '0.5' }), line({ stated_cost: null }), '{'];
    const rows = await read('a.jsonl', lines.join('\n'), 'reject, stated_cost', { statedCost: 'provider' });
    expect(rows.map((row) => [row['reject'], row['stated_cost']])).toEqual([
      [null, null],
      [null, '0.500000000000'],
      [null, null],
      ['malformed', null],
    ]);
  });

  test('may state a cost that only rounding makes too large for 24 decimals', async () => {
    const [row] = await read('a.jsonl', line({ stated_cost: '99999999999999.9999999999995' }), 'reject, stated_cost', {
      statedCost: 'provider',
    });
    expect(row).toEqual({ reject: null, stated_cost: '100000000000000.000000000000' });
  });

  test.each([
    ['4.9e-7', '0.000000'],
    ['5e-7', '0.000001'],
    ['9.3e-10', '0.000000'],
    ['5.684341886080802e-14', '0.000000'],
    ['1.5e3', '1500.000000'],
  ])('has its quantity %s as %s in both lanes', async (json, egress_gb) => {
    for (const other of ['', '\n{']) {
      const [row] = await read('a.jsonl', raw('egress_gb', json) + other, 'egress_gb, reject');
      expect(row).toEqual({ egress_gb, reject: null });
    }
  });

  test.each([
    ['2026-07-01T00:00:00Z', '2026-07-01 00:00:00'],
    ['2026-07-01T02:00:00+02:00', '2026-07-01 00:00:00'],
    ['2026-06-30T18:30:00.5-05:30', '2026-07-01 00:00:00.5'],
    ['2026-07-01 00:00:00', '2026-07-01 00:00:00'],
    ['2026-07-01T00:00:00.123456789Z', '2026-07-01 00:00:00.123456'],
    [1782864000, '2026-07-01 00:00:00'],
    [1782864000.25, '2026-07-01 00:00:00.25'],
    [1782864000123, '2026-07-01 00:00:00.123'],
    ['1782864000', '2026-07-01 00:00:00'],
  ])('has its time %s as UTC %s', async (event_time, expected) => {
    for (const other of ['', '\n{']) {
      const [row] = await read('a.jsonl', line({ event_time }) + other, 'event_time, reject');
      expect(row).toEqual({ event_time: expected, reject: null });
    }
  });

  test('keeps texts, and nulls for empty ones', async () => {
    const fields = 'provider, feature_id, customer_id, cache, batch';
    const [row] = await read(
      'a.jsonl',
      line({ provider: 'OpenAI', feature_id: '=1+1', customer_id: '', cache: 'HIT', batch: false }),
      fields,
    );
    expect(row).toEqual({
      provider: 'openai',
      feature_id: '=1+1',
      customer_id: null,
      cache: 'hit',
      batch: 'false',
    });
  });

  test('without an id has a key of what it says, whichever columns its file has', async () => {
    const plain = { event_id: undefined, customer_id: 'acme' };
    await using company = await Company.make({
      'logs/a.jsonl': line(plain),
      'logs/b.jsonl': [line({ ...plain, cache: 'miss' }), line(plain)].join('\n'),
      'logs/c.csv': 'event_time,provider,model,input_tokens,customer_id,feature_id\n2026-07-01T00:00:00Z,OpenAI,m,5,acme,\n',
    });
    const rows = await company.ask(
      [usage()],
      'SELECT count(*) AS n, count(event_key) AS keys FROM raw.usage_event GROUP BY record_key ORDER BY n',
    );
    expect(rows).toEqual([
      { n: '1', keys: '0' },
      { n: '3', keys: '0' },
    ]);
  });
});

describe('what no model asks of an event', () => {
  const without = { event_id: undefined };
  const [first, other] = [line({ ...without, run_id: 'a' }), line({ ...without, run_id: 'b' })];

  test.each([
    ['alone', []],
    [
      'behind more records with ids than are looked at first',
      Array.from({ length: 1500 }, (_, at) => line({ event_id: `e-${at}` })),
    ],
    ['beside a record that is none', ['{']],
  ])('tells records without an id apart, %s', async (_, before) => {
    const rows = await read('a.jsonl', [...before, first, other, first].join('\n'), 'reject, event_key, record_key');
    const [one, two, again] = rows.slice(-3).map((row) => row['record_key']);
    expect([one === again, one === two, one?.length]).toEqual([true, false, 32]);
    expect(rows.slice(-3).map((row) => [row['reject'], row['event_key']])).toEqual([
      [null, null],
      [null, null],
      [null, null],
    ]);
    // The key of a record is that of what it says, whatever stands before it.
    const [alone] = await read('b.jsonl', first, 'record_key');
    expect(alone?.['record_key']).toBe(one);
  });

  const many = Array.from({ length: 1500 }, (_, at) => line({ event_id: `e-${at}` }));

  test.each([
    ['is not read where records have ids', [...many, line({ event_id: 'last', run_id: true })], ['ids']],
    [
      'is not waited for beside a field that is',
      [...many, line({ run_id: true }), line({ team_id: 'a', region: 'b' })],
      ['ids', 'ids'],
    ],
    ['is read where one has none', [...many, first], ['ids', 'keys', 'keys']],
    ['is read at once where none has one', [first, other], ['keys']],
    ['is judged beside what is odd', [...many, line({ input_tokens: -1 })], ['ids', 'each']],
    ['is judged at once beside an odd record without an id', [line(), line({ ...without, input_tokens: -1 })], ['ids', 'each']],
  ])('%s', async (_, lines, lanes) => {
    expect(await lanesOf(lines.join('\n'))).toEqual(lanes);
  });

  test('tells lines of CSV without an id apart', async () => {
    const head = 'event_id,event_time,provider,model,input_tokens,run_id';
    const row = (id: string, run: string) => `${id},2026-07-01T00:00:00Z,openai,m,5,${run}`;
    const rows = await read('a.csv', [head, row('e', 'a'), row('', 'a'), row('', 'b')].join('\n'), 'event_id, record_key');
    expect(rows.map((each) => each['event_id'])).toEqual(['e', null, null]);
    expect(new Set(rows.map((each) => each['record_key'])).size).toBe(3);
  });
});

describe('small logs that are read together', () => {
  const plain = (count: number, file: string) => Array.from({ length: count }, (_, at) => line({ event_id: `${file}-${at}` }));

  test.each([
    [
      'in none that is looked at',
      10,
      (at: number) => (at === 1 ? [line({ event_id: 'x', region: 'eu' })] : plain(2, String(at))),
    ],
    [
      'behind the records that are looked at',
      2,
      (at: number) => [...plain(600, String(at)), line({ event_id: `x-${at}`, region: 'eu' })],
    ],
    [
      'and one that no usual buffer holds',
      2,
      (at: number) => [line({ event_id: `x-${at}`, region: 'eu', prompt: 'x'.repeat(2e6) })],
    ],
  ])('have a field that is %s', async (_, count, linesOf) => {
    const files = Array.from({ length: count }, (_none, at) => [`logs/${at}.jsonl`, linesOf(at).join('\n')] as const);
    await using company = await Company.make(Object.fromEntries(files));
    const rows = await company.ask(
      [usage()],
      `SELECT count(*) AS records, count(DISTINCT file || ' ' || row) AS places, count(region) AS regions, count(reject) AS rejects FROM raw.usage_event`,
    );
    const all = files.flatMap(([, text]) => text.split('\n'));
    const regions = all.filter((text) => text.includes('region')).length;
    expect(rows).toEqual([{ records: String(all.length), places: String(all.length), regions: String(regions), rejects: '0' }]);
  });
});

describe('a key given twice', () => {
  const map = { feature_id: 'tags.route', run_id: 'meta.run', customer_id: 'ctx.run' };
  const keys = (more: string) => line({ tags: { route: 'f' } }).replace('{', `{${more},`);
  const records = [
    [keys('"route":"a","route":"b"'), null],
    [keys('"meta":{"run":"a","run":"b"}'), null],
    [keys('"ctx":{"run":"a","run":"b"}'), 'malformed'],
    [keys('"ctx":{"run":"a"},"ctx":{"run":"a"}'), 'malformed'],
  ] as const;

  test.each(records)('is that of a field, wherever else its name is: %s', async (record, reject) => {
    for (const beside of [[], ['{'], [line({ event_id: undefined })]])
      expect((await read('a.jsonl', [record, ...beside].join('\n'), 'reject', { map }))[0]).toEqual({ reject });
  });
});

describe('a log', () => {
  test.each([
    ['CRLF and blank lines', `${line()}\r\n\r\n  \r\n${line()}\r\n`, 2, 0],
    ['a byte order mark', `\ufeff${line()}\n${line()}`, 2, 0],
    [
      'invalid UTF-8',
      Buffer.concat([Buffer.from(`${line()}\n{"event_id":"`), Buffer.from([0xff, 0xfe]), Buffer.from(`"}\n${line()}\n`)]),
      3,
      1,
    ],
    ['a line of 3 MB', `${line({ prompt: 'x'.repeat(3e6) })}\n${line()}\n`, 2, 0],
    ['a line of 20 MB', `${line({ prompt: 'x'.repeat(20e6) })}\n${line()}\n`, 2, 0],
    ['a line of 40 MB, which the usual buffer does not hold', `${line({ prompt: 'x'.repeat(40e6) })}\n${line()}\n`, 2, 0],
    ['nothing', '', 0, 0],
    ['blank lines only', '\n \n\n', 0, 0],
    ['NUL bytes between records', `${line()}\n\u0000\u0000\n${line()}\n`, 3, 1],
    ['an end inside a record', `${line()}\n{"event_id":`, 2, 1],
  ])('with %s', async (_, content, records, rejected) => {
    const rows = await read('a.jsonl', content, 'reject');
    expect([rows.length, rows.filter((row) => row['reject'] !== null).length]).toEqual([records, rejected]);
  });

  test('whose field appears after the sample is read again in full', async () => {
    const many = Array.from({ length: 1500 }, (_, at) => line({ event_id: `e-${at}` }));
    const rows = await read(
      'a.jsonl',
      [...many, line({ cache_read_tokens: 7, customer_id: 'late' })].join('\n'),
      'cache_read_tokens, customer_id',
    );
    expect(rows.at(-1)).toEqual({ cache_read_tokens: '7', customer_id: 'late' });
    expect(rows).toHaveLength(1501);
  });

  test.each([
    ['false', { batch: false }, 'batch', 'false'],
    ['zero', { cache_read_tokens: 0 }, 'cache_read_tokens', '0'],
    ['text', { region: 'eu' }, 'region', 'eu'],
    ['text like a truth', { region: 'true' }, 'region', 'true'],
  ])('has %s for the first time after the sample', async (_, late, column, value) => {
    const many = Array.from({ length: 1500 }, (__, at) => line({ event_id: `e-${at}` }));
    const rows = await read('a.jsonl', [...many, line(late)].join('\n'), `${column}, reject`);
    expect(rows.at(-1)).toEqual({ [column]: value, reject: null });
  });

  test.each([
    ['leading zeros', '"007"', '7', null],
    ['an exponent', '1e2', '100', null],
    ['a point', '5.0', '5', null],
    ['a fraction that a cast would round', '9.5', null, 'fractional_quantity'],
    ['an underscore', '"1_000"', null, 'bad_number'],
    ['minus zero', '-0', '0', null],
    ['one more than doubles hold', '9007199254740993', null, 'quantity_too_large'],
  ])('spells a count with %s', async (_, spelled, value, reject) => {
    const rows = await read('a.jsonl', `${line()}\n${raw('input_tokens', spelled)}`, 'input_tokens, reject');
    expect(rows.at(-1)).toEqual({ input_tokens: value, reject });
  });

  // Whatever the first thousand records show: a later one is held to the same.
  test.each([
    ['text', '"many"', null, 'bad_number'],
    ['digits in quotes', '"12"', '12', null],
    ['a fraction', '9.5', null, 'fractional_quantity'],
    ['a point', '5.0', '5', null],
    ['an object', '{"n":1}', null, 'bad_number'],
    ['infinity', '1e999', null, 'bad_number'],
    ['less than nothing', '-1', null, 'negative_quantity'],
    ['one more than doubles hold', '9007199254740993', null, 'quantity_too_large'],
    ['nothing', 'null', null, null],
    ['a truth', 'true', null, 'bad_number'],
  ])('has a count after the sample that is %s', async (_, spelled, value, reject) => {
    const many = Array.from({ length: 1500 }, (__, at) => line({ event_id: `e-${at}` }));
    const rows = await read('a.jsonl', [...many, raw('input_tokens', spelled)].join('\n'), 'input_tokens, reject');
    expect(rows.at(-1)).toEqual({ input_tokens: value, reject });
    expect(rows).toHaveLength(1501);
  });

  test('is never read beyond its fields', async () => {
    await using company = await Company.make({ 'logs/a.jsonl': `${line({ prompt: 'top-secret-prompt' })}\n{` });
    const { files } = await company.load([usage()]);
    expect((await readFile(files[0]?.lakePath ?? '', 'latin1')).includes('secret')).toBe(false);
  });

  test('that is cut is no log, packed one way or the other', async () => {
    const whole = gzipSync(Array.from({ length: 200 }, (_, at) => line({ event_id: `e-${at}` })).join('\n'));
    for (const bytes of [whole.subarray(0, whole.length >> 1), whole.subarray(0, whole.length - 1), Buffer.from('no gzip')]) {
      await using company = await Company.make({ 'logs/a.jsonl.gz': bytes });
      await expect(company.load([usage()])).rejects.toMatchObject({
        exitCode: 4,
        problems: [{ place: { file: 'logs/a.jsonl.gz' } }],
      });
    }
    await using company = await Company.make({ 'logs/a.parquet': 'PAR1 and no more' });
    await expect(company.load([usage()])).rejects.toMatchObject({
      exitCode: 4,
      problems: [{ place: { file: 'logs/a.parquet' } }],
    });
    await using quote = await Company.make({
      'logs/a.csv': 'event_time,provider\n2026-07-01,a\n2026-07-01,"a\n2026-07-02,b\n2026-07-02,b\n',
    });
    await expect(quote.load([usage()])).rejects.toMatchObject({ exitCode: 4, problems: [{ place: { file: 'logs/a.csv' } }] });
  });

  test('in members is one log', async () => {
    const part = gzipSync(`${line()}\n`);
    expect(await read('a.jsonl.gz', Buffer.concat([part, part]), 'reject')).toHaveLength(2);
  });

  test('of an unknown kind asks for one', async () => {
    await using company = await Company.make({ 'logs/a.dat': line() });
    await expect(company.load([usage()])).rejects.toMatchObject({ kind: 'user', problems: [{ code: 'source/format' }] });
    expect(await company.load([usage({ format: 'jsonl' })])).toMatchObject({ files: [{ records: 1 }] });
  });
});

describe('a mapped log', () => {
  const record = {
    id: 'e',
    at: '2026-07-01T00:00:00Z',
    usage: { prompt_tokens: 100, details: { cached: 30 } },
    'gen_ai.request.model': 'm',
    gen_ai: { system: 'x' },
  };
  const more: Partial<UsageSource> = {
    map: {
      event_id: 'id',
      event_time: 'at',
      model: 'gen_ai.request.model',
      input_tokens: 'usage.prompt_tokens',
      cache_read_tokens: 'usage.details.cached',
      region: 'gen_ai.system',
    },
    constants: { provider: 'openai', feature_id: 'none' },
    tokens: 'inclusive',
  };
  const columns = 'event_id, provider, model, region, feature_id, input_tokens, cache_read_tokens, reject';
  const good = {
    event_id: 'e',
    provider: 'openai',
    model: 'm',
    region: 'x',
    feature_id: 'none',
    input_tokens: '70',
    cache_read_tokens: '30',
    reject: null,
  };

  test('has nested and dotted fields, constants, and input without what was cached', async () => {
    expect(await read('a.jsonl', JSON.stringify(record), columns, more)).toEqual([good]);
    const mixed = [
      record,
      { ...record, usage: 5 },
      { ...record, feature_id: 'f', usage: { prompt_tokens: 10, details: { cached: 30 } } },
    ];
    expect(await read('a.jsonl', mixed.map((item) => JSON.stringify(item)).join('\n'), columns, more)).toEqual([
      good,
      { ...good, input_tokens: null, cache_read_tokens: null },
      { ...good, feature_id: 'f', input_tokens: '-20', reject: 'cached_exceeds_input' },
    ]);
  });

  test('in CSV and Parquet too', async () => {
    const header = 'id,at,gen_ai.request.model,usage.prompt_tokens,usage.details.cached,gen_ai.system\n';
    expect(await read('a.csv', `${header}e,2026-07-01T00:00:00Z,m,100,30,x\n`, columns, more)).toEqual([good]);
    await using engine = await openDuckDb({ threads: 1 });
    await using company = await Company.make();
    await company.write('logs/keep', '');
    await engine.run(
      `COPY (SELECT 'e' AS id, TIMESTAMPTZ '2026-07-01 02:00:00+02' AS at, {'prompt_tokens': 100, 'details': {'cached': 30}} AS usage, 'm' AS "gen_ai.request.model", ` +
        `{'system': 'x'} AS gen_ai) TO '${company.path('logs/a.parquet')}' (FORMAT parquet)`,
    );
    const rows = await company.ask(
      [usage({ ...more, files: ['logs/*.parquet'] })],
      `SELECT ${columns}, event_time FROM raw.usage_event`,
    );
    expect(rows).toEqual([{ ...good, event_time: '2026-07-01 00:00:00' }]);
  });

  test('whose time is nowhere says so, with the column that was meant', async () => {
    await using company = await Company.make({ 'logs/a.csv': 'event_tme,provider\n' });
    await expect(company.load([usage()])).rejects.toThrow('did you mean `event_tme`');
  });
});

describe('a stated cost', () => {
  test.each([
    ['"0.0000123456785"', '0.000012345678'],
    ['"0.0000123456775"', '0.000012345678'],
    ['"0.00001234567750000000000001"', null],
    ['"0.000012345677500000000001"', '0.000012345678'],
    ['0.25', '0.250000000000'],
    ['2.5e-7', '0.000000250000'],
    ['"0E-6176"', '0.000000000000'],
    ['0.12345678901234567', null],
    ['-1', null],
    ['"12,5"', null],
    ['true', null],
    ['1e400', null],
    ['null', undefined],
  ])('of %s is %s', async (json, expected) => {
    for (const other of ['', '\n{']) {
      const [row] = await read('a.jsonl', raw('stated_cost', json) + other, 'stated_cost, reject', { statedCost: 'provider' });
      expect(row).toEqual({ stated_cost: expected ?? null, reject: expected === null ? 'bad_stated_cost' : null });
    }
  });

  test('is not read where it is not the provider speaking', async () => {
    expect(await read('a.jsonl', raw('stated_cost', '"x"'), 'stated_cost, reject')).toEqual([
      { stated_cost: null, reject: null },
    ]);
  });
});

describe('many small logs', () => {
  const names = Array.from({ length: 60 }, (_, at) => `logs/${String(at).padStart(3, '0')}.jsonl`);

  test('share lake files, and one more log changes one of them', async () => {
    await using company = await Company.make(
      Object.fromEntries(names.map((name, at) => [name, `${line({ event_id: `e-${at}` })}\n${line({ event_id: `f-${at}` })}`])),
    );
    const before = new Set((await company.load([usage()])).files.map((file) => file.lakePath));
    expect(before.size).toBeLessThan(10);
    const rows = await company.ask(
      [usage()],
      'SELECT file, list(row ORDER BY row) AS places FROM raw.usage_event GROUP BY file ORDER BY file',
    );
    expect(rows.map((row) => row['file'])).toEqual(names);
    expect(new Set(rows.map((row) => row['places']))).toEqual(new Set(['["1","2"]']));
    await company.write('logs/030a.jsonl', line());
    const after = new Set((await company.load([usage()])).files.map((file) => file.lakePath));
    expect([...after].filter((path) => !before.has(path)).length).toBeLessThanOrEqual(2);
  });

  test('are read again when the reader of the source changes, and a half-written lake file is not believed', async () => {
    await using company = await Company.make({ 'logs/a.jsonl': line() });
    const [first] = (await company.load([usage()])).files;
    const [second] = (await company.load([usage({ constants: { feature_id: 'x' } })])).files;
    expect(second?.lakePath).not.toBe(first?.lakePath);
    await company.remove((first?.lakePath ?? '').replace(company.root, '').replace('.parquet', '.json'));
    await writeFile(first?.lakePath ?? '', 'half');
    expect(await company.ask([usage()], 'SELECT event_id FROM raw.usage_event')).toEqual([{ event_id: 'e' }]);
  });
});
