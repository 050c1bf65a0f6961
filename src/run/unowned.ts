// What nobody answers for is told each night until somebody does.
import type { Listener } from '../kernel/event.js';
import type { ModelEngine } from '../model/engine.js';
import type { Row } from '../warehouse/warehouse.js';
import type { Period } from './parameters.js';

/** One warning for each feature or shared service that was without any owner in the published months. */
export async function warnOfUnowned(engine: ModelEngine, period: Period, listener: Listener): Promise<void> {
  const rows = await engine.rows(
    `SELECT place, kind, feature_id, min(first_day) AS first_day, max(last_day) AS last_day, CAST(sum(days) AS BIGINT) AS days
     FROM reconciliation.unowned_feature WHERE billing_month BETWEEN CAST($1 AS DATE) AND CAST($2 AS DATE)
     GROUP BY place, kind, feature_id ORDER BY feature_id`,
    [`${period.firstMonth}-01`, `${period.lastMonth}-01`],
  );
  for (const row of rows) listener({ kind: 'note', level: 'warning', message: messageOf(row) });
}

function messageOf({ place, kind, feature_id: feature, first_day: first, last_day: last, days }: Row): string {
  const when = first === last ? `on ${first ?? ''}` : `on ${days ?? ''} days from ${first ?? ''} through ${last ?? ''}`;
  return `${place ?? ''}: ${kind ?? ''} \`${feature ?? ''}\` has no owner ${when} → name one under \`owners\``;
}
