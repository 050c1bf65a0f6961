// A sink that appends whole lines to a file of its own. A file has its final name only when nothing is added to it any more.
import { type FileHandle, mkdir, open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { fileName, hourOf, OPEN } from './file-name.js';
import { adoptLeftOpen } from './left-open.js';
import type { Sink } from './outbox.js';
import type { OwnProcess } from './own-process.js';

export interface Files {
  readonly folder: string;
  /** What file names begin with. */
  readonly name: string;
  /** A file of more bytes is complete, as is one whose hour (UTC) is over. */
  readonly maxBytes: number;
}

export interface Surroundings {
  readonly own: OwnProcess;
  /** Twelve hexadecimal digits that no other writer has. */
  readonly id: string;
  readonly now: () => Date;
  /** What fails while nobody waits for it. */
  readonly failed: (error: unknown) => void;
}

interface OpenFile {
  readonly handle: FileHandle;
  readonly path: string;
  readonly hour: string;
  readonly timer: NodeJS.Timeout;
  size: number;
}

const HOUR_MS = 60 * 60 * 1000;

export class RotatingFile implements Sink {
  readonly #files: Files;
  readonly #around: Surroundings;
  #file: OpenFile | null = null;
  #number = 0;
  #last: Promise<void>;

  constructor(files: Files, around: Surroundings) {
    this.#files = files;
    this.#around = around;
    // A folder that is not there yet has nothing that was left.
    this.#last = this.#adopt().catch(() => undefined);
  }

  readonly write = async (lines: readonly string[]): Promise<void> => {
    const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
    return this.#next(async () => {
      if (this.#file !== null && this.#isOver(this.#file, bytes.length)) await this.#complete();
      this.#file ??= await this.#create();
      await this.#append(this.#file, bytes);
    });
  };

  readonly close = async (): Promise<void> => this.#next(async () => this.#complete());

  /** One after the other: a timer must not close what a write is in. */
  #next(step: () => Promise<void>): Promise<void> {
    const done = this.#last.then(step);
    this.#last = done.catch(() => undefined);
    return done;
  }

  #isOver({ hour, size }: OpenFile, more: number): boolean {
    return hour !== hourOf(this.#around.now()) || size + more > this.#files.maxBytes;
  }

  async #create(): Promise<OpenFile> {
    const { folder, name } = this.#files;
    const { own, id, now, failed } = this.#around;
    await mkdir(folder, { recursive: true });
    if (this.#number > 0) await this.#adopt().catch(() => undefined);
    const hour = hourOf(now());
    this.#number += 1;
    const path = join(folder, `${fileName(name, hour, own, id, this.#number)}${OPEN}`);
    // Appending, and never to a file that is there already.
    const handle = await open(path, 'ax');
    const timer = setTimeout(() => void this.close().catch(failed), HOUR_MS - (now().getTime() % HOUR_MS));
    timer.unref();
    return { handle, path, hour, timer, size: 0 };
  }

  async #append(file: OpenFile, bytes: Buffer): Promise<void> {
    try {
      const { bytesWritten } = await file.handle.write(bytes);
      if (bytesWritten < bytes.length) throw Object.assign(new Error('short write'), { code: 'ENOSPC' });
      file.size += bytes.length;
    } catch (error) {
      await this.#cut(file);
      throw error;
    }
  }

  /** The batch comes again, so that what a full disk took of it must go: half a line would spoil the next one. */
  async #cut(file: OpenFile): Promise<void> {
    try {
      await file.handle.truncate(file.size);
    } catch {
      // Left open with its half line, which whoever adopts it cuts off.
      this.#file = null;
      clearTimeout(file.timer);
      await file.handle.close().catch(() => undefined);
    }
  }

  async #complete(): Promise<void> {
    const file = this.#file;
    if (file === null) return;
    this.#file = null;
    clearTimeout(file.timer);
    // On the disk before it has its name: what is complete must survive a power cut too.
    try {
      await file.handle.datasync();
    } finally {
      await file.handle.close();
    }
    await rename(file.path, file.path.slice(0, -OPEN.length));
  }

  async #adopt(): Promise<void> {
    return adoptLeftOpen(this.#files.folder, this.#around.own, this.#around.id);
  }
}
