// The id of an export that was asked for, in a file beside what is to come of it: a run that is stopped or killed goes on with the same one.
import { readFile, rm, writeFile } from 'node:fs/promises';

export class KeptExport {
  readonly #file: string;
  #id: string | null;

  private constructor(file: string, id: string | null) {
    this.#file = file;
    this.#id = id;
  }

  /** A line that a kill cut is none. */
  static async open(file: string): Promise<KeptExport> {
    const text = await readFile(file, 'utf8').catch(() => '');
    return new KeptExport(file, /^([A-Za-z0-9_-]{1,128})\n$/.exec(text)?.[1] ?? null);
  }

  get id(): string | null {
    return this.#id;
  }

  async keep(id: string): Promise<void> {
    if (id === this.#id) return;
    await writeFile(this.#file, `${id}\n`, { flush: true });
    this.#id = id;
  }

  async drop(): Promise<void> {
    this.#id = null;
    await rm(this.#file, { force: true });
  }
}
