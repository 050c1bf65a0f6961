// Statements on Athena: each done once in a run, whatever restarts, throttles or is lost in between, or told why not.
import { type AthenaCredentials, openAthenaClient } from './athena-client.js';
import { openJournal } from './athena-journal.js';
import { AthenaRun } from './athena-run.js';
import type { AthenaEvent, AthenaQueries } from './athena-statement.js';
import { type AthenaTimers, type Clock, SYSTEM_CLOCK, systemRandom, TIMERS } from './athena-timing.js';

export interface AthenaOptions {
  readonly workgroup: string;
  readonly database: string;
  /** As the environment says when absent. */
  readonly region?: string | undefined;
  readonly endpoint?: string | undefined;
  /** The chain of the SDK when absent. */
  readonly credentials?: AthenaCredentials | undefined;
  /** `s3://bucket/prefix/`; results of SELECTs go below it where the workgroup says nothing else. */
  readonly output: string;
  /** A folder of the run's state: what was asked is written there, and goes when the run's tables go. */
  readonly tokenDir: string;
  readonly runId: string;
  /** What the run may scan in all, earlier starts of it included; null for as much as it takes. */
  readonly budgetBytes: bigint | null;
  readonly concurrency?: number | undefined;
  /** For one statement, all its attempts. Time in Athena's queue counts, time in ours does not. */
  readonly deadlineSeconds: number;
  /** How often a query is made that fails for reasons that pass. */
  readonly attempts?: number | undefined;
  /** When it aborts, everything in flight is stopped, and each statement throws its reason. */
  readonly signal?: AbortSignal | undefined;
  readonly listener?: ((event: AthenaEvent) => void) | undefined;
  readonly timers?: Partial<AthenaTimers> | undefined;
  readonly clock?: Clock | undefined;
  readonly random?: (() => number) | undefined;
}

const CONCURRENCY = 5;
const ATTEMPTS = 3;

/** One process a run and folder: who runs is settled by the lock or lease of the run. */
export async function openAthena(options: AthenaOptions): Promise<AthenaQueries> {
  const timers = { ...TIMERS, ...options.timers };
  const { workgroup, database, region, endpoint, credentials, output, signal } = options;
  const journal = await openJournal(options.tokenDir, options.runId);
  return new AthenaRun({
    api: openAthenaClient({ workgroup, database, region, endpoint, credentials, requestMs: timers.request }),
    journal,
    where: { workgroup, database, region, endpoint, output },
    results: `${output.replace(/\/*$/, '')}/athena-results/`,
    timing: { clock: options.clock ?? SYSTEM_CLOCK, random: options.random ?? systemRandom, timers },
    budgetBytes: options.budgetBytes,
    concurrency: options.concurrency ?? CONCURRENCY,
    deadlineMs: options.deadlineSeconds * 1000,
    attempts: options.attempts ?? ATTEMPTS,
    signal,
    listener: options.listener ?? (() => undefined),
  });
}
