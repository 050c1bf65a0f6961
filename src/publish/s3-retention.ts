// Old runs on S3 go, but never one that a reader may be in: the current one and the two before it stay. Of a run the manifest goes
// first, so that half of one is never read as whole, and whoever is killed here leaves what the next one finds.
import { flawOf } from '../store/key.js';
import type { Listed, ObjectStore } from '../store/store.js';
import { MANIFEST_NAME } from './manifest.js';
import { OLD_RUNS_KEPT } from './retention.js';
import { type Fence, underLease } from './s3-lease.js';
import { type Pointer, readPointer, runFolder } from './s3-pointer.js';

export interface Keeping {
  /** Runs beside the current one, the newest; never fewer than two. */
  readonly keepRuns: number;
  /** Younger ones stay too. */
  readonly keepDays: number;
}

export interface CollectRequest extends Keeping {
  readonly store: ObjectStore;
  readonly fence: Fence;
  /** Tell what would go, and let it stay. */
  readonly dryRun?: boolean;
  /** Under the lease, before anything goes: whoever knows runs by their place lets go of those that are not among `staying`. */
  readonly before?: (staying: Collected['staying']) => Promise<void>;
}

export interface Collected {
  /** Old runs, the newest first. */
  readonly runs: readonly string[];
  /** Both, with what lies in them. */
  readonly gone: readonly { readonly runId: string; readonly objects: number; readonly bytes: number }[];
  /** Runs that are still there; null where nothing tells which one readers see. */
  readonly staying: readonly string[] | null;
  /** Folders of runs that never became whole, or are half removed. */
  readonly leftovers: readonly string[];
  /** Multipart uploads that nobody ended. */
  readonly uploads: number;
  readonly objects: number;
  readonly bytes: number;
  /** Objects below `runs/` that no run has, by URL: they stay. */
  readonly strange: readonly string[];
}

/** Under the lease: while somebody publishes, nothing is removed, and the other way round. */
export async function collectS3({ store, fence, dryRun = false, before, ...keeping }: CollectRequest): Promise<Collected> {
  const now = fence.clock.now();
  if (dryRun) return collect(store, keeping, now, NOTHING_GOES);
  const { value } = await underLease(store, fence, async ({ store: held, check }) =>
    collect(held, keeping, now, { dryRun, check, ...(before === undefined ? {} : { before }) }),
  );
  return value;
}

const DAY = 86_400_000;
const RUNS = 'runs/';
const RUN_KEY = /^runs\/([A-Za-z0-9][A-Za-z0-9._-]{0,99})\/./;

interface RunOnS3 {
  readonly runId: string;
  readonly objects: number;
  readonly bytes: number;
  /** When its manifest was put; null without one. */
  readonly published: number | null;
  /** When its newest object was put. */
  readonly touched: number;
}

interface Collecting extends Pick<CollectRequest, 'before'> {
  readonly dryRun: boolean;
  /** Fails where the lease is lost. */
  readonly check: () => Promise<void>;
}

const NOTHING_GOES: Collecting = { dryRun: true, check: async () => undefined };

export async function collect(
  store: ObjectStore,
  keeping: Keeping,
  now: Date,
  { dryRun, check, before }: Collecting,
): Promise<Collected> {
  const { runs, strange } = await runsOn(store);
  const pointer = await readPointer(store);
  const old = oldRuns(pointer, runs, keeping, now);
  const aDayAgo = now.getTime() - DAY;
  const leftovers = runs.filter(({ published, touched }) => published === null && touched < aDayAgo);
  const gone = [...old, ...leftovers];
  const staying = pointer === null || pointer.runId === null ? null : runs.filter((run) => !gone.includes(run)).map(idOf);
  if (!dryRun) await before?.(staying);
  for (const { runId } of dryRun ? [] : gone) {
    await check();
    await removeRun(store, runId);
  }
  return {
    runs: old.map(idOf),
    leftovers: leftovers.map(idOf),
    gone: gone.map(({ runId, objects, bytes }) => ({ runId, objects, bytes })),
    staying,
    uploads: await endUploads(store, aDayAgo, dryRun),
    objects: gone.reduce((sum, { objects }) => sum + objects, 0),
    bytes: gone.reduce((sum, { bytes }) => sum + bytes, 0),
    strange,
  };
}

function idOf({ runId }: RunOnS3): string {
  return runId;
}

async function runsOn(store: ObjectStore): Promise<{ readonly runs: readonly RunOnS3[]; readonly strange: readonly string[] }> {
  const runs = new Map<string, RunOnS3>();
  const strange: string[] = [];
  for await (const page of store.list(RUNS)) {
    for (const object of page) {
      const runId = runIdOf(object);
      if (runId === null) strange.push(store.url(object.key));
      else runs.set(runId, grown(runId, runs.get(runId), object));
    }
  }
  return { runs: [...runs.values()], strange };
}

function runIdOf({ key }: Listed): string | null {
  return flawOf(key) === null ? (RUN_KEY.exec(key)?.[1] ?? null) : null;
}

function grown(runId: string, known: RunOnS3 | undefined, { key, bytes, modified }: Listed): RunOnS3 {
  const at = modified.getTime();
  return {
    runId,
    objects: (known?.objects ?? 0) + 1,
    bytes: (known?.bytes ?? 0) + bytes,
    published: key === `${runFolder(runId)}${MANIFEST_NAME}` ? at : (known?.published ?? null),
    touched: Math.max(known?.touched ?? 0, at),
  };
}

/** Times of S3 are whole seconds: of runs that share one, none is told apart, and all stay with the first that does. */
function oldRuns(pointer: Pointer | null, runs: readonly RunOnS3[], keeping: Keeping, now: Date): readonly RunOnS3[] {
  // Without one nobody can tell what is current.
  if (pointer === null || pointer.runId === null) return [];
  const inUse = new Set([pointer.runId, ...pointer.previous]);
  const whole = runs.flatMap((run) =>
    run.published === null || run.runId === pointer.runId ? [] : [{ run, runId: run.runId, at: run.published }],
  );
  const newest = whole.map(({ at }) => at).sort((a, b) => b - a);
  const kept = newest[Math.max(keeping.keepRuns, OLD_RUNS_KEPT) - 1] ?? 0;
  const before = now.getTime() - keeping.keepDays * DAY;
  return whole
    .filter(({ runId, at }) => !inUse.has(runId) && at < kept && at < before)
    .sort((a, b) => b.at - a.at)
    .map(({ run }) => run);
}

async function removeRun(store: ObjectStore, runId: string): Promise<void> {
  const folder = runFolder(runId);
  await store.remove([`${folder}${MANIFEST_NAME}`]);
  for await (const page of store.list(folder)) {
    await store.remove(page.map(({ key }) => key).filter((key) => flawOf(key) === null));
  }
}

async function endUploads(store: ObjectStore, before: number, dryRun: boolean): Promise<number> {
  let count = 0;
  for await (const page of store.uploads(RUNS)) {
    for (const upload of page.filter(({ key, started }) => started.getTime() < before && flawOf(key) === null)) {
      if (!dryRun) await store.abort(upload);
      count += 1;
    }
  }
  return count;
}
