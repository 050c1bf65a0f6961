// Who answers for a feature: a name for each role, or names with the days on which they held it.
import { type Feature, type Owner, OWNER_ROLES, type OwnerRole } from './pipeline.js';
import type { FeatureSpec } from './spec-registry.js';
import { backwards, commonDays } from './stretch.js';
import { problem, quoted, type Report, type Spot } from './text.js';
import type { YamlFile } from './yaml-places.js';

/** A feature needs one owner at least; of a shared service the run tells that it has none. */
export function ownersOf(spec: FeatureSpec, file: YamlFile, report: Report): Feature['owners'] {
  const owners = OWNER_ROLES.flatMap((role) => ofRole(spec, role, file, report));
  if (owners.length === 0 && spec.kind === 'feature') {
    const message = `feature ${quoted(spec.id)} has no owner`;
    const remedy = 'add `owners:` with at least one of feature, platform, business';
    report(problem('no-owner', file.of(spec, 'id'), message, remedy));
  }
  return owners;
}

function ofRole(spec: FeatureSpec, role: OwnerRole, file: YamlFile, report: Report): readonly Owner[] {
  const written = spec.owners[role];
  if (written === undefined) return [];
  if (typeof written === 'string') return [{ role, owner: written, validFrom: null, validTo: null }];
  const owners = written.map(({ owner, from = null, to = null }) => ({ role, owner, validFrom: from, validTo: to }));
  owners.forEach((owner, index) => {
    const spot = file.of(spec, 'owners', role, index);
    for (const found of backwards(owner, spot)) report(found);
    checkAlone(owner, owners.slice(0, index), spot, report);
  });
  return owners;
}

/** A day of a role has one owner: its cost could not be told to two. */
function checkAlone(owner: Owner, earlier: readonly Owner[], spot: Spot, report: Report): void {
  for (const other of earlier) {
    const days = commonDays(other, owner);
    if (days === null) continue;
    const message = `${quoted(other.owner)} and ${quoted(owner.owner)} are both ${owner.role} owner ${days}`;
    const remedy = 'end the one before the other begins: `to` is the first day that is not included';
    report(problem('overlapping-owners', spot, message, remedy));
  }
}
