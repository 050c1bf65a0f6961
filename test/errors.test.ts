// The error corpus: what people are told, word for word. A case is a folder of fixtures/errors/ with `case.yaml` (what to
// run), the input that is wrong, and `expected.txt` (exit code and message). `base:` names a folder of fixtures/errors/.base/
// that the case's files are laid over. Those that run companies more than once are asked for by `make test-long`, the others by `make test`. UPDATE_GOLDEN=1 rewrites expected.txt; read the diff before you commit it.
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import { EXIT_CODE, Failure } from '../src/kernel/failure.js';
import { checkAppendOnly } from '../src/pipeline/prices.js';
import { readPipeline } from '../src/pipeline/read.js';
import { diffRunsCase, explainCase, removeBases, rerateCase, runCase } from './errors/pipeline-runner.js';
import { type BookStep, doStep } from './golden/books-steps.js';

vi.mock('../src/model/catalog.js', async (original) => (await import('./golden/one-catalog.js')).oneCatalog(original));

interface Case {
  readonly run: string;
  readonly base?: string;
  /** Arguments of what is run. */
  readonly input?: string;
  /** What is done with the company, one after the other; the last is what fails. */
  readonly steps?: readonly BookStep[];
  /** A folder of the case that is laid over the company after its run. */
  readonly lay?: string;
  /** A SELECT over the Parquet files that were published, as `{out}`. */
  readonly ask?: string;
}

/** Text that it answers is told after the exit code. */
type Runner = (folder: string, input: Case) => Promise<unknown>;

/** Another kind of case is another entry here. */
const RUNNERS: Readonly<Record<string, Runner>> = {
  readPipeline: (folder, { input = 'pipeline.yaml' }) => readPipeline(join(folder, input)),
  checkAppendOnly: async (folder) => {
    const [before, after] = await Promise.all(['before.csv', 'after.csv'].map((name) => readFile(join(folder, name), 'utf8')));
    const problems = checkAppendOnly('after.csv', before ?? '', after ?? '');
    if (problems.length > 0) throw new Failure('user', problems);
  },
  books: async (folder, { steps = [] }) => {
    for (const step of steps) await doStep({ folder, pipelineFile: join(folder, 'pipeline.yaml') }, join(folder, 'then'), step);
  },
  explain: (folder, { base = 'running', input = '', lay }) =>
    explainCase(folder, join(ROOT, '.base', base), { words: input, lay }),
  rerate: (folder, { base = 'running', input = '' }) => rerateCase(folder, join(ROOT, '.base', base), input),
  diffRuns: (folder, { base = 'running', input = '' }) => diffRunsCase(folder, join(ROOT, '.base', base), input),
  pipeline: (folder, { base = 'running', ask }) => runCase(folder, join(ROOT, '.base', base), ask),
};

const ROOT = new URL('../fixtures/errors/', import.meta.url).pathname;
const UPDATE = process.env['UPDATE_GOLDEN'] === '1' && process.env['CI'] !== 'true';

const folders = (await readdir(ROOT, { withFileTypes: true }))
  // `readers/` has a test of its own: test/hostile.test.ts.
  .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.') && entry.name !== 'readers')
  .map(({ name }) => name)
  .sort();
const all = await Promise.all(
  folders.map(async (name) => ({ name, given: parse(await readFile(join(ROOT, name, 'case.yaml'), 'utf8')) as Case })),
);
const LONG_RUNNERS: readonly string[] = ['books', 'diffRuns', 'explain', 'rerate'];
const LONG = process.env['LONG'] !== undefined;
const cases = all
  .filter(({ given }) => UPDATE || LONG_RUNNERS.includes(given.run) === LONG)
  .map(({ name, given }) => [name, given] as const);

afterAll(removeBases);

describe('error corpus', () => {
  test.concurrent.each(cases)('%s', { timeout: 120_000 }, async (name, given) => {
    const told = await tell(name, given);
    const golden = join(ROOT, name, 'expected.txt');
    if (UPDATE) await writeFile(golden, told);
    expect(told).toBe(await readFile(golden, 'utf8'));
  });

  test('has a case for what people get wrong most', () => {
    expect(all.length).toBeGreaterThanOrEqual(25);
  });
});

async function tell(name: string, given: Case): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'showback-error-'));
  try {
    if (given.base !== undefined) await cp(join(ROOT, '.base', given.base), folder, { recursive: true });
    await cp(join(ROOT, name), folder, { recursive: true });
    const runner = RUNNERS[given.run];
    if (runner === undefined) throw new Error(`fixtures/errors/${name}/case.yaml: nothing is called ${given.run}`);
    return (await outcome(() => runner(folder, given))).replaceAll(`${folder}/`, '');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function outcome(run: () => Promise<unknown>): Promise<string> {
  try {
    const told = await run();
    return `exit ${EXIT_CODE.done}\n${typeof told === 'string' ? `${told}\n` : ''}`;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return `exit ${error.exitCode}\n${error.message}\n`;
  }
}
