// What runs on Athena leave behind: folders and tables of runs that never came to their end, their notes here, and logs on S3 that the
// landing here has no more. What bears no mark of the pipeline is not looked at.
import { basename, join } from 'node:path';
import { dropTable, dropView, runPrefix } from '../model/athena-tables.js';
import type { AthenaEngineConfig, Pipeline } from '../pipeline/pipeline.js';
import type { ObjectStore } from '../store/store.js';
import type { CatalogTable } from '../warehouse/athena-api.js';
import { ownerOf } from '../warehouse/athena-marks.js';
import type { AthenaQueries } from '../warehouse/athena-statement.js';
import type { Waste } from './api.js';
import { markKey, markOf, notedMark, notesOf, removeRunFolder } from './athena-folder.js';
import { storeAt, urlOf } from './store-at.js';
import { catalogQueries } from './deliver.js';
import type { Elsewhere, GcNeeds } from './gc-part.js';
import { planUploads } from './gc-uploads.js';
import { namesIn, removeFolder, sizeOf, touchedAt } from './state.js';

interface Looking {
  readonly pipeline: Pipeline;
  readonly store: ObjectStore;
  readonly queries: AthenaQueries;
  readonly database: string;
  /** Milliseconds: what was touched later stays. */
  readonly before: number;
}

export async function planAthena(pipeline: Pipeline, config: AthenaEngineConfig, needs: GcNeeds): Promise<Elsewhere> {
  const store = storeAt(config.output, undefined);
  const opened = await catalogQueries(config, urlOf(config.output));
  const close = async (): Promise<void> => {
    await opened[Symbol.asyncDispose]();
    store.close();
  };
  try {
    await opened.queries.preflight();
    const looking = { pipeline, store, queries: opened.queries, database: config.database, before: needs.replacedBefore };
    const runs = await planRuns(looking);
    const uploads = await planUploads(store, pipeline.name, needs);
    return {
      kinds: ['athena-notes', 'athena-table', 'athena-run', 'upload'],
      waste: [...runs.waste, ...uploads.waste],
      notes: [...runs.notes, ...uploads.notes],
      carryOut: async () => {
        await carryOut(looking, runs);
        await uploads.carryOut();
      },
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

interface RunsPlan {
  readonly noted: readonly string[];
  readonly tables: readonly CatalogTable[];
  readonly runs: readonly string[];
  readonly waste: readonly Waste[];
  readonly notes: readonly string[];
}

async function planRuns(looking: Looking): Promise<RunsPlan> {
  const { pipeline, store, queries, database } = looking;
  // Before the folders: a run that begins in between has its folder before its first table.
  const listed = await queries.tables();
  const { own, unmarked, all } = await foldersOf(looking);
  const old = oldOnes(own, looking.before);
  const isOver = (run: string): boolean => old.some((each) => each.run === run) || !all.has(run);
  const noted = await oldNotes(looking, isOver);
  const tables: CatalogTable[] = [];
  for (const table of listed.filter(({ name }) => isOver(runOf(name) ?? '') && runOf(name) !== null))
    if ((await ownerOf(queries, table)) === pipeline.name) tables.push(table);
  return {
    noted,
    tables,
    runs: old.map(({ run }) => run),
    waste: [
      ...(await Promise.all(
        noted.map(async (path): Promise<Waste> => ({ kind: 'athena-notes', path, ...(await sizeOf(path)) })),
      )),
      ...tables.map(({ name }): Waste => ({ kind: 'athena-table', path: `${database}.${name}`, files: 1, bytes: 0 })),
      ...old.map(({ run, files, bytes }): Waste => ({ kind: 'athena-run', path: store.url(runPrefix(run)), files, bytes })),
    ],
    notes: unmarked === 0 ? [] : [`${unmarked} folders run=… below ${store.url('')} do not say whose they are: they stay`],
  };
}

function runOf(table: string): string | null {
  return /^r([0-9a-f]{16})_/.exec(table)?.[1] ?? null;
}

interface Folder {
  readonly run: string;
  readonly files: number;
  readonly bytes: number;
  /** When something was put there, or noted of it here, the last time. */
  readonly touched: number;
}

interface Folders {
  readonly own: readonly Folder[];
  readonly unmarked: number;
  /** Runs that have one. */
  readonly all: ReadonlySet<string>;
}

async function foldersOf({ pipeline, store }: Looking): Promise<Folders> {
  const folders = new Map<string, Folder & { readonly isMarked: boolean }>();
  for await (const page of store.list('')) {
    for (const { key, bytes, modified } of page) {
      const run = /^run=([0-9a-f]{16})\/./.exec(key)?.[1];
      if (run === undefined) continue;
      const known = folders.get(run) ?? { run, files: 0, bytes: 0, touched: 0, isMarked: false };
      folders.set(run, {
        run,
        files: known.files + 1,
        bytes: known.bytes + bytes,
        touched: Math.max(known.touched, modified.getTime()),
        isMarked: known.isMarked || key === markKey(run),
      });
    }
  }
  const own: Folder[] = [];
  let unmarked = 0;
  for (const folder of folders.values()) {
    const mark = folder.isMarked ? markOf((await store.get(markKey(folder.run)))?.text) : null;
    if (mark === null) unmarked += 1;
    if (mark?.pipeline !== pipeline.name) continue;
    const noted = await touchedAt(notesOf(pipeline.stateDir, folder.run));
    own.push({ ...folder, touched: Math.max(folder.touched, noted) });
  }
  return { own, unmarked, all: new Set(folders.keys()) };
}

/** The newest may be gone on with. */
function oldOnes(own: readonly Folder[], before: number): readonly Folder[] {
  const newest = Math.max(...own.map(({ touched }) => touched));
  return own.filter(({ touched }) => touched < newest && touched < before);
}

/** Notes of runs that are over. Other pipelines may share the state folder. */
async function oldNotes({ pipeline, before }: Looking, isOver: (run: string) => boolean): Promise<readonly string[]> {
  const dir = join(pipeline.stateDir, 'athena');
  const old: string[] = [];
  for (const path of (await namesIn(dir)).filter((name) => /^[0-9a-f]{16}$/.test(name)).map((name) => join(dir, name))) {
    const mark = await notedMark(path);
    if (mark?.pipeline === pipeline.name && isOver(basename(path)) && (await touchedAt(path)) < before) old.push(path);
  }
  return old;
}

/** What says that something is done goes first: who is killed here leaves nothing that is taken for more than it is. */
async function carryOut({ queries, store, database }: Looking, { noted, tables, runs }: RunsPlan): Promise<void> {
  for (const path of noted) await removeFolder(path);
  for (const { name, isView } of tables) {
    const sql = isView ? dropView(database, name) : dropTable(database, name);
    await queries.execute({ name: `drop ${name}`, sql, anew: true });
  }
  for (const run of runs) await removeRunFolder(store, run);
}
