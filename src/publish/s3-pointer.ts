// `current.json` at the prefix: which run readers see. It is the run's own manifest with where its files lie, and the fence of who
// wrote it. It changes by conditional puts alone, and never from a higher fence to a lower one.
import { Failure } from '../kernel/failure.js';
import { type ObjectStore, PreconditionFailed } from '../store/store.js';
import { MANIFEST_NAME, SCHEMA_VERSION } from './manifest.js';

export const POINTER_KEY = MANIFEST_NAME;

/** Of runs that readers may still be in. */
const PREVIOUS_KEPT = 2;

export interface Pointer {
  readonly fence: number;
  /** Null: nothing was published yet, but somebody may. */
  readonly runId: string | null;
  /** Runs that were current before, the last first. */
  readonly previous: readonly string[];
  readonly isRegistered: boolean;
  /** The manifest of the run, as one text that can be compared. */
  readonly manifest: string;
  /** Path → sha256. */
  readonly files: ReadonlyMap<string, string>;
  readonly text: string;
  readonly etag: string;
}

/** The run that is to become current. */
export interface NextRun {
  readonly runId: string;
  /** What is in its `current.json`. */
  readonly manifestText: string;
}

export function runFolder(runId: string): string {
  return `runs/${runId}/`;
}

export async function readPointer(store: ObjectStore): Promise<Pointer | null> {
  const there = await store.get(POINTER_KEY);
  if (there === null) return null;
  const told = written(there.text);
  if (told === null) throw notOurs(store.url(POINTER_KEY));
  const { fence, run_id: runId, previous = [], registered = false, files } = told;
  const shas = new Map(files.map(({ path, sha256 }) => [path, sha256]));
  return { ...there, fence, runId, previous, isRegistered: registered, manifest: manifestOf(told), files: shas };
}

interface WrittenPointer {
  readonly schema_version: number;
  readonly fence: number;
  readonly run_id: string | null;
  readonly location?: string;
  readonly previous?: readonly string[];
  readonly registered?: boolean;
  readonly files: readonly { readonly path: string; readonly sha256: string }[];
}

function written(text: string): WrittenPointer | null {
  try {
    const told: unknown = JSON.parse(text);
    if (typeof told !== 'object' || told === null) return null;
    const { schema_version: version, fence, files } = told as Partial<WrittenPointer>;
    return version === SCHEMA_VERSION && Number.isSafeInteger(fence) && Array.isArray(files) ? (told as WrittenPointer) : null;
  } catch {
    return null;
  }
}

/** Without what the pointer adds. */
function manifestOf({
  fence: _fence,
  location: _location,
  previous: _previous,
  registered: _registered,
  ...manifest
}: WrittenPointer) {
  return JSON.stringify(manifest);
}

export function isCurrent(pointer: Pointer | null, { runId, manifestText }: NextRun): boolean {
  return pointer?.runId === runId && pointer.manifest === JSON.stringify(JSON.parse(manifestText));
}

/** The text that makes a run current. */
export function pointerText(before: Pointer | null, run: NextRun, fence: number, isRegistered: boolean): string {
  const { files, ...manifest } = JSON.parse(run.manifestText) as WrittenPointer;
  const previous = previousOf(before, run.runId);
  return shown({ ...manifest, fence, location: runFolder(run.runId), registered: isRegistered, previous, files });
}

function previousOf(before: Pointer | null, runId: string): readonly string[] {
  if (before === null || before.runId === null) return [];
  const all = before.runId === runId ? before.previous : [before.runId, ...before.previous];
  return all.filter((each) => each !== runId).slice(0, PREVIOUS_KEPT);
}

/** The same run under another fence: whoever has a lower one can write no more. */
export function fencedText(before: Pointer | null, fence: number): string {
  if (before === null) return shown({ schema_version: SCHEMA_VERSION, run_id: null, fence, files: [] });
  return shown({ ...(JSON.parse(before.text) as WrittenPointer), fence });
}

function shown(pointer: WrittenPointer): string {
  return `${JSON.stringify(pointer, null, 2)}\n`;
}

/** Who has a higher fence may still write between our read and our put: so often, and no more. */
const TRIES = 5;

/** Puts what `next` makes of what is there. A put whose answer was lost is found done. */
export async function swapPointer(store: ObjectStore, fence: number, next: (there: Pointer | null) => string): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    const there = await readPointer(store);
    if (there !== null && there.fence > fence) throw fencedFailure(store, fence, there.fence);
    const text = next(there);
    if (there?.text === text) return;
    const condition = there === null ? ({ ifNoneMatch: '*' } as const) : { ifMatch: there.etag };
    try {
      await store.put(POINTER_KEY, text, { ...condition, contentType: 'application/json' });
      return;
    } catch (error) {
      if (!(error instanceof PreconditionFailed) || tries >= TRIES) throw error;
    }
  }
}

export function fencedFailure(store: ObjectStore, own: number, other: number | null): Failure {
  const by = other === null ? '' : ` (fence ${other}, this one has ${own})`;
  return new Failure('locked', [
    {
      code: 's3/fenced',
      message: `another publisher took over${by}: this one publishes nothing`,
      remedy: 'run again: what is still to be published will be',
      place: { file: store.url(POINTER_KEY) },
    },
  ]);
}

export function notOurs(url: string): Failure {
  return new Failure('user', [
    {
      code: 's3/not-ours',
      message: 'showback publishes under this name, but something else is there, or a newer version wrote it',
      remedy: 'publish to a prefix of its own, or with the version that wrote it',
      place: { file: url },
    },
  ]);
}
