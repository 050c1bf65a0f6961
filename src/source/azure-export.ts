// Cost exports of Azure: `<path>/<yyyymmdd-yyyymmdd>/<time of the export>/<guid>/manifest.json` with its parts beside it. Each run is the
// whole month to date, so that only the newest of a period counts. What a manifest says of its rows is held to what is read.
import path from 'node:path';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { Failure } from '../kernel/failure.js';
import { lastDay } from '../kernel/period.js';
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
  unusable,
} from './export-delivery.js';
import { azureManifestsBelow } from './export-manifests.js';
import { LandingStore } from './landing.js';
import { byName } from './listing.js';
import { Origin } from './origin.js';
import type { ControlTotal, Landing, LandRequest } from './source.js';

const MANIFEST = /\/(\d{8})-(\d{8})\/(?:(.+)\/)?manifest\.json$/;

const LAYOUT: ExportLayout = { isManifest: (name) => MANIFEST.test(`/${name}`), parse, locate };

export async function landAzureExport(request: LandRequest, folder: string): Promise<Landing> {
  const { config, landingDir } = request;
  const base = folder.replace(/\/+$/, '');
  await using origin = new Origin(request);
  const listed = await origin.list([azureManifestsBelow(base)]);
  const store = await LandingStore.open(landingDir, config.id);
  await landPeriods(newestOfEachPeriod(listed), { base, origin, store, request }, LAYOUT);
  const { manifests, files } = newestDeliveries(store.entries, base, LAYOUT);
  if (files.length === 0) throw noManifest(base, request);
  const controls = await Promise.all(
    manifests.map(async (entry) => rowCounts(store.pathOf(entry.sha256), entry.name, config.id)),
  );
  return { files: files.map((entry) => store.landed(entry)).sort(byName), controls: controls.flat() };
}

/** Folders of exports are named after their time, so that the last by name is the newest. */
function newestOfEachPeriod(listed: readonly Arrival[]): readonly Manifest[] {
  const newest = new Map<string, Manifest>();
  for (const manifest of listed.flatMap((file) => manifestOf(file))) {
    const other = newest.get(manifest.period);
    if (other === undefined || manifest.execution > other.execution) newest.set(manifest.period, manifest);
  }
  return [...newest.values()].sort(byName);
}

function manifestOf(file: Arrival): readonly Manifest[] {
  const [, from = '', to = '', execution = ''] = MANIFEST.exec(`/${file.name}`) ?? [];
  if (from === '') return [];
  const period = `${from.slice(0, 4)}-${from.slice(4, 6)}`;
  // Bills are replaced by the month: a week would be taken for all of it.
  if (from.slice(6) === '01' && to === lastDay(period).replaceAll('-', '')) return [{ ...file, period, execution }];
  throw unusable(
    file,
    `\`${file.name}\` is of ${from} through ${to}, which is no month`,
    'export whole months (time frame month to date, or the last month)',
  );
}

const SHAPE = z.looseObject({
  blobCount: z.number().optional(),
  dataRowCount: z.number().optional(),
  runInfo: z.looseObject({ runId: z.string().optional() }).optional(),
  blobs: z.array(z.looseObject({ blobName: z.string(), byteCount: z.number().optional(), dataRowCount: z.number().optional() })),
});

function shapeOf(text: string, manifest: Pick<Manifest, 'name'>): z.output<typeof SHAPE> {
  const json = manifestJson(text);
  const parsed = SHAPE.safeParse(json);
  if (!parsed.success) {
    const what = json === null ? 'it is cut, no JSON, or gives a key twice' : 'it has no list of `blobs`';
    throw unusable(manifest, `\`${manifest.name}\` is no manifest: ${what}`, 'wait for the whole delivery, or deliver it again');
  }
  const { blobs, blobCount, dataRowCount } = parsed.data;
  const rows = blobs.reduce((sum, blob) => sum + (blob.dataRowCount ?? Number.NaN), 0);
  const disagrees =
    (blobCount ?? blobs.length) !== blobs.length || (dataRowCount !== undefined && rows >= 0 && rows !== dataRowCount);
  if (!disagrees) return parsed.data;
  throw unusable(
    manifest,
    `\`${manifest.name}\` disagrees with itself: ${blobCount ?? blobs.length} files and ${dataRowCount ?? 'no'} rows, and ${blobs.length} files with ${rows} rows are listed`,
    'deliver the export again',
  );
}

function parse(text: string, manifest: Manifest): ManifestText {
  const { blobs, runInfo } = shapeOf(text, manifest);
  const files = blobs.map(({ blobName, byteCount }): NamedFile => ({ key: blobName, size: byteCount ?? null }));
  return { files, execution: runInfo?.runId };
}

/** Names are paths in the container; wherever that was copied to, the parts lie beside their manifest. */
async function locate({ key }: NamedFile, manifest: Manifest, { base, origin }: Export): Promise<Arrival> {
  const part = path.posix.basename(key);
  const name = `${path.posix.dirname(manifest.name)}/${part}`;
  if (part === '' || part === '.' || part === '..') {
    throw unusable(manifest, `\`${manifest.name}\` names \`${key}\`, which is no file`, 'deliver the export again');
  }
  const found = await origin.find(name, base);
  if (found !== null) return found;
  throw notThere(manifest, name);
}

/** As many lines as the manifest says must be read of each part. */
async function rowCounts(file: string, manifest: string, sourceId: string): Promise<readonly ControlTotal[]> {
  const { blobs } = shapeOf(await readFile(file, 'utf8'), { name: manifest });
  return blobs.flatMap(({ blobName, dataRowCount }) =>
    dataRowCount === undefined
      ? []
      : [
          {
            sourceId,
            control: 'row_count' as const,
            scope: `${path.posix.dirname(manifest)}/${path.posix.basename(blobName)}`,
            currency: null,
            expected: String(dataRowCount),
          },
        ],
  );
}

function noManifest(base: string, { config }: LandRequest): Failure {
  const message = `source \`${config.id}\`: there is no manifest that names files under \`${base}/<yyyymmdd-yyyymmdd>/\`, and none has landed before`;
  const remedy =
    'point `path` at the folder of the export, which holds a folder for each month; Azure writes the manifest when a run is whole';
  return new Failure('unavailable', [{ code: 'source/no-files', message, remedy, place: config.place }]);
}
