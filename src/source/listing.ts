// What a source's patterns name below the company folder. Nothing outside that folder is ever read, by `..` or by link.
import { realpath } from 'node:fs/promises';
import path from 'node:path';
import picomatch from 'picomatch';
import { glob } from 'tinyglobby';
import { Failure, type Problem } from '../kernel/failure.js';
import type { SourceConfig } from '../pipeline/pipeline.js';
import { s3Pattern } from './s3-address.js';

export interface ListedFile {
  /** Below the root, `/` separated. */
  readonly name: string;
  readonly path: string;
}

/** Files that exist now, by name; `ignore` are folders (absolute) that hold our own files. */
export async function listFiles(
  root: string,
  patterns: readonly string[],
  config: SourceConfig,
  ignore: readonly string[],
): Promise<readonly ListedFile[]> {
  refuseEscapes(patterns, config);
  const ours = ignore
    .map((folder) => path.relative(root, folder).split(path.sep).join('/'))
    .filter((name) => name !== '' && !name.startsWith('..'));
  const names = await glob([...patterns], {
    cwd: root,
    onlyFiles: true,
    expandDirectories: false,
    ignore: ours.map((name) => `${name}/**`),
  });
  const home = await realpath(root);
  const listed = await Promise.all(
    names.map(async (name) => ({ name, path: path.join(root, name), real: await realOf(path.join(root, name)) })),
  );
  const outside = listed.filter(({ real }) => real !== null && !isInside(home, real));
  if (outside.length > 0)
    throw new Failure(
      'user',
      outside.map(({ name }) => linkProblem(name, config)),
    );
  return listed.map(({ name, path: file }) => ({ name, path: file })).sort(byName);
}

/** Does this landed name still belong to the source? */
export function matches(patterns: readonly string[]): (name: string) => boolean {
  const isLocal = picomatch(patterns.filter((pattern) => s3Pattern(pattern) === null));
  const remote = patterns
    .flatMap((pattern) => s3Pattern(pattern) ?? [])
    .map(({ bucket, key }) => ({ bucket, isOurs: picomatch(key) }));
  return (name) => {
    const object = s3Pattern(name);
    return object === null ? isLocal(name) : remote.some(({ bucket, isOurs }) => bucket === object.bucket && isOurs(object.key));
  };
}

/** Order of UTF-16 units: the same on every machine, in every language. */
export function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  if (a.name === b.name) return 0;
  return a.name < b.name ? -1 : 1;
}

/** Absolute path of `name` below `folder`; refused where it leads elsewhere, by `..` or by link. */
export async function pathInside(folder: string, name: string, config: SourceConfig): Promise<string> {
  const file = path.resolve(folder, name);
  const real = await realOf(file);
  if (!isInside(folder, file) || (real !== null && !isInside(await realpath(folder), real)))
    throw new Failure('user', [linkProblem(name, config)]);
  return file;
}

function refuseEscapes(patterns: readonly string[], config: SourceConfig): void {
  const bad = patterns.filter(
    (pattern) => path.isAbsolute(pattern) || /^[A-Za-z]:|\\/.test(pattern) || pattern.split('/').includes('..'),
  );
  if (bad.length === 0) return;
  throw new Failure(
    'user',
    bad.map((pattern) => ({
      code: 'source/outside-root',
      message: `source \`${config.id}\`: the pattern \`${pattern}\` leads out of the company folder`,
      remedy: 'name files below the folder of the pipeline, with `/` and without `..`, or objects as `s3://bucket/key`',
      place: config.place,
    })),
  );
}

function linkProblem(name: string, config: SourceConfig): Problem {
  return {
    code: 'source/outside-root',
    message: `source \`${config.id}\`: \`${name}\` leads to a file outside the company folder`,
    remedy: 'copy the file into the folder, or set `root` in the pipeline to a folder that holds both',
    place: config.place,
  };
}

function isInside(folder: string, file: string): boolean {
  const relative = path.relative(folder, file);
  return relative === '' || (!relative.startsWith('..') && !path.isAbsolute(relative));
}

async function realOf(file: string): Promise<string | null> {
  return realpath(file).catch(() => null);
}
