// Logs on S3, once for all runs: where each lies, which pipeline needs it, and how it gets there. What landed here goes up; an object that
// stays on S3 goes from bucket to bucket.
import { extname } from 'node:path';
import { Failure } from '../kernel/failure.js';
import { isPreset } from '../kernel/usage-formats.js';
import type { Pipeline, SourceConfig, UsageSource } from '../pipeline/pipeline.js';
import { receiptOf } from '../source/receipt.js';
import type { LandedFile, Receipt, RemoteLanding } from '../source/source.js';
import { sideBySide } from '../store/lanes.js';
import { type ObjectStore, PreconditionFailed } from '../store/store.js';
import { toldFormat } from '../warehouse/load-usage.js';
import { LANDING, noteUploads } from './athena-uploads.js';

/** Folder of a source: one table reads it. */
export function logFolder({ id }: Pick<SourceConfig, 'id'>): string {
  return `${LANDING}${Buffer.from(id).toString('hex')}/`;
}

/** By the end of its name Athena knows how a file is packed; by its begin `gc` knows what may be the only one. */
export function logObject({ sha256, name, receipt }: Pick<LandedFile, 'sha256' | 'name' | 'receipt'>): string {
  return `${receipt === undefined ? '' : 'copy-'}${sha256}.jsonl${packing(name)}`;
}

function copyObject({ sha256, name }: Receipt): string {
  return `copy-${sha256}.jsonl${packing(name)}`;
}

function packing(name: string): string {
  const packed = extname(name).toLowerCase();
  if (packed === '.gz') return '.gz';
  return packed === '.zst' || packed === '.zstd' ? '.zst' : '';
}

export async function sizesBelow(store: ObjectStore, folder: string): Promise<ReadonlyMap<string, number>> {
  const sizes = new Map<string, number>();
  for await (const page of store.list(folder)) for (const { key, bytes } of page) sizes.set(key.slice(folder.length), bytes);
  return sizes;
}

/** Logs of one record a line that Athena reads as they are. Those of other programs are opened here: their presets are of this engine's SQL alone. */
export function isTextLog(config: SourceConfig, name: string): boolean {
  return config.kind === 'usage' && !isPreset(config.format) && toldFormat(name, config) === 'jsonl';
}

/** Lands a source with what of it stays on S3: nothing where models are built here, or where its server is one that nothing can be copied from. */
export async function withRemote<T>(
  { pipeline, signal }: { readonly pipeline: Pipeline; readonly signal?: AbortSignal | undefined },
  config: SourceConfig,
  work: (remote: RemoteLanding | undefined) => Promise<T>,
): Promise<T> {
  const { engine, name } = pipeline;
  if (engine.kind !== 'athena' || config.s3.endpoint !== engine.output.endpoint) return work(undefined);
  const { storeAt } = await import('./store-at.js');
  const store = storeAt(engine.output, signal);
  try {
    return await work(remoteLanding(store, name, config));
  } finally {
    store.close();
  }
}

export function remoteLanding(store: ObjectStore, pipeline: string, config: SourceConfig): RemoteLanding {
  const folder = logFolder(config);
  const own = OWN.map((key) => store.url(key));
  const keyOf = (receipt: Receipt): string => `${folder}${copyObject(receipt)}`;
  let ready: Promise<ReadonlyMap<string, number>> | null = null;
  return {
    takes: (name) => {
      if (own.some((place) => name.startsWith(place))) throw ownOutput(config, name);
      return isTextLog(config, name);
    },
    bring: async (receipt, all) => {
      ready ??= noted(store, pipeline, folder, all.map(keyOf));
      const there = await ready;
      // What replaced another while it was on its way.
      if (!all.some(({ sha256 }) => sha256 === receipt.sha256)) await noteUploads(store, pipeline, [keyOf(receipt)]);
      if (there.get(copyObject(receipt)) !== receipt.object.bytes) await store.copy(keyOf(receipt), receipt.object);
    },
  };
}

/** What is needed is noted before it is looked for, so that nobody collects it from then on. */
async function noted(
  store: ObjectStore,
  pipeline: string,
  folder: string,
  keys: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  await noteUploads(store, pipeline, keys);
  return sizesBelow(store, folder);
}

/** Small files wait more than they travel; large ones go in parts of their own. */
const AT_ONCE = 8;

/** Brings what is not there yet. */
export async function bringLogs(
  store: ObjectStore,
  pipeline: string,
  config: UsageSource,
  files: readonly LandedFile[],
): Promise<void> {
  const folder = logFolder(config);
  await noteUploads(
    store,
    pipeline,
    files.map((file) => `${folder}${logObject(file)}`),
  );
  const there = await sizesBelow(store, folder);
  const missing = files.filter((file) => there.get(logObject(file)) !== file.bytes);
  await sideBySide(missing, AT_ONCE, async (file) => bringLog(store, `${folder}${logObject(file)}`, file));
}

async function bringLog(store: ObjectStore, key: string, file: LandedFile): Promise<void> {
  if (file.receipt === undefined) {
    await store.put(key, { file: file.path }, { sha256: file.sha256 });
    return;
  }
  const { object } = await receiptOf(file);
  await store.copy(key, object).catch((error: unknown) => {
    if (error instanceof PreconditionFailed) throw lost(store.url(key), file.name);
    throw error;
  });
}

/** What runs write below `output`; the logs may lie in the same bucket. */
const OWN = [LANDING, 'owners/', 'run='];

/** Each night the copies of the night before would be logs of their own. */
function ownOutput({ id, place }: SourceConfig, name: string): Failure {
  const message = `source \`${id}\`: \`${name}\` is what runs on Athena write, below \`output\``;
  const remedy = 'narrow the pattern, so that it covers the logs alone, or give `output` a bucket or folder of its own';
  return new Failure('user', [{ code: 'source/own-output', message, remedy, place }]);
}

/** Somebody removed the copy, or `output` was another, and the object is not what it was. */
function lost(url: string, name: string): Failure {
  const message = `\`${name}\` has no copy at ${url}, and is not the same any more where it came from`;
  const remedy =
    'put the copy back: an earlier version of it, where the bucket keeps them, or that of another `output` that was in use when it landed; else deliver the object again';
  return new Failure('unavailable', [{ code: 'athena/log-lost', message, remedy, place: { file: name } }]);
}
