// The package as npm makes it of a clean tree, and what of it is not as it must be.
import { execFileSync } from 'node:child_process';
import { cpSync, readdirSync, symlinkSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const PROJECT = join(import.meta.dirname, '../..');
const TREE = ['.ci', 'src', 'sql', 'rates', 'pipelines', 'docs', 'tsconfig.json', 'tsconfig.tag.json', 'package.json'];
const PAGES = ['README.md', 'CHANGELOG.md', 'LICENSE'];
/** npm is a script of its own Node, which is the one that the tests run under. */
export const ENV = { ...process.env, PATH: `${dirname(process.execPath)}:${process.env['PATH']}` };
const QUIET = ['--no-audit', '--no-fund', '--loglevel=error'];

/** What a fresh clone holds after `make setup`, as far as packing needs it. */
export function cleanTree(folder: string): string {
  for (const name of [...TREE, ...PAGES]) cpSync(join(PROJECT, name), join(folder, name), { recursive: true });
  symlinkSync(join(PROJECT, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

/** Packs as for a release, scripts and all. Answers the tarball. */
export function pack(tree: string): string {
  execFileSync('npm', ['pack', ...QUIET], { cwd: tree, env: ENV, stdio: 'pipe' });
  const [tarball] = readdirSync(tree).filter((name) => name.endsWith('.tgz'));
  return join(tree, tarball ?? 'no tarball');
}

/** Answers the folder of the installed program. Packages come from npm's cache, else from the registry. */
export function install(tarball: string, prefix: string): string {
  const words = ['install', '--global', '--prefix', prefix, '--prefer-offline', '--ignore-scripts', '--engine-strict', ...QUIET];
  execFileSync('npm', [...words, tarball], { cwd: prefix, env: ENV, stdio: 'pipe' });
  return join(prefix, 'lib/node_modules/showback');
}

/** Every file that the program reads when it runs, and every page: taken from the tree, not from a list. */
function expectedFiles(tree: string): readonly string[] {
  const below = (folder: string): readonly string[] => filesBelow(join(tree, folder)).map((name) => `${folder}/${name}`);
  const compiled = below('src').map((name) => name.replace(/^src\/(.*)[.]ts$/, 'dist/$1.js'));
  // Types of what other programs import: the rest is a program, which has no use for them.
  const types = below('src/tag').map((name) => name.replace(/^src\/(.*)[.]ts$/, 'dist/$1.d.ts'));
  const data = ['sql', 'rates', 'pipelines', 'docs'].flatMap(below).filter((name) => name !== 'pipelines/demo.yaml');
  return [...compiled, ...types, ...data, ...PAGES, 'package.json'];
}

/** Files that a package lacks or that have no business in it. The parsed models have a name that their bytes give. */
export function misfits(tree: string, packed: readonly string[]): readonly string[] {
  const expected = expectedFiles(tree);
  const models = packed.filter((name) => /^dist\/models-[0-9a-f]+[.]json$/.test(name));
  return [
    ...expected.filter((name) => !packed.includes(name)).map((name) => `missing: ${name}`),
    ...packed.filter((name) => !expected.includes(name) && !models.includes(name)).map((name) => `not wanted: ${name}`),
    ...(models.length === 1 ? [] : [`${models.length} copies of the parsed models`]),
  ];
}

/** Sorted, below `folder`, packages of others left out. */
export function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .filter((name) => !name.startsWith('node_modules/'))
    .sort();
}
