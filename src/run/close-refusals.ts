// Why a month cannot be closed, reopened or verified, before anything is computed.
import { Failure, type Problem } from '../kernel/failure.js';
import type { Month } from '../kernel/period.js';
import type { CloseLimits, Pipeline } from '../pipeline/pipeline.js';
import { type Books, type ClosedMonth, firstOpenMonth, lastClosed } from './books.js';
import { notOnAthena } from './books-held.js';

interface Text {
  readonly message: (month: Month) => string;
  readonly remedy: (month: Month) => string;
  readonly kind: 'user' | 'check';
}

const TEXTS = {
  'close/not-published': {
    kind: 'user',
    message: (month) => `${month} is not published through its last day, so nobody can have looked at it`,
    remedy: (month) => `publish it whole: showback backfill --from ${month} --to ${month}`,
  },
  'close/unknown-evidence': {
    kind: 'user',
    message: (month) =>
      `what ${month} was made of is not known any more: the run that published it was collected, or is of an earlier version`,
    remedy: (month) => `publish it again: showback backfill --from ${month} --to ${month} --force`,
  },
  'close/changed': {
    kind: 'check',
    message: (month) => `what is published of ${month} is not what its evidence and the rules of today make of it`,
    remedy: (month) =>
      `run again (showback run, or showback backfill --from ${month} --to ${month}), look at the figures, then close`,
  },
} as const satisfies Readonly<Record<string, Text>>;

export function closeFailure(code: keyof typeof TEXTS, month: Month, excerpt?: string): Failure {
  const { kind, message, remedy } = TEXTS[code];
  const problem: Problem = { code, message: message(month), remedy: remedy(month) };
  return new Failure(kind, [excerpt === undefined ? problem : { ...problem, excerpt }]);
}

/** Months close in their order: what is adjusted of one is booked in the first open one after it. */
export function refuseClosing(pipeline: Pipeline, books: Books, month: Month): void {
  if (pipeline.engine.kind === 'athena') throw new Failure('user', [notOnAthena()]);
  const open = firstOpenMonth(pipeline, books);
  if (month === open) return;
  if (month > open) {
    const message = `${open} is open, and months are closed in their order`;
    throw new Failure('user', [{ code: 'close/earlier-open', message, remedy: `close ${open} first: showback close ${open}` }]);
  }
  const message = month < pipeline.start ? `the books start in ${pipeline.start}, after ${month}` : `${month} is closed already`;
  const remedy = month < pipeline.start ? 'name a later month' : `leave it, or open it: showback reopen ${month}`;
  throw new Failure('user', [{ code: month < pipeline.start ? 'run/scope' : 'close/closed', message, remedy }]);
}

/** The last closed month, which is the only one that can be opened. */
export function reopenable(books: Books, month: Month): ClosedMonth {
  const found = closedMonth(books, month);
  const last = lastClosed(books);
  if (month === last) return found;
  const message = `${last ?? ''} was closed after ${month}, and may hold adjustments of it`;
  throw new Failure('user', [
    { code: 'close/later-closed', message, remedy: `open the later ones first: showback reopen ${last ?? ''}` },
  ]);
}

export function closedMonth({ closed }: Books, month: Month): ClosedMonth {
  const found = closed.find((each) => each.month === month);
  if (found !== undefined) return found;
  const months = closed.map((each) => each.month).join(', ');
  const remedy = months === '' ? `close it: showback close ${month}` : `these are closed: ${months}`;
  throw new Failure('user', [{ code: 'close/not-closed', message: `${month} is not closed`, remedy }]);
}

/** Who prepares and who approves must be known by name, and two where the pipeline asks for that. */
export function refusePeople(
  {
    preparedBy,
    approvedBy,
    reason,
  }: { readonly preparedBy: string | null; readonly approvedBy: string; readonly reason: string },
  { twoPeople }: CloseLimits,
): void {
  const problems: Problem[] = [];
  if (approvedBy.trim() === '') problems.push(person('nobody approves the close', 'say who does: --approver NAME'));
  if (reason.trim() === '') problems.push(person('there is no reason', 'say why: --reason TEXT'));
  if (twoPeople && preparedBy === null)
    problems.push(person('two people close a month here, and one is named', 'name who prepared it too: --preparer NAME'));
  if (preparedBy !== null && same(preparedBy, approvedBy) && (twoPeople || preparedBy.trim() === ''))
    problems.push(person(`${approvedBy} prepares and approves the same close`, 'let another person approve it'));
  if (problems.length > 0) throw new Failure('user', problems);
}

function same(a: string, b: string): boolean {
  const plain = (name: string): string => name.trim().toLowerCase().normalize('NFKC');
  return plain(a) === plain(b);
}

function person(message: string, remedy: string): Problem {
  return { code: 'close/people', message, remedy };
}
