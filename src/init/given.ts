// The files that a user points at: where the company folder must be so that all are below it, and what lies there.
import { realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { glob } from 'tinyglobby';
import { Failure, type Problem } from '../kernel/failure.js';

/** Where the user said that a file belongs. What it is, its content tells. */
export type Asked = 'bills' | 'usage' | 'both';

export interface GivenFile {
  /** Below the root, `/` separated. */
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
  readonly asked: Asked;
  /** It is a link to a file outside of the root, or to none. */
  readonly strays: boolean;
}

export interface Given {
  /** Absolute: holds the new folder and all files. */
  readonly root: string;
  /** The new folder, absolute, links resolved. */
  readonly folder: string;
  readonly files: readonly GivenFile[];
}

export interface GivenPaths {
  readonly cwd: string;
  readonly folder: string;
  readonly bills: readonly string[];
  readonly usage: readonly string[];
}

/** What a scaffold writes, and what runs write beside it: no evidence. */
export const OWN_NAMES = ['pipeline.yaml', 'features.yaml', 'rules.yaml', 'negotiated.csv'] as const;
export const STATE = '.showback';
export const OUT = 'out';
const MOST_FILES = 20_000;

/** Names of ours, by their kinds, below the root: no pattern may find them. */
export function ownNames({ root, folder }: Pick<Given, 'root' | 'folder'>): readonly string[] {
  const published = ['csv', 'parquet', 'arrow', 'json'].map((ending) => `${OUT}/runs/1/${ending}/2026-01/mart.${ending}`);
  return [...OWN_NAMES, ...published].map((name) => slashed(relative(root, join(folder, name))));
}

export async function givenFiles({ cwd, folder: named, bills, usage }: GivenPaths): Promise<Given> {
  const folder = await realFolder(resolve(cwd, named));
  if (await isFile(folder)) throw noFolder(named);
  const paths = [...bills, ...usage].map((path) => resolve(cwd, path));
  const found = await Promise.all(paths.map(async (path) => ({ path, real: await realpath(path).catch(() => null) })));
  const missing = found.filter(({ real }) => real === null);
  if (missing.length > 0)
    throw new Failure(
      'user',
      missing.map(({ path }) => noSuchPath(path)),
    );
  const reals = found.map(({ real }) => real ?? '');
  const tops = await Promise.all(reals.map(async (real) => ((await isFolder(real)) ? real : dirname(real))));
  const root = tops.reduce((above, top) => commonFolder(above, top), folder);
  const files = new Map<string, GivenFile>();
  for (const [at, real] of reals.entries()) {
    const asked = at < bills.length ? 'bills' : 'usage';
    for (const name of await namesBelow(root, real, folder)) files.set(name, await fileOf(root, name, asked, files.get(name)));
  }
  return { root, folder, files: [...files.values()].sort((a, b) => (a.name < b.name ? -1 : 1)) };
}

async function namesBelow(root: string, path: string, folder: string): Promise<readonly string[]> {
  const base = slashed(relative(root, path));
  if (!(await isFolder(path))) return [base];
  const own = slashed(relative(path, folder));
  const below = own.startsWith('..') ? null : own === '' ? '' : `${own}/`;
  const ours = below === null ? [] : [`${below}${STATE}/**`, `${below}${OUT}/**`, ...OWN_NAMES.map((name) => `${below}${name}*`)];
  const names = await glob(['**/*'], {
    cwd: path,
    onlyFiles: true,
    dot: true,
    ignore: ['**/.git/**', '**/node_modules/**', ...ours],
  });
  if (names.length > MOST_FILES) throw tooMany(path, names.length);
  return names.map((name) => (base === '' ? name : `${base}/${name}`));
}

async function fileOf(root: string, name: string, asked: Asked, before: GivenFile | undefined): Promise<GivenFile> {
  if (before !== undefined) return { ...before, asked: before.asked === asked ? asked : 'both' };
  const path = join(root, name);
  const [real, found] = [await realpath(path).catch(() => null), await stat(path).catch(() => null)];
  const strays = real === null || slashed(relative(root, real)).startsWith('../');
  return { name, path, bytes: found?.size ?? 0, asked, strays };
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path)).isDirectory();
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isFile() === true;
}

/** Of a folder that is not there yet, as much as is. */
async function realFolder(path: string): Promise<string> {
  const real = await realpath(path).catch(() => null);
  return real ?? (dirname(path) === path ? path : join(await realFolder(dirname(path)), basename(path)));
}

function commonFolder(left: string, right: string): string {
  const [a, b] = [left.split(sep), right.split(sep)];
  const differs = a.findIndex((part, at) => part !== b[at]);
  const common = (differs < 0 ? a : a.slice(0, differs)).join(sep);
  return common === '' ? sep : common;
}

export function slashed(path: string): string {
  return path.split(sep).join('/');
}

function noSuchPath(path: string): Problem {
  const message = 'there is no such file or folder';
  return { code: 'init/no-such-path', message, remedy: 'name a file or folder that is there', place: { file: path } };
}

function noFolder(named: string): Failure {
  const remedy = 'name a folder before the options, as in `showback init acme --bills …`';
  return new Failure('user', [{ code: 'init/no-folder', message: 'this is a file', remedy, place: { file: named } }]);
}

function tooMany(path: string, count: number): Failure {
  const message = `${count} files lie here, more than the ${MOST_FILES} that are looked through`;
  const remedy = 'name the folders that hold bills and logs, such as --bills exports/aws --usage logs/2026';
  return new Failure('user', [{ code: 'init/too-many-files', message, remedy, place: { file: path } }]);
}
