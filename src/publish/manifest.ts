// `current.json`: what one published run consists of. A reader checks a file's sha256 against it; no clock time is in it, so that
// the same inputs give the same bytes.
import { createHash } from 'node:crypto';
import { type FileHandle, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Raised when a field changes its meaning or goes away; new fields do not raise it. */
export const SCHEMA_VERSION = 1;

export const MANIFEST_NAME = 'current.json';

/** One file that the caller staged, by its `/` separated path below the run's folder. */
export interface StagedFile {
  readonly path: string;
  readonly mart: string;
  /** The billing month that the file holds, or null: all of the run's. */
  readonly month: string | null;
  readonly rows: number;
}

export interface PublishedFile extends StagedFile {
  readonly bytes: number;
  readonly sha256: string;
}

/** What a published month was made of. */
export interface MadeMonth {
  readonly month: string;
  /** Evidence counted through this day. */
  readonly asOf: string;
  /** Fingerprint of the inputs: the same again gives the same bytes. */
  readonly inputs: string;
  /** The run that made it; absent where that is not known any more. */
  readonly run?: string;
  /** The run that made what was published of it before, which its movement is told against; absent where it was the first. */
  readonly after?: string;
  /** Its figures do not change any more. */
  readonly closed?: boolean;
  /** Of a closed month, sha256 of all that it was closed with. */
  readonly lock?: string;
}

/** What the caller says of the run. */
export interface RunFacts {
  readonly pipeline: string;
  readonly asOf: string;
  readonly currency: string;
  readonly months: readonly string[];
  readonly made: readonly MadeMonth[];
}

export interface Manifest extends RunFacts {
  readonly runId: string;
  readonly files: readonly PublishedFile[];
}

export function manifestText(manifest: Manifest): string {
  const { runId, pipeline, asOf, currency, months } = manifest;
  const made = manifest.made.map((each) => ({
    ...{ month: each.month, as_of: each.asOf, inputs: each.inputs, run: each.run, after: each.after },
    ...(each.closed === true ? { closed: true, lock: each.lock } : {}),
  }));
  const files = manifest.files.map(({ path, mart, month, rows, bytes, sha256 }) => ({ path, mart, month, rows, bytes, sha256 }));
  const told = { schema_version: SCHEMA_VERSION, run_id: runId, pipeline, as_of: asOf, currency, months, made, files };
  return `${JSON.stringify(told, null, 2)}\n`;
}

/** The manifest in a run's folder, or null where there is none that this version can read. */
export async function readManifest(runDir: string): Promise<Manifest | null> {
  const text = await readFile(join(runDir, MANIFEST_NAME), 'utf8').catch(() => null);
  return text === null ? null : parsedManifest(text);
}

function parsedManifest(text: string): Manifest | null {
  try {
    const told: unknown = JSON.parse(text);
    if (typeof told !== 'object' || told === null || !('schema_version' in told)) return null;
    if (told.schema_version !== SCHEMA_VERSION) return null;
    const { run_id: runId, as_of: asOf, pipeline, currency, months, made, files } = told as unknown as WrittenManifest;
    return { runId, pipeline, asOf, currency, months, made: (made ?? []).map(madeMonth), files };
  } catch {
    return null;
  }
}

/** As `manifestText` writes it. */
interface WrittenManifest extends Omit<Manifest, 'runId' | 'asOf' | 'made'> {
  readonly run_id: string;
  readonly as_of: string;
  /** Absent from what earlier versions published: their months are made of unknown inputs. */
  readonly made?: readonly WrittenMonth[];
}

interface WrittenMonth {
  readonly month: string;
  readonly as_of: string;
  readonly inputs: string;
  readonly run?: string;
  readonly after?: string;
  readonly closed?: boolean;
  readonly lock?: string;
}

function madeMonth({ month, as_of: asOf, inputs, run, after, closed, lock }: WrittenMonth): MadeMonth {
  const known = { ...(run === undefined ? {} : { run }), ...(after === undefined ? {} : { after }) };
  return { month, asOf, inputs, ...known, ...(closed === true ? { closed } : {}), ...(lock === undefined ? {} : { lock }) };
}

/** Hashes one file and forces it to the disk through the same handle. */
export async function sealed(path: string): Promise<{ readonly bytes: number; readonly sha256: string }> {
  await using handle = await open(path, 'r');
  const seal = await sealOf(handle);
  await handle.sync();
  return seal;
}

/** The hash of a file that is there already, or null where it cannot be read. */
export async function hashOfFile(path: string): Promise<string | null> {
  try {
    await using handle = await open(path, 'r');
    return (await sealOf(handle)).sha256;
  } catch {
    return null;
  }
}

async function sealOf(handle: FileHandle): Promise<{ readonly bytes: number; readonly sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of handle.createReadStream({ autoClose: false }) as AsyncIterable<Uint8Array>) {
    hash.update(chunk);
    bytes += chunk.byteLength;
  }
  return { bytes, sha256: hash.digest('hex') };
}

/** True where every file of the manifest is in the folder with the bytes that the manifest tells. */
export async function isIntact(runDir: string, manifest: Manifest): Promise<boolean> {
  for (const file of manifest.files) {
    const seal = await sealed(join(runDir, file.path)).catch(() => null);
    if (seal === null || seal.sha256 !== file.sha256 || seal.bytes !== file.bytes) return false;
  }
  return true;
}
