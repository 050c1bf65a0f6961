// `rates sync`: the catalogue's prices appended to the list price book. It adds rows and never edits one.
import { Failure, type Problem } from '../kernel/failure.js';
import type { Day } from '../kernel/period.js';
import { readCsv } from './csv-table.js';
import { PRICE_COLUMNS } from './prices.js';
import { type Catalogue, type CatalogueModel, modelsOf } from './rates-catalogue.js';
import { BASE_DAY, curvesOf, type PriceCurve, type PricePoint } from './rates-curve.js';

/** A row of a price book as text. */
export type ListRow = Readonly<Record<(typeof PRICE_COLUMNS)[number], string>>;

export interface SyncResult {
  /** The whole book: the old text, byte for byte, and the new rows behind it. */
  readonly csv: string;
  readonly added: readonly ListRow[];
  /** Rows with an empty price: the catalogue no longer has that price. */
  readonly ended: readonly ListRow[];
  /** Rows that cannot be added, since the book already has another price from that very day: a person decides. */
  readonly conflicts: readonly ListRow[];
}

/**
 * `on` is the day from which a change counts for which the catalogue gives no date. Rows of other sources are not touched.
 * Fails where the book itself is not sound.
 */
export function syncListPrices(existing: string, catalogue: Catalogue, on: Day): SyncResult {
  const rows = rowsOfBook(existing);
  const book = grouped(rows, keyOf);
  const skus = new Set(rows.map(skuOf));
  const wanted = grouped(
    catalogue.providers.flatMap((provider) => modelsOf(provider, catalogue)).flatMap((model) => rowsOf(model, catalogue)),
    keyOf,
  );
  const kept = [...wanted].flatMap(([key, points]) => {
    const known = book.get(key);
    return known === undefined ? introduced(points, skus, on) : updated(known, points, on);
  });
  const gone = [...book].filter(
    ([key, known]) => !wanted.has(key) && known.some((row) => row.source.startsWith('genai-prices ')),
  );
  const fresh = [...kept, ...gone.flatMap(([, known]) => ended(known, catalogue.source, on))].sort(byText);
  const taken = new Set(rows.map((row) => `${keyOf(row)}\t${row.valid_from}`));
  const [conflicts, news] = [true, false].map((side) =>
    fresh.filter((row) => taken.has(`${keyOf(row)}\t${row.valid_from}`) === side),
  );
  const head = existing.trim() === '' ? `${PRICE_COLUMNS.join(',')}\n` : existing.replace(/([^\n])$/, '$1\n');
  return {
    csv: head + (news ?? []).map((row) => `${PRICE_COLUMNS.map((column) => cell(row[column])).join(',')}\n`).join(''),
    added: (news ?? []).filter((row) => row.price !== ''),
    ended: (news ?? []).filter((row) => row.price === ''),
    conflicts: conflicts ?? [],
  };
}

function rowsOfBook(text: string): readonly ListRow[] {
  if (text.trim() === '') return [];
  const problems: Problem[] = [];
  const rows = readCsv('list.csv', text, PRICE_COLUMNS, (problem) => problems.push(problem)).map((row) => row.cells);
  if (problems.length > 0) throw new Failure('user', problems);
  return rows;
}

/** A model that the book does not know gets its whole history; a new price of a known model starts today, so that history stays. */
function introduced(points: readonly ListRow[], skus: ReadonlySet<string>, on: Day): readonly ListRow[] {
  const [first] = points;
  if (first === undefined || !skus.has(skuOf(first))) return points;
  const now = inForce(points, on);
  const later = points.filter((point) => point.valid_from > on);
  return now === undefined || now.price === '' ? later : [{ ...now, valid_from: on }, ...later];
}

/** Dated prices as the catalogue dates them; for the rest, what makes the book agree with it from `on` on. */
function updated(known: readonly ListRow[], points: readonly ListRow[], on: Day): readonly ListRow[] {
  const [first] = points;
  if (first === undefined) return [];
  const dated = points.filter((point) => point.valid_from > BASE_DAY && inForce(known, point.valid_from)?.price !== point.price);
  const days = [on, ...known.map((row) => row.valid_from).filter((day) => day > on)];
  const fixes = [...new Set(days)].flatMap((day) => {
    const point = inForce(points, day);
    const price = point?.price ?? '';
    return (inForce([...known, ...dated], day)?.price ?? '') === price ? [] : [{ ...(point ?? first), price, valid_from: day }];
  });
  return [...dated, ...fixes];
}

/** The price in force ends on `on`; one that was announced for later ends before it begins, which is a conflict. */
function ended(known: readonly ListRow[], source: string, on: Day): readonly ListRow[] {
  const last = inForce(known, on);
  const announced = known.filter((row) => row.valid_from > on);
  return [...(last === undefined ? [] : [{ ...last, valid_from: on }]), ...announced]
    .filter((row) => row.price !== '')
    .map((row) => ({ ...row, price: '', source, note: 'no longer in the catalogue' }));
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
