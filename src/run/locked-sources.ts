// Sources of today beside those of a closed month: what they mean stays as it was closed, where they are read from may change.
import { Failure, type Problem } from '../kernel/failure.js';
import type { SourceConfig } from '../pipeline/pipeline.js';
import type { LandedFile } from '../source/source.js';
import type { Books } from './books.js';

/** Files, columns and layout as they are now; role, basis, account and coverage as in the close. Sources that came since are as they are. */
export function sourcesAsClosed(today: readonly SourceConfig[], locked: readonly SourceConfig[]): readonly SourceConfig[] {
  return today.map((source) => {
    const before = locked.find(({ id }) => id === source.id);
    return before === undefined ? source : asClosed(source, before);
  });
}

function asClosed(source: SourceConfig, before: SourceConfig): SourceConfig {
  if (source.kind !== before.kind) {
    const message = `source \`${source.id}\` is of kind ${source.kind}, and closed months know it as ${before.kind}`;
    throw new Failure('user', [
      {
        code: 'close/source-kind',
        message,
        remedy: 'give the new source an id of its own, and leave the old one',
        place: source.place,
      },
    ]);
  }
  if (source.kind === 'usage' && before.kind === 'usage') return { ...source, statedCost: before.statedCost };
  if (!('role' in source) || !('role' in before)) return source;
  const { role, provider, account, basis, coversUsage, leavesOutServiceTiers, featureTag } = before;
  return { ...source, ...{ role, provider, account, basis, coversUsage, leavesOutServiceTiers, featureTag } };
}

/** A bill that is moved away looks like one that was taken back. Of closed months nothing is taken back by a missing file. */
export function refuseGoneEvidence({ closed }: Books, today: readonly SourceConfig[], files: readonly LandedFile[]): void {
  const known = new Set(files.flatMap(({ sha256, sourceId, unit }) => [sha256, JSON.stringify([sourceId, unit])]));
  const gone = new Map<string, Problem>();
  for (const { month, lock } of closed) {
    for (const { sourceId, name, sha256, unit } of lock.landed) {
      if (known.has(sha256) || known.has(JSON.stringify([sourceId, unit])) || isPulled(today, sourceId)) continue;
      const message = `\`${name}\` of source \`${sourceId}\` is not there any more, and ${month} was closed with it`;
      const remedy =
        'put it back, or bring its successor under the same name and source: a file that is missing takes nothing back';
      gone.set(JSON.stringify([sourceId, name]), { code: 'close/evidence-gone', message, remedy });
    }
  }
  if (gone.size > 0) throw new Failure('check', [...gone.values()]);
}

/** What a provider is asked for lies in landing, whatever pages the next answer comes in. */
function isPulled(today: readonly SourceConfig[], sourceId: string): boolean {
  const source = today.find(({ id }) => id === sourceId);
  if (source === undefined) return false;
  return ('pull' in source && source.pull !== null) || ('layout' in source && source.layout.kind === 'pull');
}
