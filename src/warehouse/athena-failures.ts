// What is told of a statement that did not succeed: where, in the engine's words, and what to do.
import { Failure, type FailureKind, type Problem } from '../kernel/failure.js';
import type { ApiError, QueryStatus } from './athena-api.js';
import type { FaultCategory } from './athena-faults.js';
import { byteText, type Scans } from './athena-scans.js';
import { placeIn, type Statement } from './athena-statement.js';

interface Text {
  readonly code: string;
  readonly kind: FailureKind;
  readonly what: string;
  readonly remedy: string;
}

const LATER = 'run again later; what was done is not done again';

const TEXTS: Readonly<Record<FaultCategory, Text>> = {
  user_sql: {
    code: 'athena/sql',
    kind: 'user',
    what: 'Athena cannot run it',
    remedy: 'mend the model as the engine says; if it was not changed, its inputs were',
  },
  resources: {
    code: 'athena/resources',
    kind: 'unavailable',
    what: 'it needs more than Athena had for it',
    remedy: 'run again; if it stays so, run fewer months at once, or ask AWS for provisioned capacity',
  },
  throttled: { code: 'athena/throttled', kind: 'unavailable', what: 'Athena or S3 refused it for the load', remedy: LATER },
  quota: {
    code: 'athena/quota',
    kind: 'unavailable',
    what: 'a quota of the account is used up',
    remedy: 'run again when less runs, lower `concurrency`, or ask AWS for a higher quota',
  },
  scan_limit: {
    code: 'athena/scan-limit',
    kind: 'user',
    what: 'it would scan more than the workgroup lets one query scan',
    remedy: 'run fewer months at once, or raise the data usage control for a query of the workgroup',
  },
  timeout: {
    code: 'athena/timeout',
    kind: 'unavailable',
    what: 'Athena ended it, since it took too long',
    remedy: 'run fewer months at once, or ask AWS for a longer DML query timeout',
  },
  cancelled: {
    code: 'athena/cancelled',
    kind: 'unavailable',
    what: 'somebody else stopped it',
    remedy: 'find out who stopped it, then run again; what was done is not done again',
  },
  access_denied: {
    code: 'athena/denied',
    kind: 'user',
    what: 'the permission for it is missing',
    remedy: 'let the role of this run do what is named (IAM, the bucket policy, its key, or Lake Formation)',
  },
  missing_table: {
    code: 'athena/no-table',
    kind: 'user',
    what: 'a table or database that it reads is not there',
    remedy: 'look who dropped it; run again with `--force` to make the tables of the run anew',
  },
  partition_lost: {
    code: 'athena/partition-lost',
    kind: 'check',
    what: 'files of a partition went away',
    remedy: 'put the files of the partition back or drop it from its table, and let nobody delete below the prefixes of a run',
  },
  partition_limit: {
    code: 'athena/partition-limit',
    kind: 'user',
    what: 'it would write more than 100 partitions at once',
    remedy: 'write fewer partitions in one statement',
  },
  type_changed: {
    code: 'athena/type-changed',
    kind: 'check',
    what: 'a file holds another type than its table says',
    remedy: 'find the file that the engine names and write it anew as before, or change the table to the new type',
  },
  table_taken: {
    code: 'athena/table-taken',
    kind: 'user',
    what: 'somebody else has a table or view of this name',
    remedy: 'rename theirs, or give this pipeline a database of its own',
  },
  target_taken: {
    code: 'athena/target-taken',
    kind: 'user',
    what: 'there are files already where it writes',
    remedy: 'delete what lies below that prefix, or set `output` to a prefix of its own, then run again',
  },
  iceberg_conflict: {
    code: 'athena/conflict',
    kind: 'unavailable',
    what: 'another writer changed the table at the same time',
    remedy: LATER,
  },
  system: { code: 'athena/failed', kind: 'unavailable', what: 'Athena failed', remedy: LATER },
};

/** A statement that ended without success, after so many attempts. */
export function queryFailure(statement: Statement, status: QueryStatus, category: FaultCategory, attempts: number): Failure {
  const { code, kind, what, remedy } = TEXTS[category];
  const words = status.fault.words === '' ? 'no reason given' : status.fault.words;
  const times = attempts > 1 ? `, ${attempts} attempts` : '';
  const scanned = category === 'scan_limit' ? ` (stopped at ${byteText(status.scannedBytes)})` : '';
  const message = `${statement.name}: ${what}${scanned}: ${words} (query ${status.queryId}${times})`;
  return new Failure(kind, [{ code, message, remedy, ...placed(statement, words) }]);
}

export function placed(statement: Statement, words: string): Pick<Problem, 'place'> {
  const place = placeIn(statement, words);
  return place === undefined ? {} : { place };
}

/** What a statement waited for too long. `queryId`: null where it was not started. */
export function deadlineFailure(statement: Statement, seconds: number, queryId: string | null, last: ApiError | null): Failure {
  const query = queryId === null ? ' to start' : '';
  const named = queryId === null ? '' : ` (query ${queryId})`;
  const lastly = last === null ? '' : `; the last answer: ${last.message}`;
  const unknown =
    last?.fault === 'lost' && queryId === null ? '; it may have been started, and is found again by the next start' : '';
  const problem: Problem = {
    code: 'athena/deadline',
    message: `${statement.name}: took longer than ${seconds} s${query}${named}${lastly}${unknown}`,
    remedy: 'raise the deadline of a query, run fewer months at once, or run again when less runs',
    ...placed(statement, ''),
  };
  return new Failure('unavailable', [problem]);
}

const NAMED = 5;

export function budgetFailure(scans: Scans): Failure {
  const names = scans.byName().filter(([, bytes]) => bytes > 0n);
  const named = names.slice(0, NAMED).map(([name, bytes]) => `${name} ${byteText(bytes)}`);
  const others = names.length > NAMED ? `, ${names.length - NAMED} others less` : '';
  const budget = scans.budget ?? 0n;
  // Close to each other they would read alike.
  const text = byteText(scans.bytes) === byteText(budget) ? (bytes: bigint) => `${bytes} bytes` : byteText;
  const problem: Problem = {
    code: 'athena/budget',
    message: `the run scanned ${text(scans.bytes)}, more than its budget of ${text(budget)}: ${named.join(', ')}${others}`,
    remedy: 'raise the budget of the run or run fewer months at once; what was done is not scanned again',
  };
  return new Failure('user', [problem]);
}

/** Added to why a statement ended, where Athena may still be at work on it. */
export function notStopped(statement: Statement, queryId: string, last: Error | null): Problem {
  const lastly = last === null ? '' : ` (${last.message})`;
  return {
    code: 'athena/not-stopped',
    message: `${statement.name}: query ${queryId} may still run: it was told to stop, and did not say that it ended${lastly}`,
    remedy: `look at it in Athena, and stop it there: aws athena stop-query-execution --query-execution-id ${queryId}`,
    ...placed(statement, ''),
  };
}

/** Two columns of one name, or a SELECT without its header: rows that would be other rows than the engine's. */
export function answerFailure(statement: Statement, queryId: string, what: string): Failure {
  const problem: Problem = {
    code: 'athena/answer',
    message: `${statement.name}: the answer cannot be read: ${what} (query ${queryId})`,
    remedy: 'give every column of the query a name of its own; if they have one, please report it',
    ...placed(statement, ''),
  };
  return new Failure('user', [problem]);
}

export function tooLong(statement: Statement, bytes: number, most: number): Failure {
  const problem: Problem = {
    code: 'athena/too-long',
    message: `${statement.name}: the statement has ${bytes} bytes, and Athena takes ${most}`,
    remedy: 'split the model in two',
    ...placed(statement, ''),
  };
  return new Failure('user', [problem]);
}
