// An export that is overwritten in place: its new parts come one by one, and its manifest last. Until then the manifest that landed before stands
// beside parts of two deliveries, of which each is whole.
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Blob, IndexEntry } from './landing.js';
import type { LandRequest } from './source.js';

/** Milliseconds. Between two parts of one delivery less goes by; a manifest that says nothing of its delivery may stay the same for good. */
const SETTLED_AFTER = 3_600_000;

interface Waiting {
  readonly delivery: string;
  readonly since: string;
}

/** The first part that is another than when this very manifest landed last; null where it never did, or landed with just these parts before. */
export function changedUnder(
  entries: readonly IndexEntry[],
  manifest: Blob,
  { delivery, blobs }: { readonly delivery: string; readonly blobs: readonly Blob[] },
): string | null {
  const before = entries.filter(({ name, sha256 }) => name === manifest.name && sha256 === manifest.sha256);
  const last = before.at(-1)?.delivery;
  if (last === undefined || before.some((entry) => entry.delivery === delivery)) return null;
  const landed = new Map(entries.filter((entry) => entry.delivery === last).map((entry) => [entry.name, entry.sha256]));
  return blobs.find(({ name, sha256 }) => (landed.get(name) ?? sha256) !== sha256)?.name ?? null;
}

/** Have these parts been the same for so long that they are a delivery? The first time that they are seen is written down. */
export async function haveSettled(name: string, delivery: string, request: LandRequest): Promise<boolean> {
  const file = path.join(request.landingDir, 'waiting', `${request.config.id}.json`);
  const waiting = await readWaiting(file);
  const now = request.outside.now();
  const known = waiting.get(name);
  if (known?.delivery === delivery && now.getTime() >= Date.parse(known.since))
    return now.getTime() - Date.parse(known.since) >= SETTLED_AFTER;
  waiting.set(name, { delivery, since: now.toISOString() });
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(`${file}.new`, JSON.stringify([...waiting]));
  await rename(`${file}.new`, file);
  return false;
}

/** What cannot be read was never written: the wait begins anew. */
async function readWaiting(file: string): Promise<Map<string, Waiting>> {
  try {
    return new Map(JSON.parse(await readFile(file, 'utf8')) as [string, Waiting][]);
  } catch {
    return new Map();
  }
}
