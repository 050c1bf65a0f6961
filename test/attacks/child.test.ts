// The process that foreign SQL runs in: what it is given, what the system lets it do, and how it ends when it does not want to.
// Beside each limit stands what happens without it.
import { fork, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ChildProgram } from '../../src/cli/io.js';
import { openScratch, type SqlLimits } from '../../src/cli/sql-confined.js';
import type { SqlOrder } from '../../src/cli/sql-protocol.js';
import { type RowSink, runQuery } from '../../src/cli/sql-query.js';
import { Failure } from '../../src/kernel/failure.js';
import { openDuckDb } from '../../src/warehouse/duckdb.js';
import { cli, SQL_CHILD } from '../unit/cli/harness.js';
import { attackedCompany, type Company, contentOf } from './company.js';

let company: Company;
beforeAll(async () => {
  company = await attackedCompany();
});

const LIMITS: SqlLimits = { rows: 1000, bytes: 1_000_000, seconds: 20, memoryMb: 100, threads: 1 };

interface Told {
  readonly rows: readonly (readonly (string | null)[])[];
  readonly truncated: boolean;
  readonly code: string | null;
}

async function asked(sql: string, limits: Partial<SqlLimits> = {}, program: ChildProgram = SQL_CHILD): Promise<Told> {
  const rows: (readonly (string | null)[])[] = [];
  const sink: RowSink = { columns: async () => undefined, rows: async (batch) => void rows.push(...batch) };
  using scratch = await openScratch();
  const question = { sql, parameters: [], name: 'query' };
  const querying = { warehousePath: company.warehousePath, question, limits: { ...LIMITS, ...limits }, program, scratch };
  try {
    const { truncated } = await runQuery(querying, sink);
    return { rows, truncated, code: null };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { rows, truncated: false, code: error.problems[0]?.code ?? null };
  }
}

/** A child that was taken over: it does what this text says, and answers as it likes. */
async function takenOver(name: string, source: string): Promise<ChildProgram> {
  const file = join(company.dir, `${name}.mjs`);
  const frame = `const say = (answer) => process.send(answer);
    process.once('disconnect', () => process.exit());
    process.on('message', async (order) => {
      if (order.kind === 'open') return say({ kind: 'ready' });
      ${source}
    });`;
  await writeFile(file, frame);
  return { file, execArgv: [] };
}

const LOOK = `
  const { existsSync, writeFileSync, readFileSync } = await import('node:fs');
  const wrote = (() => { try { writeFileSync('/tmp/showback-attack-' + process.pid, 'x'); return 'wrote'; } catch (error) { return error.code; } })();
  (await import('node:fs')).rmSync('/tmp/showback-attack-' + process.pid, { force: true });
  const core = /Max core file size +(\\S+)/.exec(readFileSync('/proc/self/limits', 'utf8'))[1];
  const seen = [wrote, core, process.cwd(), Object.keys(process.env).sort().join(' '), process.argv.join(' ')];`;

describe('a child that was taken over', () => {
  it('sees no environment, writes no file, leaves no core, and never hears where the marts lie', async () => {
    process.env['SHOWBACK_TEST_SECRET'] = 'hunter2';
    const program = await takenOver(
      'looks',
      `${LOOK}
       if (order.kind === 'select') return say({ kind: 'columns', columns: seen.map((_, at) => ({ name: 'c' + at, type: 'VARCHAR' })) });
       globalThis.told = !globalThis.told;
       say(globalThis.told ? { kind: 'rows', rows: [seen] } : { kind: 'end' });`,
    );
    const { rows } = await asked('SELECT 1', {}, program);
    const [wrote, core, cwd, names, argv] = rows[0] ?? [];
    expect([wrote, core, cwd, names]).toEqual(['EFBIG', '0', '/', 'PWD TZ']);
    expect(argv).not.toContain(company.warehousePath);
    const free = await ofPlainChild(program);
    expect(free.slice(0, 1)).toEqual(['wrote']);
    expect(free[3]).toContain('SHOWBACK_TEST_SECRET');
  });

  it('is given a copy that has no name any more when the query begins', async () => {
    const program = await takenOver(
      'copies',
      `const { existsSync, readdirSync } = await import('node:fs');
       if (order.kind === 'select') {
         say({ kind: 'refused', exceptionType: 'Test', message: [globalThis.path, existsSync(globalThis.path)].join(' '), position: null });
       }`,
    );
    const spied = readFileSync(program.file, 'utf8').replace(
      "if (order.kind === 'open')",
      "if (order.kind === 'open') globalThis.path = order.path;\n if (order.kind === 'open')",
    );
    await writeFile(program.file, spied);
    const scratches = (): number => readdirSync(tmpdir()).filter((name) => name.startsWith('showback-sql-')).length;
    const before = scratches();
    using scratch = await openScratch();
    const question = { sql: 'SELECT 1', parameters: [], name: 'query' };
    const sink: RowSink = { columns: async () => undefined, rows: async () => undefined };
    const failed = await runQuery(
      { warehousePath: company.warehousePath, question, limits: LIMITS, program, scratch },
      sink,
    ).catch(String);
    expect(failed).toContain(`${join(scratch.dir, 'marts.duckdb')} false`);
    scratch[Symbol.dispose]();
    expect(scratches()).toBe(before);
  });

  it.each([
    ['never answers', 'for (;;);', 'sql/time'],
    ['dies', 'process.abort();', 'sql/crashed'],
    ['leaves', 'process.exit(0);', 'sql/crashed'],
    ['answers what is no answer', "say({ kind: 'columns', columns: 'all' });", 'sql/crashed'],
    [
      'answers rows of another width',
      "say(order.kind === 'select' ? { kind: 'columns', columns: [{ name: 'a', type: 'VARCHAR' }] } : { kind: 'rows', rows: [['1', '2']] });",
      'sql/crashed',
    ],
    [
      'answers values that are no text',
      "say(order.kind === 'select' ? { kind: 'columns', columns: [{ name: 'a', type: 'VARCHAR' }] } : { kind: 'rows', rows: [[{}]] });",
      'sql/crashed',
    ],
    [
      'floods',
      "say(order.kind === 'select' ? { kind: 'columns', columns: [{ name: 'a', type: 'VARCHAR' }] } : { kind: 'rows', rows: [['x'.repeat(100000)]] });",
      'sql/size',
    ],
  ])('and %s is ended and told', async (name, source, code) => {
    const program = await takenOver(name.replaceAll(' ', '-'), source);
    expect((await asked('SELECT 1', { seconds: 1 }, program)).code).toBe(code);
  });
});

describe('columns that carry SQL', () => {
  it('are names and types, and nothing else, where the answer becomes a file', async () => {
    const evil = `INTEGER); COPY (SELECT 1) TO '${company.dir}/written.csv'; --`;
    const columns = [
      { name: `a" FROM range(3); ${evil}`, type: evil },
      { name: 'b', type: 'DECIMAL(38,12)' },
    ];
    const program = await takenOver(
      'names',
      `if (order.kind === 'select') return say({ kind: 'columns', columns: ${JSON.stringify(columns)} });
       globalThis.told = !globalThis.told;
       say(globalThis.told ? { kind: 'rows', rows: [["'); DROP TABLE answer; --", '0.000000000001']] } : { kind: 'end' });`,
    );
    const told = await cli(['sql', 'select 1', '-o', 'evil.parquet', '--out', 'out', '--state', 'state'], {
      cwd: company.dir,
      sqlChild: program,
    });
    expect([told.code, told.err]).toEqual([0, '']);
    expect(existsSync(join(company.dir, 'written.csv'))).toBe(false);
    await using engine = await openDuckDb();
    expect(await engine.rows(`SELECT * FROM '${company.dir}/evil.parquet'`)).toEqual([
      { [columns[0]?.name ?? '']: "'); DROP TABLE answer; --", b: '0.000000000001' },
    ]);
  });
});

/** The same program without what holds it. */
async function ofPlainChild(program: ChildProgram): Promise<readonly string[]> {
  const child = fork(program.file, [], { execArgv: [...program.execArgv] });
  try {
    return await new Promise((resolve, reject) => {
      child.on('message', (answer: { readonly kind: string; readonly rows?: readonly (readonly string[])[] }) => {
        if (answer.kind === 'rows') resolve(answer.rows?.[0] ?? []);
      });
      child.once('exit', reject);
      child.send({ kind: 'more' });
    });
  } finally {
    child.kill('SIGKILL');
  }
}

const ENDLESS = 'SELECT count(*) FROM range(1000000000) a, range(1000000) b WHERE hash(a.range + b.range) = 3';

/** The process that runs the query for this one, once it does. */
function childOf(parent: number | undefined): string | null {
  const found = readdirSync('/proc').find((name) => {
    const status = /^\d+$/.test(name) ? readOrNothing(`/proc/${name}/status`) : '';
    return status.includes(`PPid:\t${parent}\n`) && readOrNothing(`/proc/${name}/cmdline`).includes('sql-child');
  });
  return found ?? null;
}

/** Processes come and go while they are listed. */
function readOrNothing(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

async function until<T>(look: () => T | null): Promise<T | null> {
  for (let tries = 0; tries < 200; tries++) {
    const found = look();
    if (found !== null) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return null;
}

describe('a query', () => {
  it.each([
    ['a text', "SELECT length(repeat('x', 2000000000))", 'sql/memory'],
    ['a list', 'SELECT len(range(400000000))', 'sql/memory'],
    ['what it sums', "SELECT string_agg(repeat('x', 1000000), '') FROM range(3000)", 'sql/memory'],
  ])('that grows %s beyond its memory is told so', async (_, sql, code) => {
    expect((await asked(sql)).code).toBe(code);
  });

  it.each([
    ['counts for ever', ENDLESS],
    ['recurses for ever', 'WITH RECURSIVE a AS (SELECT 1 AS i UNION ALL SELECT i % 7 FROM a) SELECT count(*) FROM a'],
    ['does not hear that it should stop', "SELECT levenshtein(repeat('a', 100000), repeat('b', 100000))"],
  ])('that %s is ended', async (_, sql) => {
    const began = performance.now();
    expect((await asked(sql, { seconds: 1 })).code).toBe('sql/time');
    expect(performance.now() - began).toBeLessThan(20_000);
  });

  it('that grows beyond its memory ends itself where the system does not hold it', async () => {
    const child = fork(SQL_CHILD.file, [], { execArgv: [...SQL_CHILD.execArgv], stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
    const say = (order: SqlOrder): boolean => child.send(order);
    const signal = await new Promise((resolve) => {
      child.on('message', () => say({ kind: 'select', request: { sql: 'SELECT len(range(400000000))', parameters: [] } }));
      child.once('exit', (_, by) => resolve(by));
      say({ kind: 'open', path: company.warehousePath, memoryMb: 64, threads: 1 });
    });
    expect(signal).toBe('SIGKILL');
  });

  it('goes when the one who asked is killed', async () => {
    const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
    const sql = ['sql', ENDLESS, '--out', 'out', '--state', 'state'];
    const parent = spawn(process.execPath, [main, ...sql], {
      cwd: company.dir,
      stdio: 'ignore',
      env: { TMPDIR: company.dir },
    });
    const copies = (): readonly string[] =>
      readdirSync(company.dir, { recursive: true, encoding: 'utf8' }).filter((name) => /^showback-sql-.*\/marts/.test(name));
    await until(() => copies()[0] ?? null);
    const child = await until(() => (copies().length === 0 ? childOf(parent.pid) : null));
    expect(child).not.toBeNull();
    parent.kill('SIGKILL');
    const gone = await until(() => (existsSync(`/proc/${child}/status`) ? null : 'gone'));
    expect(gone).toBe('gone');
  });

  it('may use what the limits leave', async () => {
    const long = await asked("SELECT length(repeat('x', 50000000))");
    expect(long).toEqual({ rows: [['50000000']], truncated: false, code: null });
  });

  it('gives rows to its limit, and a size to its limit', async () => {
    const cut = await asked('FROM range(100000)', { rows: 2500 });
    expect([cut.rows.length, cut.truncated, cut.code]).toEqual([2500, true, null]);
    expect((await asked("SELECT repeat('x', 1000) FROM range(2000)", { rows: 10_000 })).code).toBe('sql/size');
    expect((await asked("SELECT repeat('x', 20000000)", { bytes: 1e12 })).code).toBe('sql/size');
  });

  it('leaves the company as it was', async () => {
    const { rows } = await asked('SELECT count(*) FROM cost');
    expect(rows).toEqual([['2']]);
    const other = await company.twin();
    expect(contentOf(company.dir)).toContain(
      contentOf(other.dir)
        .split('\n')
        .find((line) => line.startsWith('secret.csv')),
    );
    expect(existsSync(company.warehousePath)).toBe(true);
  });
});
