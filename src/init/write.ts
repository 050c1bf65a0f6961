// Writes the new files, all or none, and never over what is there.
import { access, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { diskFailure } from '../kernel/disk-failure.js';
import { Failure } from '../kernel/failure.js';
import { OWN_NAMES } from './given.js';
import type { Texts } from './scaffold.js';

/** Throws where one of the files is there: nothing has been looked at by then. */
export async function refuseToOverwrite(folder: string): Promise<void> {
  const there = await filesThere(folder);
  if (there.length === 0) return;
  const message = `${there.join(', ')} ${there.length === 1 ? 'is' : 'are'} there already, and nothing is written over files`;
  const remedy = 'name another folder, as in `showback init acme --bills …`; or --force, which keeps the old files as *.old';
  throw new Failure('user', [{ code: 'init/exists', message, remedy, place: { file: folder } }]);
}

/** The pipeline file last: before it there is no company. What was there stays beside it. */
export async function writeTexts(folder: string, texts: Texts): Promise<readonly string[]> {
  const written: string[] = [];
  try {
    await mkdir(folder, { recursive: true });
    for (const name of await filesThere(folder)) await rename(join(folder, name), join(folder, `${name}.old`));
    for (const name of [...OWN_NAMES].toReversed()) {
      await writeFile(join(folder, name), texts[name], { flag: 'wx' });
      written.push(name);
    }
    return OWN_NAMES;
  } catch (error) {
    for (const name of written) await rm(join(folder, name), { force: true });
    throw diskFailure(error, { doing: 'write the new files', place: folder }) ?? error;
  }
}

async function filesThere(folder: string): Promise<readonly string[]> {
  const isThere = async (name: string) =>
    access(join(folder, name)).then(
      () => true,
      () => false,
    );
  const found = await Promise.all(OWN_NAMES.map(async (name) => ((await isThere(name)) ? [name] : [])));
  return found.flat();
}
