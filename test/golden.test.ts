// Golden companies. A case is a folder of fixtures/cases/: a company as its user would have it (pipeline.yaml and what it names),
// `case.yaml` (what to run, which marts matter, and figures worked out by hand) and `expected/` (those marts as published).
// A company that runs more than once is asked for by `make test-long`; `make test` has the others.
// UPDATE_GOLDEN=1 rewrites expected/, never what case.yaml `holds`; read the diff before you commit it.
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import type { RunResult, RunScope } from '../src/run/api.js';
import { type BookStep, doStep } from './golden/books-steps.js';
import { type Company, companyOf, csvsOf, packFiles, type Packed, run, valueOf } from './golden/company.js';
import { rowsInside } from './golden/inside.js';

vi.mock('../src/model/catalog.js', async (original) => (await import('./golden/one-catalog.js')).oneCatalog(original));

interface CaseRun extends RunScope {
  /** Folder of `then/` that is laid over the company first: what came since the run before. */
  readonly add?: string;
  /** What is done before the run, in this order; `lay` names a folder of `then/`. */
  readonly steps?: readonly BookStep[];
  /** Query over the published warehouse → its single value, as text. */
  readonly holds?: Readonly<Record<string, string | null>>;
}

interface Case extends Packed {
  readonly about: string;
  /** Marts whose CSV is held to expected/. */
  readonly marts: readonly string[];
  /** One run of everything where nothing is said. */
  readonly runs: Readonly<Record<string, CaseRun>>;
  /** Runs that publish the same. */
  readonly alike?: readonly string[];
  /** Query over the models of the first run, before its marts → rows. */
  readonly inside?: Readonly<Record<string, readonly Readonly<Record<string, string>>[]>>;
}

const ROOT = join(import.meta.dirname, '../fixtures/cases');
/** What a failing case published, to compare by hand. */
const ACTUAL = join(import.meta.dirname, '../.cache/golden');
const UPDATE = process.env['UPDATE_GOLDEN'] === '1' && process.env['CI'] !== 'true';

const all = await Promise.all(
  (await readdir(ROOT)).sort().map(async (name) => {
    return { name, told: parse(await readFile(join(ROOT, name, 'case.yaml'), 'utf8')) as Case };
  }),
);
const LONG = process.env['LONG'] !== undefined;
const cases = all
  .filter(({ told }) => UPDATE || Object.keys(told.runs).length > 1 === LONG)
  .map(({ name, told }) => [name, told] as const);

describe('golden companies', () => {
  test.concurrent.each(cases)('%s', { timeout: 600_000 }, async (name, told) => {
    const source = join(ROOT, name);
    await using company = await companyOf(source);
    await packFiles(company, told);
    for (const [select, rows] of Object.entries(told.inside ?? {})) expect(await rowsInside(company, select)).toEqual(rows);
    const published = new Map<string, string>();
    for (const [runName, what] of Object.entries(told.runs)) {
      const result = await runOnce(company, source, what);
      const csvs = await csvsOf(result, told.marts);
      const folder = Object.keys(told.runs).length === 1 ? '' : `${runName}/`;
      for (const [file, text] of csvs) published.set(`${folder}${file}`, text);
      await compareWithHand(result, runName, what);
    }
    const [first, ...others] = (told.alike ?? []).map((runName) => ofRun(published, runName));
    for (const other of others) expect(other).toEqual(first);
    await compare(name, published);
  });
});

function ofRun(published: ReadonlyMap<string, string>, runName: string): ReadonlyMap<string, string> {
  const own = [...published].filter(([file]) => file.startsWith(`${runName}/`));
  return new Map(own.map(([file, text]) => [file.slice(runName.length), text]));
}

async function runOnce(company: Company, source: string, { add, steps = [], month, date, asOf }: CaseRun): Promise<RunResult> {
  for (const step of steps) await doStep(company, join(source, 'then'), step);
  if (add !== undefined) await cp(join(source, 'then', add), company.folder, { recursive: true });
  const scope = { ...(month === undefined ? {} : { month }), ...(date === undefined ? {} : { date }) };
  return run(company, { ...scope, ...(asOf === undefined ? {} : { asOf }) });
}

async function compareWithHand(result: RunResult, runName: string, { holds = {} }: CaseRun): Promise<void> {
  for (const [select, value] of Object.entries(holds)) expect(await valueOf(result, select), `${runName}: ${select}`).toBe(value);
  const failing = 'select count(*) from marts.reconciliation_month where not passed';
  expect(await valueOf(result, failing), failing).toBe('0');
}

/** Every published file against expected/, and no file more or less. */
async function compare(name: string, published: ReadonlyMap<string, string>): Promise<void> {
  const golden = join(ROOT, name, 'expected');
  await rm(join(ACTUAL, name), { recursive: true, force: true });
  await write(UPDATE ? golden : join(ACTUAL, name), published, UPDATE);
  for (const [file, text] of published) {
    const expected = await readFile(join(golden, file), 'utf8').catch(() => '(no such file: UPDATE_GOLDEN=1 writes it)');
    expect(text, `fixtures/cases/${name}/expected/${file}; this run's is below .cache/golden/${name}`).toBe(expected);
  }
  const entries = await readdir(golden, { recursive: true, withFileTypes: true });
  const found = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(golden.length + 1));
  expect(found.sort()).toEqual([...published.keys()].sort());
  await rm(join(ACTUAL, name), { recursive: true, force: true });
}

async function write(folder: string, files: ReadonlyMap<string, string>, afresh: boolean): Promise<void> {
  if (afresh) await rm(folder, { recursive: true, force: true });
  for (const [file, text] of files) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), text);
  }
}
