// The executor over Athena's own protocol: the real client, scripted answers.
import { describe, expect, it } from 'vitest';
import { codesOf, Company, failureOf, SHORT } from './athena-company.js';
import { broken, deny, type Fault, invalid, throttled, tooMany } from './athena-replies.js';

/** Calls without an answer are given up soon. */
const IMPATIENT = { timers: { ...SHORT, request: 300 } };

const statement = (name: string, sql = `SELECT '${name}'`) => ({ name, sql });

describe('a statement', () => {
  it('is started with our token, waited for, and told with what it scanned', async () => {
    await using company = await Company.make({ outcome: () => ({ looks: 3, scanned: 4_096_000_000_000_001 }) });
    const athena = await company.athena();
    const done = await athena.execute(statement('marts.team'));
    expect(done).toEqual({ queryId: 'query-0001', scannedBytes: 4_096_000_000_000_001n, seconds: 1.5, attached: false });
    expect(athena.scanned().bytes).toBe(4_096_000_000_000_001n);
    const [start] = company.replies.calls;
    expect(start).toEqual({
      operation: 'StartQueryExecution',
      body: {
        QueryString: "SELECT 'marts.team'",
        ClientRequestToken: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
        QueryExecutionContext: { Catalog: 'AwsDataCatalog', Database: 'showback' },
        WorkGroup: 'finops',
        ResultConfiguration: { OutputLocation: 's3://lake/showback/athena-results/' },
      },
    });
    expect(company.replies.count('GetQueryExecution')).toBe(3);
    expect(company.events).toEqual([
      { kind: 'started', name: 'marts.team', queryId: 'query-0001', attempt: 1, attached: false },
      { kind: 'done', name: 'marts.team', ...done },
    ]);
  });

  it('is one query where it is asked for twice, at once or again', async () => {
    await using company = await Company.make();
    const athena = await company.athena();
    const [one, two] = await Promise.all([athena.execute(statement('a')), athena.execute(statement('a'))]);
    const three = await athena.execute(statement('a'));
    expect([one.queryId, two.queryId, three.queryId]).toEqual(['query-0001', 'query-0001', 'query-0001']);
    expect([one.attached, three.attached]).toEqual([false, true]);
    expect(company.replies.count('StartQueryExecution')).toBe(1);
  });

  it('has a token of its run, name, attempt and text', async () => {
    await using company = await Company.make({ outcome: (sql) => (sql === 'SELECT 1' ? {} : {}) });
    const athena = await company.athena();
    const other = await company.athena({ runId: 'run-2' });
    await athena.execute(statement('a', 'SELECT 1'));
    await athena.execute(statement('b', 'SELECT 1'));
    await athena.execute(statement('a', 'SELECT 2'));
    await other.execute(statement('a', 'SELECT 1'));
    expect(company.replies.tokens).toHaveLength(4);
  });

  it.each<[string, Fault]>([
    ['is throttled', throttled],
    ['finds too many queries', tooMany],
    ['meets a broken service', broken],
    ['loses its connection before it is heeded', { kind: 'drop', heeded: false }],
    ['loses its connection after it was heeded', { kind: 'drop', heeded: true }],
    ['gets half of an answer', { kind: 'cut' }],
    ['gets no answer', { kind: 'hang' }],
    ['meets a gateway', { kind: 'error', status: 503, type: 'ServiceUnavailable', message: 'busy' }],
  ])('whose start %s is started with the same token again', async (_, fault) => {
    await using company = await Company.make({
      fault: (operation, nth) => (operation === 'StartQueryExecution' && nth <= 2 ? fault : null),
    });
    const athena = await company.athena(fault.kind === 'hang' ? IMPATIENT : {});
    await athena.execute(statement('a'));
    expect(company.replies.count('StartQueryExecution')).toBe(3);
    expect(company.replies.tokens).toHaveLength(1);
    expect(company.replies.executions).toHaveLength(1);
  });

  it.each<[string, Fault]>([
    ['throttled', throttled],
    ['broken', broken],
    ['dropped', { kind: 'drop', heeded: true }],
    ['cut', { kind: 'cut' }],
    ['without an answer', { kind: 'hang' }],
  ])('bears looks that are %s', async (_, fault) => {
    await using company = await Company.make({
      fault: (operation, nth) => (operation === 'GetQueryExecution' && nth % 2 === 1 && nth < 6 ? fault : null),
    });
    const athena = await company.athena(fault.kind === 'hang' ? IMPATIENT : {});
    await athena.execute(statement('a'));
    expect(company.replies.executions).toHaveLength(1);
    expect(company.replies.count('StopQueryExecution')).toBe(0);
  });

  it('that is not known everywhere yet is looked for again', async () => {
    await using company = await Company.make({
      fault: (operation, nth) =>
        operation === 'GetQueryExecution' && nth <= 2
          ? invalid('QueryExecution query-0001 was not found', 'QUERY_EXECUTION_NOT_FOUND')
          : null,
    });
    const athena = await company.athena();
    await athena.execute(statement('a'));
    expect(company.replies.executions).toHaveLength(1);
  });
});

describe('many statements', () => {
  it('never run more at once than they may, and share their looks', async () => {
    await using company = await Company.make({ outcome: () => ({ looks: 6 }) });
    const athena = await company.athena({ concurrency: 3 });
    await Promise.all(Array.from({ length: 12 }, (_, at) => athena.execute(statement(`m${at}`))));
    expect(company.replies.executions).toHaveLength(12);
    expect(company.replies.most).toBe(3);
    expect(company.replies.count('BatchGetQueryExecution')).toBeGreaterThan(0);
    // Alone, each would have taken six.
    expect(company.replies.count('BatchGetQueryExecution') + company.replies.count('GetQueryExecution')).toBeLessThan(60);
  });

  it('give their slot back when they fail', async () => {
    await using company = await Company.make({
      outcome: (sql) =>
        sql.includes('bad')
          ? { state: 'FAILED', reason: 'SYNTAX_ERROR: line 1:1: no', error: { category: 2, type: 1000, retryable: false } }
          : {},
    });
    const athena = await company.athena({ concurrency: 1 });
    const told = await Promise.allSettled([athena.execute(statement('bad')), athena.execute(statement('good'))]);
    expect(told.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
  });

  it('are looked at one by one where looking at many is not allowed', async () => {
    await using company = await Company.make({
      fault: (operation) => (operation === 'BatchGetQueryExecution' ? deny('athena:BatchGetQueryExecution') : null),
    });
    const athena = await company.athena();
    await Promise.all(['a', 'b', 'c'].map((name) => athena.execute(statement(name))));
    expect(company.replies.count('BatchGetQueryExecution')).toBe(1);
  });

  it('bear looks at many that are lost', async () => {
    await using company = await Company.make({
      fault: (operation, nth) => (operation === 'BatchGetQueryExecution' && nth < 4 ? broken : null),
      outcome: () => ({ looks: 4 }),
    });
    const athena = await company.athena();
    await Promise.all(['a', 'b', 'c'].map((name) => athena.execute(statement(name))));
    expect(company.replies.executions).toHaveLength(3);
  });
});

describe('rows', () => {
  const table = {
    columns: ['id', 'note'],
    rows: Array.from({ length: 2501 }, (_, at) => [String(at), at % 3 === 0 ? null : at % 3 === 1 ? '' : 'NULL']),
  };

  it('come from all pages, without the header, null and empty text kept apart', async () => {
    await using company = await Company.make({ outcome: () => table });
    const athena = await company.athena();
    const rows = await athena.rows(statement('list'));
    expect(company.replies.count('GetQueryResults')).toBe(3);
    expect(rows).toHaveLength(2501);
    expect(rows.slice(0, 3)).toEqual([
      { id: '0', note: null },
      { id: '1', note: '' },
      { id: '2', note: 'NULL' },
    ]);
    expect(rows.at(-1)).toEqual({ id: '2500', note: '' });
  });

  it('keep a first row of data that is as the header', async () => {
    const like = { columns: ['id'], rows: [['id'], ['x']] };
    await using company = await Company.make({ outcome: () => like });
    const athena = await company.athena();
    expect(await athena.rows(statement('list'))).toEqual([{ id: 'id' }, { id: 'x' }]);
  });

  it('of SHOW and DDL have no header', async () => {
    await using company = await Company.make({
      outcome: (sql) =>
        sql.startsWith('SHOW')
          ? { statement: 'UTILITY', columns: ['partition'], rows: [['day=2026-01-01'], ['day=2026-01-02']] }
          : { statement: 'DDL', columns: [], rows: [[], []] },
    });
    const athena = await company.athena();
    expect(await athena.rows(statement('parts', 'SHOW PARTITIONS `db`.`t`'))).toEqual([
      { partition: 'day=2026-01-01' },
      { partition: 'day=2026-01-02' },
    ]);
    expect(await athena.rows(statement('drop', 'DROP TABLE IF EXISTS `db`.`t`'))).toEqual([]);
  });

  it('of an empty SELECT are none', async () => {
    await using company = await Company.make({ outcome: () => ({ columns: ['a'], rows: [] }) });
    const athena = await company.athena();
    expect(await athena.rows(statement('none'))).toEqual([]);
  });

  it.each<[string, Fault]>([
    ['throttled', throttled],
    ['broken', broken],
    ['cut', { kind: 'cut' }],
    ['dropped', { kind: 'drop', heeded: true }],
  ])('come whole where pages are %s', async (_, fault) => {
    await using company = await Company.make({
      outcome: () => table,
      fault: (operation, nth) => (operation === 'GetQueryResults' && nth % 2 === 1 ? fault : null),
    });
    const athena = await company.athena();
    expect(await athena.rows(statement('list'))).toHaveLength(2501);
  });

  it('with two columns of one name, or no header, are refused', async () => {
    await using company = await Company.make({ outcome: () => ({ columns: ['a', 'a'], rows: [['1', '2']] }) });
    const athena = await company.athena();
    const failure = await failureOf(athena.rows(statement('twice')));
    expect(codesOf(failure)).toEqual(['athena/answer']);
    expect(failure.message).toContain('two columns are called a');
  });

  it('that were tidied up since are asked for anew, once', async () => {
    await using company = await Company.make({ outcome: () => ({ columns: ['a'], rows: [['1']] }) });
    const first = await company.athena();
    await first.rows(statement('list'));
    company.replies.script = {
      ...company.replies.script,
      fault: (operation, _, body) =>
        operation === 'GetQueryResults' && body['QueryExecutionId'] === 'query-0001'
          ? invalid('Could not find results', 'RESULT_NOT_FOUND')
          : null,
    };
    const second = await company.athena();
    expect(await second.rows(statement('list'))).toEqual([{ a: '1' }]);
    expect(company.replies.executions).toHaveLength(2);
  });
});
