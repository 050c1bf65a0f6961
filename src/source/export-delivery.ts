// Exports that a manifest names: a delivery counts whole or not at all, and replaces that of its billing period. The manifest comes after all of
// its files, so that a delivery in progress is not seen; a glob would count old deliveries twice.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Failure, type Problem } from '../kernel/failure.js';
import type { Arrival } from './arrival.js';
import { parseJson } from './json-text.js';
import type { Blob, IndexEntry, LandingStore } from './landing.js';
import type { Origin } from './origin.js';
import { changedUnder, haveSettled } from './parts-under-way.js';
import { allOf, receiveAll } from './plain-files.js';
import type { LandRequest } from './source.js';

export interface Manifest extends Arrival {
  /** `2026-08`. */
  readonly period: string;
  /** Folder of this delivery, or '' where the manifest is that of the period. */
  readonly execution: string;
}

export interface NamedFile {
  readonly key: string;
  /** In bytes; null where the manifest does not say. */
  readonly size: number | null;
}

export interface ManifestText {
  readonly files: readonly NamedFile[];
  readonly execution: string | undefined;
}

export interface Export {
  /** Folder of the export, in the company folder or as `s3://bucket/folder`. */
  readonly base: string;
  readonly origin: Origin;
  readonly store: LandingStore;
  readonly request: LandRequest;
}

/** What one cloud's exports look like. */
export interface ExportLayout {
  readonly isManifest: (name: string) => boolean;
  readonly parse: (text: string, manifest: Manifest) => ManifestText;
  readonly locate: (named: NamedFile, manifest: Manifest, delivered: Export) => Promise<Arrival>;
}

/** Every period, or the problems of all that cannot be landed. */
export async function landPeriods(manifests: readonly Manifest[], delivered: Export, layout: ExportLayout): Promise<void> {
  const failures: Failure[] = [];
  for (const manifest of manifests) {
    await landPeriod(manifest, delivered, layout).catch((error: unknown) => {
      if (!(error instanceof Failure)) throw error;
      failures.push(error);
    });
  }
  if (failures.length > 0) throw allOf(failures);
}

async function landPeriod(manifest: Manifest, delivered: Export, layout: ExportLayout): Promise<void> {
  const { origin, store, request } = delivered;
  const landedManifest = await store.receive(manifest, request);
  const parsed = layout.parse(await readFile(store.pathOf(landedManifest.sha256), 'utf8'), manifest);
  if (parsed.files.length === 0 && store.entries.some((entry) => entry.unit === manifest.period && entry.name !== manifest.name))
    throw unusable(
      manifest,
      `\`${manifest.name}\` names no files, and an earlier delivery of ${manifest.period} did`,
      'deliver the export again; a month does not become empty by itself',
    );
  const listed = await inOrder(parsed.files.map(async (named) => layout.locate(named, manifest, delivered)));
  refuseSharedNames(parsed.files, listed, manifest);
  const blobs = await receiveAll(store, listed, request);
  const problems = listed.flatMap((file, at) => shortProblem(file, parsed.files[at], blobs, manifest));
  if (problems.length > 0) throw new Failure('unavailable', problems);
  const now = await origin.find(manifest.name);
  if (now === null || (await store.receive(now, request)).sha256 !== landedManifest.sha256) throw replaced(manifest);
  const delivery = deliveryId(parsed.execution ?? manifest.execution, landedManifest, blobs);
  const changed = changedUnder(store.entries, landedManifest, { delivery, blobs });
  if (changed !== null && !(await haveSettled(manifest.name, delivery, request))) throw underWay(manifest, changed);
  // The manifest comes last: without its line the delivery is not there.
  await store.record([...blobs, landedManifest].map((blob) => ({ ...blob, unit: manifest.period, delivery })));
}

/** All of them, or the problem of the first in the order of the manifest, whichever answered first. */
async function inOrder<T>(all: readonly Promise<T>[]): Promise<readonly T[]> {
  const ends = await Promise.allSettled(all);
  return ends.map((end) => {
    if (end.status === 'rejected') throw end.reason as Error;
    return end.value;
  });
}

/** Two files of the manifest that are one here: the other's lines would be missing without a word. */
function refuseSharedNames(named: readonly NamedFile[], listed: readonly Arrival[], manifest: Manifest): void {
  const keys = new Map<string, string>();
  for (const [at, { name }] of listed.entries()) {
    const key = named[at]?.key ?? '';
    const other = keys.get(name);
    if (other !== undefined && other !== key) {
      const what = `\`${manifest.name}\` names \`${other}\` and \`${key}\`, which are both \`${name}\` here`;
      throw unusable(manifest, what, 'copy the export as it lies, each file by a name of its own, or deliver it again');
    }
    keys.set(name, key);
  }
}

/** The last delivery of each period whose manifest is in the index: that manifest, and the files it named. */
export function newestDeliveries(
  entries: readonly IndexEntry[],
  base: string,
  { isManifest }: Pick<ExportLayout, 'isManifest'>,
): { readonly manifests: readonly IndexEntry[]; readonly files: readonly IndexEntry[] } {
  const ours = entries.filter((entry) => entry.name.startsWith(`${base}/`) && entry.unit !== entry.name);
  const manifests = new Map(ours.filter((entry) => isManifest(entry.name)).map((entry) => [entry.unit, entry]));
  const current = ours.filter((entry) => !isManifest(entry.name) && manifests.get(entry.unit)?.delivery === entry.delivery);
  const files = new Map(current.map((entry) => [`${entry.unit} ${entry.name}`, entry]));
  return { manifests: [...manifests.values()], files: [...files.values()] };
}

/** A file of the manifest that did not come, or went. */
export function notThere(manifest: Manifest, name: string): Failure {
  const what = `\`${manifest.name}\` names \`${name}\`, which is not there`;
  return unusable(manifest, what, 'wait until the delivery is whole, or copy the missing file');
}

export function twoManifests(a: Manifest, b: Manifest, { config }: LandRequest): Failure {
  const message = `source \`${config.id}\`: \`${a.name}\` and \`${b.name}\` are two exports in one folder`;
  return new Failure('user', [
    { code: 'source/manifest', message, remedy: 'give each export its own source and path', place: config.place },
  ]);
}

/** A key given twice is no manifest: one of the two lists would be lost without a word. */
export function manifestJson(text: string): unknown {
  const bare = text.replace(/^\uFEFF/, '');
  try {
    parseJson(bare);
    return JSON.parse(bare);
  } catch {
    return null;
  }
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

export function unusable(manifest: Pick<Manifest, 'name'>, message: string, remedy: string): Failure {
  return new Failure('unavailable', [{ code: 'source/manifest', message, remedy, place: { file: manifest.name } }]);
}

function replaced(manifest: Manifest): Failure {
  return unusable(
    manifest,
    `\`${manifest.name}\` changed while its files were being copied`,
    'run again once the new delivery is whole',
  );
}

function underWay(manifest: Manifest, part: string): Failure {
  return unusable(
    manifest,
    `\`${part}\` is another than when \`${manifest.name}\` landed, which is the same still: a delivery is under way, and its files may be of two`,
    'run again once the delivery is whole, or an hour from now: files that stayed as they are count then',
  );
}
