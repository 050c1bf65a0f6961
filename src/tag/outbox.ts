// Lines on their way to the sink: a bounded queue, one batch at a time, and a count of what did not fit.
import { type Note, reasonOf } from './problems.js';

/** Where records go. What is not taken, by a throw or a rejection, is handed over again: `event_id` makes that count once. */
export interface Sink {
  /** Each line is one record of a JSONL file, without its line end. */
  readonly write: (lines: readonly string[]) => void | Promise<void>;
  readonly close?: (() => void | Promise<void>) | undefined;
}

export interface Pace {
  /** Records wait this long for others. */
  readonly flushMs: number;
  /** All that waits, the batch that the sink has in hand included. */
  readonly queueBytes: number;
}

/** A batch is one write. */
const BATCH_BYTES = 1024 * 1024;
/** As much as this is not left to wait. */
const EARLY_BYTES = 64 * 1024;

interface Waiting {
  readonly line: string;
  readonly bytes: number;
}

export class Outbox {
  readonly #sink: Sink;
  readonly #pace: Pace;
  readonly #note: Note;
  readonly #waiting: Waiting[] = [];
  #bytes = 0;
  #timer: NodeJS.Timeout | null = null;
  #isRetry = false;
  #draining: Promise<void> | null = null;
  #closing: Promise<boolean> | null = null;

  constructor(sink: Sink, pace: Pace, note: Note) {
    this.#sink = sink;
    this.#pace = pace;
    this.#note = note;
  }

  add(line: string): void {
    const bytes = Buffer.byteLength(line) + 1;
    if (this.#closing !== null) return this.#note({ kind: 'dropped', reason: 'closed' });
    if (this.#bytes + bytes > this.#pace.queueBytes) return this.#note({ kind: 'dropped', reason: 'queue_full' });
    this.#waiting.push({ line, bytes });
    this.#bytes += bytes;
    if (this.#bytes >= EARLY_BYTES && !this.#isRetry) void this.#drain();
    else this.#later();
  }

  /** Whether the sink has everything that was added. A sink that hangs is waited for `within` milliseconds. */
  async flush(within: number): Promise<boolean> {
    // What the sink refused a moment ago is worth one more try.
    await settled(this.#draining ?? Promise.resolve(), within);
    await settled(this.#drain(), within);
    return this.#waiting.length === 0;
  }

  async close(within: number): Promise<boolean> {
    this.#closing ??= this.#end(within);
    return this.#closing;
  }

  async #end(within: number): Promise<boolean> {
    const isEmpty = await this.flush(within);
    if (this.#timer !== null) clearTimeout(this.#timer);
    const closed = (async () => this.#sink.close?.())().catch((error: unknown) => this.#failed(error));
    await settled(closed, within);
    for (const _ of this.#waiting) this.#note({ kind: 'dropped', reason: 'closed' });
    return isEmpty;
  }

  /** The first wait keeps the process alive, so that a short program ends with its records written; a sink that fails does not. */
  #later(): void {
    if (this.#timer !== null || this.#draining !== null) return;
    this.#timer = setTimeout(() => void this.#drain(), this.#pace.flushMs);
    if (this.#isRetry) this.#timer.unref();
  }

  #drain(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#draining ??= this.#handOver().finally(() => {
      this.#draining = null;
      if (this.#waiting.length > 0 && this.#closing === null) this.#later();
    });
    return this.#draining;
  }

  async #handOver(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#batch();
      try {
        await this.#sink.write(batch.map(({ line }) => line));
      } catch (error) {
        return this.#failed(error);
      }
      this.#isRetry = false;
      this.#waiting.splice(0, batch.length);
      this.#bytes -= batch.reduce((sum, { bytes }) => sum + bytes, 0);
    }
  }

  #failed(error: unknown): void {
    this.#isRetry = true;
    this.#note({ kind: 'sink_failed', reason: reasonOf(error) });
  }

  /** At least one line, however long. */
  #batch(): readonly Waiting[] {
    let bytes = 0;
    let end = 0;
    for (const waiting of this.#waiting) {
      bytes += waiting.bytes;
      if (bytes > BATCH_BYTES && end > 0) break;
      end += 1;
    }
    return this.#waiting.slice(0, end);
  }
}

/** Done, failed, or not within the time: all three are an end here. */
async function settled(work: Promise<unknown>, within: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, within);
  });
  await Promise.race([work.catch(() => undefined), late]);
  clearTimeout(timer);
}
