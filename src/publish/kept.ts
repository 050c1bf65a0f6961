// Files of the published run that the next one has too. They are linked, not written again: the same bytes, and no time or room for them.
import { constants, copyFile, link, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { hashOfFile, type PublishedFile, type StagedFile } from './manifest.js';

/** A file as it was published, below this folder. */
export interface KeptFile extends PublishedFile {
  readonly root: string;
  /** It must not change with its copies. */
  readonly apart?: boolean;
}

/** Files of a run that are gone, or are not what was published. */
export async function damagedFiles<F extends KeptFile>(files: readonly F[]): Promise<readonly F[]> {
  const damaged: F[] = [];
  for (const file of files) {
    if ((await hashOfFile(join(file.root, file.path))) !== file.sha256) damaged.push(file);
  }
  return damaged;
}

/** Brings files to the folder of a run that is being staged, or to another. */
export async function keepFiles(dir: string, files: readonly KeptFile[]): Promise<readonly StagedFile[]> {
  for (const { root, path, apart } of files) {
    const [from, to] = [join(root, path), join(dir, path)];
    await mkdir(dirname(to), { recursive: true });
    if (apart === true) await copyFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    else await linkOrCopy(from, to);
  }
  return files.map(({ path, mart, month, rows }) => ({ path, mart, month, rows }));
}

async function linkOrCopy(from: string, to: string): Promise<void> {
  await link(from, to).catch(async (error: NodeJS.ErrnoException) => {
    if (!WITHOUT_LINKS.has(error.code ?? '')) throw error;
    await copyFile(from, to, constants.COPYFILE_EXCL);
  });
}

/** What a file system answers that has no hard links, or no more of them for this file. */
const WITHOUT_LINKS = new Set(['EPERM', 'ENOTSUP', 'ENOSYS', 'EMLINK', 'EXDEV']);
