// What a process finds of the one before it: nothing is paid for twice, and nothing that failed is taken for done.
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { JOURNAL_FILE, openJournal, requestToken } from '../../../src/warehouse/athena-journal.js';
import { Stopped } from '../../../src/kernel/failure.js';
import { codesOf, Company, failureOf } from './athena-company.js';
import { deny, invalid } from './athena-replies.js';

const A = { name: 'a', sql: 'SELECT 1' };
const FAILED = { state: 'FAILED', reason: 'INTERNAL: worker lost', error: { category: 1, type: 200, retryable: true } } as const;

describe('a restarted process', () => {
  it('finds a query that is done, and does not start it again', async () => {
    await using company = await Company.make({ outcome: () => ({ scanned: 10 }) });
    const first = await company.athena();
    const done = await first.execute(A);
    const second = await company.athena();
    expect(second.scanned().bytes).toBe(10n);
    expect(await second.execute(A)).toEqual({ ...done, attached: true });
    expect(second.scanned().bytes).toBe(10n);
    expect(company.replies.count('StartQueryExecution')).toBe(1);
  });

  it('finds a query that still runs: the process before was killed while it waited', async () => {
    await using company = await Company.make({ outcome: () => ({ looks: 12 }) });
    const killed = await company.athena();
    const before = killed.execute(A);
    await until(() => company.replies.count('GetQueryExecution') > 1);
    const second = await company.athena();
    const done = await second.execute(A);
    expect(done).toMatchObject({ queryId: 'query-0001', attached: true });
    expect(company.replies.tokens).toHaveLength(1);
    expect(company.replies.count('StartQueryExecution')).toBe(1);
    await before;
  });

  it('asks with the same token where the one before was killed between asking and being told', async () => {
    await using company = await Company.make();
    const journal = await openJournal(company.tokenDir, 'run-1');
    const asked = journal.next(A.name, A.sql);
    await journal.asked(A.name, A.sql, asked);
    await journal.close();
    const athena = await company.athena();
    expect(await athena.execute(A)).toMatchObject({ attached: true });
    expect(company.replies.tokens).toEqual([asked.token]);
    expect(asked.token).toBe(requestToken('run-1', 'a', 1, 'SELECT 1'));
  });

  it('makes a new attempt of a query that failed, with a new token, on a clean target', async () => {
    const cleaned: string[] = [];
    const statement = { ...A, beforeRetry: async () => void cleaned.push('a') };
    await using company = await Company.make({ outcome: (_, nth) => (nth <= 3 ? FAILED : {}) });
    const first = await company.athena();
    expect(codesOf(await failureOf(first.execute(statement)))).toEqual(['athena/failed']);
    expect(cleaned).toEqual(['a', 'a']);
    const second = await company.athena();
    expect(await second.execute(statement)).toMatchObject({ queryId: 'query-0004', attached: false });
    expect(cleaned).toEqual(['a', 'a', 'a']);
    expect(company.replies.tokens).toHaveLength(4);
  });

  it('makes a new attempt, uncounted, where the query it finds fails', async () => {
    await using company = await Company.make({ outcome: (_, nth) => (nth === 1 ? { ...FAILED, looks: 10 } : {}) });
    const killed = await company.athena({ attempts: 1 });
    const before = failureOf(killed.execute(A));
    await until(() => company.replies.count('GetQueryExecution') > 1);
    const second = await company.athena({ attempts: 1 });
    expect(await second.execute(A)).toMatchObject({ queryId: 'query-0002', attached: false });
    await before;
  });

  it('makes a new attempt of a query that was stopped', async () => {
    await using company = await Company.make({ outcome: (_, nth) => (nth === 1 ? { looks: Infinity } : {}) });
    const stop = new AbortController();
    const first = await company.athena({ signal: stop.signal });
    const running = first.execute(A);
    await until(() => company.replies.executions.length > 0);
    stop.abort(new Stopped('SIGTERM'));
    await expect(running).rejects.toBeInstanceOf(Stopped);
    const second = await company.athena();
    expect(await second.execute(A)).toMatchObject({ queryId: 'query-0002' });
  });

  it('takes the same attempt where the start of it was refused', async () => {
    await using company = await Company.make({
      fault: (operation, nth) => (operation === 'StartQueryExecution' && nth === 1 ? deny('athena:StartQueryExecution') : null),
    });
    const first = await company.athena();
    expect(codesOf(await failureOf(first.execute(A)))).toEqual(['athena/denied']);
    const second = await company.athena();
    expect(await second.execute(A)).toMatchObject({ attached: false });
    expect(company.replies.tokens).toHaveLength(1);
  });

  it('finds the query of a start whose answer was lost before another was refused', async () => {
    const cleaned: string[] = [];
    const statement = { ...A, beforeRetry: async () => void cleaned.push('a') };
    await using company = await Company.make({ outcome: (_, nth) => (nth === 1 ? FAILED : {}) });
    company.replies.script = {
      ...company.replies.script,
      fault: (operation, nth) => {
        if (operation !== 'StartQueryExecution' || nth === 1) return null;
        return nth === 2 ? { kind: 'drop', heeded: true } : deny('athena:StartQueryExecution');
      },
    };
    const first = await company.athena();
    expect(codesOf(await failureOf(first.execute(statement)))).toEqual(['athena/denied']);
    company.replies.script = {};
    const second = await company.athena();
    // It may be writing: its target is not cleaned under it.
    expect(await second.execute(statement)).toMatchObject({ queryId: 'query-0002', attached: true });
    expect(cleaned).toEqual(['a']);
  });

  it('makes a new attempt where Athena has forgotten the query, or knows the token for another place', async () => {
    await using company = await Company.make();
    const first = await company.athena();
    await first.execute(A);
    company.replies.script = {
      fault: (operation, _, body) =>
        operation === 'GetQueryExecution' && body['QueryExecutionId'] === 'query-0001'
          ? invalid('QueryExecution query-0001 was not found', 'QUERY_EXECUTION_NOT_FOUND')
          : null,
    };
    const second = await company.athena();
    expect(await second.execute(A)).toMatchObject({ queryId: 'query-0002', attached: false });
    const lost = await company.athena({ tokenDir: join(company.tokenDir, 'other'), output: 's3://elsewhere/' });
    expect(await lost.execute(A)).toMatchObject({ queryId: 'query-0003', attached: false });
  });

  it('without its folder finds by the token what was done, and passes over what failed long ago', async () => {
    const long = Date.now() - 3_600_000;
    await using company = await Company.make({
      outcome: (_, nth) =>
        nth === 1 ? { ...FAILED, error: { category: 2, type: 1000, retryable: false }, submittedAt: long } : {},
    });
    const first = await company.athena();
    await first.execute(A).catch(() => undefined);
    const moved = await company.athena({ tokenDir: join(company.tokenDir, 'moved') });
    expect(await moved.execute(A)).toMatchObject({ queryId: 'query-0002' });
  });

  it('of another run finds nothing of this one', async () => {
    await using company = await Company.make();
    const first = await company.athena();
    await first.execute(A);
    const other = await company.athena({ runId: 'run-2' });
    expect(await other.execute(A)).toMatchObject({ attached: false });
    expect(other.scanned().bytes).toBe(0n);
    expect(company.replies.executions).toHaveLength(2);
  });
});

describe('the file of what was asked', () => {
  it('has the token on disk before Athena is asked, and the id before it is waited for', async () => {
    const seen: string[] = [];
    await using company = await Company.make({
      fault: (operation) => {
        const lines = readFileSync(join(company.tokenDir, JOURNAL_FILE), 'utf8').trimEnd().split('\n');
        seen.push(`${operation}: ${lines.map((line) => (JSON.parse(line) as { entry: string }).entry).join(' ')}`);
        return null;
      },
      outcome: () => ({ looks: 1 }),
    });
    const athena = await company.athena();
    await athena.execute(A);
    expect(seen).toEqual(['StartQueryExecution: asked', 'GetQueryExecution: asked started']);
  });

  it.each([1, 10, 40, 100])('is read where its last line was cut %i bytes short, and written on', async (cut) => {
    await using company = await Company.make();
    const first = await company.athena();
    await first.execute(A);
    await first[Symbol.asyncDispose]();
    const file = join(company.tokenDir, JOURNAL_FILE);
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.slice(0, -cut));
    const second = await company.athena();
    expect(await second.execute(A)).toMatchObject({ queryId: 'query-0001', attached: true });
    await second.execute({ name: 'b', sql: 'SELECT 2' });
    const third = await company.athena();
    expect(await third.execute({ name: 'b', sql: 'SELECT 2' })).toMatchObject({ queryId: 'query-0002', attached: true });
    expect(company.replies.executions).toHaveLength(2);
  });

  it('passes over lines that are none of ours', async () => {
    await using company = await Company.make();
    const first = await company.athena();
    await first.execute(A);
    const lines = [
      '',
      'null',
      '[]',
      '{"entry":"asked"}',
      '{"entry":"ended","token":"x","state":"GREAT","bytes":"1"}',
      '{"entry":"constructor"}',
      '\0',
    ];
    appendFileSync(join(company.tokenDir, JOURNAL_FILE), lines.join('\n'));
    const second = await company.athena();
    expect(await second.execute(A)).toMatchObject({ attached: true });
  });

  it('is told where it cannot be written', async () => {
    await using company = await Company.make();
    writeFileSync(join(company.tokenDir, 'file'), '');
    await expect(company.athena({ tokenDir: join(company.tokenDir, 'file', 'below') })).rejects.toThrow(/ENOTDIR/);
  });
});

async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds(); tries += 1) {
    if (tries > 2000) throw new Error('it never came to that');
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
