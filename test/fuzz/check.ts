// One damaged file through its reader: what is wrong with the outcome, or nothing.
import path from 'node:path';
import { Failure } from '../../src/kernel/failure.js';
import { READ_EFFECTS } from '../../src/pipeline/read-files.js';
import { readPipeline } from '../../src/pipeline/read.js';
import { Company } from '../contract/company.js';
import { type Reading, readSource, SOURCES, type SourceReader } from '../hostile/readers.js';
import { ANTHROPIC, csvLines, dumpAmounts, dumpFigures, invoiceLines, jsonLines, listedAmounts, OPENAI } from './oracle.js';
import { AWS_DATA, BESIDE, LEGACY_DATA } from './seeds.js';

const BOOKS = path.join(import.meta.dirname, '../../fixtures/errors/.base/books');

/** Null: every record is accounted for, or the file is refused in so many words. */
export async function complaint(reader: string, name: string, bytes: Buffer): Promise<string | null> {
  try {
    return reader in SOURCES ? await ofSource(reader as SourceReader, name, bytes) : await ofConfiguration(name, bytes);
  } catch (error) {
    if (!(error instanceof Failure))
      return `not a Failure: ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`;
    if (!['user', 'check', 'unavailable'].includes(error.kind)) return `a Failure of kind ${error.kind}`;
    const mute = error.problems.find((found) => (found.place?.file ?? '') === '' || found.remedy === '' || found.message === '');
    if (mute !== undefined || error.problems.length === 0) return `a problem without place or remedy: ${error.message}`;
    return error.message.includes('/.showback/') ? `tells of a file of ours: ${error.message}` : null;
  }
}

async function ofConfiguration(name: string, bytes: Buffer): Promise<null> {
  const readFile = async (file: string) => (path.basename(file) === name ? bytes : READ_EFFECTS.readFile(file));
  await readPipeline(path.join(BOOKS, 'pipeline.yaml'), { ...READ_EFFECTS, readFile });
  return null;
}

async function ofSource(reader: SourceReader, name: string, bytes: Buffer): Promise<string | null> {
  await using company = await Company.make({ ...BESIDE[reader], [name]: bytes });
  return wrongReading(reader, await readSource(company, SOURCES[reader]), bytes);
}

/** What was read of a file against what stands in it. */
export function wrongReading(reader: SourceReader, reading: Reading, bytes: Buffer): string | null {
  return wrongCount(reading) ?? wrongLines(reader, reading, bytes);
}

function wrongCount({ files, lines }: Reading): string | null {
  const records = files.reduce((sum, file) => sum + file.records, 0);
  if (records !== lines.length) return `${records} records, and ${lines.length} lines`;
  const places = new Set(lines.map((line) => `${line['file']}\u0000${line['row']}`));
  return places.size === lines.length ? null : `two records in one place`;
}

function wrongLines(reader: SourceReader, reading: Reading, bytes: Buffer): string | null {
  const { lines, names } = reading;
  const counted = (expected: number | null) =>
    expected === null || expected === lines.length ? null : `${lines.length} records read of ${expected}`;
  switch (reader) {
    case 'usage-jsonl':
      return counted(jsonLines(bytes));
    case 'usage-csv':
    case 'focus-csv':
    case 'cur-csv':
      return counted(csvLines(bytes));
    case 'invoice-csv':
      return counted(invoiceLines(bytes));
    case 'usage-parquet':
      return counted(200);
    case 'focus-parquet':
    case 'cur-parquet':
      return counted(50);
    case 'aws-export':
      return namesOf(bytes).every((name) => names.includes(name)) ? null : `a file of the manifest is lost`;
    case 'cur-legacy':
      return reportKeysOf(bytes).every((name) => names.includes(name)) ? null : `a file of the manifest is lost`;
    case 'openai-costs':
      return wrongAmounts(reading, dumpAmounts(bytes, OPENAI), 1);
    case 'anthropic-costs':
      return wrongAmounts(reading, dumpAmounts(bytes, ANTHROPIC), 100);
    case 'openai-usage':
      return wrongAmounts(reading, dumpFigures(bytes, OPENAI), 1);
    case 'anthropic-usage':
      return wrongAmounts(reading, dumpFigures(bytes, ANTHROPIC), 1);
    case 'json-costs':
      return wrongAmounts(reading, listedAmounts(bytes), 1);
    default:
      return reader satisfies never;
  }
}

function namesOf(manifest: Buffer): readonly string[] {
  const { dataFiles } = JSON.parse(manifest.toString('utf8').replace(/^\ufeff/, '')) as {
    readonly dataFiles: readonly (string | { readonly s3Uri: string })[];
  };
  return dataFiles.map((file) => AWS_DATA + path.posix.basename(typeof file === 'string' ? file : file.s3Uri));
}

function reportKeysOf(manifest: Buffer): readonly string[] {
  const { reportKeys } = JSON.parse(manifest.toString('utf8').replace(/^\ufeff/, '')) as {
    readonly reportKeys: readonly string[];
  };
  return reportKeys.map((key) => LEGACY_DATA + path.posix.basename(key));
}

/** What counts must be what stands there: nothing lost, nothing made up. */
function wrongAmounts({ lines }: Reading, expected: readonly (number | null)[] | null, unit: number): string | null {
  if (expected === null) return 'read what is no JSON';
  if (lines.length !== expected.length) return `${lines.length} records read of ${expected.length}`;
  const at = lines.findIndex((line, place) => {
    if (line['reject'] !== null || line['amount'] === null || line['amount'] === undefined) return false;
    return Math.abs(Number(line['amount']) - (expected[place] ?? NaN) / unit) > 1e-9;
  });
  return at < 0 ? null : `record ${at + 1} counts as ${lines[at]?.['amount']} and says ${expected[at]}`;
}
