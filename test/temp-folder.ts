// One folder for all that the tests of a run put aside. It goes when the run ends; that of a run that was killed goes with the next one.
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

const FOLDER = 'showback-tests-';

/** vitest calls this before the first file, once a project: the first call makes the folder, which the processes of all inherit. */
export async function setup(): Promise<() => Promise<void>> {
  if (basename(tmpdir()).startsWith(FOLDER)) return async () => Promise.resolve();
  await sweepFolders(FOLDER);
  const folder = await mkdtemp(join(tmpdir(), `${FOLDER}${process.pid}-`));
  // A test that runs a program as somebody else lets it in.
  await chmod(folder, 0o711);
  process.env['TMPDIR'] = folder;
  return async () => rm(folder, { recursive: true, force: true, maxRetries: 3 });
}

/** Removes folders of runs that are no more: behind `prefix` their names tell the process. */
export async function sweepFolders(prefix: string): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const pid = name.startsWith(prefix) ? /^(\d+)-/.exec(name.slice(prefix.length))?.[1] : undefined;
    if (pid !== undefined && !isAlive(Number(pid))) await rm(join(tmpdir(), name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // Of somebody else: it lives.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
