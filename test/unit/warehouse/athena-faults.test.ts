// Whatever fails on the way, a statement is done exactly once or fails with a failure, in bounded time; and the next start does the rest.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Failure, Stopped } from '../../../src/kernel/failure.js';
import { Company } from './athena-company.js';
import { broken, type Fault, type Outcome, throttled, tooMany } from './athena-replies.js';

const TIMERS = { poll: 2, pollMost: 10, backoff: 2, backoffMost: 10, request: 60, patience: 120, stop: 150, grace: 80 };
const DEADLINE_SECONDS = 0.25;
/** Waits for slots come on top of deadlines; a machine under load is slow. */
const BOUND_MS = 20_000;

const FAULTS: readonly (Fault | null)[] = [
  null,
  null,
  null,
  throttled,
  tooMany,
  broken,
  { kind: 'drop', heeded: true },
  { kind: 'drop', heeded: false },
  { kind: 'cut' },
  { kind: 'hang' },
  { kind: 'error', status: 403, type: 'AccessDeniedException', message: 'not authorized to perform: athena:Any' },
];

const OUTCOMES: readonly Outcome[] = [
  {},
  { looks: 1 },
  { looks: 8 },
  { looks: 25, deaf: true },
  { looks: Infinity },
  { state: 'FAILED', reason: 'worker died', error: { category: 1, type: 200, retryable: true } },
  { state: 'FAILED', reason: 'SYNTAX_ERROR: line 1:1: no', error: { category: 2, type: 1000, retryable: false } },
  { state: 'FAILED', reason: 'SlowDown' },
  { state: 'CANCELLED', reason: 'Query cancelled by user' },
];

const chaos = fc.record({
  statements: fc.integer({ min: 1, max: 4 }),
  concurrency: fc.integer({ min: 1, max: 3 }),
  faults: fc.array(fc.constantFrom(...FAULTS), { maxLength: 30 }),
  outcomes: fc.array(fc.constantFrom(...OUTCOMES), { minLength: 1, maxLength: 6 }),
  stopAfter: fc.option(fc.integer({ min: 0, max: 80 })),
});

async function ends(promises: readonly Promise<unknown>[]): Promise<readonly PromiseSettledResult<unknown>[]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('a statement hangs')), BOUND_MS);
  });
  try {
    return await Promise.race([Promise.allSettled(promises), late]);
  } finally {
    clearTimeout(timer);
  }
}

it('a statement is done exactly once or fails with a failure', async () => {
  let done = 0;
  let failed = 0;
  await fc.assert(
    fc.asyncProperty(chaos, async ({ statements, concurrency, faults, outcomes, stopAfter }) => {
      let calls = 0;
      let queries = 0;
      await using company = await Company.make({
        fault: () => faults[calls++] ?? null,
        outcome: () => outcomes[queries++] ?? {},
      });
      const stop = new AbortController();
      const common = { concurrency, deadlineSeconds: DEADLINE_SECONDS, timers: TIMERS };
      const all = Array.from({ length: statements }, (_, at) => ({ name: `m${at}`, sql: `SELECT ${at}` }));

      const first = await company.athena({ ...common, signal: stop.signal });
      const timer = stopAfter === null ? undefined : setTimeout(() => stop.abort(new Stopped('SIGTERM')), stopAfter);
      const came = await ends(all.map((each) => first.execute(each)));
      clearTimeout(timer);
      const reasons = came.flatMap((end) => (end.status === 'rejected' ? [end.reason as unknown] : []));
      done += came.length - reasons.length;
      failed += reasons.length;
      expect(reasons.filter((reason) => !(reason instanceof Failure || reason instanceof Stopped))).toEqual([]);
      await first[Symbol.asyncDispose]();
      expect(company.replies.most).toBeLessThanOrEqual(concurrency + unknownOf(company));

      // A query that was started without us being told runs on, and is found again: let it end.
      company.replies.script = {};
      for (const execution of company.replies.executions) execution.looks = Infinity;
      const second = await company.athena({
        ...common,
        concurrency: 9,
        deadlineSeconds: 20,
        timers: { ...TIMERS, request: 5000, patience: 20_000 },
      });
      const rest = await ends(all.map((each) => second.execute(each)));
      expect(rest.map((end) => (end.status === 'rejected' ? String(end.reason) : 'done'))).toEqual(all.map(() => 'done'));
      for (const { sql } of all) {
        const successes = company.replies.executions.filter((each) => each.sql === sql && each.state === 'SUCCEEDED');
        expect(successes, sql).toHaveLength(1);
      }
    }),
    { numRuns: 60, seed: 20261127, interruptAfterTimeLimit: 60_000 },
  );
  // The faults leave room for both.
  expect(done).toBeGreaterThan(0);
  expect(failed).toBeGreaterThan(10);
}, 120_000);

/** Queries that were started without us being told, or that did not stop: they take no slot of ours any more. */
function unknownOf({ replies, events }: Company): number {
  const started = new Set(events.flatMap((event) => (event.kind === 'started' ? [event.queryId] : [])));
  const deaf = events.filter(({ kind }) => kind === 'not-stopped').length;
  return replies.executions.filter(({ id }) => !started.has(id)).length + deaf;
}
