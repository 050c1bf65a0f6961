// Every reader by name, with a source that reads the files of `in/`, and what it makes of them up to the typed line.
import path from 'node:path';
import { createEmpty, fillInput } from '../../src/model/build.js';
import { type Catalog, LAYERS, readCatalog } from '../../src/model/catalog.js';
import type { InvoiceCsvFormat, JsonLines, SourceConfig } from '../../src/pipeline/pipeline.js';
import { openDuckDb } from '../../src/warehouse/duckdb.js';
import type { LoadedFile } from '../../src/warehouse/lake.js';
import { createRawViews } from '../../src/warehouse/lake-views.js';
import type { Row, Warehouse } from '../../src/warehouse/warehouse.js';
import { BILL, BILLED_USAGE, type Company, usage } from '../contract/company.js';

export const INVOICE: InvoiceCsvFormat = {
  delimiter: ',',
  encoding: 'utf8',
  decimal: '.',
  dateFormat: 'yyyy-MM-dd',
  columns: { invoice_id: 'Invoice', period_start: 'From', period_end: 'To', item: 'Item', amount: 'Amount' },
  currency: 'USD',
  total: { column: 'Item', equals: 'Total' },
};

/** Of pages as the costs API of OpenAI has them: a list in a list. */
export const JSON_LINES: JsonLines = {
  records: 'data.results',
  map: {
    charge_start: '^.start_time',
    charge_end: '^.end_time',
    item: 'line_item',
    amount: 'amount.value',
    currency: 'amount.currency',
  },
  constants: {},
  dates: 'seconds',
  ends: 'exclusive',
  amountUnit: 'units',
  amountIs: 'exact',
  total: { amount: null, count: null },
};

const files = ['in/**/*'];
const logs = usage({ files, map: {}, id: 'source' });
const bill = { ...BILL, id: 'source' };
const focus: SourceConfig = { ...bill, kind: 'focus', layout: { kind: 'files', files }, version: '1.0' };

const cur: SourceConfig = { ...bill, kind: 'aws-cur', layout: { kind: 'files', files }, basis: 'effective' };

export const SOURCES = {
  'usage-jsonl': logs,
  'usage-csv': logs,
  'usage-parquet': logs,
  'focus-csv': focus,
  'focus-parquet': focus,
  'aws-export': { ...focus, layout: { kind: 'aws-export', path: 'in' } },
  'cur-csv': cur,
  'cur-parquet': cur,
  'cur-legacy': { ...cur, layout: { kind: 'aws-cur-legacy', path: 'in' } },
  'openai-costs': { ...bill, kind: 'openai-costs', pull: null, files },
  'anthropic-costs': { ...bill, kind: 'anthropic-costs', pull: null, files },
  'openai-usage': { ...BILLED_USAGE, id: 'source', kind: 'openai-usage', files },
  'anthropic-usage': { ...BILLED_USAGE, id: 'source', kind: 'anthropic-usage', files },
  'invoice-csv': { ...bill, kind: 'invoice-csv', files, csv: INVOICE },
  'json-costs': { ...bill, kind: 'json-costs', pull: null, files, json: JSON_LINES },
} as const satisfies Readonly<Record<string, SourceConfig>>;

export type SourceReader = keyof typeof SOURCES;

export interface Reading {
  readonly files: readonly Pick<LoadedFile, 'records' | 'rejected'>[];
  readonly names: readonly string[];
  /** One a record, in order: `file`, `row`, `reject` (null: it counts), and for a bill its `amount` as it was written. */
  readonly lines: readonly Row[];
  readonly asked: readonly Row[];
}

/** The model of each kind's lines, behind those that it reads. */
const STAGED: Readonly<Record<Exclude<SourceConfig['kind'], 'usage'>, readonly string[]>> = {
  focus: ['focus_line'],
  'aws-cur': ['cur_amount', 'cur_cost', 'cur_line'],
  'openai-costs': ['openai_line'],
  'anthropic-costs': ['anthropic_line'],
  'openai-usage': ['openai_figure'],
  'anthropic-usage': ['anthropic_figure'],
  'invoice-csv': ['invoice_line'],
  'json-costs': ['invoice_line'],
};

/** Lands and loads, and of a bill casts every line, as a run does before anything is joined. */
export async function readSource(company: Company, config: SourceConfig, ask: string | null = null): Promise<Reading> {
  const lake = await company.load([config]);
  await using engine = await openDuckDb({ threads: 1 });
  await engine.run(createRawViews(lake));
  const select =
    config.kind === 'usage'
      ? 'SELECT file, "row", reject FROM raw.usage_event'
      : await staged(engine, STAGED[config.kind], config);
  const lines = await engine.rows(`SELECT * FROM (${select}) ORDER BY file, "row"`);
  const asked = ask === null ? [] : await engine.rows(ask);
  return { files: lake.files, names: lake.files.map((file) => file.landed.name), lines, asked };
}

async function staged(engine: Warehouse, names: readonly string[], config: SourceConfig): Promise<string> {
  const catalog = await theCatalog();
  for (const layer of LAYERS) await engine.run(`CREATE SCHEMA IF NOT EXISTS ${layer}`);
  await engine.run(catalog.macros);
  const source = modelOf(catalog, 'run.source');
  await createEmpty(engine, source);
  const provider = config.kind === 'usage' ? null : config.provider;
  const basis = 'role' in config ? config.basis : null;
  await fillInput(engine, source, [
    { source_id: config.id, kind: config.kind, provider, basis, covers_usage: 'true', stated_cost: 'false' },
  ]);
  for (const name of names) await engine.run(`CREATE VIEW staging.${name} AS ${modelOf(catalog, `staging.${name}`).sql ?? ''}`);
  // Of what the cache served nothing is left in these: they are no longer what stands in the file.
  const quantity = `CASE WHEN endpoint || '.' || figure <> 'completions.input_tokens' THEN quantity END`;
  const amount = 'role' in config ? 'billed_24' : quantity;
  return `SELECT file, "row", CASE WHEN fate = 'rejected' THEN coalesce(reject_reason, '?') END AS reject, fate, CAST(${amount} AS VARCHAR) AS amount FROM staging.${names.at(-1)}`;
}

function modelOf(catalog: Catalog, name: string): Catalog['models'][number] {
  const model = catalog.models.find((candidate) => candidate.name === name);
  if (model === undefined) throw new Error(`no model ${name}`);
  return model;
}

let catalog: Promise<Catalog> | undefined;

/** The models do not change while tests run. */
async function theCatalog(): Promise<Catalog> {
  catalog ??= (async () => {
    await using engine = await openDuckDb({ threads: 1 });
    return await readCatalog(path.join(import.meta.dirname, '../../sql'), engine);
  })();
  return catalog;
}
