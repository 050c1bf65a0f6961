// The journal that a close made, as the command tells of it.
import { join } from 'node:path';
import type { PublishedFile } from '../publish/directory.js';
import { FILES } from './books.js';
import type { ClosedJournal } from './closing-api.js';
import type { RunContext } from './execute.js';

/** Null where none was made. Its contract has proved that debits equal credits. */
export async function journalOf(
  { engine }: RunContext,
  atClose: readonly PublishedFile[],
  dir: string,
): Promise<ClosedJournal | null> {
  const file = atClose.find(({ mart, path }) => mart === 'gl_journal' && path.endsWith('.csv'));
  if (file === undefined) return null;
  const rows = await engine.rows(
    'SELECT currency, CAST(money_sum(debit) AS DECIMAL(38,4)) AS posted FROM marts.gl_journal GROUP BY currency ORDER BY currency',
  );
  const totals = rows.map(({ currency, posted }) => ({ currency: currency ?? '', posted: posted ?? '' }));
  return { path: join(dir, FILES, file.path), lines: file.rows, totals };
}
