// Problems of questions to the published marts.
import { ofKind, type ProblemTexts } from './problem-text.js';

export const QUERIES: ProblemTexts = ofKind('user', {
  'sql/crashed': ['The query ended the process that it ran in. The published files are untouched.', 'Narrow the query.'],
  'sql/forbidden': [
    'The text is not one question: it writes, names a file or a setting, or is several statements.',
    'Ask one SELECT over the published marts.',
  ],
  'sql/invalid': ['The engine cannot read or answer the query.', 'Mend it as the message says; the dialect is DuckDB.'],
  'sql/memory': ['The query needs more memory than a question may have.', 'Narrow it, or aggregate more.'],
  'sql/time': ['The query took longer than it may.', 'Narrow it, or give it longer: `--timeout <seconds>`.'],
  'sql/unknown-name': [
    'The query names a table, column or function that is not there.',
    'See what there is: `showback sql "show tables"`.',
  ],
});
