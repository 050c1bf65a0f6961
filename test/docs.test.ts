// The documentation holds: links lead somewhere, commands run and print what is shown, names of commands and flags exist.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { globSync } from 'tinyglobby';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseDocument } from 'yaml';
import { unknownWords } from './docs/commands.js';
import { deadLinks } from './docs/links.js';
import { type Page, parsePage, readPage } from './docs/page.js';
import { isLike, provide, wrongCommands } from './docs/shell.js';

const ROOT = join(import.meta.dirname, '..');
const paths = globSync(['*.md', 'docs/**/*.md', 'rates/*.md', 'sql/*.md', 'fixtures/**/*.md'], {
  cwd: ROOT,
  ignore: ['fixtures/cases/**'],
}).sort();
const pages = paths.map((path) => readPage(ROOT, path));
const tutorial = pages.find(({ path }) => path === 'docs/tutorial.md') ?? parsePage('docs/tutorial.md', '');
/** Their one command each is an example of its contract: test/unit/cli/docs.test.ts runs these. */
const isMart = (page: Page): boolean => page.path.startsWith('docs/marts/');
/** Pages of many runs. With what builds a clone they take longer than all the others: make test leaves them to make test-node, which asks for every page. */
const LONG = [
  'add-a-source',
  'chargeback',
  'diff',
  'explain',
  'movement',
  'pull',
  'sql',
  'tag-your-calls',
  'usage-from-traces',
  'write-a-rule',
].map((name) => `docs/${name}.md`);
const hasTime = ({ path, place }: Page): boolean =>
  process.env['PAGES'] === 'every' || (place !== 'clone' && !LONG.includes(path));
const runnable = pages.filter(
  (page) =>
    page !== tutorial && !isMart(page) && page.blocks.some(({ language, leftOut }) => language === 'sh' && leftOut === null),
);

const makefile = readFileSync(join(ROOT, 'Makefile'), 'utf8');
const scratch = mkdtempSync(join(tmpdir(), 'showback-docs-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

function emptyPlace(name: string): string {
  const folder = join(scratch, name.replaceAll('/', '-'));
  mkdirSync(folder);
  return provide(folder);
}

/** `npm install showback` above all places: programs of the pages import it by its name. */
function providePackage(): void {
  mkdirSync(join(scratch, 'node_modules'));
  symlinkSync(ROOT, join(scratch, 'node_modules/showback'));
}

/** What a fresh clone is after `make setup`. */
function clonePlace(folder: string): string {
  const names = globSync(['*', '.ci/**', '.*.json', '.*.cjs'], {
    cwd: ROOT,
    dot: true,
    onlyFiles: true,
    expandDirectories: false,
  });
  for (const name of [...names, 'src', 'sql', 'test', 'docs', 'rates', 'pipelines', 'fixtures']) {
    cpSync(join(ROOT, name), join(folder, name), { recursive: true, filter: (path) => !path.includes('fixtures/demo/inputs') });
  }
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  // Older than the mark of `make setup`, so that nothing is installed again into the packages that all tests share.
  for (const name of ['package.json', 'package-lock.json']) utimesSync(join(folder, name), 0, 0);
  return folder;
}

function placeOf(page: Page): string {
  const folder = emptyPlace(page.path);
  if (page.place === 'empty') return folder;
  if (page.place === 'clone') return clonePlace(folder);
  if (page.place !== 'tutorial') throw new Error(`${page.path}: nobody knows the place "${page.place}"`);
  cpSync(join(scratch, 'docs-tutorial.md/shop'), folder, { recursive: true });
  return folder;
}

describe('the pages', () => {
  it('are there', () => {
    expect(paths).toEqual(expect.arrayContaining(['README.md', 'CONTRIBUTING.md', 'docs/tutorial.md', 'docs/marts/README.md']));
  });

  it.each(pages.map((page) => [page.path, page] as const))('%s leads to what is there, in words that exist', async (_, page) => {
    const yaml = page.blocks.filter(({ language }) => language === 'yaml');
    const broken = yaml.flatMap(({ text, line }) =>
      parseDocument(text).errors.map(({ message }) => `${page.path}:${line}: ${message}`),
    );
    expect([...deadLinks(ROOT, page), ...(await unknownWords(page, makefile)), ...broken]).toEqual([]);
  });
});

describe('the commands', () => {
  let told: readonly string[] = ['the tutorial did not run'];
  beforeAll(() => {
    providePackage();
    // The other pages go on where the tutorial ends, so it is the first.
    told = wrongCommands(tutorial, emptyPlace(tutorial.path));
  }, 240_000);

  it('of docs/tutorial.md run', () => {
    expect(told).toEqual([]);
  });

  it('are those of the pages that say how to do things', () => {
    const named = [
      'README.md',
      'CONTRIBUTING.md',
      'docs/add-a-mart.md',
      'docs/add-a-source.md',
      'docs/schedule.md',
      'docs/tag-your-calls.md',
      'docs/write-a-rule.md',
    ];
    expect(runnable.map(({ path }) => path)).toEqual(expect.arrayContaining(named));
  });

  it.each(runnable.filter(hasTime).map((page) => [page.path, page] as const))('of %s run', { timeout: 240_000 }, (_, page) => {
    expect(wrongCommands(page, placeOf(page))).toEqual([]);
  });
});

describe('a page that is wrong is told', () => {
  const tell = (text: string): readonly string[] => wrongCommands(parsePage('x.md', text), emptyPlace(`wrong ${text.length}`));

  it('where a command fails, even within a pipe', () => {
    expect(tell('```sh\necho a\n```\n\ntext\n\n```sh\nfalse | cat\n```\n')).toEqual(['x.md:7: ended with 1\n']);
  });

  it('where it prints something else', () => {
    expect(tell('```sh\necho a\n```\n\n```text\nb\n```\n')).toEqual(['x.md:1: printed\na\n\nand not\nb']);
    expect(isLike('a 12 b\nc\nd\ne\n', 'a … b\n…\ne')).toBe(true);
    expect(isLike('a 12 b\nc\nd\n', 'a … b\n…\ne')).toBe(false);
    expect(isLike('1.5\n', '1.…')).toBe(true);
    expect(isLike('1x5\n', '1.5')).toBe(false);
  });

  it('where commands are left out without a reason, or written so that nobody runs them', () => {
    expect(tell('<!-- not run: -->\n```sh\ntrue\n```\n')).toEqual(['x.md:2: left out, but the comment does not say why']);
    expect(tell('```bash\ntrue\n```\n')).toEqual(['x.md:1: nobody runs bash: commands are sh']);
    expect(tell('<!-- not run: it would take an hour -->\n```sh\nfalse\n```\n')).toEqual([]);
  });

  it('where the next commands would find another folder', () => {
    expect(tell('```sh\nmkdir a && cd a\n```\n\n```sh\ntest "$(basename "$PWD")" = a\n```\n')).toEqual([]);
  });

  it('where a link is dead', () => {
    const dead = (text: string) => deadLinks(ROOT, parsePage('docs/x.md', text)).length;
    expect(dead('[a](pipeline.md) [b](pipeline.md#rules) [c](#d) [e](../README.md)\n\n# d\n')).toBe(0);
    for (const link of ['gone.md', 'pipeline.md#gone', '#gone', '../../etc', 'https://example.com', '../Makefile#help']) {
      expect([link, dead(`# d\n\n[a](${link})\n`)]).toEqual([link, 1]);
    }
    expect(dead('```text\n[a](gone.md)\n```\n')).toBe(0);
  });

  it('where a command, a flag or a target does not exist', async () => {
    const told = async (text: string) => unknownWords(parsePage('x.md', text), 'run: build ## Run\n');
    expect(await told('`showback run --force`, `showback rates show --model x` and `make run`')).toEqual([]);
    expect(await told('`showback rnu`')).toEqual(['x.md: `showback rnu`: there is no such command']);
    expect(await told('`showback run --forse`')).toEqual(['x.md: `showback run --forse`: showback run has no --forse']);
    expect(await told('`make rnu`')).toEqual(['x.md: `make rnu`: the Makefile has no such target']);
    expect(await told('<!-- not run: too long -->\n```sh\nshowback gc --dry\n```\n')).toEqual([
      'x.md: `showback gc --dry`: showback gc has no --dry',
    ]);
  });
});
