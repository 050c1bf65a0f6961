// Which landings a later one replaced. Plain files are replaced by their name, exports by their billing period.
import type { IndexEntry } from './landing.js';

/** A file of an export of AWS: the folder of the export, and what the file is. */
const OF_AWS = /^(.*?)\/(metadata|data)\/BILLING_PERIOD=/;
/** Of Azure, and of legacy reports of AWS; their Parquet files lie below a folder of their own. */
const OF_A_MONTH = /^(.*?)\/\d{8}-\d{8}\/(?:.+\/)?([^/]+)$/;
/** Of an export that a provider was asked for. */
const OF_PULL = /^(.*?)\/\d{4}-\d{2}\/(costs\.csv|export\.json)$/;
const OF_PARQUET = /^(.*?)\/[^/]+\/year=\d{4}\/month=\d{1,2}\/[^/]+$/;

function exportOf(name: string): { readonly folder: string; readonly isManifest: boolean } | null {
  const [, aws, what] = OF_AWS.exec(`/${name}`) ?? [];
  if (aws !== undefined) return { folder: aws, isManifest: what === 'metadata' };
  const [, month, file = ''] = OF_A_MONTH.exec(`/${name}`) ?? [];
  if (month !== undefined) return { folder: month, isManifest: /^manifest\.json$|-Manifest\.json$/.test(file) };
  const [, pulled, part] = OF_PULL.exec(`/${name}`) ?? [];
  if (pulled !== undefined) return { folder: pulled, isManifest: part === 'export.json' };
  const [, report] = OF_PARQUET.exec(`/${name}`) ?? [];
  return report === undefined ? null : { folder: report, isManifest: false };
}

/** For each landing the place of the first later one that replaced it, or null while it counts. Oldest first. */
export function supersededBy(entries: readonly IndexEntry[]): readonly (number | null)[] {
  const nextOfName = new Map<string, number>();
  const manifests = new Map<string, { readonly at: number; readonly delivery: string }[]>();
  const replaced: (number | null)[] = [];
  for (const [at, entry] of [...entries.entries()].reverse()) {
    const name = JSON.stringify([entry.source, entry.name]);
    replaced[at] = entry.unit === entry.name ? (nextOfName.get(name) ?? null) : replacedDelivery(entry, manifests);
    nextOfName.set(name, at);
    if (isManifest(entry)) {
      const unit = unitOf(entry);
      const later = manifests.get(unit) ?? [];
      later.push({ at, delivery: entry.delivery });
      manifests.set(unit, later);
    }
  }
  return replaced;
}

/** A delivery counts as long as the last manifest of its period is its own. One whose manifest never came waits for the next that does. */
function replacedDelivery(
  entry: IndexEntry,
  manifests: ReadonlyMap<string, readonly { readonly at: number; readonly delivery: string }[]>,
): number | null {
  const later = manifests.get(unitOf(entry)) ?? [];
  const [newest] = later;
  if (newest === undefined || newest.delivery === entry.delivery) return null;
  return later.findLast(({ delivery }) => delivery !== entry.delivery)?.at ?? null;
}

export function isManifest(entry: IndexEntry): boolean {
  return entry.unit !== entry.name && exportOf(entry.name)?.isManifest === true;
}

/** What one delivery replaces of an export: a period below its folder. */
export function unitOf(entry: IndexEntry): string {
  return JSON.stringify([entry.source, exportOf(entry.name)?.folder ?? null, entry.unit]);
}
