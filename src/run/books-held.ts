// The books as a run takes them: what would make closed months change, or stand nowhere, is refused before anything is computed.
import { Failure } from '../kernel/failure.js';
import type { Month } from '../kernel/period.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import type { MadeMonth } from '../publish/directory.js';
import { type Books, booksDir, readBooks, readJournal } from './books.js';

export async function booksOf(pipeline: Pipeline): Promise<Books> {
  const books = await readBooks(pipeline);
  if (pipeline.engine.kind === 'athena' && books.closed.length > 0) throw new Failure('user', [notOnAthena()]);
  const [first] = books.closed;
  if (first !== undefined && first.month !== pipeline.start) throw new Failure('user', [movedStart(pipeline.start, first.month)]);
  return books;
}

/** Ledgers of closed months lie here, and models on Athena do not reach them. */
export function notOnAthena() {
  const message = 'a pipeline that runs on Athena cannot have closed months yet';
  const remedy = 'run it on the embedded engine (`engine: { kind: duckdb }`), or reopen its months';
  return { code: 'close/athena', message, remedy };
}

function movedStart(start: Month, first: Month) {
  const message = `\`start\` is ${start}, and the first closed month is ${first}: what came before it, or what it adjusts, would stand nowhere`;
  return { code: 'close/start', message, remedy: `set \`start\` back to ${first}, or reopen the closed months` };
}

/**
 * Throws `Failure('check')` where months are published as closed and nobody opened them, and these books do not know them: they are lost,
 * or another pipeline's. Else such months would change.
 */
export async function refuseLostBooks(pipeline: Pipeline, books: Books, published: readonly MadeMonth[]): Promise<void> {
  const reopened = (await readJournal(pipeline)).flatMap((entry) => (entry.entry === 'reopened' ? entry.month : []));
  const known = new Set([...books.closed.map(({ month }) => month), ...reopened]);
  const lost = published.filter(({ month, closed }) => closed === true && !known.has(month)).map(({ month }) => month);
  if (lost.length === 0) return;
  const message = `${lost.join(', ')} ${lost.length === 1 ? 'is' : 'are'} published as closed, and ${booksDir(pipeline)} does not know that`;
  const remedy = 'put that folder back from a copy; where the pipeline was renamed or its `state` moved, move the folder with it';
  throw new Failure('check', [{ code: 'close/lost', message, remedy }]);
}
