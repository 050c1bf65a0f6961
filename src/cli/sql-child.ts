// The child process that foreign SQL runs in: nothing of the parent's environment, one query, then gone.
import { Snapshot } from '../warehouse/snapshot.js';
import { EngineError } from '../warehouse/warehouse.js';
import type { SqlMessage, SqlRequest } from './sql-protocol.js';

const ROWS_AT_ONCE = 500;

process.once('message', (request: SqlRequest) => {
  answer(request)
    .catch(async (error: unknown) => send(refusal(error)))
    .finally(() => process.disconnect());
});
// Without a parent there is nobody to answer.
process.once('disconnect', () => process.exit());

async function answer(request: SqlRequest): Promise<void> {
  await using snapshot = await Snapshot.open(request.warehousePath, request);
  const clock = setTimeout(() => snapshot.interrupt(), request.seconds * 1000);
  try {
    const { columns, batches } = await snapshot.select(request.sql);
    await send({ kind: 'columns', columns });
    let left = request.rows;
    for await (const batch of batches) {
      for (let at = 0; at < Math.min(batch.length, left); at += ROWS_AT_ONCE) {
        await send({ kind: 'rows', rows: batch.slice(at, Math.min(at + ROWS_AT_ONCE, left)) });
      }
      left -= batch.length;
      if (left < 0) break;
    }
    await send({ kind: 'end', truncated: left < 0 });
  } finally {
    clearTimeout(clock);
  }
}

function refusal(error: unknown): SqlMessage {
  if (error instanceof EngineError) {
    const { exceptionType, message, position } = error;
    return { kind: 'refused', exceptionType, message, position };
  }
  return {
    kind: 'refused',
    exceptionType: 'Unknown',
    message: error instanceof Error ? error.message : String(error),
    position: null,
  };
}

/** Waits until the parent has taken it: a large answer never piles up here. */
async function send(message: SqlMessage): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    process.send?.(message, undefined, undefined, (error) => (error === null ? resolve() : reject(error)));
  });
}
