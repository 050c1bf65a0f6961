// What a run scanned, by query, and whether that is more than it may.
import type { Scan } from './athena-journal.js';

export class Scans {
  readonly #budget: bigint | null;
  readonly #queries = new Map<string, Scan>();

  constructor(budget: bigint | null, before: readonly Scan[]) {
    this.#budget = budget;
    for (const scan of before) this.#queries.set(scan.queryId, scan);
  }

  get budget(): bigint | null {
    return this.#budget;
  }

  /** Looks at one query follow each other; what it scanned only grows. */
  seen(queryId: string, name: string, bytes: bigint): void {
    const known = this.#queries.get(queryId)?.bytes ?? 0n;
    this.#queries.set(queryId, { queryId, name, bytes: bytes > known ? bytes : known });
  }

  get bytes(): bigint {
    return [...this.#queries.values()].reduce((sum, scan) => sum + scan.bytes, 0n);
  }

  get isOver(): boolean {
    return this.#budget !== null && this.bytes > this.#budget;
  }

  /** The most expensive first. */
  byName(): readonly (readonly [name: string, bytes: bigint])[] {
    const sums = new Map<string, bigint>();
    for (const { name, bytes } of this.#queries.values()) sums.set(name, (sums.get(name) ?? 0n) + bytes);
    return [...sums].sort(([a, more], [b, less]) => (more === less ? (a < b ? -1 : 1) : more < less ? 1 : -1));
  }
}

const UNITS = ['B', 'KB', 'MB', 'GB', 'TB', 'PB'] as const;

/** Powers of 1024, as Athena's own settings count; exact bytes below 1 KB. */
export function byteText(bytes: bigint): string {
  let unit = 0;
  let tenths = bytes * 10n;
  while (tenths >= 10_240n && unit < UNITS.length - 1) {
    tenths /= 1024n;
    unit += 1;
  }
  const text = unit === 0 || tenths % 10n === 0n ? `${tenths / 10n}` : `${tenths / 10n}.${tenths % 10n}`;
  return `${text} ${UNITS[unit]}`;
}
