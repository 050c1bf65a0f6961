// Is a compressed file whole? The engine reads a cut gzip or zstd to the cut and calls that its end, so it is checked on arrival.
import { once } from 'node:events';
import { createGunzip } from 'node:zlib';

/** Takes every chunk of a file in order; `finish` says what is wrong with the whole, or null. */
export interface Integrity {
  take(chunk: Buffer): Promise<void>;
  finish(): Promise<string | null>;
}

/** Logs shrink to a tenth or a thirtieth; what unpacks to more than this many times itself was made to fill disks. */
const MOST_TIMES = 200;
/** Below this nothing is suspicious: a small file of one repeated line may shrink as far as the format lets it. */
const HARMLESS = 256 * 1024 * 1024;
export const BOMB = `it unpacks to more than ${MOST_TIMES} times its size`;

export function isBomb(packed: number, unpacked: number): boolean {
  return unpacked > HARMLESS && unpacked > MOST_TIMES * packed;
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
  #unpacked = 0;

  constructor() {
    this.#gunzip.on('error', (error) => (this.#problem ??= error.message));
    this.#ended = new Promise((resolve) => this.#gunzip.once('close', resolve));
    this.#gunzip.on('data', (chunk: Buffer) => this.#count(chunk.length));
  }

  /** Stops at the bound: a bomb is never unpacked in full. */
  #count(bytes: number): void {
    this.#unpacked += bytes;
    if (this.#problem !== null || !isBomb(this.#seen, this.#unpacked)) return;
    this.#problem = BOMB;
    this.#gunzip.destroy();
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
    if (!this.#gunzip.destroyed) this.#gunzip.end();
    await this.#ended;
    return this.#problem;
  }
}

const FRAME_MAGIC = 0xfd2fb528;
const RUN = 1;
const COMPRESSED = 2;
const LARGEST_BLOCK = 128 * 1024;
/** No record packs into less, and a block of nothing but repetition does. */
const TINY_BLOCK = 32;

/** What a block unpacks to, as far as its header says. Of a compressed one only its decoder knows; a tiny one is taken for full. */
function unpackedSize(kind: number, size: number): number {
  if (kind !== COMPRESSED) return size;
  return size < TINY_BLOCK ? LARGEST_BLOCK : size;
}

/** Walks frame and block headers, which say how long everything is; contents are left to the engine's decoder. */
class ZstdIntegrity implements Integrity {
  #pending: Buffer = Buffer.alloc(0);
  #skip = 0;
  #state: 'frame' | 'block' = 'frame';
  #checksum = 0;
  #problem: string | null = null;
  #seen = 0;
  #unpacked = 0;

  async take(chunk: Buffer): Promise<void> {
    this.#seen += chunk.length;
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
    const kind = (header >> 1) & 3;
    this.#unpacked += unpackedSize(kind, header >> 3);
    if (isBomb(this.#seen, this.#unpacked)) {
      this.#problem = BOMB;
      return false;
    }
    this.#skip = 3 + (kind === RUN ? 1 : header >> 3) + (last ? this.#checksum : 0);
    if (last) this.#state = 'frame';
    return true;
  }
}
