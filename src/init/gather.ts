// Every file that was given, each with what it is: exports by their manifests, series by some of their files, all else one by one.
import type { Warehouse } from '../warehouse/warehouse.js';
import { type Finding, type Found, type FocusFacts, type TagCounts, unknown } from './finding.js';
import type { Asked, GivenFile } from './given.js';
import { lookAt, type LookOptions } from './look.js';
import { seriesOf, spread } from './series.js';
import { prepareSample } from './usage.js';
import { digestOf } from './whole.js';

type Bounds = Readonly<Record<Asked, number>>;

/** Files of one series that are opened. Money is looked at closer than logs. */
const OPENED: Bounds = { bills: 1000, usage: 150, both: 1000 };
/** Records of all logs together; a file gives its part, within bounds. */
const MOST_RECORDS = 1_000_000;
const RECORDS_OF_A_FILE = { least: 20_000, most: 100_000 };
/** Folders that AWS delivers to, by their manifests; which of their files count is the business of the source. */
const MANIFESTS = {
  'aws-export': /^(?:(.*)\/)?metadata\/BILLING_PERIOD=\d{4}-\d{2}\/(?:.+\/)?[^/]+-Manifest\.json$/,
  'aws-cur-legacy': /^(?:(.*)\/)?\d{8}-\d{8}\/(?:.+\/)?[^/]+-Manifest\.json$/,
} as const;

interface ExportFolder {
  readonly layout: keyof typeof MANIFESTS;
  readonly path: string;
}

export async function gather(
  engine: Warehouse,
  files: readonly GivenFile[],
  currency: string,
  bounds: Bounds = OPENED,
): Promise<readonly Found[]> {
  await prepareSample(engine);
  const folders = foldersOf(files);
  const exported = ({ name }: GivenFile) => folders.find((folder) => holds(folder, name));
  const series = seriesOf(files.filter((file) => exported(file) === undefined));
  const opened = series.reduce((sum, all) => sum + Math.min(all.length, boundOf(all, bounds)), 0);
  const { least, most } = RECORDS_OF_A_FILE;
  const options = { currency, records: Math.min(most, Math.max(least, Math.floor(MOST_RECORDS / Math.max(1, opened)))) };
  const found: Found[] = [];
  for (const folder of folders)
    found.push(
      ...(await lookAtExport(
        engine,
        folder,
        files.filter((file) => exported(file) === folder),
        options,
      )),
    );
  for (const all of series) found.push(...(await lookAtSeries(engine, all, boundOf(all, bounds), options)));
  return withoutTwins(found.sort((a, b) => (a.file.name < b.file.name ? -1 : 1)));
}

function foldersOf(files: readonly GivenFile[]): readonly ExportFolder[] {
  return (['aws-export', 'aws-cur-legacy'] as const).flatMap((layout) => {
    const paths = new Set(files.flatMap(({ name }) => MANIFESTS[layout].exec(name)?.[1] ?? []));
    return [...paths].map((path) => ({ layout, path }));
  });
}

function holds({ layout, path }: ExportFolder, name: string): boolean {
  const parts = layout === 'aws-export' ? ['data/', 'metadata/'] : [''];
  return parts.some((part) => name.startsWith(`${path}/${part}`));
}

function boundOf(series: readonly GivenFile[], bounds: Bounds): number {
  return bounds[series[0]?.asked ?? 'both'];
}

async function lookAtSeries(
  engine: Warehouse,
  files: readonly GivenFile[],
  most: number,
  options: LookOptions,
): Promise<readonly Found[]> {
  const chosen = new Set(spread(files, most));
  const found: Found[] = [];
  let opened = 0;
  for (const file of files) {
    // A broken file says nothing of its neighbours: they are like the last one that could be read.
    const like = found.findLast(({ finding }) => finding.kind !== 'unknown') ?? (opened < 2 * most ? undefined : found.at(-1));
    const isOpened = chosen.has(file) || like === undefined;
    if (isOpened) opened += 1;
    found.push({ file, finding: isOpened ? await lookAt(engine, file, options) : unopened(like.finding), opened: isOpened });
  }
  return found;
}

/** What the file before it is, with no figures of its own. */
function unopened(finding: Finding): Finding {
  switch (finding.kind) {
    case 'usage':
      return { ...finding, facts: { records: 0, isPart: true, rejected: 0, firstDay: null, lastDay: null } };
    case 'focus':
    case 'aws-cur':
    case 'aws-export':
      return { ...finding, facts: NOTHING };
    case 'openai-costs':
    case 'anthropic-costs':
    case 'invoice-csv':
      return { ...finding, facts: NOTHING };
    case 'unknown':
      return finding;
    default:
      return finding satisfies never;
  }
}

const NOTHING: FocusFacts = {
  lines: 0,
  isPart: true,
  currencies: [],
  accounts: [],
  months: [],
  lastDay: null,
  vendors: [],
  services: [],
  tags: new Map(),
};

/** The folder as a whole: which of its deliveries count is the business of the source. */
async function lookAtExport(
  engine: Warehouse,
  folder: ExportFolder,
  files: readonly GivenFile[],
  options: LookOptions,
): Promise<readonly Found[]> {
  const data = files.filter(({ name }) => !/(^|\/)metadata\/|-Manifest\.json$/.test(name.slice(folder.path.length)));
  const looks: Finding[] = [];
  for (const file of spread(data, OPENED.bills)) looks.push(await lookAt(engine, file, options));
  const finding = data.length === 0 ? withoutFiles(folder) : exportOf(folder, looks);
  return files.map((file, at) => ({
    file,
    finding: at > 0 && finding.kind === 'aws-export' ? { ...finding, facts: NOTHING } : finding,
    opened: true,
  }));
}

function exportOf(folder: ExportFolder, looks: readonly Finding[]): Finding {
  const bills = looks.flatMap((look) => (look.kind === 'focus' || look.kind === 'aws-cur' ? [look] : []));
  const [first] = bills;
  const bad = looks.find(({ kind }) => kind === 'unknown');
  const isMixed = looks.some((look) => look.kind !== 'unknown' && look.kind !== first?.kind);
  if (isMixed || (first === undefined && bad === undefined))
    return unknown(
      'is an AWS export whose files are neither FOCUS nor a Cost and Usage Report',
      'make a FOCUS or CUR 2.0 export in AWS Data Exports',
    );
  if (bad !== undefined || first === undefined) return bad ?? withoutFiles(folder);
  return { kind: 'aws-export', ...folder, of: first.kind, facts: mergedFacts(bills.map(({ facts }) => facts)) };
}

function withoutFiles({ layout }: ExportFolder): Finding {
  const remedy =
    layout === 'aws-export' ? 'copy the `data` folder of the export beside `metadata`' : 'copy the whole folder of the report';
  return unknown('is a manifest without its files', remedy);
}

export function mergedFacts(all: readonly FocusFacts[]): FocusFacts {
  const union = (of: (facts: FocusFacts) => readonly string[]) => [...new Set(all.flatMap(of))].sort();
  return {
    lines: all.reduce((sum, { lines }) => sum + lines, 0),
    isPart: all.some(({ isPart }) => isPart),
    currencies: union(({ currencies }) => currencies),
    accounts: union(({ accounts }) => accounts),
    months: union(({ months }) => months),
    lastDay:
      all
        .flatMap(({ lastDay }) => lastDay ?? [])
        .sort()
        .at(-1) ?? null,
    vendors: union(({ vendors }) => vendors),
    services: union(({ services }) => services),
    tags: mergedTags(all.map(({ tags }) => tags)),
  };
}

function mergedTags(all: readonly TagCounts[]): TagCounts {
  const merged = new Map<string, Map<string, number>>();
  for (const [key, values] of all.flatMap((tags) => [...tags])) {
    const sums = merged.get(key) ?? new Map<string, number>();
    for (const [value, lines] of values) sums.set(value, (sums.get(value) ?? 0) + lines);
    merged.set(key, sums);
  }
  return merged;
}

/** The same bill under two names would count twice. */
async function withoutTwins(found: readonly Found[]): Promise<readonly Found[]> {
  const seen = new Map<string, string>();
  const result: Found[] = [];
  const sizes = found.map(({ file }) => file.bytes);
  for (const each of found) {
    const isBill = ['focus', 'aws-cur', 'openai-costs', 'anthropic-costs', 'invoice-csv'].includes(each.finding.kind);
    const isAlone = sizes.filter((bytes) => bytes === each.file.bytes).length < 2;
    const digest = isBill && !isAlone ? await digestOf(each.file) : '';
    const twin = seen.get(digest);
    if (digest !== '') seen.set(digest, twin ?? each.file.name);
    result.push(
      twin === undefined ? each : { ...each, finding: unknown(`has the same bytes as ${twin}`, 'nothing to do: it counts once') },
    );
  }
  return result;
}
