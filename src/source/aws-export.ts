// AWS Data Exports on disk. Only what the newest manifest of a billing period names is read: a glob would count old
// executions twice, and a manifest comes after all of its files, so that a delivery in progress is not seen.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { Failure, type Problem } from '../kernel/failure.js';
import type { Arrival } from './arrival.js';
import { type Blob, type IndexEntry, LandingStore } from './landing.js';
import { parseJson } from './json-text.js';
import { byName } from './listing.js';
import { manifestsBelow } from './export-manifests.js';
import { Origin } from './origin.js';
import { allOf, receiveAll } from './plain-files.js';
import { s3Pattern } from './s3-address.js';
import type { LandedFile, LandRequest } from './source.js';

const MANIFEST = /\/metadata\/BILLING_PERIOD=(\d{4}-\d{2})\/(?:(.+)\/)?[^/]+-Manifest\.json$/;

interface Manifest extends Arrival {
  readonly period: string;
  /** Execution folder, or '' where the manifest is that of the period. */
  readonly execution: string;
}

interface NamedFile {
  readonly key: string;
  readonly size: number | null;
}

export async function landAwsExport(request: LandRequest, folder: string): Promise<readonly LandedFile[]> {
  const { config, landingDir } = request;
  const base = folder.replace(/\/+$/, '');
  await using origin = new Origin(request);
  const listed = await origin.list([manifestsBelow(base)]);
  const store = await LandingStore.open(landingDir, config.id);
  const delivery = { base, origin, store, request };
  const failures: Failure[] = [];
  for (const manifest of newestOfEachPeriod(listed, request)) {
    await landPeriod(manifest, delivery).catch((error: unknown) => {
      if (!(error instanceof Failure)) throw error;
      failures.push(error);
    });
  }
  if (failures.length > 0) throw allOf(failures);
  const files = [...newestDeliveries(store.entries, base)].map((entry) => store.landed(entry));
  if (files.length === 0) throw noManifest(base, request);
  return files.sort(byName);
}

/** The manifest of the period itself; where a delivery left one in its own folder only, that of the last folder. */
function newestOfEachPeriod(listed: readonly Arrival[], request: LandRequest): readonly Manifest[] {
  const newest = new Map<string, Manifest>();
  for (const manifest of listed.flatMap((file) => manifestOf(file))) {
    const other = newest.get(manifest.period);
    if (other !== undefined && other.execution === manifest.execution) throw twoManifests(other, manifest, request);
    const wins =
      other === undefined || manifest.execution === '' || (other.execution !== '' && manifest.execution > other.execution);
    if (wins) newest.set(manifest.period, manifest);
  }
  return [...newest.values()].sort(byName);
}

function manifestOf(file: Arrival): readonly Manifest[] {
  const found = MANIFEST.exec(`/${file.name}`);
  return found === null ? [] : [{ ...file, period: found[1] ?? '', execution: found[2] ?? '' }];
}

interface Export {
  /** Folder that holds `data/` and `metadata/`, in the company folder or as `s3://bucket/folder`. */
  readonly base: string;
  readonly origin: Origin;
  readonly store: LandingStore;
  readonly request: LandRequest;
}

async function landPeriod(manifest: Manifest, delivered: Export): Promise<void> {
  const { origin, store, request } = delivered;
  const landedManifest = await store.receive(manifest, request);
  const parsed = parseManifest(await readFile(store.pathOf(landedManifest.sha256), 'utf8'), manifest);
  if (parsed.files.length === 0 && store.entries.some((entry) => entry.unit === manifest.period && entry.name !== manifest.name))
    throw unusable(
      manifest,
      `\`${manifest.name}\` names no files, and an earlier delivery of ${manifest.period} did`,
      'deliver the export again; a month does not become empty by itself',
    );
  const listed = await Promise.all(parsed.files.map((named) => locate(named, manifest, delivered)));
  const blobs = await receiveAll(store, listed, request);
  const problems = listed.flatMap((file, at) => shortProblem(file, parsed.files[at], blobs, manifest));
  if (problems.length > 0) throw new Failure('unavailable', problems);
  const now = await origin.find(manifest.name);
  if (now === null || (await store.receive(now, request)).sha256 !== landedManifest.sha256) throw replaced(manifest);
  const delivery = deliveryId(parsed.execution ?? manifest.execution, landedManifest, blobs);
  // The manifest comes last: without its line the delivery is not there.
  await store.record([...blobs, landedManifest].map((blob) => ({ ...blob, unit: manifest.period, delivery })));
}

/** The last delivery of each period whose manifest is in the index, and the files it named. */
function newestDeliveries(entries: readonly IndexEntry[], base: string): readonly IndexEntry[] {
  const ours = entries.filter((entry) => entry.name.startsWith(`${base}/`) && entry.unit !== entry.name);
  const newest = new Map(ours.filter((entry) => isManifest(entry.name)).map((entry) => [entry.unit, entry.delivery]));
  const current = ours.filter((entry) => !isManifest(entry.name) && newest.get(entry.unit) === entry.delivery);
  return [...new Map(current.map((entry) => [`${entry.unit} ${entry.name}`, entry])).values()];
}

function isManifest(name: string): boolean {
  return MANIFEST.test(`/${name}`);
}

const FILE = z.union([
  z.string(),
  z.looseObject({
    s3Uri: z.string().optional(),
    s3uri: z.string().optional(),
    uri: z.string().optional(),
    key: z.string().optional(),
    path: z.string().optional(),
    size: z.number().optional(),
    sizeInBytes: z.number().optional(),
    bytes: z.number().optional(),
    contentLength: z.number().optional(),
  }),
]);
const MANIFEST_SHAPE = z.looseObject({
  dataFiles: z.array(FILE).optional(),
  data_files: z.array(FILE).optional(),
  files: z.array(FILE).optional(),
  reportKeys: z.array(FILE).optional(),
  executionId: z.string().optional(),
  execution_id: z.string().optional(),
  assemblyId: z.string().optional(),
});

function parseManifest(
  text: string,
  manifest: Manifest,
): { readonly files: readonly NamedFile[]; readonly execution: string | undefined } {
  const json = jsonOrNull(text);
  const parsed = MANIFEST_SHAPE.safeParse(json);
  const found = parsed.success
    ? (parsed.data.dataFiles ?? parsed.data.data_files ?? parsed.data.files ?? parsed.data.reportKeys)
    : undefined;
  if (!parsed.success || found === undefined) {
    throw unusable(
      manifest,
      `\`${manifest.name}\` is no manifest: ${json === null ? 'it is cut, no JSON, or gives a key twice' : 'it has no list of files (`dataFiles` or `reportKeys`)'}`,
      'wait for the whole delivery, or deliver it again',
    );
  }
  const files = found.map((file) => {
    if (typeof file === 'string') return { key: file, size: null };
    return {
      key: file.s3Uri ?? file.s3uri ?? file.uri ?? file.key ?? file.path ?? '',
      size: file.size ?? file.sizeInBytes ?? file.bytes ?? file.contentLength ?? null,
    };
  });
  return { files, execution: parsed.data.executionId ?? parsed.data.execution_id ?? parsed.data.assemblyId };
}

/** A key given twice is no manifest: one of the two lists would be lost without a word. */
function jsonOrNull(text: string): unknown {
  const bare = text.replace(/^\uFEFF/, '');
  try {
    parseJson(bare);
    return JSON.parse(bare);
  } catch {
    return null;
  }
}

/** A key of the bucket → the file below `data/`. A key with the period in it is taken at its word; a bare name is in the period's folder. */
async function locate(named: NamedFile, manifest: Manifest, { base, origin }: Export): Promise<Arrival> {
  const period = `BILLING_PERIOD=${manifest.period}`;
  const key = named.key.replace(/^s3:\/\/[^/]*\//, '');
  const at = key.indexOf('BILLING_PERIOD=');
  const below =
    at >= 0 ? key.slice(at) : `${period}/${manifest.execution === '' ? '' : `${manifest.execution}/`}${path.posix.basename(key)}`;
  if (named.key === '' || (at >= 0 && !below.startsWith(`${period}/`))) {
    throw unusable(
      manifest,
      `\`${manifest.name}\` names \`${named.key}\`, which is no file of ${manifest.period}`,
      'deliver the export again',
    );
  }
  const name = `${base}/data/${below}`;
  const isPlain = path.posix.normalize(below) === below;
  // A path out of the folder is told as that.
  const found = isPlain || s3Pattern(name) === null ? await origin.find(name, `${base}/data`) : null;
  // One file under two names would count twice.
  if (!isPlain) {
    throw unusable(
      manifest,
      `\`${manifest.name}\` names \`${name}\`, a path with \`.\` or empty parts`,
      'deliver the export again',
    );
  }
  if (found !== null) return found;
  throw unusable(
    manifest,
    `\`${manifest.name}\` names \`${name}\`, which is not there`,
    'wait until the delivery is whole, or copy the missing file',
  );
}

function shortProblem(
  file: Arrival,
  named: NamedFile | undefined,
  blobs: readonly Blob[],
  manifest: Manifest,
): readonly Problem[] {
  const bytes = blobs.find((blob) => blob.name === file.name)?.bytes;
  if (named === undefined || named.size === null || named.size === bytes) return [];
  const message = `\`${file.name}\` has ${String(bytes)} bytes, and its manifest says ${named.size}`;
  return [
    {
      code: 'source/short-file',
      message,
      remedy: 'wait until the delivery is whole, then run again',
      place: { file: manifest.name },
    },
  ];
}

function deliveryId(execution: string, manifest: Blob, blobs: readonly Blob[]): string {
  const hash = createHash('sha256').update([manifest, ...blobs].map((blob) => `${blob.name} ${blob.sha256}\n`).join(''));
  return [execution, hash.digest('hex').slice(0, 16)].filter((part) => part !== '').join(' ');
}

function unusable(manifest: Manifest, message: string, remedy: string): Failure {
  return new Failure('unavailable', [{ code: 'source/manifest', message, remedy, place: { file: manifest.name } }]);
}

function replaced(manifest: Manifest): Failure {
  return unusable(
    manifest,
    `\`${manifest.name}\` changed while its files were being copied`,
    'run again once the new delivery is whole',
  );
}

function twoManifests(a: Manifest, b: Manifest, { config }: LandRequest): Failure {
  const message = `source \`${config.id}\`: \`${a.name}\` and \`${b.name}\` are two exports in one folder`;
  return new Failure('user', [
    { code: 'source/manifest', message, remedy: 'give each export its own source and path', place: config.place },
  ]);
}

function noManifest(base: string, { config }: LandRequest): Failure {
  const message = `source \`${config.id}\`: there is no manifest that names files under \`${base}/metadata/BILLING_PERIOD=*/\`, and none has landed before`;
  const remedy =
    'point `path` at the folder that holds `data/` and `metadata/`; AWS writes the manifest when a delivery is whole';
  return new Failure('unavailable', [{ code: 'source/no-files', message, remedy, place: config.place }]);
}
