// From page to page of one answer, to its last one. A way that leads back, or never ends, is told.
import type { Failure } from '../kernel/failure.js';
import type { BringOptions } from './arrival.js';

/** Where a page stands: a cursor, a number or an address, as text. Null: the first one. */
export type Position = string | null;

export interface Page {
  /** The answer as it came. */
  readonly text: string;
  /** Null: the last page. */
  readonly next: Position;
}

export interface Walk {
  readonly ask: (position: Position, before: Page | null) => Promise<Page>;
  readonly endless: (what: string) => Failure;
}

const MOST_PAGES = 1000;

export async function allPages({ ask, endless }: Walk, { onBytes }: BringOptions): Promise<readonly string[]> {
  const pages: Page[] = [];
  const positions = new Set<string>();
  for (let position: Position = null; pages.length < MOST_PAGES; ) {
    const page = await ask(position, pages.at(-1) ?? null);
    pages.push(page);
    onBytes?.(Buffer.byteLength(page.text));
    if (page.next === null) return pages.map(({ text }) => text.trim());
    if (positions.has(page.next)) throw endless(`page ${pages.length} leads back to an earlier one`);
    positions.add(page.next);
    position = page.next;
  }
  throw endless(`${MOST_PAGES} pages came, and there are more`);
}
