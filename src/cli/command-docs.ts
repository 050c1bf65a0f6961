// Hidden: writes the pages that are made from code and contracts, or tells which of them are out of date.
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { Failure } from '../kernel/failure.js';
import type { Io } from './io.js';

const PACKAGE = fileURLToPath(new URL('../../', import.meta.url));

export function addDocs(program: Command, io: Io): void {
  // Its sources are in a clone alone: the package has none of them, and nothing to write.
  if (!existsSync(join(PACKAGE, 'fixtures'))) return;
  program
    .command('docs', { hidden: true })
    .description('write the generated pages below docs/')
    .option('--check', 'write nothing; fail where a page is out of date')
    .option('--dir <folder>', 'where the pages are', join(PACKAGE, 'docs'))
    .addHelpText('after', '\nExamples:\n  $ showback docs\n  $ showback docs --check')
    .action(async (options: { readonly check?: boolean; readonly dir: string }) => {
      const { generatedPages } = await import('./generated-pages.js');
      const pages = await generatedPages(program);
      const stale = await staleIn(resolve(io.cwd, options.dir), pages);
      if (options.check === true) refuse(stale);
      else for (const path of stale) await write(resolve(io.cwd, options.dir, path), pages.get(path) ?? '');
      io.stdout.write(stale.length === 0 ? 'all pages are current\n' : stale.map((path) => `wrote ${path}\n`).join(''));
    });
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
