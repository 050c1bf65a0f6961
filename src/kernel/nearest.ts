// `did you mean`: the known word nearest to a mistyped one, or null where none is near enough to be worth saying.

export function nearest(word: string, known: Iterable<string>): string | null {
  const lower = word.toLowerCase();
  const limit = Math.max(1, Math.floor(word.length / 3));
  let best: string | null = null;
  let bestDistance = limit + 1;
  for (const candidate of known) {
    const distance = editDistance(lower, candidate.toLowerCase(), bestDistance);
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** The remedy for an unknown word: the nearest known one, else the list of them. */
export function suggest(word: string, known: readonly string[], otherwise?: string): string {
  const near = nearest(word, known);
  if (near !== null) return `did you mean \`${near}\`?`;
  if (otherwise !== undefined) return otherwise;
  const shown = known.slice(0, 24);
  return `use one of: ${shown.join(', ')}${known.length > shown.length ? ', …' : ''}`;
}

/** Edits (insert, delete, replace, swap of neighbours) from `a` to `b`; stops counting at `limit`. */
export function editDistance(a: string, b: string, limit = Number.POSITIVE_INFINITY): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      const replaced = (last[column - 1] ?? 0) + (same ? 0 : 1);
      const moved = swapped ? (beforeLast[column - 2] ?? 0) + 1 : replaced;
      current.push(Math.min((last[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1, replaced, moved));
    }
    [beforeLast, last] = [last, current];
  }
  return last[b.length] ?? 0;
}
