// Work on models at once, as far as they allow: most are small, and the engine waits more than it works on them.
import type { Model } from '../model/catalog.js';
import type { ModelEngine } from '../model/engine.js';

/** More models at once would wait for each other's threads. */
export const MOST_LANES = 4;

export interface Piece {
  readonly model: Model;
  /** With an engine of its own for as long as it works. */
  readonly work: (engine: ModelEngine) => Promise<void>;
}

/**
 * Does every piece, each after the earlier ones whose models its own reads. After an error no piece begins; of several errors the
 * one of the earliest piece goes up.
 */
export async function sideBySide(engine: ModelEngine, pieces: readonly Piece[]): Promise<void> {
  const waitsFor = new Map(
    pieces.map((piece, at) => [piece, pieces.slice(0, at).filter((other) => isNeeded(piece.model, other.model))]),
  );
  const waiting = new Set(pieces);
  const running = new Map<Piece, Promise<void>>();
  const errors = new Map<Piece, unknown>();
  await using lanes = await Lanes.open(engine);
  const start = (piece: Piece, lane: ModelEngine): void => {
    waiting.delete(piece);
    const work = piece
      .work(lane)
      .catch((error: unknown) => void errors.set(piece, error))
      .finally(() => {
        running.delete(piece);
        lanes.free.push(lane);
      });
    running.set(piece, work);
  };
  while (waiting.size + running.size > 0) {
    for (const piece of errors.size > 0 ? [] : waiting) {
      const isReady = waitsFor.get(piece)?.every((other) => !waiting.has(other) && !running.has(other)) === true;
      const lane = isReady ? lanes.free.pop() : undefined;
      if (lane !== undefined) start(piece, lane);
    }
    if (running.size === 0) break;
    await Promise.race(running.values());
  }
  for (const piece of pieces) if (errors.has(piece)) throw errors.get(piece);
  if (waiting.size > 0) throw new Error(`never built: ${[...waiting].map(({ model }) => model.name).join(', ')}`);
}

/** What grows by each level is read by those before it in that level, as it was: it comes after all of them. */
function isNeeded(model: Model, earlier: Model): boolean {
  return model.contract.build === 'append' || model.reads.includes(earlier.name) || model.checkReads.includes(earlier.name);
}

/** As many as the engine works on at once; each has a connection of its own. */
class Lanes implements AsyncDisposable {
  readonly free: ModelEngine[];
  readonly #own: readonly AsyncDisposable[];

  private constructor(first: ModelEngine, own: readonly (ModelEngine & AsyncDisposable)[]) {
    this.free = [...own, first];
    this.#own = own;
  }

  static async open(first: ModelEngine): Promise<Lanes> {
    const own: (ModelEngine & AsyncDisposable)[] = [];
    while (own.length + 1 < first.lanes) own.push(await first.beside());
    return new Lanes(first, own);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const lane of this.#own) await lane[Symbol.asyncDispose]();
  }
}
