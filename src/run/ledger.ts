// The run ledger: append-only NDJSON. A run without an end was killed or is still at work. Clock times live here and nowhere else.
import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { randomUUID } from 'node:crypto';
import type { Day, Month } from '../kernel/period.js';
import type { PastRun, PastStep } from './api.js';

type Outcome = NonNullable<PastRun['outcome']>;

type Entry =
  | {
      readonly entry: 'started';
      readonly attempt: string;
      readonly at: string;
      readonly asOf: Day;
      readonly months: readonly Month[];
    }
  | ({ readonly entry: 'step'; readonly attempt: string } & PastStep)
  | {
      readonly entry: 'finished';
      readonly attempt: string;
      readonly at: string;
      readonly runId: string;
      readonly outcome: Outcome;
      readonly failure: string | null;
    };

export interface Ledger {
  started(asOf: Day, months: readonly Month[]): Promise<void>;
  step(step: PastStep): Promise<void>;
  finished(runId: string, outcome: Outcome, failure: string | null): Promise<void>;
}

/** Of work that is no run and leaves no line. */
export const NO_LEDGER: Ledger = { started: async () => undefined, step: async () => undefined, finished: async () => undefined };

/** Opens the ledger for one attempt of a run, named by its starting time. */
export function openLedger(stateDir: string, now: () => Date): Ledger {
  const attempt = `${now().toISOString()}-${randomUUID().slice(0, 8)}`;
  const write = async (entry: Entry): Promise<void> => {
    const file = join(stateDir, 'runs.ndjson');
    await mkdir(dirname(file), { recursive: true });
    // A line that a kill or a full disk cut keeps to itself; steps come close behind what was checked.
    const start = entry.entry !== 'step' && (await isCut(file)) ? '\n' : '';
    await appendFile(file, `${start}${JSON.stringify(entry)}\n`);
  };
  return {
    started: (asOf, months) => write({ entry: 'started', attempt, at: now().toISOString(), asOf, months }),
    step: (step) => write({ entry: 'step', attempt, ...step }),
    finished: (runId, outcome, failure) =>
      write({ entry: 'finished', attempt, at: now().toISOString(), runId, outcome, failure }),
  };
}

async function isCut(file: string): Promise<boolean> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text !== '' && !text.endsWith('\n');
}

/** Past runs, the newest last. A line that was cut by a crash is passed over: the run it belongs to has no end. */
export async function readHistory(stateDir: string): Promise<readonly PastRun[]> {
  const text = await readFile(join(stateDir, 'runs.ndjson'), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  const runs = new Map<string, PastRun>();
  for (const line of text.split('\n')) {
    const entry = entryOf(line);
    if (entry !== null) runs.set(entry.attempt, withEntry(runs.get(entry.attempt), entry));
  }
  return [...runs.values()];
}

function withEntry(run: PastRun | undefined, entry: Entry): PastRun {
  const known: PastRun = run ?? {
    runId: '',
    startedAt: '',
    finishedAt: null,
    outcome: null,
    asOf: '',
    months: [],
    steps: [],
    failure: null,
  };
  switch (entry.entry) {
    case 'started':
      return { ...known, startedAt: entry.at, asOf: entry.asOf, months: entry.months };
    case 'step':
      return { ...known, steps: [...known.steps, stepOf(entry)] };
    case 'finished':
      return { ...known, runId: entry.runId, finishedAt: entry.at, outcome: entry.outcome, failure: entry.failure };
    default:
      return entry satisfies never;
  }
}

/** Lines of earlier versions say null where there is nothing to count. */
function stepOf({ step, seconds, rows, files, bytes }: Extract<Entry, { entry: 'step' }>): PastStep {
  const counted = { rows, files, bytes };
  return { step, seconds, ...Object.fromEntries(Object.entries(counted).filter(([, count]) => typeof count === 'number')) };
}

function entryOf(line: string): Entry | null {
  try {
    return JSON.parse(line) as Entry;
  } catch {
    return null;
  }
}
