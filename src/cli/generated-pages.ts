// The pages below docs/ that are made from code, contracts and fixtures. Only a checkout of the project has all of what they are made of.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { Failure, type Problem } from '../kernel/failure.js';
import { parseContract } from '../model/contract.js';
import { martPages, type Mart } from '../report/mart-pages.js';
import { type ExpectedError, problemExamples } from '../report/problem-examples.js';
import { problemPage } from '../report/problem-page.js';
import { commandPage, eventPage } from '../report/reference-pages.js';
import { type ConfigurationFile, type Schema, schemaPage } from '../report/schema-page.js';
import { commandTexts, EXIT_CODES } from './command-tree.js';
import { LINE_TEXTS } from './json-lines.js';
import { snakeCase } from './ndjson.js';

export const PACKAGE = fileURLToPath(new URL('../../', import.meta.url));
const ERRORS = join(PACKAGE, 'fixtures', 'errors');

/** Every generated page by its path below `docs/`. */
export async function generatedPages(program: Command): Promise<ReadonlyMap<string, string>> {
  return new Map([
    ...martPages(await readMarts()),
    ['commands.md', commandPage(commandTexts(program), EXIT_CODES)],
    ['events.md', eventPage(LINE_TEXTS, snakeCase)],
    ['configuration.md', schemaPage(await readSchemas())],
    ['errors.md', problemPage(problemExamples(await readExpectedErrors()))],
  ]);
}

/** As editors get them; a test holds these files to the schemas of the code. */
async function readSchemas(): Promise<readonly ConfigurationFile[]> {
  const names = { pipeline: 'pipeline.yaml', features: 'features.yaml', 'fixed-costs': 'fixed_costs.yaml', rules: 'rules.yaml' };
  return Promise.all(
    Object.entries(names).map(async ([file, name]) => ({
      name,
      schema: JSON.parse(await readFile(join(PACKAGE, 'pipelines', `${file}.schema.json`), 'utf8')) as Schema,
    })),
  );
}

async function readMarts(): Promise<readonly Mart[]> {
  const dir = join(PACKAGE, 'sql', 'marts');
  const files = (await readdir(dir)).filter((name) => name.endsWith('.yaml')).sort();
  return Promise.all(
    files.map(async (file) => {
      const contract = parseContract(await readFile(join(dir, file), 'utf8'), false);
      if ('problem' in contract) throw new Failure('user', [badContract(file, contract)]);
      return { table: file.replace(/\.yaml$/, ''), contract };
    }),
  );
}

function badContract(file: string, found: { readonly problem: string; readonly line: number }): Problem {
  const place = { file: `sql/marts/${file}`, line: found.line };
  return { code: 'model/contract-form', message: found.problem, remedy: 'mend the contract', place };
}

/** What the cases of fixtures/errors/ expect to be told; those for people before those for readers. */
export async function readExpectedErrors(): Promise<readonly ExpectedError[]> {
  const { parse } = await import('yaml');
  const files = (await readdir(ERRORS, { recursive: true })).filter((name) => !name.startsWith('.base')).sort();
  const texts = files.filter((name) => name.endsWith('/expected.txt'));
  const cases = files.filter((name) => name.startsWith('readers/') && name.endsWith('/case.yaml'));
  return Promise.all([
    ...texts.map(async (name) => ({ name, text: await readFile(join(ERRORS, name), 'utf8') })),
    ...cases.map(async (name) => {
      const { expect } = parse(await readFile(join(ERRORS, name), 'utf8')) as { expect: { exit: number; told: string } };
      return { name, text: `exit ${expect.exit}\n${expect.told}` };
    }),
  ]);
}
