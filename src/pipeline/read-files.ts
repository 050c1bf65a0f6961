// The files of one pipeline: read once, hashed, and named as people know them. The only file system of this folder.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Problem } from '../kernel/failure.js';
import type { ConfigFile } from './pipeline.js';
import { problem, quoted, type Report, SourceText, type Spot } from './text.js';

/** What reading touches of the world. */
export interface ReadEffects {
  readonly readFile: (path: string) => Promise<Uint8Array>;
  /** The package's own price books: `builtin:`. */
  readonly ratesDir: string;
}

export const READ_EFFECTS: ReadEffects = {
  readFile: (path) => readFile(path),
  ratesDir: fileURLToPath(new URL('../../rates/', import.meta.url)),
};

export class ConfigFiles {
  readonly #effects: ReadEffects;
  readonly #report: Report;
  readonly #yamlPath: string;
  /** By absolute path: the root, and so every name, is known only once the pipeline file is read. */
  readonly #read = new Map<string, { readonly builtin: string | null; readonly sha256: string }>();
  #root: string;

  constructor(yamlPath: string, effects: ReadEffects, report: Report) {
    this.#effects = effects;
    this.#report = report;
    this.#yamlPath = yamlPath;
    this.#root = dirname(resolve(yamlPath));
  }

  get root(): string {
    return this.#root;
  }

  /** The company folder, relative to the YAML. Names are relative to it from here on. */
  set root(path: string) {
    this.#root = resolve(dirname(this.#yamlPath), path);
  }

  get pipelineName(): string {
    return this.#nameOf(resolve(this.#yamlPath));
  }

  /** Every file read so far, by name. */
  get files(): readonly ConfigFile[] {
    const named = [...this.#read].map(([absolute, { builtin, sha256 }]) => ({ path: builtin ?? this.#nameOf(absolute), sha256 }));
    return named.sort((left, right) => (left.path < right.path ? -1 : 1));
  }

  async readPipeline(): Promise<string | null> {
    return this.#text(resolve(this.#yamlPath), this.pipelineName, { place: { file: this.pipelineName } });
  }

  /** Text of a file that the YAML names, or null (reported at `spot`). */
  async read(path: string, spot: Spot): Promise<{ readonly name: string; readonly text: string } | null> {
    const builtin = path.startsWith('builtin:');
    const absolute = builtin ? join(this.#effects.ratesDir, path.slice('builtin:'.length)) : resolve(this.#root, path);
    const name = builtin ? path : this.#nameOf(absolute);
    const text = await this.#text(absolute, name, spot);
    return text === null ? null : { name, text };
  }

  /** Problems are named from the company folder inside; people get them from where they stand. */
  shown(found: Problem): Problem {
    const file = found.place?.file;
    if (found.place === undefined || file === undefined || file.startsWith('builtin:')) return found;
    const fromYaml = relative(dirname(resolve(this.#yamlPath)), resolve(this.#root, file));
    return { ...found, place: { ...found.place, file: slashed(join(dirname(this.#yamlPath), fromYaml)) } };
  }

  #nameOf(absolute: string): string {
    return slashed(relative(this.#root, absolute));
  }

  async #text(absolute: string, name: string, spot: Spot): Promise<string | null> {
    try {
      const bytes = await this.#effects.readFile(absolute);
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      this.#read.set(absolute, { builtin: name.startsWith('builtin:') ? name : null, sha256 });
      const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
      const nul = text.indexOf('\u0000');
      if (nul < 0) return text;
      this.#report(
        problem(
          'nul-byte',
          new SourceText(name, text).at(nul),
          'this file holds a NUL byte',
          'save it as UTF-8 text, not as UTF-16',
        ),
      );
      return null;
    } catch (error) {
      this.#report(unreadable(error, name, spot, absolute === resolve(this.#yamlPath)));
      return null;
    }
  }
}

function unreadable(error: unknown, name: string, spot: Spot, isPipeline: boolean): Problem {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return problem(
        'missing-file',
        spot,
        `there is no file ${quoted(name)}`,
        isPipeline ? 'name a pipeline YAML that exists' : 'correct the path; it is relative to the company folder (`root`)',
      );
    case 'ENAMETOOLONG':
    case 'ELOOP':
      return problem('missing-file', spot, `no file can be called ${quoted(name)}`, 'name a file that exists');
    case 'EISDIR':
      return problem('missing-file', spot, `${quoted(name)} is a folder`, 'name a file');
    case 'EACCES':
    case 'EPERM':
      return problem('unreadable-file', spot, `${quoted(name)} may not be read`, 'give this user the right to read it');
    case 'ERR_ENCODING_INVALID_ENCODED_DATA':
      return problem('not-utf8', spot, `${quoted(name)} is not UTF-8 text`, 'save it as UTF-8');
    default:
      throw error;
  }
}

function slashed(path: string): string {
  return path.split(sep).join('/');
}
