// Which tables have no rows, and so what is made of nothing. Companies use a few of the readers: most models of the others are spared.
import type { Warehouse } from '../warehouse/warehouse.js';
import { decidingTables, type Emptiness, holds } from './emptiness.js';

/** Says of tables whether they have no rows. */
export type AskEmpty = (tables: readonly string[]) => Promise<readonly boolean[]>;

export class EmptyTables {
  readonly #known = new Map<string, boolean>();

  /** What is noted is believed until it is noted again. */
  note(table: string, isEmpty: boolean): void {
    this.#known.set(table, isEmpty);
  }

  /** Of these, the ones that have rows. */
  async filledOf(tables: readonly string[], ask?: AskEmpty): Promise<ReadonlySet<string>> {
    const unknown = tables.filter((table) => !this.#known.has(table));
    const answers = unknown.length === 0 ? [] : ((await ask?.(unknown)) ?? []);
    const empty = new Set(unknown.filter((_, at) => answers[at] === true));
    // That it has rows only means that more is asked of the engine; where there are none, some may come.
    for (const table of unknown) if (ask !== undefined && !empty.has(table)) this.note(table, false);
    return new Set(tables.filter((table) => !(this.#known.get(table) ?? empty.has(table))));
  }

  /** Whether a query has no rows for sure. `ask` is asked about tables of which nothing is noted; without it they have rows. */
  async decide(emptiness: Emptiness, ask?: AskEmpty): Promise<boolean> {
    if (holds(emptiness, (table) => this.#known.get(table) === true)) return true;
    if (ask === undefined || !holds(emptiness, (table) => this.#known.get(table) !== false)) return false;
    const filled = await this.filledOf(decidingTables(emptiness), ask);
    return holds(emptiness, (table) => !filled.has(table));
  }
}

/** Of one row each at most: nothing is read to its end that has rows. */
export async function emptyOnes(warehouse: Pick<Warehouse, 'rows'>, tables: readonly string[]): Promise<readonly boolean[]> {
  const rows = await warehouse.rows(tables.map((table, at) => `(SELECT ${at} AS at FROM ${table} LIMIT 1)`).join(' UNION ALL '));
  const filled = new Set(rows.map((row) => Number(row['at'])));
  return tables.map((_, at) => !filled.has(at));
}
