// Is a compressed file whole? The engine reads a cut gzip or zstd to the cut and calls that its end, so it is checked on arrival.
import { once } from 'node:events';
import { createGunzip } from 'node:zlib';

/** Takes every chunk of a file in order; `finish` says what is wrong with the whole, or null. */
export interface Integrity {
  take(chunk: Buffer): Promise<void>;
  finish(): Promise<string | null>;
}

export function integrityOf(name: string): Integrity {
  if (/\.gz$/i.test(name)) return new GzipIntegrity();
  if (/\.zst(d)?$/i.test(name)) return new ZstdIntegrity();
  return { take: async () => {}, finish: async () => null };
}

/** Unpacks and forgets: length and checksum of every member are what tells. */
class GzipIntegrity implements Integrity {
  readonly #gunzip = createGunzip();
  #problem: string | null = null;
  readonly #ended: Promise<void>;
  #seen = 0;

  constructor() {
    this.#gunzip.on('error', (error) => (this.#problem ??= error.message));
    this.#ended = new Promise((resolve) => this.#gunzip.once('close', resolve));
    this.#gunzip.resume();
  }

  async take(chunk: Buffer): Promise<void> {
    this.#seen += chunk.length;
    if (this.#problem !== null || this.#gunzip.destroyed) return;
    if (this.#gunzip.write(Buffer.from(chunk))) return;
    await Promise.race([once(this.#gunzip, 'drain').catch(() => undefined), this.#ended]);
  }

  async finish(): Promise<string | null> {
    if (this.#seen === 0) {
      this.#gunzip.destroy();
      return null;
    }
    this.#gunzip.end();
    await this.#ended;
    return this.#problem;
  }
}

const FRAME_MAGIC = 0xfd2fb528;

/** Walks frame and block headers, which say how long everything is; contents are left to the engine's decoder. */
class ZstdIntegrity implements Integrity {
  #pending: Buffer = Buffer.alloc(0);
  #skip = 0;
  #state: 'frame' | 'block' = 'frame';
  #checksum = 0;
  #problem: string | null = null;

  async take(chunk: Buffer): Promise<void> {
    const skipped = Math.min(this.#skip, chunk.length);
    this.#skip -= skipped;
    if (this.#skip > 0 || this.#problem !== null) return;
    this.#pending = Buffer.concat([this.#pending, chunk.subarray(skipped)]);
    while (this.#step());
  }

  async finish(): Promise<string | null> {
    if (this.#problem !== null) return this.#problem;
    return this.#state === 'frame' && this.#skip === 0 && this.#pending.length === 0 ? null : 'unexpected end of file';
  }

  #step(): boolean {
    if (this.#skip > 0) return this.#drop();
    return this.#state === 'frame' ? this.#frame() : this.#block();
  }

  #drop(): boolean {
    const dropped = Math.min(this.#skip, this.#pending.length);
    this.#skip -= dropped;
    this.#pending = this.#pending.subarray(dropped);
    return dropped > 0 && this.#skip === 0;
  }

  #frame(): boolean {
    const bytes = this.#pending;
    if (bytes.length < 8) return false;
    const magic = bytes.readUInt32LE(0);
    if (magic >>> 4 === 0x184d2a5) {
      this.#skip = 8 + bytes.readUInt32LE(4);
      return true;
    }
    if (magic !== FRAME_MAGIC) {
      this.#problem = 'not a zstd stream';
      return false;
    }
    const descriptor = bytes.readUInt8(4);
    const single = (descriptor >> 5) & 1;
    const sizeBytes = [single, 2, 4, 8][descriptor >> 6] ?? 0;
    const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] ?? 0;
    this.#checksum = (descriptor >> 2) & 1 ? 4 : 0;
    this.#skip = 5 + (1 - single) + dictionaryBytes + sizeBytes;
    this.#state = 'block';
    return true;
  }

  #block(): boolean {
    const bytes = this.#pending;
    if (bytes.length < 3) return false;
    const header = bytes.readUIntLE(0, 3);
    const last = (header & 1) === 1;
    const isRun = ((header >> 1) & 3) === 1;
    this.#skip = 3 + (isRun ? 1 : header >> 3) + (last ? this.#checksum : 0);
    if (last) this.#state = 'frame';
    return true;
  }
}
