// Failures are values: a kind that decides the exit code, and every problem of the phase at once.

/** Where a problem sits. `line` and `column` count from 1. */
export interface Place {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
}

/** One problem a person can act on: what is wrong, where, and what to do. Never holds a secret. */
export interface Problem {
  /** Stable, documented name such as `config/unknown-key`. */
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
  readonly place?: Place;
  /** The offending source line or rows, shown under the message. */
  readonly excerpt?: string;
}

/**
 * `user`: configuration or arguments (2) · `check`: the data is wrong, nothing was published (3) ·
 * `unavailable`: a source or engine cannot be reached, retry later (4) · `locked`: another run holds the lock (75).
 * Anything else that is thrown is a bug (1).
 */
export type FailureKind = 'user' | 'check' | 'unavailable' | 'locked';

export const EXIT_CODE = {
  done: 0,
  bug: 1,
  user: 2,
  check: 3,
  unavailable: 4,
  locked: 75,
} as const;

export class Failure extends Error {
  override readonly name = 'Failure';
  readonly kind: FailureKind;
  readonly problems: readonly Problem[];
  /** What was not done, where other parts of the work were: a month of a backfill. */
  readonly part: string | null;

  constructor(kind: FailureKind, problems: readonly Problem[], options?: ErrorOptions & { readonly part?: string }) {
    super(problems.map((problem) => describeProblem(problem)).join('\n'), options);
    this.kind = kind;
    this.problems = problems;
    this.part = options?.part ?? null;
  }

  get exitCode(): number {
    return EXIT_CODE[this.kind];
  }
}

/** What ends a run in an orderly way, and the exit code that shells know it by. */
export const EXIT_OF_SIGNAL = { SIGINT: 130, SIGTERM: 143 } as const;
export type StopSignal = keyof typeof EXIT_OF_SIGNAL;

/** The run was asked to stop before its end: no failure of anything, and nothing was published. */
export class Stopped extends Error {
  override readonly name = 'Stopped';
  readonly by: StopSignal;

  constructor(by: StopSignal) {
    super(`stopped by ${by}`);
    this.by = by;
  }

  get exitCode(): number {
    return EXIT_OF_SIGNAL[this.by];
  }
}

/** `file:line:col`, as editors and terminals understand it. */
export function describePlace(place: Place): string {
  const line = place.line === undefined ? '' : `:${place.line}`;
  const column = place.line === undefined || place.column === undefined ? '' : `:${place.column}`;
  return `${place.file}${line}${column}`;
}

/** One problem as text: place, what is wrong, excerpt, what to do. */
export function describeProblem(problem: Problem): string {
  const place = problem.place === undefined ? '' : `${describePlace(problem.place)}: `;
  const excerpt = problem.excerpt === undefined ? '' : `\n${problem.excerpt.replace(/^/gm, '    ')}`;
  return `${place}${problem.message} [${problem.code}]${excerpt}\n  → ${problem.remedy}`;
}
