// What two companies published, file by file. Bytes must be the same; of rejected records alone `file_row` is another on Athena, which
// numbers no lines: those files are compared by their other columns. Of logs that stay on S3 what landed is another evidence, a receipt, so the
// run has another name, which `estimate_movement` tells.
import { join } from 'node:path';
import { readFile } from 'node:fs/promises';
import { tableFromIPC } from 'apache-arrow';
import { openDuckDb } from '../../src/warehouse/duckdb.js';
import { literal } from '../../src/warehouse/sql-quote.js';
import { bytesBelow, type Company } from '../golden/company.js';

export interface Compared {
  readonly files: number;
  /** Files that differ, or that one of the two has. */
  readonly others: readonly string[];
  /** Files of rejected records that are alike but for the row. */
  readonly butForRows: readonly string[];
}

const REJECTED = /(?:^|\/)rejected_record(?:\.|\/)/;
const MOVEMENT = /(?:^|\/)estimate_movement(?:\.|\/)/;

/** What people read, without the manifest: it names the run. */
async function published({ folder }: Company): Promise<ReadonlyMap<string, string>> {
  const all = await bytesBelow(join(folder, 'out', 'current'));
  return new Map(Object.entries(all).filter(([name]) => name !== 'current.json'));
}

/** `receipts`: logs stayed on S3 for one of the two. */
export async function compare(here: Company, there: Company, { receipts = false } = {}): Promise<Compared> {
  const [expected, found] = [await published(here), await published(there)];
  const names = [...new Set([...expected.keys(), ...found.keys()])].sort((a, b) => (a < b ? -1 : 1));
  const differing = names.filter((name) => expected.get(name) !== found.get(name));
  const without = async (which: RegExp, column: string): Promise<readonly string[]> => {
    const alike: string[] = [];
    for (const name of differing.filter((each) => which.test(each) && expected.has(each) && found.has(each))) {
      const rows = await Promise.all([here, there].map(async ({ folder }) => rowsOf(join(folder, 'out/current', name), column)));
      if (JSON.stringify(rows[0]) === JSON.stringify(rows[1])) alike.push(name);
    }
    return alike;
  };
  const butForRows = await without(REJECTED, 'file_row');
  const butForRuns = receipts ? await without(MOVEMENT, 'run_id') : [];
  const others = differing.filter((name) => !butForRows.includes(name) && !butForRuns.includes(name));
  return { files: names.length, others, butForRows };
}

/** One line for people: `N of M files alike`. */
export function conformance(what: string, { files, others, butForRows }: Compared): string {
  const rejects = butForRows.length === 0 ? '' : `, ${butForRows.length} of them but for the rows of rejected records`;
  return `${what}: ${files - others.length} of ${files} files alike${rejects}\n`;
}

/** In an order of their own, every value as text. */
async function rowsOf(file: string, without: string): Promise<readonly string[]> {
  const rows = file.endsWith('.arrow') ? await arrowRows(file, without) : await engineRows(file, without);
  return rows.map((row) => JSON.stringify(row)).sort((a, b) => (a < b ? -1 : 1));
}

async function arrowRows(file: string, without: string): Promise<readonly object[]> {
  const table = tableFromIPC(await readFile(file));
  return table.toArray().map((row: unknown) => {
    const columns = Object.entries(Object(row) as Readonly<Record<string, unknown>>);
    return Object.fromEntries(columns.filter(([name]) => name !== without).map(([name, value]) => [name, String(value)]));
  });
}

async function engineRows(file: string, without: string): Promise<readonly object[]> {
  await using warehouse = await openDuckDb({ threads: 1 });
  const from = file.endsWith('.csv') ? `read_csv(${literal(file)}, all_varchar = true)` : `read_parquet(${literal(file)})`;
  return await warehouse.rows(`SELECT * EXCLUDE (${without}) FROM ${from}`);
}
