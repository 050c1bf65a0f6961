// What a close tells of its journal, and what `statements` tells of what it wrote.
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Failure } from '../../../src/kernel/failure.js';
import type { CloseResult, StatementsRequest, StatementsResult } from '../../../src/run/closing-api.js';
import { cli, companyFolder, NO_RUNS, type Told } from './harness.js';

const CLOSED: CloseResult = {
  ...{
    month: '2026-07',
    approvedBy: 'mira',
    preparedBy: null,
    lock: 'abcdef0123456789ff',
    dir: '/c/closed/2026-07.1',
    files: 42,
  },
  totals: [{ currency: 'USD', amount: '95.270000000000', statement: '95.2700' }],
  journal: null,
};

async function close(journal: CloseResult['journal']): Promise<readonly string[]> {
  const runs = async () => ({ ...NO_RUNS, closeMonth: async () => ({ ...CLOSED, journal }) });
  const told = await cli(['close', '2026-07', '--approver', 'mira', '--reason', 'r'], { cwd: await companyFolder(), runs });
  return told.out.split('\n');
}

describe('close', () => {
  it('tells of the journal where there is one', async () => {
    const totals = [{ currency: 'USD', posted: '107.7700' }];
    expect((await close({ path: '/c/gl_journal.csv', lines: 5, totals })).slice(1, 4)).toEqual([
      '  95.27 USD',
      '  42 files, locked as abcdef0123456789 in /c/closed/2026-07.1',
      '  a journal of 5 lines, debits and credits 107.77 USD: /c/gl_journal.csv',
    ]);
    expect((await close({ path: '/c/gl_journal.csv', lines: 0, totals: [] }))[3]).toBe(
      '  a journal of 0 lines, debits and credits 0: /c/gl_journal.csv',
    );
    expect((await close(null)).join()).not.toContain('journal');
  });
});

const WRITTEN: StatementsResult = {
  ...{ month: '2026-07', pipeline: 'shop', dir: '/c/statements/2026-07', statements: 2 },
  totals: [{ currency: 'USD', stated: '80.0000', others: '7.5000', nobody: '7.7700', total: '95.2700' }],
};

async function statements(
  args: readonly string[],
  answer: StatementsResult | Failure = WRITTEN,
): Promise<Told & { readonly asked: readonly StatementsRequest[]; readonly cwd: string }> {
  const asked: StatementsRequest[] = [];
  const cwd = await companyFolder();
  const writeStatements = async (request: StatementsRequest): Promise<StatementsResult> => {
    asked.push(request);
    if (answer instanceof Failure) throw answer;
    return answer;
  };
  const told = await cli(['statements', ...args], { cwd, runs: async () => ({ ...NO_RUNS, writeStatements }) });
  return { ...told, asked, cwd };
}

describe('statements', () => {
  it('tells how many, where, and that they sum to what was closed', async () => {
    const { code, out, err, asked, cwd } = await statements([
      '2026-07',
      '--out',
      'to',
      '--customer',
      'acme',
      '--customer',
      'bolt',
    ]);
    expect([code, err]).toEqual([0, '']);
    expect(asked).toMatchObject([{ month: '2026-07', dir: join(cwd, 'to'), customers: ['acme', 'bolt'] }]);
    expect(out.split('\n')).toEqual([
      '2026-07: 2 statements in /c/statements/2026-07',
      '  USD: 80.00 stated, 7.50 of other customers, 7.77 of no customer; 95.27 as closed',
      '',
    ]);
    const all = { ...WRITTEN, statements: 1, totals: WRITTEN.totals.map((total) => ({ ...total, others: '0.0000' })) };
    const everybody = await statements(['2026-07', '--out', 'to'], all);
    expect(everybody.asked[0]?.customers).toEqual([]);
    expect(everybody.out).toContain('1 statement in');
    expect(everybody.out).toContain('USD: 80.00 stated, 7.77 of no customer;');
  });

  it('is one JSON object where that is asked for, and so is why it wrote nothing', async () => {
    const { out } = await statements(['2026-07', '--out', 'to', '--json']);
    expect(JSON.parse(out)).toMatchObject({ kind: 'statements', month: '2026-07', statements: 2 });
    const problem = { code: 'statements/unknown-customer', message: 'no cost is of `\u202ex`', remedy: 'correct it' };
    const refused = await statements(['2026-07', '--out', 'to', '--json'], new Failure('user', [problem]));
    expect(refused.code).toBe(2);
    expect(JSON.parse(refused.out)).toMatchObject({ kind: 'failure', problems: [{ code: 'statements/unknown-customer' }] });
    expect(refused.err).not.toContain('\u202e');
  });

  it('wants to know where to', async () => {
    const { code, err } = await statements(['2026-07']);
    expect(code).toBe(2);
    expect(err).toContain('--out');
  });
});
