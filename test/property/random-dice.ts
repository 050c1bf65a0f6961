/** Numbers from a seed, the same on every machine. */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  }

  flip(): boolean {
    return this.below(2) === 0;
  }

  of<T>(values: readonly T[]): T {
    return values[this.below(values.length)] as T;
  }

  shuffled<T>(values: readonly T[]): readonly T[] {
    const rows = [...values];
    for (let at = rows.length - 1; at > 0; at -= 1) {
      const other = this.below(at + 1);
      [rows[at], rows[other]] = [rows[other] as T, rows[at] as T];
    }
    return rows;
  }
}
