// Foreign SQL: what it may ask, what it may never do. The five attacks are those that read-only mode alone lets through.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { openDuckDb } from '../../src/warehouse/duckdb.js';
import { openClosed, Snapshot } from '../../src/warehouse/snapshot.js';
import { cli, tempFolder } from '../unit/cli/harness.js';

let dir = '';
let warehousePath = '';
let bytes = '';

beforeAll(async () => {
  dir = await tempFolder('sql');
  await mkdir(join(dir, 'state/runs/r1'), { recursive: true });
  await mkdir(join(dir, 'out/runs/r1'), { recursive: true });
  await symlink('runs/r1', join(dir, 'out/current'));
  const manifest = {
    schema_version: 1,
    run_id: 'r1',
    pipeline: 'p',
    as_of: '2026-09-30',
    currency: 'USD',
    months: [],
    files: [],
  };
  await writeFile(join(dir, 'out/current/current.json'), JSON.stringify(manifest));
  await writeFile(join(dir, 'secret.csv'), 'password\nhunter2\n');
  warehousePath = join(dir, 'state/runs/r1/warehouse.duckdb');
  await using warehouse = await openDuckDb({ path: warehousePath });
  await warehouse.run(`CREATE SCHEMA marts;
    CREATE TABLE marts.cost AS SELECT * FROM (VALUES
      (1, 'Assistant', CAST('1234.500000000001' AS DECIMAL(38,12)), DATE '2026-09-01', true, 9007199254740993),
      (2, '=cmd|''/c calc''!A1', CAST('-0.07' AS DECIMAL(38,12)), NULL, false, NULL)
    ) AS t(n, feature, amount, day, ok, events)`);
});
beforeAll(async () => {
  bytes = await hashOf(warehousePath);
});

async function hashOf(path: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
}

async function sql(query: string, ...args: readonly string[]): ReturnType<typeof cli> {
  return cli(['sql', query, '--out', 'out', '--state', 'state', ...args], { cwd: dir });
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

  it('is CSV whose numbers stay numbers and whose text no spreadsheet runs', async () => {
    const { out } = await sql('select feature, amount, day, ok from cost order by n', '--format', 'csv');
    expect(out).toBe(
      "feature,amount,day,ok\r\nAssistant,1234.500000000001,2026-09-01,true\r\n'=cmd|'/c calc'!A1,-0.070000000000,,false\r\n",
    );
  });

  it('is JSON with decimals as text', async () => {
    const { out } = await sql('select n, amount, ok, events from marts.cost order by n', '--format', 'json');
    expect(JSON.parse(out)).toEqual([
      { n: 1, amount: '1234.500000000001', ok: true, events: '9007199254740993' },
      { n: 2, amount: '-0.070000000000', ok: false, events: null },
    ]);
    expect((await sql('select n from cost where false', '--format', 'json')).out).toBe('[]\n');
  });

  it('says what tables there are and what they hold', async () => {
    expect((await sql('show tables', '--format', 'csv')).out).toBe('name\r\ncost\r\n');
    expect((await sql('describe cost')).out).toContain('DECIMAL(38,12)');
    expect(
      (await sql("select table_name from information_schema.tables where table_schema = 'marts'", '--format', 'csv')).out,
    ).toContain('cost');
  });

  it('may compute: unions, windows, macros of the engine, comments behind it', async () => {
    const query =
      'with a as (select n from cost union all from range(3)) select sum(n) over () as s from a qualify row_number() over () = 1 -- end';
    expect((await sql(query, '--format', 'csv')).out).toBe('s\r\n6\r\n');
  });

  it('ends at the row limit, and says so', async () => {
    const { code, out, err } = await sql('from range(100000)', '--limit', '3000', '--format', 'csv');
    expect(code).toBe(0);
    expect(out.trimEnd().split('\r\n')).toHaveLength(3001);
    expect(err).toContain('only the first 3000 rows');
    expect((await sql('from range(3)', '--limit', '3')).err).toBe('');
  });
});

describe('a mistake', () => {
  it('is pointed at', async () => {
    const { code, out, err } = await sql('select\n  foo\nfrom cost');
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain('"foo" not found');
    expect(err).toContain('      foo\n      ^');
  });

  it.each([
    ['select * from nowhere', 'sql/unknown-name'],
    ['', 'sql/no-query'],
    ['/* nothing */', 'sql/forbidden'],
    ['select 1; select 2', 'sql/forbidden'],
    ["select cast('x' as integer)", 'sql/invalid'],
    ['selec', 'sql/invalid'],
  ])('%j is told as %s', async (query, code) => {
    const told = await sql(query);
    expect(told.code).toBe(2);
    expect(told.err).toContain(`[${code}]`);
  });

  it('that never ends is ended', async () => {
    const began = performance.now();
    const { code, err } = await sql('select count(*) from range(1000000000000) t(i) where hash(i) = 3', '--timeout', '1');
    expect(code).toBe(2);
    expect(err).toContain('longer than 1 s [sql/time]');
    expect(performance.now() - began).toBeLessThan(15_000);
  });

  it('that needs too much memory is a clean error', async () => {
    const { code, err } = await sql("select list(repeat('x', 1000) || i) from range(10000000) t(i)", '--timeout', '30');
    expect(code).toBe(2);
    expect(err).toMatch(/\[sql\/(memory|crashed)\]/);
  });

  it('of asking before anything is published is told', async () => {
    const { code, err } = await cli(['sql', 'select 1', '--out', 'elsewhere'], { cwd: dir });
    expect(code).toBe(2);
    expect(err).toContain('publishes no run yet');
  });
});

/** `%DB%` is the attached file, `%DIR%` its company folder. */
const ATTACKS: readonly (readonly [string, string])[] = [
  ['1 overwrites the attached file', "COPY (SELECT 1) TO '%DB%' (FORMAT csv, USE_TMP_FILE false)"],
  ['1 the same inside EXPLAIN ANALYZE', "EXPLAIN ANALYZE COPY (SELECT 1) TO '%DB%' (FORMAT csv, USE_TMP_FILE false)"],
  ['2 writes a new file', "COPY (SELECT 1) TO '%DIR%/written.csv'"],
  ['3 turns on logging to files', "SELECT * FROM enable_logging(storage='file', storage_path='%DIR%/logs')"],
  ['4 dumps the raw database', "SELECT * FROM read_blob('%DB%')"],
  ['5 prints profiles', 'PRAGMA enable_profiling'],
  ['reads another file', "SELECT * FROM read_csv('%DIR%/secret.csv')"],
  ['reads another file by its name', "SELECT * FROM '%DIR%/secret.csv'"],
  ['reads another file through a query in text', "SELECT * FROM query('SELECT * FROM read_text(''%DIR%/secret.csv'')')"],
  ['lists files', "SELECT * FROM glob('%DIR%/*')"],
  ['attaches another file', "ATTACH '%DIR%/other.duckdb' AS other"],
  ['opens the network', "SELECT * FROM 'https://example.com/x.parquet'"],
  ['loads an extension', 'INSTALL httpfs'],
  ['unlocks', 'SET enable_external_access = true'],
  ['unlocks by reset', 'RESET disabled_filesystems'],
  ['changes a mart', 'DELETE FROM cost'],
  ['drops a mart', 'DROP TABLE marts.cost'],
  ['detaches', 'DETACH showback'],
  ['hides a second statement', "SELECT 1; COPY (SELECT 1) TO '%DIR%/written.csv'"],
  ['hides it in a CTE', "WITH a AS (SELECT * FROM read_text('%DIR%/secret.csv')) SELECT * FROM a"],
  ['hides it in an expression', "SELECT (SELECT content FROM read_text('%DIR%/secret.csv'))"],
  ['creates', 'CREATE TEMP TABLE t AS SELECT 1'],
  ['prepares', 'PREPARE p AS SELECT 1'],
  ['exports', "EXPORT DATABASE '%DIR%/dump'"],
  ['shows secrets', 'SELECT * FROM duckdb_secrets()'],
];

function armed(attack: string): string {
  return attack.replaceAll('%DB%', warehousePath).replaceAll('%DIR%', dir);
}

describe('an attack', () => {
  it.each(ATTACKS)('that %s is refused, and nothing changes', async (_, attack) => {
    await using snapshot = await Snapshot.open(warehousePath, { memory: '256MB', threads: 1 });
    await expect(snapshot.select(armed(attack))).rejects.toThrow(
      /only a SELECT may run|statements where one SELECT|may not be called here|does not exist|disabled|not supported|Parser/i,
    );
    expect(await hashOf(warehousePath)).toBe(bytes);
    for (const name of ['written.csv', 'logs', 'dump', 'other.duckdb']) expect(existsSync(join(dir, name)), name).toBe(false);
  });

  it.each(ATTACKS.filter(([name]) => /^[1-4]|reads|lists|attaches|unlocks|exports|changes/.test(name)))(
    'that %s comes to nothing even where the statement is not looked at',
    async (_, attack) => {
      {
        await using warehouse = await openClosed(warehousePath, { memory: '256MB', threads: 1 });
        const answer = await warehouse.rows(armed(attack)).catch(() => []);
        expect(JSON.stringify(answer)).not.toContain('hunter2');
      }
      expect(await hashOf(warehousePath)).toBe(bytes);
      for (const name of ['written.csv', 'logs', 'dump', 'other.duckdb']) expect(existsSync(join(dir, name)), name).toBe(false);
    },
  );

  it('through the command line ends with 2 and leaves the next question unharmed', async () => {
    for (const [, attack] of ATTACKS.slice(0, 6)) {
      const told = await sql(armed(attack));
      expect([told.code, told.out]).toEqual([2, '']);
    }
    expect((await sql('select count(*) as n from cost', '--format', 'csv')).out).toBe('n\r\n2\r\n');
    expect(await hashOf(warehousePath)).toBe(bytes);
  });

  it('finds nothing of the environment', async () => {
    const { out } = await sql("select * from duckdb_settings() where value like '%hunter2%'", '--format', 'csv');
    expect(out).toBe('');
  });
});
