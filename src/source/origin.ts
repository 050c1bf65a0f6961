// Where a source's patterns lead: to files of the company folder, to objects of buckets, or to both.
import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { Arrival } from './arrival.js';
import { byName, listFiles, pathInside } from './listing.js';
import { localArrival } from './local-file.js';
import { s3Pattern } from './s3-address.js';
import type { S3Objects } from './s3-objects.js';
import type { LandRequest } from './source.js';

type Request = Pick<LandRequest, 'config' | 'root' | 'landingDir' | 'signal'>;

export class Origin implements AsyncDisposable {
  readonly #request: Request;
  #buckets: S3Objects | null = null;

  constructor(request: Request) {
    this.#request = request;
  }

  /** Files that exist now, each once, by name. */
  async list(patterns: readonly string[]): Promise<readonly Arrival[]> {
    const local = patterns.filter((pattern) => s3Pattern(pattern) === null);
    const remote = patterns.filter((pattern) => s3Pattern(pattern) !== null);
    const found = new Map((await this.#files(local)).map((file) => [file.name, file]));
    for (const pattern of remote)
      for (const object of await (await this.#objects()).list(pattern)) found.set(object.name, object);
    return [...found.values()].sort(byName);
  }

  /** What is there by this name, or null. A name of the company folder that leads out of `folder` is refused. */
  async find(name: string, folder = ''): Promise<Arrival | null> {
    if (s3Pattern(name) !== null) return (await this.#objects()).find(name);
    const { root, config } = this.#request;
    const below = folder === '' ? name : name.slice(folder.length + 1);
    const file = await pathInside(path.join(root, folder), below, config);
    const isFile = await stat(file).then(
      (found) => found.isFile(),
      () => false,
    );
    return isFile ? localArrival({ name, path: file }) : null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#buckets?.close();
  }

  async #files(patterns: readonly string[]): Promise<readonly Arrival[]> {
    const { root, config, landingDir } = this.#request;
    if (patterns.length === 0) return [];
    return (await listFiles(root, patterns, config, [path.dirname(landingDir)])).map((file) => localArrival(file));
  }

  /** The client of S3 is loaded by those who read from it. */
  async #objects(): Promise<S3Objects> {
    const { S3Objects: Objects } = await import('./s3-objects.js');
    this.#buckets ??= new Objects(this.#request.config.s3, this.#request.signal);
    return this.#buckets;
  }
}
