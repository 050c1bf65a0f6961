// Findings → the draft of a company: sources, features, rules, prices and the months of its books.
import { basename, join, relative } from 'node:path';
import type { Pipeline } from '../pipeline/pipeline.js';
import { readPipeline } from '../pipeline/read.js';
import { READ_EFFECTS } from '../pipeline/read-files.js';
import type { Warehouse } from '../warehouse/warehouse.js';
import { type BillDraft, billSources } from './bill-sources.js';
import { draftFeatures, taggedUsage } from './features.js';
import { type Found, notTakenOf } from './finding.js';
import { type Given, ownNames, slashed } from './given.js';
import { booksOf } from './period.js';
import { slug } from './providers.js';
import { draftRules } from './rules.js';
import { type Draft, type Texts, textsOf } from './scaffold.js';
import { stepsOf } from './steps.js';
import { usedModels } from './unpriced.js';
import { usageSources } from './usage-sources.js';

export interface Wishes {
  readonly name?: string | undefined;
  readonly currency?: string | undefined;
  readonly now: () => Date;
}

export async function draftCompany(engine: Warehouse, found: readonly Found[], given: Given, wishes: Wishes): Promise<Draft> {
  const path = slashed(relative(given.root, given.folder));
  const below = path === '' ? '' : `${path}/`;
  const around = { found, own: ownNames(given), below, taken: new Set<string>() };
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
  const first = {
    name: wishes.name ?? (slug(basename(given.folder)) || 'company'),
    root: slashed(relative(given.folder, given.root)) || '.',
    below,
    currency: wishes.currency ?? currencyOf(bills),
    books: booksOf(sources, wishes.now()),
    hasCustomers: customers?.['n'] !== '0',
    sources,
    features: draftFeatures(tagged, bills),
    notTaken: notTakenOf(found),
    today: wishes.now().toISOString().slice(0, 10),
  };
  // The price books are those that the draft itself names.
  const models = await usedModels(
    engine,
    await readDraft(given, textsOf({ ...first, rules: NO_RULES, unpriced: [], steps: [] })),
  );
  const rest = { ...first, rules: draftRules(bills, models), unpriced: models.filter(({ lacks }) => lacks.length > 0) };
  return {
    ...rest,
    steps: stepsOf({ ...rest, tagged, models }),
  };
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

/** Reads the texts as a run would, before any of them is a file. Without books only the header of each price book is read. */
export async function readDraft(given: Given, texts: Texts, books: 'whole' | 'without' = 'whole'): Promise<Pipeline> {
  const files = new Map(Object.entries(texts).map(([name, text]) => [join(given.folder, name), text]));
  return readPipeline(join(given.folder, 'pipeline.yaml'), {
    ...READ_EFFECTS,
    readFile: async (path) => {
      const text = files.get(path);
      if (text !== undefined) return new TextEncoder().encode(text);
      const bytes = await READ_EFFECTS.readFile(path);
      return books === 'whole' ? bytes : bytes.subarray(0, bytes.indexOf(0x0a) + 1);
    },
  });
}
