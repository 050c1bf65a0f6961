// `rates sync`: the catalogue's prices appended to the list price book. It adds rows and never edits one.
import { parse } from 'csv-parse/sync';
import type { Day } from '../kernel/period.js';
import { type Catalogue, type CatalogueModel, modelsOf } from './rates-catalogue.js';
import { BASE_DAY, curvesOf, type PriceCurve, type PricePoint } from './rates-curve.js';

export const PRICE_COLUMNS = [
  'provider',
  'sku',
  'meter',
  'unit',
  'price',
  'currency',
  'tier',
  'valid_from',
  'source',
  'note',
] as const;

/** A row of a price book as text. */
export type ListRow = Readonly<Record<(typeof PRICE_COLUMNS)[number], string>>;

export interface SyncResult {
  /** The whole book: the old text, byte for byte, and the new rows behind it. */
  readonly csv: string;
  readonly added: readonly ListRow[];
  /** Rows with an empty price: the catalogue no longer has that price. */
  readonly ended: readonly ListRow[];
  /** What an append-only book cannot say: the book's row and what the catalogue has now. */
  readonly conflicts: readonly SyncConflict[];
}

export interface SyncConflict {
  readonly row: ListRow;
  readonly catalogue: string | null;
}

/** `on` is the day from which a change counts for which the catalogue gives no date. Rows of other sources are not touched. */
export function syncListPrices(existing: string, catalogue: Catalogue, on: Day): SyncResult {
  const rows: readonly ListRow[] = existing.trim() === '' ? [] : parse(existing, { columns: true, bom: true });
  const book = new Book(rows, on);
  const wanted = catalogue.providers
    .flatMap((provider) => modelsOf(provider, catalogue))
    .flatMap((model) => rowsOf(model, catalogue));
  const results = [...grouped(wanted, keyOf).values()].map((points) => book.update(points));
  const seen = new Set(wanted.map(keyOf));
  const gone = book.keysBy(/^genai-prices /).filter((key) => !seen.has(key));
  const ends = gone.flatMap((key) => book.end(key, catalogue.source));
  const fresh = [...results.flatMap((result) => result.rows), ...ends].sort(byText);
  const head = existing.trim() === '' ? `${PRICE_COLUMNS.join(',')}\n` : existing.replace(/([^\n])$/, '$1\n');
  return {
    csv: head + fresh.map((row) => `${PRICE_COLUMNS.map((column) => cell(row[column])).join(',')}\n`).join(''),
    added: fresh.filter((row) => row.price !== ''),
    ended: fresh.filter((row) => row.price === ''),
    conflicts: results.flatMap((result) => result.conflicts),
  };
}

/** What the book says of each key, and what must be appended so that it says what the catalogue says from today on. */
class Book {
  readonly #byKey: ReadonlyMap<string, readonly ListRow[]>;
  readonly #skus: ReadonlySet<string>;
  readonly #on: Day;

  constructor(rows: readonly ListRow[], on: Day) {
    this.#byKey = grouped(rows, keyOf);
    this.#skus = new Set(rows.map(skuOf));
    this.#on = on;
  }

  keysBy(source: RegExp): readonly string[] {
    return [...this.#byKey].filter(([, rows]) => rows.some((row) => source.test(row.source))).map(([key]) => key);
  }

  end(key: string, source: string): readonly ListRow[] {
    const last = inForce(this.#byKey.get(key) ?? [], this.#on);
    if (last === undefined || last.price === '') return [];
    return [{ ...last, price: '', valid_from: this.#on, source, note: 'no longer in the catalogue' }];
  }

  update(points: readonly ListRow[]): { readonly rows: readonly ListRow[]; readonly conflicts: readonly SyncConflict[] } {
    const [first] = points;
    const known = first === undefined ? undefined : this.#byKey.get(keyOf(first));
    if (first === undefined || known === undefined) return { rows: this.#introduce(points), conflicts: [] };
    const dated = points.filter((point) => point.valid_from > BASE_DAY);
    const rows = dated.filter(
      (point) => !has(known, point.valid_from) && inForce(known, point.valid_from)?.price !== point.price,
    );
    const now = inForce(points, this.#on);
    if (inForce([...known, ...rows], this.#on)?.price !== now?.price && !has([...known, ...rows], this.#on)) {
      rows.push({ ...(now ?? first), price: now?.price ?? '', valid_from: this.#on });
    }
    const book = [...known, ...rows];
    const wrong = book.filter(
      (row) => row.valid_from >= this.#on && inForce(points, row.valid_from)?.price !== inForce(book, row.valid_from)?.price,
    );
    return { rows, conflicts: wrong.map((row) => ({ row, catalogue: inForce(points, row.valid_from)?.price ?? null })) };
  }

  /** A model that the book does not know gets its whole history; a new price of a known model starts today, so that history stays. */
  #introduce(points: readonly ListRow[]): readonly ListRow[] {
    const [first] = points;
    if (first === undefined || !this.#skus.has(skuOf(first))) return points;
    const now = inForce(points, this.#on);
    const later = points.filter((point) => point.valid_from > this.#on);
    return now === undefined || now.price === '' ? later : [{ ...now, valid_from: this.#on }, ...later];
  }
}

function rowsOf({ provider, sku, lentBy, model }: CatalogueModel, catalogue: Catalogue): readonly ListRow[] {
  const row = (curve: PriceCurve, point: PricePoint): ListRow => ({
    provider,
    sku,
    meter: curve.meter,
    unit: curve.unit,
    price: point.price ?? '',
    currency: 'USD',
    tier: curve.tier,
    valid_from: point.from,
    source: catalogue.source,
    note: [lentBy === null ? '' : `price of ${lentBy}`, point.note].filter((part) => part !== '').join('; '),
  });
  return curvesOf(model).flatMap((curve) => curve.points.map((point) => row(curve, point)));
}

const skuOf = (row: ListRow): string => [row.provider, row.sku].join('\t');
const keyOf = (row: ListRow): string => [row.provider, row.sku, row.meter, row.tier].join('\t');

function inForce(rows: readonly ListRow[], day: Day): ListRow | undefined {
  const begun = rows.filter((row) => row.valid_from <= day);
  return begun.reduce<ListRow | undefined>(
    (best, row) => (best === undefined || row.valid_from >= best.valid_from ? row : best),
    undefined,
  );
}

const has = (rows: readonly ListRow[], day: Day): boolean => rows.some((row) => row.valid_from === day);

function grouped<Item>(items: readonly Item[], key: (item: Item) => string): ReadonlyMap<string, readonly Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), item]);
  return groups;
}

function byText(a: ListRow, b: ListRow): number {
  const [left, right] = [a, b].map((row) => [keyOf(row), row.valid_from].join('\t'));
  return (left ?? '') < (right ?? '') ? -1 : 1;
}

function cell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
