// Hidden: writes the pages that are made from code and contracts, or tells which of them are out of date.
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { Failure } from '../kernel/failure.js';
import type { Io } from './io.js';

const PACKAGE = fileURLToPath(new URL('../../', import.meta.url));

export function addDocs(program: Command, io: Io): void {
  program
    .command('docs', { hidden: true })
    .description('write the generated pages below docs/')
    .option('--check', 'write nothing; fail where a page is out of date')
    .option('--dir <folder>', 'where the pages are', join(PACKAGE, 'docs'))
    .addHelpText('after', '\nExamples:\n  $ showback docs\n  $ showback docs --check')
    .action(async (options: { readonly check?: boolean; readonly dir: string }) => {
      const pages = await generatedPages();
      const stale = await staleIn(resolve(io.cwd, options.dir), pages);
      if (options.check === true) refuse(stale);
      else for (const path of stale) await write(resolve(io.cwd, options.dir, path), pages.get(path) ?? '');
      io.stdout.write(stale.length === 0 ? 'all pages are current\n' : stale.map((path) => `wrote ${path}\n`).join(''));
    });
}

/** Every generated page by its path below `docs/`. */
export async function generatedPages(): Promise<ReadonlyMap<string, string>> {
  const [{ parseContract }, { martPages }] = await Promise.all([
    import('../model/contract.js'),
    import('../report/mart-pages.js'),
  ]);
  const dir = join(PACKAGE, 'sql', 'marts');
  const files = (await readdir(dir)).filter((name) => name.endsWith('.yaml')).sort();
  const marts = await Promise.all(
    files.map(async (file) => {
      const contract = parseContract(await readFile(join(dir, file), 'utf8'), false);
      if ('problem' in contract) throw new Failure('user', [badContract(file, contract)]);
      return { table: file.replace(/\.yaml$/, ''), contract };
    }),
  );
  return martPages(marts);
}

function badContract(file: string, found: { readonly problem: string; readonly line: number }) {
  const place = { file: `sql/marts/${file}`, line: found.line };
  return { code: 'model/contract-form', message: found.problem, remedy: 'mend the contract', place };
}

async function staleIn(dir: string, pages: ReadonlyMap<string, string>): Promise<readonly string[]> {
  const stale: string[] = [];
  for (const [path, text] of pages) {
    if ((await readFile(join(dir, path), 'utf8').catch(() => null)) !== text) stale.push(path);
  }
  return stale;
}

function refuse(stale: readonly string[]): void {
  if (stale.length === 0) return;
  throw new Failure(
    'check',
    stale.map((path) => ({
      code: 'docs/stale',
      message: 'this page is not what its source says',
      remedy: 'write it again: showback docs',
      place: { file: `docs/${path}` },
    })),
  );
}

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}
