// The child process that foreign SQL runs in: nothing of the parent's environment, one query, then gone.
import { Snapshot } from '../warehouse/snapshot.js';
import { type Cell, EngineError } from '../warehouse/warehouse.js';
import { CELL_LIMIT, HEADROOM_MB, type SqlAnswer, type SqlOrder } from './sql-protocol.js';

type Cells = readonly Cell[];

/** One answer holds this much of text at most, unless one row alone is longer. */
const ANSWER_TEXT = 1024 * 1024;
const INTERRUPT_EVERY_MS = 50;
const WATCH_EVERY_MS = 25;

let snapshot: Snapshot | null = null;
let rows: AsyncIterator<readonly Cells[]> | null = null;

process.on('message', (order: SqlOrder) => {
  if (order.kind === 'interrupt') return interrupt();
  answer(order)
    .catch(refusal)
    .then((told) => process.send?.(told))
    .catch(end);
});
// Without a parent there is nobody to answer. An exit would wait for the engine.
process.once('disconnect', end);

async function answer(order: Exclude<SqlOrder, { readonly kind: 'interrupt' }>): Promise<SqlAnswer> {
  switch (order.kind) {
    case 'open':
      watchMemory(order.memoryMb + HEADROOM_MB);
      snapshot = await Snapshot.open(order.path, { memory: `${order.memoryMb}MB`, threads: order.threads });
      return { kind: 'ready' };
    case 'select':
      return select(order.request.sql, new Map(order.request.parameters));
    case 'more': {
      const next = await rows?.next();
      return next === undefined || next.done === true ? { kind: 'end' } : { kind: 'rows', rows: next.value };
    }
    default:
      return order satisfies never;
  }
}

async function select(sql: string, parameters: ReadonlyMap<string, string>): Promise<SqlAnswer> {
  if (snapshot === null) throw new Error('nothing is open');
  const { columns, batches } = await snapshot.select(sql, parameters);
  rows = portions(batches);
  return { kind: 'columns', columns };
}

/** Batches cut so that no answer is large; a cell that is larger than all of them may be is refused. */
async function* portions(batches: AsyncIterable<readonly Cells[]>): AsyncGenerator<readonly Cells[]> {
  for await (const batch of batches) {
    let portion: Cells[] = [];
    let text = 0;
    for (const row of batch) {
      text += row.reduce((sum, cell) => sum + lengthOf(cell), 0);
      portion.push(row);
      if (text < ANSWER_TEXT) continue;
      yield portion;
      [portion, text] = [[], 0];
    }
    if (portion.length > 0) yield portion;
  }
}

function lengthOf(cell: Cell): number {
  const length = cell?.length ?? 0;
  if (length <= CELL_LIMIT) return length;
  throw new EngineError('Size', `one value has ${length} characters, and ${CELL_LIMIT} are the most`, null);
}

/** A query that is about to begin does not hear the first call. */
function interrupt(): void {
  setInterval(() => snapshot?.interrupt(), INTERRUPT_EVERY_MS);
}

/** The engine's own limit does not know of long texts and lists: they are seen here, in what the whole process holds. */
function watchMemory(mostMb: number): void {
  setInterval(() => {
    if (process.memoryUsage.rss() > mostMb * 1_000_000) end();
  }, WATCH_EVERY_MS);
}

function end(): void {
  process.kill(process.pid, 'SIGKILL');
}

function refusal(error: unknown): SqlAnswer {
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
