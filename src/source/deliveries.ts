// What counted of a source at the time of a run, told from what landed: names, and the bytes that the run was made of.
import type { IndexEntry } from './landing.js';
import { isManifest, unitOf } from './superseded.js';

/** The files of a run that was made of these bytes: of each name the newest landing among them. */
export function countedIn(entries: readonly IndexEntry[], made: ReadonlySet<string>): readonly IndexEntry[] {
  return newestOfName(entries.filter((entry) => made.has(entry.sha256) && !isManifest(entry)));
}

/**
 * The files that count now, whether or not a run was made of them. A name, or the period of an export, that an earlier run was made of
 * and the last one was not has gone; what the last run was made of counts, whatever its bytes were before. `runs`: oldest first.
 */
export function countedNow(entries: readonly IndexEntry[], runs: readonly ReadonlySet<string>[]): readonly IndexEntry[] {
  const counted = runs.map((made) => new Set(countedIn(entries, made).map(replacedAs)));
  const last = counted.at(-1);
  const wasDropped = (entry: IndexEntry): boolean => {
    const key = replacedAs(entry);
    return last?.has(key) === false && runs.some((made, at) => made.has(entry.sha256) && counted[at]?.has(key) === true);
  };
  const manifests = new Map(entries.filter(isManifest).map((entry) => [unitOf(entry), entry.delivery]));
  const whole = entries.filter((entry) => !manifests.has(unitOf(entry)) || manifests.get(unitOf(entry)) === entry.delivery);
  return newestOfName(whole.filter((entry) => !isManifest(entry))).filter((entry) => !wasDropped(entry));
}

/** Of a billing period a name is one file; the same name in another period is another. */
function newestOfName(entries: readonly IndexEntry[]): readonly IndexEntry[] {
  return [...new Map(entries.map((entry) => [`${unitOf(entry)} ${entry.name}`, entry])).values()];
}

/** What replaces it: a file of its name, or a delivery of its period. */
function replacedAs(entry: IndexEntry): string {
  return entry.unit === entry.name ? entry.name : unitOf(entry);
}
