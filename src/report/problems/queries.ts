// Problems of questions to the published marts.
import { ofKind, type ProblemTexts } from './problem-text.js';

const ASKED: ProblemTexts = ofKind('user', {
  'explain/changed': [
    'The rows come out otherwise than they are published: the configuration, or the program, is not that of the run any more. Told so, they would be explained wrongly.',
    'Publish the month again, then explain it: `showback backfill --from <month> --to <month> --force`. A closed month is explained by the version that closed it.',
  ],
  'explain/collected': [
    'What the month was made of is no longer in landing.',
    'Deliver it again and publish the month again; of a closed month, bring the files back to landing from a copy.',
  ],
  'explain/month': ['Nothing is published of the month.', 'Take one of those that are listed.'],
  'explain/no-row': [
    'No published row has what was asked for.',
    'Take a value that is listed, or look at the mart: `showback sql`.',
  ],
  'explain/unknown-column': [
    'The mart has no such column.',
    'Take the one that is suggested; `showback sql .describe <mart>` has all.',
  ],
  'explain/unknown-evidence': [
    'No run that the state keeps says what the month was made of: it stays as published, and `retention` took the run that made it.',
    'Publish the month again: `showback backfill --from <month> --to <month> --force`.',
  ],
  'explain/unknown-mart': ['There is no mart of this name.', 'Take the one that is suggested; `showback sql .tables` has all.'],
  'sql/crashed': ['The query ended the process that it ran in. The published files are untouched.', 'Narrow the query.'],
  'sql/forbidden': [
    'The text is not one question: it writes, names a file or a setting, or is several statements.',
    'Ask one SELECT over the published marts.',
  ],
  'sql/invalid': ['The engine cannot read or answer the query.', 'Mend it as the message says; the dialect is DuckDB.'],
  'sql/memory': [
    'The query needs more memory than a question may have.',
    'Narrow it, aggregate more, or give it more: `--memory <size>`.',
  ],
  'sql/no-query': ['The question cannot be taken: none, empty, in several words, not readable.', 'See `showback sql --help`.'],
  'sql/output': [
    'The answer cannot be written where it should go.',
    'Name a file in a folder that is there and belongs to no run: `--output <file>`.',
  ],
  'sql/param': [
    'A value for a parameter of the query is missing, too many, or not of the type that the query needs.',
    'Give each `$name` its value: `--param name=value`.',
  ],
  'sql/rows': ['The answer has more rows than were expected.', 'Aggregate more, or say how many may come: `--limit <rows>`.'],
  'sql/size': ['The answer, or one value of it, is too large.', 'Ask for less, or allow more: `--size <size>`.'],
  'sql/time': ['The query took longer than it may.', 'Narrow it, or give it longer: `--timeout <seconds>`.'],
  'sql/unknown-name': [
    'The query names a table, column or function that is not there.',
    'See what there is: `showback sql .tables`.',
  ],
  'sql/value': ['A value has no place in the format of the answer.', 'Make it text in the query: `CAST(value AS VARCHAR)`.'],
});

const STARTED: ProblemTexts = ofKind('unavailable', {
  'sql/no-process': ['The process of the query cannot be started.', 'Run again when the machine has room.'],
});

export const QUERIES: ProblemTexts = { ...ASKED, ...STARTED };
