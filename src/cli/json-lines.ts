// Every line that `--json` of run, backfill and gc can print, and what it says: docs/events.md is made of it. The types leave no
// kind and no field out.
import type { RunEvent } from '../kernel/event.js';
import type { FailureKind, Problem } from '../kernel/failure.js';
import type { RunResult, WasteKind } from '../run/api.js';
import type { Statement } from './figures.js';

/** What came out: the last line of a run or backfill that did not fail. */
export interface SummaryLine {
  readonly kind: 'summary';
  readonly outcome: RunResult['outcome'];
  readonly runId: string;
  readonly asOf: string;
  readonly months: readonly string[];
  readonly out: string;
  readonly warehouse: string;
  readonly ties: boolean;
  readonly controls: { readonly passed: number; readonly failed: number };
  readonly statements: readonly Statement[];
}

export interface FailureLine {
  readonly kind: 'failure';
  readonly failure: FailureKind;
  readonly exitCode: number;
  readonly problems: readonly Problem[];
}

interface WasteFields {
  readonly what: WasteKind;
  readonly path: string;
  readonly files: number;
  readonly bytes: number;
}

export type GcLine =
  | { readonly kind: 'note'; readonly level: 'warning'; readonly message: string }
  | ({ readonly kind: 'removed' } & WasteFields)
  | ({ readonly kind: 'would-remove' } & WasteFields)
  | {
      readonly kind: 'gc-finished';
      readonly dryRun: boolean;
      readonly files: number;
      readonly bytes: number;
      readonly retention: { readonly runs: number; readonly deliveriesDays: number };
    };

export type JsonLine = RunEvent | SummaryLine | FailureLine | GcLine;

/** Of the fields `F` of a kind, without the kind itself. */
type FieldsOf<L> = L extends unknown ? Exclude<keyof L, 'kind'> : never;

export interface LineText<F extends string = string> {
  readonly means: string;
  readonly fields: Readonly<Record<F, string>>;
}

type LineTexts = { readonly [K in JsonLine['kind']]: LineText<FieldsOf<Extract<JsonLine, { kind: K }>>> };

const WASTE = {
  what: 'leftover, published-run, run, delivery, unnamed or lake-file; of pipelines on Athena or S3 also athena-notes, athena-table, athena-run, upload, athena-partition or s3-run',
  path: 'the file or folder, here or on S3, or the table as `database.table`',
  files: 'how many files; a table or a partition counts as one',
  bytes: 'their size',
};

export const LINE_TEXTS: LineTexts = {
  'run-started': {
    means: 'A run begins. Of a backfill: once, before its months.',
    fields: {
      pipeline: 'its name',
      asOf: 'evidence counts through this day',
      steps: 'the steps that `showback plan` prints, in order; of a backfill those before its months',
    },
  },
  step: {
    means: 'A step begins or ends.',
    fields: {
      step: 'as in `steps`',
      state: 'started, then done, failed or skipped',
      seconds: 'when it ends: how long it took',
      rows: 'rows it made, where it made any',
      files: 'files it landed',
      bytes: 'size of the files that it went through',
    },
  },
  progress: {
    means: 'How far a long step is.',
    fields: {
      step: 'as in `steps`',
      done: 'how much is done',
      total: 'of how much',
      unit: 'files or bytes: what `done` and `total` count',
      rows: 'rows so far',
      bytes: 'bytes so far, where files are counted',
      pages: 'pages of an API that came so far, where any did',
    },
  },
  month: {
    means: 'A month of a backfill begins or ends.',
    fields: {
      month: 'the month',
      number: 'its number, from 1',
      total: 'of how many',
      state: 'started, then published, unchanged, failed or stopped',
      steps: 'when it starts: its steps',
    },
  },
  'backfill-finished': {
    means: 'A backfill ends.',
    fields: {
      outcome: 'published, unchanged, failed or stopped',
      seconds: 'how long it took',
      published: 'months that it published',
      unchanged: 'months that were made of the same inputs already',
      left: 'months that it did not come to',
    },
  },
  note: {
    means: 'Something that a person may want to know; the run goes on.',
    fields: { level: 'info or warning', message: 'in words' },
  },
  'run-finished': {
    means: 'A run ends.',
    fields: {
      outcome: 'published, unchanged, failed or stopped',
      runId: 'empty where it came to none',
      seconds: 'how long it took',
      out: 'the output folder; null where nothing was published',
    },
  },
  summary: {
    means: 'What is published now: the last line of a run or backfill that did not fail.',
    fields: {
      outcome: 'published or unchanged',
      runId: 'the run',
      asOf: 'evidence counts through this day',
      months: 'months that are published',
      out: 'the output folder',
      warehouse: 'the warehouse file',
      ties: 'whether every month ties to the bills',
      controls: '`passed` and `failed`: how many',
      statements:
        'one a currency, of the last month: `month`, `currency`, `rows`, `total`, `previous_total`; amounts are exact text',
    },
  },
  failure: {
    means: 'Why the process ends with another code than 0: the last line. On stderr the same stands in words.',
    fields: {
      failure: 'user, check, unavailable or locked',
      exitCode: 'the exit code of the process',
      problems:
        'each with `code`, `message`, `remedy`, and where there are such `place` (`file`, `line`, `column`) and `excerpt`',
    },
  },
  removed: { means: 'gc removed something.', fields: WASTE },
  'would-remove': { means: '`gc --dry-run` would remove something.', fields: WASTE },
  'gc-finished': {
    means: 'gc ends.',
    fields: {
      dryRun: 'true: nothing was removed',
      files: 'files in all',
      bytes: 'their size',
      retention: '`runs` and `deliveries_days` of the pipeline',
    },
  },
};
