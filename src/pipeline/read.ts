// pipelines/*.yaml and the files that it names → one frozen Pipeline, or one Failure with every problem of all of them.
import { resolve } from 'node:path';
import { Failure, type Problem } from '../kernel/failure.js';
import { firstDay } from '../kernel/period.js';
import { readAliases, readFx, readInvoices, readSkuMap, readSkus, type Seen } from './books.js';
import { chargebackOf } from './chargeback.js';
import { engineOf, publishOf } from './elsewhere.js';
import { readFixedCosts } from './fixed-costs.js';
import type { KnownNames } from './match.js';
import type { Feature, Pipeline, PriceRow, Registry, Rule } from './pipeline.js';
import { type PriceKeys, readPrices } from './prices.js';
import { ConfigFiles, READ_EFFECTS, type ReadEffects } from './read-files.js';
import { FeatureNames, readFeatures } from './registry.js';
import { checkMonths, readRevenue, type RevenueContext } from './revenue.js';
import { readRules } from './rules.js';
import { readSections } from './sections.js';
import { readSources } from './sources.js';
import { type PipelineSpec, pipelineSpec } from './spec-pipeline.js';
import { problem, type Report, type Spot } from './text.js';
import { type Path, YamlFile } from './yaml-places.js';

type Sections = { readonly [K in keyof PipelineSpec]: PipelineSpec[K] | undefined };

/** Throws `Failure('user')` where anything is wrong. Reads configuration only: no input, no state. */
export async function readPipeline(yamlPath: string, effects: ReadEffects = READ_EFFECTS): Promise<Pipeline> {
  const problems: Problem[] = [];
  const report: Report = (found) => problems.push(found);
  const files = new ConfigFiles(yamlPath, effects, report);
  const pipeline = await new Reader(files, report).read(yamlPath);
  if (problems.length > 0 || pipeline === null)
    throw new Failure(
      'user',
      inOrder(problems).map((found) => files.shown(found)),
    );
  return frozen(pipeline);
}

class Reader {
  readonly #files: ConfigFiles;
  readonly #report: Report;

  constructor(files: ConfigFiles, report: Report) {
    this.#files = files;
    this.#report = report;
  }

  async read(yamlPath: string): Promise<Pipeline | null> {
    const text = await this.#files.readPipeline();
    if (text === null) return null;
    this.#files.root = rootOf(text);
    const file = new YamlFile(this.#files.pipelineName, text, this.#report);
    const sections = readSections(pipelineSpec, file, this.#report);
    if (sections === null) return null;
    const registryPaths = sections.registry;
    checkPeriod(sections, file, this.#report);
    const sources = readSources(sections.sources ?? [], file, this.#report);
    const known = { features: new FeatureNames(null), sources: namesIn(file, 'sources'), entries: null };
    const { registry, rules } = await this.#registry(registryPaths, file, known, sections);
    const books = await this.#books(registryPaths, file);
    const prices = await this.#prices(sections.prices, file);
    const chargeback = chargebackOf(sections.chargeback, registry.features, file, this.#report);
    if (!isWhole(sections)) return null;
    const { name, currency, start, tags } = sections;
    const { root } = this.#files;
    return {
      name,
      file: resolve(yamlPath),
      root,
      currency,
      start,
      ...{ asOf: sections.as_of ?? null, lookBack: sections.look_back ?? null },
      ...{ stateDir: resolve(root, sections.state), outDir: resolve(root, sections.out) },
      retention: { runs: sections.retention.runs, deliveriesDays: sections.retention.deliveries_days },
      engine: engineOf(sections.engine, file),
      publish: publishOf(sections, file),
      tags: [...new Set(tags)],
      sources,
      registry,
      rules,
      prices,
      ...books,
      ...limitsOf(sections),
      chargeback,
      files: this.#files.files,
    };
  }

  async #registry(
    paths: PipelineSpec['registry'] | undefined,
    file: YamlFile,
    given: KnownNames,
    {
      start = '2000-01',
      currency = null,
    }: { readonly start?: string | undefined; readonly currency?: string | null | undefined },
  ): Promise<{ readonly registry: Registry; readonly rules: readonly Rule[] }> {
    const none = { features: [], mappings: [] };
    const featuresFile = await this.#yaml(paths?.features, file, ['registry', 'features']);
    const { registry, names } =
      featuresFile === null ? { registry: none, names: given.features } : readFeatures(featuresFile, this.#report);
    const before = { ...given, features: names };
    const costsFile = await this.#yaml(paths?.fixed_costs, file, ['registry', 'fixed_costs']);
    const fixedCosts = costsFile === null ? [] : readFixedCosts(costsFile, before, this.#report);
    const entries = costsFile === null ? (paths?.fixed_costs === undefined ? [] : null) : namesIn(costsFile, 'fixed_costs');
    const earned: RevenueContext = { names, currency, seen: new Map(), months: new Map() };
    const revenue = await this.#each(paths?.revenue, file, ['registry', 'revenue'], (name, text) =>
      readRevenue(name, text, earned, this.#report),
    );
    checkMonths(earned, this.#report);
    const rulesFile = await this.#yaml(paths?.rules, file, ['registry', 'rules']);
    const featureSpot = ({ place }: Feature): Spot => featuresFile?.source.line(place.line ?? 1) ?? { place };
    const hasRevenue = (paths?.revenue ?? []).length > 0;
    const context = { known: { ...before, entries }, registry, start, hasRevenue, pipelineFile: file.source.file, featureSpot };
    const readable = rulesFile !== null || (paths !== undefined && paths.rules === undefined);
    const rules = readable ? readRules(rulesFile, context, this.#report) : [];
    return { registry: { ...registry, fixedCosts: fixedCosts ?? [], revenue }, rules };
  }

  async #yaml(path: string | undefined, from: YamlFile, at: Path): Promise<YamlFile | null> {
    if (path === undefined) return null;
    const found = await this.#files.read(path, from.at(at));
    return found === null ? null : new YamlFile(found.name, found.text, this.#report);
  }

  async #books(
    paths: PipelineSpec['registry'] | undefined,
    file: YamlFile,
  ): Promise<Pick<Pipeline, 'aliases' | 'skus' | 'skuMap' | 'fx' | 'invoices'>> {
    const book = <T>(
      key: 'aliases' | 'skus' | 'sku_map' | 'fx' | 'invoices',
      read: (name: string, text: string, seen: Seen, report: Report) => readonly T[],
    ) => {
      const seen: Seen = new Map();
      return this.#each(paths?.[key], file, ['registry', key], (name, text) => read(name, text, seen, this.#report));
    };
    return {
      aliases: await book('aliases', readAliases),
      skus: await book('skus', readSkus),
      skuMap: await book('sku_map', readSkuMap),
      fx: await book('fx', readFx),
      invoices: await book('invoices', readInvoices),
    };
  }

  async #prices(paths: PipelineSpec['prices'] | undefined, file: YamlFile): Promise<readonly PriceRow[]> {
    const seen: PriceKeys = new Map();
    const layer = (name: PriceRow['layer']) =>
      this.#each(paths?.[name], file, ['prices', name], (book, text) => readPrices(book, text, name, seen, this.#report));
    return [...(await layer('negotiated')), ...(await layer('list'))];
  }

  /** One after the other, so that problems come in the order in which the files are named. */
  async #each<T>(
    paths: readonly string[] | undefined,
    file: YamlFile,
    at: Path,
    read: (name: string, text: string) => readonly T[],
  ): Promise<readonly T[]> {
    const rows: T[] = [];
    for (const [index, path] of (paths ?? []).entries()) {
      const spot = file.at([...at, index]);
      if (paths?.indexOf(path) !== index)
        this.#report(problem('duplicate-file', spot, 'this file is named twice', 'name it once'));
      else {
        const found = await this.#files.read(path, spot);
        if (found !== null) rows.push(...read(found.name, found.text));
      }
    }
    return rows;
  }
}

/** Names of files depend on the root, so it is looked up before anything is checked. */
function rootOf(text: string): string {
  const value = new YamlFile('', text, () => undefined).value;
  const root = typeof value === 'object' && value !== null && 'root' in value ? value.root : undefined;
  return typeof root === 'string' && root !== '' ? root : '.';
}

/** Ids written in a list, of broken entries too; null where there is no list. */
function namesIn(file: YamlFile, section: string): readonly string[] | null {
  const list =
    typeof file.value === 'object' && file.value !== null ? (file.value as Record<string, unknown>)[section] : undefined;
  if (!Array.isArray(list)) return null;
  return list
    .map((entry: unknown) => (entry as { readonly id?: unknown } | null)?.id)
    .filter((id): id is string => typeof id === 'string');
}

function checkPeriod({ start, as_of: asOf, state, out }: Sections, file: YamlFile, report: Report): void {
  if (start !== undefined && asOf !== undefined && asOf < firstDay(start)) {
    report(
      problem(
        'date-order',
        file.at(['as_of']),
        `\`as_of\` ${asOf} is before the first month ${start}`,
        'give a later day, or an earlier `start`',
      ),
    );
  }
  if (state === undefined || out === undefined) return;
  const [stateDir, outDir] = [resolve('/', state), resolve('/', out)];
  const within = (inner: string, outer: string) => `${inner}/`.startsWith(outer === '/' ? '/' : `${outer}/`);
  if (stateDir === '/' || outDir === '/' || within(stateDir, outDir) || within(outDir, stateDir)) {
    const at: Path = file.has(['out']) ? ['out'] : ['state'];
    report(
      problem(
        'bad-value',
        file.at(at),
        '`state` and `out` must be folders of their own below `root`',
        'use two different folders, such as .showback and out',
      ),
    );
  }
}

function isWhole(sections: Sections): sections is PipelineSpec {
  // A section with a default is undefined only where what was given is wrong.
  return Object.entries(pipelineSpec.shape).every(([key, schema]) => {
    const absent = schema.safeParse(undefined);
    return sections[key as keyof Sections] !== undefined || (absent.success && absent.data === undefined);
  });
}

/** By file in the order of reading, then by line. */
function inOrder(problems: readonly Problem[]): readonly Problem[] {
  const files = [...new Set(problems.map((found) => found.place?.file))];
  const rank = ({ place }: Problem) => [files.indexOf(place?.file), place?.line ?? 0, place?.column ?? 0] as const;
  return [...problems].sort((left, right) => {
    const [a, b] = [rank(left), rank(right)];
    return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
  });
}

function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const part of Object.values(value)) frozen(part);
  return value;
}

function limitsOf({
  accept_unpriced: accepted,
  variance,
  close,
}: Pick<PipelineSpec, 'accept_unpriced' | 'variance' | 'close'>): Pick<Pipeline, 'acceptUnpriced' | 'variance' | 'close'> {
  return {
    acceptUnpriced: accepted.map(({ expires_on: expiresOn, ...entry }) => ({ ...entry, expiresOn })),
    variance: variance.map(({ on_breach: onBreach, ...entry }) => ({ ...entry, onBreach })),
    close: { coverage: close.coverage ?? null, unallocated: close.unallocated ?? null, twoPeople: close.two_people },
  };
}
