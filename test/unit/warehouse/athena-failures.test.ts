// What is told where a statement does not succeed: the place, the engine's words, the remedy, and never a secret.
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { byteText } from '../../../src/warehouse/athena-scans.js';
import { type Failure, Stopped } from '../../../src/kernel/failure.js';
import { categoryOf } from '../../../src/warehouse/athena-faults.js';
import { partitionBatches, refuseLostPartitions } from '../../../src/warehouse/athena-partitions.js';
import type { Statement } from '../../../src/warehouse/athena-statement.js';
import { shownWords } from '../../../src/warehouse/athena-words.js';
import { codesOf, Company, failureOf, SHORT } from './athena-company.js';
import { broken, CREDENTIALS, deny, type Fault, invalid, type Outcome, throttled, tooMany, WORKGROUP } from './athena-replies.js';

const MODEL: Statement = {
  name: 'rating.rated_usage',
  sql: 'UNLOAD (SELECT …)',
  place: { file: 'sql/rating/rated_usage.sql' },
  sourceLine: (line) => (line > 2 ? line - 2 : null),
};

function failed(reason: string, category: number, type: number, retryable = false): Outcome {
  return { state: 'FAILED', reason, error: { category, type, retryable }, scanned: 12_000_000 };
}

/** Of what comes at once where nothing else runs. */
const PATIENT = { timeout: 20_000 };
/** For queries that never say that they ended. */
const HASTY = { timers: { ...SHORT, stop: 300, grace: 300 } };
const NEVER: Outcome = { looks: Infinity };

describe('a query that fails', () => {
  it('is told with the file and line of the model, in the words of the engine', async () => {
    const reason =
      "COLUMN_NOT_FOUND: line 5:14: Column 'price' cannot be resolved or requester is not authorized to access requested resources";
    await using company = await Company.make({ outcome: () => failed(reason, 2, 1006) });
    const athena = await company.athena();
    const failure = await failureOf(athena.execute(MODEL));
    expect(failure.kind).toBe('user');
    expect(failure.problems).toEqual([
      {
        code: 'athena/sql',
        message: `rating.rated_usage: Athena cannot run it: ${reason} (query query-0001)`,
        remedy: 'mend the model as the engine says; if it was not changed, its inputs were',
        place: { file: 'sql/rating/rated_usage.sql', line: 3 },
      },
    ]);
    expect(company.replies.executions).toHaveLength(1);
  });

  it('names the file alone where a line is none of the model', async () => {
    await using company = await Company.make({ outcome: () => failed('SYNTAX_ERROR: line 1:1: mismatched input', 2, 1000) });
    const athena = await company.athena();
    expect((await failureOf(athena.execute(MODEL))).problems[0]?.place).toEqual({ file: 'sql/rating/rated_usage.sql' });
  });

  it.each<[string, string, Outcome, number]>([
    ['athena/sql', 'user', failed('TYPE_MISMATCH: line 3:1: Cannot apply operator', 2, 1002), 1],
    ['athena/resources', 'unavailable', failed('Query exhausted resources at this scale factor', 2, 3), 1],
    [
      'athena/throttled',
      'unavailable',
      failed('GENERIC_INTERNAL_ERROR: SlowDown: Please reduce your request rate (Status Code: 503)', 3, 100),
      3,
    ],
    ['athena/timeout', 'unavailable', failed('Query timeout', 1, 210), 1],
    ['athena/denied', 'user', failed('Insufficient Lake Formation permission(s): Required Select on charges', 2, 234), 1],
    [
      'athena/denied',
      'user',
      failed('PERMISSION_DENIED: Access denied (Service: Amazon S3; Status Code: 403; Error Code: AccessDenied)', 2, 1000),
      1,
    ],
    [
      'athena/no-table',
      'user',
      failed("TABLE_NOT_FOUND: line 4:6: Table 'awsdatacatalog.showback.r1_raw_usage' does not exist", 2, 1301),
      1,
    ],
    [
      'athena/partition-lost',
      'check',
      failed('HIVE_PARTITION_DROPPED_DURING_QUERY: Partition no longer exists: day=2026-01-02', 3, 1000),
      1,
    ],
    [
      'athena/partition-lost',
      'check',
      failed(
        'HIVE_CANNOT_OPEN_SPLIT: Error opening Hive split s3://lake/a.parquet: The specified key does not exist. (NoSuchKey)',
        2,
        1000,
      ),
      1,
    ],
    [
      'athena/type-changed',
      'check',
      failed(
        "HIVE_BAD_DATA: Field cost's type BINARY in parquet file s3://lake/a.parquet is incompatible with type bigint defined in table schema",
        2,
        1000,
      ),
      1,
    ],
    [
      'athena/type-changed',
      'check',
      failed('HIVE_PARTITION_SCHEMA_MISMATCH: There is a mismatch between the table and partition schemas', 2, 1000),
      1,
    ],
    [
      'athena/table-taken',
      'user',
      failed('FAILED: Execution Error: AlreadyExistsException(message:Table charges already exists)', 2, 1003),
      1,
    ],
    [
      'athena/target-taken',
      'user',
      failed('HIVE_PATH_ALREADY_EXISTS: Target directory for table already exists: s3://lake/run=1', 2, 1000),
      1,
    ],
    [
      'athena/partition-limit',
      'user',
      failed('HIVE_TOO_MANY_OPEN_PARTITIONS: Exceeded limit of 100 open writers for partitions/buckets', 2, 1000),
      1,
    ],
    ['athena/conflict', 'unavailable', failed('ICEBERG_COMMIT_ERROR: Failed to commit Iceberg update to table', 1, 233), 3],
    ['athena/failed', 'unavailable', failed('GENERIC_INTERNAL_ERROR: worker died', 1, 200, true), 3],
    ['athena/failed', 'unavailable', failed('HIVE_CURSOR_ERROR: gone', 3, 100, true), 3],
    ['athena/failed', 'unavailable', failed('Query engine had an internal error', 1, 201, false), 1],
    ['athena/scan-limit', 'user', { state: 'CANCELLED', reason: 'Bytes scanned limit was exceeded', scanned: 10_485_760 }, 1],
    ['athena/scan-limit', 'user', failed('Bytes scanned limit was exceeded', 2, 1000, true), 1],
    ['athena/cancelled', 'unavailable', { state: 'CANCELLED', reason: 'Query cancelled by user' }, 1],
  ])('is %s (%s), and asked for no more often than helps', async (code, kind, outcome, queries) => {
    await using company = await Company.make({ outcome: () => outcome });
    const athena = await company.athena();
    const failure = await failureOf(athena.execute(MODEL));
    expect({ codes: codesOf(failure), kind: failure.kind }).toEqual({ codes: [code], kind });
    expect(failure.message).toContain(outcome.reason);
    expect(failure.problems[0]?.place?.file).toBe('sql/rating/rated_usage.sql');
    expect(company.replies.executions).toHaveLength(queries);
    expect(company.replies.tokens).toHaveLength(queries);
    expect(athena.scanned().bytes).toBe(BigInt(outcome.scanned ?? 0) * BigInt(queries));
  });

  it('for a reason that passes is attempted again on a clean target, with a new token', async () => {
    const cleaned: number[] = [];
    await using company = await Company.make({ outcome: (_, nth) => (nth < 3 ? failed('worker died', 1, 200, true) : {}) });
    const athena = await company.athena();
    const done = await athena.execute({
      ...MODEL,
      beforeRetry: async () => void cleaned.push(company.replies.executions.length),
    });
    expect(done).toMatchObject({ queryId: 'query-0003', attached: false });
    expect(cleaned).toEqual([1, 2]);
    expect(company.replies.tokens).toHaveLength(3);
    expect(company.events.filter(({ kind }) => kind === 'retried')).toMatchObject([
      { attempt: 1, why: 'system', words: 'worker died' },
      { attempt: 2, why: 'system' },
    ]);
  });

  it('without an AthenaError is told apart by its words', () => {
    const fault = (words: string) => ({ category: null, type: null, retryable: null, words });
    expect(categoryOf({ state: 'FAILED', fault: fault("line 1:8: Column 'x' cannot be resolved") })).toBe('user_sql');
    expect(categoryOf({ state: 'FAILED', fault: fault('something else') })).toBe('system');
    expect(categoryOf({ state: 'FAILED', fault: fault('') })).toBe('system');
  });
});

describe('a call that Athena refuses', () => {
  it.each<[string, string, Fault, RegExp]>([
    ['athena/denied', 'user', deny('athena:StartQueryExecution'), /no permission for athena:StartQueryExecution/],
    [
      'athena/denied',
      'user',
      invalid('User: x is not authorized to perform: glue:GetTable on resource y', 'INVALID_INPUT'),
      /no permission for glue:GetTable/,
    ],
    [
      'athena/no-workgroup',
      'user',
      invalid('WorkGroup is not found.', 'INVALID_INPUT'),
      /no workgroup finops in region eu-central-1/,
    ],
    [
      'athena/no-output',
      'user',
      invalid('Unable to verify/create output bucket lake', 'INVALID_INPUT'),
      /s3:\/\/lake\/showback\/.*output bucket/,
    ],
    [
      'athena/no-output',
      'user',
      invalid(
        'The S3 location provided to save your query results is invalid. Please check your S3 location is correct and is in the same region and try again.',
        'INVALID_INPUT',
      ),
      /same region/,
    ],
    ['athena/sql', 'user', invalid("line 5:1: mismatched input 'FORM'", 'MALFORMED_QUERY'), /mismatched input/],
  ])('is %s', async (code, kind, fault, words) => {
    await using company = await Company.make({ fault: (operation) => (operation === 'StartQueryExecution' ? fault : null) });
    const athena = await company.athena();
    const failure = await failureOf(athena.execute(MODEL));
    expect({ codes: codesOf(failure), kind: failure.kind }).toEqual({ codes: [code], kind });
    expect(failure.message).toMatch(words);
    expect(failure.message).toContain('rating.rated_usage: ');
    expect(company.replies.count('StartQueryExecution')).toBe(1);
  });

  it('has the line of a text that cannot be read', async () => {
    await using company = await Company.make({
      fault: (operation) =>
        operation === 'StartQueryExecution' ? invalid("line 5:1: mismatched input 'FORM'", 'MALFORMED_QUERY') : null,
    });
    const athena = await company.athena();
    expect((await failureOf(athena.execute(MODEL))).problems[0]?.place).toEqual({ file: 'sql/rating/rated_usage.sql', line: 3 });
  });

  it('names the action for a look or for rows that are not allowed, and stops what it cannot look at', async () => {
    await using company = await Company.make({
      fault: (operation) => (operation === 'GetQueryExecution' ? deny('athena:GetQueryExecution') : null),
      outcome: () => NEVER,
    });
    const athena = await company.athena();
    const failure = await failureOf(athena.execute(MODEL));
    expect(codesOf(failure)).toEqual(['athena/denied', 'athena/not-stopped']);
    expect(failure.message).toContain('query query-0001 may still run');
    expect(company.replies.executions[0]?.state).toBe('CANCELLED');
    company.replies.script = { fault: (operation) => (operation === 'GetQueryResults' ? deny('s3:GetObject') : null) };
    const rows = await failureOf(athena.rows({ name: 'rows', sql: 'SELECT 1' }));
    expect(rows.message).toContain('allow s3:GetObject');
  });

  it('for the load, for longer than the deadline, is told as that', async () => {
    await using company = await Company.make({ fault: (operation) => (operation === 'StartQueryExecution' ? tooMany : null) });
    const athena = await company.athena({ deadlineSeconds: 0.2 });
    const failure = await failureOf(athena.execute(MODEL));
    expect(codesOf(failure)).toEqual(['athena/deadline']);
    expect(failure.message).toContain('took longer than 0.2 s to start; the last answer: You have exceeded the limit');
    expect(company.replies.executions).toHaveLength(0);
  });

  it('is no use where nobody answers: the region and endpoint are named', async () => {
    await using company = await Company.make({ fault: () => ({ kind: 'drop', heeded: false }) });
    const athena = await company.athena({
      timers: { poll: 5, pollMost: 20, backoff: 5, backoffMost: 20, request: 200, patience: 150 },
    });
    const failure = await failureOf(athena.execute(MODEL));
    expect({ codes: codesOf(failure), kind: failure.kind }).toEqual({ codes: ['athena/unreachable'], kind: 'unavailable' });
    expect(failure.message).toContain(`Athena at ${new URL(company.replies.endpoint).host} does not answer StartQueryExecution`);
  });

  it('never goes out where a text is longer than Athena takes', async () => {
    await using company = await Company.make();
    const athena = await company.athena();
    const failure = await failureOf(athena.execute({ ...MODEL, sql: `SELECT '${'ä'.repeat(131_072)}'` }));
    expect(codesOf(failure)).toEqual(['athena/too-long']);
    expect(company.replies.calls).toEqual([]);
  });
});

describe('time and signals', () => {
  it('a deadline stops the query and waits for its end', async () => {
    await using company = await Company.make({ outcome: () => NEVER });
    const athena = await company.athena({ deadlineSeconds: 0.15 });
    const failure = await failureOf(athena.execute(MODEL));
    expect({ codes: codesOf(failure), kind: failure.kind }).toEqual({ codes: ['athena/deadline'], kind: 'unavailable' });
    expect(failure.message).toContain('rating.rated_usage: took longer than 0.15 s (query query-0001)');
    expect(company.replies.executions[0]?.state).toBe('CANCELLED');
    expect(company.events.at(-1)).toEqual({ kind: 'stopped', name: 'rating.rated_usage', queryId: 'query-0001' });
  });

  it('a query that does not stop is told with its id', async () => {
    await using company = await Company.make({ outcome: () => ({ ...NEVER, deaf: true }) });
    const athena = await company.athena({ ...HASTY, deadlineSeconds: 0.1 });
    const failure = await failureOf(athena.execute(MODEL));
    expect(codesOf(failure)).toEqual(['athena/deadline', 'athena/not-stopped']);
    expect(failure.problems[1]?.message).toContain('query query-0001 may still run');
    expect(failure.problems[1]?.remedy).toContain('--query-execution-id query-0001');
    expect(company.events.at(-1)?.kind).toBe('not-stopped');
  });

  it('a query that succeeds while it is stopped is done', async () => {
    await using company = await Company.make({
      outcome: () => ({ looks: Infinity, deaf: true }),
      fault: (operation) => {
        const [execution] = company.replies.executions;
        if (operation === 'StopQueryExecution' && execution !== undefined) execution.state = 'SUCCEEDED';
        return null;
      },
    });
    const athena = await company.athena({ deadlineSeconds: 0.1 });
    expect(await athena.execute(MODEL)).toMatchObject({ queryId: 'query-0001' });
  });

  it('a signal stops everything in flight, and what waits for a slot never starts', async () => {
    await using company = await Company.make({ outcome: () => NEVER });
    const stop = new AbortController();
    const athena = await company.athena({ signal: stop.signal, concurrency: 2 });
    const all = ['a', 'b', 'c'].map((name) => athena.execute({ name, sql: name }));
    await expect.poll(() => company.replies.executions.length, PATIENT).toBe(2);
    stop.abort(new Stopped('SIGTERM'));
    const ends = await Promise.allSettled(all);
    expect(ends.map((end) => (end.status === 'rejected' ? (end.reason as Stopped).by : 'done'))).toEqual([
      'SIGTERM',
      'SIGTERM',
      'SIGTERM',
    ]);
    expect(company.replies.executions.map(({ state }) => state)).toEqual(['CANCELLED', 'CANCELLED']);
    await expect(athena.execute({ name: 'd', sql: 'd' })).rejects.toBeInstanceOf(Stopped);
    expect(company.replies.count('StartQueryExecution')).toBe(2);
  });

  it('a signal while a query is being started stops that query too', async () => {
    await using company = await Company.make({ outcome: () => NEVER });
    const stop = new AbortController();
    company.replies.script = {
      ...company.replies.script,
      fault: (operation) => {
        if (operation === 'StartQueryExecution') stop.abort(new Stopped('SIGTERM'));
        return null;
      },
    };
    const athena = await company.athena({ signal: stop.signal });
    await expect(athena.execute(MODEL)).rejects.toBeInstanceOf(Stopped);
    expect(company.replies.executions[0]?.state).toBe('CANCELLED');
  });

  it('what a signal cannot stop in the little time left is told of', async () => {
    await using company = await Company.make({ outcome: () => ({ ...NEVER, deaf: true }) });
    const stop = new AbortController();
    const athena = await company.athena({ timers: { ...SHORT, stop: 60_000, grace: 300 }, signal: stop.signal });
    const running = athena.execute(MODEL);
    await expect.poll(() => company.replies.executions.length, PATIENT).toBe(1);
    const before = Date.now();
    stop.abort(new Stopped('SIGTERM'));
    await expect(running).rejects.toBeInstanceOf(Stopped);
    expect(Date.now() - before).toBeLessThan(20_000);
    expect(company.events.at(-1)).toEqual({ kind: 'not-stopped', name: 'rating.rated_usage', queryId: 'query-0001' });
  });

  it('closing stops what still runs', async () => {
    await using company = await Company.make({ outcome: () => NEVER });
    const athena = await company.athena();
    const running = athena.execute(MODEL).catch((error: unknown) => error);
    await expect.poll(() => company.replies.executions.length, PATIENT).toBe(1);
    await athena[Symbol.asyncDispose]();
    expect(await running).toBeInstanceOf(Error);
    expect(company.replies.executions[0]?.state).toBe('CANCELLED');
  });
});

describe('the budget of a run', () => {
  it('stops what is in flight, lets nothing start, and names what scanned most', async () => {
    await using company = await Company.make({
      outcome: (sql) =>
        sql === 'long' ? { ...NEVER, scanned: 1 } : { looks: 3, scanned: sql === 'big' ? 5_000_000 : 1_000_000 },
    });
    const athena = await company.athena({ budgetBytes: 6_000_000n });
    await athena.execute({ name: 'small', sql: 'small' });
    const [big, long] = await Promise.allSettled([
      athena.execute({ name: 'marts.big', sql: 'big' }),
      athena.execute({ name: 'long', sql: 'long' }),
    ]);
    expect(big.status).toBe('fulfilled');
    const failure = (long as PromiseRejectedResult).reason as Failure;
    expect({ codes: codesOf(failure), kind: failure.kind }).toEqual({ codes: ['athena/budget'], kind: 'user' });
    expect(failure.message).toContain(
      'the run scanned 6000001 bytes, more than its budget of 6000000 bytes: marts.big 4.7 MB, small 976.5 KB, long 1 B',
    );
    expect(company.replies.executions.find(({ sql }) => sql === 'long')?.state).toBe('CANCELLED');
    expect(codesOf(await failureOf(athena.execute({ name: 'next', sql: 'next' })))).toEqual(['athena/budget']);
    expect(company.replies.count('StartQueryExecution')).toBe(3);
  });

  it('counts what processes before scanned, and lets go on where it was raised', async () => {
    await using company = await Company.make({ outcome: () => ({ scanned: 100 }) });
    const first = await company.athena({ budgetBytes: 50n });
    await first.execute({ name: 'a', sql: 'a' });
    const second = await company.athena({ budgetBytes: 50n });
    expect(codesOf(await failureOf(second.execute({ name: 'b', sql: 'b' })))).toEqual(['athena/budget']);
    const third = await company.athena({ budgetBytes: 1000n });
    expect(await third.execute({ name: 'a', sql: 'a' })).toMatchObject({ attached: true });
    await third.execute({ name: 'b', sql: 'b' });
    expect(third.scanned().bytes).toBe(200n);
  });

  it('stops a query that runs beyond it, before its end', async () => {
    await using company = await Company.make({ outcome: () => ({ ...NEVER, scanned: 100 }) });
    const athena = await company.athena({ budgetBytes: 99n });
    expect(codesOf(await failureOf(athena.execute(MODEL)))).toEqual(['athena/budget']);
    expect(company.replies.executions[0]?.state).toBe('CANCELLED');
  });

  it('may be spent to the last byte', async () => {
    await using company = await Company.make({ outcome: () => ({ scanned: 100 }) });
    const athena = await company.athena({ budgetBytes: 200n });
    await athena.execute({ name: 'a', sql: 'a' });
    await athena.execute({ name: 'b', sql: 'b' });
    expect(athena.scanned().bytes).toBe(200n);
  });
});

describe('a look before', () => {
  const settings = (more: object, state = 'ENABLED') => ({
    ...WORKGROUP,
    State: state,
    Configuration: { ...(WORKGROUP['Configuration'] as object), ...more },
  });

  it('passes a workgroup that bounds its queries', async () => {
    await using company = await Company.make();
    const athena = await company.athena();
    await athena.preflight();
    expect(company.replies.calls).toEqual([
      { operation: 'GetWorkGroup', body: { WorkGroup: 'finops' } },
      { operation: 'GetDatabase', body: { CatalogName: 'AwsDataCatalog', DatabaseName: 'showback', WorkGroup: 'finops' } },
    ]);
  });

  it.each<[string, object]>([
    ['overrides clients', { EnforceWorkGroupConfiguration: true, ResultConfiguration: { OutputLocation: 's3://theirs/' } }],
    ['manages results', { ManagedQueryResultsConfiguration: { Enabled: true } }],
  ])('leaves the place of results to a workgroup that %s', async (_, more) => {
    await using company = await Company.make({ workgroup: settings(more) });
    const athena = await company.athena();
    await athena.preflight();
    await athena.execute({ name: 'a', sql: 'a' });
    expect(company.replies.calls.find(({ operation }) => operation === 'StartQueryExecution')?.body).not.toHaveProperty(
      'ResultConfiguration',
    );
  });

  it.each<[string, object, string?]>([
    ['athena/no-cutoff', { BytesScannedCutoffPerQuery: undefined }],
    ['athena/engine-version', { EngineVersion: { EffectiveEngineVersion: 'Athena engine version 2' } }],
    ['athena/engine-version', { EngineVersion: { EffectiveEngineVersion: 'PySpark engine version 3' } }],
    ['athena/engine-version', { EngineVersion: undefined }],
    ['athena/disabled', {}, 'DISABLED'],
    ['athena/no-output', { EnforceWorkGroupConfiguration: true }],
  ])('refuses with %s', async (code, more, state) => {
    await using company = await Company.make({ workgroup: settings(more, state) });
    const athena = await company.athena();
    const failure = await failureOf(athena.preflight());
    expect({ codes: codesOf(failure), kind: failure.kind }).toEqual({ codes: [code], kind: 'user' });
    expect(failure.message).toContain('finops');
  });

  it('tells everything at once', async () => {
    await using company = await Company.make({
      workgroup: settings({ BytesScannedCutoffPerQuery: undefined, EngineVersion: undefined }, 'DISABLED'),
      fault: (operation) =>
        operation === 'GetDatabase'
          ? { kind: 'error', status: 400, type: 'MetadataException', message: 'Database showback not found.' }
          : null,
    });
    const athena = await company.athena();
    const failure = await failureOf(athena.preflight());
    expect(codesOf(failure)).toEqual(['athena/no-database', 'athena/disabled', 'athena/engine-version', 'athena/no-cutoff']);
    expect(failure.message).toContain('BytesScannedCutoffPerQuery=');
  });

  it.each<[string, Fault, RegExp]>([
    ['athena/no-workgroup', invalid('WorkGroup is not found.', 'INVALID_INPUT'), /no workgroup finops in region eu-central-1/],
    ['athena/denied', deny('athena:GetWorkGroup'), /athena:GetWorkGroup/],
    ['athena/credentials', { kind: 'error', status: 400, type: 'ExpiredTokenException', message: 'expired' }, /credentials/],
  ])('tells %s', async (code, fault, words) => {
    await using company = await Company.make({ fault: (operation) => (operation === 'GetWorkGroup' ? fault : null) });
    const athena = await company.athena();
    const failure = await failureOf(athena.preflight());
    expect(codesOf(failure)).toEqual([code]);
    expect(failure.message).toMatch(words);
  });

  it('bears throttling and lost answers', async () => {
    await using company = await Company.make({ fault: (_, nth) => (nth === 1 ? throttled : nth === 2 ? broken : null) });
    const athena = await company.athena();
    await athena.preflight();
  });

  it('is told as unreachable where nobody listens', async () => {
    await using company = await Company.make();
    const athena = await company.athena({
      endpoint: 'http://user:hidden-password@127.0.0.1:9',
      timers: { backoff: 5, backoffMost: 10, patience: 60, request: 100 },
    });
    const failure = await failureOf(athena.preflight());
    expect(codesOf(failure)).toEqual(['athena/unreachable', 'athena/unreachable']);
    expect(failure.kind).toBe('unavailable');
    expect(failure.message).not.toContain('hidden-password');
  });
});

describe('secrets', () => {
  const echo = `The canonical request was: host:athena\nx-amz-security-token:${CREDENTIALS.sessionToken}\n${CREDENTIALS.secretAccessKey} AKIAEXECUTORTEST0001 Signature=abcdef0123456789`;
  const faults: readonly Fault[] = [
    { kind: 'error', status: 403, type: 'InvalidSignatureException', message: echo },
    { kind: 'error', status: 400, type: 'InvalidRequestException', message: echo },
    { kind: 'error', status: 400, type: 'AccessDeniedException', message: echo },
    { kind: 'error', status: 500, type: 'InternalServerException', message: echo },
    { kind: 'error', status: 400, type: 'SomethingNew', message: echo },
  ];

  it.each(faults.map((fault) => [fault]))('are in nothing that is told or kept: %o', async (fault) => {
    await using company = await Company.make({ fault: (operation) => (operation === 'StartQueryExecution' ? fault : null) });
    const athena = await company.athena({ timers: { backoff: 4, backoffMost: 8, patience: 40, request: 200 } });
    const failure = await failureOf(athena.execute(MODEL));
    const told = `${inspect(failure, { depth: 20, showHidden: true })}${inspect(company.events, { depth: 20 })}`;
    for (const secret of [...Object.values(CREDENTIALS), 'abcdef0123456789']) expect(told).not.toContain(secret);
  });

  it('are in no reason of a query', async () => {
    await using company = await Company.make({
      outcome: () => failed('GENERIC: s3://k:pw123456@h/?X-Amz-Signature=feedbeef&x=1 ASIAABCDEFGHIJKLMNOP', 1, 200),
    });
    const athena = await company.athena();
    const { message } = await failureOf(athena.execute(MODEL));
    expect(message).not.toMatch(/feedbeef|pw123456|ASIAABC/);
    expect(message).toContain('x=1');
  });

  it('leave other words as they are, within bounds', () => {
    expect(shownWords("COLUMN_NOT_FOUND: line 1:8: Column 'x'\n at y")).toBe("COLUMN_NOT_FOUND: line 1:8: Column 'x'\n at y");
    expect(shownWords('a\u001b[2Jb\u0000c')).toBe('a [2Jb c');
    expect(shownWords('x'.repeat(5000))).toHaveLength(1502);
  });
});

describe('partitions', () => {
  it('are written 100 a statement', () => {
    const values = Array.from({ length: 250 }, (_, at) => `day=${at}`);
    const batches = partitionBatches(values);
    expect(batches.map(({ length }) => length)).toEqual([100, 100, 50]);
    expect(batches.flat()).toEqual(values);
    expect(partitionBatches([])).toEqual([]);
    expect(partitionBatches(['a', 'b'], 1)).toEqual([['a'], ['b']]);
    expect(() => partitionBatches(['a'], 0)).toThrow(RangeError);
  });
});

describe('partitions of a table', () => {
  const days = (present: readonly string[]): Outcome => ({
    statement: 'UTILITY',
    columns: ['partition'],
    rows: present.map((day) => [day]),
  });
  const expected = { database: 'showback', table: 'r1_raw_usage', names: ['day=1', 'day=2', 'day=3'] };

  it('are refused where some are lost, each time as they are by then', async () => {
    await using company = await Company.make({
      outcome: (_, nth) => days(nth === 2 ? ['day=1', 'day=9'] : ['day=3', 'day=2', 'day=1']),
    });
    const athena = await company.athena();
    await refuseLostPartitions(athena, expected);
    const failure = await failureOf(refuseLostPartitions(athena, expected));
    expect({ codes: codesOf(failure), kind: failure.kind }).toEqual({ codes: ['athena/partition-lost'], kind: 'check' });
    expect(failure.message).toContain('table r1_raw_usage: 2 of 3 partitions are not there: day=2, day=3');
    await refuseLostPartitions(await company.athena(), expected);
    expect(company.replies.tokens).toHaveLength(3);
  });
});

it('bytes are told as Athena counts them', () => {
  expect([0n, 1023n, 1024n, 1536n, 1_099_511_627_776n, 2n ** 70n].map(byteText)).toEqual([
    '0 B',
    '1023 B',
    '1 KB',
    '1.5 KB',
    '1 TB',
    '1048576 PB',
  ]);
});
