// Publishing a finished run to S3: every object, then one conditional put of `current.json`. A reader that reads it once sees one
// whole run. One publisher works at a time, and one that lost its lease cannot publish any more.
import { Failure } from '../kernel/failure.js';
import type { ObjectStore } from '../store/store.js';
import { type Fence, type Lease, underLease } from './s3-lease.js';
import { isCurrent, type Pointer, pointerText, POINTER_KEY, readPointer, runFolder, swapPointer } from './s3-pointer.js';
import { type Registrar, registrationOf } from './s3-registration.js';
import { type Collected, collect, type Keeping } from './s3-retention.js';
import { isWhole, type LocalRun, readRun, uploadRun } from './s3-upload.js';

export type { Clock, Fence } from './s3-lease.js';
export type { MartColumn, RegisteredMart, Registrar, Registration } from './s3-registration.js';
export { type Collected, type CollectRequest, collectS3, type Keeping } from './s3-retention.js';

export interface S3PublishRequest {
  readonly store: ObjectStore;
  /** `<out>/runs/<id>`, complete. */
  readonly runDir: string;
  readonly runId: string;
  readonly fence: Fence;
  /** Old runs that stay; none is removed when absent. */
  readonly keep?: Keeping;
  readonly registrar?: Registrar;
}

export interface S3Published {
  /** `repaired`: the run was current, but objects of it were gone or damaged. */
  readonly outcome: 'published' | 'repaired' | 'unchanged';
  /** `s3://…/runs/<id>/` */
  readonly location: string;
  /** Under which it was done; null where nothing was to be done. */
  readonly fence: number | null;
  readonly uploaded: number;
  readonly kept: number;
  /** Of the objects that were put. */
  readonly bytes: number;
  readonly collected: Collected | null;
  /** What went wrong after readers saw the run: old runs that stay, a lease that was not given back. */
  readonly later: readonly Failure[];
}

export async function publishToS3(request: S3PublishRequest): Promise<S3Published> {
  const { store, runDir, runId, fence, registrar } = request;
  const run = await readRun(runDir, runId);
  const location = store.url(runFolder(runId));
  if (isDone(await readPointer(store), run, registrar) && (await isWhole(store, run))) {
    const kept = run.manifest.files.length;
    return { outcome: 'unchanged', location, fence: null, uploaded: 0, kept, bytes: 0, collected: null, later: [] };
  }
  const { value, unreleased } = await underLease(store, fence, async (lease) => publish(lease, run, request));
  return { ...value, location, later: [...value.later, ...(unreleased === null ? [] : [unreleased])] };
}

function isDone(pointer: Pointer | null, run: LocalRun, registrar: Registrar | undefined): boolean {
  return isCurrent(pointer, run) && (registrar === undefined || pointer?.isRegistered === true);
}

async function publish(lease: Lease, run: LocalRun, request: S3PublishRequest): Promise<Omit<S3Published, 'location'>> {
  const { store, fence, check } = lease;
  const { registrar, keep } = request;
  const before = await readPointer(store);
  refuseOtherFiles(store, before, run);
  const sent = await uploadRun(store, run);
  if (isDone(before, run, registrar)) {
    return { outcome: sent.uploaded === 0 ? 'unchanged' : 'repaired', fence, ...sent, collected: null, later: [] };
  }
  if (registrar !== undefined) {
    await check();
    await registrar.register(registrationOf(store, run.manifest, fence, registrar));
  }
  await check();
  await swapPointer(store, fence, (there) => pointerText(there, run, fence, registrar !== undefined));
  const { collected, later } = await collectAfter(lease, keep, request.fence.clock.now());
  return { outcome: 'published', fence, ...sent, collected, later };
}

/** The run is published whatever comes of it. */
async function collectAfter(
  { store, check }: Lease,
  keep: Keeping | undefined,
  now: Date,
): Promise<{ readonly collected: Collected | null; readonly later: readonly Failure[] }> {
  try {
    return { collected: keep === undefined ? null : await collect(store, keep, now, { dryRun: false, check }), later: [] };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { collected: null, later: [error] };
  }
}

/** An id stands for the bytes. Readers are in the run that has it: its objects cannot become others. */
function refuseOtherFiles(store: ObjectStore, pointer: Pointer | null, { runId, manifest }: LocalRun): void {
  if (pointer?.runId !== runId) return;
  const other = manifest.files.filter(({ path, sha256 }) => (pointer.files.get(path) ?? sha256) !== sha256);
  if (other.length === 0) return;
  throw new Failure('check', [
    {
      code: 's3/run-differs',
      message: `run ${runId} is current with other bytes: ${other
        .map(({ path }) => path)
        .slice(0, 3)
        .join(', ')}${other.length > 3 ? ', …' : ''}`,
      remedy:
        'publish to another prefix, or find out what made the same inputs give other bytes: another version of the program may have',
      place: { file: store.url(POINTER_KEY) },
    },
  ]);
}
