// What is said of a problem code beyond the one problem at hand: the page docs/errors.md is made of it.
import type { FailureKind } from '../../kernel/failure.js';

export interface ProblemText {
  /** What ends with it, and so its exit code. `model`: told by `make sql` to who writes models, never by a run. */
  readonly kinds: readonly (FailureKind | 'model')[];
  readonly means: string;
  readonly remedy: string;
}

/** By code; `*` stands for a name that comes from data. */
export type ProblemTexts = Readonly<Record<string, ProblemText>>;

/** Codes of one kind, written as pairs of what it means and what to do. */
export function ofKind(
  kind: ProblemText['kinds'][number],
  texts: Readonly<Record<string, readonly [means: string, remedy: string]>>,
): ProblemTexts {
  const entries = Object.entries(texts).map(([code, [means, remedy]]) => [code, { kinds: [kind], means, remedy }] as const);
  return Object.fromEntries(entries);
}
