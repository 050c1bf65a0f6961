// What went wrong, told to nobody but who asks: a log of costs must never be why a feature fails. Never holds a value, only names.

export type Problem =
  /** The answer has no usage, so that nothing was recorded: a stream without `include_usage`, or something else than an answer. */
  | { readonly kind: 'no_usage'; readonly from: string }
  /** Reading the field threw. */
  | { readonly kind: 'unreadable'; readonly field: string }
  /** The value is not what the field takes; the record was written without it. */
  | { readonly kind: 'bad_value'; readonly field: string }
  /** Written without it: usage of no feature is `(unallocated)`, and without provider or model the nightly run refuses the record. */
  | { readonly kind: 'missing'; readonly field: string }
  /** More cached tokens than input tokens: the uncached ones were written as 0. */
  | { readonly kind: 'cached_exceeds_input' }
  /** The sink took a batch with an error. The records wait and are handed over again. */
  | { readonly kind: 'sink_failed'; readonly reason: string }
  /** A record is lost: more wait than the queue holds, or it was not with the sink when `close()` ended. */
  | { readonly kind: 'dropped'; readonly reason: 'queue_full' | 'closed' }
  /** A bug of ours: what was to be recorded is lost. */
  | { readonly kind: 'bug'; readonly reason: string };

export type ProblemKind = Problem['kind'];
export type ProblemCounts = Readonly<Record<ProblemKind, number>>;
export type Note = (problem: Problem) => void;

export interface Tally {
  readonly note: Note;
  readonly counts: () => ProblemCounts;
}

/** Counts every problem and tells the first of each kind. */
export function tallyOf(onProblem: unknown): Tally {
  const counts: Record<ProblemKind, number> = {
    no_usage: 0,
    unreadable: 0,
    bad_value: 0,
    missing: 0,
    cached_exceeds_input: 0,
    sink_failed: 0,
    dropped: 0,
    bug: 0,
  };
  const note: Note = (problem) => {
    counts[problem.kind] += 1;
    if (counts[problem.kind] === 1 && typeof onProblem === 'function') tell(onProblem as (problem: Problem) => unknown, problem);
  };
  return { note, counts: () => ({ ...counts }) };
}

/** A listener that throws, or that is async and rejects, would else end the caller's process. */
function tell(onProblem: (problem: Problem) => unknown, problem: Problem): void {
  try {
    Promise.resolve(onProblem(problem)).catch(() => undefined);
  } catch {
    return;
  }
}

/** Code or class of an error. Its message may hold anything. */
export function reasonOf(error: unknown): string {
  try {
    const { code, name } = error as { readonly code?: unknown; readonly name?: unknown };
    const reason = typeof code === 'string' ? code : name;
    return typeof reason === 'string' && /^\w{1,64}$/.test(reason) ? reason : 'Error';
  } catch {
    return 'Error';
  }
}
