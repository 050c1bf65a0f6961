// Athena writes at most 100 partitions a statement (CTAS, INSERT INTO, UNLOAD with partitioned_by): one more ends it with
// HIVE_TOO_MANY_OPEN_PARTITIONS, and what was written by then stays. Our own UNLOADs never partition: each writes one prefix, and
// the only partitions there are, are added to external tables by `ALTER TABLE … ADD PARTITION`, which Glue takes 100 of at once too.

export const PARTITION_LIMIT = 100;

/** Values in the order given, in groups that one statement may write or add: run a statement a group. */
export function partitionBatches<T>(values: readonly T[], limit: number = PARTITION_LIMIT): readonly (readonly T[])[] {
  if (!Number.isSafeInteger(limit) || limit < 1) throw new RangeError(`a batch of ${limit} partitions`);
  return Array.from({ length: Math.ceil(values.length / limit) }, (_, at) => values.slice(at * limit, (at + 1) * limit));
}
