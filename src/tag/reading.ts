// Reading what may be anything: an answer of another version, a proxy, a getter that throws. Named fields only, and never content.
import type { Note } from './problems.js';

/** A property, or undefined where there is none and where reading it throws. */
export function at(value: unknown, key: string | number, note: Note): unknown {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return undefined;
  try {
    return (value as Readonly<Record<string | number, unknown>>)[key];
  } catch {
    note({ kind: 'unreadable', field: String(key) });
    return undefined;
  }
}

/** Even looking at the kind of a proxy may throw. */
export function attempted<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}

export function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

/** A whole number that is not negative. Null and absent are no number, and no problem either. */
export function countAt(value: unknown, key: string, note: Note): number | undefined {
  const found = at(value, key, note);
  if (found === undefined || found === null) return undefined;
  if (isCount(found)) return found;
  note({ kind: 'bad_value', field: key });
  return undefined;
}

/** The first of several spellings. */
export function firstCount(value: unknown, keys: readonly string[], note: Note): number | undefined {
  for (const key of keys) {
    const count = countAt(value, key, note);
    if (count !== undefined) return count;
  }
  return undefined;
}

/** What a provider names things by: models, tiers, regions. Prose has spaces and is none, wherever it stands. */
export function nameAt(value: unknown, key: string, note: Note): string | undefined {
  const found = at(value, key, note);
  if (found === undefined || found === null) return undefined;
  if (typeof found === 'string' && /^[\w.:/@~+-]{1,256}$/.test(found)) return found;
  note({ kind: 'bad_value', field: key });
  return undefined;
}
