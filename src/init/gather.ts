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
const MANIFEST = /^(?:(.*)\/)?metadata\/BILLING_PERIOD=\d{4}-\d{2}\/(?:.+\/)?[^/]+-Manifest\.json$/;

export async function gather(
  engine: Warehouse,
  files: readonly GivenFile[],
  currency: string,
  bounds: Bounds = OPENED,
): Promise<readonly Found[]> {
  await prepareSample(engine);
  const folders = [...new Set(files.flatMap(({ name }) => MANIFEST.exec(name)?.[1] ?? []))];
  const exported = (file: GivenFile) =>
    folders.find((folder) => ['data', 'metadata'].some((part) => file.name.startsWith(`${folder}/${part}/`)));
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
  path: string,
  files: readonly GivenFile[],
  options: LookOptions,
): Promise<readonly Found[]> {
  const data = files.filter(({ name }) => name.startsWith(`${path}/data/`));
  const looks: Finding[] = [];
  for (const file of spread(data, OPENED.bills)) looks.push(await lookAt(engine, file, options));
  const other = looks.find((finding) => finding.kind !== 'focus' && finding.kind !== 'unknown');
  const bad = looks.find((finding) => finding.kind === 'unknown');
  const reason =
    other === undefined
      ? bad
      : unknown('is an AWS export whose files are no FOCUS', 'make a FOCUS 1.2 export in AWS Data Exports');
  const finding =
    data.length === 0
      ? unknown('is a manifest without its files', 'copy the `data` folder of the export beside `metadata`')
      : reason;
  const facts = mergedFacts(looks.flatMap((look) => (look.kind === 'focus' ? [look.facts] : [])));
  return files.map((file, at) => ({
    file,
    finding: finding ?? { kind: 'aws-export', path, facts: at === 0 ? facts : NOTHING },
    opened: true,
  }));
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
    const isBill = ['focus', 'openai-costs', 'anthropic-costs', 'invoice-csv'].includes(each.finding.kind);
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
