// Which tag of a bill names the feature.
import type { TagCounts } from './finding.js';
import { bare } from './usage-names.js';

/** Keys that mean a feature, the likeliest first. */
const KEYS = [
  'feature',
  'featureid',
  'featurename',
  'usecase',
  'application',
  'app',
  'product',
  'component',
  'workload',
  'service',
  'project',
  'team',
];

export interface FeatureTag {
  readonly key: string;
  readonly values: ReadonlyMap<string, number>;
}

/** The tag that shares most values with the logs; else the one whose key says so; null where none does. */
export function bestTag(tags: TagCounts, features: ReadonlySet<string>): FeatureTag | null {
  const score = ([key, values]: readonly [string, ReadonlyMap<string, number>]) => {
    const shared = [...values.keys()].filter((value) => features.has(value)).length;
    const place = KEYS.indexOf(bare(key.replace(/^(user|aws|resourcetags)[:/]/i, '')));
    return shared * 1000 + (place < 0 ? 0 : KEYS.length - place);
  };
  const ranked = [...tags].map((tag) => ({ tag, score: score(tag) })).filter(({ score: found }) => found > 0);
  const [best] = ranked.sort((a, b) => b.score - a.score || (a.tag[0] < b.tag[0] ? -1 : 1));
  return best === undefined ? null : { key: best.tag[0], values: best.tag[1] };
}
