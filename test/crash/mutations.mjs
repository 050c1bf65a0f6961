// Every change that our own code makes to files below one folder passes here, one after the other and counted: before it and after it
// the watcher may kill the process or throw what a file system would. What changes nothing (a folder that is there) does not count.
import { existsSync, lstatSync } from 'node:fs';
import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

const ONE_PATH = ['writeFile', 'appendFile', 'mkdir', 'mkdtemp', 'rm', 'rmdir', 'unlink', 'chmod', 'utimes', 'truncate'];
const TWO_PATHS = ['rename', 'symlink', 'copyFile', 'link', 'cp'];
const OF_HANDLES = ['write', 'writeFile', 'appendFile', 'truncate', 'sync'];

/**
 * @typedef {{ readonly op: string, readonly path: string, readonly number: number }} Mutation
 * @typedef {{ readonly before?: (mutation: Mutation) => void, readonly after?: (mutation: Mutation) => void }} Watcher
 * @param {string} root
 * @param {Watcher} watcher
 * @returns {Promise<() => void>} puts everything back
 */
export async function watchMutations(root, watcher) {
  let count = 0;
  const undo = [];
  const watched = async (op, path, work) => {
    if (typeof path !== 'string' || !path.startsWith(root) || changesNothing(op, path)) return work();
    // A sync keeps what is there from a power cut; a killed process leaves the same files with it and without it.
    const mutation = { op, path: path.slice(root.length + 1), number: op === 'sync' ? count : ++count };
    watcher.before?.(mutation);
    const result = await work();
    watcher.after?.(mutation);
    return result;
  };
  const replace = (target, name, make) => {
    const original = target[name];
    target[name] = make(original);
    undo.push(() => (target[name] = original));
  };
  for (const name of ONE_PATH)
    replace(
      fs,
      name,
      (original) =>
        async (path, ...rest) =>
          watched(name, path, () => original(path, ...rest)),
    );
  for (const name of TWO_PATHS)
    replace(
      fs,
      name,
      (original) =>
        async (from, to, ...rest) =>
          watched(name, to, () => original(from, to, ...rest)),
    );
  const paths = new WeakMap();
  replace(fs, 'open', (original) => async (path, flags = 'r', ...rest) => {
    const creates = /[wa]/.test(String(flags));
    const handle = creates
      ? await watched('open', path, () => original(path, flags, ...rest))
      : await original(path, flags, ...rest);
    paths.set(handle, path);
    return handle;
  });
  const handle = await fs.open(new URL(import.meta.url), 'r');
  const prototype = Object.getPrototypeOf(handle);
  await handle.close();
  for (const name of OF_HANDLES)
    replace(
      prototype,
      name,
      (original) =>
        async function (...given) {
          return watched(name, paths.get(this), () => original.apply(this, given));
        },
    );
  syncBuiltinESMExports();
  return () => {
    for (const back of undo) back();
    syncBuiltinESMExports();
  };
}

function changesNothing(op, path) {
  if (op === 'mkdir') return existsSync(path);
  return op === 'rm' && lstatSync(path, { throwIfNoEntry: false }) === undefined;
}

/**
 * The place in our code, as good as paths tell it: names of months, marts, sources, runs and hashes make no difference.
 * @param {Mutation} mutation
 * @returns {string}
 */
export function siteOf({ op, path }) {
  const name = path
    .replace(/[0-9a-f]{64}/g, '#')
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}/, '#')
    .replace(/-[0-9a-f]{12,16}/g, '-#')
    .replace(/(uses\/|blobs\/)[0-9a-f]+/, '$1#')
    .replace(/seen\/\w+/, 'seen/#')
    .replace(/(csv|parquet|arrow)\/.+/, '$1/#')
    .replace(/\d{4}-\d{2}(-\d{2})?/g, '#')
    .replace(/^out\/(\.?)(csv|parquet|arrow|current\.json)/, 'out/$1(link)');
  return `${op} ${name}`;
}
