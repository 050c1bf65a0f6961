// What a run tells whoever listens. The run never prints; `cli/` turns events into a task list, log lines or NDJSON.

export type StepState = 'started' | 'done' | 'failed' | 'skipped';

export type RunEvent =
  | { readonly kind: 'run-started'; readonly pipeline: string; readonly asOf: string; readonly steps: readonly string[] }
  | {
      readonly kind: 'step';
      readonly step: string;
      readonly state: StepState;
      /** Filled when the step ends. */
      readonly seconds?: number;
      /** What it made, or went through. */
      readonly rows?: number;
      readonly files?: number;
      readonly bytes?: number;
    }
  | {
      readonly kind: 'progress';
      readonly step: string;
      /** Of `total`, in what tells best how much is left. */
      readonly done: number;
      readonly total?: number;
      readonly unit: 'files' | 'bytes';
      /** Gone through so far. */
      readonly rows?: number;
      readonly bytes?: number;
      /** Of an API, that came in this run. */
      readonly pages?: number;
    }
  /** A month of a backfill, with its steps when it starts. */
  | {
      readonly kind: 'month';
      readonly month: string;
      /** From 1. */
      readonly number: number;
      readonly total: number;
      readonly state: 'started' | 'published' | 'unchanged' | 'failed' | 'stopped';
      readonly steps?: readonly string[];
    }
  | {
      readonly kind: 'backfill-finished';
      readonly outcome: 'published' | 'unchanged' | 'failed' | 'stopped';
      readonly seconds: number;
      readonly published: readonly string[];
      readonly unchanged: readonly string[];
      /** Not done: the one that failed and those after it. */
      readonly left: readonly string[];
    }
  | { readonly kind: 'note'; readonly level: 'info' | 'warning'; readonly message: string }
  | {
      readonly kind: 'run-finished';
      readonly outcome: 'published' | 'unchanged' | 'failed' | 'stopped';
      readonly runId: string;
      readonly seconds: number;
      readonly out: string | null;
    };

export type Listener = (event: RunEvent) => void;
