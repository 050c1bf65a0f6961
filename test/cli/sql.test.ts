// Questions to the published marts: how they are asked, how they are answered, what is said of mistakes. What hostile ones come
// to is in test/attacks.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tableFromIPC } from 'apache-arrow';
import { beforeAll, describe, expect, it } from 'vitest';
import { openDuckDb } from '../../src/warehouse/duckdb.js';
import { Snapshot } from '../../src/warehouse/snapshot.js';
import { publishedByHand } from '../golden/published.js';
import { cli, NO_RUNS, screen, SQL_CHILD, type Told, tempFolder } from '../unit/cli/harness.js';
import { runCli } from '../../src/cli/program.js';

let dir = '';
beforeAll(async () => {
  dir = await tempFolder('sql');
  await using warehouse = await openDuckDb({ path: await publishedByHand(dir) });
  await warehouse.run(`CREATE SCHEMA marts;
    CREATE TABLE marts.cost AS SELECT * FROM (VALUES
      (1, 'Assistant', CAST('1234.500000000001' AS DECIMAL(38,12)), DATE '2026-09-01', true, 9007199254740993),
      (2, '=cmd|''/c calc''!A1', CAST('-0.07' AS DECIMAL(38,12)), NULL, false, NULL)
    ) AS t(n, feature, amount, day, ok, events);
    COMMENT ON TABLE marts.cost IS 'What each feature cost.';
    COMMENT ON COLUMN marts.cost.amount IS 'Exact amount; negative is a credit, which is said at some length so that it is wrapped'`);
});

async function sql(...args: readonly string[]): Promise<Told> {
  return cli(['sql', ...args, '--out', 'out', '--state', 'state'], { cwd: dir });
}

/** On a terminal of that width. */
async function shown(columns: number, ...args: readonly string[]): Promise<Told> {
  const [stdout, stderr] = [screen({ isTTY: true, columns }), screen()];
  const io = { stdout, stderr, stdin: async () => '', env: { NO_COLOR: '1' }, cwd: dir, now: () => new Date(0) };
  const code = await runCli(['sql', ...args, '--out', 'out', '--state', 'state'], {
    ...io,
    runs: async () => NO_RUNS,
    sqlChild: SQL_CHILD,
  });
  return { code, out: stdout.text, err: stderr.text };
}

describe('an answer', () => {
  it('is a table with exact figures, plain names meaning marts', async () => {
    const { code, out, err } = await sql('select feature, amount, day, events from cost order by n');
    expect([code, err]).toEqual([0, '']);
    expect(out.split('\n')).toEqual([
      'feature                       amount  day                   events',
      '─────────────────  ─────────────────  ──────────  ────────────────',
      'Assistant          1234.500000000001  2026-09-01  9007199254740993',
      "=cmd|'/c calc'!A1    -0.070000000000",
      '2 rows',
      '',
    ]);
  });

  it('is CSV whose numbers stay numbers and whose text no spreadsheet runs, the names of columns neither', async () => {
    const { out } = await sql('select feature, amount, day, ok as "=ok" from cost order by n', '--format', 'csv');
    expect(out).toBe(
      "feature,amount,day,'=ok\r\nAssistant,1234.500000000001,2026-09-01,true\r\n'=cmd|'/c calc'!A1,-0.070000000000,,false\r\n",
    );
  });

  it('is JSON with decimals as text, in the order of the query', async () => {
    const query = `select amount as "2", n as "1", ok, events, 0.5::double as x, [amount] as l, {'a': amount} as s, chr(155) as t
      from marts.cost order by n limit 1`;
    const { out } = await sql(query, '--format', 'json');
    expect(out).toBe(
      '[\n{"2":"1234.500000000001","1":1,"ok":true,"events":"9007199254740993","x":0.5,"l":["1234.500000000001"],"s":{"a":"1234.500000000001"},"t":"\\u009b"}\n]\n',
    );
    expect((await sql('select n from cost where false', '--format', 'json')).out).toBe('[]\n');
  });

  it('is one JSON object a line', async () => {
    const { out } = await sql('select n, amount, day from cost order by n', '--format', 'ndjson');
    expect(out).toBe('{"n":1,"amount":"1234.500000000001","day":"2026-09-01"}\n{"n":2,"amount":"-0.070000000000","day":null}\n');
  });

  it('ends at the row limit that was asked for, and says so', async () => {
    const { code, out, err } = await sql('from range(100000)', '--limit', '3000', '--format', 'csv');
    expect(code).toBe(0);
    expect(out.trimEnd().split('\r\n')).toHaveLength(3001);
    expect(err).toContain('only the first 3000 rows');
  });

  it('is never cut for programs unless they said so', async () => {
    const { code, err } = await sql('from range(1000001)', '-o', 'long.csv');
    expect([code, existsSync(join(dir, 'long.csv'))]).toEqual([2, false]);
    expect(err).toContain('more than 1,000,000 rows, and stops there [sql/rows]');
  });

  it('moves no cursor and stays small, whatever names and values it has', async () => {
    const { out } = await shown(
      80,
      "select 'a' || chr(27) || '[2J' as t, repeat('x', 100000) as long from cost",
      '--format',
      'table',
    );
    expect(out).toContain('a\\u001b[2J');
    expect(out.length).toBeLessThan(1000);
    const piped = await sql(`select repeat('x', 100000) as long, n as "${'y'.repeat(10_000)}" from cost`);
    expect(piped.out.length).toBeLessThan(10_000);
    expect((await shown(80, "select 'a' || chr(27) as t", '--format', 'csv')).out).toBe('t\r\na\\u001b\r\n');
  });
});

const TYPED = `select amount, sum(events) over () as whole, events, n::utinyint as small, day, ok,
  timestamptz '2026-09-01 02:00:00.5+02' as at, 0.1::double as x, [amount] as list, feature as "Feature", n as feature from cost order by n`;

describe('a file', () => {
  it('of Parquet keeps every type and digit', async () => {
    const { code, out } = await sql(TYPED, '--output', 'a.parquet');
    expect([code, out]).toEqual([0, '']);
    await using engine = await openDuckDb();
    const columns = await engine.describe(`SELECT * FROM '${dir}/a.parquet'`);
    const whole = [
      'DECIMAL(38,12)',
      'DECIMAL(38,0)',
      'BIGINT',
      'UTINYINT',
      'DATE',
      'BOOLEAN',
      'TIMESTAMP WITH TIME ZONE',
      'DOUBLE',
    ];
    expect(columns.map(({ type }) => type)).toEqual([...whole, 'VARCHAR', 'VARCHAR', 'INTEGER']);
    const [row] = await engine.rows(`SELECT amount, whole, events, "at", list FROM '${dir}/a.parquet'`);
    expect(Object.values(row ?? {})).toEqual([
      '1234.500000000001',
      '9007199254740993',
      '9007199254740993',
      '2026-09-01 00:00:00.5+00',
      '["1234.500000000001"]',
    ]);
  });

  it.each(['a.arrow', 'a.arrows'])('of Arrow does too: %s', async (file) => {
    expect((await sql(TYPED, '-o', file)).code).toBe(0);
    const table = tableFromIPC(await readFile(join(dir, file)));
    expect(table.numRows).toBe(2);
    expect(table.schema.fields.slice(0, 4).map(({ type }) => String(type))).toEqual([
      'Decimal[38e+12]',
      'Decimal[38e0]',
      'Int64',
      'Uint8',
    ]);
    const limbs = table.getChildAt(0)?.get(0) as Uint32Array;
    expect(limbs.reduceRight((sum, limb) => (sum << 32n) | BigInt(limb), 0n)).toBe(1_234_500_000_000_001n);
    expect(table.getChildAt(2)?.get(0)).toBe(9007199254740993n);
  });

  it('without rows is one all the same', async () => {
    await sql('select amount from cost where false', '-o', 'none.arrow');
    expect(tableFromIPC(await readFile(join(dir, 'none.arrow'))).schema.fields.map(({ name }) => name)).toEqual(['amount']);
  });

  it('stands only when it is whole, and what stood there stays until then', async () => {
    await writeFile(join(dir, 'kept.csv'), 'before');
    const failing = "select case when i = 150000 then error('late') else i end as i from range(200000) t(i)";
    expect((await sql(failing, '-o', 'kept.csv')).code).toBe(2);
    expect(await readFile(join(dir, 'kept.csv'), 'utf8')).toBe('before');
    expect((await sql('select n from cost order by n', '-o', 'kept.csv')).code).toBe(0);
    expect(await readFile(join(dir, 'kept.csv'), 'utf8')).toBe('n\r\n1\r\n2\r\n');
    expect(readdirSync(dir).filter((name) => name.startsWith('.kept'))).toEqual([]);
  });

  it.each([
    ['out/runs/r1/x.csv', 'belongs to runs'],
    ['state/x.csv', 'belongs to runs'],
    ['link/x.csv', 'belongs to runs'],
    ['nowhere/x.csv', 'there is no folder'],
    ['out', 'this is a folder'],
  ])('is not %s', async (file, reason) => {
    if (!existsSync(join(dir, 'link'))) await symlink('state', join(dir, 'link'));
    const { code, err } = await sql('select 1 as one', '--output', file);
    expect([code, err.includes(reason), err.includes('[sql/output]')]).toEqual([2, true, true]);
  });

  it('may be a pipe, which stays one', async () => {
    execFileSync('mkfifo', [join(dir, 'pipe')]);
    const [read] = await Promise.all([
      readFile(join(dir, 'pipe'), 'utf8'),
      sql('select n from cost order by n', '-o', 'pipe', '-f', 'ndjson'),
    ]);
    expect(read).toBe('{"n":1}\n{"n":2}\n');
    expect(readdirSync(dir)).toContain('pipe');
  });

  it('is what a terminal gets no bytes of', async () => {
    const { code, out, err } = await shown(80, 'select 1', '--format', 'parquet');
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain('parquet is no text, and this is a terminal [sql/output]');
  });

  it('that cannot hold a value says so', async () => {
    const { code, err } = await sql("select '170141183460469231731687303715884105727'::hugeint as big", '-o', 'big.parquet');
    expect([code, existsSync(join(dir, 'big.parquet'))]).toEqual([2, false]);
    expect(err).toContain('[sql/value]');
    expect(err).toContain('CAST(value AS VARCHAR)');
  });
});

describe('a question', () => {
  it('takes values of the type that it compares them with', async () => {
    const query = 'select n from cost where amount > $least and (day = $day or feature like $name) order by n limit $most';
    const values = ['least=1234.5', 'day=2026-09-01', 'name=%;drop table cost%', 'most=5'].flatMap((each) => ['--param', each]);
    expect((await sql(query, ...values, '-f', 'csv')).out).toBe('n\r\n1\r\n');
    expect((await sql('select $1 as a, $2 as b', '--param', '1=x=y', '--param', '2=', '-f', 'csv')).out).toBe(
      'a,b\r\nx=y,""\r\n',
    );
  });

  it('without its values is told', async () => {
    const { code, err } = await sql('select n from cost where day = $day', '--param', 'day=soon');
    expect([code, err.includes("$day is 'soon', which is no DATE [sql/param]")]).toEqual([2, true]);
    await using snapshot = await Snapshot.open(join(dir, 'state/runs/r1/warehouse.duckdb'), { memory: '100MB', threads: 1 });
    await expect(snapshot.select('select n from cost where day = $day')).rejects.toThrow('asks for $day, and no value is given');
    await expect(snapshot.select('select 1', new Map([['day', '1']]))).rejects.toThrow('no parameter $day');
  });

  it('comes from a file or from standard input', async () => {
    await writeFile(join(dir, 'q.sql'), '\ufeff-- the cost\nselect n\nfrom cost order by n;\n');
    expect((await sql('--file', 'q.sql', '-f', 'csv')).out).toBe('n\r\n1\r\n2\r\n');
    const piped = await cli(['sql', '-', '-f', 'csv', '--out', 'out', '--state', 'state'], {
      cwd: dir,
      stdin: async () => 'select 7 as n',
    });
    expect(piped.out).toBe('n\r\n7\r\n');
    await writeFile(join(dir, 'bad.sql'), 'select n,\n  foo\nfrom cost');
    expect((await sql('--file', 'bad.sql')).err).toContain('bad.sql:2:3: Referenced column "foo" not found');
  });

  it.each([
    [[], 'no query is given'],
    [[''], 'the query is empty'],
    [['select', '1'], 'put it in quotes'],
    [['select 1', '--file', 'q.sql'], 'two questions'],
    [['--file', 'none.sql'], 'cannot be read'],
    [['.tabels'], 'did you mean `.tables`?'],
    [['.describe'], '.describe takes one mart'],
    [['x'.repeat(1_000_001)], 'are the most'],
  ])('that is none is told before anything starts: %#', async (args, reason) => {
    const { code, err } = await sql(...args);
    expect([code, err.includes(reason), err.includes('[sql/no-query]')]).toEqual([2, true, true]);
  });

  it('may be what marts there are, and what one means, which is wrapped', async () => {
    expect((await sql('.tables', '-f', 'csv')).out).toBe('mart,rows,answers\r\ncost,2,What each feature cost.\r\n');
    const { out } = await shown(70, '.describe', 'cost');
    expect(out.split('\n').slice(0, 6)).toEqual([
      'column   type            meaning',
      'n        INTEGER',
      'feature  VARCHAR',
      'amount   DECIMAL(38,12)  Exact amount; negative is a credit, which is',
      '                         said at some length so that it is wrapped',
      'day      DATE',
    ]);
    expect((await sql('.describe cots')).err).toContain('did you mean `cost`?');
  });

  it('may be one that the engine knows: show, describe, summarize, unions, windows', async () => {
    const query = `with a as (select n from cost union all select n from (describe cost) d, cost)
      select count(*) over () as s from a qualify row_number() over () = 1 -- end`;
    expect((await sql(query, '-f', 'csv')).out).toBe('s\r\n14\r\n');
  });
});

describe('a mistake', () => {
  it.each([
    ['select\n  foo\nfrom cost', 'query:2:3: ', '      foo\n      ^'],
    ["select 'ü😀' || foo from cost", 'query:1:17: ', "    select 'ü😀' || foo from cost\n                    ^"],
    ["select 'ü😀' from from", 'query:1:19: ', '\n                      ^'],
  ])('is pointed at: %j', async (query, place, caret) => {
    const { code, out, err } = await sql(query);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(place);
    expect(err).toContain(caret);
  });

  it('in a long line is shown with what is around it', async () => {
    const { err } = await sql(`select ${Array.from({ length: 200 }, () => 'n').join(', ')}, amont from cost`);
    expect(err).toMatch(/^ {4}….{100}\n {4} {61}\^$|^ {4}….*amont from cost\n {65}\^$/m);
    expect(err).toContain('there are `amount`');
  });

  it.each([
    ['select * from coost', 'sql/unknown-name', 'did you mean `cost`?'],
    ['select 1; select 2', 'sql/forbidden', 'one SELECT'],
    ['/* nothing */', 'sql/forbidden', 'one SELECT'],
  ])('%j is told as %s', async (query, code, remedy) => {
    const told = await sql(query);
    expect(told.code).toBe(2);
    expect(told.err).toContain(`[${code}]`);
    expect(told.err).toContain(remedy);
  });

  it.each([
    [['--param', 'nothing'], 'month=2026-09'],
    [['--memory', '1MB'], '64MB'],
    [['--size', 'big'], '500MB'],
    [['--timeout', '0'], 'from 1'],
    [['--format', 'xml'], 'arrow'],
  ])('in an option is told: %j', async (args, told) => {
    const { code, err } = await sql('select 1', ...args);
    expect([code, err.includes(told)]).toEqual([2, true]);
  });

  it('of asking before anything is published is told', async () => {
    const { code, err } = await cli(['sql', 'select 1', '--out', 'elsewhere'], { cwd: dir });
    expect(code).toBe(2);
    expect(err).toContain('publishes no run yet');
  });
});
