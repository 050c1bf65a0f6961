// Problems of closed months: of closing one, opening it again, and of what lies with it.
import { ofKind, type ProblemTexts } from './problem-text.js';

const ASKED: ProblemTexts = ofKind('user', {
  'close/athena': [
    'A pipeline that runs on Athena has closed months, or is asked to close one. Ledgers of closed months lie in the state folder, where Athena does not reach them.',
    'Run it on the embedded engine, or reopen its months.',
  ],
  'close/closed': ['The month is closed already.', 'Leave it, or open it: `showback reopen`.'],
  'close/earlier-open': [
    'An earlier month is open. Months close in their order: what is adjusted of one is booked in the first open one after it.',
    'Close the earlier one first.',
  ],
  'close/later-closed': [
    'A later month is closed, and may hold adjustments of this one: both would tell them.',
    'Open the later ones first, the last of all before the others.',
  ],
  'close/source-kind': [
    'A source that closed months know is of another kind now, so they cannot be computed again.',
    'Give the new source an id of its own, and leave the old one.',
  ],
  'close/start': [
    'The books begin in another month than the first closed one.',
    'Set `start` back, or reopen the closed months.',
  ],
  'close/not-closed': ['The month is not closed.', 'Close it, or take one of those that are listed.'],
  'close/not-published': [
    'The month is not published through its last day. Only what people could look at can be closed.',
    'Publish it whole: `showback run` after its last day, or `showback backfill`.',
  ],
  'close/people': [
    'Who closes or opens a month, or why, is not said; or one person is named where the pipeline wants two.',
    'Give `--approver`, `--preparer` and `--reason` (`--by` and `--reason` to reopen).',
  ],
  'close/unknown-evidence': [
    'The run that published the month does not say what it was made of: it was collected, or is of an earlier version.',
    'Publish the month again: `showback backfill --force`.',
  ],
  'run/reopened': [
    'A month was reopened, and months after it hold adjustments of it. They are made anew together, by a run that names no month.',
    'Run `showback run` first.',
  ],
  'run/closed': [
    'The month that was asked for is closed; no run computes it again.',
    'Leave it out. Where it must change: `showback reopen`, then run.',
  ],
});

const STATEMENTS: ProblemTexts = ofKind('user', {
  'statements/in-the-way': [
    'What lies where statements go is not what was written there, or would not be written again: somebody keeps it, or changed it.',
    'Move it away, or name another folder.',
  ],
  'statements/none': [
    'The month was closed by a version that made no statements of customers. Only a close makes them.',
    'Take a later month; or reopen this one, run, and close it again.',
  ],
  'statements/place': ['The folder lies in `state` or `out`, where runs put and remove files.', 'Name a folder elsewhere.'],
  'statements/unknown-customer': [
    'No cost of the closed month is of a customer of this id. Ids are those of usage, letter by letter.',
    'Correct the id; without `--customer` every customer gets a file, and `_index.csv` names them.',
  ],
});

const REFUSED: ProblemTexts = ofKind('check', {
  'close/bill-missing': [
    'A source of money has no bill of the month, and no row of `invoices.csv` attests that there is none.',
    'Bring the bill; or attest a total of 0 for its provider and month.',
  ],
  'close/bill-provisional': [
    'Lines of a bill may still change: neither the bill nor an attested invoice says that they are final.',
    'Wait for the final bill, or attest the invoice in `invoices.csv`; its total is compared.',
  ],
  'close/changed': [
    'The month was built again and came out otherwise than it is published: evidence, rules or the program changed since, or a published file did.',
    'Run again, look at the figures, then close.',
  ],
  'close/coverage': [
    'Less of the month is covered by evidence than `close.coverage` asks for.',
    'Tag or map what is not covered, or lower the limit.',
  ],
  'close/damaged': [
    'Something that a month was closed with is gone or was changed: its lock, its configuration, its ledger or its files.',
    'Put it back from a copy of the state folder: closed months are not made anew.',
  ],
  'close/days-to-come': [
    'Charges of the month lie on days that the evidence of the published run does not reach: how they are shared is not known yet.',
    'Run as of the last of those days or later, then close.',
  ],
  'close/evidence-gone': [
    'A file that a closed month was made of is not among the files of its source any more, and no other has taken its place. A missing file takes nothing back.',
    'Put it back, or bring its successor under the same name.',
  ],
  'close/lost': [
    'Months are published as closed, and the books of the pipeline do not know them: its folder below `<state>/closed` is lost, or the pipeline has another name or state folder.',
    'Put the folder back, or move it with the name.',
  ],
  'close/differs': [
    'A closed month was built again from landing, and something is not what was closed. Each comparison is told.',
    'Put back what was changed. Where only the program is another one, the version that closed the month builds it byte for byte.',
  ],
  'close/landing': ['A landed file that the month was made of is gone.', 'Deliver it again and run, then close.'],
  'close/unallocated': [
    'More of the month stands on `(unallocated)` than `close.unallocated` allows.',
    'Write rules or tags for it, or raise the limit.',
  ],
  'close/unpriced': [
    'Usage of the month has no price. An acceptance lets it be published, but not closed.',
    'Add the price to a book and run again.',
  ],
});

export const CLOSING: ProblemTexts = {
  ...ASKED,
  ...STATEMENTS,
  ...REFUSED,
  ...ofKind('unavailable', {
    'run/changed-meanwhile': ['A file of the configuration was changed while the pipeline was being read.', 'Run again.'],
    'close/changed-meanwhile': ['A file of the configuration was changed while the month was being closed.', 'Close it again.'],
  }),
};
