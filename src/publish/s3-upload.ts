// The files of a run on their way to S3: what is there as it must be stays, all else is put, and each object is seen to be what the
// manifest says. The manifest comes last, so that a folder with one is whole.
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { Failure } from '../kernel/failure.js';
import type { ObjectFacts, ObjectStore } from '../store/store.js';
import { MANIFEST_NAME, type Manifest, type PublishedFile, readManifest } from './manifest.js';
import { type NextRun, runFolder } from './s3-pointer.js';

/** A finished run, as `publishRun` leaves it. */
export interface LocalRun extends NextRun {
  readonly dir: string;
  readonly manifest: Manifest;
}

export interface Uploaded {
  /** Objects that were put, the manifest not counted. */
  readonly uploaded: number;
  /** Objects that were there as they must be. */
  readonly kept: number;
  /** Bytes that were put. */
  readonly bytes: number;
}

export async function readRun(dir: string, runId: string): Promise<LocalRun> {
  const manifest = await readManifest(dir);
  if (manifest === null || manifest.runId !== runId) throw noRun(dir, runId);
  return { dir, runId, manifest, manifestText: await readFile(join(dir, MANIFEST_NAME), 'utf8') };
}

function noRun(dir: string, runId: string): Failure {
  const remedy = 'make the run again (`showback run --force`), then publish it';
  return new Failure('check', [
    { code: 's3/no-run', message: `run ${runId} is not published here, or not whole`, remedy, place: { file: dir } },
  ]);
}

const AT_ONCE = 4;

export async function uploadRun(store: ObjectStore, run: LocalRun): Promise<Uploaded> {
  const folder = runFolder(run.runId);
  const there = new Set<string>();
  for await (const page of store.list(folder)) for (const { key } of page) there.add(key);
  await withdrawOther(store, run, there);
  const put: PublishedFile[] = [];
  await eachOf(run.manifest.files, AT_ONCE, async (file) => {
    const key = `${folder}${file.path}`;
    if (there.has(key) && isAsTold(await store.head(key), file)) return;
    await putFile(store, key, join(run.dir, file.path), file);
    put.push(file);
  });
  // Even if it is there: its time says when the run was last published.
  await store.put(`${folder}${MANIFEST_NAME}`, run.manifestText, { contentType: 'application/json' });
  const bytes = put.reduce((sum, file) => sum + file.bytes, 0);
  return { uploaded: put.length, kept: run.manifest.files.length - put.length, bytes };
}

/** True where every object of the run is what the manifest says. */
export async function isWhole(store: ObjectStore, run: LocalRun): Promise<boolean> {
  const folder = runFolder(run.runId);
  let whole = (await store.get(`${folder}${MANIFEST_NAME}`))?.text === run.manifestText;
  await eachOf(run.manifest.files, AT_ONCE, async (file) => {
    if (whole && !isAsTold(await store.head(`${folder}${file.path}`), file)) whole = false;
  });
  return whole;
}

/** A manifest that tells other files goes before the files change below it. */
async function withdrawOther(store: ObjectStore, run: LocalRun, there: ReadonlySet<string>): Promise<void> {
  const key = `${runFolder(run.runId)}${MANIFEST_NAME}`;
  if (there.has(key) && (await store.get(key))?.text !== run.manifestText) await store.remove([key]);
}

async function putFile(store: ObjectStore, key: string, path: string, file: PublishedFile): Promise<void> {
  const { etag } = await store.put(key, { file: path }, { sha256: file.sha256, contentType: contentTypeOf(file.path) });
  const facts = await store.head(key);
  if (isAsTold(facts, file) && facts?.etag === etag) return;
  const found = facts === null ? 'is not there' : `has ${facts.bytes} bytes and sha256 ${facts.sha256 ?? 'unknown'}`;
  const problem = {
    code: 's3/not-as-sent',
    message: `the object ${found} after it was put; ${file.bytes} bytes with sha256 ${file.sha256} were sent`,
    remedy: 'let nothing else write below this prefix, then run again',
    place: { file: store.url(key) },
  };
  throw new Failure('check', [problem]);
}

function isAsTold(facts: ObjectFacts | null, { bytes, sha256 }: PublishedFile): boolean {
  return facts !== null && facts.bytes === bytes && facts.sha256 === sha256;
}

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.arrow': 'application/vnd.apache.arrow.file',
  '.csv': 'text/csv; charset=utf-8',
  '.json': 'application/json',
  '.parquet': 'application/vnd.apache.parquet',
};

function contentTypeOf(path: string): string {
  return CONTENT_TYPES[extname(path)] ?? 'application/octet-stream';
}

/** Some at once. After the first that fails no other begins, and it is thrown when those at work are over. */
async function eachOf<T>(items: readonly T[], atOnce: number, work: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values();
  const failed: unknown[] = [];
  const worker = async (): Promise<void> => {
    for (const item of rest) {
      if (failed.length > 0) return;
      await work(item).catch((error: unknown) => failed.push(error));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  if (failed.length > 0) throw failed[0];
}
