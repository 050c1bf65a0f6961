// What a killed run left: is what readers see one whole run, what is on the disk, and what is left behind once the next run ended.
import { createHash } from 'node:crypto';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { bytesBelow } from '../golden/company.js';

interface Told {
  readonly run_id: string;
  readonly files: readonly { readonly path: string; readonly sha256: string }[];
}

/** The run that readers see, whole by its own manifest, or null before the first. */
export async function readersSee(out: string): Promise<string | null> {
  const target = await readlink(join(out, 'current')).catch(() => null);
  if (target === null) return null;
  const run = join(out, target);
  const manifest = JSON.parse(await readFile(join(run, 'current.json'), 'utf8')) as Told;
  if (target !== `runs/${manifest.run_id}`) throw new Error(`current leads to ${target}, which holds ${manifest.run_id}`);
  for (const { path, sha256 } of manifest.files) {
    const found = createHash('sha256').update(await readFile(join(run, path)));
    if (found.digest('hex') !== sha256) throw new Error(`${target}/${path} is torn`);
  }
  for (const name of ['csv', 'parquet', 'arrow', 'current.json']) await readers(out, name, target);
  return manifest.run_id;
}

/** Fixed links lead through `current`; once somebody could have followed one, it is there. */
async function readers(out: string, name: string, target: string): Promise<void> {
  const link = await readlink(join(out, name));
  if (link !== `current/${name}`) throw new Error(`${name} leads to ${link} while ${target} is current`);
}

/** Published bytes by path below `current`, and the links. */
export async function publishedBytes(out: string): Promise<Readonly<Record<string, string>>> {
  const links: Record<string, string> = {};
  for (const entry of await readdir(out, { withFileTypes: true }))
    if (entry.isSymbolicLink() && !entry.name.startsWith('.')) links[`→ ${entry.name}`] = await readlink(join(out, entry.name));
  return { ...links, ...(await bytesBelow(join(out, await readlink(join(out, 'current'))))) };
}

const LEFTOVER = /\.partial|\.new$|\.wal$|^\.showback\/tmp$|^\.showback\/landing\/arriving\/./;

/** What no run should leave for ever. */
export async function leftBehind(folder: string): Promise<readonly string[]> {
  const names: string[] = [];
  for (const below of ['.showback', 'out']) {
    const found = await readdir(join(folder, below), { recursive: true }).catch(() => []);
    names.push(...found.map((name) => join(below, name)));
  }
  return names.filter((name) => LEFTOVER.test(name)).sort();
}

/**
 * One hash of all that the next run can depend on. Not the ledger, which holds clock times, nor the lock; what is half-written counts by
 * its place alone, since it is removed unread; and of what was seen of files, their times and places on this disk do not count.
 */
export async function imageOf(folder: string): Promise<string> {
  const lines = new Set<string>();
  for (const below of ['.showback', 'out']) {
    const entries = await readdir(join(folder, below), { recursive: true, withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      const path = join(entry.parentPath, entry.name);
      const name = path.slice(folder.length + 1);
      if (/runs\.ndjson$|lock\.duckdb/.test(name)) continue;
      const half = HALF.exec(name)?.[0];
      lines.add(half === undefined ? `${name} ${await contentOf(path)}` : half.replace(/[^/]*$/, '(half-written)'));
    }
  }
  return createHash('sha256')
    .update([...lines].sort().join('\n'))
    .digest('hex');
}

const HALF = /^\.showback\/landing\/arriving\/[^/]+|^\.showback\/tmp\/.*|^[^.]*\.partial|^\.showback\/.*(\.partial|\.new$)/;

async function contentOf(path: string): Promise<string> {
  const found = await lstat(path);
  if (found.isSymbolicLink()) return readlink(path);
  if (!found.isFile()) return '';
  const bytes = await readFile(path);
  const what = path.includes('/landing/seen/') ? bytes.toString().replace(/"state":"[^"]*"/g, '') : bytes;
  return createHash('sha256').update(what).digest('hex');
}
