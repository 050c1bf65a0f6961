// How months at other prices stand on a screen: usage at both prices, what features bear, and models.
import type { FeatureRerating, Rerated, Rerating, SkuRerating, Track } from '../run/api.js';
import { minorDigits, moneyText } from './figures-text.js';
import type { Page } from './show-text.js';
import { type TableColumn, tableLines } from './table.js';

const SIDES: readonly TableColumn[] = [
  { title: 'was', align: 'right' },
  { title: 'is', align: 'right' },
  { title: 'difference', align: 'right' },
];
const FEATURES: readonly TableColumn[] = [{ title: 'feature', align: 'left', shrinks: true }, ...SIDES];
const MODELS: readonly TableColumn[] = [
  { title: 'model', align: 'left', shrinks: true },
  { title: 'meter', align: 'left', shrinks: true },
  { title: 'quantity', align: 'right' },
  ...SIDES,
];

const TITLES: Readonly<Record<Track, string>> = {
  rated: 'usage at the prices of the books, whether or not a bill covers it',
  borne: 'what features bear: a bill stays what it is, and is split by other weights',
};

export function rerateLines({ runId, asOf, features, skus }: Rerated, details: boolean, page: Page): readonly string[] {
  const head = [`Evidence of run ${runId}, as of ${asOf}`];
  const parts = [...new Set(features.map(({ month, currency }) => JSON.stringify([month, currency])))];
  const tables = parts.flatMap((part) => {
    const isOf = ({ month, currency }: FeatureRerating | SkuRerating): boolean => JSON.stringify([month, currency]) === part;
    const own = features.filter(isOf);
    return [
      ...featureTable(own, 'rated', page),
      ...(details ? modelTable(skus.filter(isOf), page) : []),
      ...featureTable(own, 'borne', page),
    ];
  });
  return parts.length === 0 ? [...head, 'Nothing was used, and nothing was borne.'] : [...head, ...tables];
}

function featureTable(all: readonly FeatureRerating[], track: Track, page: Page): readonly string[] {
  const rows = all.filter((row) => row.track === track);
  const [first] = rows;
  if (first === undefined) return [];
  const cells = (row: FeatureRerating): readonly string[] => [row.featureId ?? 'total', ...sideCells(row, row.currency)];
  const [body, footer] = [rows.filter(({ featureId }) => featureId !== null), rows.filter(({ featureId }) => featureId === null)];
  return [
    '',
    `${page.paint('bold', `${first.month}, ${first.currency}`)}: ${TITLES[track]}`,
    ...tableLines(FEATURES, body.map(cells), { ...page, footer: footer.map(cells) }),
  ];
}

function modelTable(rows: readonly SkuRerating[], page: Page): readonly string[] {
  if (rows.length === 0) return [];
  const cells = rows.map((row) => [
    `${row.provider} ${row.model}${row.serviceTier === 'standard' ? '' : ` ${row.serviceTier}`}`,
    row.meter,
    moneyText(row.quantity, 0),
    ...sideCells(row, row.currency),
  ]);
  return ['', ...tableLines(MODELS, cells, page)];
}

/** What nobody can say for want of a price is no number, least of all 0. */
function sideCells({ was, is, difference }: Rerating, currency: string): readonly string[] {
  const money = (amount: string | null): string => (amount === null ? 'unpriced' : moneyText(amount, minorDigits(currency)));
  const moved =
    difference === null ? '' : `${/^-|^0(\.0*)?$/.test(difference) ? '' : '+'}${moneyText(difference, minorDigits(currency))}`;
  return [money(was), money(is), moved];
}
