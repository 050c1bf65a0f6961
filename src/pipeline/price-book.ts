// A price book that no pipeline names, and what the books of a pipeline are with it: history can be rated again at any prices.
import { join, resolve } from 'node:path';
import { Failure, type Problem } from '../kernel/failure.js';
import type { Day } from '../kernel/period.js';
import type { PriceRow } from './pipeline.js';
import { readPrices } from './prices.js';
import { ConfigFiles, READ_EFFECTS, type ReadEffects } from './read-files.js';

export interface OtherPrices {
  /** Rows of a layer, in place of the pipeline's own rows of that layer, or beside them; null: the own ones alone. */
  readonly book: { readonly layer: PriceRow['layer']; readonly rows: readonly PriceRow[]; readonly replaces: boolean } | null;
  /** The own books as they were on this day: what begins later is left out. Null: as they are. */
  readonly asOf: Day | null;
}

/** Reads a book as a pipeline would; its path is relative to `folder`. Throws `Failure('user')` with every problem. */
export async function readPriceBook(
  path: string,
  folder: string,
  layer: PriceRow['layer'],
  effects: ReadEffects = READ_EFFECTS,
): Promise<readonly PriceRow[]> {
  const problems: Problem[] = [];
  const files = new ConfigFiles(join(folder, '(command line)'), effects, (found) => problems.push(found));
  const found = await files.read(resolve(folder, path), { place: { file: path } });
  const rows = found === null ? [] : readPrices(path, found.text, layer, new Map(), (problem) => problems.push(problem));
  if (problems.length > 0) throw new Failure('user', problems);
  return rows;
}

/** Negotiated rows first, as in a pipeline. Beside the own rows, one of the book takes the place of the own one with the same key and time. */
export function pricesWith(own: readonly PriceRow[], { book, asOf }: OtherPrices): readonly PriceRow[] {
  const inTime = asOf === null ? own : own.filter(({ validFrom }) => validFrom.slice(0, 10) <= asOf);
  if (book === null) return inTime;
  const replaced = new Set(book.rows.map(slotOf));
  const stays = (row: PriceRow): boolean => row.layer !== book.layer || (!book.replaces && !replaced.has(slotOf(row)));
  const rows = [...inTime.filter(stays), ...book.rows];
  return [...rows.filter(({ layer }) => layer === 'negotiated'), ...rows.filter(({ layer }) => layer === 'list')];
}

function slotOf({ provider, sku, meter, serviceTier, region, promptOver, minuteFrom, minuteTo, validFrom }: PriceRow): string {
  return JSON.stringify([provider, sku, meter, serviceTier, region, promptOver, minuteFrom, minuteTo, validFrom]);
}
