// The state folder and the run's own folders: the only file work of a run besides the ledger.
import { link, lstat, mkdir, mkdtemp, open, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Failure } from '../kernel/failure.js';

/** Where the package lies: `sql/`, `rates/` and `package.json` are below it. */
export const PACKAGE_DIR = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Makes the state folder, or says why it cannot be written. */
export async function makeState(stateDir: string): Promise<void> {
  await mkdir(stateDir, { recursive: true }).catch((error: NodeJS.ErrnoException) => {
    const message = `cannot write the state folder ${stateDir}: ${error.code ?? error.message}`;
    const remedy = 'make the folder writable, or name another one under `state`';
    throw new Failure('unavailable', [{ code: 'run/state', message, remedy }], { cause: error });
  });
}

/** A new folder of the system's own for scratch. */
export async function scratchFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'showback-'));
}

/** An empty folder, whatever a run before left in it. */
export async function freshFolder(path: string): Promise<string> {
  await removeFolder(path);
  return makeFolder(path);
}

/** A new folder in `dir`, on the same disk, for what is renamed to there. */
export async function besideFolder(dir: string): Promise<string> {
  return mkdtemp(join(dir, '.showback-'));
}

export async function makeFolder(path: string): Promise<string> {
  await mkdir(path, { recursive: true });
  return path;
}

export async function removeFolder(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true });
}

/** What a killed run left half-way: files that were not renamed yet, run folders that were on their way out, scratch. */
export async function stateLeftovers(stateDir: string): Promise<readonly string[]> {
  const runsDir = join(stateDir, 'runs');
  const found = (await isThere(join(stateDir, 'tmp'))) ? [join(stateDir, 'tmp')] : [];
  for (const name of await namesIn(runsDir)) {
    const path = join(runsDir, name);
    if (PARTIAL.test(name)) found.push(path);
    else found.push(...(await namesIn(path)).filter((file) => PARTIAL.test(file)).map((file) => join(path, file)));
  }
  return found;
}

/** As `writeAside` and `removeRunFolder` name what is not whole; the engine adds names of its own behind. */
const PARTIAL = /\.partial(\.|$)/;

/** Renamed first: a run that is half removed never looks whole. */
export async function removeRunFolder(path: string): Promise<void> {
  await rename(path, `${path}.partial`);
  await removeFolder(`${path}.partial`);
}

/** Files and bytes of a file, or of a folder with all that is in it. What is gone meanwhile counts for nothing. */
export async function sizeOf(path: string): Promise<{ readonly files: number; readonly bytes: number }> {
  const found = await lstat(path).catch(absent);
  if (found === null) return { files: 0, bytes: 0 };
  if (!found.isDirectory()) return { files: 1, bytes: found.size };
  const below = await Promise.all((await namesIn(path)).map(async (name) => sizeOf(join(path, name))));
  return below.reduce((sum, each) => ({ files: sum.files + each.files, bytes: sum.bytes + each.bytes }), { files: 0, bytes: 0 });
}

/** When something in a folder was written the last time, in milliseconds; 0 where there is nothing. */
export async function touchedAt(folder: string): Promise<number> {
  const found = await Promise.all((await namesIn(folder)).map(async (name) => lstat(join(folder, name)).catch(absent)));
  return Math.max(0, ...found.map((each) => each?.mtimeMs ?? 0));
}

export async function isThere(path: string): Promise<boolean> {
  return (await lstat(path).catch(absent)) !== null;
}

/** Empty where there is no such folder. */
export async function namesIn(folder: string): Promise<readonly string[]> {
  return (await readdir(folder).catch(absent)) ?? [];
}

function absent(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null;
  throw error;
}

/** Lets `write` make a file aside and renames it to `path` when it is whole. */
export async function writeAside(path: string, write: (aside: string) => Promise<void>): Promise<void> {
  const aside = path.replace(/(\.[^.]+)$/, '.partial$1');
  await mkdir(dirname(path), { recursive: true });
  await rm(aside, { force: true });
  await write(aside);
  await rename(aside, path);
}

export async function writeBytes(path: string, bytes: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, bytes);
}

/** Gives whole files of one folder a name in another as well; what is there already stays. */
export async function linkFiles(from: string, to: string, wanted: RegExp): Promise<void> {
  await makeFolder(to);
  for (const name of (await namesIn(from)).filter((each) => wanted.test(each))) {
    const [path, other] = [join(from, name), join(to, name)];
    // Another disk takes no hard link; a file that is collected meanwhile is read from landing again.
    await link(path, other).catch(async ({ code }: NodeJS.ErrnoException) =>
      code === 'EXDEV' ? symlink(path, other) : undefined,
    );
  }
}

/** Null where there is no such file. */
export async function bytesIn(path: string): Promise<Uint8Array | null> {
  return readFile(path).catch(absent);
}

/** Appends one line and forces it to the disk, with the folder that names the file. A line that a kill cut keeps to itself. */
export async function appendDurably(path: string, line: string): Promise<void> {
  await makeFolder(dirname(path));
  const before = Buffer.from((await bytesIn(path)) ?? '').toString('utf8');
  await using file = await open(path, 'a');
  await file.appendFile(`${before === '' || before.endsWith('\n') ? '' : '\n'}${line}\n`);
  await file.sync();
  await syncFolder(dirname(path));
}

/** Gives a whole folder its name, for good. */
export async function nameDurably(aside: string, path: string): Promise<void> {
  await syncFolder(aside);
  await rename(aside, path);
  await syncFolder(dirname(path));
}

export async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, 'r');
  await folder.sync();
}

export async function readText(path: string): Promise<string> {
  return readFile(path, 'utf8');
}

/** Version of the program, as its package says. */
export async function packageVersion(): Promise<string> {
  const manifest: unknown = JSON.parse(await readFile(join(PACKAGE_DIR, 'package.json'), 'utf8'));
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest ? String(manifest.version) : '';
}
