// One example a code from what the corpus of errors expects: the shortest, so that a page is read and not scrolled.

export interface ExpectedError {
  /** The name of the case. */
  readonly name: string;
  /** `exit 2`, then every problem as `describeProblem` writes it. */
  readonly text: string;
}

const HEAD = /^\S.* \[([a-z][a-z0-9]*\/[a-z0-9_-]+)\]$/;

export function problemExamples(expected: readonly ExpectedError[]): ReadonlyMap<string, string> {
  const chosen = new Map<string, string>();
  for (const { text } of [...expected].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    for (const { problem, lines } of problemsIn(text)) {
      const known = chosen.get(problem);
      if (known === undefined || lines.length < known.length) chosen.set(problem, lines);
    }
  }
  return chosen;
}

/** Problems by the code under which they are documented. */
export function problemsIn(text: string): readonly { readonly problem: string; readonly lines: string }[] {
  const found: { problem: string; lines: string }[] = [];
  for (const line of text.split('\n')) {
    const code = HEAD.exec(line)?.[1];
    const last = found.at(-1);
    if (code !== undefined) found.push({ problem: code.replace(/^control\/.*/, 'control/*'), lines: line });
    else if (last !== undefined && line.startsWith('  ')) last.lines += `\n${line}`;
  }
  return found;
}
