// The state folder and the run's own folders: the only file work of a run besides the ledger.
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
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

export async function makeFolder(path: string): Promise<string> {
  await mkdir(path, { recursive: true });
  return path;
}

export async function removeFolder(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true });
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

/** Version of the program, as its package says. */
export async function packageVersion(): Promise<string> {
  const manifest: unknown = JSON.parse(await readFile(join(PACKAGE_DIR, 'package.json'), 'utf8'));
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest ? String(manifest.version) : '';
}
