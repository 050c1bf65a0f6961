// Athena writes at most 100 partitions a statement (CTAS, INSERT INTO, UNLOAD with partitioned_by): one more ends it with
// HIVE_TOO_MANY_OPEN_PARTITIONS, and what was written by then stays. Our own UNLOADs never partition: each writes one prefix, and
// the only partitions there are, are added to external tables by `ALTER TABLE … ADD PARTITION`, which Glue takes 100 of at once too.
import { Failure } from '../kernel/failure.js';
import type { AthenaQueries } from './athena-statement.js';

export const PARTITION_LIMIT = 100;

/** Values in the order given, in groups that one statement may write or add: run a statement a group. */
export function partitionBatches<T>(values: readonly T[], limit: number = PARTITION_LIMIT): readonly (readonly T[])[] {
  if (!Number.isSafeInteger(limit) || limit < 1) throw new RangeError(`a batch of ${limit} partitions`);
  return Array.from({ length: Math.ceil(values.length / limit) }, (_, at) => values.slice(at * limit, (at + 1) * limit));
}

export interface ExpectedPartitions {
  readonly database: string;
  readonly table: string;
  /** As Athena writes them: `day=2026-01-31`. */
  readonly names: readonly string[];
}

/**
 * Refuses a table that has lost partitions. The engine answers no error for one that somebody dropped, nor where its files were
 * deleted on S3: it has no rows then, and a sum is too small. Deleted files show in a listing of the prefix alone.
 */
export async function refuseLostPartitions(athena: AthenaQueries, { database, table, names }: ExpectedPartitions): Promise<void> {
  const found = await athena.rows({
    name: `partitions of ${table}`,
    sql: `SHOW PARTITIONS \`${database}\`.\`${table}\``,
    anew: true,
  });
  const present = new Set(found.flatMap((row) => Object.values(row)));
  const lost = names.filter((name) => !present.has(name));
  if (lost.length === 0) return;
  const named = lost.slice(0, 5).join(', ');
  throw new Failure('check', [
    {
      code: 'athena/partition-lost',
      message: `table ${table}: ${lost.length} of ${names.length} partitions are not there: ${named}${lost.length > 5 ? ', …' : ''}`,
      remedy: 'find out who dropped them; run again with `--force` to register them anew',
    },
  ]);
}
