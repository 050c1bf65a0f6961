// From page to page of one answer, to its last one. A way that leads back, or never ends, is told.
import { Failure } from '../kernel/failure.js';
import type { BringOptions } from './arrival.js';
import type { KeptPages } from './kept-pages.js';
import type { Page, Position } from './page.js';

export interface Walk {
  readonly ask: (position: Position, before: Page | null) => Promise<Page>;
  readonly endless: (what: string) => Failure;
  /** Throws where pages do not belong together. */
  readonly check?: (pages: readonly string[]) => void;
}

const MOST_PAGES = 1000;

/** What is kept of an earlier try is not asked for again. Should its way on be closed, as cursors end, all is. */
export async function allPages(walk: Walk, kept: KeptPages | null, options: BringOptions): Promise<readonly string[]> {
  if (kept === null || kept.pages.length === 0) return fromHere(walk, kept, options);
  try {
    return await fromHere(walk, kept, options);
  } catch (error) {
    if (!isClosed(error)) throw error;
    await kept.drop();
    return fromHere(walk, kept, options);
  }
}

/** Refused where the pages before were not: what was kept leads nowhere. */
function isClosed(error: unknown): boolean {
  return (
    error instanceof Failure &&
    error.problems.some(({ code }) => ['pull/refused', 'pull/not-found', 'pull/no-page'].includes(code))
  );
}

async function fromHere(walk: Walk, kept: KeptPages | null, { onBytes, onPage }: BringOptions): Promise<readonly string[]> {
  const pages: Page[] = [...(kept?.pages ?? [])];
  const fail = async (error: Failure): Promise<never> => {
    await kept?.drop();
    throw error;
  };
  for (let last = pages.at(-1) ?? null; last?.next !== null; ) {
    if (pages.length === MOST_PAGES) return fail(walk.endless(`${MOST_PAGES} pages came, and there are more`));
    const position: Position = last?.next ?? null;
    const page: Page = await walk.ask(position, last);
    const isBack = page.next !== null && pages.some(({ next }) => next === page.next);
    pages.push(page);
    onBytes?.(Buffer.byteLength(page.text));
    onPage?.();
    if (isBack) return fail(walk.endless(`page ${pages.length} leads back to an earlier one`));
    await kept?.keep(position, page);
    last = page;
  }
  const texts = pages.map(({ text }) => text.trim());
  try {
    walk.check?.(texts);
  } catch (error) {
    await kept?.drop();
    throw error;
  }
  return texts;
}
