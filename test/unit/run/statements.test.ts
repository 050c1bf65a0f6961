// Statements of a closed month whose customers have every name that logs may bring.
import { createHash } from 'node:crypto';
import { appendFile, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Failure } from '../../../src/kernel/failure.js';
import type { StatementsResult } from '../../../src/run/closing-api.js';
import { statementFile } from '../../../src/run/statement-names.js';
import { writeStatements } from '../../../src/run/statements.js';
import { openDuckDb } from '../../../src/warehouse/duckdb.js';

const HOSTILE = [
  '../../etc/passwd',
  '..',
  '/root/x',
  'a\\b',
  'Acme',
  'ACME',
  "x' OR '1'='1",
  '=1+1',
  '+cmd|calc',
  '@sum',
  'con',
  'NUL',
  'aux.csv',
  '\u202egpj.exe',
  'ünïcode',
  'Ü'.repeat(300),
  'two\nlines',
  'with, comma "quoted"',
  '_index',
  '(others)',
  ' acme ',
  'acme.csv',
  '日本',
];
const PLAIN = ['acme', 'bolt'];
const NOBODY = ['(unallocated)', '(idle)'];

let folder = '';
let pipelineFile = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'showback-statements-'));
  await cp('fixtures/errors/.base/running', folder, { recursive: true });
  pipelineFile = join(folder, 'pipeline.yaml');
  await closedBooks([...PLAIN, ...HOSTILE, ...NOBODY]);
});

afterEach(async () => rm(folder, { recursive: true }));

const sha256 = (bytes: string | Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const STATEMENT = 'parquet/customer_statement/billing_month=2026-07/data.parquet';

/** Books in which July is closed, with two rows a customer: 1.10 and 0.01 more for each. */
async function closedBooks(customers: readonly string[], more: Readonly<Record<string, unknown>> = {}): Promise<void> {
  const books = join(folder, '.showback/closed/shop');
  const file = join(books, '2026-07.1/files', STATEMENT);
  await mkdir(dirname(file), { recursive: true });
  await using engine = await openDuckDb({ threads: 1 });
  await engine.run(
    'CREATE TABLE s (billing_month VARCHAR, customer_id VARCHAR, feature_id VARCHAR, currency VARCHAR, amount DECIMAL(38,12), statement_amount DECIMAL(38,4))',
  );
  const rows = customers.flatMap((customer, at) => [
    ['2026-07', customer, 'chat', 'USD', '1.1', '1.1'],
    ['2026-07', customer, '-search', 'USD', `0.${String(at + 1).padStart(2, '0')}`, `0.${String(at + 1).padStart(2, '0')}`],
  ]);
  await engine.insert('s', ['billing_month', 'customer_id', 'feature_id', 'currency', 'amount', 'statement_amount'], rows);
  await engine.run(`COPY s TO '${file}' (FORMAT parquet)`);
  const bytes = await readFile(file);
  const made = { path: STATEMENT, mart: 'customer_statement', month: '2026-07', rows: rows.length, bytes: bytes.length };
  const lock = JSON.stringify({
    versions: 'showback 0',
    files: [],
    landed: [],
    atClose: [{ ...made, sha256: sha256(bytes) }],
    ...more,
  });
  await writeFile(join(books, '2026-07.1/lock.json'), lock);
  const line = { entry: 'closed', month: '2026-07', folder: '2026-07.1', lock: sha256(lock), at: 'x', approvedBy: 'm' };
  await writeFile(join(books, 'journal.ndjson'), `${JSON.stringify(line)}\n`);
}

async function write(customers: readonly string[] = [], out = 'statements', month = '2026-07'): Promise<StatementsResult> {
  return writeStatements({ pipelineFile, month, dir: join(folder, out), customers });
}

async function told(work: Promise<unknown>): Promise<readonly string[]> {
  const error = await work.catch((reason: unknown) => reason);
  if (!(error instanceof Failure)) throw error;
  return error.problems.map(({ code, message, remedy }) => `${code}: ${message.replaceAll(`${folder}/`, '')} → ${remedy}`);
}

/** Cells of a CSV as an independent reader has them. */
async function cellsOf(path: string): Promise<readonly Readonly<Record<string, string>>[]> {
  const { parse } = await import('csv-parse/sync');
  return parse(await readFile(path, 'utf8'), { columns: true });
}

const dirOf = (month = '2026-07'): string => join(folder, 'statements', month);

describe('statements of a closed month', () => {
  it('are one safe file a customer, with the rows of that customer only, and an index that sums to the month', async () => {
    const result = await write();
    const customers = [...PLAIN, ...HOSTILE];
    expect(result).toMatchObject({ month: '2026-07', pipeline: 'shop', dir: dirOf(), statements: customers.length });
    const names = await readdir(dirOf());
    expect(names).toHaveLength(customers.length + 1);
    expect(new Set(names.map((name) => name.toLowerCase())).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^(_index|[a-z0-9][a-z0-9_-]*(\.[0-9a-f]{32})?)\.csv$/);
    for (const name of names) expect(Buffer.byteLength(name)).toBeLessThan(100);
    for (const customer of customers) {
      const rows = await cellsOf(join(dirOf(), statementFile(customer)));
      const safe = /^[=+@\t\r\n-]/.test(customer) ? `'${customer}` : customer;
      expect(rows.map((row) => [row['customer_id'], row['feature_id']])).toEqual([
        [safe, "'-search"],
        [safe, 'chat'],
      ]);
    }
    const index = await cellsOf(join(dirOf(), '_index.csv'));
    const cents = (line: string): number =>
      index
        .filter((row) => row['line'] === line)
        .reduce((sum, row) => sum + Math.round(Number(row['statement_amount']) * 100), 0);
    expect(cents('total')).toBe(110 * 27 + (27 * 28) / 2);
    expect(cents('statement') + cents('no customer')).toBe(cents('total'));
    expect(index.filter((row) => row['line'] === 'no customer').map((row) => row['customer_id'])).toEqual([
      '(idle)',
      '(unallocated)',
    ]);
    expect(new Set(index.filter((row) => row['file'] !== '').map((row) => row['file']))).toEqual(
      new Set(names.filter((name) => name !== '_index.csv')),
    );
  });

  it('are written again over themselves, byte for byte, and leave nothing beside', async () => {
    await write();
    const before = await bytes();
    await write();
    expect(await bytes()).toEqual(before);
    expect(await readdir(join(folder, 'statements'))).toEqual(['2026-07']);
  });

  async function bytes(): Promise<readonly string[]> {
    const names = (await readdir(dirOf())).sort();
    return Promise.all(names.map(async (name) => `${name} ${sha256(await readFile(join(dirOf(), name)))}`));
  }

  it('are those of the customers that are named, with all others in one line of the index', async () => {
    const { statements, totals } = await write(['acme', 'bolt', 'acme']);
    expect(statements).toBe(2);
    expect(await readdir(dirOf())).toEqual(expect.arrayContaining(['_index.csv', 'acme.csv', 'bolt.csv']));
    expect(totals).toEqual(
      [{ currency: 'USD', stated: '2.2300', others: '28.2200', nobody: '2.7300', total: '33.4800' }].map(sumUp),
    );
    const index = await cellsOf(join(dirOf(), '_index.csv'));
    expect(index.map((row) => row['customer_id'])).toEqual(['acme', 'bolt', '', '(idle)', '(unallocated)', '']);
  });

  /** Of 27 customers: 1.10 and 0.01, 0.02, … */
  const sumUp = <T extends object>(total: T) => ({
    ...total,
    others: ((110 * 23 + (25 * 26) / 2 - 3) / 100).toFixed(4),
    nobody: ((110 * 2 + 26 + 27) / 100).toFixed(4),
    total: ((110 * 27 + (27 * 28) / 2) / 100).toFixed(4),
  });

  it('take no file away that they do not write again', async () => {
    await write();
    expect(await told(write(['acme']))).toEqual([
      expect.stringContaining(
        'is the statement of a customer who is not written now → move it away, or name another folder: --out DIR',
      ),
    ]);
    await appendFile(join(dirOf(), 'acme.csv'), 'a note\n');
    expect(await told(write())).toEqual([
      expect.stringContaining('statements/2026-07/acme.csv was changed since it was written'),
    ]);
    await rm(join(dirOf(), 'acme.csv'));
    await write();
    await writeFile(join(dirOf(), 'zzz.txt'), 'mine');
    expect(await told(write())).toEqual([expect.stringContaining('statements/2026-07/zzz.txt was not written here')]);
    await rm(join(dirOf(), 'zzz.txt'));
    await writeFile(join(dirOf(), '_index.csv'), 'my own list\n');
    expect(await told(write())).toEqual([expect.stringContaining('statements/in-the-way')]);
    expect(await readFile(join(dirOf(), '_index.csv'), 'utf8')).toBe('my own list\n');
    await rm(dirOf(), { recursive: true });
    await writeFile(dirOf(), 'a file');
    expect(await told(write())).toEqual([expect.stringContaining('statements/2026-07 is no folder')]);
    await rm(dirOf());
    await mkdir(dirOf());
    await write(['acme']);
    const yaml = await readFile(pipelineFile, 'utf8');
    await writeFile(pipelineFile, yaml.replace('name: shop', 'name: other'));
    await cp(join(folder, '.showback/closed/shop'), join(folder, '.showback/closed/other'), { recursive: true });
    expect(await told(write(['acme']))).toEqual([expect.stringContaining('_index.csv is of the pipeline shop')]);
  });

  it('of one who is unknown are told with the nearest that there is, and nothing is written', async () => {
    expect(await told(write(['bolz', 'acme', '(idle)', 'bolt\u202e']))).toEqual([
      'statements/unknown-customer: no cost of 2026-07 is of a customer `bolz` → did you mean `bolt`?',
      expect.stringContaining(
        'statements/unknown-customer: no cost of 2026-07 is of a customer `(idle)` → 25 customers have cost in 2026-07',
      ),
      'statements/unknown-customer: no cost of 2026-07 is of a customer `bolt\u202e` → did you mean `bolt`?',
    ]);
    expect(await readdir(folder)).not.toContain('statements');
    await closedBooks(NOBODY);
    expect(await told(write(['acme']))).toEqual([expect.stringContaining('log `customer_id` with usage')]);
    expect(await write()).toMatchObject({ statements: 0, totals: [{ stated: '0.0000', nobody: '2.2300', total: '2.2300' }] });
    await write();
  });

  it('are of closed months only, as they were closed, and go where no run writes', async () => {
    expect(await told(write([], 'statements', '2026-08'))).toEqual([
      'close/not-closed: 2026-08 is not closed → these are closed: 2026-07',
    ]);
    for (const place of ['out', 'out/x', '.showback/y'])
      expect(await told(write([], place))).toEqual([expect.stringContaining('statements/place')]);
    await appendFile(join(folder, '.showback/closed/shop/2026-07.1/files', STATEMENT), ' ');
    expect(await told(write())).toEqual([expect.stringContaining('close/damaged')]);
    await closedBooks(PLAIN, { atClose: undefined });
    expect(await told(write())).toEqual([
      expect.stringContaining('statements/none: 2026-07 was closed by a version that made no'),
    ]);
  });
});

describe('names of statement files', () => {
  it('are the id where it is plain, and never one that another id has', () => {
    expect(statementFile('acme')).toBe('acme.csv');
    expect(statementFile('Acme')).toMatch(/^acme\.[0-9a-f]{32}\.csv$/);
    expect(statementFile('日本')).toMatch(/^customer\.[0-9a-f]{32}\.csv$/);
    expect(statementFile('con')).toMatch(/^customer\.[0-9a-f]{32}\.csv$/);
    expect(statementFile(statementFile('Acme').replace(/\.csv$/, ''))).not.toBe(statementFile('Acme'));
  });
});
