// Problems of Athena: its workgroup, what a run may cost there, and its queries.
import { ofKind, type ProblemTexts } from './problem-text.js';

const YOURS: ProblemTexts = ofKind('user', {
  'athena/answer': [
    'The answer of a query has two columns of one name, or is not as Athena writes answers.',
    'Give every column a name of its own; if they have one, please report it.',
  ],
  'athena/budget': [
    'The run scanned more bytes than its budget allows, or is known to before its first query. What was in flight is stopped, and the message names what scans most.',
    'Raise `scan_budget_gb`; `showback plan` tells what a run scans. What is done is not scanned again by the next start.',
  ],
  'athena/credentials': [
    'AWS credentials are missing, expired or not valid.',
    'Give the environment, profile or role that the AWS SDK reads them from, or log in again.',
  ],
  'athena/denied': [
    'The role of the run may not do what a query or a call needs; the message names the action or the service that refused.',
    'Allow it in IAM, the policy of the bucket or of its key, or in Lake Formation.',
  ],
  'athena/disabled': ['The workgroup is disabled.', 'Enable it, or name another.'],
  'athena/engine-version': [
    'The workgroup runs another engine than Athena engine version 3, which models are written for.',
    'Set the engine of the workgroup to Athena SQL, version 3.',
  ],
  'athena/no-cutoff': [
    'The workgroup sets no limit to what one query may scan, so that a mistake could cost any amount.',
    'Set a data usage control for a query (`BytesScannedCutoffPerQuery`), as the arrow shows.',
  ],
  'athena/no-database': [
    'The database is not in the data catalog of the region.',
    'Create it, or name one that is there, and its region.',
  ],
  'athena/no-output': [
    'Results cannot be written: no place is named, its bucket is missing, in another region, or closed to this role.',
    'Name an output in a bucket of the same region, and allow `s3:GetBucketLocation`, `s3:ListBucket` and `s3:PutObject` on it.',
  ],
  'athena/no-table': [
    'A table or database that a query reads is not there: somebody dropped it.',
    'Find out who did, and run again with `--force`, which makes the tables of the run anew.',
  ],
  'athena/no-workgroup': [
    'There is no such workgroup in this region.',
    'Name one that is there (`aws athena list-work-groups`), and the region that it is in.',
  ],
  'athena/partition-limit': [
    'A statement would write more than the 100 partitions that Athena allows it.',
    'Write fewer partitions in one statement.',
  ],
  'athena/refused': ['Athena refuses a call for a reason of its own, which the message has.', 'Do what it says.'],
  'athena/scan-limit': [
    'A query would scan more than the workgroup lets one query scan, and was stopped there. What it scanned by then is paid.',
    'Run fewer months at once, or raise the data usage control for a query.',
  ],
  'athena/sql': [
    'Athena cannot run the SQL of a model. The place is its file, and the line where the engine names one that comes from there.',
    'Mend the model as the engine says; if it was not changed, look at what its inputs became.',
  ],
  'athena/table-taken': [
    'A table or view of this name is there, and belongs to somebody else.',
    'Rename theirs, or give the pipeline a database of its own.',
  ],
  'athena/target-taken': [
    'There are files already below the prefix that a query writes.',
    'Delete them, or set `output` to a prefix that nobody else uses.',
  ],
  'athena/too-long': ['A statement has more than the 262,144 bytes that Athena takes.', 'Split the model in two.'],
});

const DATA: ProblemTexts = ofKind('check', {
  'athena/partition-lost': [
    'Files or a partition of a table went away while, or before, a query read them.',
    'Put them back, or drop the partition from its table; nobody should delete below the prefixes of a run.',
  ],
  'athena/type-changed': [
    'A file holds another type than its table says.',
    'Write the file that the message names as before, or change the table to the new type.',
  ],
});

const NOT_NOW: ProblemTexts = ofKind('unavailable', {
  'athena/cancelled': ['Somebody else stopped a query.', 'Find out who did, then run again.'],
  'athena/conflict': ['Another writer changed the same table at the same time.', 'Run again later.'],
  'athena/deadline': [
    'A statement took longer than its deadline, all attempts together. Its query was stopped.',
    'Raise the deadline, run fewer months at once, or run again when less runs.',
  ],
  'athena/failed': ['Athena failed, more than once where that could help.', 'Run again later; what is done is not done again.'],
  'athena/files-differ': [
    'The files below the output folder are not those that went up, or do not hold the rows that Athena counted.',
    'Let nothing but showback write below its output folder, then run again.',
  ],
  'athena/log-lost': [
    'A log that went from bucket to bucket has no copy below the output folder (somebody removed it, or `output` was another), and its object was changed or removed since.',
    'Put the copy back, from an earlier version of it where the bucket keeps them, or deliver the object again.',
  ],
  'athena/log-stays': [
    'A log lies on S3 alone: a run on Athena took it from bucket to bucket, and what was asked for reads logs here.',
    'Run once with `engine: { kind: duckdb }`, which fetches the objects that are still there, then ask again of that run.',
  ],
  'athena/quota': [
    'The account has as many queries waiting or running as it may.',
    'Run again when less runs, lower `concurrency`, or ask AWS for a higher quota.',
  ],
  'athena/resources': [
    'A query needs more memory or workers than Athena had for it.',
    'Run again; if it stays so, run fewer months at once, or ask AWS for provisioned capacity.',
  ],
  'athena/throttled': ['Athena or S3 refused for the load, for longer than the deadline.', 'Run again later.'],
  'athena/timeout': [
    'Athena ended a query that ran for longer than the account allows.',
    'Run fewer months at once, or ask AWS for a longer DML query timeout.',
  ],
  'athena/unreachable': [
    'Athena does not answer.',
    'Check the region and the network, then run again: queries that run are found again.',
  ],
});

const HELD: ProblemTexts = ofKind('locked', {
  'athena/fenced': [
    'A later publisher registered its run in the database while this one was at work.',
    'Let that run stand; the next one publishes what is new.',
  ],
});

/** Told beside the reason why a statement ended, and never alone. */
const BESIDE: ProblemTexts = {
  'athena/not-stopped': {
    kinds: ['unavailable', 'user'],
    means: 'A query was told to stop and did not say that it ended, so that it may still run, and cost.',
    remedy: 'Look at it in Athena by the id that is named, and stop it there.',
  },
};

export const ATHENA: ProblemTexts = { ...YOURS, ...DATA, ...NOT_NOW, ...HELD, ...BESIDE };
