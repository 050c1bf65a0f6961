// Who answers for the features of a random company: stretches of days of each role, with days of nobody between them.
import { plusDays } from '../../src/kernel/period.js';
import { OWNER_ROLES } from '../../src/pipeline/pipeline.js';
import type { TableRow } from './random-company.js';
import type { Dice } from './random-dice.js';

export function randomOwners(dice: Dice, features: readonly string[]): readonly TableRow[] {
  return features.flatMap((feature_id) => OWNER_ROLES.flatMap((role) => stretches(dice, { feature_id, role })));
}

/** None, one since ever, or up to four that follow each other through July and August. */
function stretches(dice: Dice, holder: TableRow): readonly TableRow[] {
  if (dice.below(6) === 0) return [];
  const rows: TableRow[] = [];
  let from: string | null = dice.flip() ? null : plusDays('2026-07-01', dice.below(20));
  for (let left = dice.below(4); left >= 0; left -= 1) {
    const valid_to: string | null = left === 0 && dice.flip() ? null : plusDays(from ?? '2026-07-01', 1 + dice.below(25));
    rows.push({ ...holder, owner: dice.of(['ada', 'mira', 'jonas', 'Ört Ü.', 'z|a']), valid_from: from, valid_to });
    if (valid_to === null) break;
    from = plusDays(valid_to, dice.flip() ? 0 : dice.below(5));
  }
  return rows;
}
