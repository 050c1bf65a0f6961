// Logs that went up to S3, once for all runs. Each pipeline notes there which it needs, before it looks for them: what no note names any
// more, nobody reads; and what a note of somebody else names is theirs.
import { type ObjectStore, PreconditionFailed } from '../store/store.js';

/** Below it lie the logs. */
export const LANDING = 'landing/';

const NOTES = 'owners/';

export interface UploadNote {
  readonly pipeline: string;
  readonly keys: readonly string[];
}

interface Found extends UploadNote {
  readonly etag: string;
}

/** Adds keys to the note of the pipeline. */
export async function noteUploads(store: ObjectStore, pipeline: string, keys: readonly string[]): Promise<void> {
  await changeNote(store, pipeline, (noted) => [...new Set([...noted, ...keys])]);
}

/** Takes keys out of the note of the pipeline, whose objects are gone. */
export async function forgetUploads(store: ObjectStore, pipeline: string, keys: ReadonlySet<string>): Promise<void> {
  await changeNote(store, pipeline, (noted) => noted.filter((key) => !keys.has(key)));
}

/** Every pipeline that keeps its logs here; null in place of a note that this version cannot read. */
export async function uploadNotes(store: ObjectStore): Promise<readonly (UploadNote | null)[]> {
  const notes: (UploadNote | null)[] = [];
  for await (const page of store.list(NOTES)) {
    for (const { key } of page) notes.push(noteOf(await store.get(key)));
  }
  return notes;
}

/** Another run of the pipeline, with another state folder, may write it at the same time: so often, and no more. */
const TRIES = 5;

async function changeNote(
  store: ObjectStore,
  pipeline: string,
  change: (keys: readonly string[]) => readonly string[],
): Promise<void> {
  const place = `${NOTES}${pipeline}.json`;
  for (let tries = 1; ; tries += 1) {
    const object = await store.get(place);
    const there = noteOf(object);
    const keys = [...change(there?.keys ?? [])].sort();
    if (there !== null && keys.join('\n') === there.keys.join('\n')) return;
    const text = `${JSON.stringify({ schema_version: 1, pipeline, keys }, null, 1)}\n`;
    const condition = object === null ? ({ ifNoneMatch: '*' } as const) : { ifMatch: object.etag };
    try {
      await store.put(place, text, { ...condition, contentType: 'application/json' });
      return;
    } catch (error) {
      if (!(error instanceof PreconditionFailed) || tries >= TRIES) throw error;
    }
  }
}

function noteOf(object: { readonly text: string; readonly etag: string } | null): Found | null {
  if (object === null) return null;
  try {
    const told = JSON.parse(object.text) as Partial<UploadNote> | null;
    const isNote = typeof told?.pipeline === 'string' && Array.isArray(told.keys);
    return isNote ? { pipeline: String(told.pipeline), keys: told.keys?.map(String) ?? [], etag: object.etag } : null;
  } catch {
    return null;
  }
}
