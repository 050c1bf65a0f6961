// `showback init`: files that a user points at → a company folder whose pipeline runs at once. Nothing is asked, nothing is guessed in silence.
import { basename, join, relative } from 'node:path';
import { Failure } from '../kernel/failure.js';
import type { Day, Month } from '../kernel/period.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import { readPipeline } from '../pipeline/read.js';
import { READ_EFFECTS } from '../pipeline/read-files.js';
import { openDuckDb } from '../warehouse/duckdb.js';
import type { Warehouse } from '../warehouse/warehouse.js';
import { type BillDraft, billSources } from './bill-sources.js';
import type { SourceDraft } from './draft.js';
import { draftFeatures, taggedUsage } from './features.js';
import type { Found } from './finding.js';
import { gather } from './gather.js';
import { type Given, givenFiles, ownNames, slashed } from './given.js';
import { booksOf } from './period.js';
import { slug } from './providers.js';
import { draftRules } from './rules.js';
import { type Draft, type Texts, textsOf } from './scaffold.js';
import { stepsOf } from './steps.js';
import { usedModels } from './unpriced.js';
import { usageSources } from './usage-sources.js';
import { refuseToOverwrite, writeTexts } from './write.js';

export interface InitRequest {
  readonly cwd: string;
  readonly folder: string;
  readonly bills: readonly string[];
  readonly usage: readonly string[];
  readonly name?: string | undefined;
  readonly currency?: string | undefined;
  readonly force: boolean;
  readonly now: () => Date;
}

export interface NotTaken {
  readonly file: string;
  readonly reason: string;
  readonly remedy: string;
}

export interface InitResult {
  readonly folder: string;
  readonly pipelineFile: string;
  readonly written: readonly string[];
  readonly name: string;
  readonly currency: string;
  readonly start: Month;
  readonly asOf: Day | null;
  readonly sources: readonly SourceDraft[];
  readonly features: number;
  readonly rules: number;
  readonly notTaken: readonly NotTaken[];
  readonly steps: readonly string[];
  /** Of all files that will be read. */
  readonly files: number;
  readonly bytes: number;
}

export async function initCompany(request: InitRequest): Promise<InitResult> {
  const given = await givenFiles(request);
  if (!request.force) await refuseToOverwrite(given.folder);
  if (given.files.length === 0)
    throw nothing(
      'init/no-files',
      'there is no file in what was named',
      'name folders or files that hold bills and usage logs',
      [],
    );
  await using engine = await openDuckDb({ threads: 2 });
  const found = await gather(engine, given.files, request.currency ?? 'USD');
  const notTaken = notTakenOf(found);
  if (found.length === notTaken.length)
    throw nothing(
      'init/nothing-recognised',
      'none of the files is a bill or a usage log',
      'give others; docs/pipeline.md says what is read',
      notTaken,
    );
  const draft = await draftOf(engine, found, given, request);
  const texts = textsOf(draft);
  await readDraft(given, texts);
  const written = await writeTexts(given.folder, texts);
  return {
    folder: given.folder,
    pipelineFile: join(given.folder, 'pipeline.yaml'),
    written,
    name: draft.name,
    currency: draft.currency,
    start: draft.books.start,
    asOf: draft.books.asOf,
    sources: draft.sources,
    features: draft.features.features.length,
    rules: draft.rules.rules.length,
    notTaken,
    steps: draft.steps,
    files: found.length - notTaken.length,
    bytes: found.reduce((sum, { file, finding }) => sum + (finding.kind === 'unknown' ? 0 : file.bytes), 0),
  };
}

/** What may hold figures comes first. */
function notTakenOf(found: readonly Found[]): readonly NotTaken[] {
  const unknowns = found.flatMap(({ file, finding }) => (finding.kind === 'unknown' ? [{ file: file.name, ...finding }] : []));
  return unknowns
    .toSorted((a, b) => Number(a.isNoise) - Number(b.isNoise))
    .map(({ file, reason, remedy }) => ({ file, reason, remedy }));
}

function nothing(code: string, message: string, remedy: string, notTaken: readonly NotTaken[]): Failure {
  if (notTaken.length === 0) return new Failure('user', [{ code, message, remedy }]);
  return new Failure(
    'user',
    notTaken.map(({ file, reason, remedy: own }) => ({ code, message: reason, remedy: own, place: { file } })),
  );
}

async function draftOf(engine: Warehouse, found: readonly Found[], given: Given, request: InitRequest): Promise<Draft> {
  const around = { found, own: ownNames(given), taken: new Set<string>() };
  const logs = await usageSources(engine, around);
  const tagged = await taggedUsage(engine);
  const used = await engine.rows('SELECT DISTINCT provider FROM usage_sample WHERE reject IS NULL');
  const bills = billSources({
    ...around,
    used: used.flatMap((row) => row['provider'] ?? []),
    features: new Set(tagged.features.map(({ id }) => id)),
  });
  const [customers] = await engine.rows('SELECT count(customer_id) AS n FROM usage_sample WHERE reject IS NULL');
  const sources = [...bills, ...logs];
  const below = slashed(relative(given.root, given.folder));
  const first = {
    name: request.name ?? (slug(basename(given.folder)) || 'company'),
    root: slashed(relative(given.folder, given.root)) || '.',
    below: below === '' ? '' : `${below}/`,
    currency: request.currency ?? currencyOf(bills),
    books: booksOf(sources, request.now()),
    hasCustomers: customers?.['n'] !== '0',
    sources,
    features: draftFeatures(tagged, bills),
    today: request.now().toISOString().slice(0, 10),
  };
  // The price books are those that the draft itself names.
  const models = await usedModels(
    engine,
    await readDraft(given, textsOf({ ...first, rules: NO_RULES, unpriced: [], steps: [] })),
  );
  const rest = { ...first, rules: draftRules(bills, models), unpriced: models.filter(({ lacks }) => lacks.length > 0) };
  return { ...rest, steps: stepsOf({ ...rest, tagged, models, notTaken: notTakenOf(found).length }) };
}

const NO_RULES = { rules: [], doubts: [] };

/** Of most lines of money. */
function currencyOf(bills: readonly BillDraft[]): string {
  const lines = new Map<string, number>();
  for (const { currencies, rows } of bills)
    for (const currency of currencies) lines.set(currency, (lines.get(currency) ?? 0) + rows);
  const [most] = [...lines]
    .filter(([currency]) => /^[A-Z]{3}$/.test(currency))
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  return most?.[0] ?? 'USD';
}

/** Reads the texts as a run would, before any of them is a file. */
async function readDraft(given: Given, texts: Texts): Promise<Pipeline> {
  const files = new Map(Object.entries(texts).map(([name, text]) => [join(given.folder, name), text]));
  return readPipeline(join(given.folder, 'pipeline.yaml'), {
    ...READ_EFFECTS,
    readFile: async (path) => {
      const text = files.get(path);
      return text === undefined ? READ_EFFECTS.readFile(path) : new TextEncoder().encode(text);
    },
  });
}
