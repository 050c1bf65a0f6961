// What counted of a source at the time of a run, told from what landed: names, and the bytes that the run was made of.
import type { IndexEntry } from './landing.js';
import { isManifest } from './superseded.js';

/** The files of a run that was made of these bytes: of each name the newest landing among them. */
export function countedIn(entries: readonly IndexEntry[], made: ReadonlySet<string>): readonly IndexEntry[] {
  return newestOfName(entries.filter((entry) => made.has(entry.sha256) && !isManifest(entry)));
}

/**
 * The files that count now, whether or not a run was made of them. What earlier runs were made of and the last one was not
 * has gone, or was replaced. `runs`: oldest first.
 */
export function countedNow(entries: readonly IndexEntry[], runs: readonly ReadonlySet<string>[]): readonly IndexEntry[] {
  const last = runs.at(-1);
  const wasDropped = ({ sha256 }: IndexEntry): boolean => last?.has(sha256) === false && runs.some((made) => made.has(sha256));
  const manifests = new Map(entries.filter(isManifest).map((entry) => [entry.unit, entry.delivery]));
  const whole = entries.filter(({ unit, delivery }) => !manifests.has(unit) || manifests.get(unit) === delivery);
  return newestOfName(whole.filter((entry) => !isManifest(entry))).filter((entry) => !wasDropped(entry));
}

/** Of a billing period a name is one file; the same name in another period is another. */
function newestOfName(entries: readonly IndexEntry[]): readonly IndexEntry[] {
  const newest = new Map(entries.map((entry) => [entry.unit === entry.name ? entry.name : `${entry.unit} ${entry.name}`, entry]));
  return [...newest.values()];
}
