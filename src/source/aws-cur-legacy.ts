// Legacy Cost and Usage Reports of AWS: `<path>/<yyyymmdd-yyyymmdd>/<report>-Manifest.json`, with its files beside it (overwritten), in a folder
// named after the delivery (kept versions), or as Parquet below `<path>/<report>/year=<yyyy>/month=<m>/`.
import path from 'node:path';
import { z } from 'zod';
import { Failure } from '../kernel/failure.js';
import { type Month, plusMonths } from '../kernel/period.js';
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
import { curManifestsBelow } from './export-manifests.js';
import { LandingStore } from './landing.js';
import { byName } from './listing.js';
import { Origin } from './origin.js';
import type { LandedFile, LandRequest } from './source.js';

const MANIFEST = /\/(\d{8})-(\d{8})\/(?:(.+)\/)?[^/]+-Manifest\.json$/;

const LAYOUT: ExportLayout = { isManifest: (name) => MANIFEST.test(`/${name}`), parse, locate };

export async function landLegacyCur(request: LandRequest, folder: string): Promise<readonly LandedFile[]> {
  const base = folder.replace(/\/+$/, '');
  await using origin = new Origin(request);
  const listed = await origin.list([curManifestsBelow(base)]);
  const store = await LandingStore.open(request.landingDir, request.config.id);
  const manifests = newestOfEachPeriod(
    listed.flatMap((file) => manifestOf(file)),
    request,
  );
  await landPeriods(manifests, { base, origin, store, request }, LAYOUT);
  const { files } = newestDeliveries(store.entries, base, LAYOUT);
  if (files.length === 0) throw noManifest(base, request);
  return files.map((entry) => store.landed(entry)).sort(byName);
}

/** Each delivery overwrites the manifest of its period; folders of deliveries are named so that nobody can tell which is the newest. */
function newestOfEachPeriod(manifests: readonly Manifest[], request: LandRequest): readonly Manifest[] {
  const newest = new Map<string, Manifest>();
  for (const manifest of manifests) {
    const other = newest.get(manifest.period);
    if (other !== undefined && other.execution === manifest.execution) throw twoManifests(other, manifest, request);
    if (other === undefined || manifest.execution === '') newest.set(manifest.period, manifest);
    else if (other.execution !== '' && !manifests.some(({ period, execution }) => period === other.period && execution === ''))
      throw unusable(
        manifest,
        `\`${other.name}\` and \`${manifest.name}\` are two deliveries of ${manifest.period}, and the manifest of the month itself, which says which counts, is not there`,
        'copy the whole folder of the month, with the manifest that lies in it',
      );
  }
  return [...newest.values()].sort(byName);
}

function manifestOf(file: Arrival): readonly Manifest[] {
  const found = MANIFEST.exec(`/${file.name}`);
  if (found === null) return [];
  const folder = `${found[1]}-${found[2]}`;
  const period = `${folder.slice(0, 4)}-${folder.slice(4, 6)}`;
  if (folder === folderOf(period)) return [{ ...file, period, execution: found[3] ?? '' }];
  throw unusable(
    file,
    `\`${file.name}\` lies in \`${folder}\`, which is no month`,
    'point `path` at the folder of a report as AWS delivers it',
  );
}

/** From the first day to that of the month after. */
function folderOf(period: Month): string {
  return [period, plusMonths(period, 1)].map((month) => `${month.replace('-', '')}01`).join('-');
}

const SHAPE = z.looseObject({
  assemblyId: z.string().optional(),
  compression: z.string().optional(),
  billingPeriod: z.looseObject({ start: z.string().optional() }).optional(),
  reportKeys: z.array(z.string()),
});

function parse(text: string, manifest: Manifest): ManifestText {
  const json = manifestJson(text);
  const parsed = SHAPE.safeParse(json);
  if (!parsed.success) {
    const what = json === null ? 'it is cut, no JSON, or gives a key twice' : 'it has no list of `reportKeys`';
    throw unusable(manifest, `\`${manifest.name}\` is no manifest: ${what}`, 'wait for the whole delivery, or deliver it again');
  }
  const { reportKeys, assemblyId, billingPeriod, compression } = parsed.data;
  const start = billingPeriod?.start;
  if (start !== undefined && !start.replaceAll('-', '').startsWith(`${manifest.period.replace('-', '')}01`)) {
    throw unusable(
      manifest,
      `\`${manifest.name}\` is of the billing period that starts at ${start}, in the folder of ${manifest.period}`,
      'copy the report as it lies in its bucket',
    );
  }
  if (compression?.toUpperCase() === 'ZIP' || reportKeys.some((key) => /\.zip$/i.test(key))) throw zipped(manifest);
  return { files: reportKeys.map((key): NamedFile => ({ key, size: null })), execution: assemblyId };
}

/** Keys are those of the bucket; wherever the report was copied to, what lies below its folder is the same. */
async function locate({ key }: NamedFile, manifest: Manifest, { base, origin }: Export): Promise<Arrival> {
  const below = belowReport(key, manifest);
  if (below === null || path.posix.normalize(below) !== below) {
    throw unusable(
      manifest,
      `\`${manifest.name}\` names \`${key}\`, which is no file of ${manifest.period}`,
      'deliver the report again',
    );
  }
  const name = `${base}/${below}`;
  const found = await origin.find(name, base);
  if (found !== null) return found;
  throw notThere(manifest, name);
}

function belowReport(key: string, { period }: Manifest): string | null {
  const [, month, year, number] = /(?:^|\/)((?:[^/]+)\/year=(\d{4})\/month=(\d{1,2})\/.+)$/.exec(key) ?? [];
  if (month !== undefined) return `${year}-${number?.padStart(2, '0')}` === period ? month : null;
  const at = `/${key}`.indexOf(`/${folderOf(period)}/`);
  return at < 0 || key.endsWith('/') ? null : key.slice(at);
}

function zipped(manifest: Manifest): Failure {
  const message = `\`${manifest.name}\` names ZIP files, which are not read`;
  const remedy =
    'choose GZIP or Parquet as the compression of the report; months of before can be delivered again by AWS support';
  return new Failure('user', [{ code: 'source/manifest', message, remedy, place: { file: manifest.name } }]);
}

function noManifest(base: string, { config }: LandRequest): Failure {
  const message = `source \`${config.id}\`: there is no manifest that names files under \`${base}/<yyyymmdd-yyyymmdd>/\`, and none has landed before`;
  const remedy =
    'point `path` at the folder of the report, which holds a folder for each month; AWS writes the manifest when a delivery is whole';
  return new Failure('unavailable', [{ code: 'source/no-files', message, remedy, place: config.place }]);
}
