// Which pipeline a command is about: the one named, else the one that lies here.
import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Failure } from '../kernel/failure.js';

const HERE = 'pipeline.yaml';
const FOLDER = 'pipelines';

/** The absolute path: the argument, else `./pipeline.yaml`, else the only YAML in `./pipelines`. */
export async function findPipeline(given: string | undefined, cwd: string): Promise<string> {
  if (given !== undefined) return named(given, cwd);
  if (await isFile(join(cwd, HERE))) return join(cwd, HERE);
  const found = (await readdir(join(cwd, FOLDER)).catch(() => [])).filter((name) => /\.ya?ml$/.test(name)).sort();
  const [only] = found;
  if (only !== undefined && found.length === 1) return join(cwd, FOLDER, only);
  throw new Failure('user', [
    found.length === 0
      ? {
          code: 'cli/no-pipeline',
          message: `no pipeline here: neither ${HERE} nor ${FOLDER}/*.yaml in ${cwd}`,
          remedy: 'name one, as in `showback run path/to/pipeline.yaml`, or go to the folder that has it',
        }
      : {
          code: 'cli/which-pipeline',
          message: `${found.length} pipelines here, and none is named`,
          excerpt: found.map((name) => `${FOLDER}/${name}`).join('\n'),
          remedy: `name one, as in \`showback run ${FOLDER}/${only ?? ''}\``,
        },
  ]);
}

async function named(given: string, cwd: string): Promise<string> {
  const path = resolve(cwd, given);
  const found = await stat(path).catch(() => null);
  if (found?.isDirectory() === true && (await isFile(join(path, HERE)))) return join(path, HERE);
  if (found?.isFile() === true) return path;
  const what = found === null ? 'there is no such file' : `this is a folder without a ${HERE}`;
  throw new Failure('user', [{ code: 'cli/no-pipeline', message: what, remedy: 'name a pipeline file', place: { file: given } }]);
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isFile() === true;
}
