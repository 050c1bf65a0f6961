// Problems of what sources deliver, and of what the data turns out to be.
import { ofKind, type ProblemTexts } from './problem-text.js';

const UNREADABLE: ProblemTexts = ofKind('unavailable', {
  'source/bomb': [
    'An archive unpacks to so much more than it holds that reading went no further: more than 256 MiB, and more than 200 times its size.',
    'Find out who packed it; deliver the file unpacked, or in smaller files.',
  ],
  'source/changed': [
    'A file changed while it was being copied.',
    'Run again once it is written; let writers write aside and rename.',
  ],
  'source/no-files': [
    'A source has no files at all, and nothing that landed before counts. Nothing is not zero.',
    'Deliver the files, correct the pattern, or take the source out of the pipeline.',
  ],
  'source/short-file': [
    'A file of an export is shorter than its manifest says.',
    'Wait until the delivery is whole, then run again.',
  ],
  'source/truncated': [
    'A compressed file ends before its end, or its bytes were damaged.',
    'Deliver the whole file again; a part of it is not used.',
  ],
});

const UNUSABLE: ProblemTexts = ofKind('user', {
  'focus/version': [
    'A file fits no FOCUS version from 1.0 to 1.4: a column is twice, or one is missing that the version declared, or told from the columns, demands.',
    'Export the whole table, or declare the `version` that the arrow names.',
  ],
  'focus/origin': [
    'A FOCUS file has charges that the provider allocated (split cost allocation) and beside them the charge that they split. Allocated charges take its place, so both would count twice.',
    'Export the charges either as billed or as allocated.',
  ],
  'cur/columns': [
    'A file is no Cost and Usage Report of AWS that can be booked: a column is twice or one that every line needs is missing, or it is a ZIP or a FOCUS bill.',
    'Add the columns to the query of the export, choose GZIP or Parquet, or name the kind that the file is of.',
  ],
  'source/columns': [
    'The columns of a usage log are not those that its source reads.',
    'Map the fields under `map`, or correct the file.',
  ],
  'source/csv': ['A CSV file cannot be cut into rows: its header, quotes or line ends.', 'Correct the file as the arrow says.'],
  'source/own-output': [
    'A pattern covers what runs on Athena write below `output`: the logs of each night would be copied again the next.',
    'Narrow the pattern so that it covers the logs alone, or give `output` a bucket or folder of its own.',
  ],
  'source/format': ['The name of a file does not say what it holds.', 'Set `format` of the source to jsonl, csv or parquet.'],
  'source/outside-root': [
    'A pattern or link leads out of the company folder. Files outside are never read.',
    'Copy or mount the files below the folder, or set `root` to one that holds both.',
  ],
});

export const EVIDENCE: ProblemTexts = {
  ...UNREADABLE,
  ...UNUSABLE,
  'control/*': {
    kinds: ['check'],
    means:
      'A control of a published month fails: what the evidence says and what was computed differ. The code ends with its name; what each compares is in [controls](controls.md).',
    remedy: 'Follow the arrow of the control; the rows below the message are the ones that differ. Nothing was published.',
  },
  'source/manifest': {
    kinds: ['unavailable', 'user'],
    means:
      'A manifest of an export cannot be taken at its word: it is cut, names a file twice or outside of its folder, its files are being overwritten, or two exports lie in one folder.',
    remedy: 'Deliver the export again; give each export a folder and a source of its own.',
  },
  'source/unreadable': {
    kinds: ['unavailable', 'user'],
    means: 'A file cannot be read: it is gone, may not be read, or its bytes are not of its format.',
    remedy: 'Check that it is there, whole, and that the user of the run may read it.',
  },
  'source/unusable-file': {
    kinds: ['unavailable', 'user'],
    means: 'A cost dump or invoice is not of the form that its source reads.',
    remedy: 'Deliver the file again as the provider gives it, or correct the column map of the source.',
  },
};
