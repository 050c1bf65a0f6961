// The folder of a run on S3, `run=<key>/`, and the notes of its queries here. Each bears the pipeline that it belongs to, and both the
// mark of one making: where the marks differ, what the notes say was done is not there any more, and the run begins anew.
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { Failure } from '../kernel/failure.js';
import { runPrefix } from '../model/athena-tables.js';
import type { ObjectStore } from '../store/store.js';
import { readText, removeFolder, writeAside, writeBytes } from './state.js';

export interface RunFolder {
  readonly store: ObjectStore;
  readonly run: string;
  readonly pipeline: string;
  /** Where the queries of the run are noted. */
  readonly notes: string;
}

/** Who made the folder, and in which making. */
export interface FolderMark {
  readonly pipeline: string;
  readonly mark: string;
}

const MARK_FILE = 'showback.json';

export function notesOf(stateDir: string, run: string): string {
  return join(stateDir, 'athena', run);
}

export function markKey(run: string): string {
  return `${runPrefix(run)}${MARK_FILE}`;
}

/** Finds the folder as this run left it, or begins with an empty one. */
export async function claimFolder({ store, run, pipeline, notes }: RunFolder): Promise<void> {
  const there = markOf((await store.get(markKey(run)))?.text);
  if (there !== null && there.pipeline !== pipeline) throw ofAnother(store.url(runPrefix(run)), there.pipeline);
  const noted = await notedMark(notes);
  if (there !== null && noted?.mark === there.mark) {
    // Put again, so that it looks as young as it is to who collects old ones.
    await store.put(markKey(run), markText(there), { contentType: 'application/json' });
    return;
  }
  // The notes go first: without them nobody takes what is there for done.
  await removeFolder(notes);
  await removeRunFolder(store, run);
  const text = markText({ pipeline, mark: randomUUID() });
  await store.put(markKey(run), text, { contentType: 'application/json' });
  await writeAside(join(notes, MARK_FILE), async (aside) => writeBytes(aside, Buffer.from(text)));
}

function markText({ pipeline, mark }: FolderMark): string {
  return `${JSON.stringify({ schema_version: 1, pipeline, mark })}\n`;
}

/** Null: none, or not as this version writes it. */
export async function notedMark(notes: string): Promise<FolderMark | null> {
  const text = await readText(join(notes, MARK_FILE)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  return markOf(text);
}

export function markOf(text: string | undefined): FolderMark | null {
  if (text === undefined) return null;
  try {
    const told = JSON.parse(text) as Partial<FolderMark> | null;
    return typeof told?.pipeline === 'string' && typeof told.mark === 'string'
      ? { pipeline: told.pipeline, mark: told.mark }
      : null;
  } catch {
    return null;
  }
}

/** Its mark goes last: as long as there is anything, it says whose it is. */
export async function removeRunFolder(store: ObjectStore, run: string): Promise<void> {
  const mark = markKey(run);
  for await (const page of store.list(runPrefix(run)))
    await store.remove(page.map(({ key }) => key).filter((key) => key !== mark));
  for await (const page of store.uploads(runPrefix(run))) for (const upload of page) await store.abort(upload);
  await store.remove([mark]);
}

function ofAnother(folder: string, pipeline: string): Failure {
  const message = `the folder of this run is of pipeline ${pipeline}`;
  const remedy = 'give each pipeline an output folder of its own';
  return new Failure('user', [{ code: 'athena/target-taken', message, remedy, place: { file: folder } }]);
}
