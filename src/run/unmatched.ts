// Rules that took nothing since the books begin are told: a service that was renamed, or a rule behind one that takes all of its charges.
import type { Listener } from '../kernel/event.js';
import type { Month } from '../kernel/period.js';
import type { ModelEngine } from '../model/engine.js';
import type { Row } from '../warehouse/warehouse.js';

export async function warnOfUnmatched(engine: ModelEngine, start: Month, listener: Listener): Promise<void> {
  const rows = await engine.rows(
    `SELECT pool_id, place, service, CAST(matched_lines AS VARCHAR) AS matched_lines, taken_by FROM reconciliation.rule_reach
     WHERE on_no_match = 'warn' AND NOT takes ORDER BY rule_no`,
  );
  for (const row of rows) {
    const [why, remedy] = reasonOf(row);
    const message = `${row['place'] ?? ''}: rule \`${row['pool_id'] ?? ''}\` has taken nothing since ${start}: ${why}`;
    listener({ kind: 'note', level: 'warning', message: `${message} → ${remedy}, or write \`on_no_match: ignore\`` });
  }
}

function reasonOf({
  service = null,
  matched_lines: lines = '0',
  taken_by: taker = null,
}: Row): readonly [why: string, remedy: string] {
  if (service !== null) return [`nothing was passed to \`${service}\``, 'correct the rules that feed it'];
  if (taker === null) return ['no charge and no register entry matches', 'correct its match'];
  const charges =
    lines === '1'
      ? 'the one charge that matches is taken by'
      : `all ${lines ?? ''} charges that match are taken by earlier rules, first`;
  return [`${charges} \`${taker}\``, 'put it before that rule'];
}
