// AWS Data Exports: the newest manifest of each billing period, in the folder of the period or in that of an execution.
import path from 'node:path';
import { z } from 'zod';
import { Failure } from '../kernel/failure.js';
import type { Arrival } from './arrival.js';
import {
  type Export,
  type ExportLayout,
  landPeriods,
  type Manifest,
  manifestJson,
  type ManifestText,
  type NamedFile,
  newestDeliveries,
  notThere,
  twoManifests,
  unusable,
} from './export-delivery.js';
import { manifestsBelow } from './export-manifests.js';
import { LandingStore } from './landing.js';
import { byName } from './listing.js';
import { Origin } from './origin.js';
import { s3Pattern } from './s3-address.js';
import type { LandedFile, LandRequest } from './source.js';

const MANIFEST = /\/metadata\/BILLING_PERIOD=(\d{4}-\d{2})\/(?:(.+)\/)?[^/]+-Manifest\.json$/;

const LAYOUT: ExportLayout = { isManifest: (name) => MANIFEST.test(`/${name}`), parse: parseManifest, locate };

export async function landAwsExport(request: LandRequest, folder: string): Promise<readonly LandedFile[]> {
  const { config, landingDir } = request;
  const base = folder.replace(/\/+$/, '');
  await using origin = new Origin(request);
  const listed = await origin.list([manifestsBelow(base)]);
  const store = await LandingStore.open(landingDir, config.id);
  await landPeriods(newestOfEachPeriod(listed, request), { base, origin, store, request }, LAYOUT);
  const files = newestDeliveries(store.entries, base, LAYOUT).files.map((entry) => store.landed(entry));
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

function parseManifest(text: string, manifest: Manifest): ManifestText {
  const json = manifestJson(text);
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
  throw notThere(manifest, name);
}

function noManifest(base: string, { config }: LandRequest): Failure {
  const message = `source \`${config.id}\`: there is no manifest that names files under \`${base}/metadata/BILLING_PERIOD=*/\`, and none has landed before`;
  const remedy =
    'point `path` at the folder that holds `data/` and `metadata/`; AWS writes the manifest when a delivery is whole';
  return new Failure('unavailable', [{ code: 'source/no-files', message, remedy, place: config.place }]);
}
