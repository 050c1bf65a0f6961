// The registry, drafted from the tags that logs and bills carry.
import { FEATURE_ID } from '../pipeline/fields.js';
import type { Warehouse } from '../warehouse/warehouse.js';
import type { BillDraft } from './bill-sources.js';
import type { FeatureDraft } from './draft.js';

/** More than people fill in; what is beyond stays `(unallocated)` with its tag. */
const MOST_FEATURES = 500;
const MOST_TAGS = 20_000;

export interface FeatureDrafts {
  readonly features: readonly FeatureDraft[];
  /** Seen and not drafted: there are too many. */
  readonly left: number;
  /** Tags that cannot be ids. */
  readonly unfit: readonly string[];
}

export interface Tagged {
  readonly features: readonly FeatureDraft[];
  readonly events: number;
  /** Events that name no feature. */
  readonly untagged: number;
}

export async function taggedUsage(engine: Warehouse): Promise<Tagged> {
  const rows = await engine.rows(
    `SELECT feature_id, count(*) AS seen, mode(team_id) AS team FROM usage_sample WHERE reject IS NULL AND feature_id IS NOT NULL
     GROUP BY feature_id ORDER BY seen DESC, feature_id LIMIT ${MOST_TAGS}`,
  );
  const [sum] = await engine.rows(
    'SELECT count(*) AS events, count(*) FILTER (feature_id IS NULL) AS untagged FROM usage_sample WHERE reject IS NULL',
  );
  const features = rows.map((row) => ({
    id: row['feature_id'] ?? '',
    team: row['team'] ?? 'TODO',
    seen: Number(row['seen']),
    from: 'usage' as const,
  }));
  return { features, events: Number(sum?.['events'] ?? 0), untagged: Number(sum?.['untagged'] ?? 0) };
}

export function draftFeatures({ features: used }: Tagged, bills: readonly BillDraft[]): FeatureDrafts {
  const known = new Set(used.map(({ id }) => id));
  const billed = new Map<string, number>();
  for (const [value, lines] of bills.flatMap(({ tag }) => [...(tag?.values ?? [])])) {
    if (!known.has(value)) billed.set(value, (billed.get(value) ?? 0) + lines);
  }
  const fromBills = [...billed]
    .map(([id, seen]) => ({ id, team: 'TODO', seen, from: 'bills' as const }))
    .sort((a, b) => b.seen - a.seen);
  const all: readonly FeatureDraft[] = [...used, ...fromBills];
  const fit = all.filter(({ id }) => FEATURE_ID.test(id));
  return {
    features: fit.slice(0, MOST_FEATURES),
    left: Math.max(0, fit.length - MOST_FEATURES),
    unfit: all.filter(({ id }) => !FEATURE_ID.test(id)).map(({ id }) => id),
  };
}
