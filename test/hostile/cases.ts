// The cases of fixtures/errors/readers/<reader>/<case>: what a reader is given, and what it says of that.
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseDocument } from 'yaml';
import { EXIT_CODE, Failure } from '../../src/kernel/failure.js';
import type { SourceConfig } from '../../src/pipeline/pipeline.js';
import { readPipeline } from '../../src/pipeline/read.js';
import { Company } from '../contract/company.js';
import { type Reading, readSource, SOURCES, type SourceReader } from './readers.js';
import { bake, type Recipe } from './recipe.js';

export const ROOT = new URL('../../fixtures/errors/readers/', import.meta.url).pathname;
const BASE = path.join(ROOT, '../.base/books');

/** What reads the configuration: the same company, one of its files replaced. */
export const CONFIGURATION = ['pipeline-yaml', 'registry-yaml', 'csv-books'] as const;

export interface Told {
  readonly exit: number;
  readonly told: string;
}

interface Given {
  /** Options of the source that differ from the reader's usual ones. */
  readonly with?: Readonly<Record<string, unknown>>;
  readonly make?: Readonly<Record<string, Recipe>>;
  /** Of a source a SELECT over what was read; of configuration dotted paths into the pipeline. */
  readonly ask?: string;
  readonly expect?: Told;
}

export async function casesOf(reader: string): Promise<readonly string[]> {
  const entries = await readdir(path.join(ROOT, reader), { withFileTypes: true });
  return entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])).sort();
}

export async function tryCase(
  reader: string,
  name: string,
): Promise<{ readonly expected: Told | undefined; readonly got: Told }> {
  const folder = path.join(ROOT, reader, name);
  const given = parseDocument(await readFile(path.join(folder, 'case.yaml'), 'utf8')).toJS() as Given;
  const got = isSource(reader) ? await ofSource(SOURCES[reader], folder, given) : await ofConfiguration(folder, given);
  return { expected: given.expect, got };
}

/** Rewrites what a case expects and leaves the rest of its text alone. */
export async function expectFromNow(reader: string, name: string, told: Told): Promise<void> {
  const file = path.join(ROOT, reader, name, 'case.yaml');
  const document = parseDocument(await readFile(file, 'utf8'));
  document.set('expect', document.createNode(told));
  await writeFile(file, document.toString({ lineWidth: 0 }));
}

function merged(config: SourceConfig, more: Readonly<Record<string, unknown>>): SourceConfig {
  const csv = config.kind === 'invoice-csv' ? { csv: { ...config.csv, ...(more['csv'] as object | undefined) } } : {};
  const json = config.kind === 'json-costs' ? { json: { ...config.json, ...(more['json'] as object | undefined) } } : {};
  return { ...config, ...more, ...csv, ...json };
}

function isSource(reader: string): reader is SourceReader {
  return reader in SOURCES;
}

async function ofSource(config: SourceConfig, folder: string, given: Given): Promise<Told> {
  await using company = await Company.make();
  await lay(folder, company.root, given);
  // Awaited here: the folder goes away as soon as this returns.
  return await outcome(company.root, async () => {
    const reading = await readSource(company, merged(config, given.with ?? {}), given.ask ?? null);
    return { exit: exitOf(config, reading), told: tell(reading, company.notes) };
  });
}

async function ofConfiguration(folder: string, given: Given): Promise<Told> {
  const copy = await mkdtemp(path.join(tmpdir(), 'showback-hostile-'));
  try {
    await cp(BASE, copy, { recursive: true });
    await lay(folder, copy, given);
    return await outcome(copy, async () => {
      const pipeline = await readPipeline(path.join(copy, 'pipeline.yaml'));
      const asked = (given.ask ?? '').split(' ').filter((at) => at !== '');
      return {
        exit: EXIT_CODE.done,
        told: ['read', ...asked.map((at) => `${at}: ${JSON.stringify(valueAt(pipeline, at))}`)].join('\n'),
      };
    });
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

function valueAt(value: unknown, dotted: string): unknown {
  return dotted
    .split('.')
    .reduce<unknown>((inner, key) => (inner as Readonly<Record<string, unknown>> | undefined)?.[key], value);
}

async function lay(folder: string, onto: string, given: Given): Promise<void> {
  await cp(folder, onto, { recursive: true, filter: (file) => path.basename(file) !== 'case.yaml' });
  for (const [name, recipe] of Object.entries(given.make ?? {})) {
    await mkdir(path.dirname(path.join(onto, name)), { recursive: true });
    await writeFile(path.join(onto, name), await bake(recipe));
  }
}

async function outcome(folder: string, read: () => Promise<Told>): Promise<Told> {
  const got = await read().catch((error: unknown): Told => {
    if (!(error instanceof Failure)) throw error;
    return { exit: error.exitCode, told: error.message };
  });
  return { ...got, told: `${visible(got.told.replaceAll(`${folder}/`, ''))}\n` };
}

/** Signs that a reviewer would not see, or that act on an editor, as their numbers. */
function visible(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}]/gu, (sign) =>
    sign === '\n' ? sign : `{U+${sign.codePointAt(0)?.toString(16) ?? ''}}`,
  );
}

/** A bill with a line that cannot be read stops the run at its gate (`bill_rejected`); a log or billed usage with such a record does not. */
function exitOf(config: SourceConfig, { lines }: Reading): number {
  return 'role' in config && lines.some((line) => line['reject'] !== null) ? EXIT_CODE.check : EXIT_CODE.done;
}

function tell({ files, names, lines, asked }: Reading, notes: readonly string[]): string {
  const rejects = lines.filter((line) => line['reject'] !== null);
  return [
    ...notes.map((note) => `note: ${note}`),
    ...names.map((name, at) => {
      const rejected = rejects.filter((line) => line['file'] === name).length;
      return `${name}: ${files[at]?.records} records, ${rejected} rejected`;
    }),
    ...rejects.map((line) => `${line['file']} row ${line['row']}: ${line['reject']}`),
    ...asked.map((row) => JSON.stringify(row)),
  ].join('\n');
}
